//! A step towards a saddle on the quadratic model of the landscape.

use super::subspace::{RitzPairs, Subspace};
use crate::kernels::{add_scaled, dot, norm};

/// Eigenvalues below this fraction of the largest one are taken as this fraction of it.
const FLOOR: f64 = 1e-6;
/// Halvings of the interval of the shift μ.
const BISECTIONS: u32 = 60;

/// A step uphill along one eigenvector and downhill along all others.
pub struct QuadraticStep {
    /// In the basis of the subspace.
    pub coordinates: Vec<f64>,
    /// Index of the eigenvector that is followed uphill.
    pub followed: usize,
    /// Σ cᵢ² / 2|λᵢ|: the error of the height if the model is right.
    pub error: f64,
}

impl QuadraticStep {
    /// With cᵢ the coordinates of the gradient in the eigenvectors, the step is c / (|λ| + μ) along
    /// the eigenvector that is followed and −cᵢ / (|λᵢ| + μ) along all others.
    ///
    /// μ ≥ 0 is the smallest number with which the step is not longer than `radius`. If μ = 0 and
    /// the followed eigenvalue is the only negative one, this is the step of Newton.
    pub fn new(
        space: &Subspace,
        ritz: &RitzPairs,
        gradient: &[f64],
        radius: f64,
        followed: usize,
    ) -> Self {
        let in_basis = space.coordinates(gradient);
        let slopes: Vec<f64> =
            (0..space.len()).map(|index| dot(&ritz.coordinates(index), &in_basis)).collect();
        let floor = FLOOR * ritz.scale();
        let curvatures: Vec<f64> = ritz.values.iter().map(|value| value.abs().max(floor)).collect();
        let step = |shift: f64| -> Vec<f64> {
            let along = |(index, (slope, curvature)): (usize, (&f64, &f64))| {
                let sign = if index == followed { 1.0 } else { -1.0 };
                // No slope, no step: the curvature may be zero as well.
                if *slope == 0.0 { 0.0 } else { sign * slope / (curvature + shift) }
            };
            slopes.iter().zip(&curvatures).enumerate().map(along).collect()
        };
        let mut coordinates = vec![0.0; space.len()];
        for (index, length) in within(step, norm(&slopes), radius).into_iter().enumerate() {
            add_scaled(length, &ritz.coordinates(index), &mut coordinates);
        }
        let heights = slopes.iter().zip(&curvatures).filter(|(slope, _)| **slope != 0.0);
        let error = heights.map(|(slope, curvature)| slope * slope / (2.0 * curvature)).sum();
        Self { coordinates, followed, error }
    }
}

/// The step with the smallest shift that is not longer than `radius`.
fn within(step: impl Fn(f64) -> Vec<f64>, slope: f64, radius: f64) -> Vec<f64> {
    let newton = step(0.0);
    if norm(&newton) <= radius {
        return newton;
    }
    // With the shift slope / radius every component, and the whole step, is short enough.
    let (mut low, mut high) = (0.0, slope / radius);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if norm(&step(middle)) > radius {
            low = middle;
        } else {
            high = middle;
        }
    }
    step(high)
}
