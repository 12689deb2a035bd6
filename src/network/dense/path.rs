//! Losses and gradients of a stack at all points of a path, sharing the first layer's products.
//!
//! The first layer has 93 % of the work of the default perceptron and half of that of the
//! autoencoder. On fixed inputs it is linear in its weights, so its products are computed once for
//! each of the K vectors of which the M points are combinations: W(tₘ) X = Σₖ cₘₖ Vₖ X, and
//! backward Σₘ wₘₙ δₘ Xᵀ = (Σₘ wₘₙ δₘ) Xᵀ. With K = 12, N = 10 and M = 51 this is a quarter of the
//! work. Biases are combined like the products that they are added to. The later layers are
//! computed point by point.

use super::block::Block;
use super::{AtPoint, Dense, StorageOrder};
use crate::combinations::Combinations;
use crate::kernels::{
    Buffer, ImageMatrix, ImageWorkspace, PackedWeights, Real, add_scaled, combine, combine_add,
};
use crate::network::{Batch, CombinationsEvaluation, CombinationsEvaluator, Score};
use ndarray::{ArrayView2, Axis, s};
use std::ops::Range;

/// Approximate number of outputs of the first layer that are processed at a time, so that they stay
/// in a shared second-level cache.
const AREA: usize = 1 << 17;

/// Minimum number of images that are processed at a time.
const MIN_IMAGES: usize = 64;

/// Points that are processed at a time.
const POINTS: usize = 8;

/// The evaluator of paths of a network that consists of one stack.
pub(super) struct DensePathEvaluator<A> {
    dense: Dense,
    /// `(M, P − first)`: the later layers' parameters at each point.
    later: Buffer<A>,
    /// For the first layers of all K vectors, or of each.
    workspaces: Vec<ImageWorkspace<A>>,
    buffers: Buffers<A>,
}

/// They grow to the largest number of points and images.
struct Buffers<A> {
    /// The later layers, on the first one's activated output.
    tail: AtPoint<A>,
    /// `(K, width · images)`: Vₖ X, with the biases.
    shared: Buffer<A>,
    /// `(N, width · images)`: Σₘ wₘₙ δₘ.
    deltas: Buffer<A>,
    /// `(K, width · block)` and `(N, width · block)`: the same for a block of the images.
    block_shared: Buffer<A>,
    block_deltas: Buffer<A>,
    /// `(points, width · block)`: first layer's output at some points, activated point by point,
    /// then the gradient with respect to its products.
    first: Buffer<A>,
    /// `(width · block,)`: slopes of its activation at one point, unless they follow from the
    /// output.
    slopes: Buffer<A>,
    /// `(width · block,)`: that gradient at one point.
    delta: Buffer<A>,
    /// `(M, P − first)`: the gradient with respect to the later layers' parameters at each point.
    later_gradient: Buffer<A>,
    /// `(N, P − first)`: the contribution of that to each row of the path's gradient.
    later_rows: Buffer<A>,
    backward: ImageWorkspace<A>,
}

impl<A: Real> DensePathEvaluator<A> {
    pub(super) fn new(dense: &Dense) -> Self {
        let buffers = Buffers {
            tail: AtPoint::new(dense.after_the_first()),
            shared: Buffer::default(),
            deltas: Buffer::default(),
            block_shared: Buffer::default(),
            block_deltas: Buffer::default(),
            first: Buffer::default(),
            slopes: Buffer::default(),
            delta: Buffer::default(),
            later_gradient: Buffer::default(),
            later_rows: Buffer::default(),
            backward: ImageWorkspace::default(),
        };
        Self { dense: dense.clone(), later: Buffer::default(), workspaces: Vec::new(), buffers }
    }
}

impl<A: Real> CombinationsEvaluator<A> for DensePathEvaluator<A> {
    fn shared_length(&self) -> usize {
        self.dense.layers[0].width()
    }

    fn combined_length(&self) -> usize {
        self.dense.later_length()
    }

