//! `[network]`: which architecture.

use super::reader::{Choice, Read, Section};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The network to train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkConfig {
    /// Its architecture.
    pub kind: NetworkKind,
}

/// An architecture with what can be chosen about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// The fully connected perceptron, three weight matrices without biases.
    Fcp {
        /// The function after each hidden layer.
        activation: Activation,
    },
}

/// The function after a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Activation {
    /// ln(1 + eˣ), smooth; what the published code ran.
    Softplus,
    /// max(0, x); what the published text says.
    Relu,
}

impl Activation {
    /// `"softplus"` or `"relu"`, as in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Softplus => "softplus",
            Self::Relu => "relu",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Choice for Activation {
    const ALL: &'static [Self] = &[Self::Softplus, Self::Relu];
    fn word(self) -> &'static str {
        self.name()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Fcp,
}

impl Choice for Kind {
    const ALL: &'static [Self] = &[Self::Fcp];
    fn word(self) -> &'static str {
        match self {
            Self::Fcp => "fcp",
        }
    }
}

pub(super) fn read(section: &Section<'_>) -> Read<NetworkConfig> {
    let kind = section.key("kind").choice().required("kind = \"fcp\"");
    section.keys_of_choices("kind", kind, &[("activation", &[Kind::Fcp])]);
    match kind? {
        Kind::Fcp => {
            let activation = section.key("activation").choice().or(Activation::Softplus)?;
            Ok(NetworkConfig { kind: NetworkKind::Fcp { activation } })
        }
    }
}
