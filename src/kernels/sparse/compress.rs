//! Rows of bytes compressed to those that are not 0, and transposed, with instructions of AVX-512
//! that server processors have since Ice Lake and Zen 4 (VBMI2).

use super::column_blocks::{BLOCK_COLUMNS, Rows, Target};
use crate::kernels::instructions::{InstructionSet, allows};
use pulp::cast;
use std::arch::x86_64::{
    __m512i, _mm512_maskz_compress_epi8, _mm512_setzero_si512, _mm512_test_epi8_mask,
    _mm512_unpackhi_epi8, _mm512_unpacklo_epi8,
};

/// Bytes of a register.
pub(super) const REGISTER: usize = 64;

/// Rows that are transposed at a time, and columns in a quarter of a register.
const SIDE: usize = 16;

type Bytes = [u8; REGISTER];

/// A token: the processor has the instructions.
#[derive(Clone, Copy)]
pub(super) struct Compress(());

impl Compress {
    pub(super) fn get() -> Option<Self> {
        let all = allows(InstructionSet::Vbmi2)
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("popcnt");
        all.then_some(Self(()))
    }

    /// Writes the bytes of every row that are not 0, and their places in it, from `end` on.
    #[expect(clippy::unused_self, reason = "the token makes it sound")]
    pub(super) fn compress(self, rows: Rows, end: usize, target: Target) {
        assert!(rows.length <= BLOCK_COLUMNS, "columns of a block");
        // SAFETY: a `Compress` has the instructions.
        unsafe { compress(rows, end, target) }
    }

    /// Writes the columns of up to [`BLOCK_COLUMNS`] rows as rows of that length; what is beyond
    /// their numbers is unspecified.
    #[expect(clippy::unused_self, reason = "as above")]
    pub(super) fn transpose(self, rows: &[u8], columns: usize, into: &mut [[u8; BLOCK_COLUMNS]]) {
        assert!(rows.len() <= columns * BLOCK_COLUMNS && into.len() == columns, "rows of a block");
        // SAFETY: as above.
        unsafe { transpose(rows, columns, into) }
    }
}

/// The bytes from `start` on, a register of them; zeros where there are no more.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
#[inline]
fn load(bytes: &[u8], start: usize) -> __m512i {
    let bytes = &bytes[start..];
    if let Some(all) = bytes.first_chunk::<REGISTER>() {
        return cast(*all);
    }
    let mut some = [0; REGISTER];
    some[..bytes.len()].copy_from_slice(bytes);
    cast(some)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn compress(rows: Rows, end: usize, target: Target) {
    static PLACES: [Bytes; BLOCK_COLUMNS / REGISTER] = places();
    let mut end = end;
    for row in 0..rows.count {
        for (places, start) in PLACES.iter().zip((0..rows.length).step_by(REGISTER)) {
            let bytes = load(rows.bytes, row * rows.stride + start);
            // What follows in memory belongs to another row.
            let taken = _mm512_test_epi8_mask(bytes, bytes)
                & u64::MAX >> (start + REGISTER).saturating_sub(rows.length);
            let into: &mut Bytes =
                target.bytes[end..].first_chunk_mut().expect("space for a register");
            *into = cast(_mm512_maskz_compress_epi8(taken, bytes));
            let into: &mut Bytes =
                target.places[end..].first_chunk_mut().expect("space for a register");
            *into = cast(_mm512_maskz_compress_epi8(taken, cast(*places)));
            end += taken.count_ones() as usize;
        }
        target.ends.push(end as u32);
    }
}

const fn places() -> [Bytes; BLOCK_COLUMNS / REGISTER] {
    let (mut places, mut i) = ([[0; REGISTER]; BLOCK_COLUMNS / REGISTER], 0);
    while i < BLOCK_COLUMNS {
        places[i / REGISTER][i % REGISTER] = i as u8;
        i += 1;
    }
    places
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn transpose(rows: &[u8], columns: usize, into: &mut [[u8; BLOCK_COLUMNS]]) {
    for (first_row, rows) in (0..).step_by(SIDE).zip(rows.chunks(SIDE * columns)) {
        for (column, into) in (0..).step_by(REGISTER).zip(into.chunks_mut(REGISTER)) {
            let mut registers = [_mm512_setzero_si512(); SIDE];
            for (register, row) in registers.iter_mut().zip((0..rows.len()).step_by(columns)) {
                *register = load(rows, row + column);
            }
            // In each quarter of a register, 16 rows are columns then.
            let registers = shuffle(shuffle(shuffle(shuffle(registers))));
            for (c, register) in registers.into_iter().enumerate() {
                let quarters: [[u8; SIDE]; REGISTER / SIDE] = cast(register);
                for (q, quarter) in quarters.into_iter().enumerate() {
                    if let Some(into) = into.get_mut(q * SIDE + c) {
                        into[first_row..first_row + SIDE].copy_from_slice(&quarter);
                    }
                }
            }
        }
    }
}

/// The halves of an array shuffled into each other, byte by byte.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
#[inline]
fn shuffle([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [__m512i; SIDE]) -> [__m512i; SIDE] {
    let [(a, b), (c, d), (e, f), (g, h), (i, j), (k, l), (m, n), (o, p)] = [
        pair(a, i),
        pair(b, j),
        pair(c, k),
        pair(d, l),
        pair(e, m),
        pair(f, n),
        pair(g, o),
        pair(h, p),
    ];
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
#[inline]
fn pair(a: __m512i, b: __m512i) -> (__m512i, __m512i) {
    (_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b))
}
