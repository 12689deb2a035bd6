//! How much work a task is, how long and how much memory it takes, before it is done.

mod forecast;
mod measured;
pub mod memory;
mod speed;

pub use forecast::{Forecast, Planned, makespan};
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
    /// One number to compare tasks by: forward passes of an image, a forward and a backward pass
    /// counted as three, the ratio of their products.
    pub fn passes(&self) -> f64 {
        self.losses
            + self.trials
            + self.path_losses
            + 3.0 * (self.gradients + self.batches + self.path_gradients)
    }
}

/// Work of one training run at most, on so many training and test images. After each step both
/// losses are computed over all images, except for a training loss that the optimizer knows.
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

/// Work of one path at most on a landscape of so many images: every step on the grid with
/// gradients, on `batch` images and once an epoch the losses of all of them, if there are more;
/// then profiles: the straight line, the last and the best path, the dense one, and the top of
/// that.
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

/// Bytes that one path computation holds besides images and block buffers, for numbers of `number`
/// bytes: two ends and their difference, for each free parameter of a component its value, its best
/// value, the gradient and Adam's two moments, and the coefficients of the points of its grids.
pub fn path_bytes(parameters: &PathParameters, dimension: usize, number: usize) -> f64 {
    let vectors = 3.0 + 5.0 * parameters.method.free() as f64;
    vectors * dimension as f64 * number as f64 + path_grid_bytes(parameters)
}

/// Bytes of the grid of a path and of its dense one: for each point and vector a coefficient, the
/// step to the next point, and the exact coefficient while they are made.
fn path_grid_bytes(parameters: &PathParameters) -> f64 {
    let points = (1 + REFINEMENT) as f64 * parameters.points as f64;
    points * (2.0 + parameters.method.free() as f64) * (4.0 + 8.0 + 8.0)
}

/// Bytes that one training run holds besides: the vectors of the optimizer in `f32`, and `line`
/// bytes of what the trials of a [line](crate::landscape::Landscape::line) share.
pub fn training_bytes(cost: &Cost, dimension: usize, line: usize) -> f64 {
    let shared = if cost.trials > 0.0 { line as f64 } else { 0.0 };
    (cost.vectors * dimension * size_of::<f32>()) as f64 + shared
}
