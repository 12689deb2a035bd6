//! Average pooling of 2 × 2 pixels, sixteen images at a time.

use super::convolution::{LANES, Lanes, Maps};
use crate::real::Real;

/// Extent after pooling; an odd last row or column is left out, as in PyTorch.
pub(super) fn pooled(maps: Maps) -> Maps {
    Maps { channels: maps.channels, rows: maps.rows / 2, columns: maps.columns / 2 }
}

/// Mean of each square of four numbers of `input`, of extent `maps`.
pub(super) fn pool<A: Real>(maps: Maps, input: &[Lanes<A>], output: &mut [Lanes<A>]) {
    let to = pooled(maps);
    let quarter = A::of(0.25);
    for channel in 0..to.channels {
        for row in 0..to.rows {
            let [upper, lower] = [2 * row, 2 * row + 1].map(|row| &input[maps.index(channel, row, 0)..][..maps.columns]);
            let output = &mut output[to.index(channel, row, 0)..][..to.columns];
            for ((mean, upper), lower) in output.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
                for lane in 0..LANES {
                    mean[lane] = quarter * ((upper[0][lane] + upper[1][lane]) + (lower[0][lane] + lower[1][lane]));
                }
            }
        }
    }
}

/// Overwrites `below`, of extent `maps`, with the gradient with respect to the numbers that were pooled.
pub(super) fn unpool<A: Real>(maps: Maps, deltas: &[Lanes<A>], below: &mut [Lanes<A>]) {
    let from = pooled(maps);
    let quarter = A::of(0.25);
    for channel in 0..maps.channels {
        for row in 0..maps.rows {
            let below = &mut below[maps.index(channel, row, 0)..][..maps.columns];
            if row / 2 == from.rows {
                below.fill([A::zero(); LANES]);
                continue;
            }
            let deltas = &deltas[from.index(channel, row / 2, 0)..][..from.columns];
            let (pairs, left_out) = below.as_chunks_mut::<2>();
            for (pair, delta) in pairs.iter_mut().zip(deltas) {
                *pair = [delta.map(|delta| quarter * delta); 2];
            }
            left_out.fill([A::zero(); LANES]);
        }
    }
}
