//! Loss and gradient of an LSTM at one θ.
//!
//! Images stand in columns, so that the four gates of a step are contiguous blocks. With the input of
//! a step written as zₜ = (xₜ, hₜ₋₁, 1), all that enters its gates is one product V zₜ of
//! V = (Wᵢₕ, Wₕₕ, bᵢₕ + bₕₕ), and the gradient of V is Σₜ δₜ zₜᵀ, biases included.

use super::Lstm;
use crate::network::dense::AtPoint;
use crate::network::{Batch, Evaluator, Score, Tensor};
use crate::real::Real;
use crate::real::dispatch::dispatched;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

/// Images of one pass through all steps, whose gates stay near the core.
const STRIP: usize = 64;

pub(super) struct LstmEvaluator<'a, A> {
    network: &'a Lstm,
    /// V and its gradient, `(4H, I + H + 1)`.
    combined: Array2<A>,
    combined_gradient: Array2<A>,
    /// zₜ, `(I + H + 1, images)`, of each step; one more for the last hidden state.
    inputs: Vec<Vec<A>>,
    /// i, f, g, o of each step, `(4H, images)`; on the way back the gradients before their activation.
    gates: Vec<Vec<A>>,
    /// cₜ, `(H, images)`, from c₀ = 0 on.
    cells: Vec<Vec<A>>,
    /// tanh(cₜ), `(H, images)`.
    squashed: Vec<Vec<A>>,
    /// ∂loss/∂hₜ and ∂loss/∂cₜ, `(H, images)`.
    hidden_delta: Vec<A>,
    cell_delta: Vec<A>,
    head: AtPoint<A>,
}

impl<'a, A: Real> LstmEvaluator<'a, A> {
    pub(super) fn new(network: &'a Lstm) -> Self {
        let (steps, hidden) = (network.steps, network.hidden);
        let width = network.inputs + hidden + 1;
        let states = |count, rows: usize| vec![vec![A::zero(); rows * STRIP]; count];
        Self {
            network,
            combined: Array2::zeros((4 * hidden, width)),
            combined_gradient: Array2::zeros((4 * hidden, width)),
            inputs: states(steps + 1, width),
            gates: states(steps, 4 * hidden),
            cells: states(steps + 1, hidden),
            squashed: states(steps, hidden),
            hidden_delta: vec![A::zero(); hidden * STRIP],
            cell_delta: vec![A::zero(); hidden * STRIP],
            head: AtPoint::new(network.head.clone()),
        }
    }

    fn combine_weights(&mut self, theta: &[A]) {
        let [w_ih, w_hh, b_ih, b_hh] = self.network.tensors();
        let (inputs, hidden) = (self.network.inputs, self.network.hidden);
        self.combined.slice_mut(s![.., ..inputs]).assign(&w_ih.matrix(theta));
        self.combined.slice_mut(s![.., inputs..inputs + hidden]).assign(&w_hh.matrix(theta));
        let biases = b_ih.slice(theta).iter().zip(b_hh.slice(theta));
        self.combined.column_mut(inputs + hidden).iter_mut().zip(biases).for_each(|(b, (&b_ih, &b_hh))| *b = b_ih + b_hh);
    }

    /// Adds the gradient of V to that of θ.
    fn separate_gradient(&self, gradient: &mut [A]) {
        let [w_ih, w_hh, b_ih, b_hh] = self.network.tensors();
        let (inputs, hidden) = (self.network.inputs, self.network.hidden);
        let mut add = |tensor: &Tensor, part: ArrayView2<A>| {
            tensor.matrix_mut(gradient).scaled_add(A::one(), &part);
        };
        add(w_ih, self.combined_gradient.slice(s![.., ..inputs]));
        add(w_hh, self.combined_gradient.slice(s![.., inputs..inputs + hidden]));
        for bias in [b_ih, b_hh] {
            add(bias, self.combined_gradient.slice(s![.., inputs + hidden..]));
        }
    }

