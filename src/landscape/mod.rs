//! Landscapes: functions of parameter vectors. A landscape is the mean loss of a network on images,
//! an analytic landscape, or one that another program computes ([`process`]).
//!
//! The built-in analytic landscapes, [`BuiltIn`], have known minima and saddles with which paths
//! can be compared. `docs/landscapes.md` lists them, with the distance of the published method from
//! the saddles.
//!
//! # How to add a landscape
//! The path finder needs value and gradient. An [`AnalyticLandscape`] computes them in `f64`. A
//! [`Landscape`] with long evaluations can be interrupted during an evaluation:
//! ```
//! use lossatlas::landscape::AnalyticLandscape;
//! use lossatlas::path::{ChosenMethod, PathParameters, find_path};
//!
//! /// f(x) = Σ (xᵢ² − 1)², a well at every corner of a cube.
//! struct DoubleWells(usize);
//!
//! impl AnalyticLandscape for DoubleWells {
//!     fn dimension(&self) -> usize {
//!         self.0
//!     }
//!     fn value(&self, x: &[f64]) -> f64 {
//!         x.iter().map(|x| (x * x - 1.0).powi(2)).sum()
//!     }
//!     fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
//!         gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 4.0 * x * (x * x - 1.0));
//!         self.value(x)
//!     }
//! }
//! assert_eq!(DoubleWells(2).value(&[0.0, 1.0]), 1.0);
//!
//! // The endpoints differ in two signs. A path that changes one sign after the other has the maximum 1.
//! // The straight line changes both at once and has the maximum 2. No path stays below 1.
//! let parameters = PathParameters {
//!     method: ChosenMethod::fourier(6),
//!     points: 51,
//!     lambda: 1.0,
//!     steps: 300,
//!     learning_rate: 0.01,
//!     ..PathParameters::default()
//! };
//! let endpoints: [&[f64]; 2] = [&[-0.9, -1.0], &[1.0, 0.9]];
//! let path = find_path(&DoubleWells(2), endpoints, &parameters, &mut |_fraction, _mean_loss| true)?
//!     .expect("only the callback can stop it");
//! assert!(path.fine_barrier >= 1.0);
//! assert!(path.fine_barrier < path.straight_barrier);
//! # Ok::<(), lossatlas::path::PathError>(())
//! ```

mod align;
mod analytic;
mod built_in;
#[cfg(test)]
mod checks;
mod curvature;
mod double_well;
mod images;
mod interruptible;
mod lennard_jones;
mod line;
mod map;
mod mueller_brown;
pub mod process;
mod product_well;
mod two_wells;

pub use align::{AlignError, Alignment, align};
pub use analytic::AnalyticLandscape;
pub use built_in::{BuiltIn, SizeError};
pub use curvature::{ExtremeEigenvalues, StationaryPoint};
pub use double_well::DoubleWell;
pub use images::{ImageBatches, ImageLandscape, Interrupt};
pub use interruptible::Interruptible;
pub use lennard_jones::LennardJones;
pub use line::Line;
pub use map::HeightMap;
pub use mueller_brown::MuellerBrown;
pub use process::{Process, ProcessLandscape};
pub use product_well::ProductWell;
pub use two_wells::{Squared, TwoWells};

use crate::combinations::Combinations;
use crate::kernels::Real;
use built_in::checked_dimension;
use line::PointByPoint;
use ndarray::{ArrayView2, ArrayViewMut2};
use thiserror::Error;

/// An evaluation was interrupted. Its outputs are not valid. The caller returns and restores its
/// former state.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("interrupted")]
pub struct Interrupted;

/// A function of parameter vectors of `dimension` components, with its gradient.
///
/// Where f is not defined, its value is NaN or infinite, and the caller checks this.
/// Implementations may panic on vectors of another length.
///
/// Every evaluation can be interrupted, which is its only error: [`Interrupted`].
#[allow(clippy::missing_errors_doc)]
pub trait Landscape<A: Real>: Sync {
    /// P, the number of components of a point.
    fn dimension(&self) -> usize;

    /// f(θ).
    fn value(&self, theta: &[A]) -> Result<f64, Interrupted>;

