//! Configurations and command lines that are wrong: refused once, clearly, on any number of ranks.

use crate::images::write;
use crate::start::{TINY, lossatlas, text};
use std::path::Path;
use tempfile::tempdir;

/// Starts the program on 1 and on 3 ranks and expects it to refuse: exit code 2, nothing on standard
/// output, and every part of the message exactly once.
#[track_caller]
pub fn refused(arguments: &[&str], parts: &[&str]) {
    for ranks in [1, 3] {
        let ended = lossatlas(ranks, arguments).with_code(2);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        for part in parts {
            assert_eq!(ended.said(part), 1, "{part:?} for {arguments:?} on {ranks} ranks:\n{}", ended.stderr);
        }
        for noise in ["panicked", "internal error", "backtrace", "lossatlas::", "src/"] {
            assert_eq!(ended.said(noise), 0, "{arguments:?} on {ranks} ranks:\n{}", ended.stderr);
        }
    }
}

/// Refuses `run` with a configuration file of this text; nothing has been written then.
#[track_caller]
fn refused_file(content: &str, parts: &[&str]) {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("run.toml"), root.path().join("out"));
    write(&file, content.as_bytes());
    refused(&["run", text(&file), "--out", text(&out)], parts);
    assert!(!out.exists());
}

/// Refuses `run` of the small study with this override; nothing has been written then.
#[track_caller]
fn refused_override(change: &str, parts: &[&str]) {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    refused(&["run", TINY, "--out", text(&out), "--set", change], parts);
    assert!(!out.exists());
}

fn tiny_with(old: &str, new: &str) -> String {
    let tiny = std::fs::read_to_string(Path::new(TINY)).expect("the configuration of the tests");
    assert!(tiny.contains(old));
    tiny.replacen(old, new, 1)
}

#[test]
fn a_configuration_that_is_not_there() {
    refused(&["run", "missing.toml", "--out", "unused"], &["missing.toml: cannot read the configuration: No such file"]);
    refused(&["check", env!("CARGO_MANIFEST_DIR")], &["cannot read the configuration: Is a directory"]);
}

#[test]
fn a_configuration_that_is_no_toml() {
    refused_file(&tiny_with("keep = 3", "keep = = 3"), &["run.toml:14: not valid TOML in `keep = = 3`"]);
}

#[test]
fn several_problems_at_once() {
    let text =
        tiny_with("keep = 3", "keep = 5\nkeeep = 3").replace("steps = 3", "steps = -1").replace("seed = 7", "seed = \"a\"");
    refused_file(
        &text,
        &[
            "run.toml:2: seed: must be an integer, not a string",
            "run.toml:14: training.keep: must be at most 4, the number of training.initializations, is 5",
            "run.toml:15: training.keeep: ",
            "paths.steps: must be at least 0, is -1",
        ],
    );
}

#[test]
fn values_that_do_not_fit_each_other() {
    refused_override("paths.sets=[]", &["--set paths.sets=[]: paths.sets: "]);
    refused_override("paths.train=201", &["paths.train: must be at most 200, the number of dataset.train images, is 201"]);
    refused_override("network.activation=tanh", &["network.activation: must be \"softplus\" or \"relu\", is \"tanh\""]);
}

#[test]
fn sizes_that_no_memory_holds() {
    refused_override("dataset.train=4294967295", &["dataset.train: must be at most 1000000, is 4294967295"]);
    refused_override("paths.points=4294967295", &["paths.points: must be at most 10000, is 4294967295"]);
    refused_override("paths.fourier_terms=42949672", &["paths.fourier_terms: must be at most 1000, is 42949672"]);
}

#[test]
fn command_lines_that_mean_nothing() {
    refused(&["frobnicate"], &["unrecognized subcommand 'frobnicate'", "Usage: lossatlas <COMMAND>"]);
    refused(&["run", TINY, "--out", "unused", "--wrong"], &["unexpected argument '--wrong' found"]);
    refused(&["run", TINY], &["required arguments were not provided", "--out <DIR>\n"]);
    refused(&["check", TINY, "--set", "training.keep"], &["--set training.keep: has no \"=\"; write key.path=value"]);
}
