//! The left factor as tiles: numbers of 24 bits as three digits.

use super::machine::{BLOCK, DEPTH, DIGITS, Machine, SIDE, Tile, Two};
use super::source::{Edge, Source};
use super::transpose::{EVEN, ODD, transpose};
use pulp::cast;
use std::arch::x86_64::{
    __m512, __m512i, _mm512_add_epi32, _mm512_cvtps_epi32, _mm512_mul_ps, _mm512_permutexvar_epi8,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_shuffle_i32x4,
    _mm512_xor_si512,
};

/// Offsets between the three digits of a number, each from −128 to 127, and bytes from 0 to 255.
const OFFSETS: i32 = 0x80_80_80;

/// For each block of rows, digit by digit and step by step of the inner dimension, two tiles: rows
/// of numbers in that dimension.
#[derive(Default)]
pub(in crate::kernels) struct Left {
    outer: usize,
    inner: usize,
    tiles: Vec<Two>,
    /// Scale factor from integers to the numbers of each row; NaN if the row contains ±∞ or NaN.
    factors: Vec<f32>,
}

/// Some rows of a factor.
pub(super) struct Block<'a> {
    pub(super) first: usize,
    /// All steps of the highest digits, then those of the others.
    pub(super) digits: [&'a [Two]; DIGITS],
    pub(super) factors: &'a [f32; BLOCK],
}

impl Left {
    /// Rows, and numbers of each.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.outer, self.inner)
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let steps = self.inner.div_ceil(DEPTH);
        let blocks =
            self.tiles.chunks_exact((DIGITS * steps).max(1)).zip(self.factors.as_chunks().0);
        (0..self.outer).step_by(BLOCK).zip(blocks).map(move |(first, (tiles, factors))| {
            let (high, lower) = tiles.split_at(steps);
            let (middle, low) = lower.split_at(steps);
            Block { first, digits: [high, middle, low], factors }
        })
    }

    /// Takes over `outer` rows of `inner` numbers; the memory grows.
    pub(super) fn pack_rows<'a>(
        &mut self,
        _: Machine,
        (outer, inner): (usize, usize),
        rows: impl Iterator<Item = &'a [f32]>,
    ) {
        let steps = self.reserve(outer, inner);
        for (row, numbers) in rows.enumerate() {
            assert_eq!(numbers.len(), inner, "rows of one length");
            let (block, within) = (row / BLOCK, row % BLOCK);
            let tiles = &mut self.tiles[block * DIGITS * steps..][..DIGITS * steps];
            // SAFETY: a `Machine` has the instructions.
            self.factors[row] = unsafe { pack_row(numbers, within, tiles) };
        }
    }

    /// Takes over a factor whose columns are contiguous.
    pub(super) fn pack_columns(&mut self, _: Machine, source: Source<f32>) {
        assert!(
            !source.inner_contiguous && source.numbers.len() == source.outer * source.inner,
            "a whole factor, by columns"
        );
        let steps = self.reserve(source.outer, source.inner);
        let blocks = self
            .tiles
            .chunks_exact_mut((DIGITS * steps).max(1))
            .zip(self.factors.as_chunks_mut().0);
        for (first, (tiles, factors)) in (0..source.outer).step_by(BLOCK).zip(blocks) {
            // SAFETY: a `Machine` has the instructions.
            unsafe { pack_block(source, first, factors, tiles) };
        }
    }

    /// Returns the number of steps.
    fn reserve(&mut self, outer: usize, inner: usize) -> usize {
        (self.outer, self.inner) = (outer, inner);
        let (blocks, steps) = (outer.div_ceil(BLOCK), inner.div_ceil(DEPTH));
        if self.tiles.len() < blocks * DIGITS * steps {
            self.tiles.resize(blocks * DIGITS * steps, [Tile::ZERO; 2]);
        }
        self.factors.clear();
        self.factors.resize(blocks * BLOCK, 0.0);
        steps
    }
}

/// The bits of |x|, which have the order of the numbers, with NaN last.
fn magnitude(x: f32) -> u32 {
    x.to_bits() & u32::MAX >> 1
}

/// The scale factor from the numbers of a row to integers of 24 bits, and its inverse; both are
/// powers of two.
///
/// `largest` are the bits of the row's largest magnitude.
fn scale(largest: u32) -> [f32; 2] {
    const BIAS: u32 = 127;
    const INFINITE: u32 = 0xff << 23;
    // A little larger, so that the integer is less than 2²³ − 2¹⁵ − 2⁷, the limit of three digits.
    let exponent = (f32::from_bits(largest) * (1.0 + 1.0 / 128.0)).to_bits() >> 23;
    // Below 1e-31 fewer bits are left.
    let up = (2 * BIAS + 22 - exponent).min(BIAS + 126);
    let power = |exponent: u32| f32::from_bits(exponent << 23);
    [power(up), if largest < INFINITE { power(2 * BIAS - up) } else { f32::NAN }]
}

