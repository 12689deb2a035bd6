//! One random probe of the spectrum.

use super::krylov::Krylov;
use super::{CurvatureError, HessianProduct};
use crate::landscape::Interrupted;
use crate::random::MasterSeed;
use crate::solver::{Solver, SolverStep};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A Gauss quadrature of the spectrum, weighted with one random vector.
///
/// For a unit vector z the sum Σᵢ (z · xᵢ)² f(λᵢ) over all eigenpairs is an unbiased estimate of
/// the mean of f over the spectrum if the components of z are random signs. With m nodes the
/// quadrature gives this sum exactly for every polynomial of degree below 2m.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quadrature {
    /// `(m,)` nodes, ascending.
    pub nodes: Vec<f64>,
    /// `(m,)` their weights, of sum 1.
    pub weights: Vec<f64>,
}

impl Quadrature {
    /// The estimate of this probe for the mean of f over the spectrum.
    pub fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().zip(&self.weights).map(|(&node, weight)| weight * f(node)).sum()
    }

    /// Hutchinson's estimate of the trace of a Hessian of this dimension: z · H z for random signs
    /// z. It does not depend on the number of nodes.
    pub fn trace(&self, dimension: usize) -> f64 {
        dimension as f64 * self.mean(|node| node)
    }
}

/// The computation of a probe: Lanczos iterations from a vector of random signs (S. Ubaru, J. Chen
/// and Y. Saad, SIAM J. Matrix Anal. Appl. 38, 1075 (2017), doi:10.1137/16M1104974; for networks
/// B. Ghorbani, S. Krishnan and Y. Xiao, ICML 2019, arXiv:1901.10159). A step is one product.
pub struct Probe<'a> {
    product: &'a mut HessianProduct<'a>,
    dimension: usize,
    steps: usize,
    progress: Krylov,
    signs: Vec<f64>,
}

/// The checkpoint between two products.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbeState<'a>(Cow<'a, Krylov>);

impl<'a> Probe<'a> {
    /// The probe of m = `steps` nodes whose signs come from the stream of `seed` for these indices:
    /// those of the point, and the number of the probe. A state resumes a probe with the same
    /// arguments or with fewer steps.
    ///
    /// # Panics
    /// If the dimension or the number of steps is 0.
    pub fn new(
        product: &'a mut HessianProduct<'a>,
        dimension: usize,
        steps: usize,
        (seed, indices): (MasterSeed, &[u64]),
        state: Option<ProbeState>,
    ) -> Self {
        assert!(dimension > 0 && steps > 0, "a probe has a dimension and steps");
        let mut stream = seed.stream("curvature: probe", indices);
        let sign = |_| if stream.random::<bool>() { 1.0 } else { -1.0 };
        let signs = (0..dimension).map(sign).collect();
        let progress = state.map(|state| state.0.into_owned());
        let progress = progress.filter(|krylov| krylov.fits(dimension)).unwrap_or_default();
        Self { product, dimension, steps, progress, signs }
    }

    fn quadrature(&self) -> Result<Quadrature, CurvatureError> {
        let ritz = self.progress.ritz()?;
        // The start is the first vector of the basis.
        let weights = ritz.vectors.row(0).iter().map(|y| y * y).collect();
        Ok(Quadrature { nodes: ritz.values, weights })
    }
}

impl Solver for Probe<'_> {
    type Output = Result<Quadrature, CurvatureError>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        let krylov = &mut self.progress;
        if krylov.len() == 0 && krylov.is_invariant() {
            krylov.start(self.signs.clone());
        }
        let is_open = krylov.len() < self.steps && !krylov.is_invariant();
        if is_open && let Err(error) = krylov.grow(0, self.product)? {
            return Ok(SolverStep::Finished(Err(error)));
        }
        // An invariant subspace gives the sum exactly.
        let count = self.progress.len();
        let is_last = count >= self.steps.min(self.dimension) || self.progress.is_invariant();
        Ok(if is_last { SolverStep::Finished(self.quadrature()) } else { SolverStep::Continue })
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        (self.progress.len() > 0).then_some(ProbeState(Cow::Borrowed(&self.progress)))
    }

    /// The fraction of the products that is done. There is no loss.
    fn progress(&self) -> (f64, f64) {
        let steps = self.steps.min(self.dimension);
        (self.progress.len() as f64 / steps as f64, f64::NAN)
    }
}
