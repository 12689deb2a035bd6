//! Writes data sets as files for this program and others.

use super::{Dataset, Images, Pixels};
use ndarray::{ArrayViewD, aview1};
use ndarray_npy::{NpzWriter, WriteNpyExt, WriteNpzError};
use std::io::{self, Seek, Write};

/// The labels as in files: one byte each, if they fit.
enum Labels {
    Bytes(Vec<u8>),
    Wide(Vec<i32>),
}

impl Labels {
    fn of(dataset: &Dataset, images: &Images) -> io::Result<Self> {
        let label = |&class: &u16| i64::from(class) + dataset.first_label;
        let bytes = images.labels.iter().map(|class| u8::try_from(label(class)));
        if let Ok(bytes) = bytes.collect() {
            return Ok(Self::Bytes(bytes));
        }
        let wide = images.labels.iter().map(|class| i32::try_from(label(class)));
        let wide: Result<_, _> = wide.collect();
        wide.map(Self::Wide).map_err(|_| io::Error::other("a label takes more than 32 bits"))
    }
}

/// Sizes of an array of images, without the channels if there is only one.
fn dimensions(images: &Images) -> Vec<usize> {
    let shape = images.shape;
    let channels = Some(shape.channels).filter(|&channels| channels != 1);
    [Some(images.len()), channels, Some(shape.rows), Some(shape.columns)]
        .into_iter()
        .flatten()
        .collect()
}

/// Writes `train_images`, `train_labels`, `test_images` and `test_labels`, as `kind = "npy"` reads
/// them: uncompressed, with the channels first, bytes as they are, numbers as float32.
///
/// # Errors
/// If something cannot be written, or if a label takes more than 32 bits.
pub fn write_npz(dataset: &Dataset, file: impl Write + Seek) -> io::Result<()> {
    let mut archive = NpzWriter::new(file);
    for (name, images) in [("train", &dataset.train), ("test", &dataset.test)] {
        let dimensions = dimensions(images);
        let pixels = format!("{name}_images");
        match &images.pixels {
            Pixels::Bytes(bytes) => add(&mut archive, pixels, &array(&dimensions, bytes))?,
            Pixels::Numbers(numbers) => add(&mut archive, pixels, &array(&dimensions, numbers))?,
        }
        let labels = format!("{name}_labels");
        match Labels::of(dataset, images)? {
            Labels::Bytes(bytes) => add(&mut archive, labels, &aview1(&bytes))?,
            Labels::Wide(numbers) => add(&mut archive, labels, &aview1(&numbers))?,
        }
    }
    archive.finish().map_err(io::Error::other)?;
    Ok(())
}

fn array<'a, T>(dimensions: &[usize], items: &'a [T]) -> ArrayViewD<'a, T> {
    ArrayViewD::from_shape(dimensions, items).expect("as many pixels as the shape says")
}

fn add<W: Write + Seek>(
    archive: &mut NpzWriter<W>,
    name: String,
    array: &impl WriteNpyExt,
) -> io::Result<()> {
    archive.add_array(name, array).map_err(|error| match error {
        WriteNpzError::Zip(zip::result::ZipError::Io(source)) => source,
        other => io::Error::other(other.to_string()),
    })
}

/// The part of a data set that an IDX file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdxPart {
    /// Pixels.
    Images,
    /// Their labels.
    Labels,
}

/// The four IDX files of a data set, as `kind = "idx"` reads them: their names, whose images they
/// hold, and which part of them.
///
/// # Errors
/// If a label takes more than 32 bits.
pub fn idx_files(dataset: &Dataset) -> io::Result<Vec<(String, &Images, IdxPart)>> {
    let mut files = Vec::new();
    for (name, images) in [("train", &dataset.train), ("t10k", &dataset.test)] {
        let kind = match images.pixels {
            Pixels::Bytes(_) => "ubyte",
            Pixels::Numbers(_) => "float",
        };
        let size = dimensions(images).len();
        files.push((format!("{name}-images-idx{size}-{kind}"), images, IdxPart::Images));
        let kind = match Labels::of(dataset, images)? {
            Labels::Bytes(_) => "ubyte",
            Labels::Wide(_) => "int",
        };
        files.push((format!("{name}-labels-idx1-{kind}"), images, IdxPart::Labels));
    }
    Ok(files)
}

/// Writes one of them.
///
/// # Errors
/// If something cannot be written, or if a size or a label takes more than 32 bits.
pub fn write_idx(
    dataset: &Dataset,
    images: &Images,
    part: IdxPart,
    mut file: impl Write,
) -> io::Result<()> {
    match part {
        IdxPart::Images => {
            let dimensions = dimensions(images);
            match &images.pixels {
                Pixels::Bytes(bytes) => {
                    header(&mut file, 0x08, &dimensions)?;
                    file.write_all(bytes)
                }
                Pixels::Numbers(numbers) => {
                    header(&mut file, 0x0d, &dimensions)?;
                    numbers.iter().try_for_each(|number| file.write_all(&number.to_be_bytes()))
                }
            }
        }
        IdxPart::Labels => match Labels::of(dataset, images)? {
            Labels::Bytes(bytes) => {
                header(&mut file, 0x08, &[bytes.len()])?;
                file.write_all(&bytes)
            }
            Labels::Wide(numbers) => {
                header(&mut file, 0x0c, &[numbers.len()])?;
                numbers.iter().try_for_each(|number| file.write_all(&number.to_be_bytes()))
            }
        },
    }
}

