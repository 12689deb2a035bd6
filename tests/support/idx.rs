//! IDX files, compressed or not.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// An IDX file of unsigned bytes: the magic number, the sizes, the bytes.
pub fn idx(sizes: &[usize], bytes: &[u8]) -> Vec<u8> {
    let numbers =
        [0x800 + sizes.len() as u32].into_iter().chain(sizes.iter().map(|&size| size as u32));
    numbers.flat_map(u32::to_be_bytes).chain(bytes.iter().copied()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}
