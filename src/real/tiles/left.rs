//! The left factor as tiles: numbers of 24 bits in three parts.

use super::machine::{BLOCK, DEPTH, Machine, PARTS, SIDE, Tile, Two};
use super::source::{Edge, Source};
use super::turn::turn;
use pulp::cast;
use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_castsi512_ps, _mm512_cvtps_epi32, _mm512_mul_ps, _mm512_permutexvar_epi8, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_xor_si512,
};

/// What makes of the three digits of a number, each from −128 to 127, bytes from 0 to 255.
const OFFSETS: i32 = 0x80_80_80;

/// For each block of rows, part by part and step by step of the inner dimension, two tiles: rows of numbers along that.
#[derive(Default)]
pub(super) struct Left {
    outer: usize,
    inner: usize,
    tiles: Vec<Two>,
    scales: Vec<Scale>,
}

/// Of a row: its numbers are integers of 24 bits times a power of two.
#[derive(Clone, Copy, Default)]
struct Scale {
    /// Numbers times this are the integers.
    up: f32,
    /// Its inverse; not a number if one of the row's is infinite or not one.
    down: f32,
}

/// Some rows of a factor.
pub(super) struct Block<'a> {
    pub(super) first: usize,
    /// All steps of the highest digits, then those of the others.
    pub(super) parts: [&'a [Two]; PARTS],
    /// What each row is to be multiplied by.
    pub(super) factors: [f32; BLOCK],
}

impl Left {
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let steps = self.inner.div_ceil(DEPTH);
        let blocks = self.tiles.chunks_exact((PARTS * steps).max(1)).zip(self.scales.chunks_exact(BLOCK));
        (0..self.outer).step_by(BLOCK).zip(blocks).map(move |(first, (tiles, scales))| Block {
            first,
            parts: std::array::from_fn(|part| &tiles[part * steps..(part + 1) * steps]),
            factors: std::array::from_fn(|row| scales[row].down),
        })
    }

    /// Takes over a factor; room is only ever added.
    pub(super) fn pack(&mut self, _: Machine, source: Source<f32>) {
        assert_eq!(source.numbers.len(), source.outer * source.inner, "a whole factor");
        (self.outer, self.inner) = (source.outer, source.inner);
        let (blocks, steps) = (self.outer.div_ceil(BLOCK), self.inner.div_ceil(DEPTH));
        if self.tiles.len() < blocks * PARTS * steps {
            self.tiles.resize(blocks * PARTS * steps, [Tile::ZERO; 2]);
        }
        self.scales.clear();
        self.scales.resize(blocks * BLOCK, Scale::default());
        // SAFETY: a `Machine` has the instructions.
        unsafe {
            scales(source, &mut self.scales);
            for (block, into) in self.tiles.chunks_exact_mut((PARTS * steps).max(1)).take(blocks).enumerate() {
                pack_block(source, block * BLOCK, &self.scales[block * BLOCK..][..BLOCK], into);
            }
        }
    }
}

/// The scale of each row.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn scales(source: Source<f32>, scales: &mut [Scale]) {
    const MAGNITUDE: u32 = u32::MAX >> 1;
    let magnitude = |x: f32| x.to_bits() & MAGNITUDE;
    if source.along {
        for (scale, row) in scales.iter_mut().zip(source.numbers.chunks_exact(source.inner.max(1))) {
            *scale = Scale::of(row.iter().fold(0, |largest, &x| largest.max(magnitude(x))));
        }
    } else {
        // Rows stand side by side: the largest so far, as bits.
        for line in source.numbers.chunks_exact(source.outer.max(1)) {
            for (scale, &x) in scales.iter_mut().zip(line) {
                scale.up = f32::from_bits(scale.up.to_bits().max(magnitude(x)));
            }
        }
        scales.iter_mut().take(source.outer).for_each(|scale| *scale = Scale::of(scale.up.to_bits()));
    }
}

