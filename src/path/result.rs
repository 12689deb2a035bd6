//! The result of the search for a path, and the paths of a set of solutions.

use crate::solutions::{EndpointSets, LandscapeName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The fraction of the images classified correctly along a path, and along the straight line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccuracyProfiles {
    /// `(M,)` on the grid of [`PathResult::loss`], along the same path.
    pub path: Vec<f64>,
    /// `(M,)` on the same grid along the straight line.
    pub straight: Vec<f64>,
}

impl AccuracyProfiles {
    /// The lowest accuracy along the path.
    pub fn lowest(&self) -> f64 {
        self.path.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The lowest accuracy along the straight line.
    pub fn lowest_on_the_straight_line(&self) -> f64 {
        self.straight.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The accuracy of the worse endpoint.
    pub fn lower_endpoint(&self) -> f64 {
        let endpoints = [self.path.first(), self.path.last()].into_iter().flatten();
        endpoints.copied().fold(f64::INFINITY, f64::min)
    }
}

/// The path between two solutions on one landscape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathResult {
    /// `(M,)` loss on the grid t_m = m / (M − 1) along the best path, which is the path of the step
    /// with the lowest summed loss.
    pub loss: Vec<f64>,
    /// `(M,)` loss on the same grid along the straight line.
    pub straight_loss: Vec<f64>,
    /// H, the maximum of `loss` over the grid: the barrier as published.
    pub barrier: f64,
    /// The maximum along the same path. It is searched for on a grid ten times as fine and then
    /// between neighboring points, until it does not change any more.
    pub fine_barrier: f64,
    /// The maximum of `straight_loss` over the grid.
    pub straight_barrier: f64,
    /// Length Σ |ω(t_{m+1}) − ω(t_m)| of the best path.
    pub length: f64,
    /// |ω^b − ω^a|.
    pub length_straight: f64,
    /// Adam steps taken.
    pub steps: u32,
    /// The step after which the best path was found; 0 is the initial curve, usually the straight
    /// line.
    pub best_step: u32,
    /// Why the search ended.
    pub stop: PathStop,
    /// The accuracies, if the landscape [has them](crate::landscape::Landscape::has_accuracy). They
    /// are not part of the encoding, which is older; journal and messages store them beside the
    /// path.
    #[serde(skip)]
    pub accuracy: Option<AccuracyProfiles>,
}

impl PathResult {
    /// The loss of the higher endpoint. The maximum along a path cannot be lower. If H equals it,
    /// no barrier separates the two solutions.
    pub fn higher_endpoint(&self) -> f64 {
        let endpoints = [self.loss.first(), self.loss.last()].into_iter().flatten();
        endpoints.copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether no point of the grid is above the higher endpoint.
    pub fn is_no_higher_than_its_endpoints(&self) -> bool {
        self.barrier <= self.higher_endpoint()
    }

    /// Whether the best path is the straight line: no step of the descent lowered the summed loss,
    /// and the descent began there.
    pub fn is_straight_line(&self) -> bool {
        self.best_step == 0 && self.loss == self.straight_loss
    }

    /// Whether the search failed: the path is the straight line although lower paths exist.
    ///
    /// A straight line that never rises above its higher endpoint is the right result and not
    /// counted, and neither is the line of `paths.steps = 0`. Any other straight line can be
    /// lowered: moving its points toward the endpoints, on the same line, already lowers their
    /// summed loss.
    pub fn is_unimproved(&self) -> bool {
        self.is_straight_line()
            && !self.is_no_higher_than_its_endpoints()
            && !self.took_no_step()
            && !self.is_at_endpoint()
    }

    /// Whether no step was requested: `paths.steps = 0`.
    pub fn took_no_step(&self) -> bool {
        self.steps == 0 && self.stop == PathStop::Completed
    }

    /// Whether the last step was the best one: with more steps the path would still improve.
    pub fn was_improving(&self) -> bool {
        self.steps > 0 && self.best_step == self.steps && !self.is_at_endpoint()
    }

    /// Whether the search ended because the path does not rise above its higher endpoint.
    fn is_at_endpoint(&self) -> bool {
        matches!(self.stop, PathStop::AtEndpoint { .. })
    }
}

/// Why the search for a path ended. New variants go last: the journal stores their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathStop {
    /// All steps were taken.
    Completed,
    /// The summed loss was not finite in this step. The result is the best path before it.
    NotFinite {
        /// The step in which it happened.
        step: u32,
    },
    /// The objective had stopped falling by this step.
    Converged {
        /// The first step that was not taken.
        step: u32,
    },
    /// The path of this step does not rise above its higher endpoint. It is the result: no path
    /// can be lower.
    AtEndpoint {
        /// The first step that was not taken.
        step: u32,
    },
}

impl fmt::Display for PathStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => write!(f, "completed"),
            Self::Converged { step } => {
                write!(f, "converged: the objective had stopped falling by step {step}")
            }
            Self::AtEndpoint { step } => {
                write!(f, "ended at step {step}: the path does not rise above its higher endpoint")
            }
            Self::NotFinite { step } => {
                write!(
                    f,
                    "stopped: the loss was not finite in step {step}; the result is the best path \
                     before it"
                )
            }
        }
    }
}

/// Paths between pairs of solutions of one set on one landscape, including those that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathSet {
    /// The sets of the endpoints, usually one.
    pub set: EndpointSets,
    /// The landscape.
    pub landscape: LandscapeName,
    /// Initialization numbers (a, b) of the endpoints of each path.
    pub pairs: Vec<(u32, u32)>,
    /// For each pair its path, or why the search failed.
    pub results: Vec<Result<PathResult, String>>,
}

impl PathSet {
    /// Number of pairs without a path.
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.is_err()).count()
    }

    /// The paths that were found, in the order of the pairs.
    pub fn found(&self) -> impl Iterator<Item = &PathResult> {
        self.results.iter().filter_map(|result| result.as_ref().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path that is its straight line.
    fn straight(loss: &[f64], steps: u32, stop: PathStop) -> PathResult {
        let height = loss.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        PathResult {
            loss: loss.to_vec(),
            straight_loss: loss.to_vec(),
            barrier: height,
            fine_barrier: height,
            straight_barrier: height,
            length: 1.0,
            length_straight: 1.0,
            steps,
            best_step: 0,
            stop,
            accuracy: None,
        }
    }

    #[test]
    fn a_straight_line_is_no_result_unless_it_is_the_right_answer_or_was_asked_for() {
        let rising = [0.0, 2.0, 1.0];
        assert!(straight(&rising, 100, PathStop::Completed).is_unimproved());
        assert!(straight(&rising, 20, PathStop::Converged { step: 20 }).is_unimproved());
        assert!(straight(&rising, 0, PathStop::NotFinite { step: 0 }).is_unimproved());
        let asked_for = straight(&rising, 0, PathStop::Completed);
        assert!(
            asked_for.took_no_step() && asked_for.is_straight_line() && !asked_for.is_unimproved()
        );
        let flat = straight(&[0.0, 0.5, 1.0], 100, PathStop::Completed);
        assert!(flat.is_straight_line() && !flat.is_unimproved());
        let bent = PathResult { best_step: 3, ..straight(&rising, 100, PathStop::Completed) };
        assert!(!bent.is_straight_line() && !bent.is_unimproved());
        let last = PathResult { steps: 3, ..bent };
        assert!(last.was_improving());
        let stopped = PathResult { stop: PathStop::AtEndpoint { step: 3 }, ..last };
        assert!(!stopped.was_improving(), "no path can be lower");
    }
}
