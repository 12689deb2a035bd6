//! Rows of a matrix as lists of their numbers that are not 0.

use crate::real::Real;
use crate::real::product::panel::DEPTH;

/// Columns of a stretch: as many as a panel of the other factor has rows.
pub(super) const STRETCH: usize = DEPTH;

/// Pixels that are looked at together.
const WORD: usize = 8;

/// A matrix in stretches of columns, and for each a list of every row.
#[derive(Default)]
pub(super) struct Lists<A> {
    rows: usize,
    columns: usize,
    /// `(stretches, rows + 1)`: where the lists of a stretch begin, and where each ends.
    ends: Vec<u32>,
    /// Of each number its column within the stretch, ascending in each list; longer than need be.
    columns_within: Vec<u8>,
    values: Vec<A>,
}

/// The lists of one stretch.
pub(super) struct Stretch<'a, A> {
    ends: &'a [u32],
    columns: &'a [u8],
    values: &'a [A],
}

impl<'a, A> Stretch<'a, A> {
    /// Columns and values of a row.
    #[allow(clippy::inline_always, reason = "belongs into functions compiled for one set of vector instructions")]
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> (&'a [u8], &'a [A]) {
        let list = self.ends[row] as usize..self.ends[row + 1] as usize;
        (&self.columns[list.clone()], &self.values[list])
    }
}

impl<A: Real> Lists<A> {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Stretch by stretch.
    #[allow(clippy::inline_always, reason = "belongs into functions compiled for one set of vector instructions")]
    #[inline(always)]
    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch<'_, A>> {
        let stretches = self.ends.chunks_exact(self.rows + 1);
        stretches.map(|ends| Stretch { ends, columns: &self.columns_within, values: &self.values })
    }

    /// Gray values of images of so many pixels each.
    pub(super) fn read(&mut self, pixels: &[u8], columns: usize) {
        (self.rows, self.columns) = (pixels.len() / columns, columns);
        self.reserve(pixels.len() + WORD);
        let gray: [A; 256] = std::array::from_fn(|pixel| A::gray(pixel as u8));
        self.ends.clear();
        let mut end = 0;
        for start in (0..columns).step_by(STRETCH) {
            self.ends.push(end as u32);
            for image in pixels.chunks_exact(columns) {
                let stretch = &image[start..columns.min(start + STRETCH)];
                end += list(stretch, &mut self.columns_within[end..], &mut self.values[end..], &gray);
                self.ends.push(end as u32);
            }
        }
    }

    /// Makes `other` the transposed of this.
    pub(super) fn transpose(&self, other: &mut Self) {
        (other.rows, other.columns) = (self.columns, self.rows);
        let lists = other.rows + 1;
        // Which of the other's `ends` belongs to the first of a stretch of columns, from a row of this.
        let first = |stretch: usize, row: usize| row / STRETCH * lists + 1 + stretch * STRETCH;
        other.ends.clear();
        other.ends.resize(other.columns.div_ceil(STRETCH) * lists, 0);
        for (s, stretch) in self.stretches().enumerate() {
            for row in 0..self.rows {
                let counts = &mut other.ends[first(s, row)..];
                stretch.row(row).0.iter().for_each(|&column| counts[usize::from(column)] += 1);
            }
        }
        // From counts to where each list begins.
        let count = other.ends.iter_mut().fold(0, |begin, end| begin + std::mem::replace(end, begin));
        other.reserve(count as usize);
        for (s, stretch) in self.stretches().enumerate() {
            for row in 0..self.rows {
                let ends = &mut other.ends[first(s, row)..];
                let (columns, values) = stretch.row(row);
                for (&column, &value) in columns.iter().zip(values) {
                    let end = &mut ends[usize::from(column)];
                    other.columns_within[*end as usize] = (row % STRETCH) as u8;
                    other.values[*end as usize] = value;
                    *end += 1;
                }
            }
        }
    }

    /// Leaves no rows.
    pub(super) fn clear(&mut self) {
        (self.rows, self.columns) = (0, 0);
        self.ends.clear();
    }

    fn reserve(&mut self, count: usize) {
        if self.values.len() < count {
            self.columns_within.resize(count, 0);
            self.values.resize(count, A::zero());
        }
    }
}

/// Writes place and gray value of the pixels that are not black, and returns their number; up to a word of places
/// behind them is written over.
fn list<A: Real>(pixels: &[u8], places: &mut [u8], values: &mut [A], gray: &[A; 256]) -> usize {
    let mut count = 0;
    let (words, rest) = pixels.as_chunks::<WORD>();
    for (word, first) in words.iter().zip((0..).step_by(WORD)) {
        // No branch: where a digit begins and ends no processor foresees.
        let taken = usize::from(not_zero(u64::from_le_bytes(*word)));
        let room: &mut [u8; WORD] = places[count..].first_chunk_mut().expect("room for a word");
        // To all places of the word at once: none is above 127.
        *room = (PLACES[taken] + first * ONES).to_le_bytes();
        count += taken.count_ones() as usize;
    }
    for (place, _) in (words.len() * WORD..).zip(rest).filter(|(_, pixel)| **pixel != 0) {
        places[count] = place as u8;
        count += 1;
    }
    for (value, &place) in values[..count].iter_mut().zip(&places[..count]) {
        *value = gray[usize::from(pixels[usize::from(place)])];
    }
    count
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