    fn at<'e>(
        &'e mut self,
        points: Combinations<'e, A>,
    ) -> Box<dyn CombinationsEvaluation<A> + 'e> {
        let Self { dense, later, workspaces, buffers } = self;
        let first = &dense.layers[0];
        let later_length = dense.later_length();
        let tails = rows_of(points.vectors).map(|row| &row[first.parameters()..]);
        let tails: Vec<&[A]> = tails.collect();
        later.grow(points.points() * later_length);
        let later = &mut later[..points.points() * later_length];
        combine(points.coefficients, &tails, later);
        let matrices = rows_of(points.vectors).map(|vector| first.weight.matrix(vector));
        let matrices: Vec<Vec<_>> = match dense.order() {
            // One product for all: the images are then read once.
            StorageOrder::Rows => vec![matrices.collect()],
            StorageOrder::Columns => matrices.map(|matrix| vec![matrix]).collect(),
        };
        workspaces.resize_with(matrices.len().max(workspaces.len()), ImageWorkspace::default);
        let weights = matrices.into_iter().zip(workspaces);
        let weights = weights.map(|(matrices, memory)| PackedWeights::new(matrices, memory));
        Box::new(DensePath { dense, points, later, weights: weights.collect(), buffers })
    }
}

/// A stack at the points of a path.
struct DensePath<'e, A> {
    dense: &'e Dense,
    points: Combinations<'e, A>,
    later: &'e [A],
    /// The first layers: of all K vectors, or of each.
    weights: Vec<PackedWeights<'e, A>>,
    buffers: &'e mut Buffers<A>,
}

