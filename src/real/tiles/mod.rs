//! Products with images on the tile registers of a processor that has them (AMX-BF16 of Intel's server processors
//! from Sapphire Rapids on), in the precision of `f32`.
//!
//! Tiles multiply numbers of type `bf16`, which have 8 bits, and add to `f32`, sixteen times as fast as AVX-512 does
//! with `f32`. A pixel, 0 to 255, is such a number; a weight is the sum of three, to the last bit. So A X takes three
//! products of tiles, and its error is that of the additions, as it is for a product of `f32`
//! (Henry, Tang and Heinecke, Leveraging the bfloat16 artificial intelligence datatype for higher-precision
//! computations, 2019). Below 1e-30 or so the low parts of a weight become subnormal and count as 0.

mod machine;
mod pack;
#[cfg(test)]
mod tests;
mod write;

use super::Real;
use machine::{Machine, Sums};
use ndarray::{ArrayView2, ArrayViewMut2};
use pack::{BLOCK, Packed, Side, Source};
use write::Rows;

/// Steps, of 32 numbers each, that are summed before they are added to C: so long the lowest bits of a number are not
/// far below those of the sum it goes into.
const STEPS: usize = 8;

/// X, `(images, pixels)`, as tiles.
pub struct Tiled {
    machine: Machine,
    /// Xᵀ and X.
    forward: Packed<1>,
    backward: Packed<1>,
}

/// Room for the left factor of a product.
#[derive(Default)]
pub struct LeftRoom(Packed<3>);

impl Tiled {
    /// No images yet; nothing where the processor or the operating system has no tiles, or for `f64`.
    pub fn of<A: Real>() -> Option<Self> {
        let machine = Machine::get().filter(|_| A::IS_SINGLE)?;
        Some(Self { machine, forward: Packed::default(), backward: Packed::default() })
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
            self.forward.pack(self.machine, source, Side::Right);
        }
        self.backward.clear();
        if backward {
            let source = Source { numbers, outer: pixels_per_image, inner: images, along: false };
            self.backward.pack(self.machine, source, Side::Right);
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

    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)` and C `(width, images)`.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of a matrix follow each other in memory.
    pub fn product<A: Real>(&self, a: ArrayView2<A>, c: ArrayViewMut2<A>, added: bool, room: &mut LeftRoom) {
        self.multiply(a, &self.forward, c, added, &mut room.0);
    }

    /// C ← C + A X for A `(width, images)` and C `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product<A: Real>(&self, a: ArrayView2<A>, c: ArrayViewMut2<A>, room: &mut LeftRoom) {
        self.multiply(a, &self.backward, c, true, &mut room.0);
    }

    fn multiply<A: Real>(&self, a: ArrayView2<A>, x: &Packed<1>, c: ArrayViewMut2<A>, added: bool, left: &mut Packed<3>) {
        let (a, c) = A::single(a).zip(A::single_mut(c)).expect("tiles are made for no other type");
        let (shape, machine) = (c.dim(), self.machine);
        assert!(shape == (a.nrows(), x.outer()) && a.ncols() == x.inner(), "{:?} into {shape:?}", a.dim());
        left.pack(machine, left_source(a), Side::Left);
        let by_rows = c.is_standard_layout();
        let numbers = if by_rows { c.into_slice() } else { c.reversed_axes().into_slice() };
        let numbers = numbers.expect("rows or columns follow each other in memory");
        if x.inner() == 0 && !added {
            numbers.fill(0.0);
        }
        let width = if by_rows { shape.1 } else { shape.0 };
        let (running, mut sums) = (machine.begin(), Sums([[0.0; BLOCK]; BLOCK]));
        let mut into = Rows { numbers, width, added };
        for (row, left) in left.blocks() {
            for (column, right) in x.blocks() {
                into.added = added;
                for (left, right) in left.chunks(STEPS).zip(right.chunks(STEPS)) {
                    running.multiply(left, right, &mut sums);
                    if by_rows {
                        into.write(machine, &sums, [row, column]);
                    } else {
                        into.write_turned(machine, &sums, [column, row]);
                    }
                    into.added = true;
                }
            }
        }
    }
}

fn left_source(a: ArrayView2<'_, f32>) -> Source<'_, f32> {
    let (outer, inner) = a.dim();
    if let Some(numbers) = a.to_slice() {
        return Source { numbers, outer, inner, along: true };
    }
    let numbers = a.reversed_axes().to_slice().expect("rows or columns follow each other in memory");
    Source { numbers, outer, inner, along: false }
}
