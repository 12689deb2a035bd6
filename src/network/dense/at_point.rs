//! Loss and gradient of a stack at one θ: the plain computation, and the oracle of the others.

use super::Dense;
use crate::network::{Batch, Score};
use crate::real::Real;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

/// The buffers of a stack's evaluation; they grow to the largest batch seen.
pub(in crate::network) struct AtPoint<A> {
    dense: Dense,
    /// Output of each layer, `(images, width)`; the last holds the logits, then their gradient.
    /// Where there is no layer, the one buffer holds the inputs.
    outputs: Vec<Array2<A>>,
    /// Gradient with respect to the output of each hidden layer.
    deltas: Vec<Array2<A>>,
}

impl<A: Real> AtPoint<A> {
    pub(in crate::network) fn new(dense: Dense) -> Self {
        let empty = |count| vec![Array2::zeros((0, 0)); count];
        let layers = dense.layers.len();
        Self { dense, outputs: empty(layers.max(1)), deltas: empty(layers.saturating_sub(1)) }
    }

    /// Σ of the losses for `inputs`, `(images, width)`, computed from the images of `batch`.
    pub(in crate::network) fn loss(&mut self, theta: &[A], inputs: ArrayView2<A>, batch: Batch<A>) -> Score {
        self.forward(theta, inputs);
        let loss = self.dense.loss;
        loss.value(&mut self.last(inputs.nrows()), batch)
    }

    /// The same, adds the gradient to `gradient`, and overwrites `below`, `(images, width)`, with
    /// that with respect to the inputs.
    pub(in crate::network) fn loss_and_gradient(
        &mut self,
        theta: &[A],
        inputs: ArrayView2<A>,
        batch: Batch<A>,
        gradient: &mut [A],
        below: Option<ArrayViewMut2<A>>,
    ) -> Score {
        self.forward(theta, inputs);
        let loss = self.dense.loss;
        let score = loss.value_and_delta(&mut self.last(inputs.nrows()), batch);
        self.backward(theta, inputs, gradient, below);
        score
    }

    fn last(&mut self, images: usize) -> ArrayViewMut2<'_, A> {
        self.outputs.last_mut().expect("there is always a buffer").slice_mut(s![..images, ..])
    }

    fn reserve(&mut self, images: usize) {
        if self.outputs[0].nrows() < images {
            let layers = &self.dense.layers;
            self.outputs = layers.iter().map(|layer| Array2::zeros((images, layer.width()))).collect();
            self.deltas = layers.iter().skip(1).map(|layer| Array2::zeros((images, layer.weight.shape[1]))).collect();
            if layers.is_empty() {
                self.outputs.push(Array2::zeros((images, self.dense.outputs)));
            }
        }
    }

    fn forward(&mut self, theta: &[A], inputs: ArrayView2<A>) {
        let images = inputs.nrows();
        self.reserve(images);
        let layers = self.dense.layers.len();
        if layers == 0 {
            self.last(images).assign(&inputs);
        }
        for (l, layer) in self.dense.layers.iter().enumerate() {
            let (before, after) = self.outputs.split_at_mut(l);
            let input = before.last().map_or(inputs, |output| output.slice(s![..images, ..]));
            let mut output = after[0].slice_mut(s![..images, ..]);
            let added = layer.bias.as_ref().map_or(A::zero(), |bias| {
                output.assign(&bias.matrix(theta).column(0));
                A::one()
            });
            general_mat_mul(A::one(), &input, &layer.weight.matrix(theta).t(), added, &mut output);
            if l + 1 < layers {
                self.dense.activation.apply(output.as_slice_mut().expect("leading rows are contiguous"));
            }
        }
    }

    /// The last output holds the loss's gradient with respect to it.
    fn backward(&mut self, theta: &[A], inputs: ArrayView2<A>, gradient: &mut [A], mut below: Option<ArrayViewMut2<A>>) {
        let images = inputs.nrows();
        let (last, hidden) = self.outputs.split_last().expect("there is always a buffer");
        let last = last.slice(s![..images, ..]);
        if let (true, Some(below)) = (self.dense.layers.is_empty(), &mut below) {
            below.assign(&last);
        }
        for (l, layer) in self.dense.layers.iter().enumerate().rev() {
            let (before, after) = self.deltas.split_at_mut(l);
            let delta = after.first().map_or(last, |delta| delta.slice(s![..images, ..]));
            let input = l.checked_sub(1).map_or(inputs, |l| hidden[l].slice(s![..images, ..]));
            general_mat_mul(A::one(), &delta.t(), &input, A::one(), &mut layer.weight.matrix_mut(gradient));
            if let Some(bias) = &layer.bias {
                bias.matrix_mut(gradient).column_mut(0).scaled_add(A::one(), &delta.sum_axis(Axis(0)));
            }
            if let Some(before) = before.last_mut() {
                let mut before = before.slice_mut(s![..images, ..]);
                general_mat_mul(A::one(), &delta, &layer.weight.matrix(theta), A::zero(), &mut before);
                let slopes = input.to_slice().expect("leading rows are contiguous");
                self.dense.activation.slope(before.as_slice_mut().expect("leading rows are contiguous"), slopes);
            } else if let Some(below) = &mut below {
                general_mat_mul(A::one(), &delta, &layer.weight.matrix(theta), A::zero(), below);
            }
        }
    }
}
