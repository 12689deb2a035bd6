//! The optimizers and their parameters.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The optimizers that train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OptimizerName {
    /// Stochastic gradient descent on mini-batches.
    Sgd,
    /// Limited-memory BFGS on the full batch, golden section line search.
    Lbfgs,
}

impl OptimizerName {
    /// All optimizers, in the order of their groups in the results.
    pub const ALL: [Self; 2] = [Self::Sgd, Self::Lbfgs];

    /// `"sgd"` or `"lbfgs"`, as in keys and file paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Lbfgs => "lbfgs",
        }
    }
}

impl fmt::Display for OptimizerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Plain stochastic gradient descent, θ ← θ − η ∇.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SgdParameters {
    /// η, > 0.
    pub learning_rate: f64,
    /// Images a step, ≥ 1; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Passes over the training images, ≥ 1.
    pub epochs: usize,
}

/// Limited-memory BFGS with a golden section line search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LbfgsParameters {
    /// Maximum number of iterations, ≥ 1; an iteration counts as an epoch in the loss curves.
    pub iterations: usize,
    /// Pairs (s, y) remembered, ≥ 1.
    pub memory: usize,
    /// Maximum number of loss evaluations in one line search, ≥ 1.
    pub line_search_evaluations: usize,
    /// Width of the bracket, relative to the step, at which the line search ends, > 0.
    pub line_search_tolerance: f64,
    /// Training loss at which the run ends; 0: never. Once every image is classified correctly, the
    /// loss falls toward 0 without end. The published runs end near 1e-8, where the usual
    /// single-precision cross-entropy rounds to 0. Here it does not round to 0, so runs continue to
    /// 1e-30 and θ grows.
    pub target_loss: f64,
}
