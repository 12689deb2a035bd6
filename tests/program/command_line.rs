//! Help, version, plan and overrides.

use crate::atlas::contents;
use crate::start::{PROGRAM, TINY, lossatlas, on_tiny, text};
use serde_json::json;
use std::process::{Command, Stdio};
use tempfile::tempdir;

#[test]
fn help_is_printed_once_and_without_colors() {
    for (subcommand, part) in [
        ("run", "Run directory, created if it does not exist"),
        ("train", "Trains all initializations with every optimizer"),
        ("paths", "Finds low-loss paths and barriers between pairs of solutions"),
        ("kpca", "Computes kernel PCA and statistics of the solutions"),
        ("analyze", "Computes curvature at solutions and along paths"),
        ("check", "Validates a configuration and prints the plan"),
        ("report", "Writes a page with figures, tables and verdicts on the paper's claims"),
        ("status", "Shows what is done, running, failed and left in a run directory"),
    ] {
        let help = lossatlas(1, &[subcommand, "--help"]).with_code(0).stdout;
        assert_eq!(help.matches("Usage: lossatlas ").count(), 1, "{help}");
        assert_eq!(help.matches(part).count(), 1, "{help}");
        assert!(!help.contains('\u{1b}'), "{help}");
    }
    let help = lossatlas(2, &["--help"]).with_code(0).stdout;
    assert_eq!(help.matches("Exit codes: 0 success").count(), 1, "{help}");
    assert!(!help.contains('\u{1b}'), "{help}");
}

#[test]
fn an_option_of_another_kind_of_export_is_refused() {
    let root = tempdir().expect("a temporary directory");
    let to = root.path().join("x");
    for (arguments, said) in [
        (
            &["--set", "sgd/train", "--points", "7"][..],
            "--points belongs to --path; leave it out with --set",
        ),
        (
            &["--images", "--landscape", "test"],
            "--landscape belongs to --path, --graph, --surface; leave it out with --images",
        ),
        (
            &["--surface", "x", "--format", "newick"],
            "--format belongs to --graph; leave it out with --surface",
        ),
        (
            &["--path", "sgd/train:0-1", "--format", "newick"],
            "--format belongs to --graph; leave it out with --path",
        ),
    ] {
        let export = [&["export", "nowhere", "--to", text(&to)], arguments].concat();
        let refused = lossatlas(1, &export).with_code(2);
        assert_eq!(refused.stderr.trim_end(), said);
    }
}

#[test]
fn the_version_names_all_that_numbers_depend_on() {
    let version = lossatlas(2, &["--version"]).with_code(0).stdout;
    let lines: Vec<_> = version.lines().collect();
    assert_eq!(lines.len(), 6, "{version}");
    assert_eq!(lines[0], concat!("lossatlas ", env!("CARGO_PKG_VERSION")));
    for (line, name) in lines[1..].iter().zip(["commit:", "MPI:", "HDF5:", "BLAS:", "CPU:"]) {
        let value = line.strip_prefix(name).unwrap_or_else(|| panic!("no {name} in {version}"));
        assert!(!value.trim().is_empty(), "{version}");
    }
}

#[test]
fn the_plan_counts_tasks_and_memory() {
    let plan = lossatlas(2, &["check", TINY]).with_code(0);
    assert_eq!(plan.stderr, "");
    for part in [
        "tiny.toml: valid",
        "digits seed 7: 200 training, 100 test images of 28×28; classes: 10",
        "fcp: 42200 parameters",
        "4 sgd training runs of 2 epochs",
        "4 lbfgs training runs of 4 iterations at most",
        "8 paths on 200 train images",
        "8 paths on 100 test images",
        // 16 vectors of 42 200 single-precision numbers.
        "rank 0 besides: 2.7 MB solutions",
    ] {
        assert_eq!(plan.stdout.matches(part).count(), 1, "{part}:\n{}", plan.stdout);
    }
}

#[test]
fn overrides_take_effect_and_are_stored() {
    let root = tempdir().expect("a temporary directory");
    let changes = [
        "training.keep=2",
        "network.activation=relu",
        "paths.sets=[\"sgd/test\"]",
        "kpca.1.kernel=linear",
    ];
    let ended = on_tiny(2, "run", root.path(), &changes).with_code(0);
    assert_eq!(ended.said("paths: 2 tasks\n"), 1, "{}", ended.stderr);
    let atlas = contents(root.path());
    assert_eq!(atlas["/solutions/sgd/test/theta"][1], json!([2, 42_200]));
    assert_eq!(atlas["/kpca/sigmoid@kernel"], json!("linear"));
    assert!(!atlas.contains_key("/paths/sgd/train"));
    let stored = atlas["/@configuration"].as_str().expect("a text");
    for line in
        ["training.keep = 2\n", "network.activation = \"relu\"\n", "paths.sets = [\"sgd/test\"]\n"]
    {
        assert!(stored.contains(line), "{stored}");
    }
}

/// Progress is for whoever watches: plain lines on standard error, from rank 0 alone.
#[test]
fn results_and_progress_are_kept_apart() {
    let root = tempdir().expect("a temporary directory");
    let ended = on_tiny(3, "run", root.path(), &[]).with_code(0);
    let lines: Vec<_> = ended.stderr.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 4, "{}", ended.stderr);
    for (line, (begin, end)) in lines.iter().zip([
        ("training: 8 tasks", ""),
        ("training: 8 of 8 tasks in ", " s"),
        ("paths: 16 tasks", ""),
        ("paths: 16 of 16 tasks in ", " s"),
    ]) {
        assert!(line.starts_with(begin) && line.ends_with(end), "{line}");
    }
    for caption in ["Losses and accuracies", "Barriers", "Spread", "Kernel PCA: ", "results: "] {
        assert_eq!(ended.stdout.matches(caption).count(), 1, "{}", ended.stdout);
    }
}

/// `lossatlas check CONFIG | head -1`.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let root = tempdir().expect("a temporary directory");
    for arguments in [&["check", TINY][..], &["--help"], &["run", TINY, "--out", text(root.path())]]
    {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program could be started");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && !errors.contains("internal error"),
            "{arguments:?}: {errors}"
        );
    }
}
