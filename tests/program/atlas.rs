//! Reading `atlas.h5` with h5py.

use crate::python::python;
use serde_json::{Map, Value};
use std::path::Path;
use std::process::{Command, Output};

/// Runs a script of this folder on the atlas in a directory.
pub fn script(name: &str, directory: &Path, arguments: &[&str]) -> Output {
    command(name).arg(directory.join("atlas.h5")).args(arguments).output().expect("a Python to run")
}

fn command(script: &str) -> Command {
    let mut command = Command::new(python());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program").join(script));
    command
}

/// Every dataset and attribute by path: type, shape and bytes.
///
/// What belongs to the session and not to the results is left out: when and where it ran.
pub fn contents(directory: &Path) -> Map<String, Value> {
    contents_of(&[directory]).remove(0)
}

/// The same of several directories, read by one Python.
fn contents_of(directories: &[&Path]) -> Vec<Map<String, Value>> {
    let atlases = directories.iter().map(|directory| directory.join("atlas.h5"));
    let output = command("dump_atlas.py").args(atlases).output().expect("a Python to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("the script prints UTF-8");
    let dumped: Vec<_> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("the script prints JSON"))
        .collect();
    assert_eq!(dumped.len(), directories.len());
    dumped
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
    assert_all_same(&[one, other]);
}

/// Fails unless all directories hold the same results to the bit.
#[track_caller]
pub fn assert_all_same(directories: &[&Path]) {
    let atlases = contents_of(directories);
    let first = &atlases[0];
    assert!(first.len() > 100, "an atlas of {} datasets and attributes", first.len());
    for (other, directory) in atlases[1..].iter().zip(&directories[1..]) {
        assert_eq!(differences(first, other), [""; 0], "{}", directory.display());
    }
}
