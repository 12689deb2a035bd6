//! The settings of a search for a path.

use super::ChosenMethod;
use serde::{Deserialize, Serialize};

/// What is minimized along a path besides the penalty. Reported barriers are those of f in either
/// case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objective {
    /// Σ_m f(ω(t_m)).
    #[default]
    Sum,
    /// Σ_m f(ω(t_m))², as in the published two-dimensional example, Fig. 3; see
    /// [`Squared`](crate::landscape::Squared). Meant for f ≥ 0: values below 0 are pulled up to 0.
    SumOfSquares,
}

impl Objective {
    /// All objectives, the default first.
    pub const ALL: [Self; 2] = [Self::Sum, Self::SumOfSquares];

    /// `"sum"` or `"sum-of-squares"`, as in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::SumOfSquares => "sum-of-squares",
        }
    }
}

/// The curve of a path, and how the path is searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct PathParameters {
    /// The kind of curve.
    pub method: ChosenMethod,
    /// Equally spaced points of the objective, both endpoints included, ≥ 3.
    pub points: usize,
    /// λ, the weight of the squared steps, ≥ 0.
    pub lambda: f64,
    /// Adam steps, ≥ 0 (0: the straight line alone).
    pub steps: usize,
    /// Adam's learning rate, > 0.
    pub learning_rate: f64,
    /// The search stops when the lowest L has fallen by at most this fraction over the last
    /// `patience` evaluations of the whole objective. 0: all steps are taken.
    pub tolerance: f64,
    /// Evaluations of the whole objective over which `tolerance` applies, ≥ 1.
    pub patience: usize,
}
