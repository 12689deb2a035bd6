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
use ndarray::{Array1, Array2, ArrayViewMut2, s};
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
    let dense_loss = landscape.span_values(&path.points(&dense));
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
    let mut best = Best {
        coefficients: path.coefficients().to_vec(),
        step: 0,
        sum: f64::INFINITY,
        taken: 0,
        stop: StopReason::Completed,
    };
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
