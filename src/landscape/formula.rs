//! Closed formulas as landscapes.

use super::{Interrupted, Landscape};

/// A height in closed form: a [`Landscape`] whose evaluations are so quick that nothing interrupts them.
///
/// Where a height does not exist it is NaN or infinite; whoever asked deals with it. Implementations
/// may panic on vectors of another length.
pub trait Formula: Sync {
    /// P, the number of components of a point.
    fn dimension(&self) -> usize;

    /// f(θ).
    fn value(&self, theta: &[f64]) -> f64;

    /// f(θ), and overwrites `gradient`, `(P,)`, with ∇f(θ).
    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64;
}

impl<F: Formula> Landscape<f64> for F {
    fn dimension(&self) -> usize {
        Formula::dimension(self)
    }

    fn value(&self, theta: &[f64]) -> Result<f64, Interrupted> {
        Ok(Formula::value(self, theta))
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, Interrupted> {
        Ok(Formula::value_and_gradient(self, theta, gradient))
    }
}

impl<F: Formula + ?Sized> Formula for Box<F> {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn value(&self, theta: &[f64]) -> f64 {
        (**self).value(theta)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        (**self).value_and_gradient(theta, gradient)
    }
}

/// What is borrowed is the same formula.
impl<F: Formula + ?Sized> Formula for &F {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn value(&self, theta: &[f64]) -> f64 {
        (**self).value(theta)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        (**self).value_and_gradient(theta, gradient)
    }
}
