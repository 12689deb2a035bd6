//! The search for a path as a computation that goes by steps.

use super::finder::{DENSITY, Found, PathError};
use super::fourier::{FourierPath, Grid};
use super::{PathParameters, PathResult, StopReason};
use crate::landscape::Landscape;
use crate::optimizer::adam::Adam;
use crate::real::{Real, norm};
use crate::span::Span;
use crate::stepwise::{Step, Stepwise};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How many maxima of a path are refined, the parts that the distance to a neighbor is divided in, and how
/// often.
const MAXIMA: usize = 3;
const PARTS: i32 = 4;
const ROUNDS: u32 = 8;

/// The search for a path step by step: the straight line, each step of Adam, the profile of the best
/// path, its dense profile in pieces, and the surroundings of the highest point of that, ever finer.
pub struct PathSearch<'a, A: Real> {
    objective: &'a dyn Landscape<A>,
    landscape: &'a dyn Landscape<A>,
    parameters: &'a PathParameters,
    grid: Grid<A>,
    dense: Grid<A>,
    path: FourierPath<A>,
    gradient: Array2<A>,
    progress: Progress<A>,
}

/// A search between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct PathState<'a, A: Real> {
    /// b_n: those of the present step, at the end those of the best.
    coefficients: Cow<'a, [A]>,
    progress: Cow<'a, Progress<A>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
struct Progress<A> {
    /// Empty before the first step.
    straight_loss: Vec<f64>,
    adam: Adam<A>,
    best: Best<A>,
    /// Why there are no more steps of Adam.
    stop: Option<StopReason>,
    /// Mean loss on the present path.
    mean_loss: f64,
    /// Profiles of the best path; empty before they are taken.
    loss: Vec<f64>,
    dense_loss: Vec<f64>,
    /// The highest maxima of the path; empty before the dense profile is complete.
    tops: Vec<Top>,
    /// How often they have been refined.
    rounds: u32,
}

/// The highest point known of a maximum along the path.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Top {
    t: f64,
    height: f64,
    /// No point between t and t ± `apart` has been looked at.
    apart: f64,
}

/// The coefficients after the step with the lowest summed loss.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
struct Best<A> {
    coefficients: Vec<A>,
    step: u32,
    sum: f64,
}

impl<A: Real> Stepwise for PathSearch<'_, A> {
    type Output = Result<Found<A>, PathError>;

    fn step(&mut self) -> Step<Self::Output> {
        let outcome = if self.progress.straight_loss.is_empty() {
            self.measure_straight_line()
        } else if self.progress.stop.is_none() {
            self.descend();
            Ok(())
        } else if self.progress.loss.is_empty() {
            self.measure()
        } else if self.progress.tops.is_empty() {
            self.measure_densely()
        } else {
            self.refine_tops()
        };
        match outcome {
            _ if self.interrupted() => Step::Interrupted,
            Err(error) => Step::Finished(Err(error)),
            Ok(()) if self.progress.rounds == ROUNDS => Step::Finished(Ok(self.found())),
            Ok(()) => Step::Continue,
        }
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        let begun = !self.progress.straight_loss.is_empty();
        let coefficients = Cow::Borrowed(self.path.coefficients());
        begun.then_some(PathState { coefficients, progress: Cow::Borrowed(&self.progress) })
    }

    /// Adam's steps count as three evaluations each, profiles as one.
    fn progress(&self) -> (f64, f64) {
        let steps = 3 * self.parameters.steps;
        let profile = self.progress.loss.len() + self.progress.dense_loss.len();
        let done = 3 * self.progress.adam.steps() as usize + profile / self.grid.points();
        let done = if self.progress.loss.is_empty() { done } else { done.max(steps) };
        (done as f64 / (steps + 1 + DENSITY) as f64, self.progress.mean_loss)
    }
}

