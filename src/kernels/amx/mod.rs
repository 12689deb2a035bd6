//! Products with images on the tile registers of AMX-INT8 (Intel's server processors from Sapphire
//! Rapids on), in the precision of `f32`.
//!
//! Tiles multiply bytes and add to `i32`, thirty-two times as fast as AVX-512 does with `f32`. A
//! pixel, 0 to 255, is a byte. A row of A becomes integers of 24 bits times a power of two that
//! suits its largest number, each integer three digits of −128 to 127: Σ aₖ xₖ = 2ˢ (2¹⁶ Σ hₖ xₖ +
//! 2⁸ Σ mₖ xₖ + Σ lₖ xₖ). The sums of digits are exact in any order. A number is rounded by at most
//! about 2⁻²³ of the largest of its row. If large and small numbers of a row multiply the same
//! pixels, this is less than the rounding of the additions in an `f32` product. If the largest
//! multiply black pixels only, it is more (Ozaki, Ogita, Oishi and Rump, Error-free transformations
//! of matrix multiplication by using fast routines of matrix multiplication and its applications,
//! 2012; on such integers: Ootomo, Ozaki and Yokota, DGEMM on integer matrix multiplication unit,
//! 2024).
//!
//! With AMX, paths of FCP are 1.14 to 1.30 times as fast as without it on the same processor, its
//! steps of SGD 1.44 to 1.62 times, and steps of the autoencoder 1.19 times. If another program
//! shares the core, a product and the reading of its factors take three and a half times as long.

mod left;
mod machine;
mod right;
mod source;
#[cfg(test)]
mod tests;
mod transpose;
mod write;

use super::Real;
pub(super) use left::Left;
use machine::{BLOCK, DIGITS, Machine, Sums};
use ndarray::{ArrayView2, ArrayViewMut2};
use right::Right;
use source::Source;
use write::Rows;

/// Steps, of 64 products each, whose sum fits into 31 bits: 2¹⁶ · 128 · 255.
const STEPS: usize = 1024;

/// X, `(images, pixels)`, as AMX tiles.
///
/// If a row of the other factor contains NaN or ±∞, all results of that row are NaN, except in
/// blocks of images or pixels that are all black.
pub(super) struct AmxImages {
    machine: Machine,
    /// Xᵀ and X.
    forward: Right,
    backward: Right,
}

impl AmxImages {
    /// No images yet. `None` if the processor or the operating system has no AMX, or for `f64`.
    pub(super) fn of<A: Real>() -> Option<Self> {
        let machine = Machine::get().filter(|_| A::IS_SINGLE)?;
        Some(Self { machine, forward: Right::default(), backward: Right::default() })
    }

    /// Packs images of `pixels_per_image` pixels each, one after the other, for the named products.
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
        assert!(pixels.len().is_multiple_of(pixels_per_image), "whole images");
        let (numbers, images) = (pixels, pixels.len() / pixels_per_image);
        self.forward.clear();
        if forward {
            let (outer, inner) = (images, pixels_per_image);
            let source = Source { numbers, outer, inner, inner_contiguous: true };
            self.forward.pack(self.machine, source);
        }
        self.backward.clear();
        if backward {
            let (outer, inner) = (pixels_per_image, images);
            let source = Source { numbers, outer, inner, inner_contiguous: false };
            self.backward.pack(self.machine, source);
        }
    }

    /// Whether it was read for [`Self::product`].
    pub(super) fn has_forward(&self) -> bool {
        self.forward.outer() > 0
    }

    /// Whether it was read for [`Self::add_outer_product`].
    pub(super) fn has_backward(&self) -> bool {
        self.backward.outer() > 0
    }

    /// Packs some matrices, one below the other, as the left factor of products.
    ///
    /// # Panics
    /// If their numbers of columns differ, or neither rows nor columns are contiguous. Of several
    /// matrices the rows must be contiguous.
    pub(super) fn pack<A: Real>(&self, matrices: &[ArrayView2<A>], left: &mut Left) {
        pack(self.machine, matrices, left);
    }

    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)` and C `(width, images)`.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of C are contiguous.
    pub(super) fn product<A: Real>(&self, a: &Left, c: ArrayViewMut2<A>, added: bool) {
        self.multiply(a, &self.forward, c, added);
    }

    /// C ← C + A X for A `(width, images)` and C `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub(super) fn add_outer_product<A: Real>(&self, a: &Left, c: ArrayViewMut2<A>) {
        self.multiply(a, &self.backward, c, true);
    }

    fn multiply<A: Real>(&self, left: &Left, x: &Right, c: ArrayViewMut2<A>, added: bool) {
        let c = A::single_mut(c).expect(ONLY_SINGLE);
        let (shape, machine) = (c.dim(), self.machine);
        assert!(
            (shape.0, x.inner()) == left.shape() && shape.1 == x.outer(),
            "{:?} into {shape:?}",
            left.shape()
        );
        let by_rows = c.is_standard_layout();
        let numbers = if by_rows { c.into_slice() } else { c.reversed_axes().into_slice() };
        let numbers = numbers.expect("contiguous rows or columns");
        let width = if by_rows { shape.1 } else { shape.0 };
        let (running, mut sums) = (machine.begin(), [Sums([[0; BLOCK]; BLOCK]); DIGITS]);
        let mut into = Rows { numbers, width, added, block: [[0.0; BLOCK]; BLOCK] };
        // A block of columns stays in the first-level cache for all blocks of rows.
        for right in x.blocks() {
            for left in left.blocks() {
                into.added = added;
                let at =
                    if by_rows { [left.first, right.first] } else { [right.first, left.first] };
                if right.tiles.is_empty() && !added {
                    into.clear(at);
                }
                for (start, right) in
                    right.steps.clone().step_by(STEPS).zip(right.tiles.chunks(STEPS))
                {
                    for (digit, sums) in left.digits.iter().zip(&mut sums) {
                        running.multiply(&digit[start..start + right.len()], right, sums);
                    }
                    if by_rows {
                        into.write(machine, &sums, left.factors, at);
                    } else {
                        into.write_transposed(machine, &sums, left.factors, at);
                    }
                    into.added = true;
                }
            }
        }
    }
}

const ONLY_SINGLE: &str = "AMX tiles are made for `f32` alone";

fn pack<A: Real>(machine: Machine, matrices: &[ArrayView2<A>], left: &mut Left) {
    let matrices = || matrices.iter().map(|&matrix| A::single(matrix).expect(ONLY_SINGLE));
    let (outer, inner) =
        matrices().fold((0, 0), |(outer, _), matrix| (outer + matrix.nrows(), matrix.ncols()));
    assert!(matrices().all(|matrix| matrix.ncols() == inner), "matrices of one width");
    let mut by_columns = matrices().filter(|matrix| !matrix.is_standard_layout());
    if let Some(matrix) = by_columns.next() {
        let numbers = matrix.reversed_axes().to_slice().expect("contiguous rows or columns");
        assert_eq!(numbers.len(), outer * inner, "several matrices have contiguous rows");
        left.pack_columns(machine, Source { numbers, outer, inner, inner_contiguous: false });
    } else {
        let numbers = matrices().map(|matrix| matrix.to_slice().expect("contiguous rows"));
        left.pack_rows(
            machine,
            (outer, inner),
            numbers.flat_map(|numbers| numbers.chunks_exact(inner.max(1))),
        );
    }
}
