//! C ← A Sᵀ or C ← C + A Sᵀ with lists S, panel by panel of the rows of A.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::lists::{Lists, STRETCH, Stretch};
use super::panels::{MOST, Panels};
use crate::kernels::Real;
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::product::panel::{BLOCK, WIDTH};
use ndarray::ArrayViewMut2;
use std::array::from_fn;
use std::ops::Range;

/// Rows of sums that are turned into columns at a time: a line of the cache of C.
const TURNED: usize = 2 * BLOCK;

/// C, and in which order it lies in memory.
enum Into<'a, A> {
    Rows(&'a mut [A]),
    Columns(&'a mut [A]),
}

/// For A `(m, columns of S)` and C `(m, rows of S)`.
pub(super) fn gather<A: Real>(
    lists: &Lists<A>,
    a: &Panels<A>,
    mut c: ArrayViewMut2<A>,
    added: bool,
    sums: &mut Vec<A>,
) {
    let (rows, inner) = a.shape();
    assert!(
        inner == lists.columns() && c.dim() == (rows, lists.rows()),
        "{:?} times {:?} into {:?}",
        a.shape(),
        (lists.columns(), lists.rows()),
        c.dim()
    );
    let room = lists.rows() * WIDTH;
    if sums.len() < room {
        sums.resize(room, A::zero());
    }
    let into = match c.as_slice_mut() {
        Some(_) => Into::Rows(c.into_slice().expect("checked")),
        None => Into::Columns(
            c.reversed_axes().into_slice().expect("rows or columns follow each other in memory"),
        ),
    };
    multiply(lists, a, sums, into, added);
}

dispatched! {
    /// The sums of a panel, `(rows of S, panel)`, are written out once all stretches came by.
    fn multiply<A>(simd, lists: &Lists<A>, a: &Panels<A>, sums: &mut [A], into: Into<'_, A>, added: bool) {
        let (lanes, mut into, width) = (A::lanes::<S>(), into, a.shape().0);
        for panel in a.panels(lanes) {
            let stride = panel.vectors * lanes;
            let sums = &mut sums[..lists.rows() * stride];
            for (s, (stretch, numbers)) in lists.stretches().zip(panel.numbers.chunks_exact(STRETCH * stride)).enumerate() {
                match panel.vectors {
                    1 => all_rows::<S, A, 1>(simd, &stretch, numbers, sums, s > 0),
                    2 => all_rows::<S, A, 2>(simd, &stretch, numbers, sums, s > 0),
                    3 => all_rows::<S, A, 3>(simd, &stretch, numbers, sums, s > 0),
                    _ => all_rows::<S, A, MOST>(simd, &stretch, numbers, sums, s > 0),
                }
            }
            write(sums, stride, panel.rows, width, &mut into, added);
        }
    }
}

/// The sums of every row over a stretch; with `added` on top of what was there.
#[inline(always)]
fn all_rows<S: Simd, A: Real, const VECTORS: usize>(
    simd: S,
    stretch: &Stretch<A>,
    panel: &[A],
    sums: &mut [A],
    added: bool,
) {
    let (panel, _) = A::vectors::<S>(panel).as_chunks::<VECTORS>();
    let panel: &[_; STRETCH] = panel.first_chunk().expect("room for all rows of a stretch");
    let (sums, _) = A::vectors_mut::<S>(sums).as_chunks_mut::<VECTORS>();
    for (row, sums) in sums.iter_mut().enumerate() {
        let (columns, values) = stretch.row(row);
        let zeros = [A::splat(simd, A::zero()); VECTORS];
        let (mut even, mut odd) = (if added { *sums } else { zeros }, zeros);
        let add = |column: u8, value: A, to: &mut [A::Vector<S>; VECTORS]| {
            let (row, value) = (&panel[usize::from(column) % STRETCH], A::splat(simd, value));
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

/// Adds `sums`, `stride` apart, to these rows of C, or puts them there.
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
            let mut turned = [A::zero(); TURNED * WIDTH];
            for (start, sums) in (0..count).step_by(TURNED).zip(sums.chunks(TURNED * stride)) {
                for (first, sums) in (0..).step_by(BLOCK).zip(sums.chunks(BLOCK * stride)) {
                    turn(sums, stride, &mut turned[first..]);
                }
                for (row, turned) in panel.clone().zip(turned.as_chunks::<TURNED>().0) {
                    let row = &mut c[row * count..][start..count];
                    match row.first_chunk_mut::<TURNED>() {
                        Some(into) => {
                            let old = if added { *into } else { [A::zero(); TURNED] };
                            *into = from_fn(|i| old[i] + turned[i]);
                        }
                        None => put(&turned[..row.len()], row, added),
                    }
                }
            }
        }
    }
}

/// Writes up to a block of rows of `sums` as columns, into rows that are [`TURNED`] apart.
#[inline(always)]
fn turn<A: Real>(sums: &[A], stride: usize, turned: &mut [A]) {
    let zeros = [A::zero(); WIDTH];
    let row = |i: usize| sums.get(i * stride..(i + 1) * stride).unwrap_or(&zeros[..stride]);
    let done = A::transpose(from_fn(row), turned, TURNED);
    for k in done..stride {
        for i in 0..BLOCK {
            turned[k * TURNED + i] = row(i)[k];
        }
    }
}

#[inline(always)]
fn put<A: Real>(sums: &[A], into: &mut [A], added: bool) {
    into.iter_mut().zip(sums).for_each(|(c, &sum)| *c = if added { *c + sum } else { sum });
}
