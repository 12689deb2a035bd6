//! FCP: fully connected layers without biases, an activation between them, cross-entropy at the
//! end.
//!
//! Images of several channels are read as one vector, channel after channel. With the defaults,
//! images of 784 pixels and 10 classes: 784 → 50 → 50 → 10, P = 42 200.

use super::dense::{Dense, Loss};
use super::descriptor::{Descriptor, QuickStudy, SuggestedSgd};
use super::{Activation, CombinationsEvaluator, Evaluator, Layout, Network};
use crate::kernels::Real;
use crate::keys::ChoiceKey;

/// `kind = "fcp"`.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "fcp",
    title: "FCP",
    loss_label: "loss (nat per image)",
    keys: &[
        ChoiceKey::counts("hidden", "widths of the layers between pixels and classes", &[50, 50]),
        Activation::KEY,
    ],
    build: |architecture, images, classes| {
        let widths = [&[images.pixels()], architecture.counts("hidden"), &[classes]].concat();
        Ok(Box::new(Fcp::new(&widths, Activation::of(architecture))))
    },
    sgd: SuggestedSgd { learning_rate: 0.1, epochs: 80 },
    quick: QuickStudy { train: 10_000, test: None, paths: [2000, 1000] },
};

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
        let (layout, dense) =
            Dense::append(Layout::default(), "fc", widths, false, activation, Loss::CrossEntropy);
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

    fn multiplies_images(&self) -> bool {
        true
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        self.dense.evaluator()
    }

    fn combinations_evaluator(&self) -> Option<Box<dyn CombinationsEvaluator<A> + '_>> {
        Some(self.dense.combinations_evaluator())
    }
}
