//! Vectors in NumPy files.

use crate::damage::{Damage, damage};
use crate::memory::measured;
use crate::settings;
use lossatlas::engine::store::{VectorSource, read_vectors, write_npy};
use lossatlas::network::Layout;
use ndarray::{Array2, ShapeBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fs;
use tempfile::tempdir;

/// A file as NumPy may write it.
#[derive(Clone, Debug)]
struct Array {
    shape: (usize, usize),
    version: u8,
    double: bool,
    big_endian: bool,
    fortran: bool,
    seed: u32,
}

fn array() -> impl Strategy<Value = Array> {
    ((1..5_usize, 1..9_usize), 1..=3_u8, any::<[bool; 3]>(), any::<u32>()).prop_map(
        |(shape, version, [double, big_endian, fortran], seed)| Array {
            shape,
            version,
            double,
            big_endian,
            fortran,
            seed,
        },
    )
}

impl Array {
    fn values(&self) -> Array2<f32> {
        Array2::from_shape_fn(self.shape, |(row, column)| {
            let mixed = self
                .seed
                .wrapping_mul(2_654_435_761)
                .wrapping_add(1 + row as u32)
                .rotate_left(column as u32 % 32);
            // All bits but those that make an infinity or a NaN.
            f32::from_bits(mixed & 0xbfff_ffff)
        })
    }

    fn dictionary(&self) -> String {
        let order = if self.big_endian { '>' } else { '<' };
        let (size, fortran) =
            (if self.double { 8 } else { 4 }, if self.fortran { "True" } else { "False" });
        format!(
            "{{'descr': '{order}f{size}', 'fortran_order': {fortran}, 'shape': {:?}, }}",
            self.shape
        )
    }

    fn file(&self, dictionary: &str) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([self.version, 0]);
        let length = dictionary.len() + 1;
        match self.version {
            1 => bytes.extend((length as u16).to_le_bytes()),
            _ => bytes.extend((length as u32).to_le_bytes()),
        }
        bytes.extend(dictionary.bytes());
        bytes.push(b'\n');
        let values = self.values();
        let ordered: Vec<f32> = if self.fortran {
            values.t().iter().copied().collect()
        } else {
            values.iter().copied().collect()
        };
        for value in ordered {
            let mut component = if self.double {
                f64::from(value).to_le_bytes().to_vec()
            } else {
                value.to_le_bytes().to_vec()
            };
            if self.big_endian {
                component.reverse();
            }
            bytes.extend(component);
        }
        bytes
    }
}

/// Something in a header is replaced by something that headers are made of.
fn token() -> impl Strategy<Value = (Index, usize, String)> {
    let tokens = select(vec![
        "",
        "'",
        "\"",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "'descr'",
        "'shape'",
        "'fortran_order'",
        "True",
        "False",
        "None",
        "'<f4'",
        "'|O'",
        "'<f8'",
        "('a', '<f4')",
        "-1",
        "0",
        "1",
        "1e3",
        "0x10",
        "4294967296",
        "9223372036854775807",
        "18446744073709551615",
        "99999999999999999999999999",
        "b'x'",
        "u'x'",
        "'\\x00'",
        "'\\N{DASH}'",
        "ä",
        "\0",
        "\n",
        " ",
    ]);
    (any::<Index>(), 0..12_usize, (tokens, prop_oneof![9 => Just(1), 1 => 1..30_000_usize]))
        .prop_map(|(at, removed, (token, times))| (at, removed, token.repeat(times)))
}

fn layout(parameters: usize) -> Layout {
    Layout::default().with("theta", &[parameters], 0.0)
}

/// A double-precision file takes its length, the same in C order, and half of it in single
/// precision.
const MULTIPLE: usize = 4;

/// The parser of headers keeps many words for each letter of a header, but those are short.
const OVERHEAD: usize = 4 << 20;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn sound_files_are_read_as_written(array in array()) {
        let directory = tempdir().unwrap();
        let file = directory.path().join("theta.npy");
        let source = VectorSource::Npy(file.clone());
        fs::write(&file, array.file(&array.dictionary())).unwrap();
        let read = read_vectors(&source, &layout(array.shape.1)).unwrap();
        prop_assert_eq!(read.mapv(f32::to_bits), array.values().mapv(f32::to_bits));
    }

    #[test]
    fn written_vectors_are_read_back(array in array()) {
        let directory = tempdir().unwrap();
        let file = directory.path().join("theta.npy");
        let mut vectors = Array2::zeros(array.shape.set_f(array.fortran));
        vectors.assign(&array.values());
        write_npy(&file, vectors.view(), true).unwrap();
        let read = read_vectors(&VectorSource::Npy(file), &layout(array.shape.1)).unwrap();
        prop_assert_eq!(read.mapv(f32::to_bits), vectors.mapv(f32::to_bits));
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        array in array(),
        tokens in vec(token(), 0..3),
        damages in vec(damage(), 0..3),
    ) {
        let mut dictionary = array.dictionary();
        for (at, removed, token) in &tokens {
            let start = dictionary.floor_char_boundary(at.index(dictionary.len() + 1));
            let end = dictionary.ceil_char_boundary((start + removed).min(dictionary.len()));
            dictionary.replace_range(start..end, token);
        }
        let mut bytes = array.file(&dictionary);
        damages.iter().for_each(|damage: &Damage| damage.apply(&mut bytes));
        let directory = tempdir().unwrap();
        let file = directory.path().join("theta.npy");
        fs::write(&file, &bytes).unwrap();
        let (read, most) = measured(|| read_vectors(&VectorSource::Npy(file.clone()), &layout(array.shape.1)));
        prop_assert!(most <= MULTIPLE * bytes.len() + OVERHEAD, "{} bytes of memory for {}", most, bytes.len());
        match read {
            Ok(read) => {
                prop_assert!(!read.is_empty() && read.iter().all(|component| component.is_finite()));
                prop_assert_eq!(read.ncols(), array.shape.1);
            }
            Err(error) => {
                let text = error.to_string();
                prop_assert!(text.contains(file.to_str().unwrap()) && text.len() < 2000, "{}", text);
                prop_assert!(!text.contains('\n'), "{}", text);
            }
        }
    }
}
