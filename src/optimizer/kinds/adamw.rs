//! AdamW: Adam with decoupled weight decay.

use super::adam::{self, AdamParameters, AdamTraining};
use crate::keys::{ChoiceKey, KeyKind, NumberRange, Values};
use crate::landscape::{ImageLandscape, Interrupted};
use crate::optimizer::schedule::Schedule;
use crate::optimizer::stochastic::Pace;
use crate::optimizer::{Cost, OptimizerKind, OptimizerRun, Remedy};

/// AdamW as configurations know it.
pub static KIND: AdamWKind = AdamWKind;

/// The kind `"adamw"`.
#[derive(Debug)]
pub struct AdamWKind;

static KEYS: [ChoiceKey; 11] = adam::keys(
    ChoiceKey::new(
        "weight_decay",
        "λ in θ ← (1 − ηλ) θ before each step",
        KeyKind::Number { default: 0.01, range: NumberRange::NotNegative },
    )
    .note("reported losses do not include it")
    .came_later(),
);

impl OptimizerKind for AdamWKind {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn title(&self) -> &'static str {
        "AdamW"
    }

    fn documentation(&self) -> &'static str {
        "Adam with a weight decay that does not pass through the moments, as `torch.optim.AdamW`."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        &KEYS
    }

    fn check(&self, values: &Values) -> Vec<(&'static str, String)> {
        Schedule::check(values).into_iter().collect()
    }

    fn cost(&self, values: &Values) -> Cost {
        Pace::cost(values, 2)
    }

    fn remedy(&self, unmoved: bool) -> Remedy {
        Pace::remedy(unmoved)
    }

    fn start(
        &self,
        values: &Values,
        theta: Vec<f32>,
        _: &ImageLandscape<'_, f32>,
    ) -> Result<Box<dyn OptimizerRun>, Interrupted> {
        Ok(Box::new(AdamTraining::new(AdamParameters::of(values, true), theta)))
    }

    fn resume(
        &self,
        stored: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<Box<dyn OptimizerRun>, erased_serde::Error> {
        Ok(Box::new(erased_serde::deserialize::<AdamTraining<f32>>(stored)?))
    }
}
