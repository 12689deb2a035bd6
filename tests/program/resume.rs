//! `lossatlas resume`: neither the file nor its overrides are needed.

use crate::atlas::assert_same;
use crate::start::{lossatlas, on_tiny, text};
use std::fs;
use tempfile::tempdir;

const OVERRIDES: [&str; 3] = ["training.initializations=3", "training.keep=2", "paths.pairs=1"];

#[test]
fn the_last_command_is_continued_with_the_stored_configuration() {
    let root = tempdir().expect("a temporary directory");
    let [whole, resumed] = ["whole", "resumed"].map(|name| root.path().join(name));
    on_tiny(1, "train", &resumed, &OVERRIDES).with_code(0);
    fs::remove_file(resumed.join("atlas.h5")).expect("written by the program");
    let out = text(&resumed);
    let trained = lossatlas(2, &["resume", out]).with_code(0);
    assert_eq!(trained.said("resumed: continuing `lossatlas train` with the stored"), 1);
    assert!(resumed.join("atlas.h5").exists() && trained.said("paths: ") == 0);
    on_tiny(1, "paths", &resumed, &OVERRIDES).with_code(0);
    // From another command on, all that is left.
    let planned = lossatlas(1, &["resume", out, "--dry-run"]).with_code(0);
    assert_eq!(planned.said("continuing `lossatlas paths`"), 1, "{}", planned.stderr);
    assert!(planned.stdout.contains("nothing would be computed"), "{}", planned.stdout);
    on_tiny(1, "run", &resumed, &OVERRIDES).with_code(0);
    on_tiny(1, "run", &whole, &OVERRIDES).with_code(0);
    assert_same(&whole, &resumed);

    let longer = lossatlas(2, &["resume", out, "--set", "paths.steps=5"]).with_code(0);
    assert_eq!(
        longer.said("paths: continued to 5 steps: 8 paths from step 3"),
        1,
        "{}",
        longer.stderr
    );
    on_tiny(1, "run", &whole, &[&OVERRIDES[..], &["paths.steps=5"]].concat()).with_code(0);
    assert_same(&whole, &resumed);
    let again = lossatlas(1, &["resume", out]).with_code(0);
    assert_eq!(again.said("task"), 0, "the override was stored: {}", again.stderr);
}

#[test]
fn what_cannot_be_continued() {
    let root = tempdir().expect("a temporary directory");
    let nothing = lossatlas(2, &["resume", text(root.path())]).with_code(2);
    assert_eq!(nothing.said("this directory has no results"), 1);
    let (out, list) = (root.path().join("out"), root.path().join("pairs.csv"));
    fs::write(&list, "0,1\n").expect("a temporary file");
    let named = format!("paths.list={}", text(&list));
    on_tiny(1, "train", &out, &[&named]).with_code(0);
    fs::rename(&list, root.path().join("moved.csv")).expect("a file of this test");
    let moved = lossatlas(2, &["resume", text(&out)]).with_code(2);
    assert_eq!(moved.said("pairs.csv: No such file"), 1, "{}", moved.stderr);
    assert_eq!(
        moved.said("where they have moved, say where they are now with --set"),
        1,
        "{}",
        moved.stderr
    );
    let now = format!("paths.list={}", text(&root.path().join("moved.csv")));
    lossatlas(1, &["resume", text(&out), "--set", &now]).with_code(0);
}
