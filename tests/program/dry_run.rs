//! `--dry-run`: what would be done is printed, and nothing is done.

use crate::finished::finished_training;
use crate::start::{Ended, TINY, lossatlas, on_tiny, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::tempdir;

fn dry(ranks: usize, subcommand: &str, directory: &Path, overrides: &[&str]) -> Ended {
    let mut arguments = vec![subcommand, TINY, "--dry-run", "--out", text(directory)];
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    lossatlas(ranks, &arguments)
}

/// The words after the name of a line.
fn cells(said: &str, name: &str) -> Vec<String> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in\n{said}"));
    line.split_whitespace().map(str::to_owned).collect()
}

fn files(directory: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let about = |path: &Path| {
        path.metadata().map(|about| (about.len(), about.modified().expect("kept"))).expect("there")
    };
    let entries = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("still there").path());
    entries.map(|path| (path.clone(), about(&path))).collect()
}

#[test]
fn what_is_done_failed_and_left_is_printed_and_nothing_is_written() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    let printed = dry(2, "run", &out, &[]).with_code(0);
    assert_eq!(printed.stderr, "");
    assert!(!out.exists(), "nothing is made");
    assert_eq!(
        printed.stdout.matches("dry run: nothing is computed, nothing is written").count(),
        1,
        "{}",
        printed.stdout
    );
    assert!(
        printed.stdout.contains("out: is not there yet and would be made"),
        "{}",
        printed.stdout
    );
    assert_eq!(cells(&printed.stdout, "training sgd"), ["0", "0", "4"]);
    assert_eq!(cells(&printed.stdout, "paths lbfgs/test on test"), ["0", "0", "2"]);
    assert_eq!(cells(&printed.stdout, "kernel PCA"), ["left"]);
    assert_eq!(cells(&printed.stdout, "memory")[..3], ["each", "rank:", "about"]);
    assert!(
        printed.stdout.contains("on one core like this one")
            && printed.stdout.contains(" on 2 ranks of 1 thread")
    );

    let diverging = "training.sgd.learning_rate=11";
    on_tiny(1, "train", &out, &[diverging]).with_code(3);
    let before = files(&out);
    let printed = dry(1, "run", &out, &[diverging]).with_code(0).stdout;
    let counts: Vec<usize> = cells(&printed, "training sgd")
        .iter()
        .map(|count| count.parse().expect("a count"))
        .collect();
    assert!(counts[1] > 0 && counts[0] + counts[1] == 4 && counts[2] == 0, "{printed}");
    assert_eq!(cells(&printed, "training lbfgs"), ["4", "0", "0"]);
    assert_eq!(cells(&printed, "paths lbfgs/train on train"), ["0", "0", "2"]);
    assert!(printed.contains("out: would be continued after 1 start"), "{printed}");
    // Only what the command itself would do.
    let training = dry(1, "train", &out, &[diverging]).with_code(0).stdout;
    assert!(!training.contains("paths") && !training.contains("kernel PCA"), "{training}");
    assert!(training.contains("nothing would be computed"), "{training}");
    let extended =
        dry(1, "train", &out, &[diverging, "training.initializations=6"]).with_code(0).stdout;
    assert_eq!(cells(&extended, "training lbfgs"), ["4", "0", "2"]);
    assert_eq!(files(&out), before, "nothing is written");
}

#[test]
fn what_would_be_refused_is_refused() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    for (ranks, command) in [(1, "paths"), (2, "paths"), (1, "kpca")] {
        let early = dry(ranks, command, &out, &[]).with_code(2);
        assert_eq!(
            early.said("out: 8 of 8 solutions are missing; run `lossatlas train` first"),
            1,
            "{}",
            early.stderr
        );
    }
    finished_training(&out);
    for ranks in [1, 3] {
        let conflict = dry(ranks, "run", &out, &["training.sgd.epochs=3"]).with_code(2);
        assert_eq!(conflict.said("training.sgd.epochs: was 2, now 3"), 1, "{}", conflict.stderr);
        assert_eq!(conflict.stdout, "");
        let file = dry(ranks, "run", Path::new(TINY), &[]).with_code(2);
        assert_eq!(
            file.said("tiny.toml is not a directory; choose another output directory"),
            1,
            "{}",
            file.stderr
        );
    }
}
