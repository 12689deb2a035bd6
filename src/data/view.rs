//! Borrowed images, the form in which networks take them.

use crate::kernels::{Real, gray_all};
use ndarray::ArrayViewMut2;
use std::ops::Range;

/// Some consecutive images of a set and their labels, borrowed: copying it copies no pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageView<'a> {
    pixels: &'a [u8],
    labels: &'a [u8],
    pixels_per_image: usize,
}

impl<'a> ImageView<'a> {
    /// `pixels`: `(n, pixels_per_image)`, row-major; `labels`: `(n,)`.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn new(pixels: &'a [u8], labels: &'a [u8], pixels_per_image: usize) -> Self {
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

    /// `(n, pixels_per_image)` pixels, row-major, 0 to 255.
    pub fn pixels(&self) -> &'a [u8] {
        self.pixels
    }

    /// `(n,)` classes.
    pub fn labels(&self) -> &'a [u8] {
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
        Self { pixels: &self.pixels[pixels], labels: &self.labels[images], ..*self }
    }

    /// The images in order, in blocks of `size` (the last one may be smaller). A block that fits in
    /// the cache together with the activations it causes is what makes a pass over all images fast.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn blocks(&self, size: usize) -> impl ExactSizeIterator<Item = Self> + use<'a> {
        let (pixels, pixels_per_image) = (self.pixels, self.pixels_per_image);
        self.labels.chunks(size).enumerate().map(move |(block, labels)| {
            let start = block * size * pixels_per_image;
            Self {
                pixels: &pixels[start..start + labels.len() * pixels_per_image],
                labels,
                pixels_per_image,
            }
        })
    }

    /// Writes pixel/255 in [0, 1] `into` an `(n, pixels_per_image)` array, row-major; nothing else
    /// is normalized.
    ///
    /// # Panics
    /// If `into` has another shape or order.
    pub fn scaled<A: Real>(&self, into: &mut ArrayViewMut2<A>) {
        assert_eq!(into.dim(), (self.len(), self.pixels_per_image), "shape of the images");
        if let Some(values) = into.as_slice_mut() {
            gray_all(self.pixels, values);
        } else {
            for (mut row, pixels) in
                into.outer_iter_mut().zip(self.pixels.chunks_exact(self.pixels_per_image))
            {
                gray_all(pixels, row.as_slice_mut().expect("a row is contiguous"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    /// Seven images of three pixels; pixel j of image i is 10 i + j.
    fn seven() -> (Vec<u8>, Vec<u8>) {
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
                blocks.iter().flat_map(ImageView::pixels).copied().collect::<Vec<_>>(),
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
            (&[0, 1, 2, 10, 11, 12][..], &[0, 1][..])
        );
        assert_eq!(view.first(8), view);
        assert!(view.first(0).is_empty());
        assert_eq!(view.first(0).blocks(4).len(), 0);
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
