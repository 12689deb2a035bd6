//! Losses and gradients at all points of a path.
//!
//! Where the network shares work between the points, with a
//! [`CombinationsEvaluator`](crate::network::CombinationsEvaluator), block by block of images, all
//! points for each; elsewhere point by point, many images for each, so that points are combined
//! from the vectors of the path, and their gradients added to those of its coefficients, only now
//! and then.

use super::gray::Purpose;
use super::scratch::Scratch;
use super::{BLOCK, ImageLandscape};
use crate::combinations::Combinations;
use crate::kernels::threads::Turn;
use crate::kernels::{Real, add_scaled};
use crate::landscape::Interrupted;
use ndarray::{ArrayView2, ArrayViewMut2};
use std::ops::Range;
use std::sync::Mutex;

/// Images at one point between two additions of its gradient, which then take a hundredth of the
/// time.
const STRETCH: usize = 16 * BLOCK;

/// Σₘ `weights[m, n]` gₘ for each n.
pub(super) struct Sought<'g, A> {
    /// `(M, N)`.
    weights: ArrayView2<'g, A>,
    /// N of them, `(P,)`. Each is behind the gate of its number, so that nobody waits for the lock.
    rows: Vec<Mutex<&'g mut [A]>>,
}

impl<'g, A: Real> Sought<'g, A> {
    /// Adds to the rows of `gradient`, `(N, P)`.
    pub(super) fn new(weights: ArrayView2<'g, A>, gradient: ArrayViewMut2<'g, A>) -> Self {
        let dimension = gradient.ncols();
        let rows =
            gradient.into_slice().expect("the gradient is contiguous").chunks_exact_mut(dimension);
        Self { weights, rows: rows.map(Mutex::new).collect() }
    }

    /// Calls `add` with the number of each row and the row, in their turn.
    fn add(&self, turn: Turn, mut add: impl FnMut(usize, &mut [A])) -> Result<(), Interrupted> {
        let mut rows = self.rows.iter().enumerate();
        rows.try_for_each(|(n, row)| {
            let add = || add(n, &mut row.lock().expect("adding does not panic"));
            turn.pass(n, add).ok_or(Interrupted)
        })
    }
}

impl<'a, A: Real> ImageLandscape<'a, A> {
    /// Mean losses, `(M,)`, and the sums over all images of what is sought.
    pub(super) fn along(
        &self,
        combinations: &Combinations<A>,
        sought: Option<&Sought<A>>,
    ) -> Result<Vec<f64>, Interrupted> {
        let (points, gates) = (combinations.points(), sought.map_or(0, |sought| sought.rows.len()));
        let sums: Vec<f64> = if self.with_scratch(|scratch| scratch.along.is_some()) {
            let (blocks, evaluation) = (self.parts(BLOCK), self.next_evaluation());
            let losses = self.run(blocks.len(), gates, |scratch, turn| {
                self.at_all_points(
                    combinations,
                    sought,
                    (&blocks[turn.item], evaluation),
                    scratch,
                    turn,
                )
            })?;
            (0..points).map(|m| losses.iter().map(|losses| losses[m]).sum()).collect()
        } else {
            let stretches = self.parts(STRETCH);
            let count = stretches.len();
            let losses = self.run(points * count, gates, |scratch, turn| {
                self.at_one_point(
                    combinations,
                    turn.item / count,
                    sought,
                    &stretches[turn.item % count],
                    scratch,
                    turn,
                )
            })?;
            losses.chunks_exact(count).map(|losses| losses.iter().sum()).collect()
        };
        Ok(sums.into_iter().map(|loss| self.mean(loss)).collect())
    }

    /// Losses of a block of images at every point.
    fn at_all_points(
        &self,
        combinations: &Combinations<A>,
        sought: Option<&Sought<A>>,
        (block, evaluation): (&Range<usize>, u64),
        scratch: &mut Scratch<'a, A>,
        turn: Turn,
    ) -> Result<Vec<f64>, Interrupted> {
        let mut losses = vec![0.0; combinations.points()];
        let mut added = Ok(());
        let purpose = if sought.is_some() { Purpose::Path } else { Purpose::Losses };
        self.for_each_block(block, scratch, purpose, Some(evaluation), |scratch, batch| {
            let along = scratch.along.as_mut().expect("only where the network has one");
            match sought {
                None => along.losses(combinations, None, batch, &mut losses),
                Some(sought) => {
                    along.gradient(combinations, None, sought.weights, batch, &mut losses);
                    added = sought.add(turn, |n, row| along.add_gradient(n, batch, row));
                }
            }
        })?;
        added.map(|()| losses)
    }

    /// Loss of many images at one point.
    fn at_one_point(
        &self,
        combinations: &Combinations<A>,
        m: usize,
        sought: Option<&Sought<A>>,
        images: &Range<usize>,
        scratch: &mut Scratch<'a, A>,
        turn: Turn,
    ) -> Result<f64, Interrupted> {
        let mut theta = scratch.take_theta();
        combinations.point(m, &mut theta);
        let mut loss = 0.0;
        // Nothing of the pinned ends enters the gradient.
        let weights = sought
            .map(|sought| sought.weights.row(m))
            .filter(|weights| weights.iter().any(|w| !w.is_zero()));
        if let Some(weights) = weights {
            let mut gradient = scratch.take_gradient();
            self.for_each_block(images, scratch, Purpose::Gradient, None, |scratch, batch| {
                loss += scratch.evaluator.loss_and_gradient(&theta, batch, &mut gradient).loss;
            })?;
            let sought = sought.expect("it has the weights");
            sought.add(turn, |n, row| add_scaled(weights[n], &gradient, row))?;
            scratch.gradient = gradient;
        } else {
            self.for_each_block(images, scratch, Purpose::Losses, None, |scratch, batch| {
                loss += scratch.evaluator.loss(&theta, batch).loss;
            })?;
            if let Some(sought) = sought {
                sought.add(turn, |_, _| ())?;
            }
        }
        scratch.theta = theta;
        Ok(loss)
    }
}
