//! C ← A B or C ← C + A B by dot products, where rows of A and columns of B are contiguous.
//!
//! Nothing is copied, and no vector is partly empty if C is narrower than whole vectors. In return
//! the lanes of each sum must be added.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::kernel::Left;
use crate::kernels::Real;
use crate::kernels::dispatch::Simd;
use ndarray::ArrayView2;
use std::array::from_fn;

/// Numbers of a register, at most.
const LANES: usize = 16;

/// Rows and columns that are multiplied with each other at a time: the sums of all pairs, the
/// vectors of one side and one of the other fit into 32 registers, or into 16.
const SIDE: usize = 5;
const NARROW_SIDE: usize = 3;

/// Cycles to add the lanes of a sum, and to copy a number to a panel; a multiplication of vectors
/// takes one.
const TO_ADD_LANES: usize = 4;
const TO_COPY: usize = 2;

/// Multiplies if that takes fewer cycles than by panels, and returns whether it did.
#[inline(always)]
pub(super) fn multiply<S: Simd, A: Real>(
    simd: S,
    left: Left<A>,
    right: ArrayView2<A>,
    into: &mut [A],
    added: bool,
) -> bool {
    let (Some(a), Some(b)) = (left.by_rows(), right.reversed_axes().to_slice()) else {
        return false;
    };
    let (lanes, (inner, columns)) = (A::lanes::<S>(), right.dim());
    let numbers = into.len();
    let by_panels = numbers / columns * columns.div_ceil(lanes) * inner + TO_COPY * inner * columns;
    let faster = numbers * (inner.div_ceil(lanes) + TO_ADD_LANES) < by_panels;
    if faster && S::REGISTER_COUNT > 16 {
        all::<S, A, SIDE>(simd, a, b, inner, into, added);
    } else if faster {
        all::<S, A, NARROW_SIDE>(simd, a, b, inner, into, added);
    }
    faster
}

#[inline(always)]
fn all<S: Simd, A: Real, const N: usize>(
    simd: S,
    a: &[A],
    b: &[A],
    inner: usize,
    into: &mut [A],
    added: bool,
) {
    let (rows, columns) = (a.len() / inner, b.len() / inner);
    for first_column in (0..columns).step_by(N) {
        // If there are too few, the last one is repeated, and the repeated sums are ignored.
        let columns_of_b: [_; N] =
            from_fn(|j| &b[(first_column + j).min(columns - 1) * inner..][..inner]);
        for first_row in (0..rows).step_by(N) {
            let rows_of_a: [_; N] =
                from_fn(|i| &a[(first_row + i).min(rows - 1) * inner..][..inner]);
            let sums = dots::<S, A, N>(simd, rows_of_a, columns_of_b, inner);
            for i in 0..N.min(rows - first_row) {
                let row = &mut into[(first_row + i) * columns + first_column..];
                for j in 0..N.min(columns - first_column) {
                    let sum = A::sum_of_lanes(simd, sums[i][j]);
                    row[j] = if added { row[j] + sum } else { sum };
                }
            }
        }
    }
}

/// The sums of all pairs; they stay in registers.
#[inline(always)]
fn dots<S: Simd, A: Real, const N: usize>(
    simd: S,
    a: [&[A]; N],
    b: [&[A]; N],
    inner: usize,
) -> [[A::Vector<S>; N]; N] {
    let (lanes, mut sums) = (A::lanes::<S>(), [[A::splat(simd, A::zero()); N]; N]);
    let whole = inner / lanes;
    let vectors_of_a: [_; N] = from_fn(|i| &A::vectors::<S>(a[i])[..whole]);
    let vectors_of_b: [_; N] = from_fn(|j| &A::vectors::<S>(b[j])[..whole]);
    for k in 0..whole {
        add::<S, A, N>(
            simd,
            from_fn(|i| vectors_of_a[i][k]),
            from_fn(|j| vectors_of_b[j][k]),
            &mut sums,
        );
    }
    if whole * lanes < inner {
        // The rest, filled up with zeros.
        let rest = |numbers: &[A]| {
            let mut all = [A::zero(); LANES];
            all[..inner - whole * lanes].copy_from_slice(&numbers[whole * lanes..]);
            A::vectors::<S>(&all)[0]
        };
        add::<S, A, N>(simd, from_fn(|i| rest(a[i])), from_fn(|j| rest(b[j])), &mut sums);
    }
    sums
}

#[inline(always)]
fn add<S: Simd, A: Real, const N: usize>(
    simd: S,
    a: [A::Vector<S>; N],
    b: [A::Vector<S>; N],
    sums: &mut [[A::Vector<S>; N]; N],
) {
    for i in 0..N {
        for j in 0..N {
            sums[i][j] = A::multiply_add(simd, a[i], b[j], sums[i][j]);
        }
    }
}
