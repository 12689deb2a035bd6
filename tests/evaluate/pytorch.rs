//! The program and PyTorch on the same weights and images.

use crate::files::{FIXTURES, PARAMETERS, evaluate, export, numbers, read};
use crate::start::{TINY, lossatlas, text};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

const PAGE: &str = include_str!("../../docs/weights.md");

/// What `tests/fixtures/weights/generate.py` has computed in double precision.
#[test]
fn losses_accuracies_and_gradients_are_those_of_pytorch() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("gradient.npy");
    let weights = format!("{FIXTURES}/theta.npy");
    let evaluated =
        numbers(&evaluate(2, &weights, &["--csv", "--gradient", text(&file)]).with_code(0).stdout);
    let expected = fs::read(format!("{FIXTURES}/expected.json")).expect("a fixture");
    let expected: serde_json::Value = serde_json::from_slice(&expected).expect("JSON");
    for (column, name) in
        ["loss_train", "loss_test", "accuracy_train", "accuracy_test"].into_iter().enumerate()
    {
        for (row, evaluated) in evaluated.iter().enumerate() {
            let expected = expected[name][row].as_f64().expect("a number");
            let tolerance = if name.starts_with("loss") { 1e-6 } else { 1e-12 };
            assert!(
                (evaluated[column] / expected - 1.0).abs() < tolerance,
                "row {row}, {name}: {evaluated:?}, not {expected}"
            );
        }
    }
    let (gradient, expected) = (read(&file), read(&Path::new(FIXTURES).join("gradient.npy")));
    assert_eq!(gradient.dim(), (2, PARAMETERS));
    for (ours, theirs) in gradient.outer_iter().zip(expected.outer_iter()) {
        let norm = |vector: ndarray::Array1<f32>| vector.mapv(f64::from).pow2().sum().sqrt();
        let relative = norm(&ours - &theirs) / norm(theirs.to_owned());
        assert!(relative < 1e-5, "{relative:e}");
    }
}

/// The gradients of all four networks are compared with these modules.
#[test]
fn the_page_shows_the_modules_that_the_networks_are_tested_against() {
    let modules = include_str!("../../python/lossatlas/pytorch.py");
    let definitions: Vec<_> = modules.split("\n\n\n").map(str::trim).collect();
    for name in [
        "def add_layers(",
        "class Fcp(",
        "class Lenet(",
        "class Autoencoder(",
        "class Lstm(",
        "def permutation(",
    ] {
        let definition = definitions
            .iter()
            .find(|definition| definition.starts_with(name))
            .expect("a definition");
        assert!(
            PAGE.contains(definition),
            "docs/weights.md differs from python/lossatlas/pytorch.py:\n{definition}"
        );
    }
}

#[test]
#[ignore = "needs a Python with PyTorch: make test-pytorch PYTHON=…"]
fn exported_vectors_have_the_same_losses_in_the_modules_of_the_page() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/load_into_pytorch.py");
    for (kind, keys, module) in [
        ("fcp", &["activation=softplus"][..], "Fcp(nn.Softplus())"),
        ("fcp", &["activation=relu"], "Fcp(nn.ReLU())"),
        (
            "fcp",
            &["activation=gelu", "biases=true", "hidden=[30, 20]"],
            "Fcp(nn.GELU(), (784, 30, 20, 10), biases=True)",
        ),
        ("fcp", &["biases=true", "hidden=[]"], "Fcp(nn.Softplus(), (784, 10), biases=True)"),
        ("lenet", &["activation=softplus"], "Lenet(nn.Softplus())"),
        ("lenet", &["activation=relu"], "Lenet(nn.ReLU())"),
        ("lenet", &["activation=tanh", "dense=[]"], "Lenet(nn.Tanh(), dense=())"),
        ("autoencoder", &[], "Autoencoder()"),
        (
            "autoencoder",
            &["activation=silu", "biases=true", "hidden=[20]"],
            "Autoencoder(nn.SiLU(), (784, 20, 784), biases=True)",
        ),
        ("lstm", &[], "Lstm()"),
    ] {
        let root = tempdir().expect("a temporary directory");
        let place = format!("dataset.dir={FIXTURES}");
        let kind = format!("network.kind={kind}");
        let keys: Vec<String> = keys.iter().map(|key| format!("network.{key}")).collect();
        let mut changes =
            vec!["dataset.kind=idx", &place, "dataset.train=all", "dataset.test=all", &kind];
        changes.extend(keys.iter().map(String::as_str));
        let with_changes = |arguments: &[&str]| {
            let changes = changes.iter().flat_map(|change| ["--set", change]);
            lossatlas(1, &arguments.iter().copied().chain(changes).collect::<Vec<_>>())
                .with_code(0)
                .stdout
        };
        let theta = root.path().join("theta.npy");
        with_changes(&["train", TINY, "--out", text(root.path())]);
        export(root.path(), "lbfgs/train", &theta, &[]).with_code(0);
        let csv = with_changes(&["evaluate", TINY, "--csv", "--weights", text(&theta)]);
        fs::write(root.path().join("evaluated.csv"), &csv).expect("space for a small file");
        let output = Command::new(&python)
            .arg(script)
            .arg(module)
            .arg(root.path())
            .arg(FIXTURES)
            .output()
            .expect("a Python");
        assert!(output.status.success(), "{module}: {output:?}");

        // The way back: what the page's code has written evaluates to the row it came from.
        let back = with_changes(&[
            "evaluate",
            TINY,
            "--csv",
            "--weights",
            text(&root.path().join("mine.npy")),
        ]);
        assert_eq!(
            numbers(&back)[0].map(f64::to_bits),
            numbers(&csv).last().expect("rows").map(f64::to_bits)
        );
    }
}

/// docs/recipes.md: the accuracy along a path.
#[test]
#[ignore = "needs a Python with PyTorch and h5py: make test-pytorch PYTHON=…"]
fn the_accuracy_along_a_path_in_pytorch_is_the_stored_one() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let root = tempdir().expect("a temporary directory");
    let out = text(root.path());
    let with = ["--set", "paths.store=all", "--set", "paths.pairs=1", "--set", "paths.points=21"];
    lossatlas(1, &[&["run", TINY, "--out", out][..], &with].concat()).with_code(0);
    let atlas = hdf5::File::open(root.path().join("atlas.h5")).expect("an atlas");
    let pair = atlas.dataset("paths/lbfgs/train/on_train/pair_initialization");
    let pair: Vec<u32> = pair.and_then(|pair| pair.read_raw()).expect("a pair");
    let name = format!("{}-{}", pair[0], pair[1]);
    let [points, images] = ["path.npy", "images.npz"].map(|name| root.path().join(name));
    let path = format!("lbfgs/train:{name}");
    let arguments = ["export", out, "--path", &path, "--landscape", "train", "--points", "21"];
    lossatlas(1, &[&arguments[..], &["--to", text(&points)]].concat()).with_code(0);
    lossatlas(1, &["export", out, "--images", "--to", text(&images)]).with_code(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/accuracy_along_a_path.py");
    let output = Command::new(&python).args([script, out, &name]).output().expect("a Python");
    assert!(output.status.success(), "{output:?}");
}
