//! Counted evaluations of a landscape, and their noise.

use super::vectors::{largest, moved, orthonormalized};
use crate::kernels::{add_scaled, norm};
use crate::landscape::{Interrupted, Landscape};
use serde::{Deserialize, Serialize};
use std::ops::Sub;

/// Distance of the points at which noise is measured, as a fraction of the largest coordinate (at
/// least 1): sixteen units of rounding in single precision. Over this distance the fourth
/// difference of a smooth function is far below the rounding errors of double precision.
const NOISE_SPACING: f64 = 1e-6;
/// Relative noise from which products with the Hessian are differences over a distance chosen for
/// the noise. Below it the landscape's own products are used.
const ROUNDING: f64 = 1e-12;

/// Numbers of evaluations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationCounts {
    /// Values without a gradient.
    pub values: u64,
    /// Values with a gradient.
    pub gradients: u64,
    /// Products of the Hessian with a vector.
    pub products: u64,
}

impl EvaluationCounts {
    /// All evaluations in units of one gradient. A value is a third of it. A product counts as two,
    /// as if it was a difference of gradients.
    pub fn in_gradients(self) -> f64 {
        self.values as f64 / 3.0 + self.gradients as f64 + 2.0 * self.products as f64
    }
}

impl Sub for EvaluationCounts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            values: self.values - before.values,
            gradients: self.gradients - before.gradients,
            products: self.products - before.products,
        }
    }
}

/// The measured noise of the gradients of a landscape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Root mean square norm of the noise of a gradient.
    pub slope: f64,
    /// The same as a fraction of the typical |∇f|.
    pub relative: f64,
    /// Length over which the landscape varies: the distance between the points of the string.
    pub length: f64,
}

/// A point with its value and its gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluatedPoint {
    /// `(P,)`.
    pub theta: Vec<f64>,
    /// f(θ).
    pub value: f64,
    /// `(P,)` ∇f(θ).
    pub gradient: Vec<f64>,
}

impl EvaluatedPoint {
    /// Whether value and gradient are finite.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|g| g.is_finite())
    }

    /// |∇f(θ)|.
    pub fn slope(&self) -> f64 {
        norm(&self.gradient)
    }
}

/// A landscape whose evaluations are counted.
pub struct CountedLandscape<'a> {
    /// What is evaluated.
    pub landscape: &'a dyn Landscape<f64>,
    /// Evaluations so far.
    pub work: EvaluationCounts,
    /// Measured noise of the gradients.
    pub noise: Noise,
}

impl CountedLandscape<'_> {
    /// f(θ).
    pub fn value(&mut self, theta: &[f64]) -> Result<f64, Interrupted> {
        self.work.values += 1;
        self.landscape.value(theta)
    }

    /// θ with f(θ) and ∇f(θ).
    pub fn point(&mut self, theta: Vec<f64>) -> Result<EvaluatedPoint, Interrupted> {
        self.work.gradients += 1;
        let mut gradient = vec![0.0; theta.len()];
        let value = self.landscape.value_and_gradient(&theta, &mut gradient)?;
        Ok(EvaluatedPoint { theta, value, gradient })
    }

    /// ∇²f(θ) d for a unit vector d.
    ///
    /// With noisy gradients it is the central difference over h = ν^(1/3) ℓ, where ν is the
    /// relative noise and ℓ the length over which the landscape varies. Both its errors, h² from
    /// the series and ν / h from the noise, are then of order ν^(2/3).
    pub fn product(&mut self, theta: &[f64], direction: &[f64]) -> Result<Vec<f64>, Interrupted> {
        let mut product = vec![0.0; theta.len()];
        if self.noise.relative <= ROUNDING {
            self.work.products += 1;
            self.landscape.hessian_product(theta, direction, &mut product)?;
            return Ok(product);
        }
        let step = self.noise.relative.cbrt() * self.noise.length;
        let below = self.point(moved(theta, -step, direction))?;
        let above = self.point(moved(theta, step, direction))?;
        add_scaled(0.5 / step, &above.gradient, &mut product);
        add_scaled(-0.5 / step, &below.gradient, &mut product);
        Ok(product)
    }

    /// Measures the noise of the gradient near a point, for a landscape that varies over `length`
    /// and whose gradients are typically as long as `typical`.
    ///
    /// In the fourth difference of the gradients at five points in a row a smooth function cancels,
    /// and the noise does not: after J. J. Moré and S. M. Wild, SIAM J. Sci. Comput. 33, 1292
    /// (2011), doi:10.1137/100786125. This takes four gradients.
    pub fn measure_noise(
        &mut self,
        at: &EvaluatedPoint,
        direction: &[f64],
        typical: f64,
        length: f64,
    ) -> Result<(), Interrupted> {
        let spacing = NOISE_SPACING * largest(&at.theta).max(1.0) / largest(direction);
        let mut difference = vec![0.0; at.theta.len()];
        add_scaled(6.0, &at.gradient, &mut difference);
        for (offset, binomial) in [(-2.0, 1.0), (-1.0, -4.0), (1.0, -4.0), (2.0, 1.0)] {
            let near = self.point(moved(&at.theta, offset * spacing, direction))?;
            add_scaled(binomial, &near.gradient, &mut difference);
        }
        // The squares of the binomials 1, 4, 6, 4, 1 sum to 70.
        let slope = norm(&difference) / 70.0_f64.sqrt();
        let typical = typical.max(at.slope());
        let relative = if typical > 0.0 { slope / typical } else { 0.0 };
        self.noise = Noise { slope, relative, length };
        Ok(())
    }

    /// The null directions that the landscape declares at θ, as an orthonormal set.
    pub fn null_basis(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for direction in self.landscape.null_directions(theta) {
            if let Some(unit) = orthonormalized(direction, &[&basis]) {
                basis.push(unit);
            }
        }
        basis
    }
}
