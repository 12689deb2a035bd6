//! What the path finder can be told.

use serde::{Deserialize, Serialize};

/// The FourierPathFinder: ω(t) = (1 − t) ω^a + t ω^b + Σ_n b_n sin(nπt).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathParameters {
    /// N_F, the number of sine terms, ≥ 1.
    pub fourier_terms: usize,
    /// Equally spaced points of the objective, both ends included, ≥ 3.
    pub points: usize,
    /// λ, the weight of the squared steps, ≥ 0.
    pub lambda: f64,
    /// Adam steps, ≥ 0 (0: the straight line alone).
    pub steps: usize,
    /// Adam's learning rate, > 0.
    pub learning_rate: f64,
}
