//! Loss and gradient of an LSTM at one θ.
//!
//! With the input of a step written as zₜ = (xₜ, hₜ₋₁, 1), the input of its gates is one product V
//! zₜ of V = (Wᵢₕ, Wₕₕ, bᵢₕ + bₕₕ), and the gradient of V is Σₜ δₜ zₜᵀ, biases included. Images are
//! rows, so that the right factor of every product, forward and backward, has contiguous rows. If
//! most pixels are black, xₜ and the gradient of Wᵢₕ use sparse products.

use super::Lstm;
use crate::kernels::lstm::{step, step_back};
use crate::kernels::{Buffer, Real, SparseRows, add_scaled, gemm, gemm_add};
use crate::network::dense::AtPoint;
use crate::network::{Batch, Evaluation, Evaluator, Score, TakeOutputs};
use ndarray::{ArrayView2, ArrayViewMut2, s};
use std::ops::Range;

/// Images of one pass through all steps, whose gates stay near the core.
const BLOCK: usize = 64;

/// Inputs become sparse if at most one pixel in this many is not 0.
const ONE_IN: usize = 2;

pub(super) struct LstmEvaluator<'a, A> {
    network: &'a Lstm,
    /// Vᵀ and its gradient, `(I + H + 1, 4H)`.
    combined: Buffer<A>,
    combined_gradient: Buffer<A>,
    /// Wᵢₕᵀ's part of it from a block whose xₜ are sparse: a sum of its own, so that no sum has
    /// thousands of terms.
    block_gradient: Buffer<A>,
    /// zₜ, `(images, I + H + 1)`, of each step; one more for the last hidden state. Where xₜ are
    /// sparse it is `(images, H + 1)`, without them.
    inputs: Vec<Buffer<A>>,
    /// xₜ, `(images, I)`, of each step, if they are sparse; otherwise they are part of zₜ.
    sparse_inputs: Vec<SparseRows<A>>,
    is_sparse: bool,
    /// i, f, g, o of each step, `(images, 4H)`; on the way back the gradients before their
    /// activation.
    gates: Vec<Buffer<A>>,
    /// cₜ, `(images, H)`, from c₀ = 0 on.
    cells: Vec<Buffer<A>>,
    /// tanh(cₜ), `(images, H)`.
    squashed: Vec<Buffer<A>>,
    /// The last hₜ, `(H, images)`, as the head takes it.
    last: Buffer<A>,
    /// ∂loss/∂hₜ and ∂loss/∂cₜ, `(images, H)`.
    hidden_delta: Buffer<A>,
    cell_delta: Buffer<A>,
    head: AtPoint<A>,
}

impl<'a, A: Real> LstmEvaluator<'a, A> {
    /// Bytes of the buffers of a new one.
    pub(super) fn bytes(network: &Lstm) -> f64 {
        let [steps, inputs, hidden] =
            [network.steps, network.inputs, network.hidden].map(|size| size as f64);
        let width = inputs + hidden + 1.0;
        let weights = (2.0 * width + inputs) * 4.0 * hidden;
        let states = steps * (width + 4.0 * hidden + 2.0 * hidden) * BLOCK as f64;
        (weights + states) * size_of::<A>() as f64
    }

    pub(super) fn new(network: &'a Lstm) -> Self {
        let (steps, hidden) = (network.steps, network.hidden);
        let width = network.inputs + hidden + 1;
        let states = |count, columns: usize| {
            (0..count).map(|_| Buffer::zeros(columns * BLOCK)).collect::<Vec<_>>()
        };
        Self {
            network,
            combined: Buffer::zeros(width * 4 * hidden),
            combined_gradient: Buffer::zeros(width * 4 * hidden),
            block_gradient: Buffer::zeros(network.inputs * 4 * hidden),
            inputs: states(steps + 1, width),
            sparse_inputs: (0..steps).map(|_| SparseRows::default()).collect(),
            is_sparse: false,
            gates: states(steps, 4 * hidden),
            cells: states(steps + 1, hidden),
            squashed: states(steps, hidden),
            last: Buffer::zeros(hidden * BLOCK),
            hidden_delta: Buffer::zeros(hidden * BLOCK),
            cell_delta: Buffer::zeros(hidden * BLOCK),
            head: AtPoint::new(network.head.clone()),
        }
    }

    fn combine_weights(&mut self, theta: &[A]) {
        let [w_ih, w_hh, b_ih, b_hh] = self.network.tensors();
        let hidden = self.hidden_rows();
        let (rows, columns) = (self.rows(), self.columns());
        let mut combined = matrix_mut(&mut self.combined, rows, columns);
        combined.slice_mut(s![..hidden.start, ..]).assign(&w_ih.matrix(theta).t());
        combined.slice_mut(s![hidden.clone(), ..]).assign(&w_hh.matrix(theta).t());
        let biases = b_ih.slice(theta).iter().zip(b_hh.slice(theta));
        let row = combined.row_mut(hidden.end).into_iter();
        row.zip(biases).for_each(|(b, (&b_ih, &b_hh))| *b = b_ih + b_hh);
    }