    /// Rows of hₜ₋₁ in zₜ.
    fn hidden_rows(&self, images: usize) -> std::ops::Range<usize> {
        let start = self.network.inputs * images;
        start..start + self.network.hidden * images
    }

    /// Writes xₜ and 1 into every zₜ, and h₀ = 0 into the first.
    fn read(&mut self, images: ArrayView2<A>) {
        let count = images.nrows();
        let hidden = self.hidden_rows(count);
        let steps = self.inputs.iter_mut().zip(self.network.permutation.chunks_exact(self.network.inputs));
        for (z, pixels) in steps {
            for (row, &pixel) in z.chunks_exact_mut(count).zip(pixels) {
                row.iter_mut().zip(images.column(pixel)).for_each(|(x, &gray)| *x = gray);
            }
            z[hidden.end..hidden.end + count].fill(A::one());
        }
        self.inputs[0][hidden].fill(A::zero());
        self.cells[0].fill(A::zero());
    }

    /// Leaves the last hidden state in the last z.
    fn forward(&mut self, images: ArrayView2<A>) {
        self.read(images);
        let count = images.nrows();
        let hidden = self.hidden_rows(count);
        let area = hidden.len();
        for t in 0..self.network.steps {
            let (now, next) = self.inputs.split_at_mut(t + 1);
            let z = matrix(&now[t], self.combined.ncols(), count);
            let gates = &mut self.gates[t][..4 * area];
            let mut product = ArrayViewMut2::from_shape((self.combined.nrows(), count), &mut *gates).expect("4H · images");
            general_mat_mul(A::one(), &self.combined, &z, A::zero(), &mut product);
            let (before, after) = self.cells.split_at_mut(t + 1);
            let (cells, squashed) = (&mut after[0][..area], &mut self.squashed[t][..area]);
            step(gates, &before[t][..area], cells, squashed, &mut next[0][hidden.clone()]);
        }
    }

    /// `hidden_delta` holds ∂loss/∂hₜ of the last step.
    fn backward(&mut self, count: usize) {
        let (inputs, area) = (self.network.inputs, self.network.hidden * count);
        let recurrent = self.combined.slice(s![.., inputs..inputs + self.network.hidden]);
        self.cell_delta[..area].fill(A::zero());
        for t in (0..self.network.steps).rev() {
            let gates = &mut self.gates[t][..4 * area];
            let (hidden_delta, cell_delta) = (&mut self.hidden_delta[..area], &mut self.cell_delta[..area]);
            step_back(gates, &self.cells[t][..area], &self.squashed[t][..area], hidden_delta, cell_delta);
            let deltas = matrix(gates, self.combined.nrows(), count);
            let z = matrix(&self.inputs[t], self.combined.ncols(), count);
            general_mat_mul(A::one(), &deltas, &z.t(), A::one(), &mut self.combined_gradient);
            let mut below = ArrayViewMut2::from_shape((self.network.hidden, count), hidden_delta).expect("H · images");
            general_mat_mul(A::one(), &recurrent.t(), &deltas, A::zero(), &mut below);
        }
    }
}

/// The leading `rows` · `columns` numbers as a matrix.
fn matrix<A>(numbers: &[A], rows: usize, columns: usize) -> ArrayView2<'_, A> {
    ArrayView2::from_shape((rows, columns), &numbers[..rows * columns]).expect("shape and length agree")
}

/// The four blocks of the gates.
#[inline]
fn blocks<A>(gates: &mut [A]) -> [&mut [A]; 4] {
    let (first, second) = gates.split_at_mut(gates.len() / 2);
    let (input, forget) = first.split_at_mut(first.len() / 2);
    let (cell, output) = second.split_at_mut(second.len() / 2);
    [input, forget, cell, output]
}

