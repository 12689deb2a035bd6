//! The architectures a configuration can name.

use super::{Activation, Fcp, Network};
use crate::real::Real;

/// An architecture with its sizes, as configured.
#[derive(Clone, Debug, PartialEq)]
pub enum Architecture {
    /// Fully connected layers without biases.
    Fcp {
        /// Between the layers.
        activation: Activation,
    },
}

impl Architecture {
    /// As in configurations: `"fcp"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fcp { .. } => "fcp",
        }
    }

    /// The network for images of `pixels` pixels in `classes` classes.
    pub fn build<A: Real>(&self, pixels: usize, classes: usize) -> Box<dyn Network<A>> {
        match *self {
            Self::Fcp { activation } => Box::new(Fcp::new(&[pixels, 50, 50, classes], activation)),
        }
    }
}
