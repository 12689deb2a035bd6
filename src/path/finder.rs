//! Finds a low-loss path between two solutions.
//!
//! Minimizes L = Σ_m f(ω(t_m)) + λ Σ_m |ω(t_{m+1}) − ω(t_m)|² over the free parameters of a curve
//! ω(t). Adam starts from the straight line. With sines as shapes ([`fourier`](super::fourier))
//! this is the published FourierPathFinder.
//!
//! L contains the *sum* of the losses and not their maximum. Its minimum therefore need not pass
//! through a saddle, and the highest point of the path may lie between two points of the grid.
//! Three numbers are reported: the barrier on the grid (as published); the barrier on the fine
//! grid, which is the maximum of the same path on a grid ten times as fine and between its points;
//! and the straight-line barrier. The maximum along any path is at least the height of the lowest
//! saddle.

use super::search::{DescentEnd, PathSearch};
use super::{Curve, CurvePrecision, PathParameters, PathResult};
use crate::kernels::Real;
use crate::landscape::Landscape;
use crate::solver::{Watch, complete};
use thiserror::Error;

/// How many times finer the fine grid is than the grid of the search.
pub const REFINEMENT: usize = 10;

/// Why there is no path.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PathError {
    /// A loss on the straight line is not finite.
    #[error("the loss is not finite on the straight line at t = {t}")]
    StraightLine {
        /// Where on the line.
        t: f64,
    },
    /// A loss on the best path is not finite.
    #[error("the loss is not finite between the points of the best path at t = {t}")]
    BetweenPoints {
        /// Where on the path.
        t: f64,
    },
}

/// The lowest path found, and the profile of its heights.
#[derive(Clone, Debug)]
pub struct FoundPath<A: Real> {
    /// The path with the lowest summed loss.
    pub curve: Box<dyn Curve<A>>,
    /// Its barriers and its profile.
    pub result: PathResult,
    /// The final state of the descent, if the search keeps it.
    pub end: Option<DescentEnd<A>>,
}

/// Finds a low path between two endpoints on `landscape`, and measures it there.
///
/// `None` if `watch` stopped the computation.
///
/// # Errors
/// [`PathError`] when a height on the straight line or on the best path is not finite.
///
/// # Panics
/// If the endpoints do not have the dimension of the landscape, or there are fewer than two points.
pub fn find_path<A: CurvePrecision>(
    landscape: &dyn Landscape<A>,
    endpoints: [&[A]; 2],
    parameters: &PathParameters,
    watch: &mut Watch,
) -> Result<Option<PathResult>, PathError> {
    Ok(find_path_for(landscape, landscape, endpoints, parameters, watch)?.map(|found| found.result))
}

/// Like [`find_path`], but minimizes `objective` and measures the heights on `landscape`.
///
/// # Errors
/// As for [`find_path`].
///
/// # Panics
/// As for [`find_path`].
pub fn find_path_for<A: CurvePrecision>(
    objective: &dyn Landscape<A>,
    landscape: &dyn Landscape<A>,
    [a, b]: [&[A]; 2],
    parameters: &PathParameters,
    watch: &mut Watch,
) -> Result<Option<FoundPath<A>>, PathError> {
    match complete(PathSearch::new(objective, landscape, [a, b], parameters, None), watch) {
        Some(found) => found.map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::AnalyticLandscape;
    use crate::path::{ChosenMethod, PathStop};

    /// A plane with a hole: not finite inside a disk around (0, 0).
    struct Hole(f64);

    impl AnalyticLandscape for Hole {
        fn dimension(&self) -> usize {
            2
        }
        fn value(&self, x: &[f64]) -> f64 {
            if x[0].hypot(x[1]) < self.0 { f64::NAN } else { x[0].abs() + x[1].abs() }
        }
        fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            // Always downhill in the second component: into the hole or away from it.
            gradient.copy_from_slice(&[0.0, 1.0]);
            AnalyticLandscape::value(self, x)
        }
    }

    fn parameters(steps: usize) -> PathParameters {
        PathParameters {
            method: ChosenMethod::fourier(2),
            points: 11,
            lambda: 0.0,
            steps,
            learning_rate: 0.1,
            ..PathParameters::default()
        }
    }

    #[test]
    fn a_line_without_a_height_is_an_error_and_a_step_without_one_ends_the_path() {
        let on_the_line =
            find_path(&Hole(0.1), [&[-1.0, 0.0], &[1.0, 0.0]], &parameters(5), &mut |_, _| true);
        assert_eq!(on_the_line, Err(PathError::StraightLine { t: 0.5 }));
        let below =
            find_path(&Hole(0.1), [&[-1.0, 0.5], &[1.0, 0.5]], &parameters(50), &mut |_, _| true);
        let found = below.unwrap().unwrap();
        assert!(
            matches!(found.stop, PathStop::NotFinite { step } if step == found.steps),
            "{:?}",
            found.stop
        );
        assert!(found.best_step < found.steps && found.barrier.is_finite());
    }

    #[test]
    fn no_step_is_the_straight_line_and_a_stop_returns_nothing() {
        let ends: [&[f64]; 2] = [&[-1.0, 0.5], &[1.0, 1.5]];
        let straight =
            find_path(&Hole(0.0), ends, &parameters(0), &mut |_, _| true).unwrap().unwrap();
        assert_eq!(straight.loss, straight.straight_loss);
        assert_eq!((straight.steps, straight.best_step), (0, 0));
        assert!(
            (straight.length - 5_f64.sqrt()).abs() < 1e-12
                && (straight.length_straight - 5_f64.sqrt()).abs() < 1e-12
        );
        assert_eq!(
            find_path(&Hole(0.0), ends, &parameters(9), &mut |fraction, _| fraction < 0.5),
            Ok(None)
        );
    }
}
