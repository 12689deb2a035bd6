//! The activation function as a key of a network. Its loops are in [`kernels`](crate::kernels).

use super::{Architecture, Parity};
pub use crate::kernels::Activation;
use crate::keys::{ChoiceKey, KeyKind};
use std::fmt;

impl Activation {
    /// The key of networks with a choice of activations.
    pub const KEY: ChoiceKey = ChoiceKey::new(
        "activation",
        "after the hidden layers",
        KeyKind::Word {
            words: &[
                Self::Softplus.name(),
                Self::Relu.name(),
                Self::Tanh.name(),
                Self::Sigmoid.name(),
                Self::Gelu.name(),
                Self::Silu.name(),
            ],
            default: Self::Softplus.name(),
        },
    )
    .came_later();

    /// The value of [`Self::KEY`].
    ///
    /// # Panics
    /// If the architecture has no such key, or an invalid word for it.
    pub fn of(architecture: &Architecture) -> Self {
        let word = architecture.word(Self::KEY.name);
        Self::ALL
            .into_iter()
            .find(|activation| activation.name() == word)
            .expect("a word of the key")
    }

    /// Whether φ(−x) = −φ(x), so that a hidden unit can change its sign.
    pub(super) const fn parity(self) -> Parity {
        match self {
            Self::Tanh => Parity::Odd,
            Self::Softplus | Self::Relu | Self::Sigmoid | Self::Gelu | Self::Silu => Parity::Even,
        }
    }

    /// As in configurations: `"softplus"`, `"relu"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Softplus => "softplus",
            Self::Relu => "relu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
