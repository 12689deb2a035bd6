//! Convolutions and pooling of feature maps, sixteen images at a time.

mod convolve;
mod pooling;

pub(crate) use convolve::{
    CHANNELS, Extents, NEIGHBORS, WeightSums, add_weight_gradient, convolve,
};
pub(crate) use pooling::{Below, activate_and_pool, pooled, unpool};

use std::ops::Range;

/// Images side by side: one AVX-512 register of `f32`, several of narrower machines.
pub(crate) const LANES: usize = 16;

/// A number in each of the images.
pub(crate) type Lanes<A> = [A; LANES];

/// Columns of a stored row outside of which every map is 0, in all images. What would be multiplied
/// by those zeros may be skipped, also NaN and ±∞.
pub(crate) type Filled = Range<usize>;

/// Extent of a stack of feature maps, stored `(channels, rows, columns)` with a border of zeros
/// around each map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Maps {
    pub(crate) channels: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Zeros on each of the four sides.
    pub(crate) border: usize,
}

impl Maps {
    /// Numbers in all maps of an image, without the borders.
    pub(crate) fn len(self) -> usize {
        self.channels * self.rows * self.columns
    }

    /// Length of a stored row.
    #[inline]
    pub(crate) fn width(self) -> usize {
        self.columns + 2 * self.border
    }

    /// Length of a stored map.
    #[inline]
    pub(crate) fn area(self) -> usize {
        (self.rows + 2 * self.border) * self.width()
    }

    /// The columns of each stored row that may hold anything but 0: those of the border do not.
    pub(crate) fn filled(self) -> Vec<Filled> {
        let (inside, columns) =
            (self.border..self.border + self.rows, self.border..self.border + self.columns);
        let rows = 0..self.rows + 2 * self.border;
        rows.map(|row| if inside.contains(&row) { columns.clone() } else { 0..0 }).collect()
    }

    /// Where a number is stored.
    #[inline]
    pub(crate) fn index(self, channel: usize, row: usize, column: usize) -> usize {
        channel * self.area() + (row + self.border) * self.width() + column + self.border
    }
}
