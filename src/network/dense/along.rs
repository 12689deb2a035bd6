//! Losses and gradients of a stack at all points of a span, sharing the first layer's products.
//!
//! The first layer, 93 % of the published perceptron and half of the autoencoder, is linear in its
//! weights on fixed inputs, so its products are done once for each of the K spanning vectors and
//! combined for the M points: X W(tₘ)ᵀ = Σₖ cₘₖ X Vₖᵀ, and backward
//! Σₘ wₘₙ δₘᵀ X = (Σₘ wₘₙ δₘ)ᵀ X. With K = 12, N = 10 and M = 51 that is a quarter of the work.
//! The later layers are done point by point. Each combination is one product of contiguous
//! matrices, `(M, K) · (K, images · width)`.

use super::{AtPoint, Dense};
use crate::network::Batch;
use crate::real::Real;
use crate::span::Span;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

/// The buffers grow to the largest span and batch seen.
pub(super) struct Along<A> {
    dense: Dense,
    /// The later layers, on the first one's activated output.
    tail: AtPoint<A>,
    /// `(K, images · width)`: X Vₖᵀ; backward `(N, images · width)`: Σₘ wₘₙ δₘ.
    shared: Array2<A>,
    /// `(M, images · width)`: first layer's output at each point, activated when its turn comes, then
    /// the gradient with respect to its products.
    first: Array2<A>,
    /// `(images · width,)`: that gradient at one point.
    delta: Vec<A>,
    /// `(M, P − first)`: the later layers' weights at each point, and the gradient with respect to them.
    later: Array2<A>,
    later_gradient: Array2<A>,
}

impl<A: Real> Along<A> {
    pub(super) fn new(dense: &Dense) -> Self {
        let empty = || Array2::zeros((0, 0));
        Self {
            dense: dense.clone(),
            tail: AtPoint::new(dense.after_the_first()),
            shared: empty(),
            first: empty(),
            delta: Vec::new(),
            later: empty(),
            later_gradient: empty(),
        }
    }

    pub(super) fn losses(&mut self, span: &Span<A>, batch: Batch<A>, losses: &mut [f64]) {
        self.first_layer(span, batch.inputs);
        for (m, loss) in losses.iter_mut().enumerate() {
            *loss += self.loss(m, batch);
        }
    }

    pub(super) fn gradient(
        &mut self,
        span: &Span<A>,
        weights: ArrayView2<A>,
        batch: Batch<A>,
        losses: &mut [f64],
        mut gradient: ArrayViewMut2<A>,
    ) {
        self.first_layer(span, batch.inputs);
        let (images, width) = (batch.inputs.nrows(), self.dense.layers[0].width());
        self.reserve_gradient(span, images * width);
        for (m, loss) in losses.iter_mut().enumerate() {
            self.later_gradient.row_mut(m).fill(A::zero());
            if weights.row(m).iter().all(A::is_zero) {
                // The pinned ends: nothing of this point enters the gradient.
                *loss += self.loss(m, batch);
                self.first.row_mut(m).fill(A::zero());
            } else {
                *loss += self.loss_and_gradient(m, batch);
            }
        }
        let points = span.points();
        let mut tail = gradient.slice_mut(s![.., self.dense.layers[0].weight.len()..]);
        general_mat_mul(A::one(), &weights.t(), &self.later_gradient.slice(s![..points, ..]), A::one(), &mut tail);
        let mut combined = self.shared.slice_mut(s![..weights.ncols(), ..images * width]);
        let deltas = self.first.slice(s![..points, ..images * width]);
        general_mat_mul(A::one(), &weights.t(), &deltas, A::zero(), &mut combined);
        for (delta, mut row) in combined.outer_iter().zip(gradient.outer_iter_mut()) {
            let delta = delta.into_shape_with_order((images, width)).expect("a row is contiguous");
            let row = row.as_slice_mut().expect("a row of the gradient is contiguous");
            general_mat_mul(A::one(), &delta.t(), &batch.inputs, A::one(), &mut self.dense.layers[0].weight.matrix_mut(row));
        }
    }

