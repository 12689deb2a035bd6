//! The left factor of sparse products, packed in panels of some of its rows.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::column_blocks::BLOCK_COLUMNS;
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::gemm::panel::{BLOCK, panels};
use crate::kernels::{Buffer, Real};
use ndarray::ArrayView2;
use std::array::from_fn;
use std::ops::Range;

/// There are two sums for each vector, so that no addition waits for the one before.
pub(super) const MAX_VECTORS: usize = 4;

/// Numbers of a row that are transposed at a time, so that a panel of them stays in the first-level
/// cache.
const LENGTH: usize = BLOCK_COLUMNS / 2;

/// Panel after panel, each a matrix `(inner, rows of the panel)` of whole vectors, with zeros where
/// there are no more rows, and as many lines as are whole blocks. Lines beyond the factor's columns
/// are unspecified, and so is what follows the last panel.
#[derive(Default)]
pub(in crate::kernels) struct Panels<A> {
    rows: usize,
    inner: usize,
    numbers: Buffer<A>,
}

/// Some rows of the factor.
pub(super) struct Panel<'a, A> {
    pub(super) rows: Range<usize>,
    pub(super) vectors: usize,
    pub(super) numbers: &'a [A],
}

impl<A: Real> Panels<A> {
    /// Rows and columns of the factor.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.rows, self.inner)
    }

    /// For vectors of so many numbers.
    #[inline(always)]
    pub(super) fn panels(&self, lanes: usize) -> impl Iterator<Item = Panel<'_, A>> {
        let lines = self.inner.next_multiple_of(BLOCK_COLUMNS);
        let mut rest = &self.numbers[..];
        panels(self.rows, lanes, MAX_VECTORS).map(move |rows| {
            let vectors = rows.len().div_ceil(lanes);
            let numbers;
            (numbers, rest) = rest.split_at(lines * vectors * lanes);
            Panel { rows, vectors, numbers }
        })
    }

    /// Takes over some matrices, one below the other.
    ///
    /// # Panics
    /// If their numbers of columns differ, or neither rows nor columns are contiguous. Of several
    /// matrices the rows must be contiguous.
    pub(in crate::kernels) fn pack(&mut self, matrices: &[ArrayView2<A>]) {
        self.inner = matrices.first().map_or(0, ArrayView2::ncols);
        assert!(
            matrices.iter().all(|matrix| matrix.ncols() == self.inner),
            "matrices of one width"
        );
        self.rows = matrices.iter().map(ArrayView2::nrows).sum();
        if let &[matrix] = matrices
            && !matrix.is_standard_layout()
        {
            let columns = matrix.reversed_axes().to_slice().expect("contiguous rows or columns");
            copy(columns, self);
        } else {
            let numbers = matrices.iter().map(|matrix| matrix.to_slice().expect("contiguous rows"));
            let rows: Vec<&[A]> =
                numbers.flat_map(|numbers| numbers.chunks_exact(self.inner.max(1))).collect();
            transpose(&rows, self);
        }
    }

    /// The memory of all panels; it grows.
    #[inline(always)]
    fn reserve<S: Simd>(&mut self) -> &mut [A] {
        let length = self.inner.next_multiple_of(BLOCK_COLUMNS)
            * self.rows.next_multiple_of(A::lanes::<S>());
        self.numbers.grow(length);
        &mut self.numbers
    }
}

dispatched! {
    fn transpose<A>(_simd, rows: &[&[A]], into: &mut Panels<A>) {
        let (lanes, inner) = (A::lanes::<S>(), into.inner);
        let zeros = [A::zero(); LENGTH];
        let mut memory = into.reserve::<S>();
        for panel in panels(rows.len(), lanes, MAX_VECTORS) {
            let stride = panel.len().next_multiple_of(lanes);
            let (numbers, rest) =
                memory.split_at_mut(inner.next_multiple_of(BLOCK_COLUMNS) * stride);
            for start in (0..inner).step_by(LENGTH) {
                let here = start..inner.min(start + LENGTH);
                let row = |i: usize| {
                    if i < panel.end { &rows[i][here.clone()] } else { &zeros[..here.len()] }
                };
                let numbers = &mut numbers[start * stride..];
                for first in (0..stride).step_by(BLOCK) {
                    let block = from_fn(|i| row(panel.start + first + i));
                    transpose_block(block, here.len(), first, stride, numbers);
                }
            }
            memory = rest;
        }
    }
}

/// Rows of this length become the columns from `first` on, in lines that are `stride` apart.
#[inline(always)]
fn transpose_block<A: Real>(
    rows: [&[A]; BLOCK],
    length: usize,
    first: usize,
    stride: usize,
    into: &mut [A],
) {
    // Lines of fewer numbers are those of short vectors.
    let done =
        if first + BLOCK <= stride { A::transpose(rows, &mut into[first..], stride) } else { 0 };
    for k in done..length {
        for (into, row) in into[k * stride..][first..stride].iter_mut().zip(rows) {
            *into = row[k];
        }
    }
}

dispatched! {
    /// `columns` one after the other.
    fn copy<A>(_simd, columns: &[A], into: &mut Panels<A>) {
        let (lanes, rows, inner) = (A::lanes::<S>(), into.rows, into.inner);
        let mut memory = into.reserve::<S>();
        for panel in panels(rows, lanes, MAX_VECTORS) {
            let stride = panel.len().next_multiple_of(lanes);
            let (numbers, rest) =
                memory.split_at_mut(inner.next_multiple_of(BLOCK_COLUMNS) * stride);
            for (into, column) in numbers.chunks_exact_mut(stride).zip(columns.chunks_exact(rows)) {
                into[..panel.len()].copy_from_slice(&column[panel.clone()]);
                into[panel.len()..].fill(A::zero());
            }
            memory = rest;
        }
    }
}
