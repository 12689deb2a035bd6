//! The result of a training run.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Parameters at one epoch of a run, with their losses on the full sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Epoch or iteration, 0 = the initialization.
    pub epoch: u32,
    /// `(P,)` parameters.
    pub theta: Vec<f32>,
    /// Mean loss on the training images.
    pub loss_train: f64,
    /// Mean loss on the test images.
    pub loss_test: f64,
    /// Fraction of training images classified correctly; NaN without classes.
    pub accuracy_train: f64,
    /// Fraction of test images classified correctly; NaN without classes.
    pub accuracy_test: f64,
}

/// One finished training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// ω^train: the snapshot of lowest training loss.
    pub train: Snapshot,
    /// ω^test: the snapshot of lowest test loss.
    pub test: Snapshot,
    /// Training loss after each epoch, that of the initialization first.
    pub curve_train: Vec<f64>,
    /// Test loss after each epoch, that of the initialization first.
    pub curve_test: Vec<f64>,
    /// How often L-BFGS dropped its memory for a steepest-descent step; 0 for others.
    pub memory_dropped: u32,
    /// Why the run ended.
    pub stop: TrainingStop,
}

/// Why a training run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainingStop {
    /// All epochs or iterations were run.
    Completed,
    /// A loss or a parameter was not finite. The snapshots before it are not solutions.
    Diverged {
        /// The epoch or iteration in which it happened.
        epoch: u32,
    },
    /// The training loss ended above ten times that of the initialization, without ever having been
    /// below it: the learning rate is too high.
    NoProgress,
    /// Even steepest descent found no lower point within the budget of the line search.
    NoDescent {
        /// The iteration in which it happened.
        iteration: u32,
    },
    /// The training loss is at or below the target.
    TargetLoss {
        /// The iteration that reached it.
        iteration: u32,
    },
    /// The gradient is exactly zero.
    Stationary {
        /// The iteration in which it happened.
        iteration: u32,
    },
}

impl TrainingStop {
    /// Whether the run found no solution.
    pub fn diverged(&self) -> bool {
        matches!(self, Self::Diverged { .. } | Self::NoProgress)
    }
}

impl fmt::Display for TrainingStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => write!(f, "completed"),
            Self::Diverged { epoch } => {
                write!(f, "diverged: the loss was not finite in epoch {epoch}")
            }
            Self::NoProgress => {
                write!(
                    f,
                    "diverged: the training loss rose tenfold and never fell below that of the initialization"
                )
            }
            Self::NoDescent { iteration } => {
                write!(
                    f,
                    "stopped: the line search found no lower point along the steepest descent in iteration {iteration}"
                )
            }
            Self::TargetLoss { iteration } => {
                write!(f, "converged: target loss reached in iteration {iteration}")
            }
            Self::Stationary { iteration } => {
                write!(f, "converged: zero gradient in iteration {iteration}")
            }
        }
    }
}
