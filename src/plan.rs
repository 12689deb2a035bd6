//! How many tasks a configuration means, and how much work each is.
//!
//! Work is counted in forward passes of one image through the network; forward and backward
//! together count as three, the ratio of their products.

use crate::optimizer::Training;
use crate::path::PathParameters;
use crate::path::finder::DENSITY;

/// A forward and a backward pass, in forward passes.
const WITH_GRADIENT: f64 = 3.0;

/// Forward passes of one training run at most: L-BFGS may stop early or need fewer trials.
pub fn training_passes(training: &Training, train_images: usize, test_images: usize) -> f64 {
    let (train, test) = (train_images as f64, test_images as f64);
    match training {
        // Each epoch: mini-batches with gradients, then both losses over all images.
        Training::Sgd(sgd) => sgd.epochs as f64 * ((WITH_GRADIENT + 1.0) * train + test),
        // Each iteration: the line search's trials, one gradient, the test loss.
        Training::Lbfgs(lbfgs) => {
            lbfgs.iterations as f64 * ((WITH_GRADIENT + lbfgs.line_search_evaluations as f64) * train + test)
        }
    }
}

/// Forward passes of one path on a landscape of so many images: every step on the grid with
/// gradients, then the profiles of the straight line and of the best path, the dense one last.
pub fn path_passes(parameters: &PathParameters, images: usize) -> f64 {
    let grid = parameters.points as f64;
    let profiles = (3.0 + DENSITY as f64) * grid;
    (WITH_GRADIENT * parameters.steps as f64 * grid + profiles) * images as f64
}

/// Bytes that one path computation holds besides images and block buffers: two ends and for each
/// term the coefficients, their best values, the gradient and Adam's two moments, in `f32`.
pub fn path_bytes(parameters: &PathParameters, dimension: usize) -> usize {
    (2 + 5 * parameters.fourier_terms) * dimension * size_of::<f32>()
}
