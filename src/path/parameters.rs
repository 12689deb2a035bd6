//! The settings of a search for a path.

use super::ChosenMethod;
use crate::optimizer::schedule::{Schedule, ScheduleShape};
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

/// How the learning rate of a search changes from step to step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RateSchedule {
    /// The same in all steps.
    #[default]
    Constant,
    /// η (1 + cos(π s / S)) / 2 in step s = 0, 1, … of S: it falls toward 0 at the last step.
    Cosine,
    /// η in the first steps, and in the last [`COOLDOWN`] of them as the cosine.
    ///
    /// A search in batches needs long steps to get far and short steps to converge. A cosine spends
    /// half of its steps on convergence. Compare A. Hägele et al., arXiv:2405.18392 (2024).
    Cooldown,
}

/// The steps of a cooldown, as a fraction of all steps.
pub const COOLDOWN: f64 = 1.0 / 3.0;

impl RateSchedule {
    /// All schedules, the default first.
    pub const ALL: [Self; 3] = [Self::Constant, Self::Cosine, Self::Cooldown];

    /// `"constant"`, `"cosine"` or `"cooldown"`, as in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
            Self::Cooldown => "cooldown",
        }
    }

    /// The factor of the learning rate in a step, counted from 0, of `steps`. The cosine is that of
    /// the optimizers, with steps in place of epochs.
    pub fn factor(self, step: u32, steps: usize) -> f64 {
        let cosine = |step: u32, steps: usize| {
            Schedule { shape: ScheduleShape::Cosine, warmup: 0 }
                .factor(step.saturating_add(1), steps)
        };
        match self {
            Self::Constant => 1.0,
            Self::Cosine => cosine(step, steps),
            Self::Cooldown => {
                let last = (COOLDOWN * steps as f64).round() as usize;
                let first = steps.saturating_sub(last) as u32;
                step.checked_sub(first).map_or(1.0, |step| cosine(step, last))
            }
        }
    }

    /// Whether a step depends on the number of all steps. A search can then not be continued with
    /// more steps: a longer one takes other steps from the beginning.
    pub fn depends_on_steps(self) -> bool {
        self != Self::Constant
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
    /// How it changes over the steps.
    pub schedule: RateSchedule,
    /// The search stops at a path that does not rise above its higher endpoint.
    pub stop_at_endpoint: bool,
    /// The search stops when the lowest L has fallen by at most this fraction over the last
    /// `patience` evaluations of the whole objective. 0: all steps are taken.
    pub tolerance: f64,
    /// Evaluations of the whole objective over which `tolerance` applies, ≥ 1.
    pub patience: usize,
}

/// The published values.
impl Default for PathParameters {
    fn default() -> Self {
        Self {
            method: ChosenMethod::default(),
            points: 51,
            lambda: 1e-4,
            steps: 100,
            learning_rate: 1e-3,
            schedule: RateSchedule::Constant,
            stop_at_endpoint: false,
            tolerance: 0.0,
            patience: 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_falls_from_the_learning_rate_toward_0() {
        let factors: Vec<f64> = (0..4).map(|step| RateSchedule::Cosine.factor(step, 4)).collect();
        let half = 0.5_f64.sqrt();
        for (found, expected) in
            factors.iter().zip([1.0, f64::midpoint(1.0, half), 0.5, f64::midpoint(1.0, -half)])
        {
            assert!((found - expected).abs() < 1e-15, "{factors:?}");
        }
        let cooldown: Vec<f64> =
            (0..6).map(|step| RateSchedule::Cooldown.factor(step, 6)).collect();
        assert_eq!(cooldown[..4], [1.0; 4]);
        assert!((cooldown[4] - 1.0).abs() < 1e-15 && (cooldown[5] - 0.5).abs() < 1e-15);
        let constant = |step| RateSchedule::Constant.factor(step, 4);
        assert!((0..9).all(|step| constant(step).to_bits() == 1f64.to_bits()));
    }
}
