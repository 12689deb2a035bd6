//! Images with their labels, as they lie in memory, and the two sets that there are.

use super::{Bytes, ImageView};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What every image of a set is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// 1 for gray images, 3 for red, green and blue.
    pub channels: usize,
    /// Height in pixels.
    pub rows: usize,
    /// Width in pixels.
    pub columns: usize,
}

impl ImageShape {
    /// Of gray images.
    pub const fn gray(rows: usize, columns: usize) -> Self {
        Self { channels: 1, rows, columns }
    }

    /// Numbers of one image: those of all channels.
    pub const fn pixels(self) -> usize {
        self.channels * self.rows * self.columns
    }
}

/// `28×28`, or with its channels in front, `3×32×32`.
impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, rows, columns } = self;
        if *channels != 1 {
            write!(f, "{channels}×")?;
        }
        write!(f, "{rows}×{columns}")
    }
}

/// Labeled images of one shape, 8 bits a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// `(n, channels, rows, columns)`, row-major, 0 (background) to 255.
    pub pixels: Bytes,
    /// `(n,)` class of each image, `0..classes`.
    pub labels: Vec<u8>,
    /// The shape of every image.
    pub shape: ImageShape,
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

    /// All images, borrowed.
    ///
    /// # Panics
    /// If the pixels are not those of one image per label.
    pub fn view(&self) -> ImageView<'_> {
        ImageView::new(&self.pixels, &self.labels, self.shape.pixels())
    }
}

/// One half of a data set, or the snapshot that was best on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Split {
    /// The training images; ω^train.
    Train,
    /// The test images; ω^test.
    Test,
}

impl Split {
    /// `"train"` or `"test"`, as in file paths and keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
