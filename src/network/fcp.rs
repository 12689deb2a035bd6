//! FCP: fully connected layers without biases, an activation between them, cross-entropy at the end.
//!
//! The published network is 784 → 50 → 50 → 10, P = 42 200.

use super::dense::{Dense, Loss};
use super::{Activation, Evaluator, Layout, Network, SpanEvaluator};
use crate::real::Real;

/// A fully connected perceptron.
#[derive(Clone, Debug)]
pub struct Fcp {
    inputs: usize,
    layout: Layout,
    dense: Dense,
}

impl Fcp {
    /// A network of these widths: pixels, hidden layers, classes.
    ///
    /// # Panics
    /// If there are fewer than two widths or one is 0.
    pub fn new(widths: &[usize], activation: Activation) -> Self {
        let (layout, dense) = Dense::append(Layout::default(), "fc", widths, false, activation, Loss::CrossEntropy);
        Self { inputs: widths[0], layout, dense }
    }
}

impl<A: Real> Network<A> for Fcp {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        self.dense.evaluator()
    }

    fn span_evaluator(&self) -> Option<Box<dyn SpanEvaluator<A> + '_>> {
        Some(self.dense.span_evaluator())
    }
}
