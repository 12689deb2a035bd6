//! The largest and the lowest eigenvalues.

use super::krylov::{Krylov, RitzPairs, random_start};
use super::{CurvatureError, HessianProduct};
use crate::landscape::Interrupted;
use crate::random::MasterSeed;
use crate::solver::{Solver, SolverStep};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Which eigenvalues are computed, and the limits of the computation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectrumParameters {
    /// k, the number of the largest eigenvalues.
    pub largest: usize,
    /// Number of the lowest eigenvalues.
    pub lowest: usize,
    /// An eigenvalue has converged when |H x − λ x| is at most this fraction of the largest |λ|.
    /// The error of λ is at most the residual. If λ is isolated by a gap g, the error is about the
    /// square of the residual divided by g.
    pub tolerance: f64,
    /// Maximum number of products.
    pub products: usize,
    /// Whether to look for further copies of the eigenvalues.
    ///
    /// One start vector finds only one eigenvector of each eigenvalue, and no residual shows that
    /// there are more. So once all have converged, a second random start vector gets as many
    /// products as the first one took. If the list changes, another start vector follows.
    /// Landscapes with symmetries need this. The largest eigenvalues of networks are simple;
    /// without this check only half the products are needed.
    pub repeats: bool,
}

/// Why the computation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpectrumEnd {
    /// All requested eigenvalues have converged.
    Converged,
    /// The subspace is the whole space: all eigenvalues are known.
    Complete,
    /// The maximum number of products was reached.
    Products,
}

/// An eigenvalue with its eigenvector.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenpair {
    /// λ.
    pub value: f64,
    /// |H x − λ x|: there is an eigenvalue within this distance of λ.
    pub residual: f64,
    /// x, `(P,)`, of length 1; the first of its largest components is positive.
    pub vector: Vec<f64>,
}

impl Eigenpair {
    /// Whether the residual is small enough to know the sign of the eigenvalue. The lowest
    /// eigenvalue of a minimum with flat directions may have converged to 0 within the tolerance.
    pub fn has_sign(&self) -> bool {
        self.value.abs() > self.residual
    }
}

/// Eigenvalues that have converged.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// The largest ones, descending. If there are fewer than requested, the next one has not
    /// converged.
    pub largest: Vec<Eigenpair>,
    /// The lowest ones, ascending; the same holds for them.
    pub lowest: Vec<Eigenpair>,
    /// Number of products of the Hessian.
    pub products: usize,
    /// Why the computation ended.
    pub end: SpectrumEnd,
}

/// The computation of eigenvalues. A step is one product.
pub struct Eigenvalues<'a> {
    product: &'a mut HessianProduct<'a>,
    dimension: usize,
    parameters: SpectrumParameters,
    seed: MasterSeed,
    indices: &'a [u64],
    progress: EigenvalueProgress,
}

/// The checkpoint between two products.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EigenvaluesState<'a>(Cow<'a, EigenvalueProgress>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct EigenvalueProgress {
    krylov: Krylov,
    /// Random start vectors so far.
    starts: u64,
    /// The search for copies; `None` before everything has converged for the first time.
    check: Option<Check>,
    /// The largest |λ| so far.
    scale: f64,
}

/// A search for copies of the eigenvalues that have converged.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Check {
    /// Number of products of the first start vector, which every further start vector gets, too.
    length: usize,
    /// Number of products at which it ends.
    until: usize,
    /// The eigenvalues before this search.
    known: Vec<f64>,
}

impl<'a> Eigenvalues<'a> {
    /// Eigenvalues of a Hessian of this dimension. Start vectors come from the streams of `seed`
    /// for these indices. A state resumes a computation with the same arguments. A state of another
    /// dimension is ignored.
    ///
    /// # Panics
    /// If the dimension is 0.
    pub fn new(
        product: &'a mut HessianProduct<'a>,
        dimension: usize,
        parameters: SpectrumParameters,
        seed: MasterSeed,
        indices: &'a [u64],
        state: Option<EigenvaluesState>,
    ) -> Self {
        assert!(dimension > 0, "a Hessian has a dimension");
        let progress = state.map(|state| state.0.into_owned());
        let progress = progress.filter(|progress| progress.krylov.fits(dimension));
        let progress = progress.unwrap_or_default();
        Self { product, dimension, parameters, seed, indices, progress }
    }

    /// Adds a random start vector, which in exact arithmetic is never in the subspace.
    fn start(&mut self) {
        while self.progress.krylov.len() < self.dimension {
            let indices = [self.indices, &[self.progress.starts]].concat();
            self.progress.starts += 1;
            if self.progress.krylov.start(random_start(self.dimension, self.seed, &indices)) {
                break;
            }
        }
    }

