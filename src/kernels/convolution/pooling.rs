//! Average pooling of 2 × 2 pixels, sixteen images at a time.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::{LANES, Lanes, Maps};
use crate::kernels::activation::{Function, with_function};
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::{Activation, Real};

/// Extent after pooling, without a border: the next convolution has no padding. An odd last row or
/// column is left out, as in PyTorch.
pub(crate) fn pooled(maps: Maps) -> Maps {
    Maps { channels: maps.channels, rows: maps.rows / 2, columns: maps.columns / 2, border: 0 }
}

dispatched! {
    /// Applies the activation to `input`, of extent `from` without a border, and writes the mean of
    /// each square of four numbers to `output`, of extent `to`. What [`unpool`] needs is left in
    /// `input`: the activated numbers, or their slopes. An odd last row, which enters no mean, is
    /// left as it is.
    pub(crate) fn activate_and_pool<A>(
        simd,
        activation: Activation,
        from: Maps,
        to: Maps,
        input: &mut [Lanes<A>],
        output: &mut [Lanes<A>],
    ) {
        with_function!(activation, F => for channel in 0..to.channels {
            for row in 0..to.rows {
                // Two rows stay in the first-level cache.
                let rows = &mut input[from.index(channel, 2 * row, 0)..][..2 * from.columns];
                let output = &mut output[to.index(channel, row, 0)..][..to.columns];
                if F::KEEPS_SLOPE {
                    pool_and_keep::<S, A, F>(simd, rows, output);
                } else {
                    pool::<S, A, F>(simd, rows, output);
                }
            }
        });
    }
}

/// Two rows, which become activated.
#[inline(always)]
fn pool<S: Simd, A: Real, F: Function>(simd: S, rows: &mut [Lanes<A>], output: &mut [Lanes<A>]) {
    rows.as_flattened_mut().iter_mut().for_each(|x| *x = F::forward(simd, *x).0);
    // Vectors, as the compiler gathers the lanes of several squares where it is left to itself.
    let (one, quarter, zero) =
        (A::splat(simd, A::one()), A::splat(simd, A::of(0.25)), A::splat(simd, A::zero()));
    let parts = LANES / A::lanes::<S>();
    let (upper, lower) = rows.split_at(rows.len() / 2);
    let (upper, lower) =
        (A::vectors::<S>(upper.as_flattened()), A::vectors::<S>(lower.as_flattened()));
    let squares = upper.chunks_exact(2 * parts).zip(lower.chunks_exact(2 * parts));
    for (mean, (upper, lower)) in
        A::vectors_mut::<S>(output.as_flattened_mut()).chunks_exact_mut(parts).zip(squares)
    {
        for part in 0..parts {
            let above = A::multiply_add(simd, one, upper[part], upper[parts + part]);
            let below = A::multiply_add(simd, one, lower[part], lower[parts + part]);
            let sum = A::multiply_add(simd, one, above, below);
            mean[part] = A::multiply_add(simd, quarter, sum, zero);
        }
    }
}

/// The same, but the two rows become the slopes of the activation.
#[inline(always)]
fn pool_and_keep<S: Simd, A: Real, F: Function>(
    simd: S,
    rows: &mut [Lanes<A>],
    output: &mut [Lanes<A>],
) {
    let (upper, lower) = rows.split_at_mut(rows.len() / 2);
    let squares = upper.as_chunks_mut::<2>().0.iter_mut().zip(lower.as_chunks_mut::<2>().0);
    for (mean, (upper, lower)) in output.iter_mut().zip(squares) {
        let mut sum = [A::zero(); LANES];
        for numbers in upper.iter_mut().chain(lower) {
            for lane in 0..LANES {
                let (value, slope) = F::forward(simd, numbers[lane]);
                sum[lane] += value;
                numbers[lane] = slope;
            }
        }
        for lane in 0..LANES {
            mean[lane] = A::of(0.25) * sum[lane];
        }
    }
}

/// Where [`unpool`] writes to.
pub(crate) struct Below<'a, A> {
    /// The gradient with respect to the numbers before their activation and pooling.
    pub(crate) deltas: &'a mut [Lanes<A>],
    /// Its sum over each channel.
    pub(crate) sums: &'a mut [Lanes<A>],
}

dispatched! {
    /// Overwrites what is `below`, of extent `to`; `deltas`, of extent `from`, is the gradient
    /// after activation and pooling, and `kept` what [`activate_and_pool`] has left, without a
    /// border.
    pub(crate) fn unpool<A>(
        simd,
        activation: Activation,
        from: Maps,
        to: Maps,
        deltas: &[Lanes<A>],
        kept: &[Lanes<A>],
        below: Below<'_, A>,
    ) {
        let Below { deltas: into, sums } = below;
        with_function!(activation, F => for (channel, sum) in sums.iter_mut().enumerate() {
            *sum = unpool_channel::<S, A, F>(simd, channel, [from, to], deltas, kept, into);
        });
    }
}

/// One channel, and the sum over it.
#[inline(always)]
fn unpool_channel<S: Simd, A: Real, F: Function>(
    simd: S,
    channel: usize,
    [from, to]: [Maps; 2],
    deltas: &[Lanes<A>],
    kept: &[Lanes<A>],
    into: &mut [Lanes<A>],
) -> Lanes<A> {
    let quarter = A::of(0.25);
    let without_border = Maps { border: 0, ..to };
    let mut sums = [A::zero(); LANES];
    // An odd last row stays 0.
    for row in 0..2 * from.rows {
        let below = &mut into[to.index(channel, row, 0)..][..2 * from.columns];
        let deltas = &deltas[from.index(channel, row / 2, 0)..][..from.columns];
        let kept = &kept[without_border.index(channel, row, 0)..][..below.len()];
        let pairs = below.as_chunks_mut::<2>().0.iter_mut().zip(kept.as_chunks::<2>().0);
        for ((below, kept), delta) in pairs.zip(deltas) {
            for (below, kept) in below.iter_mut().zip(kept) {
                for lane in 0..LANES {
                    below[lane] = quarter * delta[lane] * F::slope(simd, kept[lane]);
                }
            }
        }
        for pixel in &*below {
            for lane in 0..LANES {
                sums[lane] += pixel[lane];
            }
        }
    }
    sums
}
