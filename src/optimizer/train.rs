//! One training run from θ₀ to its two snapshots.

use super::lbfgs::Lbfgs;
use super::sgd::Sgd;
use super::{LbfgsParameters, SgdParameters, Snapshot, StopReason, TrainingRun};
use crate::landscape::{ImageLandscape, Landscape};
use crate::random::MasterSeed;

/// A method with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Training {
    /// Stochastic gradient descent.
    Sgd(SgdParameters),
    /// L-BFGS with golden section search.
    Lbfgs(LbfgsParameters),
}

impl Training {
    /// Epochs or iterations at most.
    pub fn epochs(&self) -> usize {
        match self {
            Self::Sgd(parameters) => parameters.epochs,
            Self::Lbfgs(parameters) => parameters.iterations,
        }
    }
}

/// What the run is told after each epoch: how far it is, in [0, 1], and its training loss. It goes
/// on while the answer is `true`.
pub type Watch<'a> = dyn FnMut(f64, f64) -> bool + 'a;

/// Trains `initialization` on `train` and keeps the snapshots of lowest training and lowest test loss.
///
/// Both methods start from the same θ₀, drawn from the network's default initialization. After every
/// epoch both losses are taken over all images. Nothing is returned when `watch` stopped the run.
pub fn train(
    training: &Training,
    seed: MasterSeed,
    initialization: u32,
    train: &ImageLandscape<f32>,
    test: &ImageLandscape<f32>,
    watch: &mut Watch,
) -> Option<TrainingRun> {
    let theta = train.network().layout().initialize(&mut seed.stream("initialization", &[initialization.into()]));
    let mut state = State::new(training, seed, initialization, train, theta);
    let mut record = Record::new(state.theta(), state.loss(train), test.value(state.theta()));
    let mut stop = record.diverged();
    for epoch in 1..=training.epochs() as u32 {
        if stop.is_some() {
            break;
        }
        stop = state.epoch(train, epoch).err();
        if stop.is_none() {
            record.push(epoch, state.theta(), state.loss(train), test.value(state.theta()));
            stop = record.diverged();
            if !watch(f64::from(epoch) / training.epochs() as f64, *record.curve_train.last()?) {
                return None;
            }
        }
    }
    let stop = stop.unwrap_or_else(|| record.completed());
    Some(record.finish(train, test, stop, state.memory_dropped()))
}

enum State {
    Sgd(Sgd<f32>),
    Lbfgs(Box<Lbfgs<f32>>),
}

impl State {
    fn new(training: &Training, seed: MasterSeed, initialization: u32, train: &ImageLandscape<f32>, theta: Vec<f32>) -> Self {
        match training {
            Training::Sgd(parameters) => Self::Sgd(Sgd::new(parameters.clone(), seed, initialization, theta)),
            Training::Lbfgs(parameters) => Self::Lbfgs(Box::new(Lbfgs::new(parameters.clone(), train, theta))),
        }
    }

    fn epoch(&mut self, train: &ImageLandscape<f32>, epoch: u32) -> Result<(), StopReason> {
        match self {
            Self::Sgd(sgd) => sgd.epoch(train, epoch),
            Self::Lbfgs(lbfgs) => lbfgs.iterate(train, epoch),
        }
    }

    fn theta(&self) -> &[f32] {
        match self {
            Self::Sgd(sgd) => sgd.theta(),
            Self::Lbfgs(lbfgs) => lbfgs.theta(),
        }
    }

    /// Loss over all training images at the current parameters.
    fn loss(&self, train: &ImageLandscape<f32>) -> f64 {
        match self {
            Self::Sgd(sgd) => train.value(sgd.theta()),
            Self::Lbfgs(lbfgs) => lbfgs.loss(),
        }
    }

    fn memory_dropped(&self) -> u32 {
        match self {
            Self::Sgd(_) => 0,
            Self::Lbfgs(lbfgs) => lbfgs.memory_dropped(),
        }
    }
}

/// Curves and best snapshots so far.
struct Record {
    curve_train: Vec<f64>,
    curve_test: Vec<f64>,
    best_train: (u32, Vec<f32>),
    best_test: (u32, Vec<f32>),
}

impl Record {
    fn new(theta: &[f32], loss_train: f64, loss_test: f64) -> Self {
        let best = || (0, theta.to_vec());
        Self { curve_train: vec![loss_train], curve_test: vec![loss_test], best_train: best(), best_test: best() }
    }

    fn push(&mut self, epoch: u32, theta: &[f32], loss_train: f64, loss_test: f64) {
        for (curve, best, loss) in
            [(&mut self.curve_train, &mut self.best_train, loss_train), (&mut self.curve_test, &mut self.best_test, loss_test)]
        {
            if loss < curve[best.0 as usize] {
                best.0 = epoch;
                best.1.copy_from_slice(theta);
            }
            curve.push(loss);
        }
    }

    /// Whether the last recorded loss is not finite.
    fn diverged(&self) -> Option<StopReason> {
        let finite = |curve: &[f64]| curve.last().is_some_and(|loss| loss.is_finite());
        let epoch = self.curve_train.len() as u32 - 1;
        (!finite(&self.curve_train) || !finite(&self.curve_test)).then_some(StopReason::Diverged { epoch })
    }

    /// How a run that took all its epochs ended: a loss that only rose, and by far, may stay finite for
    /// long, but where it leads is no solution.
    fn completed(&self) -> StopReason {
        const FAR: f64 = 10.0;
        let risen = self.curve_train.last().is_some_and(|&last| last > FAR * self.curve_train[0]);
        if risen && self.best_train.0 == 0 { StopReason::NoProgress } else { StopReason::Completed }
    }

    fn finish(
        self,
        train: &ImageLandscape<f32>,
        test: &ImageLandscape<f32>,
        stop: StopReason,
        memory_dropped: u32,
    ) -> TrainingRun {
        let snapshot = |(epoch, theta): (u32, Vec<f32>)| {
            let (loss_train, accuracy_train) = train.loss_and_accuracy(&theta);
            let (loss_test, accuracy_test) = test.loss_and_accuracy(&theta);
            Snapshot { epoch, theta, loss_train, loss_test, accuracy_train, accuracy_test }
        };
        TrainingRun {
            train: snapshot(self.best_train),
            test: snapshot(self.best_test),
            curve_train: self.curve_train,
            curve_test: self.curve_test,
            memory_dropped,
            stop,
        }
    }
}
