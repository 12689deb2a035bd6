//! Files that hold no vectors of the network: refused once, on any number of ranks.

use crate::files::{FIXTURES, PARAMETERS, evaluate, export, fixture_vectors, write};
use crate::start::{Ended, lossatlas, on_tiny, text};
use ndarray::{Array1, Array2, Array3};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Exit code 2, nothing on standard output, one line with each part once.
#[track_caller]
fn refused(ended: Ended, parts: &[&str]) {
    let ended = ended.with_code(2);
    assert_eq!(ended.stdout, "");
    let message: Vec<_> = ended.stderr.lines().filter(|line| parts.iter().any(|part| line.contains(part))).collect();
    assert_eq!(message.len(), 1, "{parts:?}:\n{}", ended.stderr);
    for part in parts {
        assert_eq!(ended.said(part), 1, "{part:?}:\n{}", ended.stderr);
    }
    for noise in ["panicked", "internal error", "HDF5-DIAG", "rank 0"] {
        assert_eq!(ended.said(noise), 0, "{}", ended.stderr);
    }
}

#[track_caller]
fn refused_weights(weights: &str, parts: &[&str]) {
    for ranks in [1, 2] {
        refused(evaluate(ranks, weights, &[]), parts);
    }
}

#[test]
fn files_that_are_not_there_or_not_numpy_files() {
    let root = tempdir().expect("a temporary directory");
    refused_weights("nowhere.npy", &["cannot read nowhere.npy: No such file or directory"]);
    refused_weights(text(root.path()), &["cannot read ", ": is a directory"]);
    let file = root.path().join("theta.npy");
    fs::write(&file, "0.1 0.2 0.3\n").expect("space for a small file");
    refused_weights(
        text(&file),
        &["theta.npy is not an .npy file (start does not match magic string); write one with numpy.save"],
    );
    let whole = write(root.path(), "whole", &fixture_vectors());
    let bytes = fs::read(whole).expect("just written");
    fs::write(&file, &bytes[..bytes.len() - 100]).expect("space for a small file");
    refused_weights(
        text(&file),
        &["theta.npy: 50716 bytes of components, but an array of shape (2, 6352) takes 50816; write or copy it again"],
    );
}

#[test]
fn arrays_that_hold_something_else() {
    let root = tempdir().expect("a temporary directory");
    let integers = write(root.path(), "integers", &Array2::<i64>::zeros((2, PARAMETERS)));
    refused_weights(
        text(&integers),
        &["integers.npy: components of type int64; convert them, in Python with theta.astype(numpy.float32)"],
    );
    let cube = write(root.path(), "cube", &Array3::<f32>::zeros((1, 2, PARAMETERS)));
    refused_weights(
        text(&cube),
        &["cube.npy: an array of shape (1, 2, 6352); vectors are the rows of an array (n, P), or one array (P,)"],
    );
    let none = write(root.path(), "none", &Array2::<f32>::zeros((0, PARAMETERS)));
    refused_weights(text(&none), &["none.npy: there are no vectors in an array of shape (0, 6352)"]);
    let layout = "rows have 6353 components, the network has 6352: fc1.weight (8, 784), fc2.weight (10, 8); choose";
    for wide in [
        write(root.path(), "wide", &Array2::<f64>::zeros((2, PARAMETERS + 1))),
        write(root.path(), "wide", &Array1::<f32>::zeros(PARAMETERS + 1)),
    ] {
        refused_weights(text(&wide), &["wide.npy: ", layout]);
    }
}

#[test]
fn components_that_are_not_finite() {
    let root = tempdir().expect("a temporary directory");
    let mut vectors = fixture_vectors();
    vectors[[1, 17]] = f32::NAN;
    vectors[[1, 18]] = f32::INFINITY;
    let file = write(root.path(), "theta", &vectors);
    let rest = "no finite float32; 2 such in all: leave out vectors that diverged";
    refused_weights(text(&file), &["theta.npy: component 17 of row 1 (counted from 0) is NaN, ", rest]);
}

