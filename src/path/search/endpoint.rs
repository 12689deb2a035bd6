//! Whether a path rises above its higher endpoint. No path can be lower than that endpoint.

use super::PathSearch;
use super::maxima::highest;
use crate::combinations::Combinations;
use crate::kernels::Real;
use crate::landscape::Interrupted;
use crate::path::Batches;
use crate::path::finder::REFINEMENT;
use ndarray::s;

/// A path is at its higher endpoint if its excess is at most this fraction of the smaller of two
/// heights: the absolute height of that endpoint, and the excess of the straight line.
pub const ENDPOINT_TOLERANCE: f64 = 1e-3;

/// Relative rounding of heights: losses may be summed in single precision.
const ROUNDING: f64 = 1e-6;

/// Minimum number of steps between two checks. A check takes up to ten profiles without gradient,
/// and a step three in the same unit, so unsuccessful checks add at most a sixth to the work.
const MIN_STEPS: usize = 20;

impl<A: Real> PathSearch<'_, A> {
    /// Whether the path of this step is compared with its endpoints. Only steps with a full
    /// evaluation are; the choice depends on the number of the step only.
    pub(super) fn looks_for_endpoint(&self, step: u32) -> bool {
        let epoch = self.batches.map_or(1, Batches::steps_per_epoch);
        let spacing = epoch * MIN_STEPS.div_ceil(epoch);
        self.parameters.stop_at_endpoint && (step as usize).is_multiple_of(spacing)
    }

    /// Whether the current path is at its higher endpoint, on the fine grid. `objective` are the
    /// values of the objective on the grid of the search; if the path is higher there, the fine
    /// grid is not evaluated.
    pub(super) fn is_at_endpoint(&self, objective: &[f64]) -> Result<bool, Interrupted> {
        let endpoint = higher_endpoint(objective);
        // Relative distances of squares are twice as large.
        if highest(objective) > endpoint + 2.0 * ENDPOINT_TOLERANCE * endpoint.abs() {
            return Ok(false);
        }
        let limit = limit(&self.progress.straight_loss);
        let all = self.curve.points(&self.fine_grid);
        // Points halfway between those of the grid come first, because they are usually the
        // highest.
        for piece in (0..REFINEMENT).map(|offset| (offset + REFINEMENT / 2) % REFINEMENT) {
            let coefficients = all.coefficients.slice(s![piece..;REFINEMENT, ..]).to_owned();
            let points = Combinations { vectors: all.vectors, coefficients: coefficients.view() };
            let losses = self.landscape.values_at(&points)?;
            if !losses.iter().all(|&loss| loss <= limit) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn higher_endpoint(profile: &[f64]) -> f64 {
    let ends = [profile.first(), profile.last()];
    ends.into_iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The greatest height of a path that is at its higher endpoint, by the profile of the straight
/// line.
fn limit(straight: &[f64]) -> f64 {
    let endpoint = higher_endpoint(straight);
    let excess = highest(straight) - endpoint;
    let tolerance = ENDPOINT_TOLERANCE * endpoint.abs().min(excess);
    endpoint + tolerance.max(ROUNDING * endpoint.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::AnalyticLandscape;
    use crate::path::{ChosenMethod, PathParameters, PathResult, PathStop, find_path};

    /// 1 + (x² + y² − 1)²: minima of height 1 all along a circle.
    struct Ring;

    impl AnalyticLandscape for Ring {
        fn dimension(&self) -> usize {
            2
        }
        fn value(&self, x: &[f64]) -> f64 {
            1.0 + (x[0] * x[0] + x[1] * x[1] - 1.0).powi(2)
        }
        fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            let excess = x[0] * x[0] + x[1] * x[1] - 1.0;
            gradient.copy_from_slice(&[4.0 * excess * x[0], 4.0 * excess * x[1]]);
            AnalyticLandscape::value(self, x)
        }
    }

    fn around(endpoints: [&[f64]; 2], stop_at_endpoint: bool) -> PathResult {
        let parameters = PathParameters {
            method: ChosenMethod::fourier(5),
            points: 21,
            lambda: 0.0,
            steps: 2000,
            learning_rate: 0.01,
            stop_at_endpoint,
            ..PathParameters::default()
        };
        find_path(&Ring, endpoints, &parameters, &mut |_, _| true).unwrap().unwrap()
    }

    #[test]
    fn a_search_ends_at_a_path_that_is_no_higher_than_its_endpoints() {
        let ends: [&[f64]; 2] = [&[-1.0, 0.0], &[0.6, 0.8]];
        let stopped = around(ends, true);
        let PathStop::AtEndpoint { step } = stopped.stop else { panic!("{:?}", stopped.stop) };
        assert!(step > 0 && step < 2000 && (step as usize).is_multiple_of(MIN_STEPS), "{step}");
        assert_eq!((stopped.steps, stopped.best_step), (step, step));
        let excess = stopped.fine_barrier - 1.0;
        assert!(excess > 0.0 && excess < 1.1 * ENDPOINT_TOLERANCE, "{excess}");
        let whole = around(ends, false);
        assert_eq!((whole.stop, whole.steps), (PathStop::Completed, 2000));
        assert!(whole.fine_barrier < stopped.fine_barrier);
    }

    #[test]
    fn a_straight_line_that_does_not_rise_ends_the_search_before_its_first_step() {
        let found = around([&[0.6, 0.0], &[0.9, 0.0]], true);
        assert_eq!((&found.stop, found.steps), (&PathStop::AtEndpoint { step: 0 }, 0));
        assert!(found.is_straight_line() && !found.is_unimproved() && !found.took_no_step());
    }

    #[test]
    fn the_limit_is_relative_to_the_endpoint_and_to_the_straight_line() {
        let close = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        assert!(close(limit(&[0.5, 9.0, 2.0]), 2.002));
        // A shift of the zero of heights must not widen it without limit.
        assert!(close(limit(&[-100.0, -90.0, -99.5]), -99.5 + 9.5e-3));
        assert!(close(limit(&[0.5, 1.0, 2.0]), 2.0 + 2e-6), "rounding alone");
        assert!(close(limit(&[0.0, 7.0, 0.0]), 0.0));
    }
}
