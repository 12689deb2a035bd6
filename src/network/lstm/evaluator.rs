//! Loss and gradient of an LSTM at one θ.
//!
//! With the input of a step written as zₜ = (xₜ, hₜ₋₁, 1), all that enters its gates is one product V zₜ of
//! V = (Wᵢₕ, Wₕₕ, bᵢₕ + bₕₕ), and the gradient of V is Σₜ δₜ zₜᵀ, biases included. Images stand in rows: then the
//! right factor of every product, forward and backward, lies in memory as the product wants it. Where most pixels are
//! black, xₜ has a product of its own, by lists of those that are not, and the gradient of Wᵢₕ too.

use super::Lstm;
use crate::kernels::dispatch::{Simd, dispatched};
use crate::kernels::{Real, SparseRows, add_product, product};
use crate::network::dense::AtPoint;
use crate::network::{Batch, Evaluator, Score};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use std::ops::Range;

/// Images of one pass through all steps, whose gates stay near the core.
const STRIP: usize = 64;

/// One pixel in so many may count for the inputs to become lists of those that do.
const ONE_IN: usize = 2;

pub(super) struct LstmEvaluator<'a, A> {
    network: &'a Lstm,
    /// Vᵀ and its gradient, `(I + H + 1, 4H)`.
    combined: Array2<A>,
    combined_gradient: Array2<A>,
    /// Wᵢₕᵀ's part of it from a strip whose xₜ are lists: a sum of its own, so that no sum has thousands of terms.
    strip_gradient: Array2<A>,
    /// zₜ, `(images, I + H + 1)`, of each step; one more for the last hidden state. Where xₜ are lists it is
    /// `(images, H + 1)`, without them.
    inputs: Vec<Vec<A>>,
    /// xₜ, `(images, I)`, of each step; nothing where they stand in zₜ.
    lists: Vec<SparseRows<A>>,
    /// Whether they are there.
    listed: bool,
    /// i, f, g, o of each step, `(images, 4H)`; on the way back the gradients before their activation.
    gates: Vec<Vec<A>>,
    /// cₜ, `(images, H)`, from c₀ = 0 on.
    cells: Vec<Vec<A>>,
    /// tanh(cₜ), `(images, H)`.
    squashed: Vec<Vec<A>>,
    /// The last hₜ, `(H, images)`, as the head takes it.
    last: Vec<A>,
    /// ∂loss/∂hₜ and ∂loss/∂cₜ, `(images, H)`.
    hidden_delta: Vec<A>,
    cell_delta: Vec<A>,
    head: AtPoint<A>,
}

impl<'a, A: Real> LstmEvaluator<'a, A> {
    /// Bytes of the buffers of a new one.
    pub(super) fn bytes(network: &Lstm) -> f64 {
        let [steps, inputs, hidden] =
            [network.steps, network.inputs, network.hidden].map(|size| size as f64);
        let width = inputs + hidden + 1.0;
        let weights = (2.0 * width + inputs) * 4.0 * hidden;
        let states = steps * (width + 4.0 * hidden + 2.0 * hidden) * STRIP as f64;
        (weights + states) * size_of::<A>() as f64
    }

    pub(super) fn new(network: &'a Lstm) -> Self {
        let (steps, hidden) = (network.steps, network.hidden);
        let width = network.inputs + hidden + 1;
        let states = |count, columns: usize| vec![vec![A::zero(); columns * STRIP]; count];
        Self {
            network,
            combined: Array2::zeros((width, 4 * hidden)),
            combined_gradient: Array2::zeros((width, 4 * hidden)),
            strip_gradient: Array2::zeros((network.inputs, 4 * hidden)),
            inputs: states(steps + 1, width),
            lists: (0..steps).map(|_| SparseRows::default()).collect(),
            listed: false,
            gates: states(steps, 4 * hidden),
            cells: states(steps + 1, hidden),
            squashed: states(steps, hidden),
            last: vec![A::zero(); hidden * STRIP],
            hidden_delta: vec![A::zero(); hidden * STRIP],
            cell_delta: vec![A::zero(); hidden * STRIP],
            head: AtPoint::new(network.head.clone()),
        }
    }

    fn combine_weights(&mut self, theta: &[A]) {
        let [w_ih, w_hh, b_ih, b_hh] = self.network.tensors();
        let hidden = self.hidden_rows();
        self.combined.slice_mut(s![..hidden.start, ..]).assign(&w_ih.matrix(theta).t());
        self.combined.slice_mut(s![hidden.clone(), ..]).assign(&w_hh.matrix(theta).t());
        let biases = b_ih.slice(theta).iter().zip(b_hh.slice(theta));
        self.combined
            .row_mut(hidden.end)
            .iter_mut()
            .zip(biases)
            .for_each(|(b, (&b_ih, &b_hh))| *b = b_ih + b_hh);
    }

