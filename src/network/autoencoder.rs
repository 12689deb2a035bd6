//! Autoencoder: fully connected layers, with biases or without, with a narrow layer in the middle.
//!
//! Every layer except the last is followed by the activation, the last by a sigmoid. The loss is
//! the mean over the pixels of all channels of (σ(z) − x)². With the defaults and images of 784
//! pixels: 784 → 32 → 32 → 32 → 784 without biases, P = 52 224.

use super::dense::{BIASES, Dense, Loss};
use super::descriptor::{Descriptor, QuickStudy, SuggestedSgd};
use super::{Activation, CombinationsEvaluator, Evaluator, Layout, Network, Symmetry};
use crate::kernels::Real;
use crate::keys::ChoiceKey;

/// `kind = "autoencoder"`.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "autoencoder",
    title: "Autoencoder",
    loss_label: "loss (squared error per pixel)",
    keys: &[
        ChoiceKey::counts("hidden", "widths of the hidden layers", &[32, 32, 32]),
        BIASES,
        Activation::KEY,
    ],
    build: |architecture, images, _| {
        let (biases, activation) = (architecture.flag(BIASES.name), Activation::of(architecture));
        let hidden = architecture.counts("hidden");
        Ok(Box::new(Autoencoder::new(images.pixels(), hidden, biases, activation)))
    },
    sgd: SuggestedSgd { learning_rate: 0.5, epochs: 16 },
    quick: QuickStudy { train: 5000, test: Some(2000), paths: [600, 300] },
};

/// An autoencoder; it has no classes.
#[derive(Clone, Debug)]
pub struct Autoencoder {
    inputs: usize,
    layout: Layout,
    dense: Dense,
}

impl Autoencoder {
    /// pixels → hidden widths → pixels, with a bias for each unit if `biases`.
    ///
    /// # Panics
    /// If there are no pixels or a width is 0.
    pub fn new(pixels: usize, hidden: &[usize], biases: bool, activation: Activation) -> Self {
        let widths = [&[pixels], hidden, &[pixels]].concat();
        let (layout, dense) =
            Dense::append(Layout::default(), "fc", &widths, biases, activation, Loss::SquaredError);
        Self { inputs: pixels, layout, dense }
    }
}

impl<A: Real> Network<A> for Autoencoder {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn has_classes(&self) -> bool {
        false
    }

    fn loss_unit(&self) -> &'static str {
        "1"
    }

    fn multiplies_images(&self) -> bool {
        true
    }

    fn compares_with_images(&self) -> bool {
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
