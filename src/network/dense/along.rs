//! Losses and gradients of a stack at all points of a span, sharing the first layer's products.
//!
//! The first layer, 93 % of the default perceptron and half of the autoencoder, is linear in its
//! weights on fixed inputs, so its products are done once for each of the K spanning vectors and
//! combined for the M points: W(tₘ) X = Σₖ cₘₖ Vₖ X, and backward
//! Σₘ wₘₙ δₘ Xᵀ = (Σₘ wₘₙ δₘ) Xᵀ. With K = 12, N = 10 and M = 51 that is a quarter of the work.
//! The later layers are done point by point.

use super::strip::Strip;
use super::{AtPoint, Dense, Inputs, Order};
use crate::combinations::Combinations;
use crate::kernels::{FactorRoom, Real, add_combined, add_scaled, combine};
use crate::network::{Batch, CombinationsEvaluator};
use ndarray::{ArrayView2, Axis, s};
use std::ops::Range;

/// Numbers of the first layer's output that are worked on at a time, about, so that they stay in a second-level cache
/// that others use too.
const AREA: usize = 1 << 17;

/// Images that are worked on at a time, at least.
const FEWEST: usize = 64;

/// Points that are worked on at a time.
const POINTS: usize = 8;

/// The buffers grow to the largest span and batch seen.
pub(super) struct Along<A> {
    dense: Dense,
    /// The later layers, on the first one's activated output.
    tail: AtPoint<A>,
    /// `(K · width, inputs)`: the first layers of the spanning vectors, where products need a copy.
    weights: Vec<A>,
    /// `(K, width · images)`: Vₖ X.
    shared: Vec<A>,
    /// `(N, width · images)`: Σₘ wₘₙ δₘ.
    deltas: Vec<A>,
    /// `(K, width · strip)` and `(N, width · strip)`: the same for a strip of the images.
    strip_shared: Vec<A>,
    strip_deltas: Vec<A>,
    /// `(points, width · strip)`: first layer's output at some points, activated when the turn of each comes, then the
    /// gradient with respect to its products.
    first: Vec<A>,
    /// `(width · strip,)`: that gradient at one point.
    delta: Vec<A>,
    /// `(M, P − first)`: the later layers' weights at each point, the number of the evaluation they were made for, and the
    /// gradient with respect to them.
    later: Vec<A>,
    later_of: Option<u64>,
    later_gradient: Vec<A>,
    /// `(N, P − first)`: what of that enters each row of the path's gradient.
    later_rows: Vec<A>,
    /// For the products of all spanning vectors, or of each.
    forward: Vec<FactorRoom<A>>,
    backward: FactorRoom<A>,
}

