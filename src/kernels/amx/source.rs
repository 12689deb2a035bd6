//! Factors read where they are in memory, a tile at a time.

use super::machine::{DEPTH, SIDE};

/// A matrix, one of whose dimensions a product sums over.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, N> {
    pub(super) numbers: &'a [N],
    /// Rows of a left factor, columns of a right one.
    pub(super) outer: usize,
    /// The dimension that is summed over.
    pub(super) inner: usize,
    /// Whether the inner dimension is contiguous in memory; otherwise the outer one is.
    pub(super) inner_contiguous: bool,
}

/// A copy of the numbers at the edge of a factor.
pub(super) type Edge<N> = [N; SIDE * DEPTH];

impl<N: Copy + Default> Source<'_, N> {
    /// The numbers of a tile from here on, and the stride of their lines in memory; at the edge in
    /// `edge`, padded with zeros.
    pub(super) fn window<'b>(
        &'b self,
        outer: usize,
        inner: usize,
        edge: &'b mut Edge<N>,
    ) -> (&'b [N], usize) {
        let ([lines, length], [first, start], [height, width]) = if self.inner_contiguous {
            ([self.outer, self.inner], [outer, inner], [SIDE, DEPTH])
        } else {
            ([self.inner, self.outer], [inner, outer], [DEPTH, SIDE])
        };
        if first + height <= lines && start + width <= length {
            return (&self.numbers[first * length + start..], length);
        }
        edge.fill(N::default());
        for (line, edge) in (first..lines).zip(edge.chunks_exact_mut(width)) {
            let line = self.numbers[line * length..][..length].get(start..).unwrap_or_default();
            edge.iter_mut().zip(line).for_each(|(edge, &x)| *edge = x);
        }
        (edge, width)
    }
}
