//! Labeled images, from files or drawn by the program.
//!
//! A [`DataFormat`] is one way to get them; [`FORMATS`] lists all. Pixels stay 8-bit integers in
//! memory (MNIST takes 55 MB), those of uncompressed files once for all ranks of a machine, and
//! become floating-point numbers block by block: [`Images::view`] → [`ImageView::blocks`] →
//! [`ImageView::scaled`].
//!
//! # A new format
//! Touches one new file and its line in [`FORMATS`] (beside the `mod` line that every file has).
//! The file implements [`DataFormat`]: the word after `kind =`, the keys of `[dataset]` with their
//! ranges and defaults, a paragraph for the reference, the files that it reads, and how it loads
//! them. The file `example_format.rs`, which only the tests build, is an example, and proves it.
//!
//! # Limits
//! Labels are one byte, so there are up to [`MAX_CLASSES`] classes. All images of a set have one
//! shape.

use sha2::{Digest, Sha256};
use thiserror::Error;

mod bytes;
pub mod digits;
#[cfg(test)]
mod example_format;
mod format;
pub mod idx;
mod images;
pub mod mnist;
mod view;

pub use bytes::Bytes;
pub use format::{ChosenFormat, DataFormat, FORMATS, Outline, place_key};
pub use images::{ImageShape, Images, Split};
pub use view::ImageView;

/// Labels are one byte.
pub const MAX_CLASSES: usize = 1 + u8::MAX as usize;

/// Everything that is wrong with a data set, one problem a line: the file, what was expected, what
/// was found, the remedy.
#[derive(Debug, Error)]
#[error("{}", .problems.join("\n"))]
pub struct DatasetError {
    /// In the order of the files; never empty.
    pub problems: Vec<String>,
}

/// A training set and a test set of images of the same shape.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Where it comes from, in words: `"idx data/mnist"`, `"digits seed 7"`.
    pub name: String,
    /// SHA-256, hexadecimal, of the sizes, pixels and labels in use.
    pub checksum: String,
    /// The well-known data set that its images are from, by their content: `Some("MNIST")`.
    pub known_as: Option<&'static str>,
    /// Number of classes, above every label.
    pub classes: usize,
    /// Images to train on.
    pub train: Images,
    /// Images held out; they also choose ω^test.
    pub test: Images,
}

impl Dataset {
    /// Joins the two sets under a name and computes their checksum: SHA-256 over, for the training
    /// set and then the test set, the number of images, rows and columns (64-bit little-endian), of
    /// more than one channel their number too, the pixels, the labels. The name is not part of it,
    /// so the same images give the same checksum wherever they lie, compressed or not.
    ///
    /// # Panics
    /// If the two sets differ in the shape of their images, if one has not the pixels of one image
    /// per label, or if a label is not below `classes`.
    pub fn new(name: String, classes: usize, train: Images, test: Images) -> Self {
        assert_eq!(train.shape, test.shape, "shapes of the training and the test images");
        let mut hash = Sha256::new();
        for images in [&train, &test] {
            let ImageShape { channels, rows, columns } = images.shape;
            assert_eq!(
                images.pixels.len(),
                images.len() * images.shape.pixels(),
                "pixels of {} images",
                images.len()
            );
            let known = |&label: &u8| usize::from(label) < classes;
            assert!(images.labels.iter().all(known), "labels below {classes}");
            for size in [images.len(), rows, columns] {
                hash.update((size as u64).to_le_bytes());
            }
            // Left out for gray images, whose checksums are older than channels.
            if channels != 1 {
                hash.update((channels as u64).to_le_bytes());
            }
            hash.update(&*images.pixels);
            hash.update(&images.labels);
        }
        let known_as = mnist::recognizes(classes, &train, &test).then_some("MNIST");
        let checksum = format!("{:x}", hash.finalize());
        Self { name, checksum, known_as, classes, train, test }
    }

    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.train.shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(pixels: &[u8], labels: &[u8], rows: usize) -> Images {
        let columns = pixels.len() / labels.len() / rows;
        Images {
            pixels: pixels.to_vec().into(),
            labels: labels.to_vec(),
            shape: ImageShape::gray(rows, columns),
        }
    }

    fn checksum(train: &Images, test: &Images) -> String {
        Dataset::new(String::new(), 10, train.clone(), test.clone()).checksum
    }

    #[test]
    fn checksum_is_the_documented_one() {
        let (train, test) = (images(&[1, 2, 3, 4], &[7, 9], 1), images(&[5, 6], &[0], 1));
        // By another program from the description alone, Python's hashlib and struct: sha256(
        // pack("<3Q", 2, 1, 2) + bytes([1, 2, 3, 4, 7, 9]) + pack("<3Q", 1, 1, 2) + bytes([5, 6,
        // 0])).
        assert_eq!(
            checksum(&train, &test),
            "01ea887070d58d575e014309ca5441cf8f37435711c099b838a5f7116933ce5a"
        );
    }

    #[test]
    fn checksum_sees_every_part_and_not_the_name() {
        let (train, test) = (images(&[1, 2, 3, 4], &[7, 9], 1), images(&[5, 6], &[0], 1));
        let original = checksum(&train, &test);
        assert_eq!(
            Dataset::new("elsewhere".into(), 26, train.clone(), test.clone()).checksum,
            original
        );
        let shaped = |shape: ImageShape| move |images: &Images| Images { shape, ..images.clone() };
        let tall = shaped(ImageShape::gray(2, 1));
        let deep = shaped(ImageShape { channels: 2, rows: 1, columns: 1 });
        let changed = [
            checksum(&images(&[1, 2, 3, 5], &[7, 9], 1), &test),
            checksum(&images(&[1, 2, 3, 4], &[7, 8], 1), &test),
            checksum(&train, &images(&[5, 6], &[1], 1)),
            checksum(&tall(&train), &tall(&test)),
            checksum(&deep(&train), &deep(&test)),
            checksum(&test, &train),
        ];
        assert!(changed.iter().all(|other| *other != original));
    }
}