    /// Adds the gradient of V to that of θ.
    fn separate_gradient(&self, gradient: &mut [A]) {
        let [w_ih, w_hh, b_ih, b_hh] = self.network.tensors();
        let hidden = self.hidden_rows();
        let biases = hidden.end..hidden.end + 1;
        let all = matrix(&self.combined_gradient, self.rows(), self.columns());
        for (tensor, rows) in
            [(w_ih, 0..hidden.start), (w_hh, hidden), (b_ih, biases.clone()), (b_hh, biases)]
        {
            let part = all.slice(s![rows, ..]);
            tensor.matrix_mut(gradient).scaled_add(A::one(), &part.t());
        }
    }

    /// Rows of V and its gradient, transposed, that belong to hₜ₋₁.
    fn hidden_rows(&self) -> Range<usize> {
        self.network.inputs..self.network.inputs + self.network.hidden
    }

    /// Rows and columns of Vᵀ.
    fn rows(&self) -> usize {
        self.network.inputs + self.network.hidden + 1
    }

    fn columns(&self) -> usize {
        4 * self.network.hidden
    }

    /// Columns of zₜ.
    fn width(&self) -> usize {
        if self.is_sparse { self.network.hidden + 1 } else { self.rows() }
    }

    /// Those of hₜ₋₁.
    fn hidden_columns(&self) -> Range<usize> {
        let end = self.width() - 1;
        end - self.network.hidden..end
    }

    /// Columns of zₜ that its products are taken with, and the rows of V that belong to them. In
    /// the first step h is 0: without xₜ before it, it is left out.
    fn factors(&self, t: usize) -> (Range<usize>, Range<usize>) {
        let (width, rows) = (self.width(), self.rows());
        let count = if self.is_sparse && t == 0 { 1 } else { width };
        (width - count..width, rows - count..rows)
    }

    /// Writes xₜ and 1 into every zₜ, or xₜ as sparse rows, and h₀ = 0 into the first.
    fn read(&mut self, images: ArrayView2<A>) {
        let count = images.iter().map(|&pixel| u32::from(pixel != A::zero())).sum::<u32>();
        self.is_sparse = ONE_IN * count as usize <= images.len();
        let (hidden, width, inputs) = (self.hidden_columns(), self.width(), self.network.inputs);
        self.sparse_inputs.iter_mut().for_each(|rows| rows.clear(inputs));
        for (n, image) in images.outer_iter().enumerate() {
            let image = image.to_slice().expect("an image is contiguous");
            let steps = self.inputs.iter_mut().zip(&mut self.sparse_inputs);
            for ((z, sparse), pixels) in steps.zip(self.network.permutation.chunks_exact(inputs)) {
                let z = &mut z[n * width..][..width];
                if self.is_sparse {
                    sparse.push(image, pixels);
                } else {
                    z.iter_mut().zip(pixels).for_each(|(x, &pixel)| *x = image[pixel]);
                }
                z[hidden.end] = A::one();
            }
            self.inputs[0][n * width..][hidden.clone()].fill(A::zero());
        }
        self.cells[0].fill(A::zero());
    }

    /// Leaves the last hidden state in `last`.
    fn forward(&mut self, images: ArrayView2<A>) {
        self.read(images);
        let (count, width, hidden) = (images.nrows(), self.width(), self.hidden_columns());
        let area = count * hidden.len();
        let (all_rows, all_columns) = (self.rows(), self.columns());
        for t in 0..self.network.steps {
            let (columns, rows) = self.factors(t);
            let (now, next) = self.inputs.split_at_mut(t + 1);
            let gates = &mut self.gates[t][..4 * area];
            let z = matrix(&now[t], count, width).slice_move(s![.., columns]);
            let all = matrix(&self.combined, all_rows, all_columns);
            let weights = all.slice(s![rows, ..]);
            if self.is_sparse {
                let of_inputs = &self.combined[..self.network.inputs * all_columns];
                self.sparse_inputs[t].product(of_inputs, gates);
                gemm_add(z, weights, matrix_mut(gates, count, 4 * hidden.len()));
            } else {
                gemm(z, weights, matrix_mut(gates, count, 4 * hidden.len()));
            }
            let (before, after) = self.cells.split_at_mut(t + 1);
            let (after, squashed, next) = (
                &mut after[0][..area],
                &mut self.squashed[t][..area],
                &mut next[0][..count * width],
            );
            step(gates, &before[t][..area], after, squashed, next, hidden.clone());
        }
        let last = matrix(&self.inputs[self.network.steps], count, width);
        matrix_mut(&mut self.last, hidden.len(), count).assign(&last.slice(s![.., hidden]).t());
    }