dispatched! {
    /// One step: applies the activations of the gates; `before` is cₜ₋₁, `after` becomes
    /// cₜ = f ⊙ cₜ₋₁ + i ⊙ g, `squashed` tanh(cₜ), `hidden` hₜ = o ⊙ tanh(cₜ).
    fn step<A>(simd, gates: &mut [A], before: &[A], after: &mut [A], squashed: &mut [A], hidden: &mut [A]) {
        let length = before.len();
        let [input, forget, cell, output] = blocks(gates).map(|block| &mut block[..length]);
        let (after, squashed, hidden) = (&mut after[..length], &mut squashed[..length], &mut hidden[..length]);
        for k in 0..length {
            let (i, f) = (A::sigmoid(simd, input[k]), A::sigmoid(simd, forget[k]));
            let (g, o) = (A::tanh_with(simd, cell[k]), A::sigmoid(simd, output[k]));
            let c = f * before[k] + i * g;
            let s = A::tanh_with(simd, c);
            (input[k], forget[k], cell[k], output[k]) = (i, f, g, o);
            (after[k], squashed[k], hidden[k]) = (c, s, o * s);
        }
    }
}

dispatched! {
    /// Backward through one step: turns the gates into the gradients before their activations, and
    /// ∂loss/∂cₜ, from the later steps, into ∂loss/∂cₜ₋₁. `before` is cₜ₋₁, `squashed` tanh(cₜ),
    /// `hidden_deltas` ∂loss/∂hₜ.
    fn step_back<A>(_simd, gates: &mut [A], before: &[A], squashed: &[A], hidden_deltas: &[A], cell_deltas: &mut [A]) {
        let one = A::one();
        let [input, forget, cell, output] = blocks(gates);
        let length = before.len();
        let (input, forget, cell, output) =
            (&mut input[..length], &mut forget[..length], &mut cell[..length], &mut output[..length]);
        let (squashed, hidden_deltas, cell_deltas) =
            (&squashed[..length], &hidden_deltas[..length], &mut cell_deltas[..length]);
        for k in 0..length {
            let (i, f, g, o) = (input[k], forget[k], cell[k], output[k]);
            // 1 − tanh² as a product: exact where tanh is close to 1.
            let slope = (one - squashed[k]) * (one + squashed[k]);
            let delta = cell_deltas[k] + hidden_deltas[k] * o * slope;
            input[k] = delta * g * (i * (one - i));
            forget[k] = delta * before[k] * (f * (one - f));
            cell[k] = delta * i * ((one - g) * (one + g));
            output[k] = hidden_deltas[k] * squashed[k] * (o * (one - o));
            cell_deltas[k] = delta * f;
        }
    }
}

impl<A: Real> Evaluator<A> for LstmEvaluator<'_, A> {
    fn loss(&mut self, theta: &[A], batch: Batch<A>) -> Score {
        self.combine_weights(theta);
        let mut score = Score::default();
        for strip in batch.strips(STRIP) {
            self.forward(strip.inputs);
            let images = strip.labels.len();
            let last = &self.inputs[self.network.steps][self.hidden_rows(images)];
            score += self.head.loss(theta, matrix(last, self.network.hidden, images), strip);
        }
        score
    }

    fn loss_and_gradient(&mut self, theta: &[A], batch: Batch<A>, gradient: &mut [A]) -> Score {
        self.combine_weights(theta);
        self.combined_gradient.fill(A::zero());
        let mut score = Score::default();
        for strip in batch.strips(STRIP) {
            self.forward(strip.inputs);
            let (images, hidden) = (strip.labels.len(), self.network.hidden);
            let last = &self.inputs[self.network.steps][self.hidden_rows(images)];
            let last = matrix(last, hidden, images);
            let below = &mut self.hidden_delta[..hidden * images];
            let below = ArrayViewMut2::from_shape((hidden, images), below).expect("H · images");
            score += self.head.loss_and_gradient(theta, last, strip, gradient, Some(below));
            self.backward(images);
        }
        self.separate_gradient(gradient);
        score
    }
}