impl<A: Real> Along<A> {
    pub(super) fn new(dense: &Dense) -> Self {
        Self {
            dense: dense.clone(),
            tail: AtPoint::new(dense.after_the_first()),
            weights: Vec::new(),
            shared: Vec::new(),
            deltas: Vec::new(),
            strip_shared: Vec::new(),
            strip_deltas: Vec::new(),
            first: Vec::new(),
            delta: Vec::new(),
            later: Vec::new(),
            later_of: None,
            later_gradient: Vec::new(),
            later_rows: Vec::new(),
            forward: Vec::new(),
            backward: FactorRoom::default(),
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
        let weights: Vec<ArrayView2<A>> =
            rows_of(vectors).map(|vector| weight.matrix(vector)).collect();
        self.forward.resize_with(weights.len().max(self.forward.len()), FactorRoom::default);
        if self.dense.order() == Order::Rows {
            // One product for all: the images are then read once.
            let into = Order::Rows.matrix_mut(products, weights.len() * width, images);
            inputs.product_of_all(&weights, &mut self.weights, into, &mut self.forward[0]);
        } else {
            let into = products.chunks_exact_mut(width * images);
            for (k, (&weight, into)) in weights.iter().zip(into).enumerate() {
                let room = &mut self.forward[if inputs.keeps_weights() { k } else { 0 }];
                inputs.product(weight, self.dense.order().matrix_mut(into, width, images), room);
            }
        }
    }

    /// Calls `work` with Vₖ X of each spanning vector, computed or as it is `shared`.
    fn with_products(
        &mut self,
        combinations: &Combinations<A>,
        shared: Option<&[A]>,
        inputs: Inputs<A>,
        work: impl FnOnce(&mut Self, &[&[A]]),
    ) {
        let (vectors, area) = (combinations.vectors.nrows(), self.width() * inputs.images());
        grow(&mut self.shared, if shared.is_some() { 0 } else { vectors * area });
        let mut own = std::mem::take(&mut self.shared);
        let products = shared.unwrap_or_else(|| {
            self.products(combinations.vectors, inputs, &mut own[..vectors * area]);
            &own
        });
        let products: Vec<&[A]> = products.chunks_exact(area).take(vectors).collect();
        work(self, &products);
        self.shared = own;
    }

    /// The later layers' weights at every point; within an evaluation they stay what they are.
    fn later_weights(&mut self, combinations: &Combinations<A>, evaluation: Option<u64>) {
        if evaluation.is_some() && evaluation == self.later_of {
            return;
        }
        self.later_of = None;
        let (points, first, later) =
            (combinations.points(), self.dense.layers[0].weight.len(), self.later_length());
        grow(&mut self.later, points * later);
        let tails: Vec<&[A]> =
            rows_of(combinations.vectors).map(|vector| &vector[first..]).collect();
        combine(combinations.coefficients, &tails, &mut self.later[..points * later]);
        self.later_of = evaluation;
    }

    /// The images of a batch in strips, for so many points.
    fn strips(&self, images: usize, points: usize) -> impl Iterator<Item = Strip> + use<A> {
        let most = AREA / (points.min(POINTS) * self.width()).max(1) / FEWEST * FEWEST;
        Strip::all(self.dense.order(), self.width(), images, most.max(FEWEST))
    }

    /// Calls `work` with each strip of the images, and what is shared by the points for those.
    fn for_each_strip(
        &mut self,
        points: usize,
        products: &[&[A]],
        batch: Batch<A>,
        mut work: impl FnMut(&mut Self, &Strip, &[&[A]], Batch<A>),
    ) {
        let mut rooms = std::mem::take(&mut self.strip_shared);
        for strip in self.strips(batch.labels.len(), points) {
            grow(&mut rooms, products.len() * strip.area());
            let rooms = rooms.chunks_exact_mut(strip.area());
            let products: Vec<&[A]> = products
                .iter()
                .zip(rooms)
                .map(|(products, room)| strip.of(products, room))
                .collect();
            work(self, &strip, &products, batch.part(strip.range.clone()));
        }
        self.strip_shared = rooms;
    }

    /// First layer before its activation at points with these coefficients.
    fn first_layer(&mut self, coefficients: ArrayView2<A>, products: &[&[A]], area: usize) {
        let length = coefficients.nrows() * area;
        grow(&mut self.first, length);
        combine(coefficients, products, &mut self.first[..length]);
    }

    /// Activates the first layer's output at point `m`, which is there as number `at`, and evaluates the rest.
    fn loss(&mut self, at: usize, m: usize, batch: Batch<A>) -> f64 {
        let (width, images) = (self.width(), batch.labels.len());
        let later = Self::row(m, self.later_length());
        let output = activated(&self.dense, &mut self.first[Self::row(at, width * images)]);
        self.tail
            .loss(
                &self.later[later],
                self.dense.order().matrix(output, width, images).into(),
                batch,
            )
            .loss
    }

    /// Adds Σₘ wₘₙ δₘ to `strip_deltas`, for these weights `(N, points)` and rows of `first`.
    fn combine_deltas(
        &mut self,
        weights: ArrayView2<A>,
        rows: impl Iterator<Item = usize>,
        area: usize,
    ) {
        let deltas: Vec<&[A]> = rows.map(|at| &self.first[Self::row(at, area)]).collect();
        if !deltas.is_empty() {
            add_combined(weights, &deltas, &mut self.strip_deltas[..weights.nrows() * area]);
        }
    }

    /// Components of θ beyond the first layer.
    fn later_length(&self) -> usize {
        self.dense.layers[1..].iter().map(|layer| layer.weight.len()).sum()
    }

    /// As [`Self::loss`]; leaves the gradient with respect to the first layer's products in `first`, and adds that of the
    /// later weights to `later_gradient`.
    fn loss_and_gradient(&mut self, at: usize, m: usize, batch: Batch<A>) -> f64 {
        let (width, images, order) = (self.width(), batch.labels.len(), self.dense.order());
        let later = Self::row(m, self.later_length());
        let output = activated(&self.dense, &mut self.first[Self::row(at, width * images)]);
        let delta = &mut self.delta[..width * images];
        let below = order.matrix_mut(delta, width, images);
        let input = order.matrix(output, width, images).into();
        let gradient = &mut self.later_gradient[later.clone()];
        let score =
            self.tail.loss_and_gradient(&self.later[later], input, batch, gradient, Some(below));
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
    (0..vectors.nrows()).map(move |k| {
        vectors.slice_move(s![k, ..]).to_slice().expect("a spanning vector is contiguous")
    })
}

fn grow<A: Real>(buffer: &mut Vec<A>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, A::zero());
    }
}

