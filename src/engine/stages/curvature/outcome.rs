//! The results of the tasks, and the combined results at a point.

use crate::analysis::curvature::{
    Eigenpair, Quadrature, Sharpness, Spectrum, SpectrumEnd, Trace, trace,
};
use serde::{Deserialize, Serialize};

/// The result of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum CurvatureOutcome {
    /// The eigenvalues.
    Eigenvalues(Eigenvalues),
    /// The largest filter-normalized eigenvalue.
    Normalized(Normalized),
    /// A random probe: P, and its quadrature of the spectrum.
    Probe(u64, Quadrature),
    /// Along a path.
    Path(AlongPath),
}

/// An eigenvalue that has converged, with |H x − λ x|.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Eigenvalue {
    pub value: f64,
    pub residual: f64,
}

impl From<&Eigenpair> for Eigenvalue {
    fn from(pair: &Eigenpair) -> Self {
        Self { value: pair.value, residual: pair.residual }
    }
}

/// The eigenvalues at a point, with loss and gradient there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Eigenvalues {
    /// f(θ).
    pub loss: f64,
    /// |∇f(θ)|.
    pub slope: f64,
    /// |θ|.
    pub norm: f64,
    /// The largest ones that have converged, descending.
    pub largest: Vec<Eigenvalue>,
    /// The lowest ones that have converged, ascending.
    pub lowest: Vec<Eigenvalue>,
    /// Number of requested eigenvalues that have not converged.
    pub open: u32,
    /// Products of the Hessian.
    pub products: u32,
    /// Why the computation ended.
    pub end: SpectrumEnd,
}

/// The largest eigenvalue of D H D, where D multiplies each component with the norm of its filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Normalized {
    /// `None` if it has not converged.
    pub largest: Option<Eigenvalue>,
    /// Products of the Hessian.
    pub products: u32,
}

/// The results at a point. Each part is `None` or empty before it is computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PointCurvature {
    pub eigenvalues: Option<Eigenvalues>,
    pub normalized: Option<Normalized>,
    /// P, if there are probes.
    pub dimension: u64,
    pub probes: Vec<Quadrature>,
}

/// Curvature along a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AlongPath {
    /// Where each point is: t of the curve. For the top of a refined path, its place on the refined
    /// path, as a fraction of the length. The top is the last point.
    pub t: Vec<f64>,
    /// The points.
    pub points: Vec<PointCurvature>,
    /// Whether the top is that of a refined path.
    pub is_refined: bool,
}

impl Eigenvalues {
    /// From the eigenvalues of a Hessian of this dimension. `asked` are the requested numbers of
    /// largest and lowest ones.
    pub fn of(spectrum: &Spectrum, asked: [usize; 2], [loss, slope, norm]: [f64; 3]) -> Self {
        let list = |pairs: &[Eigenpair]| pairs.iter().map(Eigenvalue::from).collect::<Vec<_>>();
        let (largest, lowest) = (list(&spectrum.largest), list(&spectrum.lowest));
        let open = asked[0].saturating_sub(largest.len()) + asked[1].saturating_sub(lowest.len());
        let products = spectrum.products as u32;
        let end = spectrum.end;
        Self { loss, slope, norm, largest, lowest, open: open as u32, products, end }
    }
}

impl Normalized {
    /// From the spectrum of the filter-normalized Hessian.
    pub fn of(spectrum: &Spectrum) -> Self {
        let largest = spectrum.largest.first().map(Eigenvalue::from);
        Self { largest, products: spectrum.products as u32 }
    }
}

impl PointCurvature {
    /// The largest eigenvalue; NaN if it is not known or has not converged.
    pub fn largest(&self) -> f64 {
        let largest = self.eigenvalues.as_ref().and_then(|found| found.largest.first());
        largest.map_or(f64::NAN, |eigenvalue| eigenvalue.value)
    }

    /// The lowest one, likewise.
    pub fn lowest(&self) -> f64 {
        let lowest = self.eigenvalues.as_ref().and_then(|found| found.lowest.first());
        lowest.map_or(f64::NAN, |eigenvalue| eigenvalue.value)
    }

    /// The largest filter-normalized one, likewise.
    pub fn normalized(&self) -> f64 {
        let largest = self.normalized.as_ref().and_then(|found| found.largest);
        largest.map_or(f64::NAN, |eigenvalue| eigenvalue.value)
    }

    /// f(θ); NaN if it is not known.
    pub fn loss(&self) -> f64 {
        self.eigenvalues.as_ref().map_or(f64::NAN, |found| found.loss)
    }

    /// Adds a random probe of a Hessian of this dimension.
    pub fn push(&mut self, dimension: u64, probe: Quadrature) {
        self.dimension = dimension;
        self.probes.push(probe);
    }

    /// The trace, if there are probes.
    pub fn trace(&self) -> Option<Trace> {
        trace(&self.probes, self.dimension as usize)
    }

    /// The estimate of the trace; NaN without probes.
    pub fn trace_estimate(&self) -> f64 {
        self.trace().map_or(f64::NAN, |trace| trace.estimate)
    }

    /// Distance along the leading eigenvector at which the loss doubles; NaN if there is none.
    pub fn doubling_distance(&self) -> f64 {
        let sharpness = self.sharpness();
        sharpness.as_ref().and_then(Sharpness::doubling_distance).unwrap_or(f64::NAN)
    }

    /// Products of the Hessian in all.
    pub fn products(&self) -> usize {
        let eigenvalues = self.eigenvalues.as_ref().map_or(0, |found| found.products as usize);
        let normalized = self.normalized.as_ref().map_or(0, |found| found.products as usize);
        let probes: usize = self.probes.iter().map(|probe| probe.nodes.len()).sum();
        eigenvalues + normalized + probes
    }

    /// Number of eigenvalues that have not converged.
    pub fn open(&self) -> usize {
        let eigenvalues = self.eigenvalues.as_ref().map_or(0, |found| found.open as usize);
        let normalized = self.normalized.as_ref().is_some_and(|found| found.largest.is_none());
        eigenvalues + usize::from(normalized)
    }

    /// Its sharpness, if the eigenvalues are known.
    pub fn sharpness(&self) -> Option<Sharpness> {
        let found = self.eigenvalues.as_ref()?;
        let filter_normalized = Some(self.normalized()).filter(|value| value.is_finite());
        let Eigenvalues { loss, slope, norm, .. } = *found;
        Some(Sharpness { loss, slope, norm, largest: self.largest(), filter_normalized })
    }
}
