//! Runs that are told to stop, or killed at any moment: what was under way is stored too, and what comes of
//! it in the end has the same bits.

use crate::atlas::assert_same;
use crate::interrupt::{SLOWER, ranks_of, results, signal, start, wait_for};
use crate::start::{Ended, PROGRAM, TINY, lossatlas, on_tiny, text};
use crate::support::mpirun_command;
use lossatlas::engine::store::{Checkpoints, Saved, TaskKey};
use lossatlas::optimizer::TrainingState;
use lossatlas::path::PathState;
use lossatlas::random::MasterSeed;
use rand::RngExt;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};
use tempfile::tempdir;

/// Two long training runs: an hour of work that is stored within seconds.
pub const LONG: [&str; 4] = [
    "training.sgd.epochs=1000000",
    "training.initializations=2",
    "training.keep=2",
    "training.optimizers=[\"sgd\"]",
];

/// Only sets that [`LONG`] trains.
pub const LONG_SETS: [&str; 2] = ["paths.sets=[\"sgd/train\"]", "kpca=[]"];

const STATES: &str = "in-flight.checkpoints";

#[test]
fn a_warning_to_any_rank_stops_all_and_the_run_goes_on_to_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [whole, stopped] = ["whole", "stopped"].map(|name| root.path().join(name));
    on_tiny(1, "run", &whole, &SLOWER).with_code(0);
    // Each rank of three in turn, then one alone; in the training, then among the paths.
    for (name, ranks, rank, results_there) in
        [("USR1", 3, 0, 1), ("USR1", 3, 1, 4), ("TERM", 3, 2, 9), ("INT", 1, 0, 14)]
    {
        let run = start(ranks, &stopped, &[]);
        let processes = wait_for(results_there, ranks, &stopped, &run);
        assert!(signal(name, &processes[rank..=rank]));
        let ended = run.join().expect("the program could be started").with_code(75);
        assert_eq!(ended.said("stopped by "), 1, "{}", ended.stderr);
        assert_eq!(ended.said("run the same command again to continue"), 1, "{}", ended.stderr);
        assert!(!stopped.join("progress.json").exists(), "nothing is running");
    }
    on_tiny(2, "run", &stopped, &SLOWER).with_code(0);
    assert_same(&whole, &stopped);
    assert!(!stopped.join(STATES).exists(), "no task is under way any more");
    // Nothing is left to do: exit code 0 at once, whatever the time limit.
    let mut arguments = vec!["run", TINY, "--out", text(&stopped), "--time-limit", "1ms"];
    arguments.extend(SLOWER.iter().flat_map(|change| ["--set", change]));
    lossatlas(2, &arguments).with_code(0);
}

/// A path without end, between solutions that are there at once.
const LONG_PATH: [&str; 5] = [
    "paths.steps=1000000",
    "paths.pairs=1",
    "paths.sets=[\"sgd/train\"]",
    "paths.landscapes=[\"train\"]",
    "kpca=[]",
];

/// Epochs or steps behind each state in a directory where nothing is running.
pub fn steps(directory: &Path) -> Vec<u64> {
    let mut states = Checkpoints::open(directory).expect("states as they were written");
    let keys: Vec<_> = states.keys().cloned().collect();
    let step = |key: &TaskKey| {
        let Saved { state, .. } = states.load(key).expect("readable").expect("just named");
        let step = match key {
            TaskKey::Training { .. } => {
                let state: TrainingState =
                    postcard::from_bytes(&state).expect("the state of a training run");
                json!(state)["epoch"].clone()
            }
            TaskKey::Path { .. } => {
                let state: PathState<f32> =
                    postcard::from_bytes(&state).expect("the state of a path");
                json!(state)["progress"]["adam"]["steps"].clone()
            }
            TaskKey::Task { stage, key } => panic!("{stage} {key}: a state of another stage"),
        };
        step.as_u64().expect("a count")
    };
    keys.iter().map(step).collect()
}

/// Starts the program with a time limit, which it must keep.
fn limited(ranks: usize, directory: &Path, limit: &str, overrides: &[&str]) -> Ended {
    let started = Instant::now();
    let mut arguments = vec!["run", TINY, "--out", text(directory), "--time-limit", limit];
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    let ended = lossatlas(ranks, &arguments).with_code(75);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    ended
}

