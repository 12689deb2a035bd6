//! L-BFGS-GSS as an optimizer of `[training]`; the solver is [`Lbfgs`].

use crate::keys::{ChoiceKey, KeyKind, NumberRange, Value, Values};
use crate::landscape::{ImageLandscape, Interrupted};
use crate::optimizer::lbfgs::Lbfgs;
use crate::optimizer::{
    ChosenOptimizer, Cost, LbfgsParameters, OptimizerKind, OptimizerRun, Remedy, TrainingStop,
};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;

/// L-BFGS as a kind of optimizer.
pub static KIND: LbfgsKind = LbfgsKind;

/// The kind `"lbfgs"`.
#[derive(Debug)]
pub struct LbfgsKind;

static KEYS: [ChoiceKey; 5] = [
    ChoiceKey::count("iterations", "maximum number of iterations", 1000)
        .unit("iterations")
        .note("an iteration counts as an epoch, in curves and for ω^train and ω^test"),
    ChoiceKey::count("memory", "steps remembered for the quasi-Newton direction", 10).unit("steps"),
    ChoiceKey::count(
        "line_search_evaluations",
        "maximum number of evaluations of the loss in each line search",
        6,
    )
    .unit("evaluations"),
    // The tolerance is relative to the step. With 1 the first bracket would already be narrow
    // enough.
    ChoiceKey::new(
        "line_search_tolerance",
        "a line search ends when the interval around its minimum is narrower than this times the \
         best step",
        KeyKind::Number { default: 1e-4, range: NumberRange::OpenFraction },
    ),
    ChoiceKey::new(
        "target_loss",
        "a run ends at this training loss; 0: never; once every image is classified correctly, the \
         loss falls toward 0 without end",
        KeyKind::Number { default: 0.0, range: NumberRange::NotNegative },
    )
    .unit("loss"),
];

impl OptimizerKind for LbfgsKind {
    fn name(&self) -> &'static str {
        "lbfgs"
    }

    fn title(&self) -> &'static str {
        "L-BFGS"
    }

    fn documentation(&self) -> &'static str {
        "Limited-memory BFGS on the full batch, with golden section search."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        &KEYS
    }

    fn step(&self) -> &'static str {
        "iteration"
    }

    fn cost(&self, values: &Values) -> Cost {
        let (iterations, memory) = (values.count("iterations"), values.count("memory"));
        // Every iteration adds one pair, and the next pair needs memory, too.
        let pairs = memory.min(iterations) + 1;
        Cost {
            steps: iterations,
            ends_early: true,
            gradients: 1.0,
            trials: values.count("line_search_evaluations") as f64,
            knows_loss: true,
            // θ and two snapshots; gradient, direction, the two vectors of the line, the next θ
            // and gradient; the pairs.
            vectors: 9 + 2 * pairs,
            memory_key: Some("memory"),
            ..Cost::default()
        }
    }

    fn remedy(&self, _: bool) -> Remedy {
        Remedy { raise: true, key: "line_search_evaluations" }
    }

    fn start(
        &self,
        values: &Values,
        theta: Vec<f32>,
        train: &ImageLandscape<'_, f32>,
    ) -> Result<Box<dyn OptimizerRun>, Interrupted> {
        let parameters = LbfgsParameters {
            iterations: values.count("iterations"),
            memory: values.count("memory"),
            line_search_evaluations: values.count("line_search_evaluations"),
            line_search_tolerance: values.number("line_search_tolerance"),
            target_loss: values.number("target_loss"),
        };
        Ok(Box::new(Lbfgs::new(parameters, train, theta)?))
    }

    fn resume(
        &self,
        stored: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<Box<dyn OptimizerRun>, erased_serde::Error> {
        Ok(Box::new(erased_serde::deserialize::<Lbfgs<f32>>(stored)?))
    }
}

impl OptimizerRun for Lbfgs<f32> {
    fn theta(&self) -> &[f32] {
        self.theta()
    }

    fn advance(
        &mut self,
        train: &ImageLandscape<'_, f32>,
        step: u32,
        _: ChaCha8Rng,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        self.iterate(train, step)
    }

    fn loss(&self) -> Option<f64> {
        Some(self.loss())
    }

    fn memory_dropped(&self) -> u32 {
        self.memory_dropped()
    }
}

/// L-BFGS with these parameters.
pub(in crate::optimizer) fn chosen(parameters: &LbfgsParameters) -> ChosenOptimizer {
    ChosenOptimizer::with_defaults(&KIND)
        .with("iterations", Value::Count(parameters.iterations))
        .with("memory", Value::Count(parameters.memory))
        .with("line_search_evaluations", Value::Count(parameters.line_search_evaluations))
        .with("line_search_tolerance", Value::Number(parameters.line_search_tolerance))
        .with("target_loss", Value::Number(parameters.target_loss))
}
