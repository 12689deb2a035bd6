//! Minimum-mode following: from the top of a path to a saddle.

use super::probe::{CountedLandscape, EvaluatedPoint};
use super::quadratic::QuadraticStep;
use super::spectrum::{is_descending, lowest};
use super::subspace::{RitzPairs, Subspace};
use super::vectors::{difference, distance, moved};
use crate::kernels::{add_scaled, dot, norm};
use crate::landscape::Interrupted;
use serde::{Deserialize, Serialize};

/// Maximum number of shorter steps from one point before the search fails.
const MAX_REDUCTIONS: u32 = 12;
/// Accuracy of the followed eigenvector and of the step, as fractions of eigenvalue and gradient.
/// 0.1 needs more products, but not fewer steps.
const ACCURACY: f64 = 0.3;
/// An eigenvector is followed if its overlap with the former direction is at least this fraction of
/// the largest overlap. Of several such eigenvectors the lowest is taken. The largest overlap alone
/// would keep the symmetry of a symmetric path whose top has several equal curvatures.
const OVERLAP: f64 = 0.6;
/// A step is accepted if the error of the predicted change of the gradient is below this fraction
/// of the change. Above [`SHORTER`] the next step is shorter, and below [`LONGER`] it may be
/// longer.
const ACCEPTED: f64 = 1.5;
const SHORTER: f64 = 1.0;
const LONGER: f64 = 0.5;
/// Curvatures closer to zero than this fraction of the largest do not count as descending.
const ZERO: f64 = 1e-5;

/// Limits and tolerances of a search for a saddle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaddleLimits {
    /// Error of the height at which the search has converged.
    pub height_error: f64,
    /// The longest step.
    pub max_step: f64,
    /// A saddle farther from the start than this does not belong to the path.
    pub max_distance: f64,
    /// A saddle above this height is of no use.
    pub ceiling: f64,
    /// Products of one step.
    pub products: usize,
    /// Products for the lowest eigenvalues at a stationary point.
    pub spectrum: usize,
    /// Steps.
    pub steps: u32,
    /// The total number of evaluations at which it ends.
    pub gradients: f64,
}

/// A search for a saddle: hybrid eigenvector following of L. J. Munro and D. J. Wales, Phys. Rev. B
/// 59, 3969 (1999), doi:10.1103/PhysRevB.59.3969, with steps of Newton on a subspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SaddleSearch {
    point: EvaluatedPoint,
    /// `(P,)` the direction that is followed uphill: first that of the path, then the eigenvector
    /// closest to it.
    mode: Vec<f64>,
    start: Vec<f64>,
    /// The longest step at present.
    radius: f64,
    steps: u32,
    limits: SaddleLimits,
}

/// A stationary point with one descending direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saddle {
    /// The point.
    pub point: EvaluatedPoint,
    /// `(P,)` unit vector of the lowest curvature.
    pub mode: Vec<f64>,
    /// The lowest curvature.
    pub curvature: f64,
}

/// What follows a step of the search.
#[derive(Clone, Debug)]
pub enum SaddleStep {
    /// There is more to do.
    Continue,
    /// A saddle.
    Found(Saddle),
    /// There is none: the search took all steps, left the path, or ended at another stationary
    /// point.
    Lost,
}

impl SaddleSearch {
    /// From a point, with the direction of the path there.
    pub fn new(point: EvaluatedPoint, tangent: Vec<f64>, limits: SaddleLimits) -> Self {
        let (start, radius) = (point.theta.clone(), limits.max_step / 4.0);
        Self { point, mode: tangent, start, radius, steps: 0, limits }
    }

    /// The current point.
    pub fn point(&self) -> &EvaluatedPoint {
        &self.point
    }

    /// One step: the Hessian on a subspace, the step, the new gradient.
    pub fn step(&mut self, probe: &mut CountedLandscape) -> Result<SaddleStep, Interrupted> {
        let far = distance(&self.point.theta, &self.start) > self.limits.max_distance;
        let is_spent = probe.work.in_gradients() > self.limits.gradients;
        if !self.point.is_finite() || self.steps >= self.limits.steps || far || is_spent {
            return Ok(SaddleStep::Lost);
        }
        self.steps += 1;
        let theta = &self.point.theta;
        let mut space = Subspace::orthogonal_to(probe.null_basis(theta));
        space.add(probe, theta, self.mode.clone())?;
        space.add(probe, theta, self.point.gradient.clone())?;
        let Some((ritz, step)) = self.quadratic_step(probe, &mut space)? else {
            return Ok(SaddleStep::Lost);
        };
        // Below four standard deviations a gradient cannot be distinguished from noise.
        let is_noise = self.point.slope() <= 4.0 * probe.noise.slope;
        if is_noise || step.error <= self.limits.height_error {
            return self.settle(probe, &mut space);
        }
        self.mode = space.combine(&ritz.coordinates(step.followed));
        self.advance(probe, &space, &ritz, step)
    }

