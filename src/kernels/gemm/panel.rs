//! Columns of the right factor that are gone through at a time.

#![expect(
    clippy::inline_always,
    reason = "belongs into a function compiled for one set of vector instructions"
)]

pub(in crate::kernels) use super::transpose::BLOCK;
use crate::kernels::Real;
use ndarray::{ArrayView2, Axis, s};
use std::array::from_fn;
use std::ops::Range;

/// Rows of a panel.
pub(super) const DEPTH: usize = 128;

/// Columns of a panel, at most.
pub(in crate::kernels) const WIDTH: usize = 64;

/// Ranges that make up `width` columns: whole vectors of `lanes` numbers but for the last, up to
/// `max_vectors` and nearly equally many in each.
pub(in crate::kernels) fn panels(
    width: usize,
    lanes: usize,
    max_vectors: usize,
) -> impl Iterator<Item = Range<usize>> {
    let vectors = width.div_ceil(lanes);
    let count = vectors.div_ceil(max_vectors);
    let start = move |panel: usize| (panel * vectors / count * lanes).min(width);
    (0..count).map(move |panel| start(panel)..start(panel + 1))
}

/// A panel that can be read where it is, its rows as far apart as the factor is wide: whole
/// vectors, contiguous in memory, and not at strides that map to few sets of the cache.
#[inline(always)]
pub(super) fn unpacked<A: Real>(
    right: ArrayView2<'_, A>,
    inner: Range<usize>,
    columns: Range<usize>,
    lanes: usize,
) -> Option<&[A]> {
    let width = right.ncols();
    let conflicting = width > 2 * WIDTH && (width * size_of::<A>()).is_multiple_of(512);
    if !columns.len().is_multiple_of(lanes) || conflicting {
        return None;
    }
    let numbers = right.to_slice()?;
    numbers.get(inner.start * width + columns.start..(inner.end - 1) * width + columns.end)
}

/// Copies a panel, its rows `stride` numbers apart; numbers beyond its last column are 0.
#[inline(always)]
pub(super) fn pack<A: Real>(
    right: ArrayView2<A>,
    inner: Range<usize>,
    columns: Range<usize>,
    stride: usize,
    into: &mut [A],
) {
    let panel = right.slice(s![inner, columns]);
    let (depth, width) = panel.dim();
    let into = &mut into[..depth * stride];
    if panel.strides()[1] == 1 || depth == 1 {
        for (into, row) in into.chunks_exact_mut(stride).zip(panel.outer_iter()) {
            match row.as_slice() {
                Some(row) => into[..width].copy_from_slice(row),
                None => into.iter_mut().zip(row).for_each(|(into, &x)| *into = x),
            }
            into[width..].fill(A::zero());
        }
        return;
    }
    for first in (0..stride).step_by(BLOCK) {
        transpose(panel, first, stride, into);
    }
}

/// Writes the columns from `first` on, as many as are transposed at a time, into rows that are
/// `stride` apart.
fn transpose<A: Real>(panel: ArrayView2<A>, first: usize, stride: usize, into: &mut [A]) {
    let (depth, width) = panel.dim();
    let zeros = [A::zero(); DEPTH];
    let mut done = 0;
    if first + BLOCK <= stride && panel.strides()[0] == 1 {
        let column = |j| panel.index_axis_move(Axis(1), j).to_slice().expect("contiguous columns");
        let columns =
            from_fn(|j| if first + j < width { column(first + j) } else { &zeros[..depth] });
        done = A::transpose(columns, &mut into[first..], stride);
    }
    for k in done..depth {
        for j in first..stride.min(first + BLOCK) {
            into[k * stride + j] = if j < width { panel[[k, j]] } else { A::zero() };
        }
    }
}
