//! The settings of a refinement.

use serde::{Deserialize, Serialize};

/// How a path is refined.
///
/// The defaults were chosen on 63 pairs of minima of seven Lennard-Jones atoms with numbers,
/// between which a path leads over up to ten saddles. They connect all pairs, need 2760 evaluations
/// for one, and reach a mean height of −14.86. The fields name what another value did with the same
/// pairs. A scatter of 0.05 and of a tenth of the evaluations remains.
///
/// An evaluation is one gradient: see [`EvaluationCounts::in_gradients`](super::EvaluationCounts::in_gradients).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefineParameters {
    /// Points of a string, endpoints included, ≥ 3. Each further try of the same pair has twice as
    /// many intervals. Seven points need the same evaluations and end 0.07 higher.
    pub points: usize,
    /// Maximum number of sweeps of a string. Each further try of the same pair doubles it.
    ///
    /// Without any sweep the paths end 0.11 higher for a fifth more evaluations: the saddle
    /// searches start higher and lead elsewhere. On the losses of networks the sweeps make most of
    /// the progress.
    pub sweeps: u32,
    /// The saddle search starts when three sweeps lowered the height of the string above the
    /// endpoints by less than this fraction. With 0.1 the paths end 0.11 higher.
    pub settled: f64,
    /// Products with the Hessian in one step of the saddle search, ≥ 2. A step need not be
    /// accurate: four products are as good, and forty need a seventh more evaluations.
    pub products: usize,
    /// Products with which the lowest eigenvalues are found at a stationary point. In fewer
    /// dimensions they are the whole Hessian.
    pub spectrum: usize,
    /// Steps of one saddle search. With 15, three of the 63 pairs are not connected.
    pub saddle_steps: u32,
    /// Steps of each descent.
    pub descent_steps: u32,
    /// How often the same pair of nodes is tried before the endpoints are connected.
    pub tries: u32,
    /// After the endpoints are connected, how many saddle searches in a row may fail to lower the
    /// highest saddle. Ten instead of one lower the paths by 0.05 for three times the evaluations.
    pub detours: u32,
    /// Differences of height below this fraction of the climb from the lower endpoint are ignored.
    pub accuracy: f64,
    /// Evaluations after which the refinement ends with its current result, in units of one
    /// gradient.
    pub max_gradients: f64,
}

impl Default for RefineParameters {
    fn default() -> Self {
        Self {
            points: 9,
            sweeps: 200,
            settled: 0.02,
            products: 8,
            spectrum: 60,
            saddle_steps: 40,
            descent_steps: 400,
            tries: 3,
            detours: 1,
            accuracy: 1e-7,
            max_gradients: 50_000.0,
        }
    }
}
