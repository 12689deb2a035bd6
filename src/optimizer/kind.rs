//! The interface of an optimizer.

use super::TrainingStop;
use crate::keys::{ChoiceKey, Values};
use crate::landscape::{ImageLandscape, Interrupted};
use rand_chacha::ChaCha8Rng;
use std::fmt;
use std::ops::ControlFlow;

/// A kind of optimizer: its keys and its solver. It is listed in [`OPTIMIZERS`](super::OPTIMIZERS).
pub trait OptimizerKind: Sync {
    /// As in configurations: `"sgd"`.
    fn name(&self) -> &'static str;

    /// In print: `"SGD"`.
    fn title(&self) -> &'static str;

    /// What it does, in Markdown, for `docs/configuration.md`.
    fn documentation(&self) -> &'static str;

    /// Its keys in `[training.NAME]`.
    fn keys(&self) -> &'static [ChoiceKey];

    /// Requirements that concern several keys: for each that is not met the key to which the
    /// message belongs, and the message.
    fn check(&self, _values: &Values) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The name of a step between two snapshots: `"epoch"` or `"iteration"`.
    fn step(&self) -> &'static str {
        "epoch"
    }

    /// Maximum cost of a training run.
    fn cost(&self, values: &Values) -> Cost;

    /// The remedy for runs that never fell below the loss of their initialization. `unmoved`: the
    /// loss did not change at all.
    fn remedy(&self, unmoved: bool) -> Remedy;

    /// A run that starts at θ₀.
    ///
    /// # Errors
    /// If an evaluation was interrupted.
    fn start(
        &self,
        values: &Values,
        theta: Vec<f32>,
        train: &ImageLandscape<'_, f32>,
    ) -> Result<Box<dyn OptimizerRun>, Interrupted>;

    /// Resumes a stored run.
    ///
    /// # Errors
    /// If it cannot be read.
    fn resume(
        &self,
        stored: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<Box<dyn OptimizerRun>, erased_serde::Error>;
}

impl fmt::Debug for dyn OptimizerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for dyn OptimizerKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// An optimizer between two steps. Its serialization is the whole state.
pub trait OptimizerRun: erased_serde::Serialize {
    /// Current parameters, `(P,)`.
    fn theta(&self) -> &[f32];

    /// The next epoch or iteration, number `step` from 1 on. `order` is the random stream of its
    /// mini-batches, the same for every optimizer. `Break` has the reason why there is no further
    /// step.
    ///
    /// # Errors
    /// If it was interrupted; the state is then unchanged.
    fn advance(
        &mut self,
        train: &ImageLandscape<'_, f32>,
        step: u32,
        order: ChaCha8Rng,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted>;

    /// The training loss at the current parameters, if the optimizer knows it.
    fn loss(&self) -> Option<f64> {
        None
    }

    /// How often L-BFGS dropped its memory for a steepest-descent step.
    fn memory_dropped(&self) -> u32 {
        0
    }
}

erased_serde::serialize_trait_object!(OptimizerRun);

/// What a training run costs at most, for predictions of time and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Epochs or iterations.
    pub steps: usize,
    /// Whether the run may end early.
    pub ends_early: bool,
    /// Passes over the training images with gradients in each step, in full batches.
    pub gradients: f64,
    /// Passes over the training images with gradients in each step, in mini-batches.
    pub batches: f64,
    /// Losses of a line search in each step.
    pub trials: f64,
    /// Whether the optimizer knows the training loss after a step.
    pub knows_loss: bool,
    /// Parameter vectors in memory, the two snapshots included.
    pub vectors: usize,
    /// The key that makes a run smaller, if there is one.
    pub memory_key: Option<&'static str>,
}

/// The remedy for runs that did not improve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Whether to raise the value of the key, or to lower it.
    pub raise: bool,
    /// The key.
    pub key: &'static str,
}
