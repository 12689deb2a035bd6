//! The lowest eigenvalues of the Hessian.

use super::probe::CountedLandscape;
use super::subspace::{RitzPair, Subspace};
use super::vectors::arbitrary;
use crate::landscape::Interrupted;

/// Negative eigenvalues below this fraction of the lowest one count as zero. The rotations of a
/// cluster are flat at a stationary point only, and the point is known to a finite accuracy.
pub const FLAT: f64 = 1e-3;
/// An eigenvalue is known when its residual is below this fraction of it.
const SIGN: f64 = 0.1;

/// Whether an eigenpair descends, where `lowest` is the lowest eigenvalue.
pub fn is_descending(pair: &RitzPair, lowest: f64) -> bool {
    pair.value < 0.0 && pair.value <= -FLAT * lowest.abs()
}

/// Whether the residual is small enough to be sure of the sign of an eigenvalue, where `lowest` is
/// the lowest one. A flat direction could hide at most a tenth of the lowest eigenvalue.
pub fn is_known(pair: &RitzPair, lowest: f64) -> bool {
    pair.error() <= SIGN * pair.value.abs().max(lowest.abs())
}

/// The `count` lowest eigenpairs of the Hessian, from at most `products` vectors in the subspace.
///
/// The subspace grows by the residuals of its lowest eigenpairs, which is the method of Lanczos
/// with full orthogonalization. Two vectors without symmetry are added, the second when all
/// eigenpairs seem converged. A subspace of the gradient and its images never leaves the symmetry
/// of the point, and one start vector finds only one eigenvector of each eigenvalue.
///
/// Each value is at or above an eigenvalue of the same number. So every negative value proves a
/// descending direction, and a missing one proves nothing without its residual.
pub fn lowest(
    probe: &mut CountedLandscape,
    space: &mut Subspace,
    theta: &[f64],
    count: usize,
    products: usize,
) -> Result<Vec<RitzPair>, Interrupted> {
    space.add(probe, theta, arbitrary(theta.len(), 0))?;
    let mut fresh = 0;
    loop {
        let Some(ritz) = space.ritz() else { return Ok(Vec::new()) };
        let pairs: Vec<RitzPair> =
            (0..count.min(space.len())).map(|index| space.pair(&ritz, index)).collect();
        if space.len() >= products.min(theta.len()) {
            return Ok(pairs);
        }
        let bound = FLAT * pairs[0].value.abs();
        // Only the lowest eigenvalue is needed accurately. Of the others the sign is enough.
        let is_open = |(index, pair): &(usize, &RitzPair)| match index {
            0 => pair.error() > bound,
            _ => pair.error() > bound.max(SIGN * pair.value.abs()),
        };
        let next = match pairs.iter().enumerate().find(is_open) {
            Some((_, pair)) => pair.residual.clone(),
            None if fresh == 0 => {
                fresh += 1;
                arbitrary(theta.len(), fresh)
            }
            None => return Ok(pairs),
        };
        if !space.add(probe, theta, next)? {
            return Ok(pairs);
        }
    }
}
