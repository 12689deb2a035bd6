//! A landscape that can be interrupted.

use super::{Interrupt, Landscape, Line};
use crate::real::Real;
use crate::span::Span;
use ndarray::{ArrayView2, ArrayViewMut2};

/// The same landscape, [interrupted](Landscape::interrupted) once the other one says so. Single
/// evaluations are quick and run to their end: a computation looks between them.
pub struct Interruptible<'a, A>(pub &'a dyn Landscape<A>, pub &'a Interrupt<'a>);

impl<A: Real> Landscape<A> for Interruptible<'_, A> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&self, theta: &[A]) -> f64 {
        self.0.value(theta)
    }

    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> f64 {
        self.0.value_and_gradient(theta, gradient)
    }

    fn hessian_product(&self, theta: &[A], direction: &[A], product: &mut [A]) {
        self.0.hessian_product(theta, direction, product);
    }

    fn interrupted(&self) -> bool {
        (self.1)()
    }

    fn line(&self, start: &[A], direction: &[A]) -> Box<dyn Line<A> + '_> {
        self.0.line(start, direction)
    }

    fn span_values(&self, span: &Span<A>) -> Vec<f64> {
        self.0.span_values(span)
    }

    fn span_gradient(&self, span: &Span<A>, weights: ArrayView2<A>, gradient: ArrayViewMut2<A>) -> Vec<f64> {
        self.0.span_gradient(span, weights, gradient)
    }
}
