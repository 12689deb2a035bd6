//! Data sets in IDX format.

use crate::damage::{Damage, damage};
use crate::memory::measured;
use crate::settings;
use flate2::Compression;
use flate2::write::GzEncoder;
use lossatlas::data::{ChannelOrder, Dataset, DatasetError, ImageShape, WantedImages, idx};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::tempdir;

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The most that gzip expands a byte to is 1032 bytes; buffers double as they grow.
const EXPANSION: usize = 2 * 1032;

/// Buffers of files, the state of the decompressor, words of errors.
const OVERHEAD: usize = 256 << 10;

#[derive(Clone, Debug)]
struct Data {
    sizes: [u8; 4],
    pixel: u8,
    compressed: [bool; 4],
}

fn data() -> impl Strategy<Value = Data> {
    (prop::array::uniform4(1..7_u8), any::<u8>(), any::<[bool; 4]>())
        .prop_map(|(sizes, pixel, compressed)| Data { sizes, pixel, compressed })
}

impl Data {
    /// Pixels and labels of the training and of the test set.
    fn content(&self) -> [(Vec<u8>, Vec<u8>); 2] {
        let [train, test, rows, columns] = self.sizes.map(usize::from);
        [train, test].map(|count| {
            let pixels =
                (0..count * rows * columns).map(|i| (i as u8).wrapping_mul(self.pixel)).collect();
            (pixels, (0..count as u8).collect())
        })
    }

    fn files(&self) -> [Vec<u8>; 4] {
        let [_, _, rows, columns] = self.sizes.map(u32::from);
        let idx = |sizes: &[u32], bytes: &[u8]| {
            let numbers = [0x800 + sizes.len() as u32].into_iter().chain(sizes.iter().copied());
            numbers.flat_map(u32::to_be_bytes).chain(bytes.iter().copied()).collect::<Vec<_>>()
        };
        let [train, test] = self.content().map(|(pixels, labels)| {
            let count = labels.len() as u32;
            [idx(&[count, rows, columns], &pixels), idx(&[count], &labels)]
        });
        let mut files = [train, test].concat().into_iter().zip(self.compressed);
        std::array::from_fn(|_| {
            files
                .next()
                .map(|(bytes, compressed)| if compressed { gzip(&bytes) } else { bytes })
                .unwrap()
        })
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn load(directory: &Path, wanted: WantedImages) -> Result<Dataset, DatasetError> {
    idx::load(directory, None, ChannelOrder::Auto, wanted)
}

fn write(directory: &Path, files: &[Vec<u8>; 4]) {
    for (name, bytes) in FILES.into_iter().zip(files) {
        fs::write(directory.join(name), bytes).unwrap();
    }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn sound_data_sets_are_read_as_written(data in data()) {
        let directory = tempdir().unwrap();
        write(directory.path(), &data.files());
        let read = load(directory.path(), WantedImages::default()).unwrap();
        for (images, (pixels, labels)) in [&read.train, &read.test].into_iter().zip(data.content()) {
            prop_assert_eq!(images.pixels.bytes(), Some(&pixels[..]));
            let expected: Vec<_> = labels.into_iter().map(u16::from).collect();
            prop_assert_eq!(&images.labels, &expected);
            let [rows, columns] = [data.sizes[2], data.sizes[3]].map(usize::from);
            prop_assert_eq!(images.shape, ImageShape::gray(rows, columns));
        }
    }

    #[test]
    fn damaged_data_sets_are_read_or_refused(
        data in data(),
        damages in vec((any::<Index>(), damage()), 1..4),
        train in option::of(0..8_usize),
        test in option::of(0..8_usize),
        classes in option::of(1..300_usize),
    ) {
        let directory = tempdir().unwrap();
        let mut files = data.files();
        damages.iter().for_each(|(file, damage): &(Index, Damage)| damage.apply(&mut files[file.index(4)]));
        write(directory.path(), &files);
        let (read, most) = measured(|| load(directory.path(), WantedImages { train, test, classes }));
        let length: usize = files.iter().map(|bytes| if bytes.starts_with(&[0x1f, 0x8b]) { EXPANSION } else { 4 } * bytes.len()).sum();
        prop_assert!(most <= length + OVERHEAD, "{} bytes of memory", most);
        match read {
            Ok(read) => {
                prop_assert_eq!(read.train.shape, read.test.shape);
                for images in [&read.train, &read.test] {
                    prop_assert!(!images.is_empty() && images.labels.iter().all(|&label| usize::from(label) < read.classes));
                    prop_assert_eq!(images.view().pixels().len(), images.len() * images.shape.pixels());
                }
            }
            Err(error) => {
                let directory = directory.path().to_str().unwrap();
                let text = error.to_string();
                prop_assert_eq!(text.lines().count(), error.problems.len());
                prop_assert!(text.lines().all(|line| line.contains(directory) || line.starts_with("dataset.")), "{}", text);
            }
        }
    }
}
