//! Atlases of real runs that hold no such vectors, and files that must not be written over.

use crate::files::{FIXTURES, evaluate, export};
use crate::start::{Ended, lossatlas, on_tiny, text};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use tempfile::tempdir;

/// Exit code 2, nothing on standard output, one line with each part once.
#[track_caller]
fn refused(ended: Ended, parts: &[&str]) {
    let ended = ended.with_code(2);
    assert_eq!(ended.stdout, "");
    let message: Vec<_> =
        ended.stderr.lines().filter(|line| parts.iter().any(|part| line.contains(part))).collect();
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
fn atlases_without_the_vectors() {
    let root = tempdir().expect("a temporary directory");
    let run = root.path().join("run");
    on_tiny(
        1,
        "train",
        &run,
        &["training.optimizers=[\"sgd\"]", "paths.sets=[\"sgd/test\"]", "kpca=[]"],
    )
    .with_code(0);
    let atlas = run.join("atlas.h5");
    let group = |group: &str| format!("{}:{group}", text(&atlas));
    let there = "atlas.h5: /solutions/sgd/tran has no dataset theta; there are \
                 /solutions/sgd/test, /solutions/sgd/train";
    refused_weights(&group("/solutions/sgd/tran"), &[there]);
    refused_weights(
        &group("/solutions/sgd/curves"),
        &["/solutions/sgd/curves has no dataset theta; there are"],
    );
    refused_weights(
        &group("/solutions/sgd/train"),
        &["/solutions/sgd/train: rows have 42200 components, the network has 6352: "],
    );
    refused_weights(
        text(&atlas),
        &[
            "atlas.h5 is not an .npy file",
            "or name a group of an HDF5 file as in atlas.h5:/solutions/sgd/train",
        ],
    );
    refused(export(&run, "sgd/tran", &root.path().join("theta.npy"), &[]), &[there]);

    let bytes = fs::read(&atlas).expect("just written");
    fs::write(&atlas, &bytes[..bytes.len() / 2]).expect("space for a small file");
    refused_weights(
        &group("/solutions/sgd/train"),
        &["cannot read / of ", "the file is damaged or not an HDF5 file"],
    );
    fs::write(&atlas, "no HDF5 file").expect("space for a small file");
    refused_weights(
        &group("/solutions/sgd/train"),
        &["cannot read / of ", "the file is damaged or not an HDF5 file"],
    );
    fs::remove_file(&atlas).expect("written before");
    refused_weights(
        &group("/solutions/sgd/train"),
        &["cannot read ", "atlas.h5: No such file or directory"],
    );
}

#[test]
fn exports_that_go_nowhere_or_over_something() {
    let root = tempdir().expect("a temporary directory");
    let run = root.path().join("run");
    on_tiny(1, "train", &run, &[]).with_code(0);
    let file = root.path().join("theta.npy");
    fs::write(&file, "precious").expect("space for a small file");
    for ranks in [1, 2] {
        let ended =
            lossatlas(ranks, &["export", text(&run), "--set", "sgd/train", "--to", text(&file)]);
        refused(ended, &["theta.npy exists; choose another name or replace it with --force"]);
    }
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
    refused(
        export(&run, "sgd/train", &root.path().join("nowhere/theta.npy"), &[]),
        &["there is no such directory; create it first"],
    );
    refused(
        export(&run, "sgd/train", root.path(), &["--force"]),
        &["is a directory; name a file in it"],
    );
    refused(
        export(&run, "sgd", &file, &[]),
        &["\"sgd\" is not a set of solutions; write \"group/member\""],
    );
    refused(
        export(root.path(), "sgd/train", &file, &["--force"]),
        &["atlas.h5: No such file or directory"],
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a file of this test");
    export(&run, "sgd/train", &file, &["--force"]).with_code(0);
    assert!(fs::read(&file).expect("just written").starts_with(b"\x93NUMPY"));
    let mode = fs::metadata(&file).expect("just written").permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "a file that is replaced keeps its permissions");
    assert_eq!(
        fs::read_dir(root.path()).expect("a directory").count(),
        2,
        "nothing unfinished is left"
    );
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

/// A rename would put a regular file in their place.
#[test]
fn fifos_and_links_to_them_are_never_replaced() {
    let root = tempdir().expect("a temporary directory");
    let [fifo, link] = ["fifo", "link"].map(|name| root.path().join(name));
    mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a new FIFO");
    symlink("fifo", &link).expect("a new link");
    let weights = Path::new(FIXTURES).join("theta.npy");
    for file in [&fifo, &link] {
        for force in [&[][..], &["--force"]] {
            let message =
                format!("{} is not a regular file but a device, a FIFO or a socket", text(file));
            let gradient = [&["--gradient", text(file)], force].concat();
            refused(evaluate(1, text(&weights), &gradient), &[&message]);
            refused(export(root.path(), "sgd/train", file, force), &[&message]);
            refused(lossatlas(1, &[&["init", text(file)], force].concat()), &[&message]);
            let there = fs::symlink_metadata(&fifo).expect("still there").file_type();
            assert!(there.is_fifo() && link.is_symlink());
        }
    }
}