    /// f(θ), and overwrites `gradient`, `(P,)`, with ∇f(θ).
    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> Result<f64, Interrupted>;

    /// Overwrites `product`, `(P,)`, with ∇²f(θ) d for `direction` d, `(P,)`.
    ///
    /// Analytic landscapes compute it exactly. Others use central differences of the gradient,
    /// accurate to about ε^(2/3): 4e-11 of the largest curvature in double precision.
    fn hessian_product(
        &self,
        theta: &[A],
        direction: &[A],
        product: &mut [A],
    ) -> Result<(), Interrupted> {
        let gradient =
            |theta: &[A], gradient: &mut [A]| self.value_and_gradient(theta, gradient).map(|_| ());
        curvature::difference_of_gradients(gradient, theta, direction, product)
    }

    /// Directions at θ, `(P,)` each, along which f never changes, such as the rotations of a
    /// cluster. They need not be orthogonal or normalized. Empty if the landscape declares none.
    fn null_directions(&self, _theta: &[A]) -> Vec<Vec<A>> {
        Vec::new()
    }

    /// The landscape along u ↦ `start` + u `direction`, to be evaluated at one u after another.
    ///
    /// Its values agree with [`value`](Self::value) up to rounding. Preparing a line may take as
    /// long as an evaluation.
    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        Ok(Box::new(PointByPoint::new(self, start, direction)))
    }

    /// f at each of M points.
    fn values_at(&self, combinations: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        let mut values = vec![0.0; combinations.points()];
        combinations.add_values(&mut values, |theta| self.value(theta))?;
        Ok(values)
    }

    /// Whether its points have an accuracy, as for networks with classes.
    fn has_accuracy(&self) -> bool {
        false
    }

    /// The values of [`values_at`](Self::values_at), to the bit, and the fraction of the images
    /// classified correctly at each point; NaN without [accuracy](Self::has_accuracy).
    fn values_and_accuracies_at(
        &self,
        points: &Combinations<A>,
    ) -> Result<(Vec<f64>, Vec<f64>), Interrupted> {
        let values = self.values_at(points)?;
        let nothing = vec![f64::NAN; values.len()];
        Ok((values, nothing))
    }

    /// Like [`values_at`](Self::values_at). Also overwrites row n of `gradient`, `(N, P)`, with Σₘ
    /// `weights[m, n]` ∇f(θₘ); `weights` is `(M, N)`.
    fn gradient_at(
        &self,
        points: &Combinations<A>,
        weights: ArrayView2<A>,
        mut gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        gradient.fill(A::zero());
        let mut values = vec![0.0; points.points()];
        points.add_gradients(weights, &mut values, gradient, |theta, gradient| match gradient {
            Some(gradient) => self.value_and_gradient(theta, gradient),
            None => self.value(theta),
        })?;
        Ok(values)
    }
}

/// A reference is the same landscape, with its own methods for lines and for many points.
impl<A: Real> Landscape<A> for &(dyn Landscape<A> + '_) {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn value(&self, theta: &[A]) -> Result<f64, Interrupted> {
        (**self).value(theta)
    }

    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> Result<f64, Interrupted> {
        (**self).value_and_gradient(theta, gradient)
    }

    fn hessian_product(
        &self,
        theta: &[A],
        direction: &[A],
        product: &mut [A],
    ) -> Result<(), Interrupted> {
        (**self).hessian_product(theta, direction, product)
    }

    fn null_directions(&self, theta: &[A]) -> Vec<Vec<A>> {
        (**self).null_directions(theta)
    }

    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        (**self).line(start, direction)
    }

    fn values_at(&self, points: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        (**self).values_at(points)
    }

    fn has_accuracy(&self) -> bool {
        (**self).has_accuracy()
    }

    fn values_and_accuracies_at(
        &self,
        points: &Combinations<A>,
    ) -> Result<(Vec<f64>, Vec<f64>), Interrupted> {
        (**self).values_and_accuracies_at(points)
    }

    fn gradient_at(
        &self,
        points: &Combinations<A>,
        weights: ArrayView2<A>,
        gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        (**self).gradient_at(points, weights, gradient)
    }
}
