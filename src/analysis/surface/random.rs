//! Random directions.

use crate::analysis::curvature::filter_norms;
use crate::network::Tensor;
use crate::random::MasterSeed;
use rand::RngExt;

/// A random direction at θ, `(P,)`, normalized filter by filter as in H. Li et al., "Visualizing
/// the loss landscape of neural nets", NeurIPS 2018, arXiv:1712.09913.
///
/// The components are normal random numbers. Each filter of the direction is then scaled to the
/// norm of the same filter of θ ([`filter_norms`] says what a filter is). Biases and other tensors
/// of one dimension get 0, which is the default of the authors' program. If all tensors have one
/// dimension, as of an analytic landscape, each counts as a filter instead.
///
/// `number` tells directions of one `name` apart. Directions of different names are independent.
///
/// # Panics
/// If θ is shorter than the tensors.
pub fn random_direction(
    tensors: &[Tensor],
    theta: &[f64],
    seed: MasterSeed,
    (name, number): (&str, u64),
) -> Vec<f64> {
    let mut stream = seed.stream(&format!("surface {name}: direction"), &[number]);
    let mut direction: Vec<f64> = Vec::with_capacity(theta.len() + 1);
    while direction.len() < theta.len() {
        // G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29, 610 (1958). 1 − u is never 0.
        let [u, v]: [f64; 2] = [stream.random(), stream.random()];
        let radius = (-2.0 * (1.0 - u).ln()).sqrt();
        let angle = 2.0 * std::f64::consts::PI * v;
        direction.extend([radius * angle.cos(), radius * angle.sin()]);
    }
    direction.truncate(theta.len());
    let wanted = filter_norms(tensors, theta);
    let found = filter_norms(tensors, &direction);
    for (component, (wanted, found)) in direction.iter_mut().zip(wanted.iter().zip(&found)) {
        *component *= if *found > 0.0 { wanted / found } else { 0.0 };
    }
    if tensors.iter().any(|tensor| tensor.shape.len() > 1) {
        for tensor in tensors.iter().filter(|tensor| tensor.shape.len() <= 1) {
            direction[tensor.offset..tensor.offset + tensor.len()].fill(0.0);
        }
    }
    direction
}
