//! The problems of files of images.

use super::ImageShape;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// One problem on one line: the file, what was expected, what was found, the remedy.
#[derive(Debug, Error)]
pub(super) enum FileProblem {
    /// The folder does not exist, or is no folder.
    #[error("{}: {}; {}", directory.display(), no_folder(directory), remedy(directory))]
    NoDirectory {
        /// `dataset.dir`.
        directory: PathBuf,
    },
    /// Some of the four files do not exist.
    #[error(
        "{}: no {} (nor with .gz); {}",
        directory.display(), files.join(", "), remedy(directory)
    )]
    Missing {
        /// Where they should be.
        directory: PathBuf,
        /// Their names without `.gz`.
        files: Vec<String>,
    },
    /// Several candidates, with the key that chooses; or none, with what exists instead.
    #[error("{place}: {problem}")]
    Place {
        /// The file or folder.
        place: String,
        /// The rest of the sentence.
        problem: String,
    },
    /// The operating system refuses to read the file.
    #[error("{place}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The decompressor fails, or the checksum of the decompressed bytes is wrong.
    #[error("{place}: damaged {container} file ({source}); fetch it again")]
    Damaged {
        /// The file.
        place: String,
        /// "gzip" or "zip".
        container: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Truncated or over-long.
    #[error(
        "{place}: {found} bytes{}, but {claim} {expected}; fetch it again",
        if *decompressed { " decompressed" } else { "" }
    )]
    Length {
        /// The file.
        place: String,
        /// Whether the lengths are those of the decompressed bytes.
        decompressed: bool,
        /// What determines the expected length, and the verb.
        claim: String,
        /// Bytes.
        expected: u128,
        /// Bytes.
        found: u64,
    },
    /// Zero images, or images of zero pixels.
    #[error("{place}: has {count} images of {shape} pixels, so there is no data")]
    Empty {
        /// The file of images.
        place: String,
        /// Number of images.
        count: usize,
        /// Their shape.
        shape: ImageShape,
    },
    /// A pixel that is not finite.
    #[error("{place}: a pixel of image {image} (from 0) is {what}; pixels must be finite numbers")]
    NotFinite {
        /// The file of images.
        place: String,
        /// The first image with one.
        image: usize,
        /// "NaN" or "too large for single precision".
        what: &'static str,
    },
    /// Not one label per image.
    #[error(
        "{images_place}: {images} images, but {labels_place} holds {labels} labels; the two files \
         do not belong together"
    )]
    Counts {
        /// The file of images.
        images_place: String,
        /// Number of images.
        images: usize,
        /// The file of labels.
        labels_place: String,
        /// Number of labels.
        labels: usize,
    },
    /// Training and test images differ in size.
    #[error(
        "{train_place}: images of {train} pixels, but {test_place} holds images of {test}; the \
         files do not belong together"
    )]
    Shapes {
        /// The file of training images.
        train_place: String,
        /// Their shape.
        train: ImageShape,
        /// The file of test images.
        test_place: String,
        /// Their shape.
        test: ImageShape,
    },
    /// Bytes in one file, numbers in the other.
    #[error(
        "{bytes_place}: images of bytes, but {numbers_place} holds images of floating-point \
         numbers; store both the same way"
    )]
    Kinds {
        /// The file of bytes.
        bytes_place: String,
        /// The other file.
        numbers_place: String,
    },
    /// A label that belongs to no class.
    #[error(
        "{place}: label {label} at image {image}, counted from 0, but dataset.classes = {classes} \
         are {}; the labels are {smallest} to {largest}: set dataset.classes to {} at least, or \
         leave it out",
        match classes - 1 { 0 => "label 0 alone".to_owned(), last => format!("0 to {last}") },
        largest.abs_diff(*smallest).saturating_add(1)
    )]
    Label {
        /// The file of labels.
        place: String,
        /// The first image with such a label.
        image: usize,
        /// Its label.
        label: i64,
        /// `dataset.classes`.
        classes: usize,
        /// Over all labels.
        smallest: i64,
        /// Over all labels.
        largest: i64,
    },
    /// More images requested than available.
    #[error(
        "{key} = {asked}, but {place} has {held}; set at most {held}, or remove {key} to use all"
    )]
    TooMany {
        /// `dataset.train` or `dataset.test`.
        key: &'static str,
        /// Its value.
        asked: usize,
        /// The file of images.
        place: String,
        /// Images in the file.
        held: usize,
    },
    /// No image requested, so that no mean loss exists.
    #[error("{key} = 0: at least one image is needed; remove {key} to use all")]
    NoneAsked {
        /// `dataset.train` or `dataset.test`.
        key: &'static str,
    },
}

impl FileProblem {
    /// A sentence about a file or a folder.
    pub(super) fn at(place: &Path, problem: impl Into<String>) -> Self {
        Self::Place { place: place.display().to_string(), problem: problem.into() }
    }
}

/// A note on where a relative path starts.
pub(super) fn base(directory: &Path) -> &'static str {
    if directory.is_relative() {
        " in the working directory, where relative paths start"
    } else {
        ""
    }
}

/// What is there in place of a folder.
fn no_folder(directory: &Path) -> String {
    if !directory.exists() {
        return format!("no such folder{}", base(directory));
    }
    let extension = directory.extension().and_then(|extension| extension.to_str());
    if extension.is_some_and(|name| ["npz", "npy"].contains(&name)) {
        "a file, not a folder; NumPy arrays need dataset.kind = \"npy\" and dataset.path".to_owned()
    } else {
        "a file, not a folder".to_owned()
    }
}

/// The remedy for missing files.
fn remedy(directory: &Path) -> String {
    format!(
        "`make mnist` fetches MNIST into data/mnist; or put the four IDX files into {} \
         (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, \
         t10k-labels-idx1-ubyte, each plain or with .gz), or set dataset.dir",
        directory.display()
    )
}
