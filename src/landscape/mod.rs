//! Anything that has a height: a network's mean loss on images, or a closed formula.
//!
//! The closed formulas, [`BuiltIn`], have known minima and passes: what a path finder can be held
//! against. `docs/landscapes.md` lists them, with how far from the passes the published method stays.
//!
//! # A landscape of one's own
//! Value and gradient are all that the path finder needs. A [`AnalyticLandscape`] has them in plain `f64`; a
//! [`Landscape`] that takes long for a value can be interrupted in its middle:
//! ```
//! use lossatlas::landscape::Formula;
//! use lossatlas::path::{ChosenMethod, PathParameters, find_path};
//!
//! /// f(x) = Σ (xᵢ² − 1)², a well at every corner of a cube.
//! struct DoubleWells(usize);
//!
//! impl Formula for DoubleWells {
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
//! // Two wells that differ in two signs. Flipping one after the other needs a height of 1, the
//! // straight line, which flips both at once, has 2; no path at all stays below 1.
//! let method = ChosenMethod::fourier(6);
//! let parameters = PathParameters { method, points: 51, lambda: 1.0, steps: 300, learning_rate: 0.01, tolerance: 0.0, patience: 10 };
//! let path = find_path(&DoubleWells(2), [&[-0.9, -1.0], &[1.0, 0.9]], &parameters, &mut |_done, _mean_loss| true)?
//!     .expect("only the callback could have stopped it");
//! assert!(path.height_dense >= 1.0);
//! assert!(path.height_dense < path.height_straight);
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
mod product_well;
mod two_wells;

pub use align::{AlignError, Alignment, align};
pub use analytic::AnalyticLandscape;
pub use built_in::{BuiltIn, SizeError};
pub use curvature::{Curvature, StationaryPoint};
pub use double_well::DoubleWell;
pub use images::{ImageBatches, ImageLandscape, Interrupt};
pub use interruptible::Interruptible;
pub use lennard_jones::LennardJones;
pub use line::Line;
pub use map::HeightMap;
pub use mueller_brown::MuellerBrown;
pub use product_well::ProductWell;
pub use two_wells::{Squared, TwoWells};

use crate::combinations::Combinations;
use crate::kernels::Real;
use built_in::checked_dimension;
use line::PointByPoint;
use ndarray::{ArrayView2, ArrayViewMut2};
use thiserror::Error;

/// An evaluation was interrupted. What it would have returned or overwritten holds nothing of use; whoever
/// asked for it gives up and leaves everything as it was before.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("interrupted")]
pub struct Interrupted;

/// A height over parameter vectors of `dimension` components, with its gradient.
///
/// Where a height does not exist it is NaN or infinite; whoever asked deals with it. Implementations
/// may panic on vectors of another length.
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
    /// Closed forms have it exactly. Others take central differences of the gradient, known to about
    /// ε^(2/3), 4e-11 of the largest curvature in double precision.
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

    /// The landscape along u ↦ `start` + u `direction`, for values at one u after another.
    ///
    /// They agree with [`value`](Self::value) up to rounding. To prepare a line may be an evaluation.
    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        Ok(Box::new(PointByPoint::new(self, start, direction)))
    }

    /// f at each of the M points of a span.
    fn values_at(&self, combinations: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        let mut values = vec![0.0; combinations.points()];
        combinations.add_values(&mut values, |theta| self.value(theta))?;
        Ok(values)
    }

    /// The same, and overwrites row n of `gradient`, `(N, P)`, with Σₘ `weights[m, n]` ∇f(θₘ);
    /// `weights` is `(M, N)`.
    fn gradient_at(
        &self,
        combinations: &Combinations<A>,
        weights: ArrayView2<A>,
        mut gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        gradient.fill(A::zero());
        let mut values = vec![0.0; combinations.points()];
        combinations.add_gradients(
            weights,
            &mut values,
            gradient,
            |theta, gradient| match gradient {
                Some(gradient) => self.value_and_gradient(theta, gradient),
                None => self.value(theta),
            },
        )?;
        Ok(values)
    }
}

/// What is borrowed is the same landscape, with its own way along a span.
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

    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        (**self).line(start, direction)
    }

    fn values_at(&self, combinations: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        (**self).values_at(combinations)
    }

    fn gradient_at(
        &self,
        combinations: &Combinations<A>,
        weights: ArrayView2<A>,
        gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        (**self).gradient_at(combinations, weights, gradient)
    }
}