#[test]
fn atlases_without_the_vectors() {
    let root = tempdir().expect("a temporary directory");
    let run = root.path().join("run");
    on_tiny(1, "train", &run, &["training.optimizers=[\"sgd\"]", "paths.sets=[\"sgd/test\"]", "kpca=[]"]).with_code(0);
    let atlas = run.join("atlas.h5");
    let group = |group: &str| format!("{}:{group}", text(&atlas));
    let there = "atlas.h5: /solutions/sgd/tran holds no dataset theta; there are /solutions/sgd/test, /solutions/sgd/train";
    refused_weights(&group("/solutions/sgd/tran"), &[there]);
    refused_weights(&group("/solutions/sgd/curves"), &["/solutions/sgd/curves holds no dataset theta; there are"]);
    refused_weights(
        &group("/solutions/sgd/train"),
        &["/solutions/sgd/train: rows have 42200 components, the network has 6352: "],
    );
    refused_weights(
        text(&atlas),
        &["atlas.h5 is not an .npy file", "or name a group of an HDF5 file as in atlas.h5:/solutions/sgd/train"],
    );
    refused(export(&run, "sgd/tran", &root.path().join("theta.npy"), &[]), &[there]);

    let bytes = fs::read(&atlas).expect("just written");
    fs::write(&atlas, &bytes[..bytes.len() / 2]).expect("space for a small file");
    refused_weights(&group("/solutions/sgd/train"), &["cannot read / of ", "the file is damaged or not an HDF5 file"]);
    fs::write(&atlas, "no HDF5 file").expect("space for a small file");
    refused_weights(&group("/solutions/sgd/train"), &["cannot read / of ", "the file is damaged or not an HDF5 file"]);
    fs::remove_file(&atlas).expect("written before");
    refused_weights(&group("/solutions/sgd/train"), &["cannot read ", "atlas.h5: No such file or directory"]);
}

#[test]
fn exports_that_go_nowhere_or_over_something() {
    let root = tempdir().expect("a temporary directory");
    let run = root.path().join("run");
    on_tiny(1, "train", &run, &[]).with_code(0);
    let file = root.path().join("theta.npy");
    fs::write(&file, "precious").expect("space for a small file");
    for ranks in [1, 2] {
        let ended = lossatlas(ranks, &["export", text(&run), "--set", "sgd/train", "--to", text(&file)]);
        refused(ended, &["theta.npy exists; choose another name or replace it with --force"]);
    }
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
    refused(
        export(&run, "sgd/train", &root.path().join("nowhere/theta.npy"), &[]),
        &["there is no such directory; make it first"],
    );
    refused(export(&run, "sgd/train", root.path(), &["--force"]), &["is a directory; name a file in it"]);
    refused(export(&run, "sgd", &file, &[]), &["\"sgd\" is not a set of solutions; write \"group/member\""]);
    refused(export(root.path(), "sgd/train", &file, &["--force"]), &["atlas.h5: No such file or directory"]);
    export(&run, "sgd/train", &file, &["--force"]).with_code(0);
    assert!(fs::read(&file).expect("just written").starts_with(b"\x93NUMPY"));
    assert_eq!(fs::read_dir(root.path()).expect("a directory").count(), 2, "nothing unfinished is left");
}

/// Before anything is computed.
#[test]
fn gradients_are_not_written_over_something() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("gradient.npy");
    fs::write(&file, "precious").expect("space for a small file");
    let weights = Path::new(FIXTURES).join("theta.npy");
    for ranks in [1, 2] {
        let ended = evaluate(ranks, text(&weights), &["--gradient", text(&file)]);
        refused(ended, &["gradient.npy exists; choose another name or replace it with --force"]);
    }
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
    evaluate(1, text(&weights), &["--gradient", text(&file), "--force"]).with_code(0);
    assert!(fs::read(&file).expect("just written").starts_with(b"\x93NUMPY"));
}
