//! Loss and gradient of a perceptron at one θ: the plain computation, and the oracle of the others.

use super::Fcp;
use crate::network::{Batch, Score, cross_entropy};
use crate::real::Real;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

pub(super) struct AtPoint<'a, A> {
    network: &'a Fcp,
    /// Output of each layer, `(images, width)`; the last holds logits, then their gradient.
    outputs: Vec<Array2<A>>,
    /// Gradient with respect to the output of each hidden layer.
    deltas: Vec<Array2<A>>,
}

impl<'a, A: Real> AtPoint<'a, A> {
    pub(super) fn new(network: &'a Fcp) -> Self {
        let empty = |layers| vec![Array2::zeros((0, 0)); layers];
        Self { network, outputs: empty(network.layers()), deltas: empty(network.layers() - 1) }
    }

    pub(super) fn loss(&mut self, theta: &[A], batch: Batch<A>) -> Score {
        self.forward(theta, batch.inputs);
        cross_entropy::loss(&mut self.logits(batch.labels.len()), batch.labels)
    }

    pub(super) fn loss_and_gradient(&mut self, theta: &[A], batch: Batch<A>, gradient: &mut [A]) -> Score {
        self.forward(theta, batch.inputs);
        let score = cross_entropy::loss_and_delta(&mut self.logits(batch.labels.len()), batch.labels);
        self.backward(theta, batch.inputs, gradient);
        score
    }

    fn logits(&mut self, images: usize) -> ArrayViewMut2<'_, A> {
        self.outputs.last_mut().expect("a network has a layer").slice_mut(s![..images, ..])
    }

    fn reserve(&mut self, images: usize) {
        if self.outputs[0].nrows() < images {
            let widths = &self.network.widths[1..];
            self.outputs = widths.iter().map(|&width| Array2::zeros((images, width))).collect();
            self.deltas = widths[..widths.len() - 1].iter().map(|&width| Array2::zeros((images, width))).collect();
        }
    }

    fn forward(&mut self, theta: &[A], inputs: ArrayView2<A>) {
        let images = inputs.nrows();
        self.reserve(images);
        for l in 0..self.network.layers() {
            let (before, after) = self.outputs.split_at_mut(l);
            let input = before.last().map_or(inputs, |output| output.slice(s![..images, ..]));
            let mut output = after[0].slice_mut(s![..images, ..]);
            general_mat_mul(A::one(), &input, &self.network.weights(theta, l).t(), A::zero(), &mut output);
            if l + 1 < self.network.layers() {
                self.network.activation.apply(output.as_slice_mut().expect("leading rows are contiguous"));
            }
        }
    }

    /// The last output holds ∂loss/∂logits.
    fn backward(&mut self, theta: &[A], inputs: ArrayView2<A>, gradient: &mut [A]) {
        let images = inputs.nrows();
        let (hidden, last) = self.outputs.split_at_mut(self.network.layers() - 1);
        for l in (0..self.network.layers()).rev() {
            let (before, after) = self.deltas.split_at_mut(l);
            let delta = after.first().unwrap_or(&last[0]).slice(s![..images, ..]);
            let input = l.checked_sub(1).map_or(inputs, |below| hidden[below].slice(s![..images, ..]));
            let mut weights = self.network.layout.tensors()[l].matrix_mut(gradient);
            general_mat_mul(A::one(), &delta.t(), &input, A::one(), &mut weights);
            if let Some(below) = before.last_mut() {
                let mut below = below.slice_mut(s![..images, ..]);
                general_mat_mul(A::one(), &delta, &self.network.weights(theta, l), A::zero(), &mut below);
                let slopes = input.as_slice().expect("leading rows are contiguous");
                self.network.activation.slope(below.as_slice_mut().expect("leading rows are contiguous"), slopes);
            }
        }
    }
}
