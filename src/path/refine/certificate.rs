//! What is known about a refined barrier.

use super::known::KnownGraph;
use super::probe::EvaluationCounts;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a refined barrier is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// All conditions hold. The height is that of a saddle on the path, or of the higher endpoint.
    ///
    /// This does not prove that there is no lower pass elsewhere.
    Pass,
    /// The refinement ended, and not all conditions hold. The true pass is not higher.
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

/// A condition of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// The gradient at the top is zero up to a thousandth of its typical size on the path, or to
    /// its noise.
    Stationary,
    /// The Hessian at the top has exactly one negative eigenvalue, and the residuals are small
    /// enough to exclude others.
    OneDescendingDirection,
    /// The descents on both sides of the top lead to the endpoints, or to points that joined paths
    /// connect to them.
    Connected,
    /// No other point of the path is higher.
    HighestPoint,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stationary => "the gradient at the top is not zero",
            Self::OneDescendingDirection => {
                "the top is not known to have exactly one descending direction"
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

/// Where a descent from the top leads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Destination {
    /// One of the endpoints, 0 or 1, or a point that counts as the same.
    Endpoint(usize),
    /// A minimum other than the endpoints.
    Minimum,
    /// A point where a descent was stopped, or where a search stopped.
    Point,
}

/// One side of the top.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Where the descent led.
    pub place: Destination,
    /// f there.
    pub value: f64,
    /// |∇f| there.
    pub slope: f64,
}

/// The lowest height known after some work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeightAfter {
    /// Evaluations spent.
    pub work: EvaluationCounts,
    /// The height of a path. With more work it falls.
    pub height: f64,
}

/// A refined barrier with what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the height equals that of the higher endpoint within the accuracy. No path is lower
    /// then, so no condition is required.
    pub is_at_endpoint: bool,
    /// The conditions that do not hold; empty if the height is that of the higher endpoint.
    pub failed: Vec<Condition>,
    /// The highest value on the path.
    pub height: f64,
    /// Where the top is, as a fraction of the length of the path.
    pub t: f64,
    /// `(P,)` the top.
    pub theta: Vec<f64>,
    /// |∇f| at the top.
    pub slope: f64,
    /// The median of |∇f| along the string between the endpoints, or along the path.
    pub typical_slope: f64,
    /// Measured noise of |∇f|.
    pub slope_noise: f64,
    /// The lowest eigenvalues of the Hessian at the top, ascending; empty if the height is that of
    /// the higher endpoint.
    pub eigenvalues: Vec<Eigenvalue>,
    /// How many of them are negative. The Hessian may have more negative ones.
    pub descending: usize,
    /// The two sides of the top. The first is on the side of the first endpoint.
    pub sides: [Side; 2],
    /// Heights of the saddles on the path, in order.
    pub saddles: Vec<f64>,
    /// All evaluations.
    pub work: EvaluationCounts,
    /// The height as a function of the evaluations.
    pub heights: Vec<HeightAfter>,
    /// `(M, P)` points of the path. Straight segments join them. Empty beyond
    /// [`MAX_KEPT_DIMENSION`](super::MAX_KEPT_DIMENSION).
    pub path: Vec<Vec<f64>>,
    /// All points and passes that were found on the way.
    pub known: KnownGraph,
}

/// A known path counts as lower if the difference is this fraction of the excess over the
/// endpoints, which is more than the rounding of single precision.
const LOWER: f64 = 1e-4;
/// A path counts as no higher than its higher endpoint within this fraction of the height there.
const AT_ENDPOINT: f64 = 1e-6;