    /// Indices of the Ritz values that are wanted: of the largest, descending, and of the lowest,
    /// ascending.
    fn wanted(&self) -> [Vec<usize>; 2] {
        let count = self.progress.krylov.len();
        [
            (0..count).rev().take(self.parameters.largest).collect(),
            (0..count).take(self.parameters.lowest).collect(),
        ]
    }

    /// One product, or none if the limit does not allow one.
    fn advance(&mut self) -> Result<Result<Option<Spectrum>, CurvatureError>, Interrupted> {
        if self.progress.krylov.is_invariant() {
            self.start();
        }
        let next = match self.next() {
            Ok(next) => next,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = self.progress.krylov.grow(next, self.product)? {
            return Ok(Err(error));
        }
        Ok(self.assess())
    }

    /// The waiting vector that the next product takes.
    fn next(&self) -> Result<usize, CurvatureError> {
        let krylov = &self.progress.krylov;
        if krylov.waiting() == 1 || krylov.len() == 0 {
            return Ok(0);
        }
        let ritz = krylov.ritz()?;
        let list = self.wanted().concat();
        let residuals = krylov.residuals(&ritz, &list);
        let limit = self.parameters.tolerance * self.progress.scale;
        let open = list.iter().zip(residuals).filter(|(_, residual)| *residual > limit);
        Ok(krylov.most_wanted(&ritz, &open.map(|(&index, _)| index).collect::<Vec<_>>()))
    }

    /// Checks the eigenvalues after a product. Returns the result if this was the last product.
    fn assess(&mut self) -> Result<Option<Spectrum>, CurvatureError> {
        let count = self.progress.krylov.len();
        let is_last = count >= self.parameters.products.min(self.dimension);
        // With growing C its eigenvalues take longer, and a few additional products do not matter.
        if !is_last && !count.is_multiple_of(1 + count / 50) {
            return Ok(None);
        }
        let ritz = self.progress.krylov.ritz()?;
        self.progress.scale = ritz.values[0].abs().max(ritz.values[count - 1].abs());
        let end = if count == self.dimension {
            Some(SpectrumEnd::Complete)
        } else if self.has_converged(&ritz) {
            Some(SpectrumEnd::Converged)
        } else if is_last {
            Some(SpectrumEnd::Products)
        } else {
            None
        };
        Ok(end.map(|end| self.spectrum(&ritz, end)))
    }

    /// Whether all wanted eigenvalues have converged, and no more copies are expected. Starts the
    /// search for copies where one is due.
    fn has_converged(&mut self, ritz: &RitzPairs) -> bool {
        let SpectrumParameters { largest, lowest, tolerance, repeats, .. } = self.parameters;
        let count = self.progress.krylov.len();
        let list = self.wanted().concat();
        let limit = tolerance * self.progress.scale;
        let residuals = self.progress.krylov.residuals(ritz, &list);
        if count < (largest + lowest).min(self.dimension) || residuals.iter().any(|&r| r > limit) {
            return false;
        }
        if !repeats {
            return true;
        }
        let values: Vec<f64> = list.iter().map(|&index| ritz.values[index]).collect();
        let length = self.progress.check.as_ref().map_or(count, |check| check.length);
        if let Some(check) = &self.progress.check {
            let is_same = |(old, new): (&f64, &f64)| (old - new).abs() <= limit;
            if check.known.iter().zip(&values).all(is_same) {
                return count >= check.until;
            }
        }
        self.start();
        self.progress.check = Some(Check { length, until: count + length, known: values });
        false
    }

    fn spectrum(&self, ritz: &RitzPairs, end: SpectrumEnd) -> Spectrum {
        let limit = self.parameters.tolerance * self.progress.scale;
        let [largest, lowest] = self.wanted().map(|list| {
            let residuals = self.progress.krylov.residuals(ritz, &list);
            let converged = list.into_iter().zip(residuals).take_while(|&(_, r)| r <= limit);
            let pair = |(index, residual)| Eigenpair {
                value: ritz.values[index],
                residual,
                vector: self.progress.krylov.eigenvector(ritz, index),
            };
            converged.map(pair).collect()
        });
        Spectrum { largest, lowest, products: self.progress.krylov.len(), end }
    }
}

impl Solver for Eigenvalues<'_> {
    type Output = Result<Spectrum, CurvatureError>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        Ok(match self.advance()? {
            Ok(None) => SolverStep::Continue,
            Ok(Some(spectrum)) => SolverStep::Finished(Ok(spectrum)),
            Err(error) => SolverStep::Finished(Err(error)),
        })
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        let begun = self.progress.krylov.len() > 0;
        begun.then_some(EigenvaluesState(Cow::Borrowed(&self.progress)))
    }

    /// Products as a fraction of their limit, and the largest |λ| so far.
    fn progress(&self) -> (f64, f64) {
        let most = self.parameters.products.min(self.dimension);
        (self.progress.krylov.len() as f64 / most.max(1) as f64, self.progress.scale)
    }
}
