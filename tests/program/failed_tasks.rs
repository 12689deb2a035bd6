//! Training runs that diverge and paths that cannot be computed: said, stored, and no obstacle to
//! the rest.

use crate::atlas::{contents, script};
use crate::start::{lossatlas, on_tiny, text};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn texts(atlas: &Map<String, Value>, path: &str) -> Vec<String> {
    serde_json::from_value(atlas[path][2].clone()).expect("texts")
}

fn status(directory: &Path) -> String {
    lossatlas(1, &["status", text(directory)]).with_code(0).stdout
}

/// The counts of a line of `status`: done, failed, left.
fn counts(status: &str, name: &str) -> Vec<usize> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in\n{status}"));
    line.split_whitespace().map(|count| count.parse().expect("a count")).collect()
}

#[test]
fn runs_that_diverge_are_recorded_and_the_others_go_on() {
    let root = tempdir().expect("a temporary directory");
    let ended = on_tiny(2, "run", root.path(), &["training.sgd.learning_rate=11"]).with_code(3);
    let atlas = contents(root.path());
    let (words, reasons) = (
        texts(&atlas, "/solutions/sgd/curves/status"),
        texts(&atlas, "/solutions/sgd/curves/stop_reason"),
    );
    let status = status(root.path());
    let mut diverged = 0;
    for (number, (word, reason)) in words.iter().zip(&reasons).enumerate() {
        let task = format!("sgd initialization {number}");
        let failed = word == "diverged";
        diverged += usize::from(failed);
        assert_eq!(failed, reason.starts_with("diverged: "), "{reason}");
        assert_eq!(failed, status.contains(&format!("failed: {task}: {reason}")), "{status}");
        assert_eq!(
            ended.said(&format!("training: {task} failed: {reason}")),
            usize::from(failed),
            "{}",
            ended.stderr
        );
    }
    assert!((1..=4).contains(&diverged), "{words:?}");
    let json = lossatlas(1, &["status", text(root.path()), "--format", "json"]).with_code(0).stdout;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let failed = json["failed"].as_array().expect("a list");
    assert_eq!(failed.len(), diverged, "{json}");
    assert!(failed.iter().all(|failed| {
        failed["reason"].as_str().is_some_and(|reason| reason.starts_with("diverged: "))
    }));
    let vectors = (4 - diverged).min(3);
    assert_eq!(atlas["/solutions/sgd/train/theta"][1], json!([vectors, 42_200]));
    assert_eq!(counts(&status, "training sgd"), [4 - diverged, diverged, 0]);
    // Fewer solutions have fewer pairs: nothing is left that could never be done.
    let pairs = (vectors * vectors.saturating_sub(1) / 2).min(2);
    assert_eq!(counts(&status, "paths sgd/train on test"), [pairs, 0, 0]);
    assert_eq!(counts(&status, "paths lbfgs/train on train"), [2, 0, 0]);
    assert_eq!(texts(&atlas, "/solutions/lbfgs/curves/status"), ["done"; 4]);
    let one = if diverged == 1 { "run" } else { "runs" };
    assert!(
        ended.stdout.contains(&format!("failed: {diverged} training {one}")),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_method_of_which_every_run_diverges_leaves_the_other_one() {
    let root = tempdir().expect("a temporary directory");
    let ended = on_tiny(2, "run", root.path(), &["training.sgd.learning_rate=1e30"]).with_code(3);
    assert!(ended.stdout.contains("failed: 4 training runs"), "{}", ended.stdout);
    assert_eq!(
        ended.said("the set sgd/test is empty because every training run failed"),
        1,
        "{}",
        ended.stderr
    );
    let atlas = contents(root.path());
    assert_eq!(atlas["/solutions/sgd/train/theta"][1], json!([0, 42_200]));
    assert_eq!(atlas["/solutions/lbfgs/train/theta"][1], json!([3, 42_200]));
    assert_eq!(atlas["/paths/lbfgs/test/on_test/height"][1], json!([2]));
    assert!(!atlas.contains_key("/kpca/rbf"), "it needs a set that is empty");
    let status = status(root.path());
    assert!(
        status.lines().any(|line| line.split_whitespace().eq(["kernel", "PCA", "done"])),
        "{status}"
    );
    // Nothing is left to do, and the failures are still said.
    let again = on_tiny(1, "run", root.path(), &["training.sgd.learning_rate=1e30"]).with_code(3);
    assert!(!again.stderr.contains("task"), "{}", again.stderr);
}

/// Two atoms change places along a straight line: halfway they are in one place, where the energy
/// is infinite.
#[test]
fn a_path_that_cannot_be_computed_is_recorded_and_the_rest_goes_on() {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("atoms.toml"), root.path().join("out"));
    let points = [
        [0.0, 0.0, 1.1, 0.0, 3.0, 0.0],
        [1.1, 0.0, 0.0, 0.0, 3.0, 0.0],
        [0.1, 0.0, 1.2, 0.0, 3.1, 0.1],
    ];
    let minima: String = points.map(|at| format!("[[minimum]]\nat = {at:?}\n")).concat();
    let landscape =
        "[landscape]\nkind = \"lennard-jones\"\natoms = 3\nspace_dimensions = 2\nrelax = false\n";
    let paths = "[paths]\npairs = \"all\"\npoints = 11\nsteps = 5\n[[kpca]]\nname = \
                 \"minima\"\ncomponents = 1\n";
    fs::write(&file, format!("seed = 1\n{landscape}{minima}{paths}"))
        .expect("a writable directory");
    for ranks in [2, 1] {
        let ended = lossatlas(ranks, &["run", text(&file), "--out", text(&out)]).with_code(3);
        assert!(ended.stdout.contains("failed: 1 path;"), "{}", ended.stdout);
    }
    let atlas = contents(&out);
    let on = "/paths/minima/given/on_formula";
    let (words, reasons) =
        (texts(&atlas, &format!("{on}/status")), texts(&atlas, &format!("{on}/stop_reason")));
    let mut done = 0;
    for (word, reason) in words.iter().zip(&reasons) {
        done += usize::from(word == "done");
        assert!(
            word == "done" || reason == "the loss is not finite on the straight line at t = 0.5",
            "{word}: {reason}"
        );
    }
    assert_eq!((done, words.len()), (2, 3), "{words:?} {reasons:?}");
    let status = status(&out);
    assert_eq!(counts(&status, "paths minima/given on formula"), [2, 1, 0]);
    assert_eq!(
        status
            .matches("on formula: the loss is not finite on the straight line at t = 0.5")
            .count(),
        1,
        "{status}"
    );
    assert!(atlas.contains_key("/kpca/minima/projection"));
}

/// One vector has no components: what is asked of it is left out, the rest is analyzed.
#[test]
fn kernel_pca_of_a_set_with_one_solution_left_is_left_out() {
    let root = tempdir().expect("a temporary directory");
    let diverging = "training.sgd.learning_rate=13.25";
    on_tiny(2, "train", root.path(), &[diverging]).with_code(3);
    let output = script("dump_atlas.py", root.path(), &[]);
    assert!(output.status.success());
    let left = contents(root.path())["/solutions/sgd/train/theta"][1][0].clone();
    assert_eq!(
        left,
        json!(1),
        "this seed and learning rate leave one solution; choose others if not"
    );
    let alone = ["kpca.0.sets=[\"sgd/train\"]", "kpca.0.components=1"];
    let ended = on_tiny(1, "run", root.path(), &[&[diverging][..], &alone].concat()).with_code(3);
    assert_eq!(
        ended.said("kpca: rbf is left out: failed training runs have left its sets 1 vector"),
        1,
        "{}",
        ended.stderr
    );
    let atlas = contents(root.path());
    assert!(!atlas.contains_key("/kpca/rbf") && atlas.contains_key("/kpca/sigmoid"));
    assert!(atlas.contains_key("/statistics/moments/sgd/train/mean"));
}

/// Each kernel PCA stands alone: one that overflows is recorded, the others and the report are
/// there.
#[test]
fn a_kernel_pca_that_overflows_is_recorded_and_the_rest_goes_on() {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("steep.toml"), root.path().join("out"));
    let points = [[6.0, 5.0], [0.5, 0.0], [0.1, 0.3]];
    let minima = points.map(|at| format!("[[minimum]]\nat = {at:?}\n")).concat();
    let landscape = "[landscape]\nkind = \"two-wells\"\nrelax = false\n";
    let paths = "[paths]\npairs = \"all\"\npoints = 5\nsteps = 1\n";
    let steep = "[[kpca]]\nname = \"steep\"\nkernel = \"polynomial\"\ndegree = 100\n";
    let rbf = "[[kpca]]\nname = \"gentle\"\n";
    fs::write(&file, format!("seed = 1\n{landscape}{minima}{paths}{steep}{rbf}"))
        .expect("a writable directory");
    let reason = "the kernel of rows 0 and 0 is ";
    let remedy = "choose a lower degree, a smaller constant";
    let run = |ranks| lossatlas(ranks, &["run", text(&file), "--out", text(&out)]).with_code(3);
    let ended = run(2);
    assert_eq!(
        ended.said(&format!("kpca: kernel PCA steep failed: {reason}")),
        1,
        "{}",
        ended.stderr
    );
    assert!(ended.stdout.contains("failed: 1 kernel PCA;"), "{}", ended.stdout);
    assert!(ended.stdout.contains("report:  "), "{}", ended.stdout);
    let status = status(&out);
    assert!(
        status.contains(&format!("failed: kernel PCA steep: {reason}")) && status.contains(remedy),
        "{status}"
    );
    let page = fs::read_to_string(out.join("report/index.html")).expect("a report");
    assert!(
        page.contains(&format!("Not computed: kernel PCA steep: {reason}")),
        "the page is silent about it"
    );
    let atlas = contents(&out);
    assert!(atlas.contains_key("/kpca/gentle/projection") && !atlas.contains_key("/kpca/steep"));
    assert!(
        atlas["/kpca@failed"]
            .as_str()
            .is_some_and(|failed| failed.starts_with("kernel PCA steep: "))
    );
    let log = fs::read_to_string(out.join("run.log")).expect("a log");
    assert_eq!(log.matches("task=\"kernel PCA steep\"").count(), 1, "{log}");
    // It is not tried again until the configuration changes.
    assert_eq!(run(1).said("kpca: "), 0);
    let gentle = ["run", text(&file), "--out", text(&out), "--set", "kpca.0.degree=3"];
    lossatlas(1, &gentle).with_code(0);
    assert!(contents(&out).contains_key("/kpca/steep/projection"));
}
