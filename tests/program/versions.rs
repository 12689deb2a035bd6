//! What earlier versions of the program have written.

use crate::atlas::{contents, script};
use crate::start::{lossatlas, text};
use lossatlas::engine::store::{VectorSource, read_vectors_of_any_length};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-0.1.0").join(name)
}

#[test]
fn a_directory_of_version_0_1_0_is_continued_and_its_atlas_replaced() {
    let root = tempdir().expect("a temporary directory");
    for name in ["results.journal", "atlas.h5", "study.toml"] {
        fs::copy(fixture(name), root.path().join(name)).expect("a copy");
    }
    let old = contents(root.path());
    // The record of an analysis in that version has no failures.
    let status = lossatlas(1, &["status", text(root.path())]).with_code(0).stdout;
    assert!(
        status.lines().any(|line| line.split_whitespace().eq(["kernel", "PCA", "done"])),
        "{status}"
    );
    let study = root.path().join("study.toml");
    lossatlas(1, &["run", text(&study), "--out", text(root.path())]).with_code(0);
    let new = contents(root.path());
    for name in ["solutions/minima/given/theta", "paths/minima/given/on_formula/height"] {
        assert_eq!(old[&format!("/{name}")], new[&format!("/{name}")], "{name}");
    }
    assert!(new.contains_key("/kpca/minima/projection"));
    assert_ne!(old["/@format_version"], new["/@format_version"]);
    assert!(script("dump_atlas.py", root.path(), &[]).status.success());
    // It kept no points of paths: the report shows what there is and says so.
    let page = fs::read_to_string(root.path().join("report/index.html")).expect("a page");
    assert!(
        page.contains("an earlier version of the program found them and did not keep their points"),
        "{page}"
    );
    assert!(!new.contains_key("/paths/minima/given/on_formula/points/point"));
}

#[test]
fn the_vectors_of_an_old_atlas_are_read_as_those_of_a_new_one() {
    let root = tempdir().expect("a temporary directory");
    let study = fixture("study.toml");
    lossatlas(1, &["run", text(&study), "--out", text(root.path())]).with_code(0);
    let [old, new] = [fixture("atlas.h5"), root.path().join("atlas.h5")].map(|file| {
        let group = "/solutions/minima/given".to_owned();
        read_vectors_of_any_length(&VectorSource::Atlas { file, group }).expect("vectors")
    });
    assert_eq!(old, new);
}
