//! Double wells in any number of dimensions, whose lowest paths are known exactly.

use super::{AnalyticLandscape, SizeError, checked_dimension};

/// f(x) = Σᵢ (xᵢ² − 1)²: a well of height 0 at every corner (±1, …, ±1).
///
/// A point with k components 0 and all others ±1 is stationary, with height k and k descending
/// directions. The lowest pass between two wells that differ in k ≥ 1 signs has height 1 for every
/// k, because the signs can be changed one after the other. The straight line between them has the
/// maximum k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoubleWell {
    dimension: usize,
}

impl DoubleWell {
    /// A double well in each of `dimension` directions.
    ///
    /// # Errors
    /// [`SizeError`] if there is no dimension, or too many.
    pub fn new(dimension: usize) -> Result<Self, SizeError> {
        Ok(Self { dimension: checked_dimension(dimension)? })
    }
}

impl AnalyticLandscape for DoubleWell {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn value(&self, x: &[f64]) -> f64 {
        x.iter().map(|x| (x * x - 1.0).powi(2)).sum()
    }

    fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 4.0 * x * (x * x - 1.0));
        self.value(x)
    }

    fn hessian_product(&self, x: &[f64], direction: &[f64], product: &mut [f64]) {
        for ((p, x), d) in product.iter_mut().zip(x).zip(direction) {
            *p = (12.0 * x * x - 4.0) * d;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::checks::assert_gradient_is_the_derivative;

    #[test]
    fn a_point_with_k_zeros_is_stationary_at_height_k() {
        let landscape = DoubleWell::new(6).unwrap();
        for zeros in 0..=6 {
            let x: Vec<f64> = (0..6)
                .map(|i| if i < zeros { 0.0 } else { 1.0 - 2.0 * f64::from(i % 2) })
                .collect();
            let mut gradient = [f64::NAN; 6];
            let height = landscape.value_and_gradient(&x, &mut gradient);
            assert_eq!((height, gradient), (f64::from(zeros), [0.0; 6]));
        }
    }

    #[test]
    fn the_gradient_is_the_derivative() {
        assert_gradient_is_the_derivative(&DoubleWell::new(3).unwrap(), &[0.3, -1.7, 0.9]);
    }

    #[test]
    fn no_dimension_is_no_landscape() {
        assert_eq!(DoubleWell::new(0), Err(SizeError::Dimension { dimension: 0 }));
        assert!(DoubleWell::new(usize::MAX).is_err());
    }
}
