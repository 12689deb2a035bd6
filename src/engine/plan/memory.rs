//! The memory of a study, predicted from its sizes without allocating anything.
//!
//! Bytes are `f64`, so that no product of sizes overflows. Each prediction is a lower bound: it has
//! the arrays that grow with a size of the configuration, not the libraries and small buffers.

use crate::network::Network;
use crate::path::PathParameters;

/// Images that the evaluators of stacked layers work through at a time.
const IMAGES: f64 = 256.0;

/// Bytes of an `f32`.
const SINGLE: f64 = 4.0;

/// Bytes that one thread uses to evaluate a network at a point and on a path.
pub fn evaluation_bytes(network: &dyn Network<f32>, paths: &PathParameters) -> f64 {
    network.evaluator_bytes() + path_bytes(network, paths)
}

/// Bytes on a path: the shared part of the first layer, and the later layers of every point.
fn path_bytes(network: &dyn Network<f32>, paths: &PathParameters) -> f64 {
    let Some(evaluator) = network.combinations_evaluator() else { return 0.0 };
    let terms = paths.method.free() as f64;
    let shared = (2.0 + 2.0 * terms) * evaluator.shared_length() as f64 * IMAGES;
    shared * SINGLE + later_bytes(network, paths.points, paths.method.free())
}

/// Bytes of the later layers at these points with their gradients, and of the gradients of the
/// coefficients; 0 if the points share nothing.
pub fn later_bytes(network: &dyn Network<f32>, points: usize, terms: usize) -> f64 {
    let Some(evaluator) = network.combinations_evaluator() else { return 0.0 };
    let later = evaluator.combined_length() as f64;
    (2.0 * points as f64 + terms as f64) * later * SINGLE
}

/// Bytes of a task in the lists of rank 0: its name, its plan, its key, its state.
const TASK: f64 = 256.0;

/// Bytes that rank 0 uses for these tasks.
pub fn task_bytes(tasks: f64) -> f64 {
    tasks * TASK
}

/// Bytes that rank 0 uses to draw from these possible pairs: each gets a key of 40 bytes.
pub fn pair_bytes(pairs: f64) -> f64 {
    pairs * 40.0
}

/// Bytes of a kernel PCA of n vectors: the kernel matrix, a copy, and the eigenvectors.
pub fn kernel_pca_bytes(vectors: f64) -> f64 {
    3.0 * 8.0 * vectors * vectors
}