    /// Adds the gradient of V to that of θ.
    fn separate_gradient(&self, gradient: &mut [A]) {
        let [w_ih, w_hh, b_ih, b_hh] = self.network.tensors();
        let hidden = self.hidden_rows();
        let biases = hidden.end..hidden.end + 1;
        for (tensor, rows) in
            [(w_ih, 0..hidden.start), (w_hh, hidden), (b_ih, biases.clone()), (b_hh, biases)]
        {
            let part = self.combined_gradient.slice(s![rows, ..]);
            tensor.matrix_mut(gradient).scaled_add(A::one(), &part.t());
        }
    }

    /// Rows of V and its gradient, transposed, that belong to hₜ₋₁.
    fn hidden_rows(&self) -> Range<usize> {
        self.network.inputs..self.network.inputs + self.network.hidden
    }

    /// Columns of zₜ.
    fn width(&self) -> usize {
        if self.listed { self.network.hidden + 1 } else { self.combined.nrows() }
    }

    /// Those of hₜ₋₁.
    fn hidden_columns(&self) -> Range<usize> {
        let end = self.width() - 1;
        end - self.network.hidden..end
    }

    /// Columns of zₜ that its products are taken with, and the rows of V that belong to them. In the first step h is 0:
    /// without xₜ before it, it is left out.
    fn factors(&self, t: usize) -> (Range<usize>, Range<usize>) {
        let (width, rows) = (self.width(), self.combined.nrows());
        let count = if self.listed && t == 0 { 1 } else { width };
        (width - count..width, rows - count..rows)
    }

