//! Plain stochastic gradient descent on mini-batches.

use super::{SgdParameters, StopReason};
use crate::landscape::ImageLandscape;
use crate::random::MasterSeed;
use crate::real::Real;
use rand::seq::SliceRandom;

/// The state between two epochs.
#[derive(Clone, Debug)]
pub struct Sgd<A> {
    parameters: SgdParameters,
    seed: MasterSeed,
    initialization: u32,
    theta: Vec<A>,
    gradient: Vec<A>,
}

impl<A: Real> Sgd<A> {
    /// Starts at θ₀. The order of the images in each epoch is drawn from a stream of its own, named
    /// by initialization and epoch: an epoch can be repeated without those before it.
    pub fn new(parameters: SgdParameters, seed: MasterSeed, initialization: u32, theta: Vec<A>) -> Self {
        let gradient = vec![A::zero(); theta.len()];
        Self { parameters, seed, initialization, theta, gradient }
    }

    /// Current parameters, `(P,)`.
    pub fn theta(&self) -> &[A] {
        &self.theta
    }

    /// One pass over all images in random order: θ ← θ − η ∇ for each mini-batch. The last batch
    /// holds what is left.
    ///
    /// # Errors
    /// [`StopReason::Diverged`] when the loss of a mini-batch is not finite.
    pub fn epoch(&mut self, landscape: &ImageLandscape<A>, epoch: u32) -> Result<(), StopReason> {
        let mut order: Vec<u32> = (0..landscape.samples() as u32).collect();
        order.shuffle(&mut self.seed.stream("mini-batches", &[self.initialization.into(), epoch.into()]));
        let rate = A::of(self.parameters.learning_rate);
        for batch in order.chunks(self.parameters.batch_size) {
            let loss = landscape.batch_gradient(&self.theta, batch, &mut self.gradient);
            if !loss.is_finite() {
                return Err(StopReason::Diverged { epoch });
            }
            self.theta.iter_mut().zip(&self.gradient).for_each(|(theta, &g)| *theta -= rate * g);
        }
        Ok(())
    }
}
