//! What is known about a refined barrier.

use super::known::KnownGraph;
use super::probe::Work;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One word about a refined barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// All conditions hold. The height is that of a saddle over which the path leads, or of the
    /// higher end.
    ///
    /// This does not prove that there is no lower pass elsewhere.
    Pass,
    /// The refinement ended, and not all conditions hold. The pass is not higher than this.
    UpperBound,
    /// All evaluations were spent. More of them may lower the path.
    NotConverged,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::UpperBound => "upper bound",
            Self::NotConverged => "not converged",
        })
    }
}

/// What must hold for a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// The gradient at the top is zero up to a thousandth of its typical size on the path, or to
    /// its noise.
    Stationary,
    /// The Hessian at the top has exactly one negative eigenvalue, and the residuals leave no
    /// doubt.
    OneDescendingDirection,
    /// The descents on both sides of the top lead to the ends, or to points from which joined paths
    /// lead on.
    Connected,
    /// No other point of the path is higher.
    HighestPoint,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stationary => "the gradient at the top is not zero",
            Self::OneDescendingDirection => {
                "the top does not have exactly one descending direction, as far as is known"
            }
            Self::Connected => "the descents from the top do not lead to the endpoints",
            Self::HighestPoint => "the path is higher elsewhere",
        })
    }
}

/// An eigenvalue of the Hessian.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Eigenvalue {
    /// λ.
    pub value: f64,
    /// |H v − λ v|.
    pub residual: f64,
}

/// What a descent from the top leads to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Place {
    /// One of the endpoints, 0 or 1, or a point so close to it that both count as the same.
    End(usize),
    /// A minimum other than the endpoints.
    Minimum,
    /// A point where the descent was ended, or where a search stopped.
    Point,
}

/// One side of the top.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What is there.
    pub place: Place,
    /// f there.
    pub value: f64,
    /// |∇f| there.
    pub slope: f64,
}

/// The lowest height known after some work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeightAfter {
    /// Evaluations spent.
    pub work: Work,
    /// The height of a path. With more work it falls.
    pub height: f64,
}

/// A refined barrier with what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// One word.
    pub verdict: Verdict,
    /// Whether the height is that of the higher end, up to what does not matter. No path is lower,
    /// so that no other condition is required.
    pub is_at_end: bool,
    /// The conditions that do not hold; empty if the height is that of the higher end.
    pub failed: Vec<Condition>,
    /// The highest value on the path.
    pub height: f64,
    /// Where the top is, as a fraction of the length of the path.
    pub t: f64,
    /// `(P,)` the top.
    pub theta: Vec<f64>,
    /// |∇f| at the top.
    pub slope: f64,
    /// The median of |∇f| along the string between the ends, or along the path.
    pub typical_slope: f64,
    /// Measured noise of |∇f|.
    pub slope_noise: f64,
    /// The lowest eigenvalues of the Hessian at the top, ascending. None if the height is that of
    /// the higher end.
    pub eigenvalues: Vec<Eigenvalue>,
    /// How many of them are negative. There may be more negative ones.
    pub descending: usize,
    /// What the two sides of the top lead to. The first is on the side of the first end.
    pub sides: [Side; 2],
    /// Heights of the saddles on the path, in order.
    pub saddles: Vec<f64>,
    /// All evaluations.
    pub work: Work,
    /// The height as a function of the evaluations.
    pub heights: Vec<HeightAfter>,
    /// `(M, P)` points of the path. Straight segments join them. Empty beyond
    /// [`MAX_KEPT_DIMENSION`](super::MAX_KEPT_DIMENSION).
    pub path: Vec<Vec<f64>>,
    /// All points and passes that were met.
    pub known: KnownGraph,
}

impl Certificate {
    /// What takes no memory worth counting: without the top, the points of the path, and those of
    /// the known graph.
    #[must_use]
    pub fn without_points(self) -> Self {
        Self {
            theta: Vec::new(),
            path: Vec::new(),
            known: KnownGraph { points: Vec::new(), passes: Vec::new() },
            ..self
        }
    }
}