impl Scale {
    /// For a row whose largest number, without its sign, has these bits.
    fn of(largest: u32) -> Self {
        const INFINITE: u32 = 0xff << 23;
        // A little larger, so that it is less than 2²³ − 2¹⁵ as an integer: three digits reach no further.
        let exponent = (f32::from_bits(largest) * (1.0 + 1.0 / 128.0)).to_bits() >> 23;
        // Below 1e-31 fewer bits are left.
        let up = (127 + 22 + 127 - exponent).min(126 + 127);
        let power = |exponent: u32| f32::from_bits(exponent << 23);
        let down = if largest < INFINITE { power(2 * 127 - up) } else { f32::NAN };
        Self { up: power(up), down }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn pack_block(source: Source<f32>, first: usize, scales: &[Scale], into: &mut [Two]) {
    let mut edge: Edge<f32> = [0.0; SIDE * DEPTH];
    let steps = into.len() / PARTS;
    for step in 0..steps {
        for half in 0..2 {
            let (numbers, stride) = source.window(first + half * SIDE, step * DEPTH, &mut edge);
            let scales: &[Scale; SIDE] = scales[half * SIDE..].first_chunk().expect("a scale for each row");
            if source.along {
                for (row, scale) in scales.iter().enumerate() {
                    let line: &[[f32; SIDE]; 4] = numbers[row * stride..].as_chunks().0.first_chunk().expect("a line of the window");
                    let digits = digits_of_row(line, scale.up);
                    for part in 0..PARTS {
                        into[part * steps + step][half].0[row] = cast(digits[part]);
                    }
                }
            } else {
                let digits = digits_of_rows(numbers, stride, scales);
                for part in 0..PARTS {
                    turn(&digits[part], &mut into[part * steps + step][half].0);
                }
            }
        }
    }
}

/// The integers of numbers: nearest, in three bytes, each with its digit.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn integers(numbers: [f32; SIDE], up: __m512i) -> __m512i {
    let integers = _mm512_cvtps_epi32(_mm512_mul_ps(cast(numbers), _mm512_castsi512_ps(up)));
    let offsets = _mm512_set1_epi32(OFFSETS);
    _mm512_xor_si512(_mm512_add_epi32(integers, offsets), offsets)
}

/// The highest, middle and lowest digits of numbers that follow each other.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn digits_of_row(line: &[[f32; SIDE]; 4], up: f32) -> [__m512i; PARTS] {
    const FIRST_TWO: i32 = 0b01_00_01_00;
    const THIRD: i32 = 0b10_10_10_10;
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    // The same digit of each sixteen side by side.
    let order: __m512i = cast(BY_DIGITS);
    let mut sixteens = [_mm512_setzero_si512(); 4];
    for i in 0..4 {
        sixteens[i] = _mm512_permutexvar_epi8(order, integers(line[i], cast(_mm512_set1_ps(up))));
    }
    let [a, b, c, d] = sixteens;
    let (left, right) = (_mm512_shuffle_i32x4::<FIRST_TWO>(a, b), _mm512_shuffle_i32x4::<FIRST_TWO>(c, d));
    let (left_low, right_low) = (_mm512_shuffle_i32x4::<THIRD>(a, b), _mm512_shuffle_i32x4::<THIRD>(c, d));
    [
        _mm512_shuffle_i32x4::<EVEN>(left, right),
        _mm512_shuffle_i32x4::<ODD>(left, right),
        _mm512_shuffle_i32x4::<EVEN>(left_low, right_low),
    ]
}

/// The same of sixteen rows that stand side by side: in fours along the rows, a row beside the other.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn digits_of_rows(numbers: &[f32], stride: usize, scales: &[Scale; SIDE]) -> [[__m512i; SIDE]; PARTS] {
    let mut up = [0.0; SIDE];
    up.iter_mut().zip(scales).for_each(|(up, scale)| *up = scale.up);
    let mut digits = [[_mm512_setzero_si512(); SIDE]; PARTS];
    for four in 0..SIDE {
        let mut lines = [[0_u32; SIDE]; 4];
        for (k, line) in lines.iter_mut().enumerate() {
            let numbers: &[f32; SIDE] = numbers[(4 * four + k) * stride..].first_chunk().expect("a line of the window");
            *line = cast(integers(*numbers, cast(up)));
        }
        for (part, digits) in digits.iter_mut().enumerate() {
            let low = 8 * (PARTS - 1 - part);
            let mut words = [0; SIDE];
            for (i, word) in words.iter_mut().enumerate() {
                let digit = |k: usize| (lines[k][i] >> low & 0xff) << (8 * k);
                *word = digit(0) | digit(1) | digit(2) | digit(3);
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
        // In memory the lowest digit comes first; the fourth byte is none.
        let byte = if i / SIDE < PARTS { PARTS - 1 - i / SIDE } else { PARTS };
        order[i] = (4 * (i % SIDE) + byte) as u8;
        i += 1;
    }
    order
};
