//! One training run from θ₀ to its two snapshots.

use super::state::OptimizerState;
use super::{ChosenOptimizer, Snapshot, TrainingRun, TrainingStop};
use crate::landscape::{ImageLandscape, Interrupted, Landscape};
use crate::network::Tensor;
use crate::network::layout::initialize;
use crate::random::MasterSeed;
use crate::solver::{Solver, SolverStep, Watch, complete};
use serde::{Deserialize, Serialize};

/// Trains `initialization` on `train` and keeps the snapshots of lowest training and lowest test
/// loss.
///
/// All optimizers start from the same θ₀, which is drawn from the default initialization of the
/// network. After every epoch both losses are computed over all images. `None` if `watch` stopped
/// the run.
pub fn train<'d>(
    training: &ChosenOptimizer,
    seed: MasterSeed,
    initialization: u32,
    train: &ImageLandscape<'d, f32>,
    test: &ImageLandscape<'d, f32>,
    watch: &mut Watch,
) -> Option<TrainingRun> {
    complete(Trainer { training, seed, initialization, train, test, state: None }, watch)
}

/// The solver of a training run. Its steps are: an epoch; the losses after it; at the end the
/// accuracies.
pub struct Trainer<'a, 'd> {
    /// The optimizer with its parameters.
    pub training: &'a ChosenOptimizer,
    /// The seed of the initialization and of the order of the images.
    pub seed: MasterSeed,
    /// Number of the initialization.
    pub initialization: u32,
    /// The training loss, which is minimized.
    pub train: &'a ImageLandscape<'d, f32>,
    /// The test loss.
    pub test: &'a ImageLandscape<'d, f32>,
    /// The state of the run; `None` before its first step.
    pub state: Option<TrainingState>,
}

/// The checkpoint of a training run between two steps.
#[derive(Debug, Serialize, Deserialize)]
pub struct TrainingState {
    optimizer: OptimizerState,
    record: LossRecord,
    /// Epochs that the optimizer has done. The losses after the last one may not be recorded yet.
    epoch: u32,
    stop: Option<TrainingStop>,
    /// ω^train with its accuracies, once the run has ended.
    snapshot: Option<Snapshot>,
}

/// The point of a training run after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visited<'s> {
    /// Epochs, or iterations of L-BFGS, done; 0 at the initialization.
    pub epoch: u32,
    /// `(P,)` the parameters.
    pub theta: &'s [f32],
    /// Mean loss over all training images.
    pub loss_train: f64,
    /// Mean loss over all test images.
    pub loss_test: f64,
}

impl TrainingState {
    /// The current point of the run. `None` within an epoch, before its losses are known.
    pub fn visited(&self) -> Option<Visited<'_>> {
        let LossRecord { curve_train, curve_test, .. } = &self.record;
        // The curves begin with the initialization.
        let recorded = curve_train.len() == self.epoch as usize + 1;
        let (loss_train, loss_test) = (*curve_train.last()?, *curve_test.last()?);
        let theta = self.optimizer.run.theta();
        recorded.then_some(Visited { epoch: self.epoch, theta, loss_train, loss_test })
    }
}

impl Solver for Trainer<'_, '_> {
    type Output = TrainingRun;

    fn step(&mut self) -> Result<SolverStep<TrainingRun>, Interrupted> {
        let Some(mut state) = self.state.take() else {
            self.state = Some(self.begin()?);
            return Ok(SolverStep::Continue);
        };
        let step = if state.stop.is_none() {
            self.train_on(&mut state)
        } else {
            self.take_snapshot(&mut state)
        };
        self.state = Some(state);
        step
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        self.state.as_ref()
    }

    fn progress(&self) -> (f64, f64) {
        let Some(state) = &self.state else { return (0.0, f64::NAN) };
        let loss = state.record.curve_train.last().copied().unwrap_or(f64::NAN);
        (f64::from(state.epoch) / self.training.epochs() as f64, loss)
    }
}

/// θ₀, `(P,)`: the start of every run with this number, for all optimizers.
pub fn initial(seed: MasterSeed, number: u32, tensors: &[Tensor]) -> Vec<f32> {
    initialize(tensors, &mut seed.stream("initialization", &[number.into()]))
}

impl Trainer<'_, '_> {
    /// The initialization, with its losses.
    fn begin(&self) -> Result<TrainingState, Interrupted> {
        let theta =
            initial(self.seed, self.initialization, self.train.network().layout().tensors());
        let optimizer = self.training.start(theta, self.train)?;
        let losses = self.losses(&optimizer)?;
        let record = LossRecord::new(optimizer.run.theta(), losses.0, losses.1);
        let stop = record.diverged();
        Ok(TrainingState { optimizer, record, epoch: 0, stop, snapshot: None })
    }

