//! Sparse rows times a dense matrix whose rows are short: the inputs of one step of a recurrence.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use crate::kernels::Real;
use crate::kernels::dispatch::{Simd, dispatched, multiply_add};

/// Numbers of a row that are compressed without a check of the capacity.
const CHUNK: usize = 32;

/// S, its rows compressed to the numbers that are not 0 (CSR).
///
/// Factors of 0 are skipped, also NaN and ±∞.
pub struct SparseRows<A> {
    columns: usize,
    /// Where each row ends.
    ends: Vec<u32>,
    /// Of each number its column, ascending in each row; capacity included, as in the values.
    places: Vec<u32>,
    values: Vec<A>,
}

impl<A> Default for SparseRows<A> {
    fn default() -> Self {
        Self { columns: 0, ends: Vec::new(), places: Vec::new(), values: Vec::new() }
    }
}

impl<A: Real> SparseRows<A> {
    /// Removes all rows, and sets the number of columns.
    pub fn clear(&mut self, columns: usize) {
        self.columns = columns;
        self.ends.clear();
    }

    /// Appends a row: the `chosen` of some numbers.
    ///
    /// # Panics
    /// If their number differs from that of the columns, or an index is out of range.
    pub fn push(&mut self, numbers: &[A], chosen: &[usize]) {
        assert_eq!(chosen.len(), self.columns, "numbers of a row");
        let mut end = self.ends.last().map_or(0, |&end| end as usize);
        let capacity = end + self.columns.next_multiple_of(CHUNK);
        if self.values.len() < capacity {
            self.places.resize(capacity, 0);
            self.values.resize(capacity, A::zero());
        }
        for (chosen, first) in chosen.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            let places: &mut [u32; CHUNK] =
                self.places[end..].first_chunk_mut().expect("space for a chunk");
            let values: &mut [A; CHUNK] =
                self.values[end..].first_chunk_mut().expect("space for a chunk");
            let mut count = 0;
            for (column, &chosen) in (first..).zip(chosen) {
                // No branch: no processor predicts which numbers are 0.
                let value = numbers[chosen];
                (places[count % CHUNK], values[count % CHUNK]) = (column, value);
                count += usize::from(value != A::zero());
            }
            end += count;
        }
        self.ends.push(end as u32);
    }

    /// C ← S M for M `(columns, width)` and C `(rows, width)`, both row-major.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn product(&self, m: &[A], c: &mut [A]) {
        multiply(self, m, self.width(m, c), c);
    }

    /// C ← C + Sᵀ D for D `(rows, width)` and C `(columns, width)`, both row-major, term by term.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn add_outer_product(&self, d: &[A], c: &mut [A]) {
        add_transposed(self, d, self.width(c, d), c);
    }

    /// The width of matrices with a row for each column of S, and for each row.
    fn width(&self, of_columns: &[A], of_rows: &[A]) -> usize {
        let (rows, width) = (self.ends.len(), of_columns.len() / self.columns.max(1));
        let shape = (rows, self.columns);
        assert!(
            of_rows.len() == rows * width && of_columns.len() == self.columns * width,
            "{shape:?}: no such matrices"
        );
        width
    }

    /// Columns and values of each row.
    #[inline(always)]
    fn rows(&self) -> impl Iterator<Item = (&[u32], &[A])> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let range = start..end as usize;
            start = end as usize;
            (&self.places[range.clone()], &self.values[range])
        })
    }
}

/// Calls `$columns::<S, A, VECTORS>` for the columns from each `first` on, as many as are in so
/// many vectors, with the other arguments. Evaluates to the first of the remaining columns, which
/// are less than a vector.
macro_rules! in_vectors {
    ($columns:ident, $width:expr, ($($argument:expr),*)) => {{
        let (width, lanes) = ($width, A::lanes::<S>());
        let mut first = 0;
        // A row of the result, or of D, stays in registers; a factor and a vector more have to fit.
        while S::REGISTER_COUNT > 16 && first + 12 * lanes <= width {
            $columns::<S, A, 12>($($argument,)* first);
            first += 12 * lanes;
        }
        while first + 8 * lanes <= width {
            $columns::<S, A, 8>($($argument,)* first);
            first += 8 * lanes;
        }
        while first + lanes <= width {
            $columns::<S, A, 1>($($argument,)* first);
            first += lanes;
        }
        first
    }};
}

dispatched! {
    fn multiply<A>(simd, s: &SparseRows<A>, m: &[A], width: usize, c: &mut [A]) {
        let rest = in_vectors!(gather, width, (simd, s, m, width, c));
        if rest < width {
            for ((places, values), c) in s.rows().zip(c.chunks_exact_mut(width)) {
                c[rest..].fill(A::zero());
                for (&k, &x) in places.iter().zip(values) {
                    let row = &m[k as usize * width..][rest..width];
                    c[rest..]
                        .iter_mut()
                        .zip(row)
                        .for_each(|(c, &m)| *c = multiply_add(simd, x, m, *c));
                }
            }
        }
    }
}

/// The sums stay in registers.
#[inline(always)]
fn gather<S: Simd, A: Real, const VECTORS: usize>(
    simd: S,
    s: &SparseRows<A>,
    m: &[A],
    width: usize,
    c: &mut [A],
    first: usize,
) {
    let count = VECTORS * A::lanes::<S>();
    for ((places, values), c) in s.rows().zip(c.chunks_exact_mut(width)) {
        let mut sums = [A::splat(simd, A::zero()); VECTORS];
        for (&k, &x) in places.iter().zip(values) {
            let (row, x) =
                (A::vectors::<S>(&m[k as usize * width + first..][..count]), A::splat(simd, x));
            for v in 0..VECTORS {
                sums[v] = A::multiply_add(simd, x, row[v], sums[v]);
            }
        }
        A::vectors_mut::<S>(&mut c[first..first + count]).copy_from_slice(&sums);
    }
}

dispatched! {
    fn add_transposed<A>(simd, s: &SparseRows<A>, d: &[A], width: usize, c: &mut [A]) {
        let rest = in_vectors!(scatter, width, (simd, s, d, width, c));
        if rest < width {
            for ((places, values), d) in s.rows().zip(d.chunks_exact(width)) {
                for (&k, &x) in places.iter().zip(values) {
                    let row = &mut c[k as usize * width..][rest..width];
                    row.iter_mut()
                        .zip(&d[rest..])
                        .for_each(|(c, &d)| *c = multiply_add(simd, x, d, *c));
                }
            }
        }
    }
}

/// A row of D stays in registers.
#[inline(always)]
fn scatter<S: Simd, A: Real, const VECTORS: usize>(
    simd: S,
    s: &SparseRows<A>,
    d: &[A],
    width: usize,
    c: &mut [A],
    first: usize,
) {
    let count = VECTORS * A::lanes::<S>();
    for ((places, values), d) in s.rows().zip(d.chunks_exact(width)) {
        let d: [_; VECTORS] =
            *A::vectors::<S>(&d[first..first + count]).first_chunk().expect("so many vectors");
        for (&k, &x) in places.iter().zip(values) {
            let (row, x) = (
                A::vectors_mut::<S>(&mut c[k as usize * width + first..][..count]),
                A::splat(simd, x),
            );
            for v in 0..VECTORS {
                row[v] = A::multiply_add(simd, x, d[v], row[v]);
            }
        }
    }
}
