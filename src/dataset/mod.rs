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

/// TEMP
#[derive(Clone, Copy, Debug)]
pub struct ImageView<'a> {
    /// p
    pub pixels: &'a [u8],
    /// l
    pub labels: &'a [u8],
    /// n
    pub pixels_per_image: usize,
}
impl<'a> ImageView<'a> {
    /// .
    pub fn len(&self) -> usize { self.labels.len() }
    /// .
    pub fn is_empty(&self) -> bool { self.labels.is_empty() }
    /// .
    pub fn one(&self, i: usize) -> ImageView<'a> { ImageView { pixels: &self.pixels[i*self.pixels_per_image..(i+1)*self.pixels_per_image], labels: &self.labels[i..=i], pixels_per_image: self.pixels_per_image } }
    /// .
    pub fn blocks(&self, size: usize) -> impl Iterator<Item = ImageView<'a>> + use<'a> { let p = self.pixels_per_image; self.pixels.chunks(size*p).zip(self.labels.chunks(size)).map(move |(pixels, labels)| ImageView { pixels, labels, pixels_per_image: p }) }
    /// .
    pub fn scaled<A: crate::real::Real>(&self, into: &mut ndarray::ArrayViewMut2<A>) { for (a, &p) in into.iter_mut().zip(self.pixels) { *a = A::of(f64::from(p) / 255.0) } }
}
