//! Labeled images, from files or drawn by the program.
//!
//! A [`DataFormat`] is one source of images; [`FORMATS`] lists all. [`Pixels`] are bytes or
//! single-precision numbers, as the files have them. Bytes stay bytes in memory (MNIST takes 55
//! MB), and uncompressed files are in memory once for all ranks of a machine. They become numbers
//! from 0 to 1 block by block: [`Images::view`] → [`ImageView::blocks`] → [`ImageView::scaled`].
//! Numbers are used as they are.
//!
//! # A new format
//! A format needs one new file and its line in [`FORMATS`] (besides the `mod` line that every file
//! has). The file implements [`DataFormat`]: the word after `kind =`, the keys of `[dataset]` with
//! their ranges and defaults, a paragraph for the reference, the files that it reads, and how it
//! loads them. The file `example_format.rs`, which only the tests build, is an example.
//!
//! # Limits
//! There are up to [`MAX_CLASSES`] classes. All images of a set have one shape, with up to
//! [`MAX_CHANNELS`] channels if they come from files.

use thiserror::Error;

mod array;
mod assemble;
mod bytes;
mod checksum;
mod classes;
pub mod digits;
#[cfg(test)]
mod example_format;
mod format;
mod identify;
pub mod idx;
mod images;
pub mod mnist;
pub mod npy;
mod problem;
mod view;
pub mod write;

pub use array::ChannelOrder;
pub use assemble::WantedImages;
pub use bytes::Bytes;
pub use classes::{Classes, MAX_CLASSES};
pub use format::{ChosenFormat, DataFormat, FORMATS, Outline, check_place, place_key};
pub use images::{ImageShape, Images, Label, MAX_CHANNELS, Pixels, Split};
pub use view::{GatheredImages, ImageView};

/// All problems of a data set, one a line: the file, what was expected, what was found, the remedy.
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
    /// The label of the first class in the files: 1 if letters are labeled 1 to 26.
    pub first_label: i64,
    /// The files that it was read from, or the arrays in them: training images and labels, test
    /// images and labels. Empty for images that the program draws.
    pub sources: Vec<String>,
    /// Images to train on.
    pub train: Images,
    /// Images held out; they also choose ω^test.
    pub test: Images,
}

impl Dataset {
    /// Joins the two sets under a name and computes their checksum. Neither the name
    /// nor the number of classes is part of it.
    ///
    /// # Panics
    /// If the two sets differ in the shape or in the kind of pixels of their images, if one has not
    /// the pixels of one image per label, or if a label is not below the number of classes.
    pub fn new(name: String, classes: impl Into<Classes>, train: Images, test: Images) -> Self {
        let Classes { count: classes, first_label } = classes.into();
        assert_eq!(train.shape, test.shape, "shapes of the training and the test images");
        let kinds = [&train, &test].map(|images| images.pixels.bytes_per_pixel());
        assert_eq!(kinds[0], kinds[1], "bytes of a training and of a test pixel");
        for images in [&train, &test] {
            let pixels = images.len() * images.shape.pixels();
            assert_eq!(images.pixels.len(), pixels, "pixels of {} images", images.len());
            let known = |&label: &Label| usize::from(label) < classes;
            assert!(images.labels.iter().all(known), "labels below {classes}");
        }
        let checksum = checksum::of(first_label, [&train, &test]);
        let known_as = mnist::recognizes(classes, &train, &test).then_some("MNIST");
        Self { name, checksum, known_as, classes, first_label, sources: Vec::new(), train, test }
    }

    /// The same, read from these files.
    #[must_use]
    pub fn with_sources(self, sources: impl IntoIterator<Item = String>) -> Self {
        Self { sources: sources.into_iter().collect(), ..self }
    }

    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.train.shape
    }
}
