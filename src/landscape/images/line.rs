//! Losses along a line, which share the first layer's products.
//!
//! W(θ + u d) X = W(θ) X + u W(d) X: with both products kept for all images, a trial of a line
//! search costs the later layers only, and a gradient no forward product with the images.

use super::gray::Purpose;
use super::scratch::Scratch;
use super::{BLOCK, ImageLandscape};
use crate::combinations::Combinations;
use crate::kernels::Real;
use crate::landscape::Interrupted;
use crate::landscape::line::Line;
use crate::network::{Batch, CombinationsEvaluator};
use ndarray::{Array2, arr2};
use std::ops::Range;

/// What a line may keep; beyond that it goes point by point.
pub(super) const MAX_BYTES: usize = 256 << 20;

/// θ and d are the two vectors of a span.
pub(super) const VECTORS: usize = 2;

pub(super) struct SharedLine<'l, 'a, A> {
    landscape: &'l ImageLandscape<'a, A>,
    /// `(2, P)`: θ and d.
    vectors: Array2<A>,
    /// What each block of images shares.
    shared: Vec<Vec<A>>,
}

impl<'l, 'a, A: Real> SharedLine<'l, 'a, A> {
    /// Nothing where the network has no way to share, or it would take too much memory.
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
        let evaluation = Some(landscape.next_evaluation());
        let shared = landscape.run(blocks.len(), 0, |scratch, turn| {
            let block = &blocks[turn.item];
            let along = scratch.along.as_ref().expect("only where the network has one");
            let mut shared = vec![A::zero(); VECTORS * block.len() * along.shared_length()];
            landscape.for_each_block(
                block,
                scratch,
                Purpose::Losses,
                evaluation,
                |scratch, batch| {
                    let along = scratch.along.as_mut().expect("only where the network has one");
                    along.share(vectors.view(), batch, &mut shared);
                },
            )?;
            Ok(shared)
        })?;
        Ok(Some(Self { landscape, vectors, shared }))
    }

    /// Calls `work` with each block of `images` and what it shares.
    fn for_each_block(
        &self,
        images: &Range<usize>,
        scratch: &mut Scratch<'a, A>,
        purpose: Purpose,
        mut work: impl FnMut(&mut dyn CombinationsEvaluator<A>, &[A], Batch<A>),
    ) -> Result<(), Interrupted> {
        let mut shared = self.shared[images.start / BLOCK..].iter();
        // The products with the vectors are there already.
        self.landscape.for_each_block(images, scratch, purpose, None, |scratch, batch| {
            let along = scratch.along.as_mut().expect("only where the network has one");
            let shared =
                shared.next().expect("parts are whole blocks, each of which shares something");
            work(along.as_mut(), shared, batch);
        })
    }

    fn coefficients(u: f64) -> Array2<A> {
        arr2(&[[A::one(), A::of(u)]])
    }

    fn mean(&self, losses: &[f64]) -> f64 {
        self.landscape.mean(losses.iter().sum())
    }
}

impl<A: Real> Line<A> for SharedLine<'_, '_, A> {
    fn value(&mut self, u: f64) -> Result<f64, Interrupted> {
        let (coefficients, parts) = (Self::coefficients(u), self.landscape.point_parts());
        let combinations =
            Combinations { vectors: self.vectors.view(), coefficients: coefficients.view() };
        let losses = self.landscape.run(parts.len(), 0, |scratch, turn| {
            let mut loss = [0.0];
            self.for_each_block(
                &parts[turn.item],
                scratch,
                Purpose::KnownLosses,
                |along, shared, batch| {
                    along.losses(&combinations, Some(shared), batch, &mut loss);
                },
            )?;
            Ok(loss[0])
        })?;
        Ok(self.mean(&losses))
    }

    fn value_and_gradient(&mut self, u: f64, gradient: &mut [A]) -> Result<f64, Interrupted> {
        let (coefficients, weights) = (Self::coefficients(u), arr2(&[[A::one()]]));
        let combinations =
            Combinations { vectors: self.vectors.view(), coefficients: coefficients.view() };
        let losses = self.landscape.mean_gradient(gradient, |part, scratch, own| {
            let mut loss = [0.0];
            self.for_each_block(part, scratch, Purpose::KnownGradient, |along, shared, batch| {
                along.gradient(&combinations, Some(shared), weights.view(), batch, &mut loss);
                along.add_gradient(0, batch, own);
            })?;
            Ok(loss[0])
        })?;
        Ok(self.mean(&losses))
    }
}
