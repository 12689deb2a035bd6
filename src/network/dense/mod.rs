//! A stack of fully connected layers: the whole of the fully connected perceptron and of the
//! autoencoder, the last part of LeNet and LSTM.
//!
//! z₁ = W₁ x + b₁, aₗ = activation(zₗ), zₗ₊₁ = Wₗ₊₁ aₗ + bₗ₊₁; Wₗ is (width of l, width of l − 1).
//! The last z goes into the loss. Images are columns, `(width, images)`, in one of two
//! [`StorageOrder`]s of memory.

mod at_point;
mod block;
mod inputs;
mod order;
mod path;

pub(super) use at_point::AtPoint;
use inputs::Inputs;
use order::StorageOrder;

use super::{
    Activation, Batch, CombinationsEvaluator, Evaluator, Layout, Score, Tensor, UnitGroup,
    cross_entropy, squared_error,
};
use crate::kernels::Real;
use crate::keys::{ChoiceKey, KeyKind};
use at_point::DenseEvaluator;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use path::DensePathEvaluator;

/// The key of networks with a choice of biases.
pub(super) const BIASES: ChoiceKey = ChoiceKey::new(
    "biases",
    "whether every fully connected layer has biases",
    KeyKind::Flag { default: false },
)
.came_later();

/// The loss of the last layer's output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Loss {
    /// Softmax and cross-entropy against the labels.
    CrossEntropy,
    /// Sigmoid and mean squared error against the image itself.
    SquaredError,
}

impl Loss {
    fn value<A: Real>(self, outputs: &mut ArrayViewMut2<A>, batch: Batch<A>) -> Score {
        match self {
            Self::CrossEntropy => cross_entropy::loss(outputs, batch.labels),
            Self::SquaredError => {
                squared_error::loss(&mut outputs.view_mut().reversed_axes(), batch.images.gray())
            }
        }
    }

    /// As `value`, and overwrites the outputs with the gradient with respect to them.
    fn value_and_delta<A: Real>(self, outputs: &mut ArrayViewMut2<A>, batch: Batch<A>) -> Score {
        match self {
            Self::CrossEntropy => cross_entropy::loss_and_delta(outputs, batch.labels),
            Self::SquaredError => squared_error::loss_and_delta(
                &mut outputs.view_mut().reversed_axes(),
                batch.images.gray(),
            ),
        }
    }

    /// The order in memory that its input needs.
    fn order(self) -> StorageOrder {
        match self {
            Self::CrossEntropy => StorageOrder::Rows,
            Self::SquaredError => StorageOrder::Columns,
        }
    }
}

/// One layer's place in θ.
#[derive(Clone, Debug)]
struct Layer {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Layer {
    /// Number of outputs.
    fn width(&self) -> usize {
        self.weight.shape[0]
    }

    /// Number of inputs.
    fn inputs(&self) -> usize {
        self.weight.shape[1]
    }

    /// Components of θ.
    fn parameters(&self) -> usize {
        self.weight.len() + self.bias.as_ref().map_or(0, Tensor::len)
    }

    /// Adds the sum over images of δ, `(width, images)`, to the gradient of the biases.
    fn add_bias_gradient<A: Real>(&self, delta: ArrayView2<A>, gradient: &mut [A]) {
        if let Some(bias) = &self.bias {
            bias.matrix_mut(gradient).column_mut(0).scaled_add(A::one(), &delta.sum_axis(Axis(1)));
        }
    }
}

/// A stack of fully connected layers inside a network's θ.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    layers: Vec<Layer>,
    /// Width of the last layer's output; of the input, where there is no layer.
    outputs: usize,
    activation: Activation,
    loss: Loss,
}

impl Dense {
    /// Appends to `layout` the layers between these widths, input first: `name` alone where there
    /// is one, otherwise numbered from 1.
    ///
    /// # Panics
    /// If there are fewer than two widths or one is 0.
    pub(super) fn append(
        mut layout: Layout,
        name: &str,
        widths: &[usize],
        biases: bool,
        activation: Activation,
        loss: Loss,
    ) -> (Layout, Self) {
        assert!(
            widths.len() >= 2 && widths.iter().all(|&width| width > 0),
            "widths {widths:?} make no network"
        );
        let mut layers = Vec::new();
        for (l, pair) in widths.windows(2).enumerate() {
            let name = if widths.len() == 2 { name.to_owned() } else { format!("{name}{}", l + 1) };
            let bound = 1.0 / (pair[0] as f64).sqrt();
            layout = layout.with(&format!("{name}.weight"), &[pair[1], pair[0]], bound);
            let weight = layout.last().clone();
            let bias = biases.then(|| {
                layout =
                    std::mem::take(&mut layout).with(&format!("{name}.bias"), &[pair[1]], bound);
                layout.last().clone()
            });
            layers.push(Layer { weight, bias });
        }
        (layout, Self { layers, outputs: widths[widths.len() - 1], activation, loss })
    }

    /// How the outputs of its layers lie in memory.
    fn order(&self) -> StorageOrder {
        self.loss.order()
    }

    /// The stack without its first layer, for a θ that begins after that layer.
    fn after_the_first(&self) -> Self {
        let mut tail = self.clone();
        let start = tail.layers.remove(0).parameters();
        for Layer { weight, bias } in &mut tail.layers {
            weight.offset -= start;
            bias.iter_mut().for_each(|bias| bias.offset -= start);
        }
        tail
    }

    /// Components of θ beyond the first layer.
    fn later_length(&self) -> usize {
        self.layers[1..].iter().map(Layer::parameters).sum()
    }

    /// The units of its hidden layers, from the input to the output.
    pub(super) fn unit_groups(&self) -> Vec<UnitGroup> {
        let parity = self.activation.parity();
        let group = |layers: &[Layer]| {
            let [Layer { weight, bias }, next] = layers else { unreachable!("windows of two") };
            let name = weight.name.trim_end_matches(".weight");
            let mut group = UnitGroup::new(name, weight.shape[0]).along(weight, 0, parity);
            if let Some(bias) = bias {
                group = group.along(bias, 0, parity);
            }
            group.along(&next.weight, 1, parity)
        };
        self.layers.windows(2).map(group).collect()
    }

    /// The weights that read the input of the stack.
    ///
    /// # Panics
    /// If there is no layer.
    pub(super) fn first_weight(&self) -> &Tensor {
        &self.layers[0].weight
    }

    /// An evaluator for a network that consists of this stack.
    pub(super) fn evaluator<'a, A: Real>(&self) -> Box<dyn Evaluator<A> + 'a> {
        Box::new(DenseEvaluator::new(self.clone()))
    }

    /// The same for whole paths.
    pub(super) fn combinations_evaluator<'a, A: Real>(
        &self,
    ) -> Box<dyn CombinationsEvaluator<A> + 'a> {
        Box::new(DensePathEvaluator::new(self))
    }
}