/// Writes `row` of a block; returns the scale factor from integers to numbers.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn pack_row(numbers: &[f32], row: usize, into: &mut [Two]) -> f32 {
    let [up, down] = scale(numbers.iter().fold(0, |largest, &x| largest.max(magnitude(x))));
    let steps = into.len() / DIGITS;
    let mut put = |step: usize, line: &[f32; DEPTH]| {
        let digits = digits_of_row(line, up);
        for digit in 0..DIGITS {
            into[digit * steps + step][row / SIDE].0[row % SIDE] = cast(digits[digit]);
        }
    };
    let (lines, rest) = numbers.as_chunks();
    lines.iter().enumerate().for_each(|(step, line)| put(step, line));
    if !rest.is_empty() {
        let mut line = [0.0; DEPTH];
        line[..rest.len()].copy_from_slice(rest);
        put(lines.len(), &line);
    }
    down
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn pack_block(source: Source<f32>, first: usize, factors: &mut [f32; BLOCK], into: &mut [Two]) {
    let (mut up, mut largest) = ([0.0; BLOCK], [0; BLOCK]);
    let last = source.outer.min(first + BLOCK);
    for line in source.numbers.chunks_exact(source.outer) {
        largest
            .iter_mut()
            .zip(&line[first..last])
            .for_each(|(largest, &x)| *largest = magnitude(x).max(*largest));
    }
    for row in 0..BLOCK {
        [up[row], factors[row]] = scale(largest[row]);
    }
    let mut edge: Edge<f32> = [0.0; SIDE * DEPTH];
    let (up, _) = up.as_chunks();
    let steps = into.len() / DIGITS;
    for step in 0..steps {
        for half in 0..2 {
            let (numbers, stride) = source.window(first + half * SIDE, step * DEPTH, &mut edge);
            let digits = digits_of_rows(numbers, stride, &up[half]);
            for digit in 0..DIGITS {
                transpose(&digits[digit], &mut into[digit * steps + step][half].0);
            }
        }
    }
}

/// The integers of numbers: nearest, in three bytes, each with its digit.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn integers(numbers: [f32; SIDE], up: __m512) -> __m512i {
    let integers = _mm512_cvtps_epi32(_mm512_mul_ps(cast(numbers), up));
    let offsets = _mm512_set1_epi32(OFFSETS);
    _mm512_xor_si512(_mm512_add_epi32(integers, offsets), offsets)
}

/// The highest, middle and lowest digits of contiguous numbers.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn digits_of_row(line: &[f32; DEPTH], up: f32) -> [__m512i; DIGITS] {
    const FIRST_TWO: i32 = 0b01_00_01_00;
    const THIRD: i32 = 0b10_10_10_10;
    // The same digit of each sixteen side by side.
    let order: __m512i = cast(BY_DIGITS);
    let mut sixteens = [_mm512_setzero_si512(); 4];
    for (sixteen, numbers) in sixteens.iter_mut().zip(line.as_chunks().0) {
        *sixteen = _mm512_permutexvar_epi8(order, integers(*numbers, _mm512_set1_ps(up)));
    }
    let [a, b, c, d] = sixteens;
    let (left, right) =
        (_mm512_shuffle_i32x4::<FIRST_TWO>(a, b), _mm512_shuffle_i32x4::<FIRST_TWO>(c, d));
    let (left_low, right_low) =
        (_mm512_shuffle_i32x4::<THIRD>(a, b), _mm512_shuffle_i32x4::<THIRD>(c, d));
    [
        _mm512_shuffle_i32x4::<EVEN>(left, right),
        _mm512_shuffle_i32x4::<ODD>(left, right),
        _mm512_shuffle_i32x4::<EVEN>(left_low, right_low),
    ]
}

/// The same of sixteen rows whose columns are contiguous: in fours of each row, row beside row.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn digits_of_rows(numbers: &[f32], stride: usize, up: &[f32; SIDE]) -> [[__m512i; SIDE]; DIGITS] {
    let mut digits = [[_mm512_setzero_si512(); SIDE]; DIGITS];
    for four in 0..SIDE {
        let mut lines = [[0_u32; SIDE]; 4];
        for (k, line) in lines.iter_mut().enumerate() {
            let numbers: &[f32; SIDE] =
                numbers[(4 * four + k) * stride..].first_chunk().expect("a line of the window");
            *line = cast(integers(*numbers, cast(*up)));
        }
        for (digit, digits) in digits.iter_mut().enumerate() {
            let low = 8 * (DIGITS - 1 - digit);
            let mut words = [0; SIDE];
            for (i, word) in words.iter_mut().enumerate() {
                let byte = |k: usize| (lines[k][i] >> low & 0xff) << (8 * k);
                *word = byte(0) | byte(1) | byte(2) | byte(3);
            }
            digits[four] = cast(words);
        }
    }
    digits
}

/// Places of the highest digits of sixteen numbers, then of the middle and of the lowest ones.
const BY_DIGITS: [u8; DEPTH] = {
    let (mut order, mut i) = ([0; DEPTH], 0);
    while i < DEPTH {
        // In memory the lowest digit comes first; the fourth byte is no digit.
        let byte = if i / SIDE < DIGITS { DIGITS - 1 - i / SIDE } else { DIGITS };
        order[i] = (4 * (i % SIDE) + byte) as u8;
        i += 1;
    }
    order
};
