//! C ← A Sᵀ or C ← C + A Sᵀ for a sparse S, panel by panel of the rows of A.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::column_blocks::{BLOCK_COLUMNS, ColumnBlock, ColumnBlocks};
use super::panels::{MAX_VECTORS, Panels};
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::gemm::panel::{BLOCK, WIDTH};
use crate::kernels::{Buffer, Real};
use ndarray::ArrayViewMut2;
use std::array::from_fn;
use std::ops::Range;

/// Rows of sums that are transposed at a time: a cache line of C.
const TRANSPOSED: usize = 2 * BLOCK;

/// C, and in which order it lies in memory.
enum Into<'a, A> {
    Rows(&'a mut [A]),
    Columns(&'a mut [A]),
}

/// For A `(m, columns of S)` and C `(m, rows of S)`.
pub(super) fn gather<A: Real>(
    s: &ColumnBlocks<A>,
    a: &Panels<A>,
    mut c: ArrayViewMut2<A>,
    added: bool,
    sums: &mut Buffer<A>,
) {
    let (rows, inner) = a.shape();
    assert!(
        inner == s.columns() && c.dim() == (rows, s.rows()),
        "{:?} times {:?} into {:?}",
        a.shape(),
        (s.columns(), s.rows()),
        c.dim()
    );
    sums.grow(s.rows() * WIDTH);
    let into = match c.as_slice_mut() {
        Some(_) => Into::Rows(c.into_slice().expect("checked")),
        None => Into::Columns(c.reversed_axes().into_slice().expect("contiguous rows or columns")),
    };
    multiply(s, a, sums, into, added);
}

dispatched! {
    /// The sums of a panel, `(rows of S, panel)`, are written out after the last block of columns.
    fn multiply<A>(
        simd,
        s: &ColumnBlocks<A>,
        a: &Panels<A>,
        sums: &mut [A],
        into: Into<'_, A>,
        added: bool,
    ) {
        let (lanes, mut into, width) = (A::lanes::<S>(), into, a.shape().0);
        for panel in a.panels(lanes) {
            let stride = panel.vectors * lanes;
            let sums = &mut sums[..s.rows() * stride];
            for (b, (block, numbers)) in
                s.blocks().zip(panel.numbers.chunks_exact(BLOCK_COLUMNS * stride)).enumerate()
            {
                match panel.vectors {
                    1 => all_rows::<S, A, 1>(simd, &block, numbers, sums, b > 0),
                    2 => all_rows::<S, A, 2>(simd, &block, numbers, sums, b > 0),
                    3 => all_rows::<S, A, 3>(simd, &block, numbers, sums, b > 0),
                    _ => all_rows::<S, A, MAX_VECTORS>(simd, &block, numbers, sums, b > 0),
                }
            }
            write(sums, stride, panel.rows, width, &mut into, added);
        }
    }
}

/// The sums of every row over a block of columns; with `added` on top of what was there.
#[inline(always)]
fn all_rows<S: Simd, A: Real, const VECTORS: usize>(
    simd: S,
    block: &ColumnBlock<A>,
    panel: &[A],
    sums: &mut [A],
    added: bool,
) {
    let (panel, _) = A::vectors::<S>(panel).as_chunks::<VECTORS>();
    let panel: &[_; BLOCK_COLUMNS] = panel.first_chunk().expect("lines for all columns of a block");
    let (sums, _) = A::vectors_mut::<S>(sums).as_chunks_mut::<VECTORS>();
    for (row, sums) in sums.iter_mut().enumerate() {
        let (columns, values) = block.row(row);
        let zeros = [A::splat(simd, A::zero()); VECTORS];
        let (mut even, mut odd) = (if added { *sums } else { zeros }, zeros);
        let add = |column: u8, value: A, to: &mut [A::Vector<S>; VECTORS]| {
            let (row, value) = (&panel[usize::from(column) % BLOCK_COLUMNS], A::splat(simd, value));
            for v in 0..VECTORS {
                to[v] = A::multiply_add(simd, value, row[v], to[v]);
            }
        };
        let (columns, last_column) = columns.as_chunks::<2>();
        let (values, last_value) = values.as_chunks::<2>();
        for (&[c, d], &[x, y]) in columns.iter().zip(values) {
            add(c, x, &mut even);
            add(d, y, &mut odd);
        }
        if let (&[column], &[value]) = (last_column, last_value) {
            add(column, value, &mut even);
        }
        let one = A::splat(simd, A::one());
        *sums = from_fn(|v| A::multiply_add(simd, one, even[v], odd[v]));
    }
}

/// Adds `sums`, `stride` apart, to these rows of C, or overwrites them.
#[inline(always)]
fn write<A: Real>(
    sums: &[A],
    stride: usize,
    panel: Range<usize>,
    width: usize,
    into: &mut Into<A>,
    added: bool,
) {
    match into {
        Into::Columns(c) => {
            for (column, sums) in c.chunks_exact_mut(width).zip(sums.chunks_exact(stride)) {
                put(&sums[..panel.len()], &mut column[panel.clone()], added);
            }
        }
        Into::Rows(c) => {
            let count = c.len() / width;
            let mut transposed = [A::zero(); TRANSPOSED * WIDTH];
            for (start, sums) in
                (0..count).step_by(TRANSPOSED).zip(sums.chunks(TRANSPOSED * stride))
            {
                for (first, sums) in (0..).step_by(BLOCK).zip(sums.chunks(BLOCK * stride)) {
                    transpose(sums, stride, &mut transposed[first..]);
                }
                for (row, transposed) in panel.clone().zip(transposed.as_chunks::<TRANSPOSED>().0) {
                    let row = &mut c[row * count..][start..count];
                    match row.first_chunk_mut::<TRANSPOSED>() {
                        Some(into) => {
                            let old = if added { *into } else { [A::zero(); TRANSPOSED] };
                            *into = from_fn(|i| old[i] + transposed[i]);
                        }
                        None => put(&transposed[..row.len()], row, added),
                    }
                }
            }
        }
    }
}

/// Writes up to a block of rows of `sums` as columns, into rows that are [`TRANSPOSED`] apart.
#[inline(always)]
fn transpose<A: Real>(sums: &[A], stride: usize, transposed: &mut [A]) {
    let zeros = [A::zero(); WIDTH];
    let row = |i: usize| sums.get(i * stride..(i + 1) * stride).unwrap_or(&zeros[..stride]);
    let done = A::transpose(from_fn(row), transposed, TRANSPOSED);
    for k in done..stride {
        for i in 0..BLOCK {
            transposed[k * TRANSPOSED + i] = row(i)[k];
        }
    }
}

#[inline(always)]
fn put<A: Real>(sums: &[A], into: &mut [A], added: bool) {
    into.iter_mut().zip(sums).for_each(|(c, &sum)| *c = if added { *c + sum } else { sum });
}
