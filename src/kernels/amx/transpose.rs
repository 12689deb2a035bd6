//! A tile of 16 × 16 words transposed in registers.

use super::machine::SIDE;
use pulp::cast;
use std::arch::x86_64::{
    __m512i, _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// Of the quarters of two registers, the first and the third of each, and the others.
pub(super) const EVEN: i32 = 0b10_00_10_00;
pub(super) const ODD: i32 = 0b11_01_11_01;

/// First of pairs of words, then of pairs of those, and of quarters of registers twice.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn transpose(rows: &[__m512i; SIDE], columns: &mut [[u32; SIDE]; SIDE]) {
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