/// Goes on for two seconds on one rank with what has taken six: from the beginning it would not get as far.
fn goes_on_from_its_states(directory: &Path, overrides: &[&str]) {
    let before = steps(directory);
    assert!(!before.is_empty() && before.iter().all(|&steps| steps > 0), "{before:?}");
    limited(1, directory, "2s", overrides);
    let after = steps(directory);
    assert!(
        after.len() == before.len()
            && after.iter().zip(&before).all(|(after, before)| after >= before),
        "{before:?} {after:?}"
    );
    assert!(
        after.iter().sum::<u64>() > before.iter().sum(),
        "nothing was computed: {before:?} and then {after:?}"
    );
}

#[test]
fn long_tasks_are_stored_within_seconds_of_a_warning_and_taken_up_by_other_ranks() {
    let root = tempdir().expect("a temporary directory");
    let overrides = [&LONG[..], &LONG_SETS].concat();
    let ended = limited(2, root.path(), "6s", &overrides);
    let expected = "stopped by the time limit of 6s: training: 2 of 2 tasks left, 2 of them begun and stored in";
    assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
    goes_on_from_its_states(root.path(), &overrides);
}

#[test]
fn long_tasks_that_are_killed_go_on_from_their_last_states() {
    let root = tempdir().expect("a temporary directory");
    let overrides = [&LONG[..], &LONG_SETS, &["run.checkpoint_minutes=0.01"]].concat();
    let run = {
        let (directory, overrides) = (root.path().to_owned(), overrides.clone());
        std::thread::spawn(move || on_tiny(2, "run", &directory, &overrides))
    };
    let processes = wait_for(0, 2, root.path(), &run);
    sleep(Duration::from_secs(7));
    assert!(signal("KILL", &processes));
    assert_ne!(run.join().expect("the program could be started").code, Some(0));
    goes_on_from_its_states(root.path(), &overrides);
}

#[test]
fn a_long_path_goes_on_from_its_state() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(1, "train", root.path(), &LONG_PATH).with_code(0);
    let ended = limited(2, root.path(), "6s", &LONG_PATH);
    let expected =
        "stopped by the time limit of 6s: paths: 1 of 1 task left, 1 of them begun and stored in";
    assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
    goes_on_from_its_states(root.path(), &LONG_PATH);
}

/// Slurm tells its jobs when they end; a shell that has outlived its job knows an end in the past.
#[test]
fn the_end_of_the_slurm_job_is_a_time_limit() {
    let root = tempdir().expect("a temporary directory");
    let end_in = |seconds: i64, out: &str, overrides: &[&str]| -> Ended {
        let mut command = std::process::Command::new(PROGRAM);
        command.args(["run", TINY, "--out", text(&root.path().join(out))]);
        command.args(overrides.iter().flat_map(|change| ["--set", change]));
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
        command.env("SLURM_JOB_END_TIME", now.saturating_add_signed(seconds).to_string());
        command.output().expect("the program starts").into()
    };
    let started = Instant::now();
    let ended = end_in(3, "warned", &[&LONG[..], &LONG_SETS].concat()).with_code(75);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(ended.said("stopped by the time limit of "), 1, "{}", ended.stderr);
    assert!(steps(&root.path().join("warned")).iter().sum::<u64>() > 0);
    end_in(-3600, "outlived", &[]).with_code(0);
}

