//! The common part of optimizers that take a step for each mini-batch.

use super::schedule::Schedule;
use super::{Cost, OptimizerRun, Remedy, TrainingStop};
use crate::kernels::Real;
use crate::keys::{ChoiceKey, KeyKind, Values};
use crate::landscape::{ImageLandscape, Interrupted, Landscape};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The update of an optimizer from the gradient of a mini-batch.
pub trait UpdateRule<A>: Clone {
    /// One step of θ with this learning rate. The gradient may be overwritten.
    fn step(&mut self, rate: f64, theta: &mut [A], gradient: &mut [A]);
}

/// Learning rate and batches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// η, > 0.
    pub learning_rate: f64,
    /// How η changes.
    pub schedule: Schedule,
    /// Images a step, ≥ 1; the last batch of an epoch may be smaller. `None`: all images in one
    /// step.
    pub batch_size: Option<usize>,
    /// Passes over the training images, ≥ 1.
    pub epochs: usize,
}

/// An optimizer with this rule between two epochs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real, R: Serialize", deserialize = "A: Real, R: Deserialize<'de>"))]
pub struct Stochastic<A, R> {
    pace: Pace,
    rule: R,
    theta: Vec<A>,
}

impl<A: Real, R: UpdateRule<A>> Stochastic<A, R> {
    /// Starts at θ₀.
    pub fn with_rule(pace: Pace, rule: R, theta: Vec<A>) -> Self {
        Self { pace, rule, theta }
    }

    /// Current parameters, `(P,)`.
    pub fn theta(&self) -> &[A] {
        &self.theta
    }

    /// One pass over all images in an order drawn from `order`, a step for each mini-batch. The
    /// last batch may be smaller. Each epoch has its own random stream, so it can be repeated
    /// without the epochs before it. It ends with [`TrainingStop::Diverged`] if the loss of a
    /// mini-batch is not finite.
    ///
    /// # Errors
    /// If it was interrupted; the state is then unchanged.
    pub fn epoch(
        &mut self,
        landscape: &ImageLandscape<'_, A>,
        epoch: u32,
        mut order: impl Rng,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        let mut indices = Vec::new();
        // The full batch needs no order.
        if self.pace.batch_size.is_some() {
            indices.extend(0..landscape.samples() as u32);
            indices.shuffle(&mut order);
        }
        self.epoch_in_order(landscape, epoch, &indices)
    }

    /// The same with the images in this order. The order is ignored for the full batch.
    ///
    /// # Errors
    /// As for [`Self::epoch`].
    pub fn epoch_in_order(
        &mut self,
        landscape: &ImageLandscape<'_, A>,
        epoch: u32,
        indices: &[u32],
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        let before = (self.rule.clone(), self.theta.clone());
        let passed = self.pass(landscape, epoch, indices);
        if passed.is_err() {
            (self.rule, self.theta) = before;
        }
        passed
    }

    fn pass(
        &mut self,
        landscape: &ImageLandscape<'_, A>,
        epoch: u32,
        indices: &[u32],
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        let Pace { learning_rate, schedule, batch_size, epochs } = self.pace;
        let rate = learning_rate * schedule.factor(epoch, epochs);
        let mut gradient = vec![A::zero(); self.theta.len()];
        let Some(batch_size) = batch_size else {
            let loss = landscape.value_and_gradient(&self.theta, &mut gradient)?;
            return Ok(self.step(epoch, rate, loss, &mut gradient));
        };
        for batch in indices.chunks(batch_size) {
            let loss = landscape.batch_gradient(&self.theta, batch, &mut gradient)?;
            let step = self.step(epoch, rate, loss, &mut gradient);
            if step.is_break() {
                return Ok(step);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn step(
        &mut self,
        epoch: u32,
        rate: f64,
        loss: f64,
        gradient: &mut [A],
    ) -> ControlFlow<TrainingStop> {
        if !loss.is_finite() {
            return ControlFlow::Break(TrainingStop::Diverged { epoch });
        }
        self.rule.step(rate, &mut self.theta, gradient);
        ControlFlow::Continue(())
    }
}

impl<R: UpdateRule<f32> + Serialize> OptimizerRun for Stochastic<f32, R> {
    fn theta(&self) -> &[f32] {
        &self.theta
    }

    fn advance(
        &mut self,
        train: &ImageLandscape<'_, f32>,
        step: u32,
        order: ChaCha8Rng,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        self.epoch(train, step, order)
    }
}

impl Pace {
    /// The pace from the values of its keys.
    pub fn of(values: &Values) -> Self {
        Self {
            learning_rate: values.positive("learning_rate"),
            schedule: Schedule::of(values),
            batch_size: values.optional_count("batch_size"),
            epochs: values.count("epochs"),
        }
    }

    /// The cost of a run whose rule stores this number of vectors.
    pub fn cost(values: &Values, vectors_of_rule: usize) -> Cost {
        let all = values.optional_count("batch_size").is_none();
        Cost {
            steps: values.count("epochs"),
            gradients: f64::from(u8::from(all)),
            batches: f64::from(u8::from(!all)),
            // θ, two snapshots, the gradient, and θ at the start of the epoch, for an interruption.
            vectors: 5 + 2 * vectors_of_rule,
            ..Cost::default()
        }
    }

    /// The remedy for runs that did not improve.
    pub fn remedy(unmoved: bool) -> Remedy {
        Remedy { raise: unmoved, key: "learning_rate" }
    }
}

/// The mini-batches.
pub const BATCH_SIZE: ChoiceKey =
    ChoiceKey::new("batch_size", "images of a mini-batch", KeyKind::BatchSize { default: 64 })
        .unit("images")
        .note("`\"all\"`: full-batch gradient descent, one step an epoch");

/// The length of a run.
pub const EPOCHS: ChoiceKey = ChoiceKey::new(
    "epochs",
    "passes over the training images",
    KeyKind::RequiredCount { example: "100" },
)
.unit("epochs");
