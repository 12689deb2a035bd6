//! FourierPathFinder: bends the straight line between two solutions until the losses on it are low.
//!
//! Minimizes L = Σ_m f(ω(t_m)) + λ Σ_m |ω(t_{m+1}) − ω(t_m)|² over the coefficients b_n with Adam,
//! from b_n = 0. The gradient is
//! ∂L/∂b_n = Σ_m ∇f(ω(t_m)) sin(nπt_m) + 2λ Σ_m [ω(t_{m+1}) − ω(t_m)] [sin(nπt_{m+1}) − sin(nπt_m)].
//!
//! The *sum* is not the maximum: its minimum is no saddle, and the points of the grid may straddle the
//! highest one. So three heights are reported: on the grid (the published one), on the same path ten
//! times as dense, and on the straight line. A true path height is never below the lowest saddle.

use super::fourier::{FourierPath, Grid};
use super::{PathParameters, PathResult, StopReason};
use crate::landscape::Landscape;
use crate::optimizer::adam::Adam;
use crate::real::Real;
use crate::span::Span;
use ndarray::{Array1, Array2, ArrayViewMut2, Axis, s};
use thiserror::Error;

/// How many times finer the grid of the dense height is.
pub const DENSITY: usize = 10;

/// Why there is no path at all.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PathError {
    /// A loss on the straight line is not finite.
    #[error("the loss is not finite on the straight line at t = {t}")]
    StraightLine {
        /// Where on the line.
        t: f64,
    },
    /// A loss between the grid points of the best path is not finite.
    #[error("the loss is not finite between the points of the best path at t = {t}")]
    Dense {
        /// Where on the path.
        t: f64,
    },
}

/// What the computation is told after each step: how far it is, in [0, 1], and the mean loss on the
/// path. It goes on while the answer is `true`.
pub type Watch<'a> = dyn FnMut(f64, f64) -> bool + 'a;

/// The lowest path found, and the profile of its heights.
#[derive(Clone, Debug)]
pub struct Found<A> {
    /// The path with the lowest summed loss.
    pub path: FourierPath<A>,
    /// What is kept of it.
    pub result: PathResult,
}

/// Finds a low path from `a` to `b` on `landscape`, and measures it there.
///
/// Nothing is returned when `watch` stopped the computation.
///
/// # Errors
/// [`PathError`] when a height on the straight line or on the best path is not finite.
///
/// # Panics
/// If the ends are not of the landscape's dimension or there are fewer than two points.
pub fn find_path<A: Real>(
    landscape: &dyn Landscape<A>,
    ends: [&[A]; 2],
    parameters: &PathParameters,
    watch: &mut Watch,
) -> Result<Option<PathResult>, PathError> {
    Ok(find_path_for(landscape, landscape, ends, parameters, watch)?.map(|found| found.result))
}

/// As [`find_path`], but minimizes `objective` and measures the heights on `landscape`.
///
/// # Errors
/// As [`find_path`].
///
/// # Panics
/// As [`find_path`].
pub fn find_path_for<A: Real>(
    objective: &dyn Landscape<A>,
    landscape: &dyn Landscape<A>,
    [a, b]: [&[A]; 2],
    parameters: &PathParameters,
    watch: &mut Watch,
) -> Result<Option<Found<A>>, PathError> {
    let mut path = FourierPath::straight(a, b, parameters.fourier_terms);
    let grid = Grid::new(parameters.points, parameters.fourier_terms);
    let straight_loss = landscape.span_values(&path.points(&grid));
    check(&straight_loss).map_err(|t| PathError::StraightLine { t })?;
    let length_straight = path.gram()[(0, 0)].sqrt();
    let Some(best) = minimize(objective, &mut path, &grid, parameters, watch) else { return Ok(None) };
    path.coefficients_mut().copy_from_slice(&best.coefficients);

    let loss = if best.step == 0 { straight_loss.clone() } else { landscape.span_values(&path.points(&grid)) };
    let dense = Grid::new((parameters.points - 1) * DENSITY + 1, parameters.fourier_terms);
    // In pieces of the grid's size, so that a landscape needs no larger buffers than before.
    let coefficients = dense.coefficients();
    let pieces = coefficients.axis_chunks_iter(Axis(0), parameters.points);
    let dense_loss: Vec<f64> =
        pieces.flat_map(|coefficients| landscape.span_values(&Span { vectors: path.vectors(), coefficients })).collect();
    check(&loss).and(check(&dense_loss)).map_err(|t| PathError::Dense { t })?;
    let result = PathResult {
        height: highest(&loss),
        // The grid's points are among the dense ones up to rounding; the maximum is over both.
        height_dense: highest(&dense_loss).max(highest(&loss)),
        height_straight: highest(&straight_loss),
        length: grid.squared_steps(&path.gram()).into_iter().map(f64::sqrt).sum(),
        length_straight,
        loss,
        straight_loss,
        steps: best.taken,
        best_step: best.step,
        stop: best.stop,
    };
    Ok(Some(Found { path, result }))
}

