//! Factors as tiles.

use super::machine::{Machine, SIDE, Tile, Two};
use pulp::cast;
use std::arch::x86_64::{
    __m512, __m512i, _mm512_and_si512, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_permutex2var_epi16, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_sub_ps, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// Numbers of the inner dimension in a tile.
const DEPTH: usize = 2 * SIDE;

/// Rows or columns of a pair of tiles.
pub(super) const BLOCK: usize = 2 * SIDE;

/// A number that is the sum of `bf16`s: of three if it is an `f32`; a pixel is one.
pub(super) trait Number: Copy + Default {
    /// The number itself.
    fn single(self) -> f32;
}

impl Number for f32 {
    #[inline]
    fn single(self) -> f32 {
        self
    }
}

impl Number for u8 {
    #[inline]
    fn single(self) -> f32 {
        self.into()
    }
}

/// Which factor it is to be: the tiles of a left one have rows of pairs along the inner dimension, those of a
/// right one the transposed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A factor where it stands.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, N> {
    pub(super) numbers: &'a [N],
    /// Rows of a left factor, columns of a right one.
    pub(super) outer: usize,
    /// The dimension that is summed over.
    pub(super) inner: usize,
    /// Whether numbers along the inner dimension follow each other in memory; otherwise those along the outer do.
    pub(super) along: bool,
}

impl<N: Number> Source<'_, N> {
    /// 16 of the outer dimension and 32 of the inner one, and how far apart their lines in memory are; at the
    /// edge in `edge`, filled up with zeros.
    fn window<'b>(&'b self, outer: usize, inner: usize, edge: &'b mut [N; SIDE * DEPTH]) -> (&'b [N], usize) {
        let ([lines, length], [first, start], [height, width]) = if self.along {
            ([self.outer, self.inner], [outer, inner], [SIDE, DEPTH])
        } else {
            ([self.inner, self.outer], [inner, outer], [DEPTH, SIDE])
        };
        if first + height <= lines && start + width <= length {
            return (&self.numbers[first * length + start..], length);
        }
        edge.fill(N::default());
        for (line, edge) in (first..lines).zip(edge.chunks_exact_mut(width)) {
            let line = &self.numbers[line * length..][..length];
            edge.iter_mut().zip(line.get(start..).unwrap_or_default()).for_each(|(edge, &x)| *edge = x);
        }
        (edge, width)
    }
}

/// A factor as tiles: for each block of its outer dimension and each step of the inner one, two of each part.
pub(super) struct Packed<const PARTS: usize> {
    outer: usize,
    inner: usize,
    tiles: Vec<[Two; PARTS]>,
}

impl<const PARTS: usize> Default for Packed<PARTS> {
    fn default() -> Self {
        Self { outer: 0, inner: 0, tiles: Vec::new() }
    }
}

impl<const PARTS: usize> Packed<PARTS> {
    pub(super) fn outer(&self) -> usize {
        self.outer
    }

    pub(super) fn inner(&self) -> usize {
        self.inner
    }

    fn steps(&self) -> usize {
        self.inner.div_ceil(DEPTH)
    }

    pub(super) fn clear(&mut self) {
        self.outer = 0;
    }

    /// Where each block of the outer dimension begins, and all its steps.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, &[[Two; PARTS]])> {
        let starts = (0..self.outer).step_by(BLOCK);
        // Without steps there is nothing to add.
        starts.zip(self.tiles.chunks_exact(self.steps().max(1))).filter(|_| self.inner > 0)
    }

    /// Takes over a factor; room is only ever added.
    pub(super) fn pack<N: Number>(&mut self, _: Machine, source: Source<N>, side: Side) {
        let Source { numbers, outer, inner, along } = source;
        assert_eq!(numbers.len(), outer * inner, "a factor of {outer} times {inner}");
        (self.outer, self.inner) = (outer, inner);
        let steps = self.steps();
        let count = steps * outer.div_ceil(BLOCK);
        if self.tiles.len() < count {
            self.tiles.resize(count, [[Tile::ZERO; 2]; PARTS]);
        }
        let into = self.tiles[..count].chunks_exact_mut(steps.max(1));
        // SAFETY: a `Machine` has the instructions.
        unsafe {
            match (along, along != (side == Side::Left)) {
                (true, false) => pack_all::<N, PARTS, true, false>(source, into),
                (true, true) => pack_all::<N, PARTS, true, true>(source, into),
                (false, false) => pack_all::<N, PARTS, false, false>(source, into),
                (false, true) => pack_all::<N, PARTS, false, true>(source, into),
            }
        }
    }
}

