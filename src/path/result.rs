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
    pub height: f64,
    /// The maximum along the same path: the highest point of a grid ten times as fine, refined between its
    /// neighbors until it does not rise any more.
    pub height_dense: f64,
    /// The maximum over the grid of `straight_loss`.
    pub height_straight: f64,
    /// Length Σ |ω(t_{m+1}) − ω(t_m)| of the best path.
    pub length: f64,
    /// |ω^b − ω^a|.
    pub length_straight: f64,
    /// Adam steps taken.
    pub steps: u32,
    /// The step after which the best path was found; 0 is the straight line.
    pub best_step: u32,
    /// Why it ended.
    pub stop: StopReason,
}

impl PathResult {
    /// The loss of the higher end. No path between the two is lower; where H is this there is no barrier.
    pub fn higher_end(&self) -> f64 {
        let ends = [self.loss.first(), self.loss.last()].into_iter().flatten();
        ends.copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether the path rises nowhere on its grid above its higher end.
    pub fn is_no_higher_than_its_ends(&self) -> bool {
        self.height <= self.higher_end()
    }

    /// Whether the last step was the lowest one: the descent had not ended, more steps would come lower.
    pub fn was_descending(&self) -> bool {
        self.steps > 0 && self.best_step == self.steps
    }
}

/// Why a path computation ended. New variants go last: the journal stores their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
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

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => write!(f, "completed"),
            Self::Converged { step } => write!(f, "converged: the objective had stopped falling by step {step}"),
            Self::NotFinite { step } => {
                write!(f, "stopped: the loss was not finite in step {step}; the best path before it stands")
            }
        }
    }
}