    /// Writes xₜ and 1 into every zₜ, or lists of xₜ, and h₀ = 0 into the first.
    fn read(&mut self, images: ArrayView2<A>) {
        let count = images.iter().map(|&pixel| u32::from(pixel != A::zero())).sum::<u32>();
        self.listed = ONE_IN * count as usize <= images.len();
        let (hidden, width, inputs) = (self.hidden_columns(), self.width(), self.network.inputs);
        self.lists.iter_mut().for_each(|list| list.clear(inputs));
        for (n, image) in images.outer_iter().enumerate() {
            let image = image.to_slice().expect("an image is contiguous");
            let steps = self.inputs.iter_mut().zip(&mut self.lists);
            for ((z, list), pixels) in steps.zip(self.network.permutation.chunks_exact(inputs)) {
                let z = &mut z[n * width..][..width];
                if self.listed {
                    list.push(image, pixels);
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
        for t in 0..self.network.steps {
            let (columns, rows) = self.factors(t);
            let (now, next) = self.inputs.split_at_mut(t + 1);
            let gates = &mut self.gates[t][..4 * area];
            let z = matrix(&now[t], count, width).slice_move(s![.., columns]);
            let weights = self.combined.slice(s![rows, ..]);
            if self.listed {
                let of_inputs = self.combined.slice(s![..self.network.inputs, ..]);
                self.lists[t].product(of_inputs.to_slice().expect("whole rows"), gates);
                add_product(z, weights, matrix_mut(gates, count, 4 * hidden.len()));
            } else {
                product(z, weights, matrix_mut(gates, count, 4 * hidden.len()));
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
        let recurrent = self.network.tensors()[1].matrix(theta);
        self.cell_delta[..area].fill(A::zero());
        self.strip_gradient.fill(A::zero());
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
            if self.listed {
                self.lists[t].add_outer_product(
                    gates,
                    self.strip_gradient.as_slice_mut().expect("an owned matrix"),
                );
            }
            let deltas = matrix(gates, count, 4 * hidden);
            let z = matrix(&self.inputs[t], count, width).slice_move(s![.., columns]);
            add_product(z.reversed_axes(), deltas, self.combined_gradient.slice_mut(s![rows, ..]));
            if t > 0 {
                product(deltas, recurrent, matrix_mut(hidden_delta, count, hidden));
            }
        }
        if self.listed {
            let mut of_inputs = self.combined_gradient.slice_mut(s![..self.network.inputs, ..]);
            of_inputs += &self.strip_gradient;
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

/// The four gates of an image.
#[inline]
fn blocks<A>(gates: &mut [A]) -> [&mut [A]; 4] {
    let (first, second) = gates.split_at_mut(gates.len() / 2);
    let (input, forget) = first.split_at_mut(first.len() / 2);
    let (cell, output) = second.split_at_mut(second.len() / 2);
    [input, forget, cell, output]
}

dispatched! {
    /// One step: applies the activations of the gates; `before` is cₜ₋₁, `after` becomes
    /// cₜ = f ⊙ cₜ₋₁ + i ⊙ g, `squashed` tanh(cₜ), and the columns `hidden` of `next`, which is
    /// `(images, I + H + 1)`, hₜ = o ⊙ tanh(cₜ).
    fn step<A>(
        simd,
        gates: &mut [A],
        before: &[A],
        after: &mut [A],
        squashed: &mut [A],
        next: &mut [A],
        hidden: Range<usize>
    ) {
        let units = hidden.len();
        let width = next.len() / (before.len() / units);
        let images = gates.chunks_exact_mut(4 * units).zip(before.chunks_exact(units)).zip(next.chunks_exact_mut(width));
        let states = after.chunks_exact_mut(units).zip(squashed.chunks_exact_mut(units));
        for (((gates, before), next), (after, squashed)) in images.zip(states) {
            let [input, forget, cell, output] = blocks(gates);
            step_of_image(simd, input, forget, cell, output, before, after, squashed, &mut next[hidden.clone()]);
        }
    }
}

/// All slices in arguments of their own: the compiler then knows that they do not overlap.
#[allow(clippy::inline_always, reason = "belongs into the function compiled for its instructions")]
#[allow(
    clippy::too_many_arguments,
    reason = "what an array of slices holds may overlap for all the compiler knows"
)]
#[inline(always)]
fn step_of_image<S: Simd, A: Real>(
    simd: S,
    input: &mut [A],
    forget: &mut [A],
    cell: &mut [A],
    output: &mut [A],
    before: &[A],
    after: &mut [A],
    squashed: &mut [A],
    hidden: &mut [A],
) {
    let units = before.len();
    let (input, forget, cell, output) =
        (&mut input[..units], &mut forget[..units], &mut cell[..units], &mut output[..units]);
    let (after, squashed, hidden) =
        (&mut after[..units], &mut squashed[..units], &mut hidden[..units]);
    for k in 0..units {
        let (i, f) = (A::sigmoid(simd, input[k]), A::sigmoid(simd, forget[k]));
        let (g, o) = (A::tanh_with(simd, cell[k]), A::sigmoid(simd, output[k]));
        let c = f * before[k] + i * g;
        let s = A::tanh_with(simd, c);
        (input[k], forget[k], cell[k], output[k]) = (i, f, g, o);
        (after[k], squashed[k], hidden[k]) = (c, s, o * s);
    }
}

dispatched! {
    /// Backward through one step: turns the gates into the gradients before their activations, and
    /// ∂loss/∂cₜ, from the later steps, into ∂loss/∂cₜ₋₁. `before` is cₜ₋₁, `squashed` tanh(cₜ),
    /// `hidden_deltas` ∂loss/∂hₜ; `units` of them belong to an image.
    fn step_back<A>(
        _simd,
        gates: &mut [A],
        before: &[A],
        squashed: &[A],
        hidden_deltas: &[A],
        cell_deltas: &mut [A],
        units: usize
    ) {
        let images = gates.chunks_exact_mut(4 * units).zip(before.chunks_exact(units)).zip(squashed.chunks_exact(units));
        let deltas = hidden_deltas.chunks_exact(units).zip(cell_deltas.chunks_exact_mut(units));
        for (((gates, before), squashed), (hidden_deltas, cell_deltas)) in images.zip(deltas) {
            let [input, forget, cell, output] = blocks(gates);
            step_back_of_image(input, forget, cell, output, before, squashed, hidden_deltas, cell_deltas);
        }
    }
}

#[allow(clippy::inline_always, reason = "belongs into the function compiled for its instructions")]
#[allow(
    clippy::too_many_arguments,
    reason = "what an array of slices holds may overlap for all the compiler knows"
)]
#[inline(always)]
fn step_back_of_image<A: Real>(
    input: &mut [A],
    forget: &mut [A],
    cell: &mut [A],
    output: &mut [A],
    before: &[A],
    squashed: &[A],
    hidden_deltas: &[A],
    cell_deltas: &mut [A],
) {
    let (one, units) = (A::one(), before.len());
    let (input, forget, cell, output) =
        (&mut input[..units], &mut forget[..units], &mut cell[..units], &mut output[..units]);
    let (squashed, hidden_deltas, cell_deltas) =
        (&squashed[..units], &hidden_deltas[..units], &mut cell_deltas[..units]);
    for k in 0..units {
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

impl<A: Real> Evaluator<A> for LstmEvaluator<'_, A> {
    fn loss(&mut self, theta: &[A], batch: Batch<A>) -> Score {
        self.combine_weights(theta);
        let mut score = Score::default();
        for strip in batch.strips(STRIP) {
            self.forward(strip.inputs);
            score += self.head.loss(
                theta,
                matrix(&self.last, self.network.hidden, strip.labels.len()).into(),
                strip,
            );
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
            let below = matrix_mut(&mut self.hidden_delta, images, hidden).reversed_axes();
            let last = matrix(&self.last, hidden, images);
            score += self.head.loss_and_gradient(theta, last.into(), strip, gradient, Some(below));
            self.backward(theta, images);
        }
        self.separate_gradient(gradient);
        score
    }
}
