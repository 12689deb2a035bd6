//! The learning rate of each epoch.

use crate::keys::{ChoiceKey, KeyKind, Values};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How the learning rate changes from epoch to epoch. With `e = 0, 1, …` the epochs after the
/// warm-up and η the learning rate:
///
/// | schedule | η(e) | as PyTorch's |
/// |---|---|---|
/// | constant | η | `ConstantLR` with factor 1 |
/// | step | η · factor^⌊e / epochs⌋ | `StepLR(step_size, gamma)` |
/// | cosine | η (1 + cos(π e / E)) / 2 | `CosineAnnealingLR(T_max = E, eta_min = 0)` |
///
/// E is the number of epochs after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ScheduleShape {
    /// The same in all epochs.
    Constant,
    /// Multiplied by `factor` after every `epochs` epochs.
    Step {
        /// Epochs between two changes, ≥ 1.
        epochs: usize,
        /// The factor, > 0.
        factor: f64,
    },
    /// Half a period of a cosine, from η toward 0.
    Cosine,
}

/// A schedule with its warm-up.
///
/// In a warm-up of W epochs, epoch k = 1, …, W has the rate η k / (W + 1), as PyTorch's
/// `LinearLR(start_factor = 1 / (W + 1), total_iters = W)`. The schedule then begins, as in
/// `SequentialLR` with the milestone W.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The shape after the warm-up.
    pub shape: ScheduleShape,
    /// W, epochs of linear warm-up.
    pub warmup: usize,
}

impl Schedule {
    /// The same rate in all epochs.
    pub const CONSTANT: Self = Self { shape: ScheduleShape::Constant, warmup: 0 };

    /// The factor of the learning rate in an epoch, counted from 1, of `epochs`.
    pub fn factor(&self, epoch: u32, epochs: usize) -> f64 {
        let epoch = epoch as usize;
        if epoch <= self.warmup {
            return epoch as f64 / (self.warmup + 1) as f64;
        }
        let after = epoch - self.warmup - 1;
        match self.shape {
            ScheduleShape::Constant => 1.0,
            ScheduleShape::Step { epochs, factor } => factor.powf((after / epochs) as f64),
            ScheduleShape::Cosine => {
                let all = epochs.saturating_sub(self.warmup).max(1) as f64;
                f64::midpoint(1.0, (PI * after as f64 / all).cos())
            }
        }
    }

    /// The schedule from the values of its keys.
    pub fn of(values: &Values) -> Self {
        let shape = match values.word("schedule") {
            "step" => ScheduleShape::Step {
                epochs: values.count("step_epochs"),
                factor: values.positive("step_factor"),
            },
            "cosine" => ScheduleShape::Cosine,
            _ => ScheduleShape::Constant,
        };
        Self { shape, warmup: values.count("warmup") }
    }

    /// A problem with the values of its keys, if there is one.
    pub fn check(values: &Values) -> Option<(&'static str, String)> {
        let (warmup, epochs) = (values.count("warmup"), values.count("epochs"));
        (warmup > 0 && warmup >= epochs)
            .then(|| ("warmup", format!("must be below epochs = {epochs}, is {warmup}")))
    }
}

/// The shape.
pub const SCHEDULE: ChoiceKey = ChoiceKey::new(
    "schedule",
    "how the learning rate changes from epoch to epoch, after the warm-up",
    KeyKind::Word { words: &["constant", "step", "cosine"], default: "constant" },
)
.note(
    "`\"step\"`: by `step_factor` after every `step_epochs` epochs; `\"cosine\"`: toward 0 at the \
     last epoch",
)
.came_later();

/// A key of the schedule `"step"`.
pub const STEP_EPOCHS: ChoiceKey =
    ChoiceKey::count("step_epochs", "epochs between two changes of the learning rate", 30)
        .unit("epochs")
        .note("only with `schedule = \"step\"`")
        .only_with("schedule", "step")
        .came_later();

/// A key of the schedule `"step"`.
pub const STEP_FACTOR: ChoiceKey = ChoiceKey::new(
    "step_factor",
    "factor of the learning rate at each change",
    KeyKind::Positive { default: 0.1 },
)
.note("only with `schedule = \"step\"`")
.only_with("schedule", "step")
.came_later();

/// The warm-up.
pub const WARMUP: ChoiceKey = ChoiceKey::new(
    "warmup",
    "W, epochs of linear warm-up: epoch k ≤ W has k/(W + 1) of the learning rate",
    KeyKind::CountFromZero { default: 0 },
)
.unit("epochs")
.note("the schedule begins after it")
.came_later();

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(shape: ScheduleShape, warmup: usize, epochs: usize) -> Vec<f64> {
        let schedule = Schedule { shape, warmup };
        (1..=epochs as u32).map(|epoch| schedule.factor(epoch, epochs)).collect()
    }

    #[test]
    fn schedules_are_what_their_names_say() {
        assert_eq!(factors(ScheduleShape::Constant, 0, 3), [1.0; 3]);
        let step = ScheduleShape::Step { epochs: 2, factor: 0.5 };
        assert_eq!(factors(step, 0, 5), [1.0, 1.0, 0.5, 0.5, 0.25]);
        let warm = factors(step, 3, 6);
        assert_eq!(warm, [0.25, 0.5, 0.75, 1.0, 1.0, 0.5]);
        let cosine = factors(ScheduleShape::Cosine, 1, 5);
        let half = f64::midpoint(1.0, 0.5_f64.sqrt());
        for (found, expected) in cosine.iter().zip([0.5, 1.0, half, 0.5, 1.0 - half]) {
            assert!((found - expected).abs() < 1e-15, "{cosine:?}");
        }
    }
}
