//! Rows of bytes compressed to those that are not 0, eight bytes at a time, on any processor.

use super::column_blocks::{Rows, Target};
use crate::kernels::dispatch::dispatched;

/// Bytes that are looked at together.
const WORD: usize = 8;

dispatched! {
    /// Writes the bytes of every row that are not 0, and their places in it, from `end` on.
    pub(super) fn compress(_simd, rows: Rows<'_>, end: usize, target: Target<'_>) {
        let (mut end, target) = (end, target);
        for row in 0..rows.count {
            let row = &rows.bytes[row * rows.stride..][..rows.length];
            let start = end;
            let (words, rest) = row.as_chunks::<WORD>();
            for (word, first) in words.iter().zip((0..).step_by(WORD)) {
                // No branch: no processor predicts where a digit begins and ends.
                let taken = usize::from(not_zero(u64::from_le_bytes(*word)));
                let into: &mut [u8; WORD] =
                    target.places[end..].first_chunk_mut().expect("space for a word");
                // To all places of the word at once: none is above 127.
                *into = (PLACES[taken] + first * ONES).to_le_bytes();
                end += taken.count_ones() as usize;
            }
            for (place, _) in (words.len() * WORD..).zip(rest).filter(|(_, byte)| **byte != 0) {
                target.places[end] = place as u8;
                end += 1;
            }
            for (byte, &place) in
                target.bytes[start..end].iter_mut().zip(&target.places[start..end])
            {
                *byte = row[usize::from(place)];
            }
            target.ends.push(end as u32);
        }
    }
}

/// 1 in every byte.
const ONES: u64 = u64::from_le_bytes([1; WORD]);

/// The bits that are 1 in each number, the lowest first, in a byte each; then zeros.
static PLACES: [u64; 256] = {
    let (mut places, mut bits) = ([0; 256], 0);
    while bits < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < WORD {
            if bits >> bit & 1 == 1 {
                places[bits] |= (bit as u64) << (8 * count);
                count += 1;
            }
            bit += 1;
        }
        bits += 1;
    }
    places
};

/// A bit for each byte that is not 0, the lowest first.
#[allow(clippy::inline_always, reason = "belongs into the function compiled for its instructions")]
#[inline(always)]
fn not_zero(word: u64) -> u8 {
    const LOW_SEVEN: u64 = 127 * ONES;
    let high_bits = (((word & LOW_SEVEN) + LOW_SEVEN) | word) & !LOW_SEVEN;
    // Moves bit 7 of byte k to bit 56 + k.
    ((high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_zero_are_found_in_every_combination() {
        for bits in 0..=u8::MAX {
            for byte in [1, 127, 128, 255] {
                let word: [u8; WORD] = std::array::from_fn(|k| byte * (bits >> k & 1));
                assert_eq!(not_zero(u64::from_le_bytes(word)), bits, "{word:?}");
            }
            let expected: Vec<u8> = (0..8).filter(|k| bits >> k & 1 == 1).collect();
            assert_eq!(PLACES[usize::from(bits)].to_le_bytes()[..expected.len()], expected);
        }
    }
}
