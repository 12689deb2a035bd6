//! Linear combinations of rows.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::Real;
use super::dispatch::{Simd, dispatched, multiply_add};
use ndarray::ArrayView2;
use std::array::from_fn;
use std::ops::Range;

/// Rows combined at a time. With as many registers for each, there are eight sums, which hide the
/// latency of the multiplications and fit into the sixteen registers of AVX2.
const TARGETS: usize = 4;
const REGISTERS: usize = 2;

/// Numbers of a block of all rows, which stays in the first-level cache while all targets are
/// computed: 24 kB of `f32`.
const BLOCK: usize = 6144;

/// Overwrites row m of `into`, `(M, length)`, with Σₖ `coefficients[m, k]` `rows[k]`.
///
/// OpenBLAS takes two or three times as long for matrices as wide and low as those of a path.
///
/// # Panics
/// If the shapes do not agree.
pub fn combine<A: Real>(coefficients: ArrayView2<A>, rows: &[&[A]], into: &mut [A]) {
    all_rows(coefficients, rows, into, false);
}

/// Adds the same to each row.
///
/// # Panics
/// As [`combine`].
pub fn combine_add<A: Real>(coefficients: ArrayView2<A>, rows: &[&[A]], into: &mut [A]) {
    all_rows(coefficients, rows, into, true);
}

fn all_rows<A: Real>(coefficients: ArrayView2<A>, rows: &[&[A]], into: &mut [A], added: bool) {
    let length = rows.first().map_or(0, |row| row.len());
    assert_eq!(
        (coefficients.ncols(), coefficients.nrows() * length),
        (rows.len(), into.len()),
        "rows to combine"
    );
    assert!(rows.iter().all(|row| row.len() == length), "rows of one length");
    combine_rows(
        coefficients.as_standard_layout().as_slice().unwrap_or_default(),
        rows,
        into,
        added,
    );
}

dispatched! {
    /// `coefficients` are row-major.
    fn combine_rows<A>(simd, coefficients: &[A], rows: &[&[A]], into: &mut [A], added: bool) {
        let length = rows.first().map_or(0, |row| row.len());
        let step = REGISTERS * A::lanes::<S>();
        // At least one step, because one step of thousands of rows may exceed the cache.
        let block = (BLOCK / rows.len().max(1)).max(1).next_multiple_of(step);
        let whole = length - length % step;
        for start in (0..whole).step_by(block) {
            let here = start..whole.min(start + block);
            for first in (0..into.len() / length).step_by(TARGETS) {
                // If there are too few rows, the last row is computed twice.
                let targets = from_fn(|i| (first + i).min(into.len() / length - 1));
                combine_block::<S, A>(simd, coefficients, rows, into, targets, here.clone(), added);
            }
        }
        for (into, coefficients) in
            into.chunks_exact_mut(length.max(1)).zip(coefficients.chunks_exact(rows.len().max(1)))
        {
            for at in whole..length {
                let start = if added { into[at] } else { A::zero() };
                into[at] = rows
                    .iter()
                    .zip(coefficients)
                    .fold(start, |sum, (row, &c)| multiply_add(simd, c, row[at], sum));
            }
        }
    }
}

/// A block, of whole steps of registers, of some rows.
#[inline(always)]
fn combine_block<S: Simd, A: Real>(
    simd: S,
    coefficients: &[A],
    rows: &[&[A]],
    into: &mut [A],
    targets: [usize; TARGETS],
    block: Range<usize>,
    added: bool,
) {
    let (length, step) = (rows[0].len(), REGISTERS * A::lanes::<S>());
    let coefficients: [&[A]; TARGETS] =
        from_fn(|i| &coefficients[targets[i] * rows.len()..][..rows.len()]);
    for at in block.step_by(step) {
        let mut sums = [[A::splat(simd, A::zero()); REGISTERS]; TARGETS];
        if added {
            for i in 0..TARGETS {
                sums[i].copy_from_slice(A::vectors::<S>(&into[targets[i] * length + at..][..step]));
            }
        }
        for (k, row) in rows.iter().enumerate() {
            let x = A::vectors::<S>(&row[at..at + step]);
            let (left, right) = (x[0], x[1]);
            for i in 0..TARGETS {
                let c = A::splat(simd, coefficients[i][k]);
                sums[i] = [
                    A::multiply_add(simd, c, left, sums[i][0]),
                    A::multiply_add(simd, c, right, sums[i][1]),
                ];
            }
        }
        for i in 0..TARGETS {
            let target = targets[i] * length + at;
            A::vectors_mut::<S>(&mut into[target..target + step]).copy_from_slice(&sums[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn compare<A: Real>(targets: usize, sources: usize, length: usize, tolerance: f64) {
        let number = |i: usize, j: usize, salt: f64| (1.7 * i as f64 + 0.3 * j as f64 + salt).sin();
        let coefficients =
            Array2::from_shape_fn((targets, sources), |(m, k)| A::of(number(m, k, 0.1)));
        let rows = Array2::from_shape_fn((sources, length), |(k, at)| A::of(number(k, at, 0.7)));
        let slices: Vec<&[A]> = rows.outer_iter().map(|row| row.to_slice().unwrap()).collect();
        let mut into = vec![A::of(9.0); targets * length];
        combine(coefficients.view(), &slices, &mut into);
        let expected = coefficients.mapv(A::wide).dot(&rows.mapv(A::wide));
        assert!(
            into.iter().zip(&expected).all(|(x, e)| (x.wide() - e).abs() < tolerance),
            "{targets}, {sources}, {length}"
        );
        // Any order of the coefficients in memory.
        let columns = coefficients.t().as_standard_layout().into_owned();
        let mut again = vec![A::zero(); into.len()];
        combine(columns.t(), &slices, &mut again);
        assert_eq!(into, again);
        combine_add(coefficients.view(), &slices, &mut again);
        assert!(
            again.iter().zip(&expected).all(|(x, e)| (x.wide() - 2.0 * e).abs() < 2.0 * tolerance),
            "added"
        );
    }

    #[test]
    fn is_a_product_of_matrices_of_any_size() {
        for (targets, sources, length) in [
            (1, 1, 1),
            (4, 12, 64),
            (5, 3, 67),
            (51, 12, 3201),
            (10, 51, 517),
            (3, 2, 0),
            (0, 2, 5),
            (9, 1, 10_000),
            (2, 2 * BLOCK, 67),
        ] {
            // Rounding errors of sums of so many terms.
            let scale = (sources as f64 / 50.0).max(1.0);
            compare::<f32>(targets, sources, length, 1e-5 * scale);
            compare::<f64>(targets, sources, length, 1e-13 * scale);
        }
    }
}
