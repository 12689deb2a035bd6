//! Mean and spread of all components of a set of vectors.

use super::StatisticsError;
use crate::kernels::Real;
use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// Moments of all components of a set together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// μ, their mean.
    pub mean: f64,
    /// σ with σ² = Σ (θ − μ)² / N. The published analysis does not say whether it divides by N or
    /// by N − 1: for 48 vectors of 42 200 components the two differ in the seventh digit.
    pub standard_deviation: f64,
    /// N = n P, the number of components.
    pub count: u64,
}

/// Moments of all components of the rows of `vectors` `(n, P)`, in two passes.
///
/// The rows are summed one by one in `f64`, and the variance is corrected by the square of the mean
/// deviation, which is 0 except for rounding (T. F. Chan et al., The American Statistician 37, 242
/// (1983), <https://doi.org/10.1080/00031305.1983.10483115>). Mean of squares minus square of the
/// mean, in one pass, loses all digits when μ ≫ σ.
///
/// # Errors
/// [`StatisticsError::Empty`], [`StatisticsError::VectorNotFinite`].
pub fn moments<A: Real>(vectors: &ArrayView2<'_, A>) -> Result<Moments, StatisticsError> {
    if vectors.is_empty() {
        return Err(StatisticsError::Empty);
    }
    check_finite(vectors)?;
    let count = vectors.len() as f64;
    let total = |term: &dyn Fn(f64) -> f64| -> f64 {
        vectors
            .outer_iter()
            .map(|vector| vector.iter().map(|value| term(value.wide())).sum::<f64>())
            .sum()
    };
    let mean = total(&|value| value) / count;
    let deviation = total(&|value| value - mean) / count;
    let square = total(&|value| (value - mean).powi(2)) / count;
    let variance = (square - deviation * deviation).max(0.0);
    Ok(Moments { mean, standard_deviation: variance.sqrt(), count: vectors.len() as u64 })
}

/// Refuses the first component that is NaN or infinite.
pub(super) fn check_finite<A: Real>(vectors: &ArrayView2<'_, A>) -> Result<(), StatisticsError> {
    for (row, vector) in vectors.axis_iter(Axis(0)).enumerate() {
        if let Some(column) = vector.iter().position(|value| !value.wide().is_finite()) {
            return Err(StatisticsError::VectorNotFinite {
                row,
                column,
                value: vector[column].wide(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::{Array2, array};

    #[test]
    fn by_hand() {
        let moments =
            moments(&array![[2.0_f32, 4.0, 4.0, 4.0], [5.0, 5.0, 7.0, 9.0]].view()).unwrap();
        assert_relative_eq!(moments.mean, 5.0);
        assert_relative_eq!(moments.standard_deviation, 2.0);
        assert_eq!(moments.count, 8);
    }

    #[test]
    fn of_consecutive_numbers() {
        // 0, …, N − 1: mean (N − 1) / 2, variance (N² − 1) / 12.
        let count = 48.0 * 4220.0;
        let vectors = Array2::from_shape_fn((48, 4220), |(i, j)| (i * 4220 + j) as f32);
        let moments = moments(&vectors.view()).unwrap();
        assert_relative_eq!(moments.mean, (count - 1.0) / 2.0, max_relative = 1e-14);
        assert_relative_eq!(
            moments.standard_deviation,
            ((count * count - 1.0) / 12.0_f64).sqrt(),
            max_relative = 1e-13
        );
    }

    #[test]
    fn a_large_mean_costs_no_digits_of_the_spread() {
        // ±2⁻²⁰ about 2²⁰: μ² / σ² = 2⁸⁰ is beyond the digits of an f64.
        let spread = (-20_f64).exp2();
        let vectors = Array2::from_shape_fn((10, 1000), |(_, j)| {
            1_048_576.0 + if j % 2 == 0 { spread } else { -spread }
        });
        let moments = moments(&vectors.view()).unwrap();
        assert_relative_eq!(moments.mean, 1_048_576.0);
        assert_relative_eq!(moments.standard_deviation, spread, max_relative = 1e-12);
    }

    #[test]
    fn a_mean_between_two_numbers_is_made_up_for() {
        // 0, 0, 1 above 2⁵², where numbers are 1 apart: μ = 2⁵² + ⅓ cannot be written, σ² = 2/9.
        let base = 52_f64.exp2();
        let moments = moments(&array![[base, base, base + 1.0]].view()).unwrap();
        assert_relative_eq!(
            moments.standard_deviation,
            (2.0_f64 / 9.0).sqrt(),
            max_relative = 1e-14
        );
    }

    #[test]
    fn nothing_and_no_number_are_refused() {
        assert_eq!(moments(&Array2::<f32>::zeros((0, 5)).view()), Err(StatisticsError::Empty));
        let error = moments(&array![[0.0_f32, 1.0], [f32::NEG_INFINITY, 1.0]].view());
        assert_eq!(
            error,
            Err(StatisticsError::VectorNotFinite { row: 1, column: 0, value: f64::NEG_INFINITY })
        );
    }
}
