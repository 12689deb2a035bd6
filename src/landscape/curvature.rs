//! The lowest curvature of a landscape at a point, which distinguishes a minimum from a saddle.

use super::{Interrupted, Landscape};
use crate::kernels::{Real, dot, norm};
use ndarray::Array2;
use ndarray_linalg::{Eigh, UPLO};
use std::fmt;

/// Up to this dimension the whole Hessian is diagonalized: 300 products and about 10⁸ operations.
/// Above it, Lanczos iterations need far fewer products.
const MAX_DENSE_DIMENSION: usize = 300;
/// Maximum number of Lanczos steps. Each keeps a vector of P numbers for the full
/// orthogonalization.
const LANCZOS_STEPS: usize = 120;
/// Lanczos stops when the residual of the lowest pair is this fraction of the largest eigenvalue: a
/// tenth of the threshold of [`ExtremeEigenvalues::kind`].
const LANCZOS_RESIDUAL: f64 = 1e-7;
/// Eigenvalues below this fraction of the largest one count as zero.
///
/// A symmetry of the landscape makes a curvature exactly zero only at a stationary point. If the
/// gradient is |∇f| = g, the rotation of a cluster has the curvature g / (its radius). L-BFGS ends
/// at g ≈ √(2 ε |f| κ) (see [`MinimizationParameters`](crate::optimizer::MinimizationParameters)),
/// about 1e-8 of the largest curvature κ in the units of these landscapes. Differences of gradients
/// are accurate to ε^(2/3) ≈ 4e-11 of κ. Both are well below a millionth.
const ZERO: f64 = 1e-6;

/// The kind of a stationary point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StationaryPoint {
    /// No direction curves down. Some may be flat.
    Minimum,
    /// Some directions curve down and others up.
    Saddle,
    /// Some directions curve down and none up.
    Maximum,
}

impl fmt::Display for StationaryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minimum => "minimum",
            Self::Saddle => "saddle",
            Self::Maximum => "maximum",
        })
    }
}

/// The lowest and the highest eigenvalue of the Hessian.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtremeEigenvalues {
    /// The lowest eigenvalue.
    pub lowest: f64,
    /// The highest eigenvalue.
    pub highest: f64,
    /// `(P,)` unit vector along which the curvature is lowest.
    ///
    /// If several directions have the lowest curvature, it is the one closest to a fixed vector.
    /// Its sign makes the scalar product with that vector positive. So it does not depend on the
    /// order and the phases in which a library returns eigenvectors.
    pub direction: Vec<f64>,
}

impl ExtremeEigenvalues {
    /// The curvature at a point. `None` if a derivative is not finite or the eigensolver fails.
    ///
    /// Up to 300 dimensions all eigenvalues are computed. Above, Lanczos iterations with full
    /// orthogonalization are used: C. Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950),
    /// doi:10.6028/jres.045.026. Their lowest value is never below the lowest eigenvalue, so a
    /// negative value proves a descending direction. Their number is limited, so a descending
    /// direction that is nearly perpendicular to the fixed start vector can be missed.
    ///
    /// # Errors
    /// If an evaluation was interrupted.
    ///
    /// # Panics
    /// If the point is not of the landscape's dimension (as the landscape does).
    pub fn at(landscape: &dyn Landscape<f64>, theta: &[f64]) -> Result<Option<Self>, Interrupted> {
        if theta.len() <= MAX_DENSE_DIMENSION {
            Self::dense(landscape, theta)
        } else {
            Self::lanczos(landscape, theta)
        }
    }

    /// The kind of a stationary point with this curvature. Curvatures up to `flat` count as zero,
    /// and so do those below a millionth of the largest one.
    pub fn kind(&self, flat: f64) -> StationaryPoint {
        let zero = flat.max(ZERO * self.scale());
        match (self.lowest < -zero, self.highest > zero) {
            (false, _) => StationaryPoint::Minimum,
            (true, true) => StationaryPoint::Saddle,
            (true, false) => StationaryPoint::Maximum,
        }
    }

    /// The largest absolute eigenvalue.
    pub fn scale(&self) -> f64 {
        self.lowest.abs().max(self.highest.abs())
    }

