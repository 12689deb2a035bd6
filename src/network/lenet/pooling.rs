//! Average pooling of 2 × 2 pixels, sixteen images at a time.

use super::maps::{LANES, Lanes, Maps};
use crate::network::Activation;
use crate::real::dispatch::dispatched;

/// Extent after pooling, without a border: the next convolution has no padding. An odd last row or
/// column is left out, as in PyTorch.
pub(super) fn pooled(maps: Maps) -> Maps {
    Maps { channels: maps.channels, rows: maps.rows / 2, columns: maps.columns / 2, border: 0 }
}

dispatched! {
    /// Mean of each square of four numbers of `input`, of extent `from`, written to `output`, of extent `to`.
    pub(super) fn pool<A>(_simd, from: Maps, to: Maps, input: &[Lanes<A>], output: &mut [Lanes<A>]) {
        let quarter = A::of(0.25);
        for channel in 0..to.channels {
            for row in 0..to.rows {
                let [upper, lower] = [2 * row, 2 * row + 1].map(|row| &input[from.index(channel, row, 0)..][..from.columns]);
                let output = &mut output[to.index(channel, row, 0)..][..to.columns];
                for ((mean, upper), lower) in output.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
                    for lane in 0..LANES {
                        mean[lane] = quarter * ((upper[0][lane] + upper[1][lane]) + (lower[0][lane] + lower[1][lane]));
                    }
                }
            }
        }
    }
}

dispatched! {
    /// Overwrites `below`, of extent `to`, with the gradient with respect to the numbers before their
    /// activation and pooling; `deltas`, of extent `from`, is that after it, and `activated` the numbers
    /// between the two, without a border.
    pub(super) fn unpool<A>(
        simd,
        activation: Activation,
        from: Maps,
        to: Maps,
        deltas: &[Lanes<A>],
        activated: &[Lanes<A>],
        below: &mut [Lanes<A>]
    ) {
        let quarter = A::of(0.25);
        let without_border = Maps { border: 0, ..to };
        for channel in 0..to.channels {
            // An odd last row stays 0.
            for row in 0..2 * from.rows {
                let below = &mut below[to.index(channel, row, 0)..][..2 * from.columns];
                let deltas = &deltas[from.index(channel, row / 2, 0)..][..from.columns];
                let activated = &activated[without_border.index(channel, row, 0)..][..below.len()];
                let pairs = below.as_chunks_mut::<2>().0.iter_mut().zip(activated.as_chunks::<2>().0);
                for ((below, activated), delta) in pairs.zip(deltas) {
                    for (below, activated) in below.iter_mut().zip(activated) {
                        for lane in 0..LANES {
                            below[lane] = quarter * delta[lane] * activation.slope_at(simd, activated[lane]);
                        }
                    }
                }
            }
        }
    }
}

dispatched! {
    /// Adds all pixels to `sums`.
    pub(super) fn add_pixels<A>(_simd, pixels: &[Lanes<A>], sums: &mut Lanes<A>) {
        for pixel in pixels {
            for lane in 0..LANES {
                sums[lane] += pixel[lane];
            }
        }
    }
}
