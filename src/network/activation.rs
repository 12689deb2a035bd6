//! Activation functions between the layers.

use super::Architecture;
use super::descriptor::{Key, Kind};
use crate::real::Real;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the hidden layers of FCP and LeNet apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// ln(1 + eˣ); what the published code ran.
    Softplus,
    /// max(x, 0); what the published text says.
    Relu,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Softplus, Self::Relu];

    /// The key of the networks that leave the choice.
    pub const KEY: Key = Key {
        name: "activation",
        kind: Kind::Word { words: &[Self::Softplus.name(), Self::Relu.name()], default: Self::Softplus.name() },
    };

    /// The value of [`Self::KEY`].
    ///
    /// # Panics
    /// If the architecture has no such key, or a word there that the key does not take.
    pub fn of(architecture: &Architecture) -> Self {
        let word = architecture.word(Self::KEY.name);
        Self::ALL.into_iter().find(|activation| activation.name() == word).expect("a word of the key")
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
            Self::Softplus => A::softplus_all(values),
            // NaN must stay NaN: a comparison that is false for it would hide a diverged run.
            Self::Relu => values.iter_mut().for_each(|x| *x = if *x < A::zero() { A::zero() } else { *x }),
        }
    }

    /// δ ← δ · activation'(x), elementwise, given a = activation(x). ReLU's slope at 0 is 0, as in
    /// PyTorch.
    pub fn slope<A: Real>(self, deltas: &mut [A], outputs: &[A]) {
        match self {
            Self::Softplus => A::softplus_slope_all(deltas, outputs),
            // Written as a choice of values, not as a branch, which would keep the loop scalar.
            Self::Relu => {
                let chosen = |delta, a| if a <= A::zero() { A::zero() } else { delta };
                deltas.iter_mut().zip(outputs).for_each(|(delta, &a)| *delta = chosen(*delta, a));
            }
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
