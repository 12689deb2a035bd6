//! Columns of the right factor that are gone through at a time.

#![expect(clippy::inline_always, reason = "belongs into a function compiled for one set of vector instructions")]

use super::transpose::BLOCK;
use crate::real::Real;
use ndarray::{ArrayView2, Axis, s};
use std::array::from_fn;
use std::ops::Range;

/// Rows of a panel.
pub(super) const DEPTH: usize = 128;

/// Columns of a panel, at most.
pub(super) const WIDTH: usize = 64;

/// Ranges of columns, of whole vectors but the last, and of nearly as many vectors each.
pub(super) struct Panels {
    width: usize,
    lanes: usize,
    vectors: usize,
    count: usize,
    next: usize,
}

impl Panels {
    /// Of `width` columns, with `lanes` numbers in a vector, up to `most` vectors in each.
    pub(super) fn new(width: usize, lanes: usize, most: usize) -> Self {
        let vectors = width.div_ceil(lanes);
        Self { width, lanes, vectors, count: vectors.div_ceil(most), next: 0 }
    }
}

impl Iterator for Panels {
    type Item = Range<usize>;

    #[inline]
    fn next(&mut self) -> Option<Range<usize>> {
        if self.next == self.count {
            return None;
        }
        let start = |panel: usize| (panel * self.vectors / self.count * self.lanes).min(self.width);
        let columns = start(self.next)..start(self.next + 1);
        self.next += 1;
        Some(columns)
    }
}

/// A panel that can be read where it stands, its rows as far apart as the factor is wide: whole vectors,
/// side by side in memory, and not at distances for which the cache has few places.
#[inline(always)]
pub(super) fn unpacked<A: Real>(
    right: ArrayView2<'_, A>,
    inner: Range<usize>,
    columns: Range<usize>,
    lanes: usize,
) -> Option<&[A]> {
    let width = right.ncols();
    let crowded = width > 2 * WIDTH && (width * size_of::<A>()).is_multiple_of(512);
    if !columns.len().is_multiple_of(lanes) || crowded {
        return None;
    }
    let numbers = right.to_slice()?;
    numbers.get(inner.start * width + columns.start..(inner.end - 1) * width + columns.end)
}

/// Copies a panel, its rows `stride` numbers apart; those beyond its last column are 0.
#[inline(always)]
pub(super) fn pack<A: Real>(right: ArrayView2<A>, inner: Range<usize>, columns: Range<usize>, stride: usize, into: &mut [A]) {
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

/// Writes the columns from `first` on, as many as are transposed at a time, into rows that are `stride` apart.
fn transpose<A: Real>(panel: ArrayView2<A>, first: usize, stride: usize, into: &mut [A]) {
    let (depth, width) = panel.dim();
    let mut done = 0;
    if first + BLOCK <= width.min(stride) && panel.strides()[0] == 1 {
        let columns = from_fn(|j| panel.index_axis_move(Axis(1), first + j).to_slice().expect("contiguous columns"));
        done = A::transpose(columns, &mut into[first..], stride);
    }
    for k in done..depth {
        for j in first..stride.min(first + BLOCK) {
            into[k * stride + j] = if j < width { panel[[k, j]] } else { A::zero() };
        }
    }
}