impl<'a, A: Real> PathSearch<'a, A> {
    /// A search between these ends, from its beginning or from a state that a search between the same
    /// ends with the same parameters was in.
    ///
    /// # Panics
    /// As [`find_path`](super::find_path).
    pub fn new(
        objective: &'a dyn Landscape<A>,
        landscape: &'a dyn Landscape<A>,
        [a, b]: [&[A]; 2],
        parameters: &'a PathParameters,
        state: Option<PathState<A>>,
    ) -> Self {
        let mut path = FourierPath::straight(a, b, parameters.fourier_terms);
        let progress = match state {
            Some(state) => {
                path.coefficients_mut().copy_from_slice(&state.coefficients);
                state.progress.into_owned()
            }
            None => Progress {
                straight_loss: Vec::new(),
                adam: Adam::new(parameters.learning_rate, path.coefficients().len()),
                best: Best { coefficients: path.coefficients().to_vec(), step: 0, sum: f64::INFINITY },
                stop: None,
                mean_loss: f64::NAN,
                loss: Vec::new(),
                dense_loss: Vec::new(),
                tops: Vec::new(),
                rounds: 0,
            },
        };
        Self {
            objective,
            landscape,
            parameters,
            grid: Grid::new(parameters.points, parameters.fourier_terms),
            dense: Grid::new((parameters.points - 1) * DENSITY + 1, parameters.fourier_terms),
            gradient: Array2::zeros((path.terms(), path.dimension())),
            path,
            progress,
        }
    }

    fn interrupted(&self) -> bool {
        self.objective.interrupted() || self.landscape.interrupted()
    }

    fn measure_straight_line(&mut self) -> Result<(), PathError> {
        let losses = self.landscape.span_values(&self.path.points(&self.grid));
        if self.interrupted() {
            return Ok(());
        }
        check(&losses).map_err(|t| PathError::StraightLine { t })?;
        self.progress.straight_loss = losses;
        Ok(())
    }

    /// Evaluates the present path, notes it if it is the best, and takes a step of Adam.
    fn descend(&mut self) {
        let step = self.progress.adam.steps();
        // The last path is only looked at: no step follows it, so it needs no gradient.
        let last = step as usize == self.parameters.steps;
        let points = self.path.points(&self.grid);
        let losses = if last {
            self.objective.span_values(&points)
        } else {
            self.objective.span_gradient(&points, self.grid.sines(), self.gradient.view_mut())
        };
        if self.interrupted() {
            return;
        }
        let Progress { adam, best, stop, mean_loss, .. } = &mut self.progress;
        let sum: f64 = losses.iter().sum();
        *mean_loss = sum / self.grid.points() as f64;
        if sum < best.sum {
            best.coefficients.copy_from_slice(self.path.coefficients());
            (best.step, best.sum) = (step, sum);
        }
        if !sum.is_finite() {
            *stop = Some(StopReason::NotFinite { step });
        } else if last {
            *stop = Some(StopReason::Completed);
        } else {
            add_penalty(&self.path, &self.grid, self.parameters.lambda, self.gradient.view_mut());
            adam.step(self.path.coefficients_mut(), self.gradient.as_slice().expect("an owned matrix is contiguous"));
        }
        if stop.is_some() {
            self.path.coefficients_mut().copy_from_slice(&best.coefficients);
        }
    }

    /// The profile of the best path on the grid.
    fn measure(&mut self) -> Result<(), PathError> {
        let losses = match self.progress.best.step {
            0 => self.progress.straight_loss.clone(),
            _ => self.landscape.span_values(&self.path.points(&self.grid)),
        };
        if self.interrupted() {
            return Ok(());
        }
        check(&losses).map_err(|t| PathError::Dense { t })?;
        self.progress.loss = losses;
        Ok(())
    }