impl Certificate {
    /// The certificate after a comparison with the path from which the refinement started, given
    /// the barrier and the higher endpoint of that path. A refinement that has not converged can
    /// end above this path, because it joins the points of the path by straight segments. The
    /// height is then that of the path. Top and eigenvalues stay those of the refinement.
    #[must_use]
    pub fn beside(self, barrier: f64, higher_endpoint: f64) -> Self {
        let excess = (self.height - higher_endpoint).abs();
        if self.is_at_endpoint || self.height.is_nan() || self.height - barrier <= LOWER * excess {
            return self;
        }
        let is_at_endpoint = barrier - higher_endpoint <= AT_ENDPOINT * higher_endpoint.abs();
        let (verdict, failed) = match self.verdict {
            _ if is_at_endpoint => (Verdict::Pass, Vec::new()),
            // A pass, but not that of the lowest known path.
            Verdict::Pass => (Verdict::UpperBound, vec![Condition::HighestPoint]),
            verdict => (verdict, self.failed),
        };
        Self { verdict, is_at_endpoint, failed, height: barrier, ..self }
    }

    /// The certificate with a height that is not below the higher endpoint. The refinement evaluates
    /// the endpoints with another rounding than the search for the path does.
    #[must_use]
    pub fn not_below(self, higher_endpoint: f64) -> Self {
        let height = if self.height < higher_endpoint { higher_endpoint } else { self.height };
        Self { height, ..self }
    }

    /// The certificate without its long vectors: the top, the points of the path, and those of the
    /// known graph.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(verdict: Verdict, height: f64) -> Certificate {
        let side = Side { place: Destination::Point, value: 0.0, slope: 0.0 };
        Certificate {
            verdict,
            is_at_endpoint: false,
            failed: if verdict == Verdict::Pass { Vec::new() } else { vec![Condition::Connected] },
            height,
            t: 0.5,
            theta: vec![1.0],
            slope: 0.0,
            typical_slope: 1.0,
            slope_noise: 0.0,
            eigenvalues: Vec::new(),
            descending: 0,
            sides: [side; 2],
            saddles: Vec::new(),
            work: EvaluationCounts::default(),
            heights: Vec::new(),
            path: Vec::new(),
            known: KnownGraph { points: Vec::new(), passes: Vec::new() },
        }
    }

    #[test]
    fn a_known_lower_path_bounds_what_did_not_converge() {
        let open = certificate(Verdict::NotConverged, 3.0);
        let bounded = open.clone().beside(2.0, 1.0);
        assert_eq!((bounded.height, bounded.verdict), (2.0, Verdict::NotConverged));
        assert_eq!(bounded.failed, open.failed);
        // A higher one, or one that is as high up to rounding, changes nothing.
        assert_eq!(open.clone().beside(3.5, 1.0), open);
        assert_eq!(open.clone().beside(3.0 - 1e-5, 1.0), open);
    }

    #[test]
    fn no_height_is_below_the_higher_endpoint() {
        let found = certificate(Verdict::Pass, 3.0);
        let above = Certificate { height: 3.0 + 1e-9, ..found.clone() };
        assert_eq!(found.clone().not_below(3.0 + 1e-9), above);
        assert_eq!(found.clone().not_below(2.0), found);
        assert!(certificate(Verdict::Pass, f64::NAN).not_below(2.0).height.is_nan());
    }

    #[test]
    fn a_known_path_at_its_endpoint_needs_no_saddle() {
        let bounded = certificate(Verdict::UpperBound, 3.0).beside(1.0, 1.0);
        assert_eq!((bounded.height, bounded.verdict), (1.0, Verdict::Pass));
        assert!(bounded.is_at_endpoint && bounded.failed.is_empty());
        // Heights below zero, too.
        assert!(certificate(Verdict::UpperBound, -1.0).beside(-2.0, -2.0).is_at_endpoint);
    }

    #[test]
    fn a_pass_above_a_known_path_is_a_bound() {
        let bounded = certificate(Verdict::Pass, 3.0).beside(2.0, 1.0);
        assert_eq!((bounded.height, bounded.verdict), (2.0, Verdict::UpperBound));
        assert_eq!(bounded.failed, [Condition::HighestPoint]);
    }
}
