//! Sums of digits times pixels, into C as those of numbers times gray values.

use super::machine::{BLOCK, DIGITS, Machine, SIDE, Sums};
use super::transpose::transpose;
use pulp::cast;
use std::arch::x86_64::{__m512i, _mm512_setzero_si512};

/// 1/255 in two parts: a sum times both rounds nearly as the quotient does.
const HIGH: f32 = 1.0 / 255.0;
const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;

/// The factor between a digit and the next lower one.
const RADIX: f32 = 256.0;

/// C, its rows of this length.
pub(super) struct Rows<'a> {
    pub(super) numbers: &'a mut [f32],
    pub(super) width: usize,
    /// Added to what is there, or overwriting it.
    pub(super) added: bool,
    /// What is written at a time.
    pub(super) block: [[f32; BLOCK]; BLOCK],
}

impl Rows<'_> {
    /// The sums of the digits, the highest first, times the factor of each row, from `row` and
    /// `column` on, as many as C has.
    pub(super) fn write(
        &mut self,
        _: Machine,
        sums: &[Sums; DIGITS],
        factors: &[f32; BLOCK],
        [row, column]: [usize; 2],
    ) {
        // SAFETY: a `Machine` has the instructions.
        unsafe {
            together(sums, factors, &mut self.block);
            write(self.numbers, self.width, self.added, &self.block, [row, column]);
        }
    }

    /// Writes zeros instead.
    pub(super) fn clear(&mut self, [row, column]: [usize; 2]) {
        for row in self.numbers.chunks_exact_mut(self.width).skip(row).take(BLOCK) {
            row[column..].iter_mut().take(BLOCK).for_each(|x| *x = 0.0);
        }
    }

    /// As [`Self::write`], with rows and columns of the sums exchanged.
    pub(super) fn write_transposed(
        &mut self,
        _: Machine,
        sums: &[Sums; DIGITS],
        factors: &[f32; BLOCK],
        at: [usize; 2],
    ) {
        // SAFETY: a `Machine` has the instructions.
        unsafe {
            together(sums, factors, &mut self.block);
            write_transposed(self, at);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn together(
    [high, middle, low]: &[Sums; DIGITS],
    factors: &[f32; BLOCK],
    into: &mut [[f32; BLOCK]; BLOCK],
) {
    for (r, row) in into.iter_mut().enumerate() {
        for (c, sum) in row.iter_mut().enumerate() {
            let lower = (middle.0[r][c] as f32).mul_add(RADIX, low.0[r][c] as f32);
            let all = (high.0[r][c] as f32).mul_add(RADIX * RADIX, lower);
            *sum = all.mul_add(HIGH, all * LOW) * factors[r];
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn write_transposed(rows: &mut Rows, [row, column]: [usize; 2]) {
    let (quarters, _) = rows.block.as_flattened().as_chunks::<SIDE>();
    for lower in 0..2 {
        for right in 0..2 {
            let mut tile: [__m512i; SIDE] = [_mm512_setzero_si512(); SIDE];
            for i in 0..SIDE {
                tile[i] = cast(quarters[2 * (lower * SIDE + i) + right]);
            }
            let mut transposed = [[0; SIDE]; SIDE];
            transpose(&tile, &mut transposed);
            let transposed: [[f32; SIDE]; SIDE] = transposed.map(cast);
            write(
                rows.numbers,
                rows.width,
                rows.added,
                &transposed,
                [row + right * SIDE, column + lower * SIDE],
            );
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn write<const N: usize>(
    numbers: &mut [f32],
    width: usize,
    added: bool,
    sums: &[[f32; N]],
    [row, column]: [usize; 2],
) {
    if column >= width {
        return;
    }
    for (into, sums) in numbers.chunks_exact_mut(width).skip(row).zip(sums) {
        let into = &mut into[column..];
        // Of a length known beforehand, but at the edge.
        if let Some(into) = into.first_chunk_mut::<N>() {
            put(into, sums, added);
        } else {
            put(into, sums, added);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
fn put(into: &mut [f32], sums: &[f32], added: bool) {
    for (x, &sum) in into.iter_mut().zip(sums) {
        *x = if added { *x + sum } else { sum };
    }
}
