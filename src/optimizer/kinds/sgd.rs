//! Stochastic gradient descent, plain or with momentum.

use crate::kernels::{Real, add_scaled, scale, without_subnormals};
use crate::keys::{ChoiceKey, KeyKind, NumberRange, Values};
use crate::landscape::{ImageLandscape, Interrupted};
use crate::optimizer::schedule::{SCHEDULE, STEP_EPOCHS, STEP_FACTOR, Schedule, WARMUP};
use crate::optimizer::stochastic::{BATCH_SIZE, EPOCHS, Pace, Stochastic, UpdateRule};
use crate::optimizer::{Cost, OptimizerKind, OptimizerRun, Remedy};
use serde::{Deserialize, Deserializer, Serialize};

/// SGD as a kind of optimizer.
pub static KIND: SgdKind = SgdKind;

/// The kind `"sgd"`.
#[derive(Debug)]
pub struct SgdKind;

// Learning rate and epochs were not published, so there is no basis for a default.
static KEYS: [ChoiceKey; 10] = [
    ChoiceKey::new(
        "learning_rate",
        "η in θ ← θ − η∇, with ∇ the gradient; try a few values with one initialization",
        KeyKind::RequiredPositive { example: "0.1" },
    ),
    BATCH_SIZE,
    EPOCHS,
    ChoiceKey::new(
        "momentum",
        "μ in v ← μv + ∇ and θ ← θ − ηv; 0: no momentum",
        KeyKind::Number { default: 0.0, range: NumberRange::Fraction },
    )
    .came_later(),
    ChoiceKey::new(
        "nesterov",
        "whether the momentum is Nesterov's: θ ← θ − η(∇ + μv)",
        KeyKind::Flag { default: false },
    )
    .came_later(),
    ChoiceKey::new(
        "weight_decay",
        "λ, added to the gradient as λθ",
        KeyKind::Number { default: 0.0, range: NumberRange::NotNegative },
    )
    .note("reported losses do not include it")
    .came_later(),
    SCHEDULE,
    STEP_EPOCHS,
    STEP_FACTOR,
    WARMUP,
];

impl OptimizerKind for SgdKind {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn title(&self) -> &'static str {
        "SGD"
    }

    fn documentation(&self) -> &'static str {
        "Stochastic gradient descent on mini-batches, as `torch.optim.SGD` with `dampening = 0`. \
         The paper states\nneither learning rate nor epochs, so they have no defaults; \
         `configs/paper-*.toml` explain how their values were chosen."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        &KEYS
    }

    fn check(&self, values: &Values) -> Vec<(&'static str, String)> {
        let without = values.flag("nesterov") && values.number("momentum") <= 0.0;
        let nesterov = without.then(|| ("nesterov", "needs momentum above 0".to_owned()));
        nesterov.into_iter().chain(Schedule::check(values)).collect()
    }

    fn cost(&self, values: &Values) -> Cost {
        Pace::cost(values, usize::from(values.number("momentum") > 0.0))
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
        Ok(Box::new(Sgd::new(SgdParameters::of(values), theta)))
    }

    fn resume(
        &self,
        stored: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<Box<dyn OptimizerRun>, erased_serde::Error> {
        Ok(Box::new(erased_serde::deserialize::<Sgd<f32>>(stored)?))
    }
}

/// The parameters of SGD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdParameters {
    /// Learning rate and batches.
    pub pace: Pace,
    /// μ, 0 ≤ μ < 1.
    pub momentum: f64,
    /// Whether the momentum is Nesterov's.
    pub nesterov: bool,
    /// λ, ≥ 0.
    pub weight_decay: f64,
}

impl SgdParameters {
    /// Without momentum, weight decay and schedule.
    pub fn plain(learning_rate: f64, batch_size: usize, epochs: usize) -> Self {
        let (schedule, batch_size) = (Schedule::CONSTANT, Some(batch_size));
        let pace = Pace { learning_rate, schedule, batch_size, epochs };
        Self { pace, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    fn of(values: &Values) -> Self {
        Self {
            pace: Pace::of(values),
            momentum: values.number("momentum"),
            nesterov: values.flag("nesterov"),
            weight_decay: values.number("weight_decay"),
        }
    }
}

/// SGD between two epochs.
pub type Sgd<A> = Stochastic<A, SgdRule<A>>;

impl<A: Real> Sgd<A> {
    /// Starts at θ₀, with v = 0.
    pub fn new(parameters: SgdParameters, theta: Vec<A>) -> Self {
        let SgdParameters { pace, momentum, nesterov, weight_decay } = parameters;
        let length = if momentum > 0.0 { theta.len() } else { 0 };
        let velocity = vec![A::zero(); length];
        let rule = SgdRule { momentum, nesterov, weight_decay, velocity };
        Self::with_rule(pace, rule, theta)
    }
}

/// θ ← θ − η v, with v ← μ v + ∇.
///
/// PyTorch sets v to the gradient in the first step, which is the same as starting from v = 0.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct SgdRule<A> {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    /// `(P,)`; empty without momentum.
    velocity: Vec<A>,
}

impl<A: Real> UpdateRule<A> for SgdRule<A> {
    fn step(&mut self, rate: f64, theta: &mut [A], gradient: &mut [A]) {
        let (rate, momentum) = (A::of(rate), A::of(self.momentum));
        if self.weight_decay > 0.0 {
            add_scaled(A::of(self.weight_decay), theta, gradient);
        }
        if self.velocity.is_empty() {
            add_scaled(-rate, gradient, theta);
            return;
        }
        let velocity = &mut self.velocity;
        // The velocity of a parameter without gradient decays forever.
        without_subnormals(|| {
            scale(momentum, velocity);
            add_scaled(A::one(), gradient, velocity);
            if self.nesterov {
                add_scaled(momentum, velocity, gradient);
                add_scaled(-rate, gradient, theta);
            } else {
                add_scaled(-rate, velocity, theta);
            }
        });
    }
}

/// Resumes a run that version 0.1.0 suspended.
pub(in crate::optimizer) fn resume_first<'de, D: Deserializer<'de>>(
    stored: D,
) -> Result<Box<dyn OptimizerRun>, D::Error> {
    /// Learning rate, batch size, epochs; θ.
    type First = ((f64, usize, usize), Vec<f32>);
    let ((learning_rate, batch_size, epochs), theta) = First::deserialize(stored)?;
    Ok(Box::new(Sgd::new(SgdParameters::plain(learning_rate, batch_size, epochs), theta)))
}
