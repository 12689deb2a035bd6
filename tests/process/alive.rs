//! Runs that come to their end: on any number of ranks, at once or resumed, to the same bits.

use crate::study::{Study, TIMEOUT};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Minima, and paths on two data sets.
const RESULTS: usize = 8 + 2 * 3;

#[test]
fn one_and_two_ranks_come_to_the_same_bits_and_end_their_processes() {
    let (one, two) = (Study::new(), Study::new());
    one.run(1, "run", &[])
        .with_code(0)
        .saying(&["minima/relaxed   train", "minima/relaxed   test"]);
    assert_eq!(one.results().len(), RESULTS);
    assert_eq!((one.started(), one.ended()), (1, 1));
    two.run(2, "run", &[]).with_code(0);
    assert_eq!(one.results(), two.results());
    assert_eq!((two.started(), two.ended()), (2, 2));
    assert!(two.read("starts").contains("rank 1 of 2"), "{}", two.read("starts"));
    // Nothing was written to standard error.
    assert!(!one.out().join("landscape").exists());
}

#[test]
fn a_minimum_has_its_value_on_the_data_set_test() {
    let study = Study::new();
    study.run(1, "train", &[]).with_code(0);
    let [minimum, test] = ["value: ", "Some("].map(|before| {
        let results = study.results();
        let text = results[0].rsplit_once(before).expect("a minimum with its test value").1;
        text.split([',', ')']).next().and_then(|number| number.parse::<f64>().ok())
    });
    assert_eq!(test, minimum.map(|value| 2.0 * value));
}

#[test]
fn what_a_process_writes_to_standard_error_is_in_a_file_of_its_rank() {
    let study = Study::new();
    study.mode("loud");
    study.run(2, "train", &[]).with_code(0);
    for rank in 0..2 {
        let log = study.read(&format!("out/landscape/rank-{rank}.log"));
        assert_eq!(log.len(), 200_001, "rank {rank}");
    }
}

/// The program in the background; only this process is killed.
fn in_background(study: &Study) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossatlas"));
    command.args(["run", "study.toml", "--out", "out"]).current_dir(study.path());
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program can be started")
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < TIMEOUT, "{what}: this never came");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_that_was_killed_is_continued_to_the_same_bits_and_its_process_ends_with_it() {
    let (whole, killed) = (Study::new(), Study::new());
    whole.run(1, "run", &[]).with_code(0);
    killed.mode("slow");
    for results in [2, 9] {
        let mut run = in_background(&killed);
        wait_until("some results", || killed.results().len() >= results);
        run.kill().expect("the run is going on");
        run.wait().expect("it was killed");
        wait_until("the end of the process", || !killed.has_process());
        assert!(killed.results().len() < RESULTS, "killed too late to show anything");
    }
    killed.mode("");
    killed.run(1, "run", &[]).with_code(0);
    assert_eq!(killed.results(), whole.results());
}

/// The signal comes while the process computes, and reaches the program alone.
#[test]
fn a_signal_suspends_a_run_whose_process_does_not_answer() {
    let study = Study::new();
    study.mode("hang-once");
    let mut run = in_background(&study);
    wait_until("the evaluation that hangs", || study.path().join("hang-done").exists());
    let asked = Instant::now();
    let sent = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    let status = run.wait().expect("the run ends");
    assert_eq!(status.code(), Some(75));
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    study.run(1, "run", &[]).with_code(0);
    let whole = Study::new();
    whole.run(1, "run", &[]).with_code(0);
    assert_eq!(study.results(), whole.results());
}

#[test]
fn a_process_in_single_precision_finds_minima_too() {
    let study = Study::new();
    study.mode("single");
    study.run(1, "run", &[]).with_code(0);
    assert_eq!(study.results().len(), RESULTS);
}

/// Slurm sends a signal to all processes of a job step.
#[test]
fn a_signal_that_ends_the_process_too_is_no_failure_of_it() {
    let study = Study::new();
    study.mode("slow");
    let mut run = in_background(&study);
    wait_until("some results", || study.results().len() >= 2);
    let process = study.read("starts").split(' ').next().unwrap_or_default().to_owned();
    let sent = Command::new("kill").args(["-TERM", &process, &run.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert_eq!(run.wait().expect("the run ends").code(), Some(75));
    study.mode("");
    study.run(1, "run", &[]).with_code(0);
    let whole = Study::new();
    whole.run(1, "run", &[]).with_code(0);
    assert_eq!(study.results(), whole.results());
}
