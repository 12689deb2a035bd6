//! Runs that are asked to stop: the state of every task under way is stored, and the resumed run
//! comes to the same bits.

use crate::atlas::assert_same;
use crate::interrupt::{SLOWER, in_background, signal, wait_for, wait_for_reports, wait_until};
use crate::start::{Ended, PROGRAM, TIMEOUT, TINY, lossatlas, on_tiny, text};
use crate::support::mpirun_command;
use lossatlas::engine::store::{Checkpoints, Saved, TaskKey};
use lossatlas::optimizer::TrainingState;
use lossatlas::path::PathState;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::SystemTime;
use tempfile::tempdir;

/// Two training runs that never end.
pub const LONG: [&str; 6] = [
    "training.sgd.epochs=1000000",
    "training.initializations=2",
    "training.keep=2",
    "training.optimizers=[\"sgd\"]",
    "paths.sets=[\"sgd/train\"]",
    "kpca=[]",
];

/// A path that never ends, between solutions that are found at once.
const LONG_PATH: [&str; 5] = [
    "paths.steps=1000000",
    "paths.pairs=1",
    "paths.sets=[\"sgd/train\"]",
    "paths.landscapes=[\"train\"]",
    "kpca=[]",
];

/// The states of the tasks under way.
pub const STATES: &str = "in-flight.checkpoints";

#[test]
fn a_warning_to_any_rank_stops_all_and_the_run_goes_on_to_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [whole, stopped] = ["whole", "stopped"].map(|name| root.path().join(name));
    on_tiny(1, "run", &whole, &SLOWER).with_code(0);
    // Each rank of three in turn, then one alone; in the training, then among the paths.
    for (name, ranks, rank, results_there) in
        [("USR1", 3, 0, 1), ("USR1", 3, 1, 4), ("TERM", 3, 2, 9), ("INT", 1, 0, 14)]
    {
        let run = in_background(ranks, "run", &stopped, &SLOWER);
        let processes = wait_for(results_there, ranks, &stopped, &run);
        assert!(signal(name, &processes[rank..=rank]));
        let ended = run.join().expect("the program could be started").with_code(75);
        assert_eq!(ended.said("stopped by "), 1, "{}", ended.stderr);
        assert_eq!(ended.said("rerun the command to resume"), 1, "{}", ended.stderr);
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

/// Epochs or steps behind each state in a directory where nothing is running.
pub fn steps(directory: &Path) -> Vec<u64> {
    let mut states = Checkpoints::open(directory).expect("states as they were written");
    let keys: Vec<_> = states.keys().cloned().collect();
    let step = |key: &TaskKey| {
        let Saved { state, .. } = states.load(key).expect("readable").expect("just named");
        let TaskKey::Under { task, .. } = key else { panic!("{key:?}: without its keys") };
        let step = match task.as_ref() {
            TaskKey::Training { .. } => {
                let state: TrainingState =
                    postcard::from_bytes(&state).expect("the state of a training run");
                json!(state)["epoch"].clone()
            }
            TaskKey::Path { .. } | TaskKey::PathBetween { .. } => {
                let state: PathState<f32> =
                    postcard::from_bytes(&state).expect("the state of a path");
                json!(state)["progress"]["adam"]["moments"]["steps"].clone()
            }
            other => panic!("{other:?}: a state of another stage"),
        };
        step.as_u64().expect("a count")
    };
    keys.iter().map(step).collect()
}

/// Starts the program with a time limit. Tasks that never end make sure that it is kept.
fn limited(ranks: usize, directory: &Path, limit: &str, overrides: &[&str]) -> Ended {
    let mut arguments = vec!["run", TINY, "--out", text(directory), "--time-limit", limit];
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    lossatlas(ranks, &arguments).with_code(75)
}

/// Resumes for one second what has taken three or more. From the beginning it would not get as far.
fn goes_on_from_its_states(directory: &Path, overrides: &[&str]) {
    let before = steps(directory);
    assert!(!before.is_empty() && before.iter().all(|&steps| steps > 0), "{before:?}");
    limited(1, directory, "1s", overrides);
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
fn long_tasks_are_stored_at_the_time_limit_and_resumed_by_other_ranks() {
    let root = tempdir().expect("a temporary directory");
    let ended = limited(2, root.path(), "4s", &LONG);
    let expected = "stopped by the time limit of 4s: training: 2 of 2 tasks left, 2 of them with a checkpoint in";
    assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
    goes_on_from_its_states(root.path(), &LONG);
}

#[test]
fn long_tasks_that_are_killed_go_on_from_their_last_states() {
    let root = tempdir().expect("a temporary directory");
    let overrides = [&LONG[..], &["run.checkpoint_minutes=0.01"]].concat();
    let run = in_background(2, "run", root.path(), &overrides);
    let log = root.path().join("run.log");
    wait_until("states of both tasks after three seconds", &run, || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        let stored = |task: &str| {
            log.matches(&format!("state stored stage=\"training\" task=\"{task}\"")).count()
        };
        ["sgd initialization 0", "sgd initialization 1"].iter().all(|task| stored(task) >= 5)
    });
    assert!(signal("KILL", &wait_for(0, 2, root.path(), &run)));
    assert_ne!(run.join().expect("the program could be started").code, Some(0));
    goes_on_from_its_states(root.path(), &overrides);
}

#[test]
fn a_long_path_goes_on_from_its_state() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(1, "train", root.path(), &LONG_PATH).with_code(0);
    let ended = limited(2, root.path(), "3s", &LONG_PATH);
    let expected =
        "stopped by the time limit of 3s: paths: 1 of 1 task left, 1 of them with a checkpoint in";
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
    let ended = end_in(3, "warned", &LONG).with_code(75);
    assert_eq!(ended.said("stopped by the time limit of "), 1, "{}", ended.stderr);
    assert!(steps(&root.path().join("warned")).iter().sum::<u64>() > 0);
    end_in(-3600, "outlived", &[]).with_code(0);
}