/// `ALONG` as in the source; `TURNED` says whether rows of tiles go across the lines of memory.
#[target_feature(enable = "avx512f,avx512bw")]
fn pack_all<'a, N: Number, const PARTS: usize, const ALONG: bool, const TURNED: bool>(
    source: Source<N>,
    into: impl Iterator<Item = &'a mut [[Two; PARTS]]>,
) {
    let mut edge = [N::default(); SIDE * DEPTH];
    for (block, steps) in into.enumerate() {
        for (k, step) in steps.iter_mut().enumerate() {
            for half in 0..2 {
                let (numbers, stride) = source.window(block * BLOCK + half * SIDE, k * DEPTH, &mut edge);
                pack_tile::<N, PARTS, ALONG, TURNED>(numbers, stride, half, step);
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn pack_tile<N: Number, const PARTS: usize, const ALONG: bool, const TURNED: bool>(
    numbers: &[N],
    stride: usize,
    half: usize,
    into: &mut [Two; PARTS],
) {
    let order = cast(if ALONG { ONE_AFTER_THE_OTHER } else { IN_TURN });
    let mut rows = [[_mm512_setzero_si512(); SIDE]; PARTS];
    for row in 0..SIDE {
        let [first, second] = if ALONG {
            let line = &numbers[row * stride..][..DEPTH];
            [sixteen(&line[..SIDE]), sixteen(&line[SIDE..])]
        } else {
            let lines = &numbers[2 * row * stride..][..stride + SIDE];
            [sixteen(&lines[..SIDE]), sixteen(&lines[stride..])]
        };
        let parts = split::<PARTS>(first, second, order);
        for p in 0..PARTS {
            if TURNED {
                rows[p][row] = parts[p];
            } else {
                into[p][half].0[row] = cast(parts[p]);
            }
        }
    }
    if TURNED {
        for p in 0..PARTS {
            transpose(&rows[p], &mut into[p][half].0);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn sixteen<N: Number>(numbers: &[N]) -> __m512 {
    let mut singles = [0.0; SIDE];
    for i in 0..SIDE {
        singles[i] = numbers[i].single();
    }
    cast(singles)
}

/// The upper half of every word of two registers, in which order.
const ONE_AFTER_THE_OTHER: [u16; DEPTH] = upper_halves(false);
const IN_TURN: [u16; DEPTH] = upper_halves(true);

const fn upper_halves(in_turn: bool) -> [u16; DEPTH] {
    let (mut order, mut i) = ([0; DEPTH], 0);
    while i < DEPTH {
        let word = if in_turn { i / 2 + SIDE * (i % 2) } else { i };
        order[i] = 2 * word as u16 + 1;
        i += 1;
    }
    order
}

/// High, middle and low part of pairs: x is h + m + l to the last bit, each with 8 bits of its 24, cut off, not
/// rounded.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn split<const PARTS: usize>(mut first: __m512, mut second: __m512, order: __m512i) -> [__m512i; PARTS] {
    let mut parts = [_mm512_setzero_si512(); PARTS];
    for part in &mut parts {
        *part = _mm512_permutex2var_epi16(_mm512_castps_si512(first), order, _mm512_castps_si512(second));
        (first, second) = (rest(first), rest(second));
    }
    parts
}

/// What the upper halves leave.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn rest(x: __m512) -> __m512 {
    let upper = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0xffff_0000_u32.cast_signed()));
    _mm512_sub_ps(x, _mm512_castsi512_ps(upper))
}

/// Rows and columns of a tile exchanged: of pairs of words, of pairs of those, and of quarters of registers twice.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
pub(super) fn transpose(rows: &[__m512i; SIDE], columns: &mut [[u32; SIDE]; SIDE]) {
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    let mut words = [_mm512_setzero_si512(); SIDE];
    for i in (0..SIDE).step_by(2) {
        words[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        words[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    // Of each four rows: the columns 0, 4, 8 and 12, then those after them.
    let mut fours = [_mm512_setzero_si512(); SIDE];
    for i in (0..SIDE).step_by(4) {
        fours[i] = _mm512_unpacklo_epi64(words[i], words[i + 2]);
        fours[i + 1] = _mm512_unpackhi_epi64(words[i], words[i + 2]);
        fours[i + 2] = _mm512_unpacklo_epi64(words[i + 1], words[i + 3]);
        fours[i + 3] = _mm512_unpackhi_epi64(words[i + 1], words[i + 3]);
    }
    for c in 0..4 {
        let even = _mm512_shuffle_i32x4::<EVEN>(fours[c], fours[4 + c]);
        let odd = _mm512_shuffle_i32x4::<ODD>(fours[c], fours[4 + c]);
        let later_even = _mm512_shuffle_i32x4::<EVEN>(fours[8 + c], fours[12 + c]);
        let later_odd = _mm512_shuffle_i32x4::<ODD>(fours[8 + c], fours[12 + c]);
        columns[c] = cast(_mm512_shuffle_i32x4::<EVEN>(even, later_even));
        columns[4 + c] = cast(_mm512_shuffle_i32x4::<EVEN>(odd, later_odd));
        columns[8 + c] = cast(_mm512_shuffle_i32x4::<ODD>(even, later_even));
        columns[12 + c] = cast(_mm512_shuffle_i32x4::<ODD>(odd, later_odd));
    }
}
