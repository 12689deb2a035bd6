//! Adam and AdamW on mini-batches.

use crate::kernels::{Real, add_scaled, scale};
use crate::keys::{ChoiceKey, KeyKind, NumberRange, Values};
use crate::landscape::{ImageLandscape, Interrupted};
use crate::optimizer::adam::{AdamMoments, Decay};
use crate::optimizer::schedule::{SCHEDULE, STEP_EPOCHS, STEP_FACTOR, Schedule, WARMUP};
use crate::optimizer::stochastic::{BATCH_SIZE, EPOCHS, Pace, Stochastic, UpdateRule};
use crate::optimizer::{Cost, OptimizerKind, OptimizerRun, Remedy};
use serde::{Deserialize, Serialize};

/// Adam, or `AdamW` with its decoupled weight decay, as kinds of optimizers.
#[derive(Debug)]
pub struct AdamKind {
    name: &'static str,
    title: &'static str,
    documentation: &'static str,
    keys: &'static [ChoiceKey],
    /// Whether the weight decay does not pass through the moments.
    decoupled: bool,
}

/// The kind `"adam"`.
pub static ADAM: AdamKind = AdamKind {
    name: "adam",
    title: "Adam",
    documentation: "Adam on mini-batches, like `torch.optim.Adam`: a weight decay is added to the \
                    gradient.",
    keys: &keys("λ, added to the gradient as λθ", 0.0),
    decoupled: false,
};

/// The kind `"adamw"`.
pub static ADAMW: AdamKind = AdamKind {
    name: "adamw",
    title: "AdamW",
    documentation: "Adam with a weight decay that is applied to the parameters directly, like \
                    `torch.optim.AdamW`.",
    keys: &keys("λ in θ ← (1 − ηλ) θ before each step", 0.01),
    decoupled: true,
};

/// The keys of Adam and `AdamW`, which differ in the weight decay.
const fn keys(weight_decay: &'static str, default: f64) -> [ChoiceKey; 11] {
    [
        ChoiceKey::new(
            "learning_rate",
            "learning rate η, about the change of each parameter in a step",
            KeyKind::Positive { default: 1e-3 },
        ),
        BATCH_SIZE,
        EPOCHS,
        ChoiceKey::new(
            "beta_1",
            "β₁, the decay of the mean of the gradients",
            KeyKind::Number { default: 0.9, range: NumberRange::Fraction },
        ),
        ChoiceKey::new(
            "beta_2",
            "β₂, the decay of the mean of their squares",
            KeyKind::Number { default: 0.999, range: NumberRange::Fraction },
        ),
        ChoiceKey::new(
            "epsilon",
            "ε, added to the root of the mean square",
            KeyKind::Positive { default: 1e-8 },
        ),
        ChoiceKey::new(
            "weight_decay",
            weight_decay,
            KeyKind::Number { default, range: NumberRange::NotNegative },
        )
        .note("reported losses do not include it")
        .came_later(),
        SCHEDULE,
        STEP_EPOCHS,
        STEP_FACTOR,
        WARMUP,
    ]
}

impl OptimizerKind for AdamKind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn documentation(&self) -> &'static str {
        self.documentation
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        self.keys
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
        Ok(Box::new(AdamTraining::new(AdamParameters::of(values, self.decoupled), theta)))
    }

    fn resume(
        &self,
        stored: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<Box<dyn OptimizerRun>, erased_serde::Error> {
        Ok(Box::new(erased_serde::deserialize::<AdamTraining<f32>>(stored)?))
    }
}

/// The parameters of Adam and `AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamParameters {
    /// Learning rate and batches.
    pub pace: Pace,
    /// β₁, β₂ and ε.
    pub decay: Decay,
    /// λ, ≥ 0.
    pub weight_decay: f64,
    /// Whether the weight decay is decoupled from the gradient: `AdamW`.
    pub decoupled: bool,
}

impl AdamParameters {
    fn of(values: &Values, decoupled: bool) -> Self {
        let decay = Decay {
            beta_1: values.number("beta_1"),
            beta_2: values.number("beta_2"),
            epsilon: values.positive("epsilon"),
        };
        let weight_decay = values.number("weight_decay");
        Self { pace: Pace::of(values), decay, weight_decay, decoupled }
    }
}

/// Adam or `AdamW` between two epochs.
pub type AdamTraining<A> = Stochastic<A, AdamRule<A>>;

impl<A: Real> AdamTraining<A> {
    /// Starts at θ₀, both moments 0.
    pub fn new(parameters: AdamParameters, theta: Vec<A>) -> Self {
        let AdamParameters { pace, decay, weight_decay, decoupled } = parameters;
        let moments = AdamMoments::new(theta.len());
        let rule = AdamRule { decay, weight_decay, decoupled, moments };
        Self::with_rule(pace, rule, theta)
    }
}

/// The step of Adam, after a weight decay: ∇ ← ∇ + λθ, or θ ← (1 − ηλ) θ if it is decoupled
/// (I. Loshchilov and F. Hutter, arXiv:1711.05101).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct AdamRule<A> {
    decay: Decay,
    weight_decay: f64,
    decoupled: bool,
    moments: AdamMoments<A>,
}

impl<A: Real> UpdateRule<A> for AdamRule<A> {
    fn step(&mut self, rate: f64, theta: &mut [A], gradient: &mut [A]) {
        if self.weight_decay > 0.0 {
            if self.decoupled {
                scale(A::of(1.0 - rate * self.weight_decay), theta);
            } else {
                add_scaled(A::of(self.weight_decay), theta, gradient);
            }
        }
        self.moments.step(rate, self.decay, theta, gradient);
    }
}
