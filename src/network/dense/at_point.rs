//! Loss and gradient of a stack at one θ: the plain computation, and the oracle of the others.

use super::{Dense, Inputs};
use crate::kernels::{FactorRoom, Real, product};
use crate::network::{Batch, Score};
use ndarray::{ArrayViewMut2, Axis};

/// The buffers of a stack's evaluation; they grow to the largest batch seen.
pub(in crate::network) struct AtPoint<A> {
    dense: Dense,
    /// Output of each layer, `(width, images)`; the last holds the logits, then their gradient.
    /// Where there is no layer, the one buffer holds the inputs.
    outputs: Vec<Vec<A>>,
    /// Gradient with respect to the output of each hidden layer.
    deltas: Vec<Vec<A>>,
    forward: FactorRoom<A>,
    backward: FactorRoom<A>,
}

impl<A: Real> AtPoint<A> {
    pub(in crate::network) fn new(dense: Dense) -> Self {
        let empty = |count| vec![Vec::new(); count];
        let layers = dense.layers.len();
        let (outputs, deltas) = (empty(layers.max(1)), empty(layers.saturating_sub(1)));
        Self {
            dense,
            outputs,
            deltas,
            forward: FactorRoom::default(),
            backward: FactorRoom::default(),
        }
    }

    /// Σ of the losses for `inputs`, `(width, images)`, computed from the images of `batch`.
    pub(in crate::network) fn loss(
        &mut self,
        theta: &[A],
        inputs: Inputs<A>,
        batch: Batch<A>,
    ) -> Score {
        self.forward(theta, inputs);
        self.dense.loss.value(&mut self.last(inputs.images()), batch)
    }

    /// The same, adds the gradient to `gradient`, and overwrites `below`, `(width, images)`, with
    /// that with respect to the inputs.
    pub(in crate::network) fn loss_and_gradient(
        &mut self,
        theta: &[A],
        inputs: Inputs<A>,
        batch: Batch<A>,
        gradient: &mut [A],
        below: Option<ArrayViewMut2<A>>,
    ) -> Score {
        self.forward(theta, inputs);
        let loss = self.dense.loss;
        let score = loss.value_and_delta(&mut self.last(inputs.images()), batch);
        self.backward(theta, inputs, gradient, below);
        score
    }

    fn last(&mut self, images: usize) -> ArrayViewMut2<'_, A> {
        let last = self.outputs.last_mut().expect("there is always a buffer");
        self.dense.order().matrix_mut(last, self.dense.outputs, images)
    }

    fn reserve(&mut self, images: usize) {
        if self.outputs[self.outputs.len() - 1].len() < self.dense.outputs * images {
            let widths =
                self.dense.layers.iter().map(|layer| vec![A::zero(); layer.width() * images]);
            self.outputs = widths.collect();
            self.deltas =
                self.outputs.split_last().map_or(Vec::new(), |(_, hidden)| hidden.to_vec());
            if self.outputs.is_empty() {
                self.outputs.push(vec![A::zero(); self.dense.outputs * images]);
            }
        }
    }

    fn forward(&mut self, theta: &[A], inputs: Inputs<A>) {
        let images = inputs.images();
        self.reserve(images);
        let (layers, order) = (self.dense.layers.len(), self.dense.order());
        if layers == 0 {
            self.last(images).assign(&inputs.numbers());
        }
        for (l, layer) in self.dense.layers.iter().enumerate() {
            let (before, after) = self.outputs.split_at_mut(l);
            let input = before.last().map_or(inputs.reborrow(), |output| {
                order.matrix(output, layer.inputs(), images).into()
            });
            let mut output = order.matrix_mut(&mut after[0], layer.width(), images);
            let weight = layer.weight.matrix(theta);
            if let Some(bias) = &layer.bias {
                output.assign(&bias.matrix(theta));
                input.add_product(weight, output, &mut self.forward);
            } else {
                input.product(weight, output, &mut self.forward);
            }
            if l + 1 < layers {
                self.dense.activation.apply(&mut after[0][..layer.width() * images]);
            }
        }
    }

    /// The last output holds the loss's gradient with respect to it.
    fn backward(
        &mut self,
        theta: &[A],
        inputs: Inputs<A>,
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
            let input = l.checked_sub(1).map_or(inputs.reborrow(), |l| {
                order.matrix(&hidden[l], layer.inputs(), images).into()
            });
            input.add_outer_product(delta, layer.weight.matrix_mut(gradient), &mut self.backward);
            if let Some(bias) = &layer.bias {
                bias.matrix_mut(gradient)
                    .column_mut(0)
                    .scaled_add(A::one(), &delta.sum_axis(Axis(1)));
            }
            let weight = layer.weight.matrix(theta);
            if let Some(before) = before.last_mut() {
                product(weight.t(), delta, order.matrix_mut(before, layer.inputs(), images));
                self.dense.activation.slope(&mut before[..layer.inputs() * images], &hidden[l - 1]);
            } else if let Some(below) = &mut below {
                product(weight.t(), delta, below.view_mut());
            }
        }
    }
}
