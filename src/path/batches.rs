//! Parts of a landscape to descend on.

use crate::kernels::Real;
use crate::landscape::{Interrupted, Landscape, Squared};

/// Random parts of a landscape, another one for each step of a descent.
pub trait Batches<A: Real> {
    /// Calls `evaluate` once with the landscape of this step, which depends on the step alone, and returns
    /// what it returns.
    ///
    /// # Errors
    /// As `evaluate`.
    fn with_batch(
        &self,
        step: u32,
        evaluate: &mut dyn FnMut(&dyn Landscape<A>) -> Result<f64, Interrupted>,
    ) -> Result<f64, Interrupted>;

    /// How much of the whole a part is, in (0, 1].
    fn fraction(&self) -> f64;

    /// Steps whose parts amount to the whole, ≥ 1.
    fn steps_per_epoch(&self) -> usize;
}

/// The squares of the batches' heights.
impl<A: Real, B: Batches<A> + ?Sized> Batches<A> for Squared<&B> {
    fn with_batch(
        &self,
        step: u32,
        evaluate: &mut dyn FnMut(&dyn Landscape<A>) -> Result<f64, Interrupted>,
    ) -> Result<f64, Interrupted> {
        self.0.with_batch(step, &mut |landscape| evaluate(&Squared(landscape)))
    }

    fn fraction(&self) -> f64 {
        self.0.fraction()
    }

    fn steps_per_epoch(&self) -> usize {
        self.0.steps_per_epoch()
    }
}
