//! What a path computation leaves behind.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One finished path between two solutions on one landscape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathResult {
    /// `(M,)` loss on the grid t_m = m / (M − 1) along the best path: the one of the step with the
    /// lowest summed loss.
    pub loss: Vec<f64>,
    /// `(M,)` loss on the same grid along the straight line.
    pub straight_loss: Vec<f64>,
    /// H = max over the grid of `loss`: the barrier as published.
    pub barrier: f64,
    /// The maximum along the same path: the highest point of a grid ten times as fine, refined between its
    /// neighbors until it does not rise any more.
    pub refined_barrier: f64,
    /// The maximum over the grid of `straight_loss`.
    pub straight_barrier: f64,
    /// Length Σ |ω(t_{m+1}) − ω(t_m)| of the best path.
    pub length: f64,
    /// |ω^b − ω^a|.
    pub length_straight: f64,
    /// Adam steps taken.
    pub steps: u32,
    /// The step after which the best path was found; 0 is the straight line.
    pub best_step: u32,
    /// Why it ended.
    pub stop: PathStop,
}

impl PathResult {
    /// The loss of the higher end. No path between the two is lower; where H is this there is no barrier.
    pub fn higher_endpoint(&self) -> f64 {
        let ends = [self.loss.first(), self.loss.last()].into_iter().flatten();
        ends.copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether the path rises nowhere on its grid above its higher end.
    pub fn is_no_higher_than_its_endpoints(&self) -> bool {
        self.barrier <= self.higher_endpoint()
    }

    /// Whether the path is the straight line: no step of the descent came lower.
    pub fn is_straight_line(&self) -> bool {
        self.best_step == 0
    }

    /// Whether the search failed to lower the straight line, so that H is no more than the straight
    /// line's height.
    ///
    /// A straight line that rises nowhere above its higher end is the right answer and not counted
    /// here; nor is one that `paths.steps = 0` asked for. Any other straight line can be lowered:
    /// moving its points toward the ends, on the same line, lowers their summed loss already.
    pub fn is_unimproved(&self) -> bool {
        self.is_straight_line() && !self.is_no_higher_than_its_endpoints() && !self.took_no_step()
    }

    /// Whether no step was asked for (`paths.steps = 0`).
    pub fn took_no_step(&self) -> bool {
        self.steps == 0 && self.stop == PathStop::Completed
    }

    /// Whether the last step was the lowest one: the descent had not ended, more steps would come lower.
    pub fn was_improving(&self) -> bool {
        self.steps > 0 && self.best_step == self.steps
    }
}

/// Why a path computation ended. New variants go last: the journal stores their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathStop {
    /// All steps were taken.
    Completed,
    /// The summed loss stopped being finite in this step; the best path before it stands.
    NotFinite {
        /// The step in which it happened.
        step: u32,
    },
    /// The objective had stopped falling by this step.
    Converged {
        /// The step that was not taken any more.
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
            Self::NotFinite { step } => {
                write!(
                    f,
                    "stopped: the loss was not finite in step {step}; the best path before it stands"
                )
            }
        }
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
            refined_barrier: height,
            straight_barrier: height,
            length: 1.0,
            length_straight: 1.0,
            steps,
            best_step: 0,
            stop,
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
    }
}
