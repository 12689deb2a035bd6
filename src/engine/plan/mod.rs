//! Predictions of work, time and memory of tasks.

mod forecast;
mod later;
mod measured;
pub mod memory;
mod speed;

pub use forecast::{Forecast, Planned, makespan};
pub use later::LaterWork;
pub use measured::{Measured, duration};
pub use speed::{MEASURED_POINTS, Speed};

use crate::optimizer::Cost;
use crate::path::PathParameters;
use crate::path::finder::REFINEMENT;

/// Evaluations by kind, each counted in images (for paths: images times points).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Losses alone, full batch.
    pub losses: f64,
    /// Losses on the line of a line search, full batch.
    pub trials: f64,
    /// Losses with gradients, full batch.
    pub gradients: f64,
    /// Losses with gradients in mini-batches.
    pub batches: f64,
    /// Losses along a path.
    pub path_losses: f64,
    /// Losses with gradients along a path.
    pub path_gradients: f64,
}

impl Work {
    /// The work in units of one forward pass of an image. A forward and a backward pass count as
    /// three, the ratio of their matrix products.
    pub fn passes(&self) -> f64 {
        self.losses
            + self.trials
            + self.path_losses
            + 3.0 * (self.gradients + self.batches + self.path_gradients)
    }
}

/// Maximum work of one training run on these numbers of training and test images. After each step
/// both losses are computed over all images, except for a training loss that the optimizer knows.
pub fn training_work(cost: &Cost, train_images: usize, test_images: usize) -> Work {
    let (train, test) = (train_images as f64, test_images as f64);
    let (steps, known) = (cost.steps as f64, f64::from(u8::from(cost.knows_loss)));
    Work {
        gradients: steps * cost.gradients * train,
        batches: steps * cost.batches * train,
        trials: steps * cost.trials * train,
        losses: steps * ((1.0 - known) * train + test),
        ..Work::default()
    }
}

/// Maximum work of one path on a landscape of `images` images. Every step evaluates the grid with
/// gradients, on `batch` images; once an epoch the losses on all images are added, if there are
/// more. Then come the profiles of the straight line, of the last and of the best path, the fine
/// grid, and the refined maxima.
pub fn path_work(parameters: &PathParameters, images: usize, batch: Option<usize>) -> Work {
    let (points, steps) = (parameters.points as f64, parameters.steps);
    let batch = batch.filter(|&batch| batch < images);
    let looks = batch.map_or(0, |batch| steps.div_ceil(images.div_ceil(batch)));
    Work {
        path_gradients: steps as f64 * points * batch.unwrap_or(images) as f64,
        path_losses: (looks as f64 + 3.0 + REFINEMENT as f64) * points * images as f64,
        ..Work::default()
    }
}

/// Bytes of one search for a path without images and block buffers, for numbers of `number` bytes:
/// the endpoints and their difference; for each free parameter its value, its best value, its
/// gradient and Adam's two moments; and the coefficients of its grids.
pub fn path_bytes(parameters: &PathParameters, dimension: usize, number: usize) -> f64 {
    let vectors = 3.0 + 5.0 * parameters.method.free() as f64;
    vectors * dimension as f64 * number as f64 + path_grid_bytes(parameters)
}

/// Bytes of the grid of a path and of its fine grid: for each point and vector a coefficient, the
/// step to the next point, and the exact coefficient during setup.
fn path_grid_bytes(parameters: &PathParameters) -> f64 {
    let points = (1 + REFINEMENT) as f64 * parameters.points as f64;
    points * (2.0 + parameters.method.free() as f64) * (4.0 + 8.0 + 8.0)
}

/// Bytes of one training run without images and block buffers: the vectors of the optimizer in
/// `f32`, and the `line` bytes that the trials of a [line](crate::landscape::Landscape::line)
/// share.
pub fn training_bytes(cost: &Cost, dimension: usize, line: usize) -> f64 {
    let shared = if cost.trials > 0.0 { line as f64 } else { 0.0 };
    (cost.vectors * dimension * size_of::<f32>()) as f64 + shared
}