/// Two zero bytes, the type, the number of dimensions, the sizes.
fn header(file: &mut impl Write, code: u8, dimensions: &[usize]) -> io::Result<()> {
    file.write_all(&[0, 0, code, dimensions.len() as u8])?;
    dimensions.iter().try_for_each(|&size| {
        let size = u32::try_from(size).map_err(io::Error::other)?;
        file.write_all(&size.to_be_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ChannelOrder, Classes, ImageShape, Label, WantedImages, digits, idx, npy};
    use crate::random::MasterSeed;
    use std::fs::{self, File};
    use std::path::Path;

    fn set(pixels: impl Into<Pixels>, labels: &[Label], shape: ImageShape) -> Images {
        Images { pixels: pixels.into(), labels: labels.to_vec(), shape }
    }

    /// Digits, color images of labels below 0, numbers with labels beyond a byte.
    fn datasets() -> Vec<Dataset> {
        let color = ImageShape { channels: 3, rows: 5, columns: 6 };
        let bytes = |n: usize| (0..90 * n).map(|i| (i * i % 251) as u8).collect::<Vec<_>>();
        let gray = ImageShape::gray(2, 3);
        let numbers = |n: usize| (0..6 * n).map(|i| i as f32 / 7.0 - 0.5).collect::<Vec<_>>();
        let named = |name: &str| name.to_owned();
        vec![
            digits::draw(MasterSeed(3), 12, 5),
            Dataset::new(
                named("color"),
                Classes { count: 4, first_label: -2 },
                set(bytes(3), &[3, 0, 1], color),
                set(bytes(2), &[1, 1], color),
            ),
            Dataset::new(
                named("letters"),
                Classes { count: 26, first_label: 1 },
                set(numbers(2), &[25, 0], gray),
                set(numbers(1), &[7], gray),
            ),
            Dataset::new(
                named("many"),
                Classes { count: 65_536, first_label: 0 },
                set(numbers(2), &[65_535, 300], gray),
                set(numbers(2), &[0, 7], gray),
            ),
        ]
    }

    fn write_all_idx(dataset: &Dataset, directory: &Path) {
        for (name, images, part) in idx_files(dataset).unwrap() {
            write_idx(dataset, images, part, File::create(directory.join(name)).unwrap()).unwrap();
        }
    }

    #[test]
    fn what_is_written_is_read_back_with_the_same_checksum() {
        for dataset in datasets() {
            let directory = tempfile::tempdir().unwrap();
            let archive = directory.path().join("all.npz");
            write_npz(&dataset, File::create(&archive).unwrap()).unwrap();
            write_all_idx(&dataset, directory.path());
            let wanted = WantedImages::default();
            let order = ChannelOrder::Auto;
            let read = [
                npy::load(&archive, order, wanted, 0).unwrap(),
                idx::load(directory.path(), None, order, wanted).unwrap(),
            ];
            for read in read {
                let what = &dataset.name;
                assert_eq!(read.checksum, dataset.checksum, "{what}");
                assert_eq!((&read.train, &read.test), (&dataset.train, &dataset.test), "{what}");
                assert_eq!(read.first_label, dataset.first_label, "{what}");
                assert_eq!(read.classes, dataset.classes, "{what}");
                let bytes = dataset.train.pixels.bytes().is_some();
                assert_eq!(read.train.pixels.are_shared(), bytes, "{what}");
            }
        }
    }

    #[test]
    fn files_are_called_by_what_they_hold() {
        let datasets = datasets();
        let names = |dataset: &Dataset| -> Vec<String> {
            idx_files(dataset).unwrap().into_iter().map(|(name, ..)| name).collect()
        };
        assert_eq!(
            names(&datasets[0]),
            [
                "train-images-idx3-ubyte",
                "train-labels-idx1-ubyte",
                "t10k-images-idx3-ubyte",
                "t10k-labels-idx1-ubyte"
            ]
        );
        let (color, many) = (names(&datasets[1]), names(&datasets[3]));
        assert_eq!(color[..2], ["train-images-idx4-ubyte", "train-labels-idx1-int"]);
        assert_eq!(many[..2], ["train-images-idx3-float", "train-labels-idx1-int"]);
        // The digits are as MNIST is published.
        let directory = tempfile::tempdir().unwrap();
        write_all_idx(&datasets[0], directory.path());
        let images = fs::read(directory.path().join("train-images-idx3-ubyte")).unwrap();
        assert_eq!(images[..16], [0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 28, 0, 0, 0, 28]);
        assert_eq!(&images[16..], datasets[0].train.pixels.bytes().unwrap());
    }
}
