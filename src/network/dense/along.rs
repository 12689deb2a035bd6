//! Losses and gradients of a stack at all points of a span, sharing the first layer's products.
//!
//! The first layer, 93 % of the published perceptron and half of the autoencoder, is linear in its
//! weights on fixed inputs, so its products are done once for each of the K spanning vectors and
//! combined for the M points: W(tₘ) X = Σₖ cₘₖ Vₖ X, and backward
//! Σₘ wₘₙ δₘ Xᵀ = (Σₘ wₘₙ δₘ) Xᵀ. With K = 12, N = 10 and M = 51 that is a quarter of the work.
//! The later layers are done point by point.

use super::{AtPoint, Dense, Inputs, Order};
use crate::network::{Batch, SpanEvaluator};
use crate::real::{FactorRoom, Real, add_scaled, combine};
use crate::span::Span;
use ndarray::{ArrayView2, Axis, s};
use std::ops::Range;

/// The buffers grow to the largest span and batch seen.
pub(super) struct Along<A> {
    dense: Dense,
    /// The later layers, on the first one's activated output.
    tail: AtPoint<A>,
    /// `(K · width, inputs)`: the first layers of the spanning vectors.
    weights: Vec<A>,
    /// `(K, width · images)`: Vₖ X; backward `(N, width · images)`: Σₘ wₘₙ δₘ.
    shared: Vec<A>,
    /// `(M, width · images)`: first layer's output at each point, activated when its turn comes, then
    /// the gradient with respect to its products.
    first: Vec<A>,
    /// `(width · images,)`: that gradient at one point.
    delta: Vec<A>,
    /// `(M, P − first)`: the later layers' weights at each point, and the gradient with respect to them.
    later: Vec<A>,
    later_gradient: Vec<A>,
    /// `(N, P − first)`: what of that enters each row of the path's gradient.
    later_rows: Vec<A>,
    room: FactorRoom<A>,
}

impl<A: Real> Along<A> {
    pub(super) fn new(dense: &Dense) -> Self {
        Self {
            dense: dense.clone(),
            tail: AtPoint::new(dense.after_the_first()),
            weights: Vec::new(),
            shared: Vec::new(),
            first: Vec::new(),
            delta: Vec::new(),
            later: Vec::new(),
            later_gradient: Vec::new(),
            later_rows: Vec::new(),
            room: FactorRoom::default(),
        }
    }

    fn width(&self) -> usize {
        self.dense.layers[0].width()
    }

    /// Where point or row `m` of a matrix of rows of this length stands.
    fn row(m: usize, length: usize) -> Range<usize> {
        m * length..(m + 1) * length
    }

    /// Vₖ X of each spanning vector, `(K, width · images)`.
    fn products(&mut self, vectors: ArrayView2<A>, inputs: Inputs<A>, products: &mut [A]) {
        let weight = &self.dense.layers[0].weight;
        let (width, images) = (weight.shape[0], inputs.images());
        if self.dense.order() == Order::Rows {
            // One product for all: OpenBLAS then reads the images once.
            let rows = vectors.nrows() * width;
            self.weights.clear();
            rows_of(vectors).for_each(|vector| self.weights.extend_from_slice(weight.slice(vector)));
            let weights = ArrayView2::from_shape((rows, weight.shape[1]), &self.weights).expect("as many numbers");
            inputs.product(weights, Order::Rows.matrix_mut(products, rows, images), &mut self.room);
        } else {
            for (vector, into) in rows_of(vectors).zip(products.chunks_exact_mut(width * images)) {
                inputs.product(weight.matrix(vector), self.dense.order().matrix_mut(into, width, images), &mut self.room);
            }
        }
    }

    /// First layer before its activation at every point, and the later weights at every point.
    fn first_layer(&mut self, span: &Span<A>, shared: Option<&[A]>, inputs: Inputs<A>) {
        let (points, vectors, area) = (span.points(), span.vectors.nrows(), self.width() * inputs.images());
        let (first, later) = (self.dense.layers[0].weight.len(), self.later_length());
        grow(&mut self.first, points * area);
        grow(&mut self.later, points * later);
        grow(&mut self.shared, if shared.is_some() { 0 } else { vectors * area });
        let mut own = std::mem::take(&mut self.shared);
        let products = shared.unwrap_or_else(|| {
            self.products(span.vectors, inputs, &mut own[..vectors * area]);
            &own
        });
        let products: Vec<&[A]> = products.chunks_exact(area).take(vectors).collect();
        combine(span.coefficients, &products, &mut self.first[..points * area]);
        self.shared = own;
        let tails: Vec<&[A]> = rows_of(span.vectors).map(|vector| &vector[first..]).collect();
        combine(span.coefficients, &tails, &mut self.later[..points * later]);
    }