impl<A: Real> DensePath<'_, A> {
    fn width(&self) -> usize {
        self.dense.layers[0].width()
    }

    /// The range of row `m` in a matrix of rows of this length.
    fn row(m: usize, length: usize) -> Range<usize> {
        m * length..(m + 1) * length
    }

    /// Vₖ X of each of the K vectors, with the biases, `(K, width · images)`.
    fn products(&mut self, images: ImageMatrix<A>, products: &mut [A]) {
        let (count, order) = (self.weights.len(), self.dense.order());
        let together = self.points.vectors.nrows() / count;
        let width = together * self.width();
        let mut vectors = rows_of(self.points.vectors);
        let into = products.chunks_exact_mut(width * images.images());
        for (weights, into) in self.weights.iter_mut().zip(into) {
            let mut into = order.matrix_mut(into, width, images.images());
            let Some(bias) = &self.dense.layers[0].bias else {
                images.product(weights, into);
                continue;
            };
            for (vector, mut into) in
                vectors.by_ref().take(together).zip(into.axis_chunks_iter_mut(Axis(0), bias.len()))
            {
                into.assign(&bias.matrix(vector));
            }
            images.add_product(weights, into);
        }
    }

    /// Calls `work` with Vₖ X of each of the K vectors, computed or as it is `shared`.
    fn with_products(
        &mut self,
        shared: Option<&[A]>,
        images: ImageMatrix<A>,
        work: impl FnOnce(&mut Self, &[&[A]]),
    ) {
        let (vectors, area) = (self.points.vectors.nrows(), self.width() * images.images());
        self.buffers.shared.grow(if shared.is_some() { 0 } else { vectors * area });
        let mut own = std::mem::take(&mut self.buffers.shared);
        let products = shared.unwrap_or_else(|| {
            self.products(images, &mut own[..vectors * area]);
            &own
        });
        let products: Vec<&[A]> = products.chunks_exact(area).take(vectors).collect();
        work(self, &products);
        self.buffers.shared = own;
    }

    /// The images of a batch in blocks.
    fn blocks(&self, images: usize) -> impl Iterator<Item = Block> + use<A> {
        let points = self.points.points().min(POINTS);
        let size = AREA / (points * self.width()).max(1) / MIN_IMAGES * MIN_IMAGES;
        Block::all(self.dense.order(), self.width(), images, size.max(MIN_IMAGES))
    }

    /// Calls `work` with each block of the images, and what is shared by the points for those.
    fn for_each_block(
        &mut self,
        products: &[&[A]],
        batch: Batch<A>,
        mut work: impl FnMut(&mut Self, &Block, &[&[A]], Batch<A>),
    ) {
        let mut copies = std::mem::take(&mut self.buffers.block_shared);
        for block in self.blocks(batch.labels.len()) {
            copies.grow(products.len() * block.area());
            let copies = copies.chunks_exact_mut(block.area());
            let products: Vec<&[A]> =
                products.iter().zip(copies).map(|(all, copy)| block.of(all, copy)).collect();
            work(self, &block, &products, batch.range(block.range.clone()));
        }
        self.buffers.block_shared = copies;
    }

    /// First layer before its activation at these points.
    fn first_layer(&mut self, points: Range<usize>, products: &[&[A]], area: usize) {
        let length = points.len() * area;
        self.buffers.first.grow(length);
        let coefficients = self.points.coefficients.slice(s![points, ..]);
        combine(coefficients, products, &mut self.buffers.first[..length]);
    }

    /// Activates the first layer's output at point `m`, which is row `at` of `first`, and evaluates
    /// the rest.
    fn score(&mut self, at: usize, m: usize, batch: Batch<A>) -> Score {
        let (width, images) = (self.width(), batch.labels.len());
        let later = &self.later[Self::row(m, self.dense.later_length())];
        let Buffers { tail, first, .. } = &mut *self.buffers;
        let output = &mut first[Self::row(at, width * images)];
        // The last layer has no activation.
        if self.dense.layers.len() > 1 {
            self.dense.activation.apply(output);
        }
        let input = self.dense.order().matrix(output, width, images);
        tail.loss(later, input.into(), batch)
    }

    /// Like [`Self::score`], with gradients: writes the gradient with respect to the first layer's
    /// products to `first`, and adds that of the later weights to `later_gradient`.
    fn loss_and_gradient(&mut self, at: usize, m: usize, batch: Batch<A>) -> f64 {
        let (width, images, order) = (self.width(), batch.labels.len(), self.dense.order());
        let later = Self::row(m, self.dense.later_length());
        let Buffers { tail, first, slopes, delta, later_gradient, .. } = &mut *self.buffers;
        let output = &mut first[Self::row(at, width * images)];
        let (activation, has_hidden) = (self.dense.activation, self.dense.layers.len() > 1);
        if has_hidden {
            activation.apply_and_keep(output, slopes);
        }
        let delta = &mut delta[..width * images];
        let below = order.matrix_mut(delta, width, images);
        let input = order.matrix(output, width, images).into();
        let gradient = &mut later_gradient[later.clone()];
        let score = tail.loss_and_gradient(&self.later[later], input, batch, gradient, Some(below));
        if has_hidden {
            activation.replace_by_slope(output, delta, slopes);
        } else {
            output.copy_from_slice(delta);
        }
        score.loss
    }

    /// Adds Σₘ wₘₙ δₘ to `block_deltas`, for these weights `(N, points)` and rows of `first`.
    fn combine_deltas(
        &mut self,
        weights: ArrayView2<A>,
        rows: impl Iterator<Item = usize>,
        area: usize,
    ) {
        let Buffers { first, block_deltas, .. } = &mut *self.buffers;
        let deltas: Vec<&[A]> = rows.map(|at| &first[Self::row(at, area)]).collect();
        if !deltas.is_empty() {
            combine_add(weights, &deltas, &mut block_deltas[..weights.nrows() * area]);
        }
    }
}

fn rows_of<A: Real>(vectors: ArrayView2<'_, A>) -> impl Iterator<Item = &[A]> {
    (0..vectors.nrows())
        .map(move |k| vectors.slice_move(s![k, ..]).to_slice().expect("a vector is contiguous"))
}

