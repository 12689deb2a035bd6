//! `atlas.h5` as its readers get it: the contract of `docs/format.md`, checked with h5py, and what
//! is left when writing fails.

mod expected;
#[path = "../support/python.rs"]
mod python;
mod results;

use expected::{Expected, expectation};
use lossatlas::analysis::statistics::Analysis;
use lossatlas::engine::store::atlas::{Atlas, AtlasError, Provenance};
use lossatlas::engine::store::write_atlas;
use lossatlas::path::{PathResult, PathStop};
use ndarray::Array2;
use python::python;
use results::{Results, name, path};
use serde_json::{Map, Value, json};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/read_atlas.py");
const DOCUMENTATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/format.md");

/// Reads `directory/atlas.h5` with h5py and compares.
fn read(directory: &Path, documentation: &Path, expected: &Value) -> Output {
    let file = directory.join("expected.json");
    fs::write(&file, expected.to_string()).expect("space for a small file");
    let atlas = directory.join("atlas.h5");
    Command::new(python())
        .arg(SCRIPT)
        .args([&atlas, documentation, &file])
        .output()
        .expect("a Python to run")
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn h5py_reads_every_bit_and_every_description_as_documented() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let results = Results::new();
    results.write(directory.path()).expect("consistent results");
    let output = read(directory.path(), Path::new(DOCUMENTATION), &expectation(&results));
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn an_atlas_of_nothing_is_a_valid_file() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let results = Results::without_tasks();
    let nothing = Atlas {
        provenance: Provenance::default(),
        loss_unit: "1",
        layout: &[],
        sets: &[],
        curves: &[],
        minima: &[],
        paths: &[],
        tracks: &[],
        kept_curves: None,
        curves_are_apart: false,
        analysis: &Analysis::default(),
        failed_parts: &[],
        results: results.run_results(),
    };
    write_atlas(directory.path(), &nothing, |_| true, |_| Ok(()))
        .expect("nothing contradicts itself");
    let mut expected = Expected::default();
    expected.texts("/configuration", &[], &[""]);
    for (axis, length) in [("/parameter", 0), ("/network/tensor", 0), ("/network/axis", 4)] {
        expected.axis(axis, length);
    }
    expected.texts("/network/name", &[0], &[]);
    expected.u64("/network/shape", &[0, 4], &[]);
    expected.u64("/network/offset", &[0], &[]);
    let groups = ["/solutions", "/paths", "/kpca", "/statistics/moments", "/statistics/distances"];
    let attributes: Map<_, _> =
        groups.into_iter().map(|group| (group.to_owned(), json!({}))).collect();
    let expected = json!({ "loss_unit": "1", "attributes": attributes, "datasets": expected.0 });
    let output = read(directory.path(), Path::new(DOCUMENTATION), &expected);
    let differences: Vec<_> = text(&output).lines().map(str::to_owned).collect();
    assert!(
        !differences.is_empty(),
        "the documentation names datasets that an empty atlas does not have"
    );
    assert!(
        differences.iter().all(|line| line.ends_with(": documented, not in the file")),
        "{}",
        text(&output)
    );
}

#[test]
fn the_comparison_notices_a_bit_a_unit_and_a_gap_in_the_documentation() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let results = Results::new();
    results.write(directory.path()).expect("consistent results");
    let sound = expectation(&results);
    let complains = |documentation: &Path, expected: &Value, complaint: &str| {
        let output = read(directory.path(), documentation, expected);
        assert!(
            !output.status.success() && text(&output).contains(complaint),
            "{complaint}: {}",
            text(&output)
        );
    };

    let mut bit = sound.clone();
    bit["datasets"]["/solutions/sgd/train/loss_test"]["bytes"][0] = json!(0xee);
    complains(Path::new(DOCUMENTATION), &bit, "/solutions/sgd/train/loss_test: bytes");

    let page = fs::read_to_string(DOCUMENTATION).expect("the documentation");
    let changed = directory.path().join("format.md");
    let dataset = "`/statistics/moments/GROUP/MEMBER/mean` |";
    let without: Vec<&str> = page.lines().filter(|line| !line.contains(dataset)).collect();
    fs::write(&changed, without.join("\n")).expect("space for a small file");
    complains(&changed, &sound, "/statistics/moments/sgd/train/mean: documented 0 times");

    let unit = page.replace(
        "on_LANDSCAPE/height` | (path) | float64 | LOSS",
        "on_LANDSCAPE/height` | (path) | float64 | 1",
    );
    fs::write(&changed, unit).expect("space for a small file");
    complains(&changed, &sound, "/paths/sgd/train/on_train/height: units nat, documented as 1");
}

/// Names of what is in a directory.
fn entries(directory: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("readable").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = fs::read_dir(directory).expect("a directory").map(name).collect();
    names.sort();
    names
}