impl<A: Real> CombinationsEvaluator<A> for Along<A> {
    fn shared_length(&self) -> usize {
        self.width()
    }

    fn share(&mut self, vectors: ArrayView2<A>, batch: Batch<A>, shared: &mut [A]) {
        self.products(vectors, Inputs::images_of(batch), shared);
    }

    fn losses(
        &mut self,
        combinations: &Combinations<A>,
        shared: Option<&[A]>,
        batch: Batch<A>,
        losses: &mut [f64],
    ) {
        self.later_weights(combinations, batch.evaluation);
        self.with_products(combinations, shared, Inputs::images_of(batch), |this, products| {
            this.for_each_strip(losses.len(), products, batch, |this, strip, products, batch| {
                for (start, losses) in (0..).step_by(POINTS).zip(losses.chunks_mut(POINTS)) {
                    let coefficients =
                        combinations.coefficients.slice(s![start..start + losses.len(), ..]);
                    this.first_layer(coefficients, products, strip.area());
                    losses
                        .iter_mut()
                        .enumerate()
                        .for_each(|(at, loss)| *loss += this.loss(at, start + at, batch));
                }
            });
        });
    }

    fn gradient(
        &mut self,
        combinations: &Combinations<A>,
        shared: Option<&[A]>,
        weights: ArrayView2<A>,
        batch: Batch<A>,
        losses: &mut [f64],
    ) {
        // Nothing of the pinned ends enters the gradient.
        let enters = |m: &usize| weights.row(*m).iter().any(|weight| !weight.is_zero());
        let points: Vec<usize> = (0..losses.len()).filter(enters).collect();
        let coefficients = weights.select(Axis(0), &points).reversed_axes();
        let (terms, later, area) =
            (weights.ncols(), self.later_length(), self.width() * batch.labels.len());
        self.later_weights(combinations, batch.evaluation);
        self.later_gradient.clear();
        self.later_gradient.resize(losses.len() * later, A::zero());
        let mut deltas = std::mem::take(&mut self.deltas);
        grow(&mut deltas, terms * area);
        self.with_products(combinations, shared, Inputs::images_of(batch), |this, products| {
            this.for_each_strip(losses.len(), products, batch, |this, strip, products, batch| {
                grow(&mut this.delta, strip.area());
                this.strip_deltas.clear();
                this.strip_deltas.resize(terms * strip.area(), A::zero());
                for (start, losses) in (0..).step_by(POINTS).zip(losses.chunks_mut(POINTS)) {
                    this.first_layer(
                        combinations.coefficients.slice(s![start..start + losses.len(), ..]),
                        products,
                        strip.area(),
                    );
                    for ((at, m), loss) in (start..).enumerate().zip(losses.iter_mut()) {
                        *loss += if enters(&m) {
                            this.loss_and_gradient(at, m, batch)
                        } else {
                            this.loss(at, m, batch)
                        };
                    }
                    let [first, last] = [start, start + losses.len()]
                        .map(|end| points.partition_point(|&m| m < end));
                    let rows = points[first..last].iter().map(|m| m - start);
                    this.combine_deltas(
                        coefficients.slice(s![.., first..last]),
                        rows,
                        strip.area(),
                    );
                }
                let into = deltas[..terms * area].chunks_exact_mut(area);
                into.zip(this.strip_deltas.chunks_exact(strip.area()))
                    .for_each(|(into, deltas)| strip.write(deltas, into));
            });
        });
        self.deltas = deltas;
        grow(&mut self.later_rows, terms * later);
        let gradients: Vec<&[A]> =
            points.iter().map(|&m| &self.later_gradient[Self::row(m, later)]).collect();
        combine(coefficients.view(), &gradients, &mut self.later_rows[..terms * later]);
    }

    fn add_gradient(&mut self, n: usize, batch: Batch<A>, row: &mut [A]) {
        let (weight, later, area) =
            (&self.dense.layers[0].weight, self.later_length(), self.width() * batch.labels.len());
        add_scaled(A::one(), &self.later_rows[Self::row(n, later)], &mut row[weight.len()..]);
        let delta = self.dense.order().matrix(
            &self.deltas[Self::row(n, area)],
            self.width(),
            batch.labels.len(),
        );
        Inputs::images_of(batch).add_outer_product(
            delta,
            weight.matrix_mut(row),
            &mut self.backward,
        );
    }
}