impl<A: Real> CombinationsEvaluation<A> for DensePath<'_, A> {
    fn share(&mut self, batch: Batch<A>, shared: &mut [A]) {
        self.products(batch.images, shared);
    }

    fn scores(&mut self, shared: Option<&[A]>, batch: Batch<A>, scores: &mut [Score]) {
        self.with_products(shared, batch.images, |this, products| {
            this.for_each_block(products, batch, |this, block, products, batch| {
                for (start, scores) in (0..).step_by(POINTS).zip(scores.chunks_mut(POINTS)) {
                    this.first_layer(start..start + scores.len(), products, block.area());
                    for (at, score) in scores.iter_mut().enumerate() {
                        *score += this.score(at, start + at, batch);
                    }
                }
            });
        });
    }

    fn gradient(
        &mut self,
        shared: Option<&[A]>,
        weights: ArrayView2<A>,
        batch: Batch<A>,
        losses: &mut [f64],
    ) {
        // The fixed endpoints do not enter the gradient.
        let enters = |m: &usize| weights.row(*m).iter().any(|weight| !weight.is_zero());
        let points: Vec<usize> = (0..losses.len()).filter(enters).collect();
        let coefficients = weights.select(Axis(0), &points).reversed_axes();
        let (terms, later) = (weights.ncols(), self.dense.later_length());
        let area = self.width() * batch.labels.len();
        self.buffers.later_gradient.zeroed(losses.len() * later);
        let mut deltas = std::mem::take(&mut self.buffers.deltas);
        deltas.grow(terms * area);
        self.with_products(shared, batch.images, |this, products| {
            this.for_each_block(products, batch, |this, block, products, batch| {
                this.buffers.delta.grow(block.area());
                this.dense.activation.reserve_slopes(&mut this.buffers.slopes, block.area());
                this.buffers.block_deltas.zeroed(terms * block.area());
                for (start, losses) in (0..).step_by(POINTS).zip(losses.chunks_mut(POINTS)) {
                    let end = start + losses.len();
                    this.first_layer(start..end, products, block.area());
                    for ((at, m), loss) in (start..).enumerate().zip(losses.iter_mut()) {
                        *loss += if enters(&m) {
                            this.loss_and_gradient(at, m, batch)
                        } else {
                            this.score(at, m, batch).loss
                        };
                    }
                    let [first, last] =
                        [start, end].map(|end| points.partition_point(|&m| m < end));
                    let rows = points[first..last].iter().map(|m| m - start);
                    let coefficients = coefficients.slice(s![.., first..last]);
                    this.combine_deltas(coefficients, rows, block.area());
                }
                let into = deltas[..terms * area].chunks_exact_mut(area);
                into.zip(
                    this.buffers.block_deltas[..terms * block.area()].chunks_exact(block.area()),
                )
                .for_each(|(into, deltas)| block.write(deltas, into));
            });
        });
        let Buffers { later_gradient, later_rows, .. } = &mut *self.buffers;
        later_rows.grow(terms * later);
        let gradients: Vec<&[A]> =
            points.iter().map(|&m| &later_gradient[Self::row(m, later)]).collect();
        combine(coefficients.view(), &gradients, &mut later_rows[..terms * later]);
        self.buffers.deltas = deltas;
    }

    fn add_gradient(&mut self, n: usize, batch: Batch<A>, row: &mut [A]) {
        let (first, width, images) = (&self.dense.layers[0], self.width(), batch.labels.len());
        let later = Self::row(n, self.dense.later_length());
        let Buffers { deltas, later_rows, backward, .. } = &mut *self.buffers;
        add_scaled(A::one(), &later_rows[later], &mut row[first.parameters()..]);
        let delta = &deltas[Self::row(n, width * images)];
        let delta = self.dense.order().matrix(delta, width, images);
        first.add_bias_gradient(delta, row);
        batch.images.add_outer_product(delta, first.weight.matrix_mut(row), backward);
    }
}
