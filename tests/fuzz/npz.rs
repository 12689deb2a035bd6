//! Data sets in NumPy archives.

use crate::damage::{Damage, damage};
use crate::memory::measured;
use crate::settings;
use lossatlas::data::{ChannelOrder, Dataset, DatasetError, WantedImages, npy};
use ndarray::{Array1, Array3, Array4};
use ndarray_npy::NpzWriter;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use tempfile::tempdir;

/// The most that deflate expands a byte to is 1032 bytes; buffers double as they grow.
const EXPANSION: usize = 2 * 1032;

/// Buffers of files, the state of the decompressor, the parser of headers, words of errors.
const OVERHEAD: usize = 4 << 20;

#[derive(Clone, Debug)]
struct Data {
    counts: [usize; 2],
    rows: usize,
    columns: usize,
    channels: usize,
    pixel: u8,
    first_label: i16,
    numbers: bool,
    compressed: bool,
    one_set: bool,
}

fn data() -> impl Strategy<Value = Data> {
    let sizes = ([2..7_usize, 1..7], 5..9_usize, 5..9_usize, 1..5_usize);
    (sizes, any::<u8>(), any::<i16>(), any::<[bool; 3]>()).prop_map(
        |((counts, rows, columns, channels), pixel, first_label, flags)| {
            let [numbers, compressed, one_set] = flags;
            Data {
                counts,
                rows,
                columns,
                channels,
                pixel,
                first_label,
                numbers,
                compressed,
                one_set,
            }
        },
    )
}

impl Data {
    /// Pixels with the channels last.
    fn pixels(&self, count: usize) -> Array4<u8> {
        let shape = (count, self.rows, self.columns, self.channels);
        let values = (0..).map(|i: usize| (i as u8).wrapping_mul(self.pixel));
        let length = count * self.rows * self.columns * self.channels;
        Array4::from_shape_vec(shape, values.take(length).collect()).unwrap()
    }

    fn labels(&self, count: usize) -> Array1<i16> {
        (0..count)
            .map(|index| self.first_label.saturating_add(i16::try_from(index).unwrap()))
            .collect()
    }

    fn file(&self) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = if self.compressed {
            NpzWriter::new_compressed(&mut bytes)
        } else {
            NpzWriter::new(&mut bytes)
        };
        let parts = if self.one_set { &[""][..] } else { &["train_", "test_"] };
        for (part, &count) in parts.iter().zip(&self.counts) {
            let (name, pixels) = (format!("{part}images"), self.pixels(count));
            let gray = (self.channels == 1)
                .then(|| -> Array3<u8> { pixels.slice(ndarray::s![.., .., .., 0]).to_owned() });
            match (gray, self.numbers) {
                (Some(gray), false) => archive.add_array(name, &gray),
                (Some(gray), true) => archive.add_array(name, &gray.mapv(f64::from)),
                (None, false) => archive.add_array(name, &pixels),
                (None, true) => archive.add_array(name, &pixels.mapv(f32::from)),
            }
            .unwrap();
            archive.add_array(format!("{part}labels"), &self.labels(count)).unwrap();
        }
        archive.finish().unwrap();
        bytes.into_inner()
    }
}

fn load(file: &Path, wanted: WantedImages) -> Result<Dataset, DatasetError> {
    npy::load(file, ChannelOrder::Auto, wanted, 0)
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn sound_archives_are_read_as_written(data in data()) {
        let directory = tempdir().unwrap();
        let file = directory.path().join("set.npz");
        fs::write(&file, data.file()).unwrap();
        let read = load(&file, WantedImages::default()).unwrap();
        let shape = read.shape();
        prop_assert_eq!((shape.channels, shape.rows, shape.columns), (data.channels, data.rows, data.columns));
        prop_assert_eq!(read.first_label, i64::from(data.first_label));
        let images = if data.one_set { [data.counts[0], 0] } else { data.counts };
        prop_assert_eq!(read.train.len() + read.test.len(), images.iter().sum::<usize>());
        for (set, count) in [(&read.train, data.counts[0]), (&read.test, data.counts[1])] {
            let pixels = data.pixels(if data.one_set { data.counts[0] } else { count });
            let mut found = vec![0.0_f32; set.pixels.len()];
            set.pixels.as_slice().write_to(&mut found);
            for (image, (label, found)) in set.labels.iter().zip(found.chunks(shape.pixels())).enumerate() {
                // Each label occurs once, so it says which image this is.
                let index = if data.one_set { usize::from(*label) } else { image };
                let expected = pixels.index_axis(ndarray::Axis(0), index);
                let expected = expected.permuted_axes([2, 0, 1]);
                let scale = if data.numbers { 1.0 } else { 255.0 };
                let same = expected.iter().zip(found).all(|(&byte, &x)| (f32::from(byte) / scale).to_bits() == x.to_bits());
                prop_assert!(same, "image {}", image);
            }
        }
    }

    #[test]
    fn damaged_archives_are_read_or_refused(
        data in data(),
        damages in vec(damage(), 1..4),
        train in option::of(0..8_usize),
        test in option::of(0..8_usize),
        classes in option::of(1..300_usize),
    ) {
        let mut bytes = data.file();
        damages.iter().for_each(|damage: &Damage| damage.apply(&mut bytes));
        let directory = tempdir().unwrap();
        let file = directory.path().join("set.npz");
        fs::write(&file, &bytes).unwrap();
        let (read, most) = measured(|| load(&file, WantedImages { train, test, classes }));
        prop_assert!(most <= EXPANSION * bytes.len() + OVERHEAD, "{} bytes of memory", most);
        match read {
            Ok(read) => {
                for images in [&read.train, &read.test] {
                    prop_assert!(!images.is_empty() && images.labels.iter().all(|&label| usize::from(label) < read.classes));
                    prop_assert_eq!(images.pixels.len(), images.len() * images.shape.pixels());
                }
            }
            Err(error) => {
                let text = error.to_string();
                prop_assert_eq!(text.lines().count(), error.problems.len(), "{}", text);
                let place = directory.path().to_str().unwrap();
                prop_assert!(text.lines().all(|line| line.contains(place) || line.starts_with("dataset.")), "{}", text);
            }
        }
    }
}
