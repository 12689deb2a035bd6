//! Products with images, most of whose pixels are black.
//!
//! Four in five pixels of a handwritten digit are 0. At the sizes of a first layer, a product that
//! skips them takes half of the time of a dense one, or less. It is not five times as fast, because
//! a dense product keeps more sums in registers for each number that it reads.
//!
//! On processors with AVX-512 and VBMI2, without AMX, all products with images are sparse, because
//! these processors compress fast. Without VBMI2 and AMX, steps of SGD are dense: compressing takes
//! as long as it saves if images are used only once or twice.
//!
//! [`SparseImages`] is a block of images for a first layer, [`SparseRows`] what one step of a
//! recurrence reads of them.

mod column_blocks;
#[cfg_attr(not(target_arch = "x86_64"), path = "compress/none.rs")]
mod compress;
mod kernel;
mod panels;
mod rows;
#[cfg(test)]
mod tests;
mod words;

use super::{Buffer, Real};
use column_blocks::{BLOCK_COLUMNS, ColumnBlocks};
use compress::Compress;
use kernel::gather;
use ndarray::ArrayViewMut2;
pub(super) use panels::Panels;
pub(crate) use rows::SparseRows;

/// Sparse products are used if at most one pixel in this many is not 0.
const ONE_IN: usize = 3;

/// X, `(images, pixels)`: the gray values that are not 0, by images and by pixels.
///
/// Factors of black pixels are skipped, also NaN and ±∞.
pub(super) struct SparseImages<A> {
    by_images: ColumnBlocks<A>,
    by_pixels: ColumnBlocks<A>,
    transposed: Vec<[u8; BLOCK_COLUMNS]>,
}

impl<A: Real> Default for SparseImages<A> {
    fn default() -> Self {
        Self {
            by_images: ColumnBlocks::default(),
            by_pixels: ColumnBlocks::default(),
            transposed: Vec::new(),
        }
    }
}

/// Whether so few of these pixels are not 0 that sparse products are faster.
pub fn mostly_black(pixels: &[u8]) -> bool {
    // Counts of up to 255 in a byte: the compiler then counts 64 pixels at a time.
    let count =
        |pixels: &[u8]| usize::from(pixels.iter().map(|&pixel| u8::from(pixel != 0)).sum::<u8>());
    ONE_IN * pixels.chunks(255).map(count).sum::<usize>() <= pixels.len()
}

/// Whether compression is so fast that it pays after few products.
pub(super) fn compresses_fast() -> bool {
    Compress::get().is_some()
}

impl<A: Real> SparseImages<A> {
    /// Compresses images of `pixels_per_image` pixels each, one after the other, for the named products.
    ///
    /// # Panics
    /// If an image has no pixels, or the last image is incomplete.
    pub(super) fn read(
        &mut self,
        pixels: &[u8],
        pixels_per_image: usize,
        forward: bool,
        backward: bool,
    ) {
        self.read_with(Compress::get(), pixels, pixels_per_image, forward, backward);
    }

    fn read_with(
        &mut self,
        compress: Option<Compress>,
        pixels: &[u8],
        pixels_per_image: usize,
        forward: bool,
        backward: bool,
    ) {
        assert!(pixels.len().is_multiple_of(pixels_per_image), "whole images");
        self.by_images.clear();
        self.by_pixels.clear();
        if forward || (backward && compress.is_none()) {
            self.by_images.read(compress, pixels, pixels_per_image);
        }
        match compress {
            Some(compress) if backward => {
                let workspace = &mut self.transposed;
                self.by_pixels.read_transposed(compress, pixels, pixels_per_image, workspace);
            }
            None if backward => self.by_images.transpose(&mut self.by_pixels),
            _ => {}
        }
    }

    /// Whether it was read for [`Self::product`].
    pub(super) fn has_forward(&self) -> bool {
        self.by_images.rows() > 0
    }

    /// Whether it was read for [`Self::add_outer_product`].
    pub(super) fn has_backward(&self) -> bool {
        self.by_pixels.rows() > 0
    }

    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)` and C `(width, images)`;
    /// `sums` grows.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of C are contiguous.
    pub(super) fn product(
        &self,
        a: &Panels<A>,
        c: ArrayViewMut2<A>,
        added: bool,
        sums: &mut Buffer<A>,
    ) {
        gather(&self.by_images, a, c, added, sums);
    }

    /// C ← C + A X, the sum of the outer products of columns of A and images, for A `(width,
    /// images)` and C `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub(super) fn add_outer_product(
        &self,
        a: &Panels<A>,
        c: ArrayViewMut2<A>,
        sums: &mut Buffer<A>,
    ) {
        gather(&self.by_pixels, a, c, true, sums);
    }
}