    fn reserve(&mut self, span: &Span<A>, area: usize) {
        let (spanning, points) = (span.vectors.nrows(), span.points());
        if self.shared.nrows() < spanning || self.first.nrows() < points || self.first.ncols() < area {
            let later = span.dimension() - self.dense.layers[0].weight.len();
            self.shared = Array2::zeros((spanning, area));
            self.first = Array2::zeros((points, area));
            self.later = Array2::zeros((points, later));
        }
    }

    /// Apart, because the finest grids are only looked at.
    fn reserve_gradient(&mut self, span: &Span<A>, area: usize) {
        if self.later_gradient.nrows() < span.points() {
            self.later_gradient = Array2::zeros((span.points(), self.later.ncols()));
        }
        if self.delta.len() < area {
            self.delta = vec![A::zero(); area];
        }
    }

    /// First layer before its activation at every point, and the later weights at every point.
    fn first_layer(&mut self, span: &Span<A>, inputs: ArrayView2<A>) {
        let weight = &self.dense.layers[0].weight;
        let (images, width, first_weights) = (inputs.nrows(), weight.shape[0], weight.len());
        self.reserve(span, images * width);
        let mut shared = self.shared.slice_mut(s![..span.vectors.nrows(), ..images * width]);
        for (vector, product) in span.vectors.outer_iter().zip(shared.outer_iter_mut()) {
            let vector = vector.to_slice().expect("a spanning vector is contiguous");
            let mut product = product.into_shape_with_order((images, width)).expect("a row is contiguous");
            general_mat_mul(A::one(), &inputs, &self.dense.layers[0].weight.matrix(vector).t(), A::zero(), &mut product);
        }
        let points = span.points();
        let mut first = self.first.slice_mut(s![..points, ..images * width]);
        general_mat_mul(A::one(), &span.coefficients, &shared, A::zero(), &mut first);
        let tail = span.vectors.slice(s![.., first_weights..]);
        general_mat_mul(A::one(), &span.coefficients, &tail, A::zero(), &mut self.later.slice_mut(s![..points, ..]));
    }

    /// Activates the first layer's output at point `m` and evaluates the rest.
    fn loss(&mut self, m: usize, batch: Batch<A>) -> f64 {
        let output = activated(&self.dense, &mut self.first, m, batch.labels.len());
        let theta = self.later.row(m).to_slice().expect("a row is contiguous");
        self.tail.loss(theta, output, batch).loss
    }

    /// The same, and leaves the gradients of point `m` in `first` and `later_gradient`.
    fn loss_and_gradient(&mut self, m: usize, batch: Batch<A>) -> f64 {
        let output = activated(&self.dense, &mut self.first, m, batch.labels.len());
        let theta = self.later.row(m).to_slice().expect("a row is contiguous");
        let gradient = self.later_gradient.row_mut(m).into_slice().expect("a row is contiguous");
        let delta = &mut self.delta[..output.len()];
        let below = ArrayViewMut2::from_shape(output.dim(), &mut *delta).expect("images · width");
        let score = self.tail.loss_and_gradient(theta, output, batch, gradient, Some(below));
        if self.dense.layers.len() > 1 {
            self.dense.activation.slope(delta, output.to_slice().expect("an output is contiguous"));
        }
        self.first.row_mut(m).into_slice().expect("a row is contiguous")[..delta.len()].copy_from_slice(delta);
        score.loss
    }
}

/// First layer's output at point `m`, `(images, width)`, activated in place unless it is the last.
fn activated<'a, A: Real>(dense: &Dense, first: &'a mut Array2<A>, m: usize, images: usize) -> ArrayView2<'a, A> {
    let width = dense.layers[0].width();
    let row = &mut first.row_mut(m).into_slice().expect("a row is contiguous")[..images * width];
    if dense.layers.len() > 1 {
        dense.activation.apply(row);
    }
    ArrayView2::from_shape((images, width), row).expect("images · width")
}
