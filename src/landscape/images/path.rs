//! Losses and gradients at all points of a path.
//!
//! If the network shares work between the points, with a
//! [`CombinationsEvaluator`](crate::network::CombinationsEvaluator), all points are evaluated for
//! one block of images, then for the next. Otherwise the points are evaluated one by one, each on
//! many images at a time. So points are rarely combined from the vectors of the path, and their
//! gradients rarely added to those of its coefficients.

use super::scratch::Scratch;
use super::{BLOCK, ImageLandscape, each, total};
use crate::combinations::Combinations;
use crate::kernels::{ImageBuffer, Item, Purpose, Real, add_scaled};
use crate::landscape::Interrupted;
use crate::network::{CombinationsEvaluation, Score};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::ops::Range;
use std::sync::Mutex;

/// Images at one point between two additions of its gradient. The additions then take a hundredth
/// of the time.
const POINT_IMAGES: usize = 16 * BLOCK;

/// Σₘ `weights[m, n]` gₘ for each n.
pub(super) struct WeightedGradients<'g, A> {
    /// `(M, N)`.
    weights: ArrayView2<'g, A>,
    /// N rows, `(P,)` each. Each has an ordered region of its own, so that no thread waits for the
    /// lock.
    rows: Vec<Mutex<&'g mut [A]>>,
}

impl<'g, A: Real> WeightedGradients<'g, A> {
    /// Will add to the rows of `gradient`, `(N, P)`.
    pub(super) fn new(weights: ArrayView2<'g, A>, gradient: ArrayViewMut2<'g, A>) -> Self {
        let dimension = gradient.ncols();
        let rows =
            gradient.into_slice().expect("the gradient is contiguous").chunks_exact_mut(dimension);
        Self { weights, rows: rows.map(Mutex::new).collect() }
    }

    /// Calls `add` with the number of each row and the row, in the order of the items.
    fn add(&self, item: Item, mut add: impl FnMut(usize, &mut [A])) -> Result<(), Interrupted> {
        let mut rows = self.rows.iter().enumerate();
        rows.try_for_each(|(n, row)| {
            let add = || add(n, &mut row.lock().expect("adding does not panic"));
            item.in_order(n, add).ok_or(Interrupted)
        })
    }
}

impl<'a, A: Real> ImageLandscape<'a, A> {
    /// Mean losses, `(M,)`. Adds the sums over all images of the weighted gradients to `gradients`,
    /// if given.
    pub(super) fn at_points(
        &self,
        points: &Combinations<A>,
        sums: Option<&WeightedGradients<A>>,
    ) -> Result<Vec<f64>, Interrupted> {
        let scores = self.scores_at_points(points, sums)?;
        Ok(scores.into_iter().map(|score| self.mean(score.loss)).collect())
    }

    /// The sums over all images at each point. Without gradients, also the number of images
    /// classified correctly.
    pub(super) fn scores_at_points(
        &self,
        points: &Combinations<A>,
        sums: Option<&WeightedGradients<A>>,
    ) -> Result<Vec<Score>, Interrupted> {
        let regions = sums.map_or(0, |sums| sums.rows.len());
        if self.with_scratch(|scratch| scratch.combinations_evaluator.is_some()) {
            let blocks = self.parts(BLOCK);
            let scores = self.run(blocks.len(), regions, |scratch, items| {
                let Scratch { images, combinations_evaluator, .. } = scratch;
                let evaluator = combinations_evaluator.as_mut().expect("asked above");
                let mut evaluation = evaluator.at(points.reborrow());
                each(items, |item| {
                    let mut scores = vec![Score::default(); points.points()];
                    let (block, evaluation) = (&blocks[item.index], evaluation.as_mut());
                    self.at_all_points(evaluation, sums, block, images, item, &mut scores)?;
                    Ok(scores)
                });
            })?;
            let of_point = |m| total(scores.iter().map(|scores: &Vec<Score>| scores[m]));
            Ok((0..points.points()).map(of_point).collect())
        } else {
            let parts = self.parts(POINT_IMAGES);
            let count = parts.len();
            let scores = self.run(points.points() * count, regions, |scratch, items| {
                each(items, |item| {
                    let (m, part) = (item.index / count, &parts[item.index % count]);
                    self.at_one_point(points, m, sums, part, scratch, item)
                });
            })?;
            Ok(scores.chunks_exact(count).map(|scores| total(scores.iter().copied())).collect())
        }
    }

    /// Adds the scores of a block of images at every point.
    fn at_all_points(
        &self,
        evaluation: &mut (dyn CombinationsEvaluation<A> + '_),
        sums: Option<&WeightedGradients<A>>,
        block: &Range<usize>,
        images: &mut ImageBuffer<A>,
        item: Item,
        scores: &mut [Score],
    ) -> Result<(), Interrupted> {
        let mut added = Ok(());
        let mut losses = vec![0.0; if sums.is_some() { scores.len() } else { 0 }];
        let purpose = if sums.is_some() { Purpose::Path } else { Purpose::Losses };
        self.for_each_block(block, images, purpose, |batch| match sums {
            None => evaluation.scores(None, batch, scores),
            Some(sums) => {
                evaluation.gradient(None, sums.weights, batch, &mut losses);
                added = sums.add(item, |n, row| evaluation.add_gradient(n, batch, row));
            }
        })?;
        scores.iter_mut().zip(losses).for_each(|(score, loss)| score.loss = loss);
        added
    }

    /// Score of many images at one point.
    fn at_one_point(
        &self,
        points: &Combinations<A>,
        m: usize,
        sums: Option<&WeightedGradients<A>>,
        images: &Range<usize>,
        scratch: &mut Scratch<'a, A>,
        item: Item,
    ) -> Result<Score, Interrupted> {
        let mut theta = scratch.take_theta();
        points.point(m, &mut theta);
        let mut score = Score::default();
        // The fixed endpoints do not enter the gradient.
        let weights = sums
            .map(|sums| sums.weights.row(m))
            .filter(|weights| weights.iter().any(|w| !w.is_zero()));
        if let Some(weights) = weights {
            let mut gradient = scratch.take_gradient();
            let Scratch { images: buffer, evaluator, .. } = scratch;
            let mut evaluation = evaluator.at(&theta);
            self.for_each_block(images, buffer, Purpose::Gradient, |batch| {
                score += evaluation.loss_and_gradient(batch, &mut gradient);
            })?;
            drop(evaluation);
            let sums = sums.expect("it has the weights");
            sums.add(item, |n, row| add_scaled(weights[n], &gradient, row))?;
            scratch.gradient = gradient;
        } else {
            let Scratch { images: buffer, evaluator, .. } = scratch;
            let mut evaluation = evaluator.at(&theta);
            self.for_each_block(images, buffer, Purpose::Losses, |batch| {
                score += evaluation.loss(batch);
            })?;
            drop(evaluation);
            if let Some(sums) = sums {
                sums.add(item, |_, _| ())?;
            }
        }
        scratch.theta = theta;
        Ok(score)
    }
}
