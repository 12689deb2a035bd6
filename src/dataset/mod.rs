//! Labeled images: read from IDX files, or drawn by the program.

/// Labeled gray images of one size, 8 bits a pixel, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// `(n, rows · columns)` pixels, 0 (background) to 255.
    pub pixels: Vec<u8>,
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
    /// Number of classes (10).
    pub classes: usize,
    /// Images to train on.
    pub train: Images,
    /// Images held out; they also choose ω^test.
    pub test: Images,
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
}
