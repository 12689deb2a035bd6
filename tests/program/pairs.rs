//! Which pairs get a path: between two sets, from a list; and where their search begins.

use crate::atlas::{assert_same, contents};
use crate::finished::{finished_run, finished_training};
use crate::python::python;
use crate::start::{TINY, lossatlas, on_tiny, text};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Runs a few lines of Python with `f`, the file `atlas.h5` of a directory.
fn python_on(directory: &Path, lines: &str) {
    let script = format!("import sys, h5py\nf = h5py.File(sys.argv[1])\n{lines}");
    let output = Command::new(python())
        .args(["-c", &script, text(&directory.join("atlas.h5"))])
        .output()
        .expect("a Python to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const BETWEEN: &str = "paths.between=[[\"sgd/train\", \"lbfgs/test\"]]";

#[test]
fn paths_between_two_sets_join_their_vectors() {
    let root = tempdir().expect("a temporary directory");
    let [alone, added, ranks] = ["alone", "added", "ranks"].map(|name| root.path().join(name));
    let only = [BETWEEN, "paths.sets=[]", "paths.pairs=5"];
    on_tiny(1, "run", &alone, &only).with_code(0);
    on_tiny(2, "run", &ranks, &only).with_code(0);
    assert_same(&alone, &ranks);
    let check = "
import numpy as np
g = f['paths/between/sgd-train_lbfgs-test/on_train']
a, b = f['solutions/sgd/train'], f['solutions/lbfgs/test']
assert (g.attrs['set_a'], g.attrs['set_b']) == ('sgd/train', 'lbfgs/test')
assert [s.decode() for s in g['end_set'][:]] == ['sgd/train', 'lbfgs/test']
pair, number = g['pair'][:], g['pair_initialization'][:]
assert pair.shape == (5, 2) and len({tuple(p) for p in pair.tolist()}) == 5
assert (a['initialization'][:][pair[:, 0]] == number[:, 0]).all()
assert (b['initialization'][:][pair[:, 1]] == number[:, 1]).all()
np.testing.assert_allclose(g['loss'][:, 0], a['loss_train'][:][pair[:, 0]], rtol=1e-5)
np.testing.assert_allclose(g['loss'][:, -1], b['loss_train'][:][pair[:, 1]], rtol=1e-5)
straight = np.linalg.norm(a['theta'][:][pair[:, 0]] - b['theta'][:][pair[:, 1]], axis=1)
np.testing.assert_allclose(g['length_straight'][:], straight, rtol=1e-5)
assert sorted(f['paths']) == ['between']
";
    python_on(&alone, check);

    // Beside the paths within sets, which stay as they are; more pairs keep those that were drawn.
    finished_run(&added);
    let more = [BETWEEN, "paths.pairs=2"];
    let ended = on_tiny(2, "run", &added, &more).with_code(0);
    assert_eq!(ended.said("paths: 20 tasks, 16 of them done before\n"), 1, "{}", ended.stderr);
    let name = "/paths/between/sgd-train_lbfgs-test/on_train/pair_initialization";
    let [few, many] = [&added, &alone].map(|directory| contents(directory)[name].clone());
    let bytes = |dump: &serde_json::Value| dump.to_string();
    assert_ne!(bytes(&few), bytes(&many));
    python_on(
        &added,
        "assert f['paths/between/sgd-train_lbfgs-test/on_test/pair'].shape == (2, 2)",
    );

    let status = lossatlas(1, &["status", text(&added)]).with_code(0);
    assert!(status.stdout.contains("paths sgd/train – lbfgs/test on train"), "{}", status.stdout);
    let row = "sgd/train – lbfgs/test   train       2";
    assert!(ended.stdout.contains(row), "{}", ended.stdout);
    let table = fs::read_to_string(added.join("report/barriers.csv")).expect("written by run");
    let rows = table.lines().filter(|row| row.contains("sgd/train – lbfgs/test")).count();
    assert_eq!(rows, 4, "{table}");
    let page = fs::read_to_string(added.join("report/index.html")).expect("written by run");
    assert!(page.contains("SGD train – L-BFGS test"), "the histogram has its legend");
}

#[test]
fn mistakes_in_sets_that_are_joined() {
    for (between, message) in [
        ("[[\"sgd/train\", \"sgd/train\"]]", "\"sgd/train\" is listed twice"),
        ("[[\"sgd/train\"]]", "must be a list of pairs"),
        ("[[\"sgd/train\", \"sgd/trian\"]]", "there is no set \"sgd/trian\"; did you mean"),
        (
            "[[\"sgd/train\", \"sgd/test\"], [\"sgd/test\", \"sgd/train\"]]",
            "\"sgd/test\" and \"sgd/train\" are joined twice",
        ),
    ] {
        let set = format!("paths.between={between}");
        let refused = lossatlas(1, &["check", TINY, "--set", &set]).with_code(2);
        assert_eq!(refused.said(message), 1, "{between}: {}", refused.stderr);
    }
    let empty = lossatlas(1, &["check", TINY, "--set", "paths.sets=[]"]).with_code(2);
    assert_eq!(empty.said("paths.sets: must not be empty"), 1, "{}", empty.stderr);
}

#[test]
fn a_list_takes_the_place_of_the_draw() {
    let root = tempdir().expect("a temporary directory");
    let [inline, file] = ["inline", "file"].map(|name| root.path().join(name));
    let list = root.path().join("pairs.csv");
    fs::write(&list, "a,b\n2,0\n# the longest\n0,1\n").expect("a temporary file");
    let from_file = format!("paths.list={}", text(&list));
    on_tiny(1, "run", &inline, &["training.keep=4", "paths.list=[[2, 0], [0, 1]]"]).with_code(0);
    on_tiny(2, "run", &file, &["training.keep=4", &from_file]).with_code(0);
    assert_same(&inline, &file);
    let check = "
for group in ('sgd/train', 'lbfgs/test'):
    numbers = f['paths'][group]['on_test/pair_initialization'][:]
    assert numbers.tolist() == [[2, 0], [0, 1]], numbers
";
    python_on(&inline, check);
    // The file is not needed to look at the results.
    fs::remove_file(&list).expect("a file of this test");
    let status = lossatlas(1, &["status", text(&file)]).with_code(0);
    assert!(status.stdout.contains("paths sgd/train on train"), "{}", status.stdout);
}

#[test]
fn listed_numbers_that_do_not_exist_are_named() {
    let root = tempdir().expect("a temporary directory");
    let check = |list: &str, message: &str| {
        let set = format!("paths.list={list}");
        let refused = lossatlas(2, &["check", TINY, "--set", &set]).with_code(2);
        assert_eq!(refused.said(message), 1, "{list}: {}", refused.stderr);
    };
    check("[[0, 4], [17, 1]]", "there is no initialization 4, 17: the numbers go from 0 to 3");
    check("[[1, 1]]", "the pair 1–1 joins a vector of a set with itself");
    check("[[1, 2], [2, 1]]", "the pair 2–1 is listed twice");
    check("[[1, 2, 3]]", "must be a list of pairs of initialization numbers");
    check("[[1, -2]]", "must be a list of pairs of initialization numbers");
    let file = root.path().join("pairs.csv");
    fs::write(&file, "0,1\n0;4\n").expect("a temporary file");
    check(text(&file), "sgd/train has no 4: its numbers go from 0 to 3");
    fs::write(&file, "0,1\n0\n").expect("a temporary file");
    check(text(&file), "pairs.csv: line 2: must be two initialization numbers");
    // Which solutions are kept is known after the training: three of four.
    let out = root.path().join("out");
    let every = "paths.list=[[0, 1], [2, 3]]";
    let refused = on_tiny(1, "run", &out, &[every]).with_code(2);
    let said = refused.said("paths.list: sgd/train has no ");
    assert_eq!((said, refused.said("; its solutions are ")), (1, 4), "{}", refused.stderr);
}

#[test]
fn a_search_begins_with_the_path_of_an_earlier_run() {
    let root = tempdir().expect("a temporary directory");
    let [first, second, again, own] =
        ["first", "second", "again", "own"].map(|name| root.path().join(name));
    finished_run(&first);
    let start = format!("paths.start={}", text(&first));
    on_tiny(2, "run", &second, &[&start, "paths.steps=0", "paths.lambda=0.5"]).with_code(0);
    let compare = format!(
        "
import numpy as np
g = h5py.File({:?})['paths/lbfgs/train/on_train']
h = f['paths/lbfgs/train/on_train']
for name in ('pair', 'loss', 'straight_loss', 'height', 'height_dense', 'length'):
    np.testing.assert_array_equal(g[name][:], h[name][:], err_msg=name)
assert (g['best_step'][:] > 0).any() and (h['best_step'][:] == 0).all()
",
        text(&first.join("atlas.h5"))
    );
    python_on(&second, &compare);
    // With steps they go on, to the same bits from the run itself.
    on_tiny(1, "run", &again, &[&start, "paths.steps=4", "paths.lambda=0.5"]).with_code(0);
    finished_run(&own);
    let itself = format!("paths.start={}", text(&own));
    let arguments = |options: &[&'static str]| {
        let all = ["run", TINY, "--out", text(&own), "--set", &itself, "--set"];
        let changes = ["paths.lambda=0.5", "--set", "paths.steps=4"];
        let all: Vec<&str> = all.iter().chain(&changes).chain(options).copied().collect();
        lossatlas(2, &all)
    };
    arguments(&[]).with_code(2);
    arguments(&["--replace"]).with_code(0);
    let again_it = arguments(&[]).with_code(0);
    assert_eq!(again_it.said("tasks"), 0, "{}", again_it.stderr);
    let same = format!(
        "
import numpy as np
other = h5py.File({:?})
for name in ('paths/sgd/test/on_test/loss', 'paths/lbfgs/train/on_train/loss'):
    np.testing.assert_array_equal(f[name][:], other[name][:])
",
        text(&again.join("atlas.h5"))
    );
    python_on(&own, &same);

    let refused = |changes: &[&str], message: &str| {
        let out = root.path().join("refused");
        let ended = on_tiny(2, "run", &out, &[&[start.as_str()], changes].concat()).with_code(2);
        assert_eq!(ended.said(message), 1, "{changes:?}: {}", ended.stderr);
    };
    refused(&["paths.fourier_terms=4"], "its paths have another method or number of coefficients");
    refused(&["seed=8"], "its network, its landscape, its images or its seed differ");
    refused(&["paths.pairs=3"], "have no initial curve:\n");

    // Of a run that has not come so far there are no curves, or those of shorter searches.
    let trained = root.path().join("trained");
    finished_training(&trained);
    let start = format!("paths.start={}", text(&trained));
    let ended = on_tiny(1, "run", &root.path().join("early"), &[&start]).with_code(2);
    assert!(ended.said("its search has not ended there") > 0, "{}", ended.stderr);
}
