//! A small study that is sound, for the cases to damage.

use crate::idx::idx;
use ndarray::Array2;
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// Its configuration.
pub const FILE: &str = "study.toml";

/// The four files of its images, in the directory `images`.
pub const TRAIN_IMAGES: &str = "images/train-images-idx3-ubyte";
pub const TRAIN_LABELS: &str = "images/train-labels-idx1-ubyte";
pub const TEST_IMAGES: &str = "images/t10k-images-idx3-ubyte";
pub const TEST_LABELS: &str = "images/t10k-labels-idx1-ubyte";

/// Components of a vector of its network, 6 → 2 → 10.
pub const PARAMETERS: usize = 6 * 2 + 2 * 10;

const TEXT: &str = r#"seed = 7
[dataset]
kind = "idx"
dir = "images"
[network]
kind = "fcp"
hidden = [2]
[training]
initializations = 2
[training.sgd]
learning_rate = 0.1
epochs = 1
[training.lbfgs]
iterations = 1
[paths]
steps = 1
"#;

/// A new directory with the configuration and four training and three test images of 2×3 pixels.
pub fn sound() -> TempDir {
    let root = tempdir().expect("a temporary directory");
    fs::create_dir(root.path().join("images")).expect("a new directory");
    write(root.path(), FILE, TEXT.as_bytes());
    for (images, labels, count) in [(TRAIN_IMAGES, TRAIN_LABELS, 4), (TEST_IMAGES, TEST_LABELS, 3)]
    {
        write(root.path(), images, &idx(&[count, 2, 3], &(0..6 * count as u8).collect::<Vec<_>>()));
        // One of them is 9, so that there are ten classes.
        let classes: Vec<u8> = [0, 1, 2, 9][..count].to_vec();
        write(root.path(), labels, &idx(&[count], &classes));
    }
    root
}

/// Two vectors of the network, `(2, PARAMETERS)`.
pub fn vectors() -> Array2<f32> {
    Array2::from_shape_fn((2, PARAMETERS), |(row, column)| (row + column) as f32 / 64.0)
}

/// Writes a file of the study.
pub fn write(root: &Path, name: &str, bytes: &[u8]) {
    fs::write(root.join(name), bytes).expect("space for a small file");
}
