//! The right factor as tiles: pixels as they are.

use super::machine::{BLOCK, DEPTH, Machine, SIDE, Tile, Two};
use super::source::{Edge, Source};
use super::turn::turn;
use pulp::cast;
use std::arch::x86_64::{__m512i, _mm512_permutexvar_epi8, _mm512_setzero_si512};

/// For each block of columns, two tiles for each step of the inner dimension: rows of fours along that, a column
/// beside the other.
#[derive(Default)]
pub(super) struct Right {
    outer: usize,
    inner: usize,
    tiles: Vec<Two>,
}

impl Right {
    pub(super) fn outer(&self) -> usize {
        self.outer
    }

    pub(super) fn inner(&self) -> usize {
        self.inner
    }

    pub(super) fn clear(&mut self) {
        self.outer = 0;
    }

    /// Where each block of columns begins, and all its steps.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, &[Two])> {
        let steps = self.inner.div_ceil(DEPTH);
        // Without steps there is nothing to add.
        (0..self.outer).step_by(BLOCK).zip(self.tiles.chunks_exact(steps.max(1))).filter(move |_| steps > 0)
    }

    /// Takes over a factor; room is only ever added.
    pub(super) fn pack(&mut self, _: Machine, source: Source<u8>) {
        assert_eq!(source.numbers.len(), source.outer * source.inner, "a whole factor");
        (self.outer, self.inner) = (source.outer, source.inner);
        let steps = self.inner.div_ceil(DEPTH);
        let count = steps * self.outer.div_ceil(BLOCK);
        if self.tiles.len() < count {
            self.tiles.resize(count, [Tile::ZERO; 2]);
        }
        // SAFETY: a `Machine` has the instructions.
        unsafe { pack_all(source, steps, &mut self.tiles[..count]) };
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn pack_all(source: Source<u8>, steps: usize, into: &mut [Two]) {
    let mut edge: Edge<u8> = [0; SIDE * DEPTH];
    for (i, two) in into.iter_mut().enumerate() {
        let (block, step) = (i / steps, i % steps);
        for (half, tile) in two.iter_mut().enumerate() {
            let (pixels, stride) = source.window(block * BLOCK + half * SIDE, step * DEPTH, &mut edge);
            if source.along {
                columns_along(pixels, stride, tile);
            } else {
                columns_across(pixels, stride, tile);
            }
        }
    }
}

/// Each line of memory is a column.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn columns_along(pixels: &[u8], stride: usize, tile: &mut Tile) {
    let mut columns = [_mm512_setzero_si512(); SIDE];
    for (c, column) in columns.iter_mut().enumerate() {
        let line: &[u8; DEPTH] = pixels[c * stride..].first_chunk().expect("a line of the window");
        *column = cast(*line);
    }
    turn(&columns, &mut tile.0);
}

/// Each line of memory is of all columns.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn columns_across(pixels: &[u8], stride: usize, tile: &mut Tile) {
    let order: __m512i = cast(IN_FOURS);
    for (row, into) in tile.0.iter_mut().enumerate() {
        let mut four = [[0; SIDE]; 4];
        for (k, line) in four.iter_mut().enumerate() {
            *line = *pixels[(4 * row + k) * stride..].first_chunk().expect("a line of the window");
        }
        *into = cast(_mm512_permutexvar_epi8(order, cast(four)));
    }
}

/// The same place of four lines side by side.
const IN_FOURS: [u8; DEPTH] = {
    let (mut order, mut i) = ([0; DEPTH], 0);
    while i < DEPTH {
        order[i] = (i / 4 + SIDE * (i % 4)) as u8;
        i += 1;
    }
    order
};
