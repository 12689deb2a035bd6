//! The descent: steps of Adam on the summed losses and the squared steps.

use super::{Halt, PathSearch, Progress};
use crate::path::fourier::{FourierPath, Grid};
use crate::path::{Batches, StopReason};
use crate::real::Real;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};

/// The coefficients after the step with the lowest summed loss.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub(super) struct Best<A> {
    pub(super) coefficients: Vec<A>,
    pub(super) step: u32,
    pub(super) sum: f64,
}

impl<A: Real> PathSearch<'_, A> {
    /// Evaluates the present path, notes it if it is the best, and takes a step of Adam.
    pub(super) fn descend(&mut self) -> Result<(), Halt> {
        let step = self.progress.adam.steps();
        // The last path is only looked at: no step follows it, so it needs no gradient.
        let last = step as usize == self.parameters.steps;
        let whole = self.look(step, last)?;
        let part = match self.batches {
            Some(batches) if !last => Some(self.batch(batches, step)?),
            _ => None,
        };
        let penalized = whole.filter(|_| self.parameters.tolerance > 0.0).map(|sum| sum + self.penalty());
        let Progress { best, stop, mean_loss, .. } = &mut self.progress;
        if let Some(sum) = whole.filter(|&sum| sum < best.sum) {
            best.coefficients.copy_from_slice(self.path.coefficients());
            (best.step, best.sum) = (step, sum);
        }
        if let Some(sum) = whole.or(part) {
            *mean_loss = sum / self.grid.points() as f64;
        }
        if ![whole, part].into_iter().flatten().all(f64::is_finite) {
            *stop = Some(StopReason::NotFinite { step });
        } else if last {
            *stop = Some(StopReason::Completed);
        } else if penalized.is_some_and(|objective| self.has_converged(objective)) {
            self.progress.stop = Some(StopReason::Converged { step });
        } else {
            add_penalty(&self.path, &self.grid, self.parameters.lambda, self.gradient.view_mut());
            let gradient = self.gradient.as_slice().expect("an owned matrix is contiguous");
            self.progress.adam.step(self.path.coefficients_mut(), gradient);
        }
        if self.progress.stop.is_some() {
            self.path.coefficients_mut().copy_from_slice(&self.progress.best.coefficients);
        }
        Ok(())
    }

    /// The summed loss on the whole objective, with its gradient where the step is taken on it; nothing between
    /// two looks.
    fn look(&mut self, step: u32, last: bool) -> Result<Option<f64>, Halt> {
        let epoch = self.batches.map_or(1, Batches::steps_per_epoch);
        if !last && !(step as usize).is_multiple_of(epoch) {
            return Ok(None);
        }
        let points = self.path.points(&self.grid);
        let losses = if last || self.batches.is_some() {
            self.objective.span_values(&points)
        } else {
            self.objective.span_gradient(&points, self.grid.sines(), self.gradient.view_mut())
        };
        if self.objective.interrupted() { Err(Halt::Interrupted) } else { Ok(Some(losses.iter().sum())) }
    }

    /// The summed loss on the batch of this step, with its gradient.
    fn batch(&mut self, batches: &dyn Batches<A>, step: u32) -> Result<f64, Halt> {
        let (points, sines) = (self.path.points(&self.grid), self.grid.sines());
        let (mut sum, mut interrupted) = (0.0, false);
        batches.with_batch(step, &mut |landscape| {
            sum = landscape.span_gradient(&points, sines, self.gradient.view_mut()).iter().sum();
            interrupted = landscape.interrupted();
        });
        if interrupted { Err(Halt::Interrupted) } else { Ok(sum) }
    }

    /// λ Σ_m |ω(t_{m+1}) − ω(t_m)|².
    fn penalty(&self) -> f64 {
        self.parameters.lambda * self.grid.squared_steps(&self.path.gram()).iter().sum::<f64>()
    }

    /// Whether the lowest objective has fallen by too little over the last looks.
    fn has_converged(&mut self, objective: f64) -> bool {
        let lowest = &mut self.progress.lowest;
        lowest.push_back(lowest.back().map_or(objective, |&before| objective.min(before)));
        if lowest.len() <= self.parameters.patience {
            return false;
        }
        let before = lowest.pop_front().expect("there are more than the patience");
        before - lowest[lowest.len() - 1] <= self.parameters.tolerance * before.abs()
    }
}

/// Adds the gradient of λ Σ_m |ω(t_{m+1}) − ω(t_m)|² with respect to b_n to row n.
fn add_penalty<A: Real>(path: &FourierPath<A>, grid: &Grid<A>, lambda: f64, mut gradient: ArrayViewMut2<A>) {
    let factors = grid.curvature().mapv(|c| A::of(2.0 * lambda * c));
    let rows = path.coefficient_rows();
    general_mat_mul(A::one(), &factors.slice(s![.., 1..]), &rows, A::one(), &mut gradient);
    // The sines' part along Δ = ω^b − ω^a: Σ_m (t_{m+1} − t_m) [sin(nπt_{m+1}) − sin(nπt_m)].
    let difference: Array1<A> = path.difference();
    for (mut row, factor) in gradient.outer_iter_mut().zip(factors.column(0)) {
        row.scaled_add(*factor, &difference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::Landscape;
    use crate::landscape::TwoWells;
    use ndarray::Array2;

    fn objective(path: &FourierPath<f64>, grid: &Grid<f64>, lambda: f64) -> f64 {
        let squares: f64 = grid.squared_steps(&path.gram()).iter().sum();
        TwoWells.span_values(&path.points(grid)).iter().sum::<f64>() + lambda * squares
    }

    #[test]
    fn the_gradient_is_that_of_the_objective() {
        let [a, b] = TwoWells::ENDS;
        let mut path = FourierPath::straight(&a, &b, 5);
        path.coefficients_mut().iter_mut().enumerate().for_each(|(i, x)| *x = 0.1 * (1.3 * i as f64).cos());
        let grid = Grid::new(21, 5);
        let mut gradient = Array2::zeros((5, 2));
        TwoWells.span_gradient(&path.points(&grid), grid.sines(), gradient.view_mut());
        add_penalty(&path, &grid, 7.0, gradient.view_mut());
        for (i, g) in gradient.iter().enumerate() {
            let shifted = |h: f64| {
                let mut path = path.clone();
                path.coefficients_mut()[i] += h;
                objective(&path, &grid, 7.0)
            };
            let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((difference - g).abs() < 1e-7, "component {i}: {difference} and {g}");
        }
    }
}
