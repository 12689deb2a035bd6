//! The atlas of a real run: what `docs/format.md` promises, and numbers computed again by numpy.

use crate::atlas::script;
use crate::images::write_digits;
use crate::python::python_with;
use crate::start::{on_tiny, text};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::tempdir;

fn complaints(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn every_group_is_there_consistent_and_numerically_right() {
    let root = tempdir().expect("a temporary directory");
    let (images, directory) = (root.path().join("images"), root.path().join("run"));
    write_digits(&images);
    let place = format!("dataset.dir={}", text(&images));
    let overrides = ["dataset.kind=idx", &place, "dataset.train=all", "dataset.test=all"];
    on_tiny(2, "run", &directory, &overrides).with_code(0);
    let output = script("check_atlas.py", &directory, &[text(&images)]);
    assert!(output.status.success(), "{}", complaints(&output));

    // Other readers find dimensions, coordinates and the report's tables.
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/open_atlas.py");
    let python = python_with("h5py, xarray, h5netcdf, pandas");
    let output = Command::new(python)
        .arg(reader)
        .args([directory.join("atlas.h5"), directory.join("report")])
        .output();
    let output = output.expect("a Python to run");
    assert!(output.status.success(), "{}", complaints(&output));

    // The checks can fail: with other images the same losses are wrong.
    let labels = images.join("t10k-labels-idx1-ubyte");
    let mut bytes = std::fs::read(&labels).expect("written above");
    bytes[8..].reverse();
    crate::images::write(&labels, &bytes);
    let output = script("check_atlas.py", &directory, &[text(&images)]);
    assert!(!output.status.success());
    let printed = complaints(&output);
    assert!(
        printed.contains("/solutions/sgd/train/loss_test") && !printed.contains("loss_train"),
        "{printed}"
    );
}
