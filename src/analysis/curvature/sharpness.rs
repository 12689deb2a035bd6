//! Measures of sharpness beside the largest eigenvalue.

/// How sharp a point is, in numbers that can be compared between solutions.
///
/// The largest eigenvalue λ alone cannot be compared (L. Dinh et al., ICML 2017, arXiv:1703.04933),
/// for two reasons.
///
/// - **Scale of the weights.** If all weights are c times as large and the function is the same, λ
///   is smaller by c². The simplest measure without this scale is λ |θ|². It has one scale for all
///   weights, and it counts weights without effect: those of pixels that are black in all images
///   add to |θ|² but not to λ. The filter-normalized one is the largest eigenvalue of D H D, where
///   D multiplies each weight with the norm of its filter ([`filter_norms`](super::filter_norms)).
///   It is the curvature along directions relative to each filter, as in the surfaces of Li et al.
///   It stays the same if layers are scaled against each other, such as W₁ → c W₁, W₂ → W₂/c with
///   ReLU, where λ |θ|² does not. Weights without effect count in their own filter only. So this is
///   the measure to compare; it needs a second Lanczos run. λ |θ|² needs no further computation and
///   is reported, too.
/// - **Loss.** Where the cross-entropy goes to 0, so do all its derivatives: the curvature of a
///   well-fitted image is p (1 − p), about its loss. At a training loss of 1e-8 every λ is small,
///   filter-normalized or not, but this does not make the point flat in a useful sense. The
///   distance along the leading eigenvector at which the loss doubles, √(2 f/λ), does not depend on
///   the loss in this way. So λ is to be shown beside its loss and this distance, and on test
///   images, where the loss does not vanish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sharpness {
    /// f(θ).
    pub loss: f64,
    /// |∇f(θ)|.
    pub slope: f64,
    /// |θ|.
    pub norm: f64,
    /// The largest eigenvalue of H.
    pub largest: f64,
    /// The largest eigenvalue of D H D; `None` if it was not computed or has not converged.
    pub filter_normalized: Option<f64>,
}

impl Sharpness {
    /// λ |θ|².
    pub fn times_squared_norm(&self) -> f64 {
        self.largest * self.norm.powi(2)
    }

    /// √(2 f/λ): how far along the leading eigenvector the loss doubles, if it is quadratic and the
    /// slope is 0. `None` if the curvature or the loss is not above 0.
    pub fn doubling_distance(&self) -> Option<f64> {
        (self.largest > 0.0 && self.loss > 0.0).then(|| (2.0 * self.loss / self.largest).sqrt())
    }
}