/// Ctrl-C reaches `mpirun` alone, which sends SIGTERM to the ranks and says 1, whatever they say.
#[test]
fn ctrl_c_under_mpirun_stores_what_is_under_way_and_ends_with_what_to_do() {
    let root = tempdir().expect("a temporary directory");
    let run = {
        let mut command = mpirun_command(2, PROGRAM, Duration::from_mins(1));
        command.args(["run", TINY, "--out", text(root.path())]);
        command.args([&LONG[..], &LONG_SETS].concat().iter().flat_map(|change| ["--set", change]));
        // More than a second to store it on a busy machine.
        command.env("OMPI_MCA_odls_base_sigkill_timeout", "5");
        std::thread::spawn(move || Ended::from(command.output().expect("mpirun is installed")))
    };
    let processes = wait_for(0, 2, root.path(), &run);
    sleep(Duration::from_secs(2));
    let status = fs::read_to_string(format!("/proc/{}/status", processes[0])).expect("it runs");
    let mpirun =
        status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("a parent").trim();
    assert!(signal("INT", &[mpirun.to_owned()]));
    let ended = run.join().expect("the program could be started").with_code(1);
    let expected =
        "stopped by Ctrl-C or SIGTERM: training: 2 of 2 tasks left, 2 of them begun and stored in";
    assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
    let last = ended.stderr.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
    assert!(last.ends_with("run the same command again to continue"), "{}", ended.stderr);
    assert_eq!(steps(root.path()).len(), 2);
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let root = tempdir().expect("a temporary directory");
    let overrides = [&LONG[..], &LONG_SETS].concat();
    let run = {
        let directory = root.path().to_owned();
        std::thread::spawn(move || on_tiny(2, "run", &directory, &overrides))
    };
    let processes = wait_for(0, 2, root.path(), &run);
    sleep(Duration::from_secs(1));
    // A rank that does not answer: the other one waits for it.
    assert!(signal("STOP", &processes[1..]));
    assert!(signal("INT", &processes[..1]));
    sleep(Duration::from_secs(1));
    assert!(!run.is_finished(), "rank 0 waits for the other one");
    assert!(signal("INT", &processes[..1]));
    let ended: Ended = run.join().expect("the program could be started");
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    signal("CONT", &processes[1..]);
    signal("KILL", &processes[1..]);
}

/// `LOSSATLAS_KILLS` sets how many times.
#[test]
fn a_run_killed_at_random_instants_comes_to_the_same_bits() {
    let kills: u32 =
        std::env::var("LOSSATLAS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    let root = tempdir().expect("a temporary directory");
    let whole = root.path().join("whole");
    // States every few milliseconds, so that many a kill falls into the writing of one.
    let often = ["run.checkpoint_minutes=0.0001"];
    let started = Instant::now();
    on_tiny(2, "run", &whole, &[&SLOWER[..], &often].concat()).with_code(0);
    let mut whole_run = started.elapsed();
    let mut random = MasterSeed(u64::from(std::process::id())).stream("kills", &[]);
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        let directory = root.path().join(format!("killed-{round}"));
        let kills_here = kill_until_done(&directory, whole_run, &often, &mut random);
        if kills_here == 0 {
            // The machine was busier when the whole run was timed.
            whole_run = whole_run.mul_f64(0.8);
        }
        killed += kills_here;
        assert_same(&whole, &directory);
        assert!(!directory.join(STATES).exists(), "no task is under way any more");
        fs::remove_dir_all(&directory).expect("a directory of this test");
    }
    println!("{killed} kills in {round} runs");
}

/// Starts a run on 1 to 3 ranks again and again, kills one rank or all after a random time, until it comes
/// to its end. Returns the number of kills.
fn kill_until_done(
    directory: &Path,
    whole_run: Duration,
    overrides: &[&'static str],
    random: &mut impl rand::Rng,
) -> u32 {
    let mut kills = 0;
    loop {
        let ranks = random.random_range(1..=3);
        let run = start(ranks, directory, overrides);
        // Never so early that nothing can ever be finished, and at last not at all.
        let patience = if kills > 8 { 100.0 } else { random.random_range(0.2..1.0) };
        let until = Instant::now() + whole_run.mul_f64(patience);
        while Instant::now() < until && !run.is_finished() {
            sleep(Duration::from_millis(1));
        }
        let processes = ranks_of(directory);
        // All of them, or any one.
        let victims = if processes.is_empty() || random.random::<bool>() {
            &processes[..]
        } else {
            std::slice::from_ref(&processes[random.random_range(0..processes.len())])
        };
        // Some may just have ended by themselves: one that is hit is enough.
        let hit =
            victims.iter().filter(|&victim| signal("KILL", std::slice::from_ref(victim))).count()
                > 0;
        let ended = run.join().expect("the program could be started");
        if ended.code == Some(0) {
            assert!(results(directory) > 0);
            return kills;
        }
        assert!(hit, "neither killed nor finished: {}", ended.stderr);
        assert_eq!(ended.said("damaged"), 0, "{}", ended.stderr);
        kills += 1;
    }
}

#[test]
fn a_time_limit_is_a_time() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    let ended =
        lossatlas(1, &["run", TINY, "--out", text(&out), "--time-limit", "soon"]).with_code(2);
    assert_eq!(ended.said("--time-limit"), 1, "{}", ended.stderr);
    assert!(!out.exists());
}
