//! Processes that fail while a run is going on.

use crate::study::Study;

/// A failure of one task, `words` in its reason, that leaves all others as they are in a run
/// without it. `processes` is the number of processes on one rank.
#[track_caller]
fn fails_once(mode: &str, overrides: &[&str], words: &[&str], processes: usize) {
    let (whole, study) = (Study::new(), Study::new());
    whole.run(1, "train", &[]).with_code(0);
    study.mode(mode);
    study.run(1, "train", overrides).with_code(3).saying(&["failed: 1 start"]);
    study.start(1, &["status", "out"]).saying(words);
    let (whole, results) = (whole.results(), study.results());
    assert_eq!(results.len(), whole.len());
    let differing = results.iter().zip(&whole).filter(|(one, other)| one != other).count();
    assert_eq!(differing, 1, "{results:#?}");
    assert_eq!(study.started(), processes);
}

#[test]
fn an_error_fails_its_task_with_its_text_and_the_process_lives_on() {
    let words = ["the process answered with an error: Traceback: | RuntimeError: too hot é"];
    fails_once("error-once", &[], &words, 1);
}

#[test]
fn a_death_fails_its_task_with_the_end_of_standard_error_and_a_new_process_goes_on() {
    let words = [
        "the process ended with exit code 3; the end of its standard error (out/landscape/rank-0.log)",
        "ValueError: dead",
    ];
    fails_once("die-once", &[], &words, 2);
}

#[test]
fn a_signal_that_has_ended_a_process_is_named() {
    let words = ["was ended by signal 11 (SIGSEGV); it wrote nothing to standard error"];
    fails_once("crash-once", &[], &words, 2);
}

#[test]
fn a_process_that_is_stopped_is_killed_at_the_time_limit() {
    let words = ["gave no answer within the time limit of 2s and was killed"];
    fails_once("stop-once", &["landscape.time_limit=2"], &words, 2);
}

#[test]
fn a_process_that_hangs_is_killed_at_the_time_limit() {
    let words = ["gave no answer within the time limit of 1s 500ms and was killed"];
    fails_once("hang-once", &["landscape.time_limit=\"1500ms\""], &words, 2);
}

#[test]
fn a_process_that_prints_to_standard_output_is_found_out() {
    let words = ["where 0 or 1 is expected; it printed \"epoch 1 of 10: loss 0.1"];
    fails_once("print-once", &[], &words, 2);
}

#[test]
fn three_deaths_in_a_row_end_the_run_and_what_is_finished_stays() {
    let (whole, study) = (Study::new(), Study::new());
    whole.run(1, "run", &[]).with_code(0);
    study.run(1, "train", &[]).with_code(0);
    let minima = study.results();
    study.mode("die");
    let words = [
        "paths: the processes of 3 tasks in a row have died; the last one, on rank 0: \
         the process ended with exit code 3",
        "rerun the command to resume",
    ];
    study.run(1, "run", &[]).with_code(1).saying(&words);
    assert_eq!(study.results(), minima, "the tasks are not to blame");
    study.mode("");
    study.run(2, "run", &[]).with_code(0);
    assert_eq!(study.results(), whole.results());
}

/// With `run.retries = 1` a task is tried again, by a new process.
#[test]
fn a_task_that_died_once_succeeds_when_it_is_tried_again() {
    let (whole, study) = (Study::new(), Study::new());
    whole.run(1, "train", &[]).with_code(0);
    study.mode("die-once");
    study.run(1, "train", &["run.retries=1"]).with_code(0);
    assert_eq!(study.results(), whole.results());
}

#[test]
fn a_rank_whose_process_is_another_landscape_takes_no_part() {
    let study = Study::new();
    study.mode("other-on-rank-1 slow");
    let ended = study.run(2, "train", &[]);
    // Depending on who is faster, rank 0 has finished tasks in between.
    assert!([Some(1), Some(3)].contains(&ended.code), "{}", ended.errors);
    ended.saying(&["name is \"hills\", was \"wells\""]);
}
