//! The speed of this machine.

use super::Work;
use crate::landscape::{ImageLandscape, Interrupted, Landscape};
use crate::path::{PathParameters, equally_spaced};
use crate::random::MasterSeed;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Trials of the timed line search, the published number.
const TRIALS: usize = 6;

/// Maximum number of points of the timed path, the published number.
pub const MEASURED_POINTS: usize = 51;

/// Seconds for one image (for paths: one image at one point), by kind of evaluation, on one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Loss, in a full batch.
    pub loss: f64,
    /// Loss in a trial of a line search, with its part of the shared work.
    pub trial: f64,
    /// Loss and gradient, in a full batch.
    pub gradient: f64,
    /// Loss and gradient in a mini-batch.
    pub batch: f64,
    /// Loss along a path.
    pub path_loss: f64,
    /// Loss and gradient along a path.
    pub path_gradient: f64,
}

impl Speed {
    /// Times each kind of evaluation on the few hundred images of `landscape`, for about a tenth of
    /// a second. The best of several calls counts, because other programs can only slow a call
    /// down. Mini-batches have `batch` images. Paths have the curve of `paths` and up to
    /// [`MEASURED_POINTS`] of its points. The vectors are drawn like initializations.
    ///
    /// # Panics
    /// If `paths` has fewer than two points.
    pub fn measure(
        landscape: &ImageLandscape<f32>,
        batch: usize,
        paths: &PathParameters,
        seed: MasterSeed,
    ) -> Self {
        let layout = landscape.network().layout();
        let mut generator = seed.stream("speed", &[]);
        let mut drawn = || layout.initialize::<f32>(&mut generator);
        let mut curve = paths.method.straight([&drawn()[..], &drawn()]);
        curve
            .free_mut()
            .chunks_mut(layout.parameters())
            .for_each(|row| row.copy_from_slice(&drawn()[..row.len()]));
        // More points cost the same per point.
        let points = paths.points.min(MEASURED_POINTS);
        let grid = curve.grid(&equally_spaced(points));
        let mut gradient = vec![0.0; curve.free().len()];
        let point = (landscape.samples() * points) as f64;
        Self {
            path_loss: seconds(PATIENCE, || landscape.values_at(&curve.points(&grid))) / point,
            path_gradient: seconds(PATIENCE, || curve.pull_back(landscape, &grid, &mut gradient))
                / point,
            ..Self::within(PATIENCE, landscape, batch, seed)
        }
    }

    /// Like [`Self::measure`] for the evaluations of training, faster and less accurate: enough to
    /// compare the work of the optimizers. The times along paths are 0.
    pub fn of_training(landscape: &ImageLandscape<f32>, batch: usize, seed: MasterSeed) -> Self {
        Self::within(Duration::from_millis(10), landscape, batch, seed)
    }

    /// Times the evaluations of training, each kind for `patience`.
    fn within(
        patience: Duration,
        landscape: &ImageLandscape<f32>,
        batch: usize,
        seed: MasterSeed,
    ) -> Self {
        let layout = landscape.network().layout();
        let theta = layout.initialize::<f32>(&mut seed.stream("speed", &[]));
        let mut gradient = vec![0.0; layout.parameters()];
        let indices: Vec<u32> = (0..batch.min(landscape.samples()) as u32).collect();
        let image = landscape.samples() as f64;
        Self {
            loss: seconds(patience, || landscape.value(&theta)) / image,
            trial: seconds(patience, || search(landscape, &theta)) / (TRIALS as f64 * image),
            gradient: seconds(patience, || landscape.value_and_gradient(&theta, &mut gradient))
                / image,
            batch: seconds(patience, || landscape.batch_gradient(&theta, &indices, &mut gradient))
                / indices.len() as f64,
            path_loss: 0.0,
            path_gradient: 0.0,
        }
    }

    /// Bytes of the vectors that [`Self::measure`] works on.
    pub fn bytes(paths: &PathParameters, dimension: usize) -> f64 {
        (4.0 + 2.0 * paths.method.free() as f64) * dimension as f64 * size_of::<f32>() as f64
    }

    /// How long this takes on one core.
    pub fn seconds(&self, work: &Work) -> f64 {
        let Work { losses, trials, gradients, batches, path_losses, path_gradients } = *work;
        losses * self.loss
            + trials * self.trial
            + gradients * self.gradient
            + batches * self.batch
            + path_losses * self.path_loss
            + path_gradients * self.path_gradient
    }
}

/// The losses of a line search.
fn search(landscape: &ImageLandscape<f32>, theta: &[f32]) -> Result<f64, Interrupted> {
    let mut line = landscape.line(theta, theta)?;
    (1..=TRIALS).map(|trial| line.value(-0.01 * trial as f64)).sum()
}

/// Time spent on each kind of evaluation.
const PATIENCE: Duration = Duration::from_millis(100);

/// Seconds of one call, the best of several after a first one that fills the buffers.
fn seconds<T>(patience: Duration, mut call: impl FnMut() -> T) -> f64 {
    black_box(call());
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed() < patience {
        let start = Instant::now();
        black_box(call());
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}
