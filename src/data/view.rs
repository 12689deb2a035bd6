//! Borrowed images, the input of networks.

use super::Label;
use crate::kernels::{PixelSlice, Real};
use ndarray::ArrayViewMut2;
use std::ops::Range;

/// Some consecutive images of a set and their labels, borrowed: copying it copies no pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageView<'a> {
    pixels: PixelSlice<'a>,
    labels: &'a [Label],
    pixels_per_image: usize,
}

impl<'a> ImageView<'a> {
    /// `pixels`: `(n, pixels_per_image)`, row-major; `labels`: `(n,)`.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn new(
        pixels: impl Into<PixelSlice<'a>>,
        labels: &'a [Label],
        pixels_per_image: usize,
    ) -> Self {
        let pixels = pixels.into();
        assert_eq!(
            pixels.len(),
            labels.len() * pixels_per_image,
            "pixels of {} images",
            labels.len()
        );
        Self { pixels, labels, pixels_per_image }
    }

    /// Number of images n.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of one image.
    pub fn pixels_per_image(&self) -> usize {
        self.pixels_per_image
    }

    /// `(n, pixels_per_image)` pixels, row-major.
    pub fn pixels(&self) -> PixelSlice<'a> {
        self.pixels
    }

    /// `(n,)` classes.
    pub fn labels(&self) -> &'a [Label] {
        self.labels
    }

    /// The first `n` images, or all of them if there are fewer.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        self.range(0..n.min(self.len()))
    }

    /// Those of these numbers.
    ///
    /// # Panics
    /// If there are no such images.
    #[must_use]
    pub fn range(&self, images: Range<usize>) -> Self {
        let pixels = images.start * self.pixels_per_image..images.end * self.pixels_per_image;
        Self { pixels: self.pixels.range(pixels), labels: &self.labels[images], ..*self }
    }

    /// The images in order, in blocks of `size` (the last one may be smaller). A pass over all
    /// images is fast if a block fits into the cache together with its activations.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn blocks(&self, size: usize) -> impl ExactSizeIterator<Item = Self> + use<'a> {
        let (pixels, pixels_per_image) = (self.pixels, self.pixels_per_image);
        self.labels.chunks(size).enumerate().map(move |(block, labels)| {
            let start = block * size * pixels_per_image;
            Self {
                pixels: pixels.range(start..start + labels.len() * pixels_per_image),
                labels,
                pixels_per_image,
            }
        })
    }

    /// Writes the pixels `into` an `(n, pixels_per_image)` array, row-major: bytes divided by 255,
    /// numbers as they are; nothing else is normalized.
    ///
    /// # Panics
    /// If `into` has another shape or order.
    pub fn scaled<A: Real>(&self, into: &mut ArrayViewMut2<A>) {
        assert_eq!(into.dim(), (self.len(), self.pixels_per_image), "shape of the images");
        if let Some(values) = into.as_slice_mut() {
            self.pixels.write_to(values);
        } else {
            for (index, mut row) in into.outer_iter_mut().enumerate() {
                let pixels = self.range(index..index + 1).pixels;
                pixels.write_to(row.as_slice_mut().expect("a row is contiguous"));
            }
        }
    }
}

/// Copies of images that are not adjacent in a set. The buffer grows.
#[derive(Debug, Default)]
pub struct GatheredImages {
    bytes: Vec<u8>,
    numbers: Vec<f32>,
    labels: Vec<Label>,
}

impl GatheredImages {
    /// Copies the images of these indices, replacing former copies.
    ///
    /// # Panics
    /// If there are no such images.
    pub fn gather(
        &mut self,
        set: &ImageView<'_>,
        indices: impl Iterator<Item = usize>,
    ) -> ImageView<'_> {
        let Self { bytes, numbers, labels } = self;
        bytes.clear();
        numbers.clear();
        labels.clear();
        for image in indices.map(|index| set.range(index..index + 1)) {
            match image.pixels {
                PixelSlice::Bytes(pixels) => bytes.extend_from_slice(pixels),
                PixelSlice::Numbers(pixels) => numbers.extend_from_slice(pixels),
            }
            labels.extend_from_slice(image.labels);
        }
        let pixels = match set.pixels {
            PixelSlice::Bytes(_) => PixelSlice::Bytes(bytes),
            PixelSlice::Numbers(_) => PixelSlice::Numbers(numbers),
        };
        ImageView::new(pixels, labels, set.pixels_per_image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array, s};

    /// Seven images of three pixels; pixel j of image i is 10 i + j.
    fn seven() -> (Vec<u8>, Vec<Label>) {
        ((0..7).flat_map(|i| [10 * i, 10 * i + 1, 10 * i + 2]).collect(), (0..7).collect())
    }

