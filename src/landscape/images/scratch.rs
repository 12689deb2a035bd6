//! What one thread needs to evaluate a network.

use super::gray::GrayImages;
use crate::kernels::Real;
use crate::network::{CombinationsEvaluator, Evaluator, Network};

/// Buffers of one evaluation; those that not every kind of evaluation needs are empty until it
/// does.
pub(super) struct Scratch<'a, A> {
    network: &'a dyn Network<A>,
    pub(super) images: GrayImages<A>,
    /// Pixels of images that do not lie side by side, and their labels.
    pub(super) gathered: (Vec<u8>, Vec<u8>),
    pub(super) evaluator: Box<dyn Evaluator<A> + 'a>,
    pub(super) along: Option<Box<dyn CombinationsEvaluator<A> + 'a>>,
    /// `(P,)` a point, and a gradient.
    pub(super) theta: Vec<A>,
    pub(super) gradient: Vec<A>,
}

impl<'a, A: Real> Scratch<'a, A> {
    pub(super) fn new(network: &'a dyn Network<A>, block: usize) -> Self {
        Self {
            network,
            images: GrayImages::new(block, network),
            gathered: Default::default(),
            evaluator: network.evaluator(),
            along: network.combinations_evaluator(),
            theta: Vec::new(),
            gradient: Vec::new(),
        }
    }

    /// The buffer for a gradient, zeros.
    pub(super) fn take_gradient(&mut self) -> Vec<A> {
        let mut gradient = std::mem::take(&mut self.gradient);
        gradient.clear();
        gradient.resize(self.network.layout().parameters(), A::zero());
        gradient
    }

    /// The buffer for a point.
    pub(super) fn take_theta(&mut self) -> Vec<A> {
        let mut theta = std::mem::take(&mut self.theta);
        theta.resize(self.network.layout().parameters(), A::zero());
        theta
    }
}