/// Ctrl-C reaches `mpirun` alone, which sends SIGTERM to the ranks and says 1, whatever they say.
#[test]
fn ctrl_c_under_mpirun_stores_what_is_under_way_and_ends_with_what_to_do() {
    let root = tempdir().expect("a temporary directory");
    let run = {
        let mut command = mpirun_command(2, PROGRAM, TIMEOUT);
        command.args(["run", TINY, "--out", text(root.path())]);
        command.args(LONG.iter().flat_map(|change| ["--set", change]));
        // More than a second to store it on a busy machine.
        command.env("OMPI_MCA_odls_base_sigkill_timeout", "5");
        std::thread::spawn(move || Ended::from(command.output().expect("mpirun is installed")))
    };
    let processes = wait_for_reports(2, root.path(), &run);
    let status = fs::read_to_string(format!("/proc/{}/status", processes[0])).expect("it runs");
    let mpirun =
        status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("a parent").trim();
    assert!(signal("INT", &[mpirun.to_owned()]));
    let ended = run.join().expect("the program could be started").with_code(1);
    let expected =
        "stopped by Ctrl-C or SIGTERM: training: 2 of 2 tasks left, 2 of them with a checkpoint in";
    assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
    let last = ended.stderr.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
    assert!(last.contains("rerun the command to resume"), "{}", ended.stderr);
    assert!(last.ends_with(&format!("or `lossatlas resume {}`", text(root.path()))));
    assert_eq!(steps(root.path()).len(), 2);
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let root = tempdir().expect("a temporary directory");
    let run = in_background(2, "run", root.path(), &LONG);
    let processes = wait_for_reports(2, root.path(), &run);
    // A rank that does not answer: the other one waits for it.
    assert!(signal("STOP", &processes[1..]));
    assert!(signal("INT", &processes[..1]));
    let log = root.path().join("run.log");
    wait_until("the request to stop", &run, || {
        fs::read_to_string(&log).unwrap_or_default().contains("stop requested")
    });
    assert!(!run.is_finished(), "rank 0 waits for the other one");
    assert!(signal("INT", &processes[..1]));
    let ended: Ended = run.join().expect("the program could be started");
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    signal("CONT", &processes[1..]);
    signal("KILL", &processes[1..]);
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