    /// Activates the first layer's output at point `m` and evaluates the rest.
    fn loss(&mut self, m: usize, batch: Batch<A>) -> f64 {
        let (width, images) = (self.width(), batch.labels.len());
        let later = Self::row(m, self.later_length());
        let output = activated(&self.dense, &mut self.first[Self::row(m, width * images)]);
        self.tail.loss(&self.later[later], self.dense.order().matrix(output, width, images).into(), batch).loss
    }

    /// Components of θ beyond the first layer.
    fn later_length(&self) -> usize {
        self.dense.layers[1..].iter().map(|layer| layer.weight.len()).sum()
    }

    /// The same, and leaves the gradients of point `m` in `first` and `later_gradient`.
    fn loss_and_gradient(&mut self, m: usize, batch: Batch<A>) -> f64 {
        let (width, images, order) = (self.width(), batch.labels.len(), self.dense.order());
        let later = Self::row(m, self.later_length());
        let output = activated(&self.dense, &mut self.first[Self::row(m, width * images)]);
        let delta = &mut self.delta[..width * images];
        let gradient = &mut self.later_gradient[later.clone()];
        gradient.fill(A::zero());
        let below = order.matrix_mut(delta, width, images);
        let input = order.matrix(output, width, images).into();
        let score = self.tail.loss_and_gradient(&self.later[later], input, batch, gradient, Some(below));
        if self.dense.layers.len() > 1 {
            self.dense.activation.replace_by_slope(output, delta);
        } else {
            output.copy_from_slice(delta);
        }
        score.loss
    }
}

/// First layer's output at a point, activated in place unless it is the last.
fn activated<'a, A: Real>(dense: &Dense, output: &'a mut [A]) -> &'a mut [A] {
    if dense.layers.len() > 1 {
        dense.activation.apply(output);
    }
    output
}

fn rows_of<A: Real>(vectors: ArrayView2<'_, A>) -> impl Iterator<Item = &[A]> {
    (0..vectors.nrows()).map(move |k| vectors.slice_move(s![k, ..]).to_slice().expect("a spanning vector is contiguous"))
}

fn grow<A: Real>(buffer: &mut Vec<A>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, A::zero());
    }
}

impl<A: Real> SpanEvaluator<A> for Along<A> {
    fn shared_length(&self) -> usize {
        self.width()
    }

    fn share(&mut self, vectors: ArrayView2<A>, batch: Batch<A>, shared: &mut [A]) {
        self.products(vectors, Inputs::images_of(batch), shared);
    }

    fn losses(&mut self, span: &Span<A>, shared: Option<&[A]>, batch: Batch<A>, losses: &mut [f64]) {
        self.first_layer(span, shared, Inputs::images_of(batch));
        for (m, loss) in losses.iter_mut().enumerate() {
            *loss += self.loss(m, batch);
        }
    }

    fn gradient(&mut self, span: &Span<A>, shared: Option<&[A]>, weights: ArrayView2<A>, batch: Batch<A>, losses: &mut [f64]) {
        self.first_layer(span, shared, Inputs::images_of(batch));
        let (points, terms) = weights.dim();
        let (area, later) = (self.width() * batch.labels.len(), self.later_length());
        grow(&mut self.shared, terms * area);
        grow(&mut self.delta, area);
        grow(&mut self.later_gradient, points * later);
        grow(&mut self.later_rows, terms * later);
        // Nothing of the pinned ends enters the gradient.
        let enters = |m: &usize| weights.row(*m).iter().any(|weight| !weight.is_zero());
        for (m, loss) in losses.iter_mut().enumerate() {
            *loss += if enters(&m) { self.loss_and_gradient(m, batch) } else { self.loss(m, batch) };
        }
        let points: Vec<usize> = (0..points).filter(enters).collect();
        let weights = weights.select(Axis(0), &points).reversed_axes();
        let gradients: Vec<&[A]> = points.iter().map(|&m| &self.later_gradient[Self::row(m, later)]).collect();
        combine(weights.view(), &gradients, &mut self.later_rows[..terms * later]);
        let deltas: Vec<&[A]> = points.iter().map(|&m| &self.first[Self::row(m, area)]).collect();
        combine(weights.view(), &deltas, &mut self.shared[..terms * area]);
    }

    fn add_gradient(&mut self, n: usize, batch: Batch<A>, row: &mut [A]) {
        let (weight, later, area) = (&self.dense.layers[0].weight, self.later_length(), self.width() * batch.labels.len());
        add_scaled(A::one(), &self.later_rows[Self::row(n, later)], &mut row[weight.len()..]);
        let delta = self.dense.order().matrix(&self.shared[Self::row(n, area)], self.width(), batch.labels.len());
        Inputs::images_of(batch).add_outer_product(delta, weight.matrix_mut(row), &mut self.room);
    }
}
