//! `[trajectory]`: the way of a training run is that of the run itself, whenever it is asked for.

use crate::atlas::{assert_same, contents, script};
use crate::start::{on_tiny, text};
use std::fs;
use tempfile::tempdir;

const TRAJECTORIES: [&str; 2] = ["trajectory.runs=2", "trajectory.every=3"];

/// Longer runs, so that there are points between the first and the last one.
const LONGER: [&str; 2] = ["training.sgd.epochs=7", "training.lbfgs.iterations=9"];

#[test]
fn trajectories_are_those_of_the_runs_and_may_be_asked_for_later() {
    let root = tempdir().expect("a temporary directory");
    let [at_once, later] = ["at-once", "later"].map(|name| root.path().join(name));
    let settings = [&TRAJECTORIES[..], &LONGER].concat();
    let ended = on_tiny(3, "run", &at_once, &settings).with_code(0);
    assert!(ended.stdout.contains("Trajectories: "), "{}", ended.stdout);
    on_tiny(1, "run", &later, &LONGER).with_code(0);
    on_tiny(1, "run", &later, &settings).with_code(0);
    assert_same(&at_once, &later);
    // Projections against numpy; first, last and middle points against the runs.
    let checked = script("check_trajectory.py", &at_once, &[]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    let report = at_once.join("report");
    let table = fs::read_to_string(report.join("trajectories.csv")).expect("the table");
    // 2 runs each: epochs 0, 3, 6, 7 of SGD, iterations 0, 3, 6, 9 of L-BFGS.
    assert_eq!(table.lines().count(), 1 + 2 * 4 + 2 * 4, "{table}");
    assert!(report.join("trajectories.svg").exists());
}

#[test]
fn without_trajectories_the_initial_vectors_are_there() {
    let root = tempdir().expect("a temporary directory");
    let ended = on_tiny(1, "train", root.path(), &[]).with_code(0);
    assert!(!ended.stdout.contains("Trajectories"), "{}", ended.stdout);
    let atlas = contents(root.path());
    assert_eq!(atlas["/trajectory/initial/theta"][1], serde_json::json!([4, 42_200]));
    assert!(!atlas.keys().any(|path| path.starts_with("/trajectory/sgd")));
}

#[test]
fn an_analytic_landscape_has_no_trajectories() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("wells.toml");
    let written = "seed = 1\n[landscape]\nkind = \"two-wells\"\n[trajectory]\nruns = 1\n";
    fs::write(&file, written).expect("a writable directory");
    let ended = crate::start::lossatlas(1, &["check", text(&file)]).with_code(2);
    let expected = ":5: trajectory.runs: an analytic landscape has no training runs; remove it";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}

#[test]
fn a_trajectory_of_too_many_points_fails_with_the_remedy() {
    let root = tempdir().expect("a temporary directory");
    let settings = ["trajectory.runs=1", "trajectory.every=1", "training.sgd.epochs=4000"];
    // SGD alone, on images that take no time.
    let short = ["training.optimizers=[\"sgd\"]", "training.initializations=2", "training.keep=2"];
    let few = ["dataset.train=1", "dataset.test=1", "paths.batch=1", "network.hidden=[1]"];
    let sets = ["kpca=[]", "paths.sets=[\"sgd/train\"]"];
    let overrides = [&settings[..], &short, &few, &sets].concat();
    let ended = on_tiny(1, "train", root.path(), &overrides).with_code(3);
    assert!(ended.stdout.contains("failed: 1 trajectory;"), "{}", ended.stdout);
    assert!(ended.stderr.contains("increase trajectory.every"), "{}", ended.stderr);
}
