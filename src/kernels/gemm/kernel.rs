//! C ← A B or C ← C + A B, some rows and some vectors of C at a time.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::dots;
use super::panel::{DEPTH, WIDTH, pack, panels, unpacked};
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::{Buffer, Real};
use ndarray::ArrayView2;
use std::array::from_fn;
use std::ops::Range;

/// The left factor, where it is in memory.
#[derive(Clone, Copy)]
pub(super) struct Left<'a, A> {
    numbers: &'a [A],
    rows: usize,
    columns: usize,
    /// Whether rows are contiguous; otherwise columns are.
    by_rows: bool,
}

impl<'a, A> Left<'a, A> {
    /// `None` if neither rows nor columns are contiguous.
    pub(super) fn of(view: ArrayView2<'a, A>) -> Option<Self> {
        let (rows, columns) = view.dim();
        if let Some(numbers) = view.to_slice() {
            return Some(Self { numbers, rows, columns, by_rows: true });
        }
        let numbers = view.reversed_axes().to_slice()?;
        Some(Self { numbers, rows, columns, by_rows: false })
    }

    /// Its numbers, if rows are contiguous.
    #[inline(always)]
    pub(super) fn by_rows(&self) -> Option<&'a [A]> {
        self.by_rows.then_some(self.numbers)
    }
}

/// A block of the inner dimension, one panel of the right factor, and where in C the product goes.
struct Task<'a, A> {
    left: Left<'a, A>,
    inner: Range<usize>,
    /// Rows of the panel, each at `stride` numbers from the one before.
    panel: &'a [A],
    stride: usize,
    /// Columns of C.
    first: usize,
    count: usize,
    /// Length of a row of C.
    width: usize,
    added: bool,
}

dispatched! {
    /// `into` is C, row-major.
    ///
    /// The inner dimension goes in blocks, so that a panel of the right factor stays in the
    /// first-level cache for all rows of the left one. The sum over a block stays in registers.
    pub(super) fn multiply<A>(
        simd,
        left: Left<'_, A>,
        right: ArrayView2<'_, A>,
        into: &mut [A],
        added: bool,
    ) {
        let (inner, width) = right.dim();
        if inner == 0 && !added {
            into.fill(A::zero());
        }
        if into.is_empty() || inner == 0 || dots::multiply(simd, left, right, into, added) {
            return;
        }
        // Empty until a panel is copied.
        let mut packed = Buffer::default();
        let lanes = A::lanes::<S>();
        // The sums of six rows, a row of the panel and a factor have to fit into the registers.
        let max_vectors = if S::REGISTER_COUNT > 16 { 4 } else { 2 };
        for start in (0..inner).step_by(DEPTH) {
            let inner = start..inner.min(start + DEPTH);
            for columns in panels(width, lanes, max_vectors) {
                let (first, count, vectors) =
                    (columns.start, columns.len(), columns.len().div_ceil(lanes));
                let (panel, stride) =
                    if let Some(panel) = unpacked(right, inner.clone(), columns.clone(), lanes) {
                        (panel, width)
                    } else {
                        packed.grow(DEPTH * WIDTH);
                        pack(right, inner.clone(), columns, vectors * lanes, &mut packed);
                        (&packed[..], vectors * lanes)
                    };
                let task = Task {
                    left,
                    inner: inner.clone(),
                    panel,
                    stride,
                    first,
                    count,
                    width,
                    added: added || start > 0,
                };
                match vectors {
                    1 => all_rows::<S, A, 1>(simd, &task, into),
                    2 => all_rows::<S, A, 2>(simd, &task, into),
                    3 if S::REGISTER_COUNT > 16 => all_rows::<S, A, 3>(simd, &task, into),
                    _ if S::REGISTER_COUNT > 16 => all_rows::<S, A, 4>(simd, &task, into),
                    _ => unreachable!("no more than two vectors"),
                }
            }
        }
    }
}

/// Rows in sixes and fives, as far as that goes up.
#[inline(always)]
fn all_rows<S: Simd, A: Real, const VECTORS: usize>(simd: S, task: &Task<A>, into: &mut [A]) {
    let rows = task.left.rows;
    let fives = (rows.next_multiple_of(6) - rows).min(rows / 5);
    let mut row = 0;
    while row + 5 <= 5 * fives {
        some_rows::<S, A, 5, VECTORS>(simd, task, row, into);
        row += 5;
    }
    while row + 6 <= rows {
        some_rows::<S, A, 6, VECTORS>(simd, task, row, into);
        row += 6;
    }
    while row < rows {
        some_rows::<S, A, 1, VECTORS>(simd, task, row, into);
        row += 1;
    }
}

#[inline(always)]
fn some_rows<S: Simd, A: Real, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    task: &Task<A>,
    row: usize,
    into: &mut [A],
) {
    let Left { numbers, rows, columns, by_rows } = task.left;
    let (start, depth) = (task.inner.start, task.inner.len());
    let sums = if by_rows {
        let rows: [&[A]; ROWS] = from_fn(|r| &numbers[(row + r) * columns + start..][..depth]);
        accumulate::<S, A, ROWS, VECTORS>(simd, task, |k| from_fn(|r| rows[r][k]))
    } else {
        let numbers = &numbers[start * rows..][..depth * rows];
        accumulate::<S, A, ROWS, VECTORS>(simd, task, |k| {
            let column = &numbers[k * rows + row..][..ROWS];
            from_fn(|r| column[r])
        })
    };
    let (width, lanes) = (task.width, A::lanes::<S>());
    if task.count == VECTORS * lanes {
        for (r, sums) in sums.into_iter().enumerate() {
            let into =
                A::vectors_mut::<S>(&mut into[(row + r) * width + task.first..][..VECTORS * lanes]);
            for (old, sum) in into.iter_mut().zip(sums) {
                *old = if task.added {
                    A::multiply_add(simd, A::splat(simd, A::one()), sum, *old)
                } else {
                    sum
                };
            }
        }
    } else {
        for (r, sums) in sums.into_iter().enumerate() {
            let mut numbers = [A::zero(); WIDTH];
            A::vectors_mut::<S>(&mut numbers)[..VECTORS].copy_from_slice(&sums);
            for (old, sum) in
                into[(row + r) * width + task.first..][..task.count].iter_mut().zip(numbers)
            {
                *old = if task.added { *old + sum } else { sum };
            }
        }
    }
}

/// Σₖ `factors`(k)ᵣ times row k of the panel; the sums stay in registers.
#[inline(always)]
fn accumulate<S: Simd, A: Real, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    task: &Task<A>,
    factors: impl Fn(usize) -> [A; ROWS],
) -> [[A::Vector<S>; VECTORS]; ROWS] {
    let mut sums = [[A::splat(simd, A::zero()); VECTORS]; ROWS];
    for k in 0..task.inner.len() {
        let row = A::vectors::<S>(&task.panel[k * task.stride..][..VECTORS * A::lanes::<S>()]);
        let row: [A::Vector<S>; VECTORS] = from_fn(|v| row[v]);
        let factors = factors(k);
        for r in 0..ROWS {
            let factor = A::splat(simd, factors[r]);
            for v in 0..VECTORS {
                sums[r][v] = A::multiply_add(simd, factor, row[v], sums[r][v]);
            }
        }
    }
    sums
}