    /// The next piece of the dense profile: in pieces of the grid's size a landscape needs no larger
    /// buffers than before.
    fn measure_densely(&mut self) -> Result<(), PathError> {
        let from = self.progress.dense_loss.len();
        let until = (from + self.grid.points()).min(self.dense.points());
        let coefficients = self.dense.coefficients();
        let piece = Span { vectors: self.path.vectors(), coefficients: coefficients.slice(s![from..until, ..]) };
        let losses = self.landscape.span_values(&piece);
        if self.interrupted() {
            return Ok(());
        }
        let parameters: Vec<f64> = (from..until).map(|m| m as f64 / (self.dense.points() - 1) as f64).collect();
        check_at(&parameters, &losses).map_err(|t| PathError::Dense { t })?;
        self.progress.dense_loss.extend(losses);
        if until == self.dense.points() {
            self.progress.tops = maxima(&self.progress.dense_loss);
        }
        Ok(())
    }

    /// Looks at equally spaced points between the highest one of each maximum and its neighbors, and goes on
    /// from the highest of all. Each round comes a fourth as near to the top, and in height, which is flat
    /// there, a sixteenth: after eight rounds what is missing is 4e9 times less.
    fn refine_tops(&mut self) -> Result<(), PathError> {
        let mut tops = self.progress.tops.clone();
        for top in &mut tops {
            let Top { t, height, apart } = *top;
            let between = (-PARTS..=PARTS).map(|i| t + apart * f64::from(i) / f64::from(PARTS));
            let parameters: Vec<f64> = between.filter(|t| (0.0..=1.0).contains(t)).collect();
            let losses = self.landscape.span_values(&self.path.points(&Grid::at(&parameters, self.parameters.fourier_terms)));
            if self.interrupted() {
                return Ok(());
            }
            check_at(&parameters, &losses).map_err(|t| PathError::Dense { t })?;
            let candidates = parameters.into_iter().zip(losses);
            let (t, height) = candidates.fold((t, height), |best, other| if other.1 > best.1 { other } else { best });
            *top = Top { t, height, apart: apart / f64::from(PARTS) };
        }
        self.progress.tops = tops;
        self.progress.rounds += 1;
        Ok(())
    }

    fn found(&self) -> Found<A> {
        let Progress { straight_loss, adam, best, stop, loss, tops, .. } = &self.progress;
        let gram = self.path.gram();
        let result = PathResult {
            height: highest(loss),
            // The grid's points are among the dense ones up to rounding; the maximum is over both.
            height_dense: tops.iter().fold(highest(loss), |height, top| height.max(top.height)),
            height_straight: highest(straight_loss),
            length: self.grid.squared_steps(&gram).into_iter().map(f64::sqrt).sum(),
            length_straight: norm(self.path.difference().as_slice().expect("an owned vector is contiguous")),
            loss: loss.clone(),
            straight_loss: straight_loss.clone(),
            steps: adam.steps(),
            best_step: best.step,
            stop: stop.clone().expect("a path that is measured has been searched for"),
        };
        Found { path: self.path.clone(), result }
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

fn highest(losses: &[f64]) -> f64 {
    losses.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The highest maxima of an equally spaced profile, ends included: of two almost alike either may prove the
/// higher one between the points.
fn maxima(losses: &[f64]) -> Vec<Top> {
    let apart = 1.0 / (losses.len() - 1) as f64;
    let lower = |m: Option<usize>, height: f64| m.and_then(|m| losses.get(m)).is_none_or(|&loss| loss <= height);
    let is_maximum = |&m: &usize| lower(m.checked_sub(1), losses[m]) && lower(Some(m + 1), losses[m]);
    let maxima = (0..losses.len()).filter(is_maximum);
    let mut tops: Vec<Top> = maxima.map(|m| Top { t: m as f64 * apart, height: losses[m], apart }).collect();
    tops.sort_by(|a, b| b.height.total_cmp(&a.height));
    tops.truncate(MAXIMA);
    tops
}

/// The parameter of the first value on an equally spaced grid that is not finite, as an error.
fn check(losses: &[f64]) -> Result<(), f64> {
    check_at(&Grid::<f64>::parameters(losses.len()), losses)
}

/// The parameter of the first value that is not finite, as an error.
fn check_at(parameters: &[f64], losses: &[f64]) -> Result<(), f64> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(m) => Err(parameters[m]),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::TwoWells;

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
