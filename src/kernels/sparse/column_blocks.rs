//! A sparse matrix in blocks of columns, each in compressed rows (CSR).

use super::compress::{Compress, REGISTER};
use super::words;
use crate::kernels::{Real, gray_all};

/// Columns of a block: a column within it fits into a byte, and as many lines of a panel into a
/// first-level cache.
pub(super) const BLOCK_COLUMNS: usize = 128;

/// Rows of bytes of a matrix.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) bytes: &'a [u8],
    /// From the beginning of a row to that of the next.
    pub(super) stride: usize,
    pub(super) count: usize,
    /// Bytes of each, up to [`BLOCK_COLUMNS`].
    pub(super) length: usize,
}

/// Where compressed rows are written to: up to a register behind the last one is overwritten.
pub(super) struct Target<'a> {
    /// Where each ends.
    pub(super) ends: &'a mut Vec<u32>,
    pub(super) places: &'a mut [u8],
    pub(super) bytes: &'a mut [u8],
}

/// A matrix in blocks of columns, and of each block every row compressed to the numbers that are
/// not 0.
#[derive(Default)]
pub(super) struct ColumnBlocks<A> {
    rows: usize,
    columns: usize,
    /// `(blocks, rows + 1)`: where the rows of a block begin, and where each ends.
    ends: Vec<u32>,
    /// Of each number its column within the block, ascending in each row; capacity included.
    columns_within: Vec<u8>,
    bytes: Vec<u8>,
    /// The gray values of `bytes`; a matrix made by `transpose` has these alone.
    values: Vec<A>,
}

/// The compressed rows of one block.
pub(super) struct ColumnBlock<'a, A> {
    ends: &'a [u32],
    columns: &'a [u8],
    values: &'a [A],
}

impl<'a, A> ColumnBlock<'a, A> {
    /// Columns and values of a row.
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> (&'a [u8], &'a [A]) {
        let range = self.ends[row] as usize..self.ends[row + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }
}

impl<A: Real> ColumnBlocks<A> {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Block by block.
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(super) fn blocks(&self) -> impl Iterator<Item = ColumnBlock<'_, A>> {
        let blocks = self.ends.chunks_exact(self.rows + 1);
        blocks.map(|ends| ColumnBlock { ends, columns: &self.columns_within, values: &self.values })
    }

    /// Images of so many pixels each.
    pub(super) fn read(&mut self, compress: Option<Compress>, pixels: &[u8], columns: usize) {
        (self.rows, self.columns) = (pixels.len() / columns, columns);
        self.begin(pixels.len());
        for start in (0..columns).step_by(BLOCK_COLUMNS) {
            let (bytes, length) = (&pixels[start..], BLOCK_COLUMNS.min(columns - start));
            self.append(compress, Rows { bytes, stride: columns, count: self.rows, length });
        }
        self.finish();
    }

    /// The transpose of such images; `workspace` grows.
    pub(super) fn read_transposed(
        &mut self,
        compress: Compress,
        pixels: &[u8],
        columns: usize,
        workspace: &mut Vec<[u8; BLOCK_COLUMNS]>,
    ) {
        (self.rows, self.columns) = (columns, pixels.len() / columns);
        self.begin(pixels.len());
        if workspace.len() < columns {
            workspace.resize(columns, [0; BLOCK_COLUMNS]);
        }
        for images in pixels.chunks(BLOCK_COLUMNS * columns) {
            let transposed = &mut workspace[..columns];
            compress.transpose(images, columns, transposed);
            let (bytes, length) = (transposed.as_flattened(), images.len() / columns);
            self.append(
                Some(compress),
                Rows { bytes, stride: BLOCK_COLUMNS, count: columns, length },
            );
        }
        self.finish();
    }

    fn begin(&mut self, numbers: usize) {
        self.ends.clear();
        self.reserve(numbers + REGISTER);
        if self.bytes.len() < numbers + REGISTER {
            self.bytes.resize(numbers + REGISTER, 0);
        }
    }

    /// Appends a block.
    fn append(&mut self, compress: Option<Compress>, rows: Rows) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.push(end);
        let target = Target {
            ends: &mut self.ends,
            places: &mut self.columns_within,
            bytes: &mut self.bytes,
        };
        match compress {
            Some(compress) => compress.compress(rows, end as usize, target),
            None => words::compress(rows, end as usize, target),
        }
    }

    fn finish(&mut self) {
        let count = self.ends.last().map_or(0, |&end| end as usize);
        gray_all(&self.bytes[..count], &mut self.values[..count]);
    }

    /// Makes `other` the transpose of this.
    pub(super) fn transpose(&self, other: &mut Self) {
        (other.rows, other.columns) = (self.columns, self.rows);
        let ends_of_block = other.rows + 1;
        // Which of the other's `ends` belongs to the first column of a block of this, from a row of
        // this.
        let first = |block: usize, row: usize| {
            row / BLOCK_COLUMNS * ends_of_block + 1 + block * BLOCK_COLUMNS
        };
        other.ends.clear();
        other.ends.resize(other.columns.div_ceil(BLOCK_COLUMNS) * ends_of_block, 0);
        for (b, block) in self.blocks().enumerate() {
            for row in 0..self.rows {
                let counts = &mut other.ends[first(b, row)..];
                block.row(row).0.iter().for_each(|&column| counts[usize::from(column)] += 1);
            }
        }
        // From counts to where each row begins.
        let count =
            other.ends.iter_mut().fold(0, |begin, end| begin + std::mem::replace(end, begin));
        other.reserve(count as usize);
        for (b, block) in self.blocks().enumerate() {
            for row in 0..self.rows {
                let ends = &mut other.ends[first(b, row)..];
                let (columns, values) = block.row(row);
                for (&column, &value) in columns.iter().zip(values) {
                    let end = &mut ends[usize::from(column)];
                    other.columns_within[*end as usize] = (row % BLOCK_COLUMNS) as u8;
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
