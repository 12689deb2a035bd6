//! Output directories that are not what they should be. What they hold stays as it is.

use crate::bad_input::refused;
use crate::images::write;
use crate::start::{TINY, lossatlas, on_tiny, text};
use std::fs;
use tempfile::tempdir;

#[test]
fn a_file_in_place_of_a_directory() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("results");
    write(&file, b"precious");
    refused(&["run", TINY, "--out", text(&file)], &["results is not a directory; choose another output directory"]);
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
}

#[test]
fn a_directory_that_holds_nothing() {
    let root = tempdir().expect("a temporary directory");
    refused(&["status", text(root.path())], &["results.journal: no results have been saved in this directory; check the path"]);
    assert_eq!(fs::read_dir(root.path()).expect("a directory").count(), 0, "looking leaves no trace");
    for stage in ["paths", "kpca"] {
        let out = root.path().join(stage);
        let missing = "8 of 8 solutions are missing; run `lossatlas train` first";
        refused(&[stage, TINY, "--out", text(&out)], &[missing]);
    }
}

#[test]
fn results_of_another_configuration() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(1, "train", root.path(), &[]).with_code(0);
    let refused_with = |changes: &[&str], parts: &[&str]| {
        let mut arguments = vec!["run", TINY, "--out", text(root.path())];
        arguments.extend(changes.iter().flat_map(|change| ["--set", change]));
        refused(&arguments, &[&["holds results of another configuration; choose another --out or undo"], parts].concat());
    };
    refused_with(
        &["seed=8", "training.sgd.epochs=3", "paths.lambda=0.5"],
        &[
            "seed: was 7, now 8; invalidates everything",
            "training.sgd.epochs: was 2, now 3; invalidates the SGD solutions",
            "paths.lambda: was 0.0001, now 0.5; invalidates the paths",
        ],
    );
    refused_with(&["dataset.train=199"], &["dataset.train: was 200, now 199; invalidates everything"]);
}

#[test]
fn a_journal_that_cannot_be_read() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(1, "train", root.path(), &[]).with_code(0);
    let journal = root.path().join("results.journal");
    let sound = fs::read(&journal).expect("written by the program");
    let damages: [(&str, usize, &str); 3] = [
        ("not a journal", 0, "was not written by lossatlas"),
        ("another version", 12, "has format version"),
        ("a bit error", sound.len() / 2, "is damaged (its checksum does not match its content); the file is left as it is"),
    ];
    for (what, at, message) in damages {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x40;
        write(&journal, &bytes);
        refused(&["run", TINY, "--out", text(root.path())], &[message]);
        let status = lossatlas(1, &["status", text(root.path())]).with_code(2);
        assert!(status.said(message) == 1 && status.said("results.journal") > 0, "{what}: {}", status.stderr);
        assert_eq!(fs::read(&journal).expect("still there"), bytes, "{what}");
    }
}