    /// Grows the subspace until the followed eigenvector and the step are accurate enough. `None`
    /// if no product is finite.
    fn quadratic_step(
        &self,
        probe: &mut CountedLandscape,
        space: &mut Subspace,
    ) -> Result<Option<(RitzPairs, QuadraticStep)>, Interrupted> {
        let slope = self.point.slope();
        loop {
            let Some(ritz) = space.ritz() else { return Ok(None) };
            let followed = self.followed(space, &ritz);
            let step =
                QuadraticStep::new(space, &ritz, &self.point.gradient, self.radius, followed);
            let mode = space.pair(&ritz, followed);
            let open = space.residual(&step.coordinates);
            let curvature = (ACCURACY * mode.value.abs()).max(1e-6 * ritz.scale());
            let (mode_error, step_error) =
                (mode.error() / curvature, norm(&open) / (ACCURACY * slope));
            let enough = mode_error <= 1.0 && step_error <= 1.0;
            if enough || space.len() >= self.limits.products {
                return Ok(Some((ritz, step)));
            }
            let next = if mode_error > step_error { mode.residual } else { open };
            if !space.add(probe, &self.point.theta, next)? {
                return Ok(Some((ritz, step)));
            }
        }
    }

    /// The eigenvector to follow: see [`OVERLAP`].
    fn followed(&self, space: &Subspace, ritz: &RitzPairs) -> usize {
        let mode = space.coordinates(&self.mode);
        let overlap = |index: usize| dot(&ritz.coordinates(index), &mode).abs();
        let largest = (0..space.len()).map(overlap).fold(0.0, f64::max);
        (0..space.len()).find(|&index| overlap(index) >= OVERLAP * largest).unwrap_or(0)
    }

    /// Takes the step if the gradient changes about as predicted, otherwise a shorter one.
    ///
    /// A saddle minimizes no function, so only the prediction shows whether a step is good.
    /// Gradients show it better than values, which near the saddle differ by less than their noise.
    fn advance(
        &mut self,
        probe: &mut CountedLandscape,
        space: &Subspace,
        ritz: &RitzPairs,
        mut step: QuadraticStep,
    ) -> Result<SaddleStep, Interrupted> {
        let slope = self.point.slope();
        for _ in 0..MAX_REDUCTIONS {
            let direction = space.combine(&step.coordinates);
            let length = norm(&direction);
            let next = probe.point(moved(&self.point.theta, 1.0, &direction))?;
            let predicted = space.image(&step.coordinates);
            let mut surprise = difference(&next.gradient, &self.point.gradient);
            add_scaled(-1.0, &predicted, &mut surprise);
            let error = norm(&surprise) / norm(&predicted);
            if next.is_finite() && (error <= ACCEPTED || next.slope() <= 0.5 * slope) {
                self.radius = match error {
                    error if error < LONGER => self.radius.max(2.0 * length),
                    error if error > SHORTER => 0.5 * length,
                    _ => self.radius,
                };
                self.radius = self.radius.min(self.limits.max_step);
                self.point = next;
                return Ok(SaddleStep::Continue);
            }
            self.radius = 0.3 * length;
            let gradient = &self.point.gradient;
            step = QuadraticStep::new(space, ritz, gradient, self.radius, step.followed);
        }
        Ok(SaddleStep::Lost)
    }

    /// At a stationary point: a saddle, or a point with several descending directions, which is
    /// left.
    ///
    /// The step goes along the second of them and, half as far, along the first. Along the second
    /// alone the search could stay on an axis of symmetry.
    fn settle(
        &mut self,
        probe: &mut CountedLandscape,
        space: &mut Subspace,
    ) -> Result<SaddleStep, Interrupted> {
        let pairs = lowest(probe, space, &self.point.theta, 2, self.limits.spectrum)?;
        let zero = ZERO * space.ritz().map_or(0.0, |ritz| ritz.scale());
        let Some(first) = pairs.first().filter(|pair| pair.value < -zero) else {
            return Ok(SaddleStep::Lost);
        };
        let Some(second) = pairs.get(1).filter(|pair| is_descending(pair, first.value)) else {
            if self.point.value > self.limits.ceiling {
                return Ok(SaddleStep::Lost);
            }
            let (point, mode) = (self.point.clone(), first.vector.clone());
            return Ok(SaddleStep::Found(Saddle { point, mode, curvature: first.value }));
        };
        let length = 0.5 * self.limits.max_step;
        let mut direction = second.vector.clone();
        add_scaled(0.5, &first.vector, &mut direction);
        self.mode.clone_from(&first.vector);
        self.point = probe.point(moved(&self.point.theta, length, &direction))?;
        self.radius = self.radius.max(length);
        Ok(SaddleStep::Continue)
    }
}
