//! A run that was interrupted, a run that is finished, a run that is extended.

use crate::atlas::assert_same;
use crate::finished::finished_run;
use crate::images::write;
use crate::interrupt::{SLOWER, in_background, results, signal, wait_for};
use crate::start::on_tiny;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Starts a run and kills all its ranks as soon as the journal holds so many results.
fn kill_after(results_there: usize, ranks: usize, directory: &Path) {
    let run = in_background(ranks, "run", directory, &SLOWER);
    let processes = wait_for(results_there, ranks, directory, &run);
    assert_eq!(processes.len(), ranks, "running ranks");
    assert!(signal("KILL", &processes));
    let ended = run.join().expect("the program could be started");
    assert_ne!(ended.code, Some(0), "killed, not finished");
}

#[test]
fn a_run_killed_at_any_moment_continues_to_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [whole, killed] = ["whole", "killed"].map(|name| root.path().join(name));
    on_tiny(2, "run", &whole, &SLOWER).with_code(0);
    let total = results(&whole);
    assert_eq!(total, 8 + 16, "training runs and paths");
    // In the training, at its end, among the paths; on other ranks each time.
    let mut before = 0;
    for (results_there, ranks) in [(2, 3), (7, 1), (14, 2)] {
        kill_after(results_there, ranks, &killed);
        let now = results(&killed);
        assert!(now > before && now < total, "{now} results after {before}");
        before = now;
    }
    // What a crash leaves of a record that is just being written.
    let file = killed.join("results.journal");
    let mut bytes = fs::read(&file).expect("a journal");
    bytes.truncate(bytes.len() - 5);
    write(&file, &bytes);
    let last = on_tiny(3, "run", &killed, &SLOWER).with_code(0);
    assert_eq!(
        last.said("of an incomplete result, which was being written when the run was killed"),
        1,
        "{}",
        last.stderr
    );
    assert_same(&whole, &killed);
    assert_eq!(results(&killed), total);
}

#[test]
fn a_finished_run_computes_nothing_and_makes_a_lost_atlas_again() {
    let root = tempdir().expect("a temporary directory");
    let [once, twice] = ["once", "twice"].map(|name| root.path().join(name));
    finished_run(&once);
    on_tiny(2, "run", &twice, &[]).with_code(0);
    fs::remove_file(twice.join("atlas.h5")).expect("written by the program");
    let again = on_tiny(2, "run", &twice, &[]).with_code(0);
    assert!(!again.stderr.contains("tasks"), "{}", again.stderr);
    assert!(again.stdout.contains("Barriers"), "the summary comes all the same");
    assert_same(&once, &twice);
}

#[test]
fn more_initializations_and_pairs_extend_a_run() {
    let root = tempdir().expect("a temporary directory");
    let [fresh, extended] = ["fresh", "extended"].map(|name| root.path().join(name));
    finished_run(&fresh);
    let small = [
        "training.initializations=3",
        "training.keep=2",
        "paths.pairs=1",
        "paths.sets=[\"sgd/train\"]",
    ];
    on_tiny(2, "run", &extended, &small).with_code(0);
    let more = on_tiny(1, "run", &extended, &[]).with_code(0);
    // One initialization more for each optimizer.
    assert_eq!(more.said("training: 8 tasks, 6 of them done before\n"), 1, "{}", more.stderr);
    assert_eq!(more.said("training: 8 of 8 tasks, 2 of them in "), 1, "{}", more.stderr);
    assert_same(&fresh, &extended);
}
