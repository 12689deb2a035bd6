//! Rows of a matrix as lists of their numbers that are not 0.

use super::compress::{Compress, REGISTER};
use super::words;
use crate::kernels::{Real, gray_all};

/// Columns of a stretch: their places fit into a byte, and as many lines of a panel into a first-level cache.
pub(super) const STRETCH: usize = 128;

/// Rows of bytes of a matrix.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) bytes: &'a [u8],
    /// From the beginning of a row to that of the next.
    pub(super) stride: usize,
    pub(super) count: usize,
    /// Bytes of each, up to [`STRETCH`].
    pub(super) length: usize,
}

/// Where the lists of some rows go to: up to a register behind the last is written over.
pub(super) struct Target<'a> {
    /// Where each ends.
    pub(super) ends: &'a mut Vec<u32>,
    pub(super) places: &'a mut [u8],
    pub(super) bytes: &'a mut [u8],
}

/// A matrix in stretches of columns, and for each a list of every row.
#[derive(Default)]
pub(super) struct Lists<A> {
    rows: usize,
    columns: usize,
    /// `(stretches, rows + 1)`: where the lists of a stretch begin, and where each ends.
    ends: Vec<u32>,
    /// Of each number its column within the stretch, ascending in each list; longer than need be.
    columns_within: Vec<u8>,
    bytes: Vec<u8>,
    /// The gray values of `bytes`, of which transposed lists have none.
    values: Vec<A>,
}

/// The lists of one stretch.
pub(super) struct Stretch<'a, A> {
    ends: &'a [u32],
    columns: &'a [u8],
    values: &'a [A],
}

impl<'a, A> Stretch<'a, A> {
    /// Columns and values of a row.
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> (&'a [u8], &'a [A]) {
        let list = self.ends[row] as usize..self.ends[row + 1] as usize;
        (&self.columns[list.clone()], &self.values[list])
    }
}

impl<A: Real> Lists<A> {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Stretch by stretch.
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch<'_, A>> {
        let stretches = self.ends.chunks_exact(self.rows + 1);
        stretches.map(|ends| Stretch { ends, columns: &self.columns_within, values: &self.values })
    }

    /// Images of so many pixels each.
    pub(super) fn read(&mut self, compress: Option<Compress>, pixels: &[u8], columns: usize) {
        (self.rows, self.columns) = (pixels.len() / columns, columns);
        self.begin(pixels.len());
        for start in (0..columns).step_by(STRETCH) {
            let (bytes, length) = (&pixels[start..], STRETCH.min(columns - start));
            self.append(compress, Rows { bytes, stride: columns, count: self.rows, length });
        }
        self.finish();
    }

    /// The pixels of such images; `room` grows.
    pub(super) fn read_turned(
        &mut self,
        compress: Compress,
        pixels: &[u8],
        columns: usize,
        room: &mut Vec<[u8; STRETCH]>,
    ) {
        (self.rows, self.columns) = (columns, pixels.len() / columns);
        self.begin(pixels.len());
        if room.len() < columns {
            room.resize(columns, [0; STRETCH]);
        }
        for images in pixels.chunks(STRETCH * columns) {
            let turned = &mut room[..columns];
            compress.turn(images, columns, turned);
            let (bytes, length) = (turned.as_flattened(), images.len() / columns);
            self.append(Some(compress), Rows { bytes, stride: STRETCH, count: columns, length });
        }
        self.finish();
    }

    fn begin(&mut self, most: usize) {
        self.ends.clear();
        self.reserve(most + REGISTER);
        if self.bytes.len() < most + REGISTER {
            self.bytes.resize(most + REGISTER, 0);
        }
    }

    /// A stretch.
    fn append(&mut self, compress: Option<Compress>, rows: Rows) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.push(end);
        let target = Target {
            ends: &mut self.ends,
            places: &mut self.columns_within,
            bytes: &mut self.bytes,
        };
        match compress {
            Some(compress) => compress.list(rows, end as usize, target),
            None => words::list(rows, end as usize, target),
        }
    }

    fn finish(&mut self) {
        let count = self.ends.last().map_or(0, |&end| end as usize);
        gray_all(&self.bytes[..count], &mut self.values[..count]);
    }

    /// Makes `other` the transposed of this.
    pub(super) fn transpose(&self, other: &mut Self) {
        (other.rows, other.columns) = (self.columns, self.rows);
        let lists = other.rows + 1;
        // Which of the other's `ends` belongs to the first of a stretch of columns, from a row of this.
        let first = |stretch: usize, row: usize| row / STRETCH * lists + 1 + stretch * STRETCH;
        other.ends.clear();
        other.ends.resize(other.columns.div_ceil(STRETCH) * lists, 0);
        for (s, stretch) in self.stretches().enumerate() {
            for row in 0..self.rows {
                let counts = &mut other.ends[first(s, row)..];
                stretch.row(row).0.iter().for_each(|&column| counts[usize::from(column)] += 1);
            }
        }
        // From counts to where each list begins.
        let count =
            other.ends.iter_mut().fold(0, |begin, end| begin + std::mem::replace(end, begin));
        other.reserve(count as usize);
        for (s, stretch) in self.stretches().enumerate() {
            for row in 0..self.rows {
                let ends = &mut other.ends[first(s, row)..];
                let (columns, values) = stretch.row(row);
                for (&column, &value) in columns.iter().zip(values) {
                    let end = &mut ends[usize::from(column)];
                    other.columns_within[*end as usize] = (row % STRETCH) as u8;
                    other.values[*end as usize] = value;
                    *end += 1;
                }
            }
        }
    }

    /// Leaves no rows.
    pub(super) fn clear(&mut self) {
        (self.rows, self.columns) = (0, 0);
        self.ends.clear();
    }

    fn reserve(&mut self, count: usize) {
        if self.values.len() < count {
            self.columns_within.resize(count, 0);
            self.values.resize(count, A::zero());
        }
    }
}