    fn dense(landscape: &dyn Landscape<f64>, theta: &[f64]) -> Result<Option<Self>, Interrupted> {
        let Some(hessian) = hessian(landscape, theta)? else { return Ok(None) };
        let Ok((values, vectors)) = hessian.eigh(UPLO::Lower) else { return Ok(None) };
        let (lowest, highest) = (values[0], values[values.len() - 1]);
        let scale = lowest.abs().max(highest.abs());
        let (reference, mut direction) = (reference(theta.len()), vec![0.0; theta.len()]);
        // The projection of the reference on the eigenspace is the same for every basis of it.
        for (value, vector) in values.iter().zip(vectors.columns()) {
            if value - lowest <= ZERO * scale {
                let part: f64 = vector.iter().zip(&reference).map(|(v, r)| v * r).sum();
                direction.iter_mut().zip(vector).for_each(|(d, v)| *d += part * v);
            }
        }
        Ok(Self { lowest, highest, direction }.normalized())
    }

    fn lanczos(landscape: &dyn Landscape<f64>, theta: &[f64]) -> Result<Option<Self>, Interrupted> {
        let steps = LANCZOS_STEPS.min(theta.len());
        let mut basis = vec![reference(theta.len())];
        scale(&mut basis[0], 1.0 / norm(&reference(theta.len())));
        let (mut diagonal, mut off_diagonal) = (Vec::new(), Vec::new());
        for step in 0..steps {
            let Some(mut next) = product(landscape, theta, &basis[step])? else { return Ok(None) };
            diagonal.push(dot(&next, &basis[step]));
            // Twice: after one pass, rounding errors would grow into copies of known eigenvectors.
            for vector in basis.iter().chain(&basis) {
                let part = dot(&next, vector);
                next.iter_mut().zip(vector).for_each(|(x, v)| *x -= part * v);
            }
            let left = norm(&next);
            let Some(ritz) = ExtremeRitzPairs::of(&diagonal, &off_diagonal) else {
                return Ok(None);
            };
            let enough = left * ritz.vector[step].abs() <= LANCZOS_RESIDUAL * ritz.scale();
            // Only rounding errors remain: the basis spans the whole Krylov space of the start
            // vector.
            let exhausted = left <= 1e3 * f64::EPSILON * ritz.scale();
            if enough || exhausted || step + 1 == steps {
                return Ok(ritz.curvature(&basis));
            }
            off_diagonal.push(left);
            scale(&mut next, 1.0 / left);
            basis.push(next);
        }
        Ok(None)
    }

    /// The same with a direction of length 1 and of the documented sign.
    fn normalized(mut self) -> Option<Self> {
        let length = norm(&self.direction);
        let sign =
            if dot(&self.direction, &reference(self.direction.len())) < 0.0 { -1.0 } else { 1.0 };
        scale(&mut self.direction, sign / length);
        (length > 0.0 && self.scale().is_finite()).then_some(self)
    }
}

/// The lowest eigenpair of the projected Hessian, and its highest eigenvalue.
struct ExtremeRitzPairs {
    lowest: f64,
    highest: f64,
    vector: Vec<f64>,
}

impl ExtremeRitzPairs {
    /// The extreme eigenpairs of a symmetric tridiagonal matrix.
    fn of(diagonal: &[f64], off_diagonal: &[f64]) -> Option<Self> {
        let tridiagonal =
            Array2::from_shape_fn((diagonal.len(), diagonal.len()), |(i, j)| match i.abs_diff(j) {
                0 => diagonal[i],
                1 => off_diagonal[i.min(j)],
                _ => 0.0,
            });
        let (values, vectors) = tridiagonal.eigh(UPLO::Lower).ok()?;
        Some(Self {
            lowest: values[0],
            highest: values[values.len() - 1],
            vector: vectors.column(0).to_vec(),
        })
    }

    fn scale(&self) -> f64 {
        self.lowest.abs().max(self.highest.abs())
    }

    fn curvature(&self, basis: &[Vec<f64>]) -> Option<ExtremeEigenvalues> {
        let mut direction = vec![0.0; basis[0].len()];
        for (part, vector) in self.vector.iter().zip(basis) {
            direction.iter_mut().zip(vector).for_each(|(d, v)| *d += part * v);
        }
        ExtremeEigenvalues { lowest: self.lowest, highest: self.highest, direction }.normalized()
    }
}

/// A vector of length about √P without symmetry: its components, between 0.5 and 1.5, are multiples
/// of the golden ratio modulo 1. So it is hardly ever perpendicular to an eigenvector.
fn reference(dimension: usize) -> Vec<f64> {
    let golden = f64::midpoint(5.0_f64.sqrt(), -1.0);
    (1..=dimension).map(|i| 0.5 + (i as f64 * golden).fract()).collect()
}

