//! Average pooling of 2 × 2 pixels, sixteen images at a time.

use super::{LANES, Lanes, Maps};
use crate::kernels::Activation;
use crate::kernels::dispatch::dispatched;

/// Extent after pooling, without a border: the next convolution has no padding. An odd last row or
/// column is left out, as in PyTorch.
pub(crate) fn pooled(maps: Maps) -> Maps {
    Maps { channels: maps.channels, rows: maps.rows / 2, columns: maps.columns / 2, border: 0 }
}

dispatched! {
    /// Applies the activation to `input`, of extent `from` without a border, and writes the mean of
    /// each square of four numbers to `output`, of extent `to`. An odd last row, which enters no
    /// mean, is left as it is.
    pub(crate) fn activate_and_pool<A>(
        simd,
        activation: Activation,
        from: Maps,
        to: Maps,
        input: &mut [Lanes<A>],
        output: &mut [Lanes<A>],
    ) {
        // Vectors, as the compiler gathers the lanes of several squares where it is left to itself.
        let (one, quarter, zero) =
            (A::splat(simd, A::one()), A::splat(simd, A::of(0.25)), A::splat(simd, A::zero()));
        let parts = LANES / A::lanes::<S>();
        for channel in 0..to.channels {
            for row in 0..to.rows {
                // Two rows stay in the first-level cache.
                let rows = &mut input[from.index(channel, 2 * row, 0)..][..2 * from.columns];
                rows.as_flattened_mut().iter_mut().for_each(|x| *x = activation.at(simd, *x));
                let (upper, lower) = rows.split_at(from.columns);
                let output = &mut output[to.index(channel, row, 0)..][..to.columns];
                let (upper, lower) =
                    (A::vectors::<S>(upper.as_flattened()), A::vectors::<S>(lower.as_flattened()));
                let squares = upper.chunks_exact(2 * parts).zip(lower.chunks_exact(2 * parts));
                for (mean, (upper, lower)) in A::vectors_mut::<S>(output.as_flattened_mut())
                    .chunks_exact_mut(parts)
                    .zip(squares)
                {
                    for part in 0..parts {
                        let above = A::multiply_add(simd, one, upper[part], upper[parts + part]);
                        let below = A::multiply_add(simd, one, lower[part], lower[parts + part]);
                        let sum = A::multiply_add(simd, one, above, below);
                        mean[part] = A::multiply_add(simd, quarter, sum, zero);
                    }
                }
            }
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
    /// after activation and pooling, and `activated` the numbers between the two, without a border.
    pub(crate) fn unpool<A>(
        simd,
        activation: Activation,
        from: Maps,
        to: Maps,
        deltas: &[Lanes<A>],
        activated: &[Lanes<A>],
        below: Below<'_, A>,
    ) {
        let Below { deltas: into, sums } = below;
        let quarter = A::of(0.25);
        let without_border = Maps { border: 0, ..to };
        for (channel, of_channel) in sums.iter_mut().enumerate() {
            let mut sums = [A::zero(); LANES];
            // An odd last row stays 0.
            for row in 0..2 * from.rows {
                let below = &mut into[to.index(channel, row, 0)..][..2 * from.columns];
                let deltas = &deltas[from.index(channel, row / 2, 0)..][..from.columns];
                let activated = &activated[without_border.index(channel, row, 0)..][..below.len()];
                let pairs =
                    below.as_chunks_mut::<2>().0.iter_mut().zip(activated.as_chunks::<2>().0);
                for ((below, activated), delta) in pairs.zip(deltas) {
                    for (below, activated) in below.iter_mut().zip(activated) {
                        for lane in 0..LANES {
                            below[lane] =
                                quarter * delta[lane] * activation.slope_at(simd, activated[lane]);
                        }
                    }
                }
                for pixel in &*below {
                    for lane in 0..LANES {
                        sums[lane] += pixel[lane];
                    }
                }
            }
            *of_channel = sums;
        }
    }
}
