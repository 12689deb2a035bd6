//! The smallest network: two linear layers of one weight each.

use super::AnalyticLandscape;

/// f(w₁, w₂) = (w₁ w₂ − 1)²: the squared error of a chain of two weights that should be the
/// identity.
///
/// Its minima are the two branches of the hyperbola w₁ w₂ = 1, where f = 0. The only saddle is the
/// origin, f = 1. It is the lowest pass between the branches: every path from one to the other has
/// a point with w₁ = 0, where f is 1. The straight line from (1, 1) to (−1, −1) reaches exactly
/// this height.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductWell;

impl AnalyticLandscape for ProductWell {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&self, w: &[f64]) -> f64 {
        (w[0] * w[1] - 1.0).powi(2)
    }

    fn value_and_gradient(&self, w: &[f64], gradient: &mut [f64]) -> f64 {
        let excess = w[0] * w[1] - 1.0;
        gradient[0] = 2.0 * excess * w[1];
        gradient[1] = 2.0 * excess * w[0];
        excess * excess
    }

    fn hessian_product(&self, w: &[f64], direction: &[f64], product: &mut [f64]) {
        let mixed = 2.0 * (2.0 * w[0] * w[1] - 1.0);
        product[0] = 2.0 * w[1] * w[1] * direction[0] + mixed * direction[1];
        product[1] = mixed * direction[0] + 2.0 * w[0] * w[0] * direction[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::checks::assert_gradient_is_the_derivative;

    #[test]
    fn both_branches_are_minima_and_the_axes_have_height_1() {
        for w in [0.1, 1.0, 7.0, -0.25, -1.0] {
            let mut gradient = [f64::NAN; 2];
            assert!(ProductWell.value_and_gradient(&[w, 1.0 / w], &mut gradient) < 1e-30);
            assert!(gradient.iter().all(|g| g.abs() < 1e-14));
            assert!((ProductWell.value(&[0.0, w]) - 1.0).abs() < 1e-15);
        }
        let mut gradient = [f64::NAN; 2];
        assert!((ProductWell.value_and_gradient(&[0.0, 0.0], &mut gradient) - 1.0).abs() < 1e-15);
        assert!(gradient.iter().all(|&g| g == 0.0));
    }

    #[test]
    fn the_gradient_is_the_derivative() {
        assert_gradient_is_the_derivative(&ProductWell, &[0.4, -1.3]);
    }
}
