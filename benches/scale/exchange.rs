//! The processor time of rank 0 for the messages of a task, measured with tasks that take no time,
//! under `mpirun`. Also the share of a core that the main threads take while tasks run.

use crate::costs::{path_result, run};
use lossatlas::engine::parallel::{Control, Event, World, farm};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// The environment variable that makes this program a rank of a measurement, and names it.
pub const RANK: &str = "LOSSATLAS_BENCH_RANK";

#[derive(Clone, Copy)]
pub enum Kind {
    Training,
    Path,
}

/// Processor time of rank 0 in s, and bytes to the rank and back, for one task. Three ranks keep
/// rank 0 always busy.
pub fn measure(kind: Kind, parameters: usize) -> (f64, [usize; 2]) {
    let kind = if matches!(kind, Kind::Training) { "training" } else { "path" };
    let text = start(3, &format!("{kind} {parameters}"));
    let numbers: Vec<f64> =
        text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    (numbers[0], [numbers[1] as usize, numbers[2] as usize])
}

/// Prints the share of a core that the main threads of two ranks take while tasks run.
pub fn print_waiting() {
    println!("| while tasks run | share of a core |\n|---|---|\n{}", start(2, "waiting 4"));
}

/// Starts this program on this number of ranks. Returns what they print.
fn start(ranks: usize, what: &str) -> String {
    let mut command = Command::new("mpirun");
    command.arg("-n").arg(ranks.to_string());
    command.arg(env::current_exe().expect("the path of this program"));
    command.env(RANK, what).env("OMPI_MCA_hwloc_base_binding_policy", "none");
    let output = command.output().expect("mpirun is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One of the ranks.
pub fn rank() {
    let world = World::initialize().expect("MPI starts");
    let what = env::var(RANK).expect("set by the first process");
    let (kind, parameters) = what.split_once(' ').expect("two words");
    let parameters: usize = parameters.parse().expect("a number");
    if kind == "waiting" {
        wait(&world, parameters);
    } else if kind == "training" {
        let (task, result) = ((0_u8, 12_u32), run(parameters, 1000));
        exchange(&world, &task, &result);
    } else {
        let theta: Vec<_> = (0..parameters).map(|i| (i as f32 * 0.37).sin()).collect();
        exchange(&world, &[theta.clone(), theta], &path_result());
    }
}

fn exchange<T, R>(world: &World, task: &T, result: &R)
where
    T: Serialize + DeserializeOwned + Send + Sync + Clone,
    R: Serialize + DeserializeOwned + Send + Sync + Clone,
{
    let mut remote = 0;
    let on_event = |event| {
        if let Event::Finished { rank: 1.., .. } = event {
            remote += 1;
        }
        Ok::<_, Infallible>(())
    };
    let before = processor_time();
    farm(world, 1000, |_| task.clone(), |_, _| result.clone(), on_event, &|| false, None)
        .expect("no callback fails");
    let seconds = processor_time() - before;
    if world.is_root() {
        let bytes = |value: Result<Vec<u8>, postcard::Error>| value.expect("plain data").len();
        let (there, back) =
            (bytes(postcard::to_allocvec(task)), bytes(postcard::to_allocvec(result)));
        println!("{} {there} {back}", seconds / f64::from(remote));
    }
}

/// Runs tasks that together take this number of seconds on each rank.
fn wait(world: &World, seconds: usize) {
    world.barrier();
    let (start, before) = (Instant::now(), processor_time());
    let work = |_: &usize, _: &Control| std::thread::sleep(Duration::from_secs(1));
    let on_event = |_| Ok::<_, Infallible>(());
    farm(world, seconds * world.size(), |task| task, work, on_event, &|| false, None)
        .expect("no callback fails");
    let share = (processor_time() - before) / start.elapsed().as_secs_f64();
    println!("| main thread of rank {} | {:.2} % |", world.rank(), 100.0 * share);
}

/// Processor time of this thread in s.
fn processor_time() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
    nanoseconds.expect("a number") * 1e-9
}
