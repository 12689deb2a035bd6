//! Loss and gradient of a stack at one θ: the plain computation, which is the reference for the
//! others.

use super::{Dense, Inputs};
use crate::kernels::{Buffer, ImageWorkspace, PackedWeights, Real, gemm, gemm_add};
use crate::network::{Batch, Evaluation, Evaluator, Score, TakeOutputs};
use ndarray::ArrayViewMut2;

/// The evaluator of a network that consists of one stack.
pub(super) struct DenseEvaluator<A> {
    stack: AtPoint<A>,
    workspace: ImageWorkspace<A>,
}

impl<A: Real> DenseEvaluator<A> {
    pub(super) fn new(dense: Dense) -> Self {
        Self { stack: AtPoint::new(dense), workspace: ImageWorkspace::default() }
    }
}

impl<A: Real> Evaluator<A> for DenseEvaluator<A> {
    fn at<'e>(&'e mut self, theta: &'e [A]) -> Box<dyn Evaluation<A> + 'e> {
        let first = self.stack.dense.layers[0].weight.matrix(theta);
        let weights = PackedWeights::new(vec![first], &mut self.workspace);
        Box::new(DenseEvaluation { stack: &mut self.stack, theta, weights })
    }
}

/// A stack at one θ.
struct DenseEvaluation<'e, A> {
    stack: &'e mut AtPoint<A>,
    theta: &'e [A],
    weights: PackedWeights<'e, A>,
}

impl<A: Real> Evaluation<A> for DenseEvaluation<'_, A> {
    fn loss(&mut self, batch: Batch<A>) -> Score {
        let inputs = Inputs::Images(batch.images.reborrow(), &mut self.weights);
        self.stack.loss(self.theta, inputs, batch)
    }

    fn loss_and_gradient(&mut self, batch: Batch<A>, gradient: &mut [A]) -> Score {
        let inputs = Inputs::Images(batch.images.reborrow(), &mut self.weights);
        self.stack.loss_and_gradient(self.theta, inputs, batch, gradient, None)
    }

    fn unit_outputs(&mut self, batch: Batch<A>, take: &mut TakeOutputs<A>) {
        let inputs = Inputs::Images(batch.images.reborrow(), &mut self.weights);
        self.stack.unit_outputs(self.theta, inputs, 0, take);
    }
}

/// The buffers of a stack's evaluation; they grow to the largest batch seen.
pub(in crate::network) struct AtPoint<A> {
    dense: Dense,
    /// Output of each layer, `(width, images)`; the last holds the logits, then their gradient.
    /// Where there is no layer, the one buffer holds the inputs.
    outputs: Vec<Buffer<A>>,
    /// Slopes of the activation of each hidden layer; empty if they follow from the outputs.
    slopes: Vec<Buffer<A>>,
    /// Gradient with respect to the output of each hidden layer.
    deltas: Vec<Buffer<A>>,
    backward: ImageWorkspace<A>,
}

impl<A: Real> AtPoint<A> {
    pub(in crate::network) fn new(dense: Dense) -> Self {
        let empty = |count| (0..count).map(|_| Buffer::default()).collect();
        let layers = dense.layers.len();
        let hidden = layers.saturating_sub(1);
        let (outputs, slopes, deltas) = (empty(layers.max(1)), empty(hidden), empty(hidden));
        Self { dense, outputs, slopes, deltas, backward: ImageWorkspace::default() }
    }

    /// Σ of the losses for `inputs`, `(width, images)`, computed from the images of `batch`.
    pub(in crate::network) fn loss(
        &mut self,
        theta: &[A],
        mut inputs: Inputs<A>,
        batch: Batch<A>,
    ) -> Score {
        self.forward(theta, &mut inputs, false);
        self.dense.loss.value(&mut self.last(inputs.images()), batch)
    }

    /// The same, adds the gradient to `gradient`, and overwrites `below`, `(width, images)`, with
    /// that with respect to the inputs.
    pub(in crate::network) fn loss_and_gradient(
        &mut self,
        theta: &[A],
        mut inputs: Inputs<A>,
        batch: Batch<A>,
        gradient: &mut [A],
        below: Option<ArrayViewMut2<A>>,
    ) -> Score {
        self.forward(theta, &mut inputs, true);
        let loss = self.dense.loss;
        let score = loss.value_and_delta(&mut self.last(inputs.images()), batch);
        self.backward(theta, &inputs, gradient, below);
        score
    }

