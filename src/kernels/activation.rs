//! Activation functions and their slopes, elementwise.

use super::Real;
use super::dispatch::{Simd, dispatched};
use super::slices::softplus_all;
use serde::{Deserialize, Serialize};

/// What is applied between the layers of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// ln(1 + eˣ).
    Softplus,
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Softplus, Self::Relu];

    /// x ← activation(x), elementwise.
    pub fn apply<A: Real>(self, values: &mut [A]) {
        match self {
            Self::Softplus => softplus_all(values),
            Self::Relu => relu_all(values),
        }
    }

    /// activation(x).
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(super) fn at<S: Simd, A: Real>(self, simd: S, x: A) -> A {
        match self {
            Self::Softplus => A::softplus(simd, x),
            Self::Relu => relu(x),
        }
    }

    /// δ ← δ · activation'(x), elementwise, given a = activation(x).
    pub fn slope<A: Real>(self, deltas: &mut [A], outputs: &[A]) {
        slopes(self, deltas, outputs);
    }

    /// a ← δ · activation'(x), elementwise, for a = activation(x).
    pub fn replace_by_slope<A: Real>(self, outputs: &mut [A], deltas: &[A]) {
        slopes_in_place(self, outputs, deltas);
    }

    /// activation'(x), given a = activation(x). ReLU's slope at 0 is 0, as in PyTorch.
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(super) fn slope_at<S: Simd, A: Real>(self, simd: S, a: A) -> A {
        match self {
            Self::Softplus => A::softplus_slope(simd, a),
            Self::Relu => {
                if a <= A::zero() {
                    A::zero()
                } else {
                    A::one()
                }
            }
        }
    }
}

dispatched! {
    /// x ← max(x, 0).
    fn relu_all<A>(_simd, values: &mut [A]) {
        values.iter_mut().for_each(|x| *x = relu(*x));
    }
}

/// max(x, 0). NaN must stay NaN: a comparison that is false for it would hide a diverged run.
#[allow(
    clippy::inline_always,
    reason = "belongs into functions compiled for one set of vector instructions"
)]
#[inline(always)]
fn relu<A: Real>(x: A) -> A {
    if x < A::zero() { A::zero() } else { x }
}

/// δ · softplus'(x), given a = softplus(x).
#[allow(
    clippy::inline_always,
    reason = "belongs into functions compiled for one set of vector instructions"
)]
#[inline(always)]
fn softplus_back<S: Simd, A: Real>(simd: S, delta: A, a: A) -> A {
    delta * A::softplus_slope(simd, a)
}

/// A choice of deltas, not a factor: ±∞ is dropped where the slope is 0.
#[allow(
    clippy::inline_always,
    reason = "belongs into functions compiled for one set of vector instructions"
)]
#[inline(always)]
fn relu_back<A: Real>(delta: A, a: A) -> A {
    if a <= A::zero() { A::zero() } else { delta }
}

dispatched! {
    fn slopes<A>(simd, activation: Activation, deltas: &mut [A], outputs: &[A]) {
        let pairs = deltas.iter_mut().zip(outputs);
        match activation {
            Activation::Softplus => {
                pairs.for_each(|(delta, &a)| *delta = softplus_back(simd, *delta, a));
            }
            Activation::Relu => pairs.for_each(|(delta, &a)| *delta = relu_back(*delta, a)),
        }
    }
}

dispatched! {
    fn slopes_in_place<A>(simd, activation: Activation, outputs: &mut [A], deltas: &[A]) {
        let pairs = outputs.iter_mut().zip(deltas);
        match activation {
            Activation::Softplus => {
                pairs.for_each(|(a, &delta)| *a = softplus_back(simd, delta, *a));
            }
            Activation::Relu => pairs.for_each(|(a, &delta)| *a = relu_back(delta, *a)),
        }
    }
}
