//! What the messages of a task cost rank 0: a farm of tasks that take no time, under `mpirun`.

use crate::costs::{path_result, run};
use lossatlas::engine::parallel::{Event, World, farm};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::env;
use std::fs;
use std::process::Command;

/// What tells this program that it is a rank, and of what.
pub const RANK: &str = "LOSSATLAS_BENCH_RANK";

#[derive(Clone, Copy)]
pub enum Kind {
    Training,
    Path,
}

/// Seconds of the processor and bytes there and back for one task: on three ranks, so that rank 0 is
/// never out of work.
pub fn measure(kind: Kind, parameters: usize) -> (f64, [usize; 2]) {
    let mut command = Command::new("mpirun");
    command.args(["-n", "3"]).arg(env::current_exe().expect("the path of this program"));
    let kind = if matches!(kind, Kind::Training) { "training" } else { "path" };
    command
        .env(RANK, format!("{kind} {parameters}"))
        .env("OMPI_MCA_hwloc_base_binding_policy", "none");
    let output = command.output().expect("mpirun is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers: Vec<f64> =
        text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    (numbers[0], [numbers[1] as usize, numbers[2] as usize])
}

/// One of the ranks.
pub fn rank() {
    let world = World::initialize().expect("MPI starts");
    let what = env::var(RANK).expect("set by the first process");
    let (kind, parameters) = what.split_once(' ').expect("two words");
    let parameters: usize = parameters.parse().expect("a number");
    if kind == "training" {
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

/// Seconds that this thread has been on a processor.
fn processor_time() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
    nanoseconds.expect("a number") * 1e-9
}
