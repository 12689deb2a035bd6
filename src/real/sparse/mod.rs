//! Products with images, most of whose pixels are black.
//!
//! Four in five pixels of a handwritten digit are 0. A product that goes by the others takes half of the time or less
//! of one that goes by all, at the sizes of a first layer: a pixel that counts costs more than one in a product of
//! dense matrices, which holds more sums in registers for each number it reads.

mod kernel;
mod lists;
#[cfg(test)]
mod tests;

use super::Real;
use kernel::gather;
use lists::Lists;
use ndarray::{ArrayView2, ArrayViewMut2};

/// One pixel in so many may count for it to be worthwhile.
const ONE_IN: usize = 3;

/// X, `(images, pixels)`, as lists of the gray values that are not 0: of each image, and of each pixel.
///
/// What would be multiplied by a black pixel is passed over, also where it is infinite or not a number.
pub struct Sparse<A> {
    by_images: Lists<A>,
    by_pixels: Lists<A>,
}

impl<A: Real> Default for Sparse<A> {
    fn default() -> Self {
        Self { by_images: Lists::default(), by_pixels: Lists::default() }
    }
}

impl<A: Real> Sparse<A> {
    /// Whether products with images of these pixels are better done this way.
    pub fn suits(pixels: &[u8]) -> bool {
        // Counts of up to 255 in a byte: the compiler then counts 64 pixels at a time.
        let count = |pixels: &[u8]| usize::from(pixels.iter().map(|&pixel| u8::from(pixel != 0)).sum::<u8>());
        ONE_IN * pixels.chunks(255).map(count).sum::<usize>() <= pixels.len()
    }

    /// Takes over images of so many pixels each, one after the other; with `backward` for [`Self::add_outer_product`] too.
    ///
    /// # Panics
    /// If an image has no pixels.
    pub fn read(&mut self, pixels: &[u8], pixels_per_image: usize, backward: bool) {
        self.by_images.read(pixels, pixels_per_image);
        self.by_pixels.clear();
        if backward {
            self.by_images.transpose(&mut self.by_pixels);
        }
    }

    /// Whether it was read for [`Self::add_outer_product`].
    pub fn has_backward(&self) -> bool {
        self.by_pixels.rows() > 0
    }

    /// C ← A Xᵀ, for A `(width, pixels)` and C `(width, images)`; `sums` is room that grows.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of C follow each other in memory.
    pub fn product(&self, a: ArrayView2<A>, c: ArrayViewMut2<A>, sums: &mut Vec<A>) {
        gather(&self.by_images, a, c, false, sums);
    }

    /// C ← C + A Xᵀ.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_product(&self, a: ArrayView2<A>, c: ArrayViewMut2<A>, sums: &mut Vec<A>) {
        gather(&self.by_images, a, c, true, sums);
    }

    /// C ← C + A X, the sum of the outer products of columns of A and images, for A `(width, images)` and C `(width, pixels)`; `sums` is room that grows.
    ///
    /// # Panics
    /// As [`Self::product`], or if what was read was not read for it.
    pub fn add_outer_product(&self, a: ArrayView2<A>, c: ArrayViewMut2<A>, sums: &mut Vec<A>) {
        gather(&self.by_pixels, a, c, true, sums);
    }
}
