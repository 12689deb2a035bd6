//! The report on a run that is not finished.

use crate::interrupt::{SLOWER, in_background, ranks_of, results, signal, wait_for, wait_until};
use crate::start::{Ended, lossatlas, on_tiny, text};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

const UNFINISHED: &str = "This run is unfinished. ";

/// Reports on a directory, and returns what was said with the page.
#[track_caller]
fn report(directory: &Path) -> (Ended, String) {
    let ended = lossatlas(1, &["report", text(directory)]).with_code(0);
    assert_eq!(ended.stdout.matches("report/index.html").count(), 1, "{}", ended.stdout);
    let page = fs::read_to_string(directory.join("report/index.html")).expect("a page");
    (ended, page)
}

#[test]
fn a_killed_run_is_marked_with_what_is_left_until_it_is_finished() {
    let root = tempdir().expect("a temporary directory");
    let run = in_background(2, "run", root.path(), &SLOWER);
    let processes = wait_for(8 + 2, 2, root.path(), &run);
    assert!(signal("KILL", &processes));
    run.join().expect("the program could be started");
    let left = 8 + 16 - results(root.path());
    assert!(left > 0, "it was killed in the middle");
    let (ended, page) = report(root.path());
    let said = format!("{UNFINISHED}Left: paths, {left} of 16 tasks; kernel PCA.");
    assert_eq!((ended.said(&said), page.matches(&said).count()), (1, 1), "{}", ended.stderr);
    assert!(page.contains("lbfgs/train"), "what is there is shown");
    on_tiny(2, "run", root.path(), &SLOWER).with_code(0);
    let (ended, page) = report(root.path());
    assert_eq!((ended.said("unfinished"), page.contains("unfinished")), (0, false));
}

#[test]
fn a_run_that_goes_on_is_reported_on_and_does_not_notice() {
    let root = tempdir().expect("a temporary directory");
    let endless = ["training.optimizers=[\"sgd\"]", "training.sgd.epochs=1000000", "kpca=[]"];
    let run = in_background(2, "run", root.path(), &endless);
    wait_until("a stage", &run, || root.path().join("progress.json").exists());
    let (ended, page) = report(root.path());
    let said = format!("{UNFINISHED}Nothing has been computed yet. Left: training, 4 of 4 tasks; ");
    assert_eq!((ended.said(&said), page.matches(&said).count()), (1, 1), "{}", ended.stderr);
    let running = "It was running when this report was made.";
    assert_eq!((ended.said(running), page.matches(running).count()), (1, 1), "{}", ended.stderr);
    assert!(signal("TERM", &ranks_of(root.path())), "the run still goes on");
    run.join().expect("the program could be started").with_code(75);
    let (ended, page) = report(root.path());
    assert_eq!((ended.said(running), page.matches(running).count()), (0, 0), "{}", ended.stderr);
    assert_eq!(ended.said(UNFINISHED), 1, "{}", ended.stderr);
}

#[test]
fn a_directory_in_which_nothing_has_run_says_so() {
    let root = tempdir().expect("a temporary directory");
    let refused = lossatlas(1, &["report", text(root.path())]).with_code(2);
    assert!(refused.stderr.contains("results.journal"), "{}", refused.stderr);
    // The start was killed before it had stored its configuration.
    fs::write(root.path().join("results.journal"), b"").expect("a file");
    let refused = lossatlas(1, &["report", text(root.path())]).with_code(2);
    let said = "has no configuration; no run has started here";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
}