    /// Losses over all training and all test images.
    fn losses(&self, optimizer: &OptimizerState) -> Result<(f64, f64), Interrupted> {
        let theta = optimizer.run.theta();
        let known = optimizer.run.loss().map(Ok);
        Ok((known.unwrap_or_else(|| self.train.value(theta))?, self.test.value(theta)?))
    }

    /// Computes the losses after an epoch if they are missing, otherwise runs the next epoch.
    fn train_on(&self, state: &mut TrainingState) -> Result<SolverStep<TrainingRun>, Interrupted> {
        let TrainingState { optimizer, record, epoch, stop, .. } = state;
        if record.epochs() < *epoch {
            let losses = self.losses(optimizer)?;
            record.push(*epoch, optimizer.run.theta(), losses.0, losses.1);
            *stop = record.diverged();
        } else if *epoch as usize == self.training.epochs() {
            *stop = Some(record.completed());
        } else {
            let step = *epoch + 1;
            let order =
                self.seed.stream("mini-batches", &[self.initialization.into(), step.into()]);
            let end = optimizer.run.advance(self.train, step, order)?;
            *stop = end.break_value();
            *epoch += u32::from(stop.is_none());
        }
        Ok(SolverStep::Continue)
    }

    /// Computes the accuracies at ω^train, then those at ω^test, which ends the run.
    fn take_snapshot(
        &self,
        state: &mut TrainingState,
    ) -> Result<SolverStep<TrainingRun>, Interrupted> {
        let record = &mut state.record;
        let (epoch, theta) =
            if state.snapshot.is_none() { &record.best_train } else { &record.best_test };
        let (loss_train, accuracy_train) = self.train.loss_and_accuracy(theta)?;
        let (loss_test, accuracy_test) = self.test.loss_and_accuracy(theta)?;
        let (epoch, theta) = (*epoch, theta.clone());
        let snapshot =
            Snapshot { epoch, theta, loss_train, loss_test, accuracy_train, accuracy_test };
        let Some(train) = state.snapshot.take() else {
            state.snapshot = Some(snapshot);
            return Ok(SolverStep::Continue);
        };
        Ok(SolverStep::Finished(TrainingRun {
            train,
            test: snapshot,
            curve_train: std::mem::take(&mut record.curve_train),
            curve_test: std::mem::take(&mut record.curve_test),
            memory_dropped: state.optimizer.run.memory_dropped(),
            stop: state.stop.clone().expect("snapshots are taken after the run has ended"),
        }))
    }
}

/// Loss curves and best snapshots so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LossRecord {
    curve_train: Vec<f64>,
    curve_test: Vec<f64>,
    best_train: (u32, Vec<f32>),
    best_test: (u32, Vec<f32>),
}

impl LossRecord {
    fn new(theta: &[f32], loss_train: f64, loss_test: f64) -> Self {
        let best = || (0, theta.to_vec());
        Self {
            curve_train: vec![loss_train],
            curve_test: vec![loss_test],
            best_train: best(),
            best_test: best(),
        }
    }

    /// Epochs recorded, the initialization not counted.
    fn epochs(&self) -> u32 {
        self.curve_train.len() as u32 - 1
    }

    fn push(&mut self, epoch: u32, theta: &[f32], loss_train: f64, loss_test: f64) {
        for (curve, best, loss) in [
            (&mut self.curve_train, &mut self.best_train, loss_train),
            (&mut self.curve_test, &mut self.best_test, loss_test),
        ] {
            if loss < curve[best.0 as usize] {
                best.0 = epoch;
                best.1.copy_from_slice(theta);
            }
            curve.push(loss);
        }
    }

    /// The reason to stop if the last recorded loss is not finite.
    fn diverged(&self) -> Option<TrainingStop> {
        let finite = |curve: &[f64]| curve.last().is_some_and(|loss| loss.is_finite());
        (!finite(&self.curve_train) || !finite(&self.curve_test))
            .then_some(TrainingStop::Diverged { epoch: self.epochs() })
    }

    /// The reason to stop after all epochs. A loss that only rises, by a large factor, may stay
    /// finite, but such a run has no solution.
    fn completed(&self) -> TrainingStop {
        const FAR: f64 = 10.0;
        let risen = self.curve_train.last().is_some_and(|&last| last > FAR * self.curve_train[0]);
        if risen && self.best_train.0 == 0 {
            TrainingStop::NoProgress
        } else {
            TrainingStop::Completed
        }
    }
}
