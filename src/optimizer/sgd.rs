//! Plain stochastic gradient descent on mini-batches.

use super::{SgdParameters, TrainingStop};
use crate::kernels::{Real, add_scaled};
use crate::landscape::{ImageLandscape, Interrupted};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// SGD between two epochs.
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

    /// One pass over all images in an order drawn from `order`: θ ← θ − η ∇ for each mini-batch.
    /// The last batch may be smaller. Each epoch has its own random stream, so it can be repeated
    /// without the epochs before it. It ends with [`TrainingStop::Diverged`] if the loss of a
    /// mini-batch is not finite.
    ///
    /// # Errors
    /// If it was interrupted; θ is then unchanged.
    pub fn epoch(
        &mut self,
        landscape: &ImageLandscape<A>,
        epoch: u32,
        order: impl Rng,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        let before = self.theta.clone();
        let passed = self.pass(landscape, epoch, order);
        if passed.is_err() {
            self.theta = before;
        }
        passed
    }

    fn pass(
        &mut self,
        landscape: &ImageLandscape<A>,
        epoch: u32,
        mut order: impl Rng,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        let mut indices: Vec<u32> = (0..landscape.samples() as u32).collect();
        indices.shuffle(&mut order);
        let mut gradient = vec![A::zero(); self.theta.len()];
        let rate = A::of(self.parameters.learning_rate);
        for batch in indices.chunks(self.parameters.batch_size) {
            let loss = landscape.batch_gradient(&self.theta, batch, &mut gradient)?;
            if !loss.is_finite() {
                return Ok(ControlFlow::Break(TrainingStop::Diverged { epoch }));
            }
            add_scaled(-rate, &gradient, &mut self.theta);
        }
        Ok(ControlFlow::Continue(()))
    }
}
