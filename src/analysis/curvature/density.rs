//! The density of the spectrum from probes.

use super::Quadrature;
use super::trace::mean_and_error;
use std::f64::consts::TAU;

/// The density of the eigenvalues at some values, smoothed.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// `(n,)` fraction of the eigenvalues per unit of λ. Its integral over all λ is 1.
    pub density: Vec<f64>,
    /// `(n,)` its standard error, from the scatter of the probes. `None` for a single probe.
    pub error: Option<Vec<f64>>,
}

/// The density at the values λ: the mean over the probes of Σₖ wₖ G(λ − λₖ), where G is a normal
/// distribution of standard deviation `width` σ. `None` without probes.
///
/// A σ below the distance of neighboring nodes shows the nodes instead of the spectrum. Outliers
/// are single nodes, and their peaks of height 1/(P σ √2π) are to be read on a logarithmic scale.
///
/// # Panics
/// If `width` is not above 0.
pub fn density(probes: &[Quadrature], at: &[f64], width: f64) -> Option<Density> {
    assert!(width > 0.0, "a normal distribution has a width");
    let gaussian = |x: f64| (-0.5 * (x / width).powi(2)).exp() / (width * TAU.sqrt());
    let point = |value: f64| {
        let of_probes: Vec<f64> =
            probes.iter().map(|probe| probe.mean(|node| gaussian(value - node))).collect();
        mean_and_error(&of_probes)
    };
    let (density, error): (Vec<f64>, Vec<Option<f64>>) =
        at.iter().map(|&value| point(value)).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    (!probes.is_empty()).then(|| Density { density, error: error.into_iter().collect() })
}
