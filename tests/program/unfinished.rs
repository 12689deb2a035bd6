//! The report on a run that is not finished.

use crate::interrupt::{SLOWER, in_background, ranks_of, results, signal, wait_for, wait_until};
use crate::start::{Ended, lossatlas, on_tiny, text};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::tempdir;

const UNFINISHED: &str = "This run is unfinished, and was not running when this report was made. ";
const RUNNING: &str = "This run is in progress; it was running when this report was made. ";

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
    // For a while its last news are too new to tell that it is gone.
    let is_quiet = || report(root.path()).0.said(UNFINISHED) == 1;
    let begun = Instant::now();
    while !is_quiet() && begun.elapsed() < Duration::from_mins(2) {
        sleep(Duration::from_secs(2));
    }
    let (ended, page) = report(root.path());
    let said = format!("{UNFINISHED}Left: paths, {left} of 16 tasks; kernel PCA.");
    assert_eq!(ended.said(&said), 1, "{}", ended.stderr);
    assert_eq!(page.matches(UNFINISHED.trim_end()).count(), 1);
    assert!(page.contains("lossatlas resume DIR</code>"), "how it is resumed");
    // Every kind of task is there with its number, and they add up to all that is left.
    let list = page.split_once("What is left:").expect("a list").1;
    let list = list.split_once("</div>").expect("its end").0;
    let of_paths = list.split_once("<li>kernel PCA</li>").expect("a stage as a whole").0;
    let kinds = of_paths.split("<li>paths ").skip(1).map(|kind| {
        let (name, numbers) = kind.split_once(": ").expect("a name and numbers");
        let (left, all) = numbers.split_once(" of ").expect("two numbers");
        assert!(name.contains(" on ") && all.starts_with("2<"), "{kind}");
        left.parse::<usize>().expect("a number")
    });
    assert_eq!(kinds.sum::<usize>(), left, "{list}");
    assert!(page.contains("lbfgs/train"), "what is there is shown");
    on_tiny(2, "run", root.path(), &SLOWER).with_code(0);
    let (ended, page) = report(root.path());
    assert_eq!((ended.said("unfinished"), page.contains("unfinished")), (0, false));
}

#[test]
fn a_run_that_goes_on_is_reported_on_and_does_not_notice() {
    let root = tempdir().expect("a temporary directory");
    let endless = [
        "training.optimizers=[\"sgd\"]",
        "training.sgd.epochs=1000000",
        "kpca=[]",
        "curvature.sets=[\"sgd/train\"]",
    ];
    let run = in_background(2, "run", root.path(), &endless);
    wait_until("a stage", &run, || root.path().join("progress.json").exists());
    let (ended, page) = report(root.path());
    let state = format!("{RUNNING}Nothing has been computed yet.");
    let said = format!("{state} Left: training, 4 of 4 tasks; ");
    assert_eq!((ended.said(&said), page.matches(&state).count()), (1, 1), "{}", ended.stderr);
    assert!(!page.contains("lossatlas resume"), "a second start would be refused");
    // The tasks of a stage that needs other results are not known yet.
    let unknown = "curvature, of which the number is not known yet";
    assert_eq!((ended.said(unknown), page.matches(unknown).count()), (1, 1), "{}", ended.stderr);
    assert!(signal("TERM", &ranks_of(root.path())), "the run still goes on");
    run.join().expect("the program could be started").with_code(75);
    let (ended, page) = report(root.path());
    assert_eq!((ended.said(RUNNING), page.matches(RUNNING).count()), (0, 0), "{}", ended.stderr);
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
