//! The computations at a point.

use super::outcome::Eigenvalues;
use super::section::RequestedQuantities;
use crate::analysis::curvature::{
    self, CurvatureError, EigenvaluesState, Probe, ProbeState, Quadrature, Spectrum, filter_norms,
    hessian_at, scaled,
};
use crate::kernels::norm;
use crate::landscape::{Interrupted, Landscape};
use crate::network::Tensor;
use crate::random::MasterSeed;
use crate::solver::{Solver, complete};

/// A point of a landscape, with the settings of its curvature.
pub(super) struct Point<'a> {
    pub landscape: &'a dyn Landscape<f64>,
    /// The tensors of θ.
    pub tensors: &'a [Tensor],
    pub theta: &'a [f64],
    pub asked: RequestedQuantities,
    pub seed: MasterSeed,
    /// Indices of the random streams of this point.
    pub indices: &'a [u64],
}

/// The result of a solver; [`complete`] takes all steps.
pub(super) type Solved<T> = Result<T, CurvatureError>;

/// Takes the steps of a solver until it ends or is stopped.
pub(super) trait StepDriver {
    /// How the solver ended.
    type Ended<T>;
    fn drive<S: Solver>(&self, solver: S) -> Self::Ended<S::Output>;
}

/// All steps, unless one is interrupted.
pub(super) struct AllSteps;

impl StepDriver for AllSteps {
    type Ended<T> = Result<T, Interrupted>;
    fn drive<S: Solver>(&self, solver: S) -> Result<S::Output, Interrupted> {
        complete(solver, &mut |_, _| true).ok_or(Interrupted)
    }
}

impl Point<'_> {
    /// Loss, length of the gradient, and length of θ.
    pub fn measures(&self) -> Result<[f64; 3], Interrupted> {
        let mut gradient = vec![0.0; self.theta.len()];
        let loss = self.landscape.value_and_gradient(self.theta, &mut gradient)?;
        Ok([loss, norm(&gradient), norm(self.theta)])
    }

    /// The eigenvalues that are asked for.
    pub fn spectrum<D: StepDriver>(
        &self,
        by: &D,
        state: Option<EigenvaluesState>,
    ) -> D::Ended<Solved<Spectrum>> {
        let mut product = hessian_at(self.landscape, self.theta);
        let (size, asked) = (self.theta.len(), self.asked.spectrum());
        let (seed, indices) = (self.seed, self.indices);
        by.drive(curvature::Eigenvalues::new(&mut product, size, asked, seed, indices, state))
    }

    /// The largest eigenvalue of the filter-normalized Hessian.
    pub fn normalized<D: StepDriver>(
        &self,
        by: &D,
        state: Option<EigenvaluesState>,
    ) -> D::Ended<Solved<Spectrum>> {
        let scales = filter_norms(self.tensors, self.theta);
        let mut hessian = hessian_at(self.landscape, self.theta);
        let mut product = scaled(&scales, &mut hessian);
        let (size, asked) = (self.theta.len(), self.asked.normalized());
        let (seed, indices) = (self.seed, self.indices);
        by.drive(curvature::Eigenvalues::new(&mut product, size, asked, seed, indices, state))
    }

    /// The random probe of this number.
    pub fn probe<D: StepDriver>(
        &self,
        by: &D,
        number: usize,
        state: Option<ProbeState>,
    ) -> D::Ended<Solved<Quadrature>> {
        let mut product = hessian_at(self.landscape, self.theta);
        let indices = [self.indices, &[number as u64]].concat();
        let stream = (self.seed, &indices[..]);
        by.drive(Probe::new(&mut product, self.theta.len(), self.asked.steps, stream, state))
    }

    /// The eigenvalues as they are stored.
    pub fn eigenvalues(&self, spectrum: &Spectrum, measures: [f64; 3]) -> Eigenvalues {
        let RequestedQuantities { largest, lowest, .. } = self.asked;
        let asked = [largest, lowest].map(|count| count.min(self.theta.len()));
        Eigenvalues::of(spectrum, asked, measures)
    }
}
