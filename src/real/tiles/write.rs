//! Sums of weights times pixels, into C as those times gray values.

use super::machine::{Machine, SIDE, Sums};
use super::pack::transpose;
use pulp::cast;
use std::arch::x86_64::{__m512i, _mm512_setzero_si512};

/// 1/255 in two parts: a sum times both rounds nearly as the quotient does, so that a white pixel leaves a weight as
/// it is.
const HIGH: f32 = 1.0 / 255.0;
const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;

/// C, its rows of this length.
pub(super) struct Rows<'a> {
    pub(super) numbers: &'a mut [f32],
    pub(super) width: usize,
    /// On top of what is there, or in its place.
    pub(super) added: bool,
}

impl Rows<'_> {
    /// The sums from `row` and `column` on, as many as there is room for.
    pub(super) fn write(&mut self, _: Machine, sums: &Sums, [row, column]: [usize; 2]) {
        // SAFETY: a `Machine` has the instructions.
        unsafe { write(self, &sums.0, row, column) };
    }

    /// The same with rows and columns of the sums exchanged.
    pub(super) fn write_turned(&mut self, _: Machine, sums: &Sums, at: [usize; 2]) {
        // SAFETY: a `Machine` has the instructions.
        unsafe { write_turned(self, sums, at) };
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn write_turned(rows: &mut Rows, sums: &Sums, [row, column]: [usize; 2]) {
    let (quarters, _) = sums.0.as_flattened().as_chunks::<SIDE>();
    for lower in 0..2 {
        for right in 0..2 {
            let mut tile: [__m512i; SIDE] = [_mm512_setzero_si512(); SIDE];
            for i in 0..SIDE {
                tile[i] = cast(quarters[2 * (lower * SIDE + i) + right]);
            }
            let mut turned = [[0; SIDE]; SIDE];
            transpose(&tile, &mut turned);
            let turned: [[f32; SIDE]; SIDE] = turned.map(cast);
            write(rows, &turned, row + right * SIDE, column + lower * SIDE);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn write<const N: usize>(rows: &mut Rows, sums: &[[f32; N]], row: usize, column: usize) {
    if column >= rows.width {
        return;
    }
    for (into, sums) in rows.numbers.chunks_exact_mut(rows.width).skip(row).zip(sums) {
        let into = &mut into[column..];
        // Of a length known beforehand where there is room.
        if let Some(into) = into.first_chunk_mut::<N>() {
            put(into, sums, rows.added);
        } else {
            put(into, sums, rows.added);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn put(into: &mut [f32], sums: &[f32], added: bool) {
    for (x, &sum) in into.iter_mut().zip(sums) {
        let sum = sum.mul_add(HIGH, sum * LOW);
        *x = if added { *x + sum } else { sum };
    }
}
