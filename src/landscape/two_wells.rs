//! The two-dimensional example of the paper, its Fig. 3.

use super::{AnalyticLandscape, Combinations, Interrupted, Landscape};
use crate::kernels::Real;
use ndarray::{ArrayView2, ArrayViewMut2};

/// f(r) = −Σᵢ exp(−3 |r − cᵢ|²) + Σⱼ exp(−15 |r − dⱼ|²) + C: two wells, two bumps between them.
///
/// Lowest saddle 0.6243933472 at (−0.16472655, −0.06991718), the next 0.6372572377 at
/// (0.05288953, −0.68815821).
#[derive(Clone, Copy, Debug, Default)]
pub struct TwoWells;

impl TwoWells {
    /// The endpoints of the published path.
    pub const ENDPOINTS: [[f64; 2]; 2] = [[-0.62, -0.54], [0.49, -0.02]];

    const OFFSET: f64 = 1.019_005_529_630_697_5;
    /// (amplitude, sharpness, center) of each Gaussian.
    const GAUSSIANS: [(f64, f64, [f64; 2]); 4] = [
        (-1.0, 3.0, [-0.5, -0.5]),
        (-1.0, 3.0, [0.5, 0.0]),
        (1.0, 15.0, [-0.2, -0.4]),
        (1.0, 15.0, [0.0, 0.3]),
    ];
}

impl AnalyticLandscape for TwoWells {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&self, r: &[f64]) -> f64 {
        AnalyticLandscape::value_and_gradient(self, r, &mut [0.0; 2])
    }

    fn value_and_gradient(&self, r: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        Self::GAUSSIANS.iter().fold(Self::OFFSET, |sum, &(amplitude, sharpness, center)| {
            let (x, y) = (r[0] - center[0], r[1] - center[1]);
            let term = amplitude * (-sharpness * (x * x + y * y)).exp();
            gradient[0] -= 2.0 * sharpness * x * term;
            gradient[1] -= 2.0 * sharpness * y * term;
            sum + term
        })
    }

    /// For a Gaussian A exp(−s |r − c|²): A exp(…) (4 s² (r − c) ((r − c) · d) − 2 s d).
    fn hessian_product(&self, r: &[f64], direction: &[f64], product: &mut [f64]) {
        product.fill(0.0);
        for &(amplitude, sharpness, center) in &Self::GAUSSIANS {
            let apart = [r[0] - center[0], r[1] - center[1]];
            let term = amplitude * (-sharpness * (apart[0] * apart[0] + apart[1] * apart[1])).exp();
            let along = apart[0] * direction[0] + apart[1] * direction[1];
            for ((p, x), d) in product.iter_mut().zip(apart).zip(direction) {
                *p += term * (4.0 * sharpness * sharpness * x * along - 2.0 * sharpness * d);
            }
        }
    }
}

/// f² of a landscape f, ∇(f²) = 2 f ∇f. The published two-dimensional example minimizes it along
/// its paths; the reported barriers are those of f.
#[derive(Clone, Copy, Debug)]
pub struct Squared<L>(pub L);

impl<A: Real, L: Landscape<A>> Landscape<A> for Squared<L> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&self, theta: &[A]) -> Result<f64, Interrupted> {
        Ok(self.0.value(theta)?.powi(2))
    }

    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> Result<f64, Interrupted> {
        let value = self.0.value_and_gradient(theta, gradient)?;
        let factor = A::of(2.0 * value);
        for g in gradient {
            *g *= factor;
        }
        Ok(value * value)
    }

    fn values_at(&self, points: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        Ok(self.0.values_at(points)?.into_iter().map(|value| value * value).collect())
    }

    /// Σₘ wₘₙ ∇(f²)(θₘ) = Σₘ (2 f(θₘ) wₘₙ) ∇f(θₘ). This needs the values of f before its gradients,
    /// which is one more pass. In return, f can evaluate a whole path at once.
    fn gradient_at(
        &self,
        points: &Combinations<A>,
        weights: ArrayView2<A>,
        gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        let values = self.0.values_at(points)?;
        let mut scaled = weights.to_owned();
        for (mut row, value) in scaled.outer_iter_mut().zip(&values) {
            let factor = A::of(2.0 * value);
            row.mapv_inplace(|weight| weight * factor);
        }
        self.0.gradient_at(points, scaled.view(), gradient)?;
        Ok(values.into_iter().map(|value| value * value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn the_saddles_are_where_the_literature_has_them() {
        for (height, saddle) in [
            (0.624_393_347_2, [-0.164_726_55, -0.069_917_18]),
            (0.637_257_237_7, [0.052_889_53, -0.688_158_21]),
        ] {
            let mut gradient = [0.0; 2];
            let value = AnalyticLandscape::value_and_gradient(&TwoWells, &saddle, &mut gradient);
            assert!((value - height).abs() < 1e-9, "{value}");
            assert!(gradient.iter().all(|g| g.abs() < 1e-7), "{gradient:?}");
        }
    }

    #[test]
    fn the_hessian_is_the_derivative() {
        crate::landscape::checks::assert_gradient_is_the_derivative(&TwoWells, &[0.13, -0.27]);
    }

    #[test]
    fn the_gradients_are_the_derivatives() {
        let landscapes: [&dyn Landscape<f64>; 2] = [&TwoWells, &Squared(TwoWells)];
        for landscape in landscapes {
            let at = [0.13, -0.27];
            let mut gradient = [0.0; 2];
            landscape.value_and_gradient(&at, &mut gradient).unwrap();
            for axis in 0..2 {
                let shifted = |h: f64| {
                    let mut r = at;
                    r[axis] += h;
                    landscape.value(&r).unwrap()
                };
                let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                assert!((difference - gradient[axis]).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn squares_at_many_points_are_those_of_the_single_points() {
        let vectors = array![[-0.62, -0.54], [0.49, -0.02], [0.3, 0.2]];
        let coefficients =
            array![[1.0, 0.0, 0.0], [0.5, 0.5, 1.0], [0.25, 0.75, -0.5], [0.0, 1.0, 0.0]];
        let weights = array![[0.0, 0.0], [1.0, 0.3], [0.7, -1.0], [0.0, 0.0]];
        let points = Combinations { vectors: vectors.view(), coefficients: coefficients.view() };
        let (well, mut gradient) = (Squared(&TwoWells), Array2::from_elem((2, 2), f64::NAN));
        let values = well.gradient_at(&points, weights.view(), gradient.view_mut()).unwrap();
        assert_eq!(values, well.values_at(&points).unwrap());
        let mut expected = Array2::<f64>::zeros((2, 2));
        for (m, value) in values.into_iter().enumerate() {
            let (mut r, mut at_point) = ([0.0; 2], [0.0; 2]);
            points.point(m, &mut r);
            assert!((well.value_and_gradient(&r, &mut at_point).unwrap() - value).abs() < 1e-15);
            for (mut row, weight) in expected.outer_iter_mut().zip(weights.row(m)) {
                row.scaled_add(*weight, &ndarray::aview1(&at_point));
            }
        }
        assert!((gradient - expected).iter().all(|difference| difference.abs() < 1e-14));
    }
}
