//! Products with images on the tile registers of a processor that has them (AMX-INT8 of Intel's server processors
//! from Sapphire Rapids on), in the precision of `f32`.
//!
//! Tiles multiply bytes and add to `i32`, thirty-two times as fast as AVX-512 does with `f32`. A pixel, 0 to 255, is a
//! byte. A row of A becomes integers of 24 bits times a power of two that suits its largest number, each integer
//! three digits of −128 to 127: Σ aₖ xₖ = 2ˢ (2¹⁶ Σ hₖ xₖ + 2⁸ Σ mₖ xₖ + Σ lₖ xₖ). The sums of digits are exact, in any
//! order; a number is rounded, by about 2⁻²³ of the largest of its row at most. As long as large and small ones of a row
//! meet the same pixels, that is less than what the additions of an `f32` product leave; where the largest meet black
//! ones, it is more (Ozaki, Ogita, Oishi and Rump, Error-free transformations of matrix
//! multiplication by using fast routines of matrix multiplication and its applications, 2012; on such integers:
//! Ootomo, Ozaki and Yokota, DGEMM on integer matrix multiplication unit, 2024).

mod left;
mod machine;
mod right;
mod source;
#[cfg(test)]
mod tests;
mod turn;
mod write;

use super::Real;
use left::Left;
use machine::{BLOCK, DIGITS, Machine, Sums};
use ndarray::{ArrayView2, ArrayViewMut2};
use right::Right;
use source::Source;
use write::Rows;

/// Steps, of 64 products each, whose sum fits into 31 bits: 2¹⁶ · 128 · 255.
const STEPS: usize = 1024;

/// X, `(images, pixels)`, as tiles.
///
/// Where a row of the other factor has a number that is infinite or not one, no result of that row is a number, but
/// those of blocks of images or pixels that are all black.
pub struct Tiled {
    machine: Machine,
    /// Xᵀ and X.
    forward: Right,
    backward: Right,
}

/// Room for the left factor of a product.
#[derive(Default)]
pub struct LeftRoom {
    left: Left,
    /// Number of the evaluation it was filled for.
    evaluation: Option<u64>,
}

impl Tiled {
    /// No images yet; nothing where the processor or the operating system has no tiles, or for `f64`.
    pub fn of<A: Real>() -> Option<Self> {
        let machine = Machine::get().filter(|_| A::IS_SINGLE)?;
        Some(Self { machine, forward: Right::default(), backward: Right::default() })
    }

    /// Takes over images of so many pixels each, one after the other, for the products that are named.
    ///
    /// # Panics
    /// If an image has no pixels, or there is a part of one.
    pub fn read(&mut self, pixels: &[u8], pixels_per_image: usize, forward: bool, backward: bool) {
        assert!(pixels.len().is_multiple_of(pixels_per_image), "whole images");
        let (numbers, images) = (pixels, pixels.len() / pixels_per_image);
        self.forward.clear();
        if forward {
            let source = Source { numbers, outer: images, inner: pixels_per_image, along: true };
            self.forward.pack(self.machine, source);
        }
        self.backward.clear();
        if backward {
            let source = Source { numbers, outer: pixels_per_image, inner: images, along: false };
            self.backward.pack(self.machine, source);
        }
    }

    /// Whether it was read for [`Self::product`].
    pub fn has_forward(&self) -> bool {
        self.forward.outer() > 0
    }

    /// Whether it was read for [`Self::add_outer_product`].
    pub fn has_backward(&self) -> bool {
        self.backward.outer() > 0
    }

    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)`, some matrices one below the other, and C
    /// `(width, images)`. In the evaluation of the same number A is what it was when `room` was last used.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of a matrix follow each other in memory; those of
    /// several matrices have to be the rows.
    pub fn product<A: Real>(
        &self,
        a: &[ArrayView2<A>],
        c: ArrayViewMut2<A>,
        added: bool,
        evaluation: Option<u64>,
        room: &mut LeftRoom,
    ) {
        if evaluation.is_none() || evaluation != room.evaluation {
            room.evaluation = None;
            pack(self.machine, a, &mut room.left);
            room.evaluation = evaluation;
        }
        self.multiply(&room.left, &self.forward, c, added);
    }

    /// C ← C + A X for A `(width, images)` and C `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product<A: Real>(
        &self,
        a: ArrayView2<A>,
        c: ArrayViewMut2<A>,
        room: &mut LeftRoom,
    ) {
        room.evaluation = None;
        pack(self.machine, &[a], &mut room.left);
        self.multiply(&room.left, &self.backward, c, true);
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
        let numbers = numbers.expect("rows or columns follow each other in memory");
        let width = if by_rows { shape.1 } else { shape.0 };
        let (running, mut sums) = (machine.begin(), [Sums([[0; BLOCK]; BLOCK]); DIGITS]);
        let mut into = Rows { numbers, width, added, block: [[0.0; BLOCK]; BLOCK] };
        // A block of columns stays in the first-level cache while those of rows come by.
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
                        into.write_turned(machine, &sums, left.factors, at);
                    }
                    into.added = true;
                }
            }
        }
    }
}

const ONLY_SINGLE: &str = "tiles are made for no other type";

/// Some matrices, one below the other.
fn pack<A: Real>(machine: Machine, matrices: &[ArrayView2<A>], left: &mut Left) {
    let matrices = || matrices.iter().map(|&matrix| A::single(matrix).expect(ONLY_SINGLE));
    let (outer, inner) =
        matrices().fold((0, 0), |(outer, _), matrix| (outer + matrix.nrows(), matrix.ncols()));
    assert!(matrices().all(|matrix| matrix.ncols() == inner), "matrices of one width");
    let mut by_columns = matrices().filter(|matrix| !matrix.is_standard_layout());
    if let Some(matrix) = by_columns.next() {
        let numbers =
            matrix.reversed_axes().to_slice().expect("rows or columns follow each other in memory");
        assert_eq!(
            numbers.len(),
            outer * inner,
            "of several matrices, rows follow each other in memory"
        );
        left.pack_columns(machine, Source { numbers, outer, inner, along: false });
    } else {
        let numbers =
            matrices().map(|matrix| matrix.to_slice().expect("a matrix in the order of its rows"));
        left.pack_rows(
            machine,
            (outer, inner),
            numbers.flat_map(|numbers| numbers.chunks_exact(inner.max(1))),
        );
    }
}
