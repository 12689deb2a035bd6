//! Activation functions between the layers.

use super::Architecture;
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::{self, Real};
use crate::keys::{ChoiceKey, KeyKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the hidden layers of FCP and LeNet apply.
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

    /// The key of the networks that leave the choice.
    pub const KEY: ChoiceKey = ChoiceKey::new(
        "activation",
        "after the hidden layers",
        KeyKind::Word {
            words: &[Self::Softplus.name(), Self::Relu.name()],
            default: Self::Softplus.name(),
        },
    );

    /// The value of [`Self::KEY`].
    ///
    /// # Panics
    /// If the architecture has no such key, or a word there that the key does not take.
    pub fn of(architecture: &Architecture) -> Self {
        let word = architecture.word(Self::KEY.name);
        Self::ALL
            .into_iter()
            .find(|activation| activation.name() == word)
            .expect("a word of the key")
    }

    /// As in configurations: `"softplus"`, `"relu"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Softplus => "softplus",
            Self::Relu => "relu",
        }
    }

    /// x ← activation(x), elementwise.
    pub fn apply<A: Real>(self, values: &mut [A]) {
        match self {
            Self::Softplus => kernels::softplus_all(values),
            Self::Relu => relu_all(values),
        }
    }

    /// activation(x).
    #[allow(
        clippy::inline_always,
        reason = "belongs into functions compiled for one set of vector instructions"
    )]
    #[inline(always)]
    pub(crate) fn at<S: Simd, A: Real>(self, simd: S, x: A) -> A {
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
    pub(crate) fn slope_at<S: Simd, A: Real>(self, simd: S, a: A) -> A {
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

/// A choice of deltas, not a factor: what is infinite stays out where the slope is 0.
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
            Activation::Softplus => pairs.for_each(|(delta, &a)| *delta = softplus_back(simd, *delta, a)),
            Activation::Relu => pairs.for_each(|(delta, &a)| *delta = relu_back(*delta, a)),
        }
    }
}

dispatched! {
    fn slopes_in_place<A>(simd, activation: Activation, outputs: &mut [A], deltas: &[A]) {
        let pairs = outputs.iter_mut().zip(deltas);
        match activation {
            Activation::Softplus => pairs.for_each(|(a, &delta)| *a = softplus_back(simd, delta, *a)),
            Activation::Relu => pairs.for_each(|(a, &delta)| *a = relu_back(delta, *a)),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
