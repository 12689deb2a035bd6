//! The optimizers that a configuration can name, and one of them with its values.

use super::kinds::{adam, lbfgs, sgd};
use super::state::OptimizerState;
use super::{Cost, LbfgsParameters, OptimizerKind};
use crate::keys::{ChoiceKey, Value, Values};
use crate::landscape::{ImageLandscape, Interrupted};

/// All optimizers, one a line. New ones go to the end, because checkpoints store the position.
pub static OPTIMIZERS: &[&dyn OptimizerKind] =
    &[&sgd::KIND, &lbfgs::KIND, &adam::ADAM, &adam::ADAMW];

/// The kind of this name.
pub fn optimizer_kind(name: &str) -> Option<&'static dyn OptimizerKind> {
    OPTIMIZERS.iter().copied().find(|kind| kind.name() == name)
}

/// An optimizer with a value for each of its keys.
#[derive(Clone, Debug)]
pub struct ChosenOptimizer {
    kind: &'static dyn OptimizerKind,
    values: Values,
}

impl PartialEq for ChosenOptimizer {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl ChosenOptimizer {
    /// The optimizer with the default of every key. Required keys get a value that
    /// [`Values::check`] refuses.
    pub fn with_defaults(kind: &'static dyn OptimizerKind) -> Self {
        Self { kind, values: Values::with_defaults(kind.name(), kind.keys()) }
    }

    /// The same with another value of a key.
    ///
    /// # Panics
    /// If there is no such key, or if it takes values of another kind.
    #[must_use]
    pub fn with(self, key: &str, value: Value) -> Self {
        Self { values: self.values.with(key, value), ..self }
    }

    /// SGD on mini-batches, without momentum.
    pub fn sgd(learning_rate: f64, batch_size: usize, epochs: usize) -> Self {
        Self::with_defaults(&sgd::KIND)
            .with("learning_rate", Value::Positive(learning_rate))
            .with("batch_size", Value::CountOrAll(Some(batch_size)))
            .with("epochs", Value::Count(epochs))
    }

    /// L-BFGS with golden section search.
    pub fn lbfgs(parameters: &LbfgsParameters) -> Self {
        lbfgs::chosen(parameters)
    }

    /// Its kind.
    pub fn kind(&self) -> &'static dyn OptimizerKind {
        self.kind
    }

    /// The keys with their values.
    pub fn values(&self) -> impl Iterator<Item = (&'static ChoiceKey, &Value)> {
        self.values.iter()
    }

    /// The value of a key, if it has one of this name.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// A run that starts at θ₀.
    pub(super) fn start(
        &self,
        theta: Vec<f32>,
        train: &ImageLandscape<'_, f32>,
    ) -> Result<OptimizerState, Interrupted> {
        let run = self.kind.start(&self.values, theta, train)?;
        Ok(OptimizerState::new(self.kind, run))
    }

    /// Requirements that are not met, each with its key.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        self.kind.check(&self.values)
    }

    /// Maximum number of epochs or iterations.
    pub fn epochs(&self) -> usize {
        self.cost().steps
    }

    /// Maximum cost of a training run.
    pub fn cost(&self) -> Cost {
        self.kind.cost(&self.values)
    }

    /// Images of a mini-batch; `None` if every step takes all images.
    pub fn batch_size(&self) -> Option<usize> {
        match self.value("batch_size") {
            Some(Value::CountOrAll(size)) => *size,
            _ => None,
        }
    }

    /// Whether it has a weight decay, which reported losses do not include.
    pub fn decays_weights(&self) -> bool {
        matches!(self.value("weight_decay"), Some(Value::Number(decay)) if *decay > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_tell_optimizers_and_keys_apart() {
        let names: BTreeSet<_> = OPTIMIZERS.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), OPTIMIZERS.len());
        for kind in OPTIMIZERS {
            assert!(super::super::OptimizerName::parse(kind.name()).is_ok());
            let keys: BTreeSet<_> =
                kind.keys().iter().map(|key| key.name).chain(["kind"]).collect();
            assert_eq!(keys.len(), kind.keys().len() + 1, "{kind:?}");
        }
    }

    /// Positions in checkpoints.
    #[test]
    fn the_order_is_that_of_all_versions() {
        let names: Vec<_> = OPTIMIZERS.iter().map(|kind| kind.name()).collect();
        assert_eq!(names[..4], ["sgd", "lbfgs", "adam", "adamw"]);
    }
}
