//! A landscape along a straight line, for line searches.

use super::{Interrupted, Landscape};
use crate::kernels::{Real, add_scaled};

/// A landscape along a line, u ↦ f(θ + u d), evaluated at one u after another.
///
/// Every u is an evaluation, which can be [`Interrupted`].
#[allow(clippy::missing_errors_doc)]
pub trait Line<A> {
    /// f(θ + u d).
    fn value(&mut self, u: f64) -> Result<f64, Interrupted>;

    /// The same, and overwrites `gradient`, `(P,)`, with ∇f(θ + u d).
    fn value_and_gradient(&mut self, u: f64, gradient: &mut [A]) -> Result<f64, Interrupted>;
}

/// A line that evaluates the landscape at θ + u d.
pub(super) struct PointByPoint<'l, A, L: ?Sized> {
    landscape: &'l L,
    start: Vec<A>,
    direction: Vec<A>,
    /// `(P,)` the point.
    theta: Vec<A>,
}

impl<'l, A: Real, L: Landscape<A> + ?Sized> PointByPoint<'l, A, L> {
    pub(super) fn new(landscape: &'l L, start: &[A], direction: &[A]) -> Self {
        let (start, direction) = (start.to_vec(), direction.to_vec());
        Self { landscape, theta: start.clone(), start, direction }
    }

    fn go_to(&mut self, u: f64) {
        self.theta.copy_from_slice(&self.start);
        add_scaled(A::of(u), &self.direction, &mut self.theta);
    }
}

impl<A: Real, L: Landscape<A> + ?Sized> Line<A> for PointByPoint<'_, A, L> {
    fn value(&mut self, u: f64) -> Result<f64, Interrupted> {
        self.go_to(u);
        self.landscape.value(&self.theta)
    }

    fn value_and_gradient(&mut self, u: f64, gradient: &mut [A]) -> Result<f64, Interrupted> {
        self.go_to(u);
        self.landscape.value_and_gradient(&self.theta, gradient)
    }
}