fn scale(vector: &mut [f64], factor: f64) {
    vector.iter_mut().for_each(|x| *x *= factor);
}

/// The Hessian, `(P, P)`, symmetrized. `None` if it is not finite.
fn hessian(
    landscape: &dyn Landscape<f64>,
    theta: &[f64],
) -> Result<Option<Array2<f64>>, Interrupted> {
    let dimension = theta.len();
    let mut hessian = Array2::<f64>::zeros((dimension, dimension));
    for (i, mut row) in hessian.outer_iter_mut().enumerate() {
        let mut axis = vec![0.0; dimension];
        axis[i] = 1.0;
        let Some(product) = product(landscape, theta, &axis)? else { return Ok(None) };
        row.iter_mut().zip(product).for_each(|(entry, value)| *entry = value);
    }
    Ok(Some((&hessian + &hessian.t()) / 2.0))
}

/// ∇²f d. `None` if it is not finite.
fn product(
    landscape: &dyn Landscape<f64>,
    theta: &[f64],
    direction: &[f64],
) -> Result<Option<Vec<f64>>, Interrupted> {
    let mut product = vec![0.0; theta.len()];
    landscape.hessian_product(theta, direction, &mut product)?;
    Ok(product.iter().all(|x| x.is_finite()).then_some(product))
}

