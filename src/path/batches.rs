//! Random batches of a landscape, for the steps of a descent.

use crate::kernels::Real;
use crate::landscape::{Interrupted, Landscape, Squared};

/// Random batches of a landscape, a new one for each step of a descent.
pub trait Batches<A: Real> {
    /// Calls `evaluate` once with the batch of this step, and returns its result. The batch depends
    /// on the number of the step only.
    ///
    /// # Errors
    /// As for `evaluate`.
    fn with_batch(
        &self,
        step: u32,
        evaluate: &mut dyn FnMut(&dyn Landscape<A>) -> Result<f64, Interrupted>,
    ) -> Result<f64, Interrupted>;

    /// The size of a batch as a fraction of the whole, in (0, 1].
    fn fraction(&self) -> f64;

    /// Number of steps whose batches together have the size of the whole, ≥ 1.
    fn steps_per_epoch(&self) -> usize;
}

/// Batches of f², from batches of f.
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
