//! Losses along a line, which share the first layer's products.
//!
//! W(θ + u d) X = W(θ) X + u W(d) X. With both products stored for all images, a trial of a line
//! search computes the later layers only, and a gradient needs no forward product with the images.

use super::scratch::Scratch;
use super::{BLOCK, ImageLandscape, each};
use crate::combinations::Combinations;
use crate::kernels::{ImageBuffer, Purpose, Real};
use crate::landscape::Interrupted;
use crate::landscape::line::Line;
use crate::network::{Batch, Score};
use ndarray::{Array2, arr2};
use std::ops::Range;

/// Maximum memory of a line. A line that needs more is evaluated point by point.
pub(super) const MAX_BYTES: usize = 256 << 20;

/// Points are combinations of two vectors, θ and d.
pub(super) const VECTORS: usize = 2;

pub(super) struct SharedLine<'l, 'a, A> {
    landscape: &'l ImageLandscape<'a, A>,
    /// `(2, P)`: θ and d.
    vectors: Array2<A>,
    /// The shared products of each block of images.
    shared: Vec<Vec<A>>,
}

impl<'l, 'a, A: Real> SharedLine<'l, 'a, A> {
    /// `None` if the network cannot share products, or if they need too much memory.
    pub(super) fn new(
        landscape: &'l ImageLandscape<'a, A>,
        start: &[A],
        direction: &[A],
    ) -> Result<Option<Self>, Interrupted> {
        if landscape.line_bytes() == 0 {
            return Ok(None);
        }
        let numbers = [start, direction].concat();
        let vectors = Array2::from_shape_vec((VECTORS, start.len()), numbers)
            .expect("two vectors of the same length");
        let blocks = landscape.parts(BLOCK);
        let start = Self::coefficients(0.0);
        let points = Combinations { vectors: vectors.view(), coefficients: start.view() };
        let shared = landscape.run(blocks.len(), 0, |scratch, items| {
            let Scratch { images, combinations_evaluator, .. } = scratch;
            let evaluator = combinations_evaluator.as_mut().expect("lines are shared");
            let length = evaluator.shared_length();
            let mut evaluation = evaluator.at(points.reborrow());
            each(items, |item| {
                let block = &blocks[item.index];
                let mut shared = vec![A::zero(); VECTORS * block.len() * length];
                landscape.for_each_block(block, images, Purpose::Losses, |batch| {
                    evaluation.share(batch, &mut shared);
                })?;
                Ok(shared)
            });
        })?;
        Ok(Some(Self { landscape, vectors, shared }))
    }

    /// The point of the line at this u, as a combination.
    fn points<'p>(&'p self, coefficients: &'p Array2<A>) -> Combinations<'p, A> {
        Combinations { vectors: self.vectors.view(), coefficients: coefficients.view() }
    }

    fn coefficients(u: f64) -> Array2<A> {
        arr2(&[[A::one(), A::of(u)]])
    }

    /// Calls `work` with each block of `range` and its shared products.
    fn for_each_block(
        &self,
        range: &Range<usize>,
        images: &mut ImageBuffer<A>,
        purpose: Purpose,
        mut work: impl FnMut(&[A], Batch<A>),
    ) -> Result<(), Interrupted> {
        let mut shared = self.shared[range.start / BLOCK..].iter();
        // The products with the vectors are stored already.
        self.landscape.for_each_block(range, images, purpose, |batch| {
            let shared =
                shared.next().expect("parts are whole blocks, each of which shares something");
            work(shared, batch);
        })
    }

    fn mean(&self, losses: &[f64]) -> f64 {
        self.landscape.mean(losses.iter().sum())
    }
}

impl<A: Real> Line<A> for SharedLine<'_, '_, A> {
    fn value(&mut self, u: f64) -> Result<f64, Interrupted> {
        let (coefficients, parts) = (Self::coefficients(u), self.landscape.point_parts());
        let points = self.points(&coefficients);
        let losses = self.landscape.run(parts.len(), 0, |scratch, items| {
            let Scratch { images, combinations_evaluator, .. } = scratch;
            let evaluator = combinations_evaluator.as_mut().expect("lines are shared");
            let mut evaluation = evaluator.at(points.reborrow());
            each(items, |item| {
                let mut score = [Score::default()];
                let part = &parts[item.index];
                self.for_each_block(part, images, Purpose::KnownLosses, |shared, batch| {
                    evaluation.scores(Some(shared), batch, &mut score);
                })?;
                Ok(score[0].loss)
            });
        })?;
        Ok(self.mean(&losses))
    }

    fn value_and_gradient(&mut self, u: f64, gradient: &mut [A]) -> Result<f64, Interrupted> {
        let (coefficients, weights) = (Self::coefficients(u), arr2(&[[A::one()]]));
        let points = self.points(&coefficients);
        let losses = self.landscape.mean_gradient(gradient, |scratch, parts| {
            let Scratch { images, combinations_evaluator, .. } = scratch;
            let evaluator = combinations_evaluator.as_mut().expect("lines are shared");
            let mut evaluation = evaluator.at(points.reborrow());
            parts.each(|part, own| {
                let mut loss = [0.0];
                self.for_each_block(part, images, Purpose::KnownGradient, |shared, batch| {
                    evaluation.gradient(Some(shared), weights.view(), batch, &mut loss);
                    evaluation.add_gradient(0, batch, own);
                })?;
                Ok(loss[0])
            });
        })?;
        Ok(self.mean(&losses))
    }
}
