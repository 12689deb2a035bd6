//! The descent: steps of Adam on the objective and the penalty.

use super::{DescentEnd, PathSearch, SearchProgress};
use crate::kernels::Real;
use crate::landscape::Interrupted;
use crate::path::{Batches, PathStop};
use serde::{Deserialize, Serialize};

/// The free parameters after the step with the lowest summed loss.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub(super) struct Best<A> {
    pub(super) coefficients: Vec<A>,
    pub(super) step: u32,
    pub(super) sum: f64,
}

impl<A: Real> PathSearch<'_, A> {
    /// Evaluates the current path, keeps it if it is the best, and takes a step of Adam.
    pub(super) fn descend(&mut self) -> Result<(), Interrupted> {
        let step = self.progress.adam.steps();
        // No step follows the last path, so it needs no gradient.
        let last = step as usize == self.parameters.steps;
        let full = self.full_losses(step, last)?;
        let whole = full.as_ref().map(|losses| losses.iter().sum::<f64>());
        let at_endpoint = match &full {
            Some(losses) if !last && self.looks_for_endpoint(step) => {
                self.is_at_endpoint(losses)?
            }
            _ => false,
        };
        if last && self.keeps_end {
            let coefficients = self.curve.free().to_vec();
            self.end = Some(DescentEnd { coefficients, progress: self.progress.clone() });
        }
        let part = match self.batches {
            Some(batches) if !last => Some(self.batch_sum(batches, step)?),
            _ => None,
        };
        let penalized = whole
            .filter(|_| self.parameters.tolerance > 0.0)
            .map(|sum| sum + self.curve.penalty(&self.grid, self.parameters.lambda));
        let SearchProgress { best, stop, mean_loss, .. } = &mut self.progress;
        // The path at which the search ends is the result, even if another one had a lower sum.
        if let Some(sum) = whole.filter(|&sum| sum < best.sum || at_endpoint) {
            best.coefficients.copy_from_slice(self.curve.free());
            (best.step, best.sum) = (step, sum);
        }
        if let Some(sum) = whole.or(part) {
            *mean_loss = sum / self.grid.points() as f64;
        }
        if ![whole, part].into_iter().flatten().all(f64::is_finite) {
            *stop = Some(PathStop::NotFinite { step });
        } else if last {
            *stop = Some(PathStop::Completed);
        } else if at_endpoint {
            *stop = Some(PathStop::AtEndpoint { step });
        } else if penalized.is_some_and(|objective| self.has_converged(objective)) {
            self.progress.stop = Some(PathStop::Converged { step });
        } else {
            self.curve.add_penalty_gradient(&self.grid, self.parameters.lambda, &mut self.gradient);
            let factor = self.parameters.schedule.factor(step, self.parameters.steps);
            self.progress.adam.step_scaled(factor, self.curve.free_mut(), &self.gradient);
        }
        if self.progress.stop.is_some() {
            self.curve.free_mut().copy_from_slice(&self.progress.best.coefficients);
        }
        Ok(())
    }

    /// The losses on the whole objective. Also computes the gradient of their sum if there are no
    /// batches. With batches, `None` except once an epoch and at the last step.
    fn full_losses(&mut self, step: u32, last: bool) -> Result<Option<Vec<f64>>, Interrupted> {
        let epoch = self.batches.map_or(1, Batches::steps_per_epoch);
        if !last && !(step as usize).is_multiple_of(epoch) {
            return Ok(None);
        }
        let losses = if last || self.batches.is_some() {
            self.objective.values_at(&self.curve.points(&self.grid))?
        } else {
            self.curve.pull_back(self.objective, &self.grid, &mut self.gradient)?
        };
        Ok(Some(losses))
    }

    /// The summed loss on the batch of this step, with its gradient.
    fn batch_sum(&mut self, batches: &dyn Batches<A>, step: u32) -> Result<f64, Interrupted> {
        let Self { curve, grid, gradient, .. } = self;
        batches.with_batch(step, &mut |landscape| {
            Ok(curve.pull_back(landscape, grid, gradient)?.iter().sum())
        })
    }

    /// Whether the lowest objective has fallen by too little over the last `patience` full
    /// evaluations.
    fn has_converged(&mut self, objective: f64) -> bool {
        let lowest = &mut self.progress.lowest;
        lowest.push_back(lowest.back().map_or(objective, |&before| objective.min(before)));
        if lowest.len() <= self.parameters.patience {
            return false;
        }
        let before = lowest.pop_front().expect("there are more than `patience` of them");
        before - lowest[lowest.len() - 1] <= self.parameters.tolerance * before.abs()
    }
}