#[test]
fn a_new_atlas_replaces_the_old_one_and_what_a_killed_process_left() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("atlas.h5.partial"), "half a file")
        .expect("space for a small file");
    let mut results = Results::new();
    results.write(directory.path()).expect("consistent results");
    let old = fs::read(directory.path().join("atlas.h5")).expect("an atlas");
    results.analysis.moments[0].1.mean = 0.5;
    results.write(directory.path()).expect("consistent results");
    assert_eq!(entries(directory.path()), ["atlas.h5"]);
    assert_ne!(fs::read(directory.path().join("atlas.h5")).expect("an atlas"), old);
}

#[test]
fn a_directory_that_is_none_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let message = Results::new().write(file.path()).expect_err("no directory").to_string();
    let expected = format!("cannot create {}/atlas.h5.partial: ", file.path().display());
    assert!(message.starts_with(&expected), "{message}");
}

/// Makes results contradict each other.
type Spoil = fn(&mut Results);

#[test]
fn contradictions_are_named_and_change_no_file() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    Results::new().write(directory.path()).expect("consistent results");
    let old = fs::read(directory.path().join("atlas.h5")).expect("an atlas");
    let cases: [(&str, Spoil); 18] = [
        ("/network/shape", |results| results.layout[0].shape = vec![1, 1, 1, 2, 3]),
        ("/network/shape", |results| results.layout[1].shape = vec![2, 0]),
        ("/network/offset", |results| results.layout[1].offset = 7),
        ("/solutions/sgd/train/theta", |results| results.sets[0].theta = Array2::zeros((2, 7))),
        ("/solutions/sgd/test/epoch", |results| results.sets[1].epoch.clear()),
        ("/solutions/sgd/curves", |results| results.sets[1].name = name("sgd/curves")),
        ("/solutions/sgd/train", |results| results.sets[1].name = name("sgd/train")),
        ("/paths/sgd/train/on_train", |results| results.paths[0].pairs.truncate(2)),
        ("/paths/sgd/train/on_train", |results| results.paths[0].pairs[1] = (7, 4)),
        ("/paths/torch/final.1/on_test", |results| results.sets.truncate(4)),
        ("/paths/sgd/train/on_train", |results| results.paths[0].results[0] = Ok(short_path(1))),
        ("/paths/sgd/train/on_train", |results| results.paths[0].results[2] = Ok(short_path(2))),
        ("/paths/sgd/train/on_train/points", |results| {
            results.tracks[1].points = Array2::zeros((2, 2));
        }),
        ("/paths/sgd/train/on_train/points", |results| results.tracks[0].heights.truncate(1)),
        ("/kpca", |results| results.analysis.kernel_pca[0].name = "sgd/train".into()),
        ("/kpca/rbf union/set", |results| results.analysis.kernel_pca[0].set[2] = 2),
        ("/kpca/rbf union/set", |results| results.analysis.kernel_pca[0].set.truncate(1)),
        ("/statistics/distances", |results| results.analysis.distances[0].name = "..".into()),
    ];
    for (place, spoil) in cases {
        let mut results = Results::new();
        spoil(&mut results);
        match results.write(directory.path()) {
            Err(AtlasError::Inconsistent { path, .. }) => assert_eq!(path, place),
            other => panic!("{place}: {other:?}"),
        }
        assert_eq!(entries(directory.path()), ["atlas.h5"]);
        assert_eq!(fs::read(directory.path().join("atlas.h5")).expect("an atlas"), old);
    }
}

fn short_path(points: usize) -> PathResult {
    PathResult {
        loss: vec![0.5; points],
        straight_loss: vec![0.5; points],
        ..path([0.0; 3], PathStop::Completed)
    }
}

/// Runs [`write_to_a_full_disk`] where files cannot grow beyond a few KiB, which cuts writes short
/// exactly as a full disk does.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_atlas_and_no_noise() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("atlas.h5"), "the old atlas").expect("space for a small file");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("the test program"))
        .args(["--exact", "--ignored", "--nocapture", "write_to_a_full_disk"].map(OsStr::new))
        .env(DIRECTORY_VARIABLE, directory.path())
        .output()
        .expect("a shell");
    assert!(output.status.success() && text(&output).contains("1 passed"), "{}", text(&output));
    assert!(!text(&output).contains("HDF5-DIAG"), "the library prints: {}", text(&output));
    assert_eq!(entries(directory.path()), ["atlas.h5"]);
    assert_eq!(fs::read(directory.path().join("atlas.h5")).expect("an atlas"), b"the old atlas");
}

const DIRECTORY_VARIABLE: &str = "LOSSATLAS_TEST_DIRECTORY";

#[test]
#[ignore = "runs as a child of the test above, which limits the size of files"]
fn write_to_a_full_disk() {
    let directory = std::env::var_os(DIRECTORY_VARIABLE).expect("set by the parent");
    let error =
        Results::new().write(Path::new(&directory)).expect_err("the file is larger than the limit");
    assert!(matches!(error, AtlasError::Hdf5 { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("atlas.h5.partial") && message.contains("free space"), "{message}");
    // The system's reason, and not what the library makes of it.
    assert!(message.contains(": File too large; all results are safe in the journal"), "{message}");
    for raw in ["errno", "H5", "0x", "\n"] {
        assert!(!message.contains(raw), "{message}");
    }
}