    /// Calls `take` with the outputs of each hidden layer for `inputs`. The first hidden layer is
    /// the group of number `first`.
    pub(in crate::network) fn unit_outputs(
        &mut self,
        theta: &[A],
        mut inputs: Inputs<A>,
        first: usize,
        take: &mut TakeOutputs<A>,
    ) {
        self.forward(theta, &mut inputs, false);
        let (hidden, order) = (self.deltas.len(), self.dense.order());
        for (l, layer) in self.dense.layers.iter().enumerate().take(hidden) {
            take(first + l, order.matrix(&self.outputs[l], layer.width(), inputs.images()));
        }
    }

    fn last(&mut self, images: usize) -> ArrayViewMut2<'_, A> {
        let last = self.outputs.last_mut().expect("there is always a buffer");
        self.dense.order().matrix_mut(last, self.dense.outputs, images)
    }

    fn reserve(&mut self, images: usize) {
        if self.outputs[self.outputs.len() - 1].len() >= self.dense.outputs * images {
            return;
        }
        for (layer, output) in self.dense.layers.iter().zip(&mut self.outputs) {
            output.grow(layer.width() * images);
        }
        for (layer, delta) in self.dense.layers.iter().zip(&mut self.deltas) {
            delta.grow(layer.width() * images);
        }
        for (layer, slopes) in self.dense.layers.iter().zip(&mut self.slopes) {
            self.dense.activation.reserve_slopes(slopes, layer.width() * images);
        }
        if self.dense.layers.is_empty() {
            self.outputs[0].grow(self.dense.outputs * images);
        }
    }

    /// The forward pass. With `backward` it keeps what the backward pass needs.
    fn forward(&mut self, theta: &[A], inputs: &mut Inputs<A>, backward: bool) {
        let images = inputs.images();
        self.reserve(images);
        let (layers, order) = (self.dense.layers.len(), self.dense.order());
        if layers == 0 {
            self.last(images).assign(&inputs.numbers());
        }
        for (l, layer) in self.dense.layers.iter().enumerate() {
            let (before, after) = self.outputs.split_at_mut(l);
            let mut output = order.matrix_mut(&mut after[0], layer.width(), images);
            let weight = layer.weight.matrix(theta);
            if let Some(bias) = &layer.bias {
                output.assign(&bias.matrix(theta));
            }
            let biased = layer.bias.is_some();
            match before.last() {
                None => inputs.product(weight, output, biased),
                Some(below) => {
                    let input = order.matrix(below, layer.inputs(), images);
                    if biased {
                        gemm_add(weight, input, output);
                    } else {
                        gemm(weight, input, output);
                    }
                }
            }
            if l + 1 < layers {
                let output = &mut after[0][..layer.width() * images];
                if backward {
                    self.dense.activation.apply_and_keep(output, &mut self.slopes[l]);
                } else {
                    self.dense.activation.apply(output);
                }
            }
        }
    }

    /// The last output holds the loss's gradient with respect to it.
    fn backward(
        &mut self,
        theta: &[A],
        inputs: &Inputs<A>,
        gradient: &mut [A],
        mut below: Option<ArrayViewMut2<A>>,
    ) {
        let (images, order) = (inputs.images(), self.dense.order());
        let (last, hidden) = self.outputs.split_last().expect("there is always a buffer");
        let last = order.matrix(last, self.dense.outputs, images);
        if let (true, Some(below)) = (self.dense.layers.is_empty(), &mut below) {
            below.assign(&last);
        }
        for (l, layer) in self.dense.layers.iter().enumerate().rev() {
            let (before, after) = self.deltas.split_at_mut(l);
            let delta =
                after.first().map_or(last, |delta| order.matrix(delta, layer.width(), images));
            let of_weight = layer.weight.matrix_mut(gradient);
            match l.checked_sub(1) {
                None => inputs.add_outer_product(delta, of_weight, &mut self.backward),
                Some(l) => {
                    let input = order.matrix(&hidden[l], layer.inputs(), images);
                    gemm_add(delta, input.reversed_axes(), of_weight);
                }
            }
            layer.add_bias_gradient(delta, gradient);
            let weight = layer.weight.matrix(theta);
            if let Some(before) = before.last_mut() {
                gemm(weight.t(), delta, order.matrix_mut(before, layer.inputs(), images));
                let before = &mut before[..layer.inputs() * images];
                self.dense.activation.slope(before, &hidden[l - 1], &self.slopes[l - 1]);
            } else if let Some(below) = &mut below {
                gemm(weight.t(), delta, below.view_mut());
            }
        }
    }
}
