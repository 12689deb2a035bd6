//! LSTM: reads an image row by row in a fixed random order of its pixels, cross-entropy at the end.
//!
//! The pixels are permuted and read as T rows of pixels. The channels of a pixel stay together: xₜ
//! has the channels of the row's first pixel, then those of its second, I = columns · channels
//! inputs. With h₀ = c₀ = 0,
//!
//! - (i, f, g, o) = (σ, σ, tanh, σ)(Wᵢₕ xₜ + bᵢₕ + Wₕₕ hₜ₋₁ + bₕₕ),
//! - cₜ = f ⊙ cₜ₋₁ + i ⊙ g and hₜ = o ⊙ tanh(cₜ),
//!
//! and the logits are the last hₜ times the weights of a fully connected layer. The gate blocks
//! follow each other in the order input, forget, cell, output, as in PyTorch. With the defaults,
//! gray images of 28 × 28 pixels and 10 classes: T = I = 28 and 48 hidden units, P = 15 456.

mod evaluator;

use super::dense::{Dense, Loss};
use super::descriptor::{Descriptor, QuickStudy, SuggestedSgd};
use super::{Activation, Evaluator, Layout, Network, Parity, Symmetry, Tensor, UnitGroup};
use crate::data::ImageShape;
use crate::kernels::Real;
use crate::keys::{ChoiceKey, KeyKind};
use evaluator::LstmEvaluator;
use rand_mt::Mt;

/// `kind = "lstm"`.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "lstm",
    title: "LSTM",
    loss_label: "loss (nat per image)",
    keys: &[
        ChoiceKey::count("hidden", "hidden units", 48),
        ChoiceKey::new(
            "permutation_seed",
            "seed of the order in which the pixels are read, drawn like PyTorch's randperm",
            KeyKind::Seed { default: PERMUTATION_SEED },
        ),
    ],
    build: |architecture, images, classes| {
        Ok(Box::new(Lstm::new(
            images,
            classes,
            architecture.count("hidden"),
            architecture.seed("permutation_seed"),
        )))
    },
    sgd: SuggestedSgd { learning_rate: 0.1, epochs: 80 },
    quick: QuickStudy { train: 2000, test: Some(2000), paths: [100, 100] },
};

/// The default seed of the permutation.
pub const PERMUTATION_SEED: u32 = 1234;

/// A recurrent network of one layer.
#[derive(Clone, Debug)]
pub struct Lstm {
    steps: usize,
    inputs: usize,
    hidden: usize,
    /// Number of the image that is input k of step t, at t · I + k.
    permutation: Vec<usize>,
    layout: Layout,
    head: Dense,
}

impl Lstm {
    /// A network for images of this shape in `classes` classes: as many steps as rows, as many
    /// inputs as columns times channels, `hidden` units. The order of the pixels is PyTorch's
    /// `randperm(rows · columns)` of a CPU generator with this seed, the same in all channels.
    ///
    /// # Panics
    /// If one of the sizes is 0.
    pub fn new(images: ImageShape, classes: usize, hidden: usize, permutation_seed: u32) -> Self {
        let ImageShape { channels, rows, columns } = images;
        assert!(
            images.pixels() * classes * hidden > 0,
            "{images}, {hidden} hidden, {classes} classes: no network"
        );
        let inputs = columns * channels;
        let bound = 1.0 / (hidden as f64).sqrt();
        let layout = Layout::default()
            .with("lstm.weight_ih_l0", &[4 * hidden, inputs], bound)
            .with("lstm.weight_hh_l0", &[4 * hidden, hidden], bound)
            .with("lstm.bias_ih_l0", &[4 * hidden], bound)
            .with("lstm.bias_hh_l0", &[4 * hidden], bound);
        let (layout, head) = Dense::append(
            layout,
            "fc",
            &[hidden, classes],
            false,
            Activation::Softplus,
            Loss::CrossEntropy,
        );
        let area = rows * columns;
        let order = random_permutation(area, permutation_seed).into_iter();
        let permutation =
            order.flat_map(|pixel| (0..channels).map(move |channel| channel * area + pixel));
        Self { steps: rows, inputs, hidden, permutation: permutation.collect(), layout, head }
    }

    /// The number of the image read k-th, for each k: of a gray image, a pixel.
    pub fn permutation(&self) -> &[usize] {
        &self.permutation
    }

    /// Wᵢₕ, Wₕₕ, bᵢₕ, bₕₕ.
    fn tensors(&self) -> [&Tensor; 4] {
        [0, 1, 2, 3].map(|k| &self.layout.tensors()[k])
    }
}

impl<A: Real> Network<A> for Lstm {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn inputs(&self) -> usize {
        self.steps * self.inputs
    }

    /// The hidden units, each with four rows of weights and biases: input, forget, cell and output
    /// gate. The rows of the cell and the columns that read a unit may change their signs together.
    fn symmetry(&self) -> Symmetry {
        const CELL: usize = 2;
        const GATES: usize = 4;
        let [_, recurrent, ..] = self.tensors();
        let mut units = UnitGroup::new("lstm", self.hidden);
        for tensor in self.tensors() {
            for gate in 0..GATES {
                let parity = if gate == CELL { Parity::Odd } else { Parity::Even };
                units = units.along_block(tensor, 0, (gate, GATES), parity);
            }
        }
        let units =
            units.along(recurrent, 1, Parity::Odd).along(self.head.first_weight(), 1, Parity::Odd);
        Symmetry::new(vec![units])
    }

    fn evaluator_bytes(&self) -> f64 {
        LstmEvaluator::<A>::bytes(self)
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        Box::new(LstmEvaluator::new(self))
    }
}

/// PyTorch's `torch.randperm(n, generator=torch.Generator().manual_seed(seed))` on a CPU: a forward
/// Fisher–Yates shuffle of 0, 1, …, n − 1 with MT19937, each i swapped with i + (output mod (n −
/// i)).
fn random_permutation(n: usize, seed: u32) -> Vec<usize> {
    let mut generator = Mt::new(seed);
    let mut order: Vec<usize> = (0..n).collect();
    for i in 0..n.saturating_sub(1) {
        order.swap(i, i + generator.next_u32() as usize % (n - i));
    }
    order
}
