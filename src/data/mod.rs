//! Labeled images: read from IDX files ([`idx::load`]), or drawn by the program ([`digits::draw`]).
//!
//! Pixels stay 8-bit integers in memory (MNIST takes 55 MB), those of uncompressed files once for all
//! ranks of a machine, and become floating-point numbers block by block: [`Images::view`] →
//! [`ImageView::blocks`] → [`ImageView::scaled`].

use sha2::{Digest, Sha256};

mod bytes;
pub mod digits;
mod error;
pub mod idx;
mod labels;
pub mod mnist;
mod split;
mod view;

pub use bytes::Bytes;
pub use error::{DatasetError, Problem};
pub use labels::WrongLabels;
pub use split::Split;
pub use view::ImageView;

/// Number of classes of every data set here: the digits 0 to 9, or ten kinds of anything else.
pub const CLASSES: usize = 10;

/// Labeled gray images of one size, 8 bits a pixel, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// `(n, rows · columns)` pixels, 0 (background) to 255.
    pub pixels: Bytes,
    /// `(n,)` class of each image, `0..classes`.
    pub labels: Vec<u8>,
    /// Height of an image in pixels.
    pub rows: usize,
    /// Width of an image in pixels.
    pub columns: usize,
}

/// A training set and a test set of images of the same size.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Where it comes from, in words: `"idx data/mnist"`, `"digits seed 7"`.
    pub name: String,
    /// SHA-256, hexadecimal, of the sizes, pixels and labels in use.
    pub checksum: String,
    /// The well-known data set that its images are from, by their content: `Some("MNIST")`.
    pub known_as: Option<&'static str>,
    /// Number of classes (10).
    pub classes: usize,
    /// Images to train on.
    pub train: Images,
    /// Images held out; they also choose ω^test.
    pub test: Images,
}

impl Dataset {
    /// Joins the two sets under a name and computes their checksum: SHA-256 over, for the training
    /// set and then the test set, the number of images, rows and columns (64-bit little-endian),
    /// the pixels, the labels. The name is not part of it, so the same images give the same
    /// checksum wherever they lie, compressed or not.
    ///
    /// # Panics
    /// If the two sets differ in image size, or one has not `rows · columns` pixels per label.
    pub fn new(name: String, train: Images, test: Images) -> Self {
        assert_eq!(
            (train.rows, train.columns),
            (test.rows, test.columns),
            "image sizes of the training and the test set"
        );
        let mut hash = Sha256::new();
        for images in [&train, &test] {
            assert_eq!(
                images.pixels.len(),
                images.len() * images.pixels_per_image(),
                "pixels of {} images",
                images.len()
            );
            for size in [images.len(), images.rows, images.columns] {
                hash.update((size as u64).to_le_bytes());
            }
            hash.update(&*images.pixels);
            hash.update(&images.labels);
        }
        let known_as = mnist::recognizes(&train, &test).then_some("MNIST");
        Self {
            name,
            checksum: format!("{:x}", hash.finalize()),
            known_as,
            classes: CLASSES,
            train,
            test,
        }
    }
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of one image.
    pub fn pixels_per_image(&self) -> usize {
        self.rows * self.columns
    }

    /// All images, borrowed.
    ///
    /// # Panics
    /// If there are not `rows · columns` pixels per label.
    pub fn view(&self) -> ImageView<'_> {
        ImageView::new(&self.pixels, &self.labels, self.pixels_per_image())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(pixels: &[u8], labels: &[u8], rows: usize) -> Images {
        Images {
            pixels: pixels.to_vec().into(),
            labels: labels.to_vec(),
            rows,
            columns: pixels.len() / labels.len() / rows,
        }
    }

    fn checksum(train: &Images, test: &Images) -> String {
        Dataset::new(String::new(), train.clone(), test.clone()).checksum
    }

    #[test]
    fn checksum_is_the_documented_one() {
        let (train, test) = (images(&[1, 2, 3, 4], &[7, 9], 1), images(&[5, 6], &[0], 1));
        // By another program from the description alone, Python's hashlib and struct: sha256(
        // pack("<3Q", 2, 1, 2) + bytes([1, 2, 3, 4, 7, 9]) + pack("<3Q", 1, 1, 2) + bytes([5, 6, 0])).
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
            Dataset::new("elsewhere".into(), train.clone(), test.clone()).checksum,
            original
        );
        let tall = |images: &Images| Images {
            rows: images.columns,
            columns: images.rows,
            ..images.clone()
        };
        let changed = [
            checksum(&images(&[1, 2, 3, 5], &[7, 9], 1), &test),
            checksum(&images(&[1, 2, 3, 4], &[7, 8], 1), &test),
            checksum(&train, &images(&[5, 6], &[1], 1)),
            checksum(&tall(&train), &tall(&test)),
            checksum(&test, &train),
        ];
        assert!(changed.iter().all(|other| *other != original));
    }
}
