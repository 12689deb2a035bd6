//! The right factor as tiles: pixels as they are.

use super::machine::{BLOCK, DEPTH, Machine, SIDE, Tile, Two};
use super::source::{Edge, Source};
use super::transpose::transpose;
use pulp::cast;
use std::arch::x86_64::{__m512i, _mm512_permutexvar_epi8, _mm512_setzero_si512};
use std::ops::Range;

/// For each block of columns, two tiles for each step of the inner dimension: rows of fours in that
/// dimension, column beside column. Black steps before the first and behind the last other one are
/// left out: the upper and the lower rows of images, going forward, and whole blocks of pixels,
/// going backward.
#[derive(Default)]
pub(super) struct Right {
    outer: usize,
    inner: usize,
    tiles: Vec<Two>,
    /// For each block, the steps that are not left out.
    filled: Vec<Range<usize>>,
}

/// Some columns of a factor.
pub(super) struct Block<'a> {
    pub(super) first: usize,
    /// Of the inner dimension; empty for a block that is all black.
    pub(super) steps: Range<usize>,
    pub(super) tiles: &'a [Two],
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

    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let steps = self.inner.div_ceil(DEPTH);
        let blocks = self.tiles.chunks_exact(steps.max(1)).zip(&self.filled);
        (0..self.outer).step_by(BLOCK).zip(blocks).map(|(first, (tiles, filled))| Block {
            first,
            steps: filled.clone(),
            tiles: &tiles[filled.clone()],
        })
    }

    /// Takes over a factor; the memory grows.
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
        self.filled.clear();
        self.filled.extend(self.tiles[..count].chunks_exact(steps.max(1)).map(filled));
    }
}

/// From the first step that is not black to behind the last one.
fn filled(steps: &[Two]) -> Range<usize> {
    let counts = |two: &Two| {
        two.iter().any(|tile| tile.0.as_flattened().iter().fold(0, |all, four| all | four) != 0)
    };
    let first = steps.iter().position(counts).unwrap_or(steps.len());
    first..steps.iter().rposition(counts).map_or(first, |last| last + 1)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn pack_all(source: Source<u8>, steps: usize, into: &mut [Two]) {
    let mut edge: Edge<u8> = [0; SIDE * DEPTH];
    for (i, two) in into.iter_mut().enumerate() {
        let (block, step) = (i / steps, i % steps);
        for (half, tile) in two.iter_mut().enumerate() {
            let (pixels, stride) =
                source.window(block * BLOCK + half * SIDE, step * DEPTH, &mut edge);
            if source.inner_contiguous {
                lines_are_columns(pixels, stride, tile);
            } else {
                lines_are_rows(pixels, stride, tile);
            }
        }
    }
}

/// Each line of memory is a column.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn lines_are_columns(pixels: &[u8], stride: usize, tile: &mut Tile) {
    let mut columns = [_mm512_setzero_si512(); SIDE];
    for (c, column) in columns.iter_mut().enumerate() {
        let line: &[u8; DEPTH] = pixels[c * stride..].first_chunk().expect("a line of the window");
        *column = cast(*line);
    }
    transpose(&columns, &mut tile.0);
}

/// Each line of memory has a number of each column.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn lines_are_rows(pixels: &[u8], stride: usize, tile: &mut Tile) {
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
