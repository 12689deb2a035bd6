//! Images with their labels in memory, and the two splits of a data set.

use super::{Bytes, ImageView};
use crate::kernels::PixelSlice;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The shape of every image of a set.
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
    /// The shape of gray images.
    pub const fn gray(rows: usize, columns: usize) -> Self {
        Self { channels: 1, rows, columns }
    }

    /// Number of pixels of one image in all channels. It saturates, because a header may state any
    /// sizes.
    pub const fn pixels(self) -> usize {
        self.channels.saturating_mul(self.rows).saturating_mul(self.columns)
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

/// Maximum number of channels of images from files.
pub const MAX_CHANNELS: usize = 4;

/// The class of an image.
pub type Label = u16;

/// The pixels of a set, owned or shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// 0 (background) to 255, which stand for 0 to 1.
    Bytes(Bytes),
    /// Finite numbers, used as they are.
    Numbers(Vec<f32>),
}

impl Pixels {
    /// All of them, borrowed.
    pub fn as_slice(&self) -> PixelSlice<'_> {
        match self {
            Self::Bytes(bytes) => PixelSlice::Bytes(bytes),
            Self::Numbers(numbers) => PixelSlice::Numbers(numbers),
        }
    }

    /// The bytes, unless they are numbers.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.as_slice().bytes()
    }

    /// Number of pixels.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// Memory that they take, in bytes, shared or not.
    pub fn memory(&self) -> usize {
        self.len() * self.bytes_per_pixel()
    }

    /// Memory of one of them, in bytes.
    pub fn bytes_per_pixel(&self) -> usize {
        match self {
            Self::Bytes(_) => size_of::<u8>(),
            Self::Numbers(_) => size_of::<f32>(),
        }
    }

    /// Whether all processes of a machine share them.
    pub fn are_shared(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.are_shared())
    }

    /// The smallest and the largest pixel as networks read them. For bytes this is [0, 1] without
    /// examining them.
    pub fn range(&self) -> (f32, f32) {
        match self {
            Self::Bytes(_) => (0.0, 1.0),
            Self::Numbers(numbers) => {
                numbers.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| {
                    (low.min(x), high.max(x))
                })
            }
        }
    }
}

impl Pixels {
    /// The root mean square of numbers; 0 if there are none. `None` for bytes.
    pub fn root_mean_square(&self) -> Option<f64> {
        let Self::Numbers(numbers) = self else { return None };
        let squares: f64 = numbers.iter().map(|&x| f64::from(x).powi(2)).sum();
        Some((squares / numbers.len().max(1) as f64).sqrt())
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Vec<f32>> for Pixels {
    fn from(numbers: Vec<f32>) -> Self {
        Self::Numbers(numbers)
    }
}

/// Labeled images of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// `(n, channels, rows, columns)`, row-major.
    pub pixels: Pixels,
    /// `(n,)` class of each image, `0..classes`.
    pub labels: Vec<Label>,
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
        ImageView::new(self.pixels.as_slice(), &self.labels, self.shape.pixels())
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
