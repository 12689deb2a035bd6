//! Analytic landscapes.

use super::curvature::difference_of_gradients;
use super::{Interrupted, Landscape};
use std::convert::Infallible;

/// A function given by an equation: a [`Landscape`] whose evaluations are so fast that they are not
/// interrupted.
///
/// Where f is not defined, its value is NaN or infinite, and the caller checks this.
/// Implementations may panic on vectors of another length.
pub trait AnalyticLandscape: Sync {
    /// P, the number of components of a point.
    fn dimension(&self) -> usize;

    /// f(θ).
    fn value(&self, theta: &[f64]) -> f64;

    /// f(θ), and overwrites `gradient`, `(P,)`, with ∇f(θ).
    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64;

    /// Overwrites `product`, `(P,)`, with ∇²f(θ) d for `direction` d, `(P,)`. The default uses
    /// [central differences](Landscape::hessian_product); built-in landscapes compute it exactly.
    fn hessian_product(&self, theta: &[f64], direction: &[f64], product: &mut [f64]) {
        let gradient = |theta: &[f64], gradient: &mut [f64]| {
            self.value_and_gradient(theta, gradient);
            Ok::<_, Infallible>(())
        };
        let Ok(()) = difference_of_gradients(gradient, theta, direction, product);
    }

    /// Directions at θ, `(P,)` each, along which f never changes: see
    /// [`Landscape::null_directions`].
    fn null_directions(&self, _theta: &[f64]) -> Vec<Vec<f64>> {
        Vec::new()
    }
}

impl<F: AnalyticLandscape> Landscape<f64> for F {
    fn dimension(&self) -> usize {
        AnalyticLandscape::dimension(self)
    }

    fn value(&self, theta: &[f64]) -> Result<f64, Interrupted> {
        Ok(AnalyticLandscape::value(self, theta))
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, Interrupted> {
        Ok(AnalyticLandscape::value_and_gradient(self, theta, gradient))
    }

    fn hessian_product(
        &self,
        theta: &[f64],
        direction: &[f64],
        product: &mut [f64],
    ) -> Result<(), Interrupted> {
        AnalyticLandscape::hessian_product(self, theta, direction, product);
        Ok(())
    }

    fn null_directions(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        AnalyticLandscape::null_directions(self, theta)
    }
}

impl<F: AnalyticLandscape + ?Sized> AnalyticLandscape for Box<F> {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn value(&self, theta: &[f64]) -> f64 {
        (**self).value(theta)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        (**self).value_and_gradient(theta, gradient)
    }

    fn hessian_product(&self, theta: &[f64], direction: &[f64], product: &mut [f64]) {
        (**self).hessian_product(theta, direction, product);
    }

    fn null_directions(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        (**self).null_directions(theta)
    }
}

/// A reference is the same landscape.
impl<F: AnalyticLandscape + ?Sized> AnalyticLandscape for &F {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn value(&self, theta: &[f64]) -> f64 {
        (**self).value(theta)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        (**self).value_and_gradient(theta, gradient)
    }

    fn hessian_product(&self, theta: &[f64], direction: &[f64], product: &mut [f64]) {
        (**self).hessian_product(theta, direction, product);
    }

    fn null_directions(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        (**self).null_directions(theta)
    }
}