/// ∇²f(θ) d from central differences: (∇f(θ + h d) − ∇f(θ − h d)) / 2h.
///
/// The error is h² f''''/6 from the series and ε |∇f| / h from rounding. They are equal at h |d| =
/// ε^(1/3) times the length on which f varies. For this length we take the largest component of θ,
/// at least 1. On small networks the relative error is 2e-11 to 2e-10 at this h, and below 2e-8
/// for h from 0.01 to 10 times as large; `tests/curvature.rs` has bounds.
///
/// `gradient_at` overwrites its second argument with ∇f at the first.
pub(super) fn difference_of_gradients<A: Real, E>(
    mut gradient_at: impl FnMut(&[A], &mut [A]) -> Result<(), E>,
    theta: &[A],
    direction: &[A],
    product: &mut [A],
) -> Result<(), E> {
    let largest = |vector: &[A]| vector.iter().fold(0.0_f64, |most, x| most.max(x.wide().abs()));
    let length = largest(direction);
    if length == 0.0 {
        product.fill(A::zero());
        return Ok(());
    }
    let step = A::epsilon().wide().cbrt() * largest(theta).max(1.0) / length;
    let shifted = |h: f64| -> Vec<A> {
        theta.iter().zip(direction).map(|(&x, &d)| x + A::of(h) * d).collect()
    };
    let mut below = vec![A::zero(); theta.len()];
    gradient_at(&shifted(-step), &mut below)?;
    gradient_at(&shifted(step), product)?;
    let factor = A::of(0.5 / step);
    product.iter_mut().zip(below).for_each(|(p, b)| *p = (*p - b) * factor);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{
        AnalyticLandscape, DoubleWell, LennardJones, MuellerBrown, ProductWell, TwoWells,
    };
    use approx::assert_relative_eq;

    /// f = Σ cᵢ xᵢ² / 2 in reflected coordinates.
    struct RotatedQuadratic {
        curvatures: Vec<f64>,
        mirror: Vec<f64>,
    }

    impl RotatedQuadratic {
        fn new(curvatures: Vec<f64>) -> Self {
            let mut mirror: Vec<f64> =
                (0..curvatures.len()).map(|i| (1.0 + 0.7 * i as f64).sin()).collect();
            let length = norm(&mirror);
            scale(&mut mirror, 1.0 / length);
            Self { curvatures, mirror }
        }

        fn reflect(&self, x: &[f64]) -> Vec<f64> {
            let part = 2.0 * dot(x, &self.mirror);
            x.iter().zip(&self.mirror).map(|(x, m)| x - part * m).collect()
        }
    }

    impl AnalyticLandscape for RotatedQuadratic {
        fn dimension(&self) -> usize {
            self.curvatures.len()
        }

        fn value(&self, x: &[f64]) -> f64 {
            self.reflect(x).iter().zip(&self.curvatures).map(|(x, c)| c * x * x / 2.0).sum()
        }

        fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            let slopes: Vec<f64> =
                self.reflect(x).iter().zip(&self.curvatures).map(|(x, c)| c * x).collect();
            gradient.copy_from_slice(&self.reflect(&slopes));
            AnalyticLandscape::value(self, x)
        }
    }

    #[test]
    fn the_lowest_curvature_and_its_direction_are_those_of_a_quadratic_form() {
        // Below and above the dimension from which Lanczos is used.
        for dimension in [1, 2, 40, MAX_DENSE_DIMENSION + 200] {
            let mut curvatures: Vec<f64> =
                (0..dimension).map(|i| 1.0 + 99.0 * i as f64 / dimension as f64).collect();
            let lowest = dimension / 3;
            curvatures[lowest] = -20.0;
            let form = RotatedQuadratic::new(curvatures.clone());
            let curvature = ExtremeEigenvalues::at(&form, &vec![0.1; dimension]).unwrap().unwrap();
            assert_relative_eq!(curvature.lowest, -20.0, max_relative = 1e-6);
            let mut axis = vec![0.0; dimension];
            axis[lowest] = 1.0;
            let overlap = dot(&curvature.direction, &form.reflect(&axis)).abs();
            assert_relative_eq!(overlap, 1.0, max_relative = 1e-6);
            let kind =
                if dimension == 1 { StationaryPoint::Maximum } else { StationaryPoint::Saddle };
            assert_eq!(curvature.kind(0.0), kind);
        }
    }

    #[test]
    fn directions_of_one_curvature_do_not_depend_on_their_order() {
        let curvature =
            ExtremeEigenvalues::at(&DoubleWell::new(3).unwrap(), &[0.0; 3]).unwrap().unwrap();
        assert_eq!(curvature.kind(0.0), StationaryPoint::Maximum);
        let reference = reference(3);
        let overlap = dot(&curvature.direction, &reference) / norm(&reference);
        assert_relative_eq!(overlap, 1.0, max_relative = 1e-12);
    }

    #[test]
    fn stationary_points_of_analytic_landscapes_are_what_is_known_of_them() {
        let kind = |landscape: &dyn Landscape<f64>, at: &[f64]| {
            ExtremeEigenvalues::at(landscape, at).unwrap().unwrap().kind(0.0)
        };
        for minimum in &MuellerBrown::MINIMA {
            assert_eq!(kind(&MuellerBrown, minimum), StationaryPoint::Minimum);
        }
        for saddle in &MuellerBrown::SADDLES {
            assert_eq!(kind(&MuellerBrown, saddle), StationaryPoint::Saddle);
        }
        assert_eq!(kind(&TwoWells, &[-0.164_726_55, -0.069_917_18]), StationaryPoint::Saddle);
        // Flat along the hyperbola, and still a minimum.
        assert_eq!(kind(&ProductWell, &[4.0, 0.25]), StationaryPoint::Minimum);
        assert_eq!(kind(&ProductWell, &[0.0, 0.0]), StationaryPoint::Saddle);
        // A pair: one stiff direction, five of translation and rotation, along no coordinate axis.
        let pair = LennardJones::new(2, 3).unwrap();
        let apart = 2.0_f64.powf(1.0 / 6.0) / 3.0_f64.sqrt();
        assert_eq!(
            kind(&pair, &[0.3, 0.1, 0.0, 0.3 + apart, 0.1 + apart, apart]),
            StationaryPoint::Minimum
        );
        // Three atoms in a row: the middle one can give way to either side.
        let three = LennardJones::new(3, 2).unwrap();
        let mut row = [-1.119_f64, 0.0, 0.0, 0.0, 1.119, 0.0];
        let mut gradient = [0.0; 6];
        // Newton steps along the row.
        for _ in 0..20 {
            AnalyticLandscape::value_and_gradient(&three, &row, &mut gradient);
            let (left, right) = (gradient[0] / 60.0, gradient[4] / 60.0);
            row[0] -= left;
            row[4] -= right;
        }
        assert!(norm(&gradient) < 1e-6, "{gradient:?}");
        assert_eq!(kind(&three, &row), StationaryPoint::Saddle);
    }

    #[test]
    fn no_curvature_where_derivatives_are_not_finite() {
        let pair = LennardJones::new(2, 2).unwrap();
        assert_eq!(ExtremeEigenvalues::at(&pair, &[0.0; 4]), Ok(None));
    }
}
