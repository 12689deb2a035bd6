//! Data sets on disk.

use crate::idx::{gzip, idx};
use lossatlas::data::{Images, digits};
use lossatlas::random::MasterSeed;
use std::fs;
use std::path::Path;

/// 200 training and 100 test digits as four IDX files, one of them compressed.
pub fn write_digits(directory: &Path) {
    fs::create_dir_all(directory).expect("a temporary directory");
    let drawn = digits::draw(MasterSeed(3), 200, 100);
    for (prefix, Images { pixels, labels, shape }) in
        [("train", &drawn.train), ("t10k", &drawn.test)]
    {
        let images =
            idx(&[labels.len(), shape.rows, shape.columns], pixels.bytes().expect("bytes"));
        let labels: Vec<u8> = labels.iter().map(|&label| label as u8).collect();
        let (name, images) = if prefix == "train" {
            ("images-idx3-ubyte.gz", gzip(&images))
        } else {
            ("images-idx3-ubyte", images)
        };
        write(&directory.join(format!("{prefix}-{name}")), &images);
        write(
            &directory.join(format!("{prefix}-labels-idx1-ubyte")),
            &idx(&[labels.len()], &labels),
        );
    }
}

pub fn write(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).expect("space for a small file");
}
