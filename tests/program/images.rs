//! Data sets on disk.

use flate2::Compression;
use flate2::write::GzEncoder;
use lossatlas::dataset::{Images, digits};
use lossatlas::random::MasterSeed;
use std::fs;
use std::io::Write;
use std::path::Path;

/// An IDX file: the magic number, the sizes, the bytes.
pub fn idx(sizes: &[usize], bytes: &[u8]) -> Vec<u8> {
    let numbers = [0x800 + sizes.len() as u32].into_iter().chain(sizes.iter().map(|&size| size as u32));
    numbers.flat_map(u32::to_be_bytes).chain(bytes.iter().copied()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

/// 200 training and 100 test digits as four IDX files, one of them compressed.
pub fn write_digits(directory: &Path) {
    fs::create_dir_all(directory).expect("a temporary directory");
    let drawn = digits::draw(MasterSeed(3), 200, 100);
    for (prefix, Images { pixels, labels, rows, columns }) in [("train", &drawn.train), ("t10k", &drawn.test)] {
        let images = idx(&[labels.len(), *rows, *columns], pixels);
        let (name, images) =
            if prefix == "train" { ("images-idx3-ubyte.gz", gzip(&images)) } else { ("images-idx3-ubyte", images) };
        write(&directory.join(format!("{prefix}-{name}")), &images);
        write(&directory.join(format!("{prefix}-labels-idx1-ubyte")), &idx(&[labels.len()], labels));
    }
}

pub fn write(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).expect("space for a small file");
}
