//! One step of an LSTM, forward and backward, for images in rows, so that no factor of its products
//! is transposed.
//!
//! On a path, the recurrence multiplies with each point's own weights. These products are two
//! thirds of the time, at 114 Gflop/s of 117 that the multipliers of the core can do.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::Real;
use super::dispatch::{Simd, dispatched};
use std::ops::Range;

/// The four gates of an image.
#[inline]
fn blocks<A>(gates: &mut [A]) -> [&mut [A]; 4] {
    let (first, second) = gates.split_at_mut(gates.len() / 2);
    let (input, forget) = first.split_at_mut(first.len() / 2);
    let (cell, output) = second.split_at_mut(second.len() / 2);
    [input, forget, cell, output]
}

dispatched! {
    /// One step: applies the activations of the gates; `before` is cₜ₋₁, `after` becomes
    /// cₜ = f ⊙ cₜ₋₁ + i ⊙ g, `squashed` tanh(cₜ), and the columns `hidden` of `next`, which is
    /// `(images, I + H + 1)`, hₜ = o ⊙ tanh(cₜ).
    pub(crate) fn step<A>(
        simd,
        gates: &mut [A],
        before: &[A],
        after: &mut [A],
        squashed: &mut [A],
        next: &mut [A],
        hidden: Range<usize>,
    ) {
        let units = hidden.len();
        let width = next.len() / (before.len() / units);
        let images = gates
            .chunks_exact_mut(4 * units)
            .zip(before.chunks_exact(units))
            .zip(next.chunks_exact_mut(width));
        let states = after.chunks_exact_mut(units).zip(squashed.chunks_exact_mut(units));
        for (((gates, before), next), (after, squashed)) in images.zip(states) {
            let [input, forget, cell, output] = blocks(gates);
            step_of_image(
                simd,
                input,
                forget,
                cell,
                output,
                before,
                after,
                squashed,
                &mut next[hidden.clone()],
            );
        }
    }
}

/// All slices in arguments of their own: the compiler then knows that they do not overlap.
#[allow(
    clippy::too_many_arguments,
    reason = "the compiler must assume that the slices of an array overlap"
)]
#[inline(always)]
fn step_of_image<S: Simd, A: Real>(
    simd: S,
    input: &mut [A],
    forget: &mut [A],
    cell: &mut [A],
    output: &mut [A],
    before: &[A],
    after: &mut [A],
    squashed: &mut [A],
    hidden: &mut [A],
) {
    let units = before.len();
    let (input, forget, cell, output) =
        (&mut input[..units], &mut forget[..units], &mut cell[..units], &mut output[..units]);
    let (after, squashed, hidden) =
        (&mut after[..units], &mut squashed[..units], &mut hidden[..units]);
    for k in 0..units {
        let (i, f) = (A::sigmoid(simd, input[k]), A::sigmoid(simd, forget[k]));
        let (g, o) = (A::tanh_with(simd, cell[k]), A::sigmoid(simd, output[k]));
        let c = f * before[k] + i * g;
        let s = A::tanh_with(simd, c);
        (input[k], forget[k], cell[k], output[k]) = (i, f, g, o);
        (after[k], squashed[k], hidden[k]) = (c, s, o * s);
    }
}

dispatched! {
    /// Backward through one step: overwrites the gates with the gradients before their activations,
    /// and ∂loss/∂cₜ, from the later steps, into ∂loss/∂cₜ₋₁. `before` is cₜ₋₁, `squashed`
    /// tanh(cₜ), `hidden_deltas` ∂loss/∂hₜ; `units` of them belong to an image.
    pub(crate) fn step_back<A>(
        _simd,
        gates: &mut [A],
        before: &[A],
        squashed: &[A],
        hidden_deltas: &[A],
        cell_deltas: &mut [A],
        units: usize,
    ) {
        let images = gates
            .chunks_exact_mut(4 * units)
            .zip(before.chunks_exact(units))
            .zip(squashed.chunks_exact(units));
        let deltas = hidden_deltas.chunks_exact(units).zip(cell_deltas.chunks_exact_mut(units));
        for (((gates, before), squashed), (hidden_deltas, cell_deltas)) in images.zip(deltas) {
            let [input, forget, cell, output] = blocks(gates);
            step_back_of_image(
                input,
                forget,
                cell,
                output,
                before,
                squashed,
                hidden_deltas,
                cell_deltas,
            );
        }
    }
}

#[allow(
    clippy::too_many_arguments,
    reason = "the compiler must assume that the slices of an array overlap"
)]
#[inline(always)]
fn step_back_of_image<A: Real>(
    input: &mut [A],
    forget: &mut [A],
    cell: &mut [A],
    output: &mut [A],
    before: &[A],
    squashed: &[A],
    hidden_deltas: &[A],
    cell_deltas: &mut [A],
) {
    let (one, units) = (A::one(), before.len());
    let (input, forget, cell, output) =
        (&mut input[..units], &mut forget[..units], &mut cell[..units], &mut output[..units]);
    let (squashed, hidden_deltas, cell_deltas) =
        (&squashed[..units], &hidden_deltas[..units], &mut cell_deltas[..units]);
    for k in 0..units {
        let (i, f, g, o) = (input[k], forget[k], cell[k], output[k]);
        // 1 − tanh² as a product: exact where tanh is close to 1.
        let slope = (one - squashed[k]) * (one + squashed[k]);
        let delta = cell_deltas[k] + hidden_deltas[k] * o * slope;
        input[k] = delta * g * (i * (one - i));
        forget[k] = delta * before[k] * (f * (one - f));
        cell[k] = delta * i * ((one - g) * (one + g));
        output[k] = hidden_deltas[k] * squashed[k] * (o * (one - o));
        cell_deltas[k] = delta * f;
    }
}