/// The coefficients after the step with the lowest summed loss.
struct Best<A> {
    coefficients: Vec<A>,
    step: u32,
    sum: f64,
    taken: u32,
    stop: StopReason,
}

fn minimize<A: Real>(
    objective: &dyn Landscape<A>,
    path: &mut FourierPath<A>,
    grid: &Grid<A>,
    parameters: &PathParameters,
    watch: &mut Watch,
) -> Option<Best<A>> {
    let mut adam = Adam::new(parameters.learning_rate, path.coefficients().len());
    let mut gradient = Array2::zeros((path.terms(), path.dimension()));
    let mut best =
        Best { coefficients: path.coefficients().to_vec(), step: 0, sum: f64::INFINITY, taken: 0, stop: StopReason::Completed };
    for step in 0..=parameters.steps as u32 {
        // The last path is only looked at: no step follows it, so it needs no gradient.
        let last = step == parameters.steps as u32;
        let losses = if last {
            objective.span_values(&path.points(grid))
        } else {
            objective.span_gradient(&path.points(grid), grid.sines(), gradient.view_mut())
        };
        let sum: f64 = losses.iter().sum();
        if !sum.is_finite() {
            best.stop = StopReason::NotFinite { step };
            break;
        }
        if sum < best.sum {
            best.coefficients.copy_from_slice(path.coefficients());
            (best.step, best.sum) = (step, sum);
        }
        if last {
            break;
        }
        add_penalty(path, grid, parameters.lambda, gradient.view_mut());
        adam.step(path.coefficients_mut(), gradient.as_slice().expect("an owned matrix is contiguous"));
        best.taken = step + 1;
        if !watch(f64::from(best.taken) / parameters.steps as f64, sum / grid.points() as f64) {
            return None;
        }
    }
    Some(best)
}

/// Adds the gradient of λ Σ_m |ω(t_{m+1}) − ω(t_m)|² with respect to b_n to row n.
fn add_penalty<A: Real>(path: &FourierPath<A>, grid: &Grid<A>, lambda: f64, mut gradient: ArrayViewMut2<A>) {
    let factors = grid.curvature().mapv(|c| A::of(2.0 * lambda * c));
    let rows = path.coefficient_rows();
    gradient.scaled_add(A::one(), &factors.slice(s![.., 1..]).dot(&rows));
    // The sines' part along Δ = ω^b − ω^a: Σ_m (t_{m+1} − t_m) [sin(nπt_{m+1}) − sin(nπt_m)].
    let difference: Array1<A> = path.difference();
    for (mut row, factor) in gradient.outer_iter_mut().zip(factors.column(0)) {
        row.scaled_add(*factor, &difference);
    }
}

fn highest(losses: &[f64]) -> f64 {
    losses.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The parameter of the first value that is not finite, as an error.
fn check(losses: &[f64]) -> Result<(), f64> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(m) => Err(m as f64 / (losses.len() - 1) as f64),
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

    /// A plane with a hole: not finite inside a disk around (0, 0).
    struct Hole(f64);

    impl Landscape<f64> for Hole {
        fn dimension(&self) -> usize {
            2
        }
        fn value(&self, x: &[f64]) -> f64 {
            if x[0].hypot(x[1]) < self.0 { f64::NAN } else { x[0].abs() + x[1].abs() }
        }
        fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            // Downhill is away from the hole or into it, as the sign has it.
            gradient.copy_from_slice(&[0.0, 1.0]);
            self.value(x)
        }
    }

    fn parameters(steps: usize) -> PathParameters {
        PathParameters { fourier_terms: 2, points: 11, lambda: 0.0, steps, learning_rate: 0.1 }
    }

    #[test]
    fn a_line_without_a_height_is_an_error_and_a_step_without_one_ends_the_path() {
        let on_the_line = find_path(&Hole(0.1), [&[-1.0, 0.0], &[1.0, 0.0]], &parameters(5), &mut |_, _| true);
        assert_eq!(on_the_line, Err(PathError::StraightLine { t: 0.5 }));
        let below = find_path(&Hole(0.1), [&[-1.0, 0.5], &[1.0, 0.5]], &parameters(50), &mut |_, _| true);
        let found = below.unwrap().unwrap();
        assert!(matches!(found.stop, StopReason::NotFinite { step } if step == found.steps), "{:?}", found.stop);
        assert!(found.best_step < found.steps && found.height.is_finite());
    }

    #[test]
    fn no_step_is_the_straight_line_and_a_stop_returns_nothing() {
        let ends: [&[f64]; 2] = [&[-1.0, 0.5], &[1.0, 1.5]];
        let straight = find_path(&Hole(0.0), ends, &parameters(0), &mut |_, _| true).unwrap().unwrap();
        assert_eq!(straight.loss, straight.straight_loss);
        assert_eq!((straight.steps, straight.best_step), (0, 0));
        assert!((straight.length - 5_f64.sqrt()).abs() < 1e-12 && (straight.length_straight - 5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(find_path(&Hole(0.0), ends, &parameters(9), &mut |fraction, _| fraction < 0.5), Ok(None));
    }
}
