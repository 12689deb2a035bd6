//! Standard output that takes nothing.

use crate::finished::finished_training;
use crate::start::{Ended, PROGRAM, TINY, on_tiny, text};
use std::fs::File;
use std::process::Command;
use tempfile::tempdir;

#[track_caller]
fn to_a_full_disk(arguments: &[&str]) -> Ended {
    let full = File::create("/dev/full").expect("a device");
    let ended: Ended = Command::new(PROGRAM)
        .args(arguments)
        .stdout(full)
        .output()
        .expect("the program starts")
        .into();
    let ended = ended.with_code(1);
    let message = "standard output cannot be written: No space left on device";
    assert_eq!(ended.said(message), 1, "{arguments:?}: {}", ended.stderr);
    assert_eq!(ended.said("internal error"), 0, "{arguments:?}: {}", ended.stderr);
    ended
}

#[test]
fn output_that_is_lost_is_no_success_of_any_command() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    finished_training(&out);
    let weights = format!("{}/atlas.h5:/solutions/sgd/train", text(&out));
    for arguments in [
        &["evaluate", TINY, "--weights", &weights][..],
        &["evaluate", TINY, "--weights", &weights, "--csv"],
        &["status", text(&out)],
        &["status", text(&out), "--format", "json"],
        &["check", TINY],
        &["train", TINY, "--out", text(&out), "--dry-run"],
        &["init", "-"],
        &["completions", "bash"],
        &["man"],
        &["help"],
        &["--help"],
        &["run", "--help"],
        &["--version"],
    ] {
        to_a_full_disk(arguments);
    }
    // What is in files is complete, and that is said.
    let [vectors, study, pages] =
        ["theta.npy", "study.toml", "pages"].map(|name| root.path().join(name));
    let safe = format!("the results are safe in {}", out.display());
    for (arguments, complete) in [
        (
            &["export", text(&out), "--set", "sgd/train", "--to", text(&vectors)][..],
            "theta.npy is complete",
        ),
        (&["init", text(&study)], "study.toml is complete"),
        (&["man", text(&pages)], "are complete"),
        (&["report", text(&out)], "the report is complete"),
        (&["run", TINY, "--out", text(&out)], &safe),
    ] {
        let ended = to_a_full_disk(arguments);
        assert_eq!(ended.said(complete), 1, "{arguments:?}: {}", ended.stderr);
    }
    on_tiny(1, "run", &out, &[]).with_code(0);
}