    /// `hidden_delta` holds ∂loss/∂hₜ of the last step.
    fn backward(&mut self, theta: &[A], count: usize) {
        let (width, hidden) = (self.width(), self.network.hidden);
        let area = count * hidden;
        let all_rows = self.rows();
        let recurrent = self.network.tensors()[1].matrix(theta);
        self.cell_delta[..area].fill(A::zero());
        self.block_gradient.fill(A::zero());
        for t in (0..self.network.steps).rev() {
            let (columns, rows) = self.factors(t);
            let gates = &mut self.gates[t][..4 * area];
            let (hidden_delta, cell_delta) =
                (&mut self.hidden_delta[..area], &mut self.cell_delta[..area]);
            step_back(
                gates,
                &self.cells[t][..area],
                &self.squashed[t][..area],
                hidden_delta,
                cell_delta,
                hidden,
            );
            if self.is_sparse {
                self.sparse_inputs[t].add_outer_product(gates, &mut self.block_gradient);
            }
            let deltas = matrix(gates, count, 4 * hidden);
            let z = matrix(&self.inputs[t], count, width).slice_move(s![.., columns]);
            let sum = matrix_mut(&mut self.combined_gradient, all_rows, 4 * hidden);
            gemm_add(z.reversed_axes(), deltas, sum.slice_move(s![rows, ..]));
            if t > 0 {
                gemm(deltas, recurrent, matrix_mut(hidden_delta, count, hidden));
            }
        }
        if self.is_sparse {
            let of_inputs = &mut self.combined_gradient[..self.block_gradient.len()];
            add_scaled(A::one(), &self.block_gradient, of_inputs);
        }
    }
}

/// The leading `rows` · `columns` numbers as a matrix.
fn matrix<A>(numbers: &[A], rows: usize, columns: usize) -> ArrayView2<'_, A> {
    ArrayView2::from_shape((rows, columns), &numbers[..rows * columns])
        .expect("shape and length agree")
}

/// The same, to be written.
fn matrix_mut<A>(numbers: &mut [A], rows: usize, columns: usize) -> ArrayViewMut2<'_, A> {
    ArrayViewMut2::from_shape((rows, columns), &mut numbers[..rows * columns])
        .expect("shape and length agree")
}

impl<A: Real> Evaluator<A> for LstmEvaluator<'_, A> {
    fn at<'e>(&'e mut self, theta: &'e [A]) -> Box<dyn Evaluation<A> + 'e> {
        self.combine_weights(theta);
        Box::new(LstmEvaluation { evaluator: self, theta })
    }
}

/// An evaluator with the combined weights of one θ.
struct LstmEvaluation<'e, 'a, A> {
    evaluator: &'e mut LstmEvaluator<'a, A>,
    theta: &'e [A],
}

impl<A: Real> Evaluation<A> for LstmEvaluation<'_, '_, A> {
    fn loss(&mut self, batch: Batch<A>) -> Score {
        let Self { evaluator, theta } = self;
        let mut score = Score::default();
        for block in batch.blocks(BLOCK) {
            evaluator.forward(block.images.gray());
            let last = matrix(&evaluator.last, evaluator.network.hidden, block.labels.len());
            score += evaluator.head.loss(theta, last.into(), block);
        }
        score
    }

    fn loss_and_gradient(&mut self, batch: Batch<A>, gradient: &mut [A]) -> Score {
        let Self { evaluator, theta } = self;
        evaluator.combined_gradient.fill(A::zero());
        let mut score = Score::default();
        for block in batch.blocks(BLOCK) {
            evaluator.forward(block.images.gray());
            let (images, hidden) = (block.labels.len(), evaluator.network.hidden);
            let LstmEvaluator { head, last, hidden_delta, .. } = &mut **evaluator;
            let below = matrix_mut(hidden_delta, images, hidden).reversed_axes();
            let last = matrix(last, hidden, images).into();
            score += head.loss_and_gradient(theta, last, block, gradient, Some(below));
            evaluator.backward(theta, images);
        }
        evaluator.separate_gradient(gradient);
        score
    }

    /// hₜ of every step.
    fn unit_outputs(&mut self, batch: Batch<A>, take: &mut TakeOutputs<A>) {
        let evaluator = &mut *self.evaluator;
        for block in batch.blocks(BLOCK) {
            evaluator.forward(block.images.gray());
            let (width, hidden) = (evaluator.width(), evaluator.hidden_columns());
            for z in &evaluator.inputs[1..] {
                let z = matrix(z, block.labels.len(), width);
                take(0, z.slice(s![.., hidden.clone()]).reversed_axes());
            }
        }
    }
}
