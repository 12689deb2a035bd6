//! Products with images, most of whose pixels are black.
//!
//! Four in five pixels of a handwritten digit are 0. A product that goes by the others takes half of the time or less
//! of one that goes by all, at the sizes of a first layer: a pixel that counts costs more than one in a product of
//! dense matrices, which holds more sums in registers for each number it reads.
//!
//! [`Sparse`] is a block of images for a first layer, [`SparseRows`] what one step of a recurrence reads of them.

#[cfg_attr(not(target_arch = "x86_64"), path = "compress/none.rs")]
mod compress;
mod kernel;
mod lists;
mod panels;
mod rows;
#[cfg(test)]
mod tests;
mod words;

use super::Real;
use compress::Compress;
use kernel::gather;
use lists::{Lists, STRETCH};
use ndarray::{ArrayView2, ArrayViewMut2};
use panels::Panels;
pub use rows::SparseRows;

/// One pixel in so many may count for it to be worthwhile.
const ONE_IN: usize = 3;

/// X, `(images, pixels)`, as lists of the gray values that are not 0: of each image, and of each pixel.
///
/// What would be multiplied by a black pixel is passed over, also where it is infinite or not a number.
pub struct Sparse<A> {
    by_images: Lists<A>,
    by_pixels: Lists<A>,
    turned: Vec<[u8; STRETCH]>,
}

impl<A: Real> Default for Sparse<A> {
    fn default() -> Self {
        Self { by_images: Lists::default(), by_pixels: Lists::default(), turned: Vec::new() }
    }
}

impl<A: Real> Sparse<A> {
    /// Whether products with images of these pixels are better done this way.
    pub fn suits(pixels: &[u8]) -> bool {
        // Counts of up to 255 in a byte: the compiler then counts 64 pixels at a time.
        let count = |pixels: &[u8]| {
            usize::from(pixels.iter().map(|&pixel| u8::from(pixel != 0)).sum::<u8>())
        };
        ONE_IN * pixels.chunks(255).map(count).sum::<usize>() <= pixels.len()
    }

    /// Whether lists are made so fast that few products pay for them.
    pub fn is_quick() -> bool {
        Compress::get().is_some()
    }

    /// Takes over images of so many pixels each, one after the other, for the products that are named.
    ///
    /// # Panics
    /// If an image has no pixels, or there is a part of one.
    pub fn read(&mut self, pixels: &[u8], pixels_per_image: usize, forward: bool, backward: bool) {
        self.read_with(Compress::get(), pixels, pixels_per_image, forward, backward);
    }

    fn read_with(
        &mut self,
        quick: Option<Compress>,
        pixels: &[u8],
        pixels_per_image: usize,
        forward: bool,
        backward: bool,
    ) {
        assert!(pixels.len().is_multiple_of(pixels_per_image), "whole images");
        self.by_images.clear();
        self.by_pixels.clear();
        if forward || (backward && quick.is_none()) {
            self.by_images.read(quick, pixels, pixels_per_image);
        }
        match quick {
            Some(quick) if backward => {
                self.by_pixels.read_turned(quick, pixels, pixels_per_image, &mut self.turned);
            }
            None if backward => self.by_images.transpose(&mut self.by_pixels),
            _ => {}
        }
    }

    /// Whether it was read for [`Self::product`].
    pub fn has_forward(&self) -> bool {
        self.by_images.rows() > 0
    }

    /// Whether it was read for [`Self::add_outer_product`].
    pub fn has_backward(&self) -> bool {
        self.by_pixels.rows() > 0
    }

    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)`, some matrices one below the other, and C
    /// `(width, images)`. In the evaluation of the same number A is what it was when `room` was last used;
    /// without a number it is always another.
    ///
    /// # Panics
    /// If the shapes do not agree, neither rows nor columns of a matrix follow each other in memory (those of several
    /// matrices have to be the rows), or what was read was not read for it.
    pub fn product(
        &self,
        a: &[ArrayView2<A>],
        c: ArrayViewMut2<A>,
        added: bool,
        evaluation: Option<u64>,
        room: &mut SparseRoom<A>,
    ) {
        if evaluation.is_none() || evaluation != room.evaluation {
            room.evaluation = None;
            room.panels.pack(a);
            room.evaluation = evaluation;
        }
        gather(&self.by_images, &room.panels, c, added, &mut room.sums);
    }

    /// C ← C + A X, the sum of the outer products of columns of A and images, for A `(width, images)` and C
    /// `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product(
        &self,
        a: ArrayView2<A>,
        c: ArrayViewMut2<A>,
        room: &mut SparseRoom<A>,
    ) {
        room.evaluation = None;
        room.panels.pack(&[a]);
        gather(&self.by_pixels, &room.panels, c, true, &mut room.sums);
    }
}

/// Room for the left factor of a product, and for sums; it grows.
#[derive(Default)]
pub struct SparseRoom<A> {
    panels: Panels<A>,
    /// Number of the evaluation they were filled for.
    evaluation: Option<u64>,
    sums: Vec<A>,
}
