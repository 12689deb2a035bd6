//! Plain stochastic gradient descent on mini-batches.

use super::{SgdParameters, StopReason};
use crate::landscape::{ImageLandscape, Landscape};
use crate::real::{Real, add_scaled};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// The state between two epochs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct Sgd<A> {
    parameters: SgdParameters,
    theta: Vec<A>,
}

impl<A: Real> Sgd<A> {
    /// Starts at θ₀.
    pub fn new(parameters: SgdParameters, theta: Vec<A>) -> Self {
        Self { parameters, theta }
    }

    /// Current parameters, `(P,)`.
    pub fn theta(&self) -> &[A] {
        &self.theta
    }

    /// One pass over all images in an order drawn from `order`: θ ← θ − η ∇ for each mini-batch. The last
    /// batch holds what is left. A stream of its own for each epoch lets an epoch be repeated without
    /// those before it. Where the landscape is [interrupted](Landscape::interrupted) θ stays as it was.
    ///
    /// # Errors
    /// [`StopReason::Diverged`] when the loss of a mini-batch is not finite.
    pub fn epoch(&mut self, landscape: &ImageLandscape<A>, epoch: u32, mut order: impl Rng) -> Result<(), StopReason> {
        let mut indices: Vec<u32> = (0..landscape.samples() as u32).collect();
        indices.shuffle(&mut order);
        let before = self.theta.clone();
        let mut gradient = vec![A::zero(); before.len()];
        let rate = A::of(self.parameters.learning_rate);
        for batch in indices.chunks(self.parameters.batch_size) {
            let loss = landscape.batch_gradient(&self.theta, batch, &mut gradient);
            if landscape.interrupted() {
                self.theta = before;
                return Ok(());
            }
            if !loss.is_finite() {
                return Err(StopReason::Diverged { epoch });
            }
            add_scaled(-rate, &gradient, &mut self.theta);
        }
        Ok(())
    }
}
