//! FCP, the fully connected perceptron: fully connected layers, with biases or without, an
//! activation between them, cross-entropy at the end.
//!
//! Images of several channels are read as one vector, channel after channel. With the defaults,
//! images of 784 pixels and 10 classes: 784 → 50 → 50 → 10 without biases, P = 42 200.

use super::dense::{BIASES, Dense, Loss};
use super::descriptor::{Descriptor, QuickStudy, SuggestedSgd};
use super::{Activation, CombinationsEvaluator, Evaluator, Layout, Network, Symmetry};
use crate::kernels::Real;
use crate::keys::ChoiceKey;

/// `kind = "fcp"`.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "fcp",
    title: "Fully connected perceptron",
    loss_label: "loss (nat per image)",
    keys: &[
        ChoiceKey::counts("hidden", "widths of the hidden layers", &[50, 50]),
        BIASES,
        Activation::KEY,
    ],
    build: |architecture, images, classes| {
        let widths = [&[images.pixels()], architecture.counts("hidden"), &[classes]].concat();
        let (biases, activation) = (architecture.flag(BIASES.name), Activation::of(architecture));
        Ok(Box::new(Fcp::with_biases(&widths, biases, activation)))
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
    /// A network of these widths without biases: pixels, hidden layers, classes.
    ///
    /// # Panics
    /// If there are fewer than two widths or one is 0.
    pub fn new(widths: &[usize], activation: Activation) -> Self {
        Self::with_biases(widths, false, activation)
    }

    /// The same, with a bias for each unit if `biases`.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn with_biases(widths: &[usize], biases: bool, activation: Activation) -> Self {
        let (layout, dense) =
            Dense::append(Layout::default(), "fc", widths, biases, activation, Loss::CrossEntropy);
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

    /// The units of each hidden layer.
    fn symmetry(&self) -> Symmetry {
        Symmetry::new(self.dense.unit_groups())
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        self.dense.evaluator()
    }

    fn combinations_evaluator(&self) -> Option<Box<dyn CombinationsEvaluator<A> + '_>> {
        Some(self.dense.combinations_evaluator())
    }
}
