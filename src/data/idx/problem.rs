//! What can be wrong with the four files.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// One thing that is wrong: the file, what was expected, what was found, the remedy.
#[derive(Debug, Error)]
pub(super) enum FileProblem {
    /// The folder does not exist, or is no folder.
    #[error("{}: no such folder{}; {}", directory.display(), base(directory), remedy(directory))]
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
        /// `dataset.dir`.
        directory: PathBuf,
        /// Their names without `.gz`.
        files: Vec<&'static str>,
    },
    /// The operating system refuses.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The decompressor gives up, or the checksum of the decompressed bytes is wrong.
    #[error("{}: damaged gzip file ({source}); fetch it again", path.display())]
    DamagedGzip {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another format, or labels where images should be.
    #[error(
        "{}: starts with {found:#010x}, but {content} in IDX format start with {expected:#010x}; \
         is this the right file?",
        path.display()
    )]
    Magic {
        /// The file.
        path: PathBuf,
        /// "images" or "labels".
        content: &'static str,
        /// First four bytes, big-endian.
        expected: u32,
        /// First four bytes, big-endian.
        found: u32,
    },
    /// Truncated or over-long.
    #[error(
        "{}: {found} bytes{}, but {claim} {expected}; fetch it again",
        path.display(), if *decompressed { " decompressed" } else { "" }
    )]
    Length {
        /// The file.
        path: PathBuf,
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
    #[error(
        "{}: holds {count} images of {rows}×{columns} pixels: nothing to learn from",
        path.display()
    )]
    Empty {
        /// The file of images.
        path: PathBuf,
        /// Number of images.
        count: u32,
        /// Height.
        rows: u32,
        /// Width.
        columns: u32,
    },
    /// Not one label per image.
    #[error(
        "{}: {images} images, but {} holds {labels} labels; the two files do not belong together",
        images_path.display(), labels_path.display()
    )]
    Counts {
        /// The file of images.
        images_path: PathBuf,
        /// Number of images.
        images: u32,
        /// The file of labels.
        labels_path: PathBuf,
        /// Number of labels.
        labels: u32,
    },
    /// Training and test images differ in size.
    #[error(
        "{}: images of {}×{} pixels, but {} holds images of {}×{}; the files do not belong \
         together",
        train_path.display(), train.0, train.1, test_path.display(), test.0, test.1
    )]
    Sizes {
        /// The file of training images.
        train_path: PathBuf,
        /// Rows and columns.
        train: (u32, u32),
        /// The file of test images.
        test_path: PathBuf,
        /// Rows and columns.
        test: (u32, u32),
    },
    /// A label that names no class.
    #[error(
        "{}: label {label} at image {image}, counted from 0, but dataset.classes = {classes} are 0 \
         to {}; the largest label is {largest}: set dataset.classes to {} at least, or leave it \
         out",
        path.display(), classes - 1, usize::from(*largest) + 1
    )]
    Label {
        /// The file of labels.
        path: PathBuf,
        /// The first image with such a label.
        image: usize,
        /// Its label.
        label: u8,
        /// `dataset.classes`.
        classes: usize,
        /// The largest label of the file.
        largest: u8,
    },
    /// More images asked for than there are.
    #[error(
        "{key} = {asked}, but {} holds {held}; ask for {held} at most, or leave {key} out to use \
         all",
        path.display()
    )]
    TooMany {
        /// `dataset.train` or `dataset.test`.
        key: &'static str,
        /// Its value.
        asked: usize,
        /// The file of images.
        path: PathBuf,
        /// Images in the file.
        held: u32,
    },
    /// No image asked for: no loss could be averaged.
    #[error("{key} = 0: at least one image is needed; leave {key} out to use all")]
    NoneAsked {
        /// `dataset.train` or `dataset.test`.
        key: &'static str,
    },
}

/// Where a path starts, if that is not part of it.
fn base(directory: &Path) -> &'static str {
    if directory.is_relative() {
        " in the working directory, where relative paths start"
    } else {
        ""
    }
}

/// What to do when files are missing.
fn remedy(directory: &Path) -> String {
    format!(
        "`make mnist` fetches MNIST into data/mnist; or put the four IDX files into {} \
         (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, \
         t10k-labels-idx1-ubyte, each plain or with .gz), or set dataset.dir",
        directory.display()
    )
}
