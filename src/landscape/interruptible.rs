//! A landscape that can be interrupted.

use super::{Interrupt, Interrupted, Landscape, Line};
use crate::combinations::Combinations;
use crate::kernels::Real;
use ndarray::{ArrayView2, ArrayViewMut2};

/// A landscape whose evaluations are [`Interrupted`] once the second field returns `true`. It is
/// called before each evaluation; an evaluation that has started runs to its end.
pub struct Interruptible<'a, A>(pub &'a dyn Landscape<A>, pub &'a Interrupt<'a>);

impl<A: Real> Interruptible<'_, A> {
    fn landscape(&self) -> Result<&dyn Landscape<A>, Interrupted> {
        if (self.1)() { Err(Interrupted) } else { Ok(self.0) }
    }
}

impl<A: Real> Landscape<A> for Interruptible<'_, A> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&self, theta: &[A]) -> Result<f64, Interrupted> {
        self.landscape()?.value(theta)
    }

    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> Result<f64, Interrupted> {
        self.landscape()?.value_and_gradient(theta, gradient)
    }

    /// Each value along the line is an evaluation.
    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        let line = self.landscape()?.line(start, direction)?;
        Ok(Box::new(InterruptibleLine { line, interrupt: self.1 }))
    }

    fn hessian_product(
        &self,
        theta: &[A],
        direction: &[A],
        product: &mut [A],
    ) -> Result<(), Interrupted> {
        self.landscape()?.hessian_product(theta, direction, product)
    }

    fn null_directions(&self, theta: &[A]) -> Vec<Vec<A>> {
        self.0.null_directions(theta)
    }

    fn values_at(&self, points: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        self.landscape()?.values_at(points)
    }

    fn gradient_at(
        &self,
        points: &Combinations<A>,
        weights: ArrayView2<A>,
        gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        self.landscape()?.gradient_at(points, weights, gradient)
    }
}

struct InterruptibleLine<'l, A> {
    line: Box<dyn Line<A> + 'l>,
    interrupt: &'l Interrupt<'l>,
}

impl<A: Real> Line<A> for InterruptibleLine<'_, A> {
    fn value(&mut self, u: f64) -> Result<f64, Interrupted> {
        if (self.interrupt)() { Err(Interrupted) } else { self.line.value(u) }
    }

    fn value_and_gradient(&mut self, u: f64, gradient: &mut [A]) -> Result<f64, Interrupted> {
        if (self.interrupt)() {
            Err(Interrupted)
        } else {
            self.line.value_and_gradient(u, gradient)
        }
    }
}
