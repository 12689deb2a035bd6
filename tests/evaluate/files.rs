//! Vectors in files, and what the program says of them.

use crate::start::{Ended, TINY, lossatlas, text};
use ndarray::{Array, Array2, Dimension};
use ndarray_npy::WritableElement;
use std::path::{Path, PathBuf};

/// Images, vectors and PyTorch's answers.
pub const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/weights");

/// The components of a vector of the network of the fixtures: 8 × 784 + 10 × 8.
pub const PARAMETERS: usize = 6352;

/// Overrides of [`TINY`] that give the network and the images of the fixtures.
pub fn fixture_overrides() -> Vec<String> {
    [
        "dataset.kind=idx",
        &format!("dataset.dir={FIXTURES}"),
        "dataset.train=all",
        "dataset.test=all",
        "network.hidden=[8]",
    ]
    .map(str::to_owned)
    .into()
}

/// Runs `evaluate` on the images of the fixtures.
pub fn evaluate(ranks: usize, weights: &str, options: &[&str]) -> Ended {
    let overrides = fixture_overrides();
    let mut arguments = vec!["evaluate", TINY, "--weights", weights];
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    arguments.extend(options);
    lossatlas(ranks, &arguments)
}

/// The vectors of the fixtures, `(2, PARAMETERS)`: as initialized, and trained for a moment.
pub fn fixture_vectors() -> Array2<f32> {
    read(&Path::new(FIXTURES).join("theta.npy"))
}

pub fn read(file: &Path) -> Array2<f32> {
    ndarray_npy::read_npy(file).expect("a table of float32")
}

/// Writes an array as `NAME.npy` and returns the path.
pub fn write<A: WritableElement, D: Dimension>(
    directory: &Path,
    name: &str,
    array: &Array<A, D>,
) -> PathBuf {
    let file = directory.join(name).with_extension("npy");
    ndarray_npy::write_npy(&file, array).expect("space for a small file");
    file
}

/// The numbers that `evaluate --csv` prints, by row: both losses, both accuracies.
#[track_caller]
pub fn numbers(csv: &str) -> Vec<[f64; 4]> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("row,loss_train,loss_test,accuracy_train,accuracy_test"));
    let parse = |(row, line): (usize, &str)| {
        let (number, values) = line.split_once(',').expect("columns");
        assert_eq!(number, row.to_string());
        // A network without classes has no accuracy.
        let number = |value: &str| match value {
            "" => f64::NAN,
            value => value.parse().expect("a number"),
        };
        let values: Vec<f64> = values.split(',').map(number).collect();
        values.try_into().expect("four numbers")
    };
    lines.enumerate().map(parse).collect()
}

/// `export` of a set of the run in this directory.
pub fn export(directory: &Path, set: &str, to: &Path, options: &[&str]) -> Ended {
    lossatlas(1, &[&["export", text(directory), "--set", set, "--to", text(to)], options].concat())
}
