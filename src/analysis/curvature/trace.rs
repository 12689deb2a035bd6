//! The trace of the Hessian from probes.

use super::Quadrature;

/// An estimate of the trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// The mean over the probes.
    pub estimate: f64,
    /// Its standard error, from the scatter of the probes. `None` for a single probe.
    pub standard_error: Option<f64>,
    /// Number of probes.
    pub probes: usize,
}

/// The trace of a Hessian of this dimension. `None` without probes.
///
/// M. F. Hutchinson, Commun. Stat. Simul. Comput. 19, 433 (1990), doi:10.1080/03610919008812866.
/// Random signs have the smallest variance of all vectors with independent components of mean 0 and
/// variance 1: 2 Σᵢ≠ⱼ Hᵢⱼ² for one probe. A diagonal Hessian has none.
pub fn trace(probes: &[Quadrature], dimension: usize) -> Option<Trace> {
    let values: Vec<f64> = probes.iter().map(|probe| probe.trace(dimension)).collect();
    let (estimate, standard_error) = mean_and_error(&values)?;
    Some(Trace { estimate, standard_error, probes: probes.len() })
}

/// Mean and standard error of the mean. `None` without values; no error for a single value.
pub(super) fn mean_and_error(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let error = (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt());
    Some((mean, error))
}
