//! Reading `atlas.h5` with h5py.

use crate::python::python;
use serde_json::{Map, Value};
use std::path::Path;
use std::process::{Command, Output};

/// Runs a script of this folder on the atlas in a directory.
pub fn script(name: &str, directory: &Path, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program").join(name);
    Command::new(python())
        .arg(script)
        .arg(directory.join("atlas.h5"))
        .args(arguments)
        .output()
        .expect("a Python to run")
}

/// Every dataset and attribute by path: type, shape and bytes.
///
/// Left out is what tells of the session and not of the results: when and where it ran.
pub fn contents(directory: &Path) -> Map<String, Value> {
    let output = script("dump_atlas.py", directory, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// The paths at which two atlases differ.
pub fn differences(one: &Map<String, Value>, other: &Map<String, Value>) -> Vec<String> {
    let mut paths: Vec<_> = one
        .keys()
        .chain(other.keys())
        .filter(|path| one.get(*path) != other.get(*path))
        .cloned()
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Fails unless both directories hold the same results to the bit.
#[track_caller]
pub fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (contents(one), contents(other));
    assert!(one.len() > 100, "an atlas of {} datasets and attributes", one.len());
    assert_eq!(differences(&one, &other), [""; 0]);
}