    #[test]
    fn blocks_put_together_are_the_whole() {
        let (pixels, labels) = seven();
        let view = ImageView::new(&pixels, &labels, 3);
        for size in [1, 3, 7, 100] {
            let blocks: Vec<_> = view.blocks(size).collect();
            assert_eq!(blocks.len(), 7_usize.div_ceil(size));
            assert!(
                blocks.iter().rev().skip(1).all(|block| block.len() == size),
                "only the last may be smaller"
            );
            assert_eq!(
                blocks
                    .iter()
                    .filter_map(|block| block.pixels().bytes())
                    .collect::<Vec<_>>()
                    .concat(),
                pixels
            );
            assert_eq!(
                blocks.iter().flat_map(ImageView::labels).copied().collect::<Vec<_>>(),
                labels
            );
        }
    }

    #[test]
    fn first_is_a_prefix() {
        let (pixels, labels) = seven();
        let view = ImageView::new(&pixels, &labels, 3);
        assert_eq!(
            (view.first(2).pixels(), view.first(2).labels()),
            (PixelSlice::Bytes(&[0, 1, 2, 10, 11, 12]), &[0, 1][..])
        );
        assert_eq!(view.first(8), view);
        assert!(view.first(0).is_empty());
        assert_eq!(view.first(0).blocks(4).len(), 0);
    }

    #[test]
    fn numbers_are_used_as_they_are() {
        let numbers = [-0.5_f32, 1e-42, 3.0e38, 0.1, -0.0, 2.0];
        let view = ImageView::new(&numbers[..], &[300, 7], 3);
        let mut single = Array2::<f32>::zeros((2, 3));
        view.scaled(&mut single.view_mut());
        let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(single.as_slice().unwrap()), bits(&numbers));
        let mut double = Array2::<f64>::zeros((2, 4));
        view.scaled(&mut double.slice_mut(s![.., ..3]));
        assert_eq!(double.column(0), array![-0.5, f64::from(0.1_f32)]);
    }

    #[test]
    fn gathered_images_are_those_of_their_indices() {
        let (pixels, labels) = seven();
        let numbers: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        let mut gathered = GatheredImages::default();
        let bytes = ImageView::new(&pixels, &labels, 3);
        let numbers = ImageView::new(&numbers, &labels, 3);
        for indices in [&[6, 0, 0][..], &[2]] {
            for set in [bytes, numbers] {
                let images = gathered.gather(&set, indices.iter().copied());
                assert_eq!(images.len(), indices.len());
                for (position, &index) in indices.iter().enumerate() {
                    assert_eq!(images.range(position..position + 1), set.range(index..index + 1));
                }
            }
        }
    }

    /// Rational arithmetic decides which number is nearest to p/255: x is, exactly if
    /// |255 x − p| ≤ 255 · ulp/2; 255 x is exact in f64 for an f32, and a fused multiply-add gives
    /// the sign-exact remainder for an f64.
    #[test]
    fn scaled_values_are_the_nearest_to_a_255th() {
        let pixels: Vec<u8> = (0..=255).collect();
        let view = ImageView::new(&pixels, &[0], 256);
        let (mut single, mut double) =
            (Array2::<f32>::zeros((1, 256)), Array2::<f64>::zeros((1, 256)));
        view.scaled(&mut single.view_mut());
        view.scaled(&mut double.view_mut());
        for pixel in 0..=255_u8 {
            let (x, y, p) =
                (single[[0, pixel.into()]], double[[0, pixel.into()]], f64::from(pixel));
            let error = |x: f32| (255.0 * f64::from(x) - p).abs();
            assert!(
                error(x) <= error(x.next_up()) && error(x) <= error(x.next_down()),
                "{pixel}: {x}"
            );
            let error = |y: f64| y.mul_add(255.0, -p).abs();
            assert!(
                error(y) <= error(y.next_up()) && error(y) <= error(y.next_down()),
                "{pixel}: {y}"
            );
        }
    }

    #[test]
    fn scaled_fills_a_part_of_a_larger_array() {
        let (pixels, labels) = seven();
        let mut target = Array2::<f32>::from_elem((9, 5), -1.0);
        ImageView::new(&pixels, &labels, 3).scaled(&mut target.slice_mut(s![1..8, ..3]));
        assert_eq!(target[[1, 2]].to_bits(), (2.0_f32 / 255.0).to_bits());
        assert_eq!(target[[7, 0]].to_bits(), (60.0_f32 / 255.0).to_bits());
        assert_eq!(
            target.iter().filter(|&&value| value < 0.0).count(),
            9 * 5 - 7 * 3,
            "nothing else is touched"
        );
    }
}
