//! A summary of a list of numbers.

use super::StatisticsError;
use serde::{Deserialize, Serialize};

/// Quartiles, range and moments of a list of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// n, how many numbers there are.
    pub count: usize,
    /// The smallest.
    pub min: f64,
    /// The quantile at ¼.
    pub quartile_1: f64,
    /// The quantile at ½.
    pub median: f64,
    /// The quantile at ¾.
    pub quartile_3: f64,
    /// The largest.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
    /// √(Σ (x − mean)² / n).
    pub standard_deviation: f64,
}

impl Summary {
    /// Summarizes `values`.
    ///
    /// The quantile at q lies at place (n − 1) q of the sorted list, linearly between its
    /// neighbors: definition 7 of R. J. Hyndman and Y. Fan, The American Statistician 50, 361
    /// (1996), <https://doi.org/10.1080/00031305.1996.10473566>, and numpy's default.
    ///
    /// # Errors
    /// [`StatisticsError::Empty`]; [`StatisticsError::NotFinite`] for the first NaN or infinity.
    /// The caller decides whether to leave it out.
    pub fn of(values: &[f64]) -> Result<Self, StatisticsError> {
        check_finite(values)?;
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Err(StatisticsError::Empty);
        };
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let variance = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Ok(Self {
            count: sorted.len(),
            min,
            quartile_1: quantile(&sorted, 0.25),
            median: quantile(&sorted, 0.5),
            quartile_3: quantile(&sorted, 0.75),
            max,
            mean,
            standard_deviation: variance.sqrt(),
        })
    }
}

/// Refuses the first NaN or infinity of a list.
pub(super) fn check_finite(values: &[f64]) -> Result<(), StatisticsError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatisticsError::NotFinite { index, value: values[index] }),
        None => Ok(()),
    }
}

/// The quantile at `q` of an ascending list, defined as in [`Summary::of`].
///
/// # Panics
/// If the list is empty.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * q;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let share = place - below as f64;
    sorted[below] * (1.0 - share) + sorted[above] * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn by_hand() {
        // Sorted 1 2 4 8 16 32: place 1.25 → 2.5, 2.5 → 6, 3.75 → 14.
        let summary = Summary::of(&[8.0, 1.0, 32.0, 4.0, 16.0, 2.0]).unwrap();
        assert_eq!(summary.count, 6);
        assert_relative_eq!(summary.min, 1.0);
        assert_relative_eq!(summary.quartile_1, 2.5);
        assert_relative_eq!(summary.median, 6.0);
        assert_relative_eq!(summary.quartile_3, 14.0);
        assert_relative_eq!(summary.max, 32.0);
        assert_relative_eq!(summary.mean, 10.5);
        // Σ x² / 6 − 10.5² = 1365/6 − 110.25.
        assert_relative_eq!(summary.standard_deviation, 117.25_f64.sqrt(), max_relative = 1e-15);
    }

    #[test]
    fn of_equally_spaced_numbers() {
        // 0, …, 100: quantiles are the percentages, the variance is (101² − 1) / 12 = 850.
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let summary = Summary::of(&values).unwrap();
        for (found, expected) in
            [(summary.quartile_1, 25.0), (summary.median, 50.0), (summary.quartile_3, 75.0)]
        {
            assert_relative_eq!(found, expected);
        }
        assert_relative_eq!(summary.standard_deviation, 850.0_f64.sqrt());
    }

    #[test]
    fn one_number_is_all_of_its_quantiles() {
        let summary = Summary::of(&[0.3]).unwrap();
        for value in [
            summary.min,
            summary.quartile_1,
            summary.median,
            summary.quartile_3,
            summary.max,
            summary.mean,
        ] {
            assert_relative_eq!(value, 0.3);
        }
        assert!(summary.standard_deviation.abs() < 1e-16);
    }

    #[test]
    fn nothing_and_no_number_are_refused() {
        assert_eq!(Summary::of(&[]), Err(StatisticsError::Empty));
        assert!(
            matches!(Summary::of(&[1.0, f64::NAN]), Err(StatisticsError::NotFinite { index: 1, value }) if value.is_nan())
        );
        let error = Err(StatisticsError::NotFinite { index: 0, value: f64::INFINITY });
        assert_eq!(Summary::of(&[f64::INFINITY, 1.0]), error);
    }
}
