//! Confidence intervals for a median and for the difference between two lists.

use super::StatisticsError;
use super::rank_test::distribution;
use super::summary::{check_finite, quantile};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

/// An estimate with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The median of `values`, with the interval between two order statistics that contains the median
/// of their distribution with a probability of at least `confidence`, for every distribution
/// (scipy's `quantile_test`). `None` if even the interval from the smallest to the largest value
/// has a lower probability.
///
/// # Errors
/// [`StatisticsError::Empty`], [`StatisticsError::NotFinite`].
///
/// # Panics
/// Never: ½ is a probability.
pub fn median_interval(
    values: &[f64],
    confidence: f64,
) -> Result<Option<Interval>, StatisticsError> {
    let sorted = sorted(values)?;
    let below = Binomial::new(0.5, sorted.len() as u64).expect("½ is a probability");
    let outside = (1.0 - confidence) / 2.0;
    // The largest k with P(fewer than k values below the median) ≤ ½ (1 − confidence).
    let left_out = (0..sorted.len()).take_while(|&k| below.cdf(k as u64) <= outside).count();
    Ok(around(&sorted, left_out, quantile(&sorted, 0.5)))
}

/// The shift of `x` with respect to `y`: the median of all n m differences x − y (J. L. Hodges and
/// E. L. Lehmann, Ann. Math. Statist. 34, 598 (1963), <https://doi.org/10.1214/aoms/1177704172>).
/// The interval contains the shifts that the test of Mann and Whitney does not reject at the level
/// 1 − `confidence`. `None` if n and m are too small to reject any shift.
///
/// Exact up to n m = 5625; above, the normal approximation of U is used.
///
/// # Errors
/// [`StatisticsError::Empty`], [`StatisticsError::NotFinite`].
pub fn shift_interval(
    x: &[f64],
    y: &[f64],
    confidence: f64,
) -> Result<Option<Interval>, StatisticsError> {
    let (x, y) = (sorted(x)?, sorted(y)?);
    let differences: Vec<f64> = x.iter().flat_map(|x| y.iter().map(move |y| x - y)).collect();
    let differences = sorted(&differences)?;
    let (n, m) = (x.len(), y.len());
    let outside = (1.0 - confidence) / 2.0;
    let left_out = if n * m <= super::rank_test::TABULATED {
        distribution(n, m).iter().take_while(|&&p| p <= outside).count()
    } else {
        let deviation = ((n * m) as f64 / 12.0 * (n + m + 1) as f64).sqrt();
        let quantile = Normal::standard().inverse_cdf(outside);
        ((n * m) as f64 / 2.0 + quantile * deviation - 0.5).max(0.0).floor() as usize
    };
    Ok(around(&differences, left_out, quantile(&differences, 0.5)))
}

/// The interval between the `left_out`-th number from the start and from the end of a sorted list,
/// from 1.
fn around(sorted: &[f64], left_out: usize, estimate: f64) -> Option<Interval> {
    let low = left_out.checked_sub(1)?;
    let high = sorted.len().checked_sub(left_out)?;
    (low <= high).then(|| Interval { estimate, low: sorted[low], high: sorted[high] })
}

fn sorted(values: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    check_finite(values)?;
    if values.is_empty() {
        return Err(StatisticsError::Empty);
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::super::mann_whitney;
    use super::*;
    use crate::random::MasterSeed;
    use approx::assert_relative_eq;
    use rand::RngExt;

    #[test]
    fn by_hand() {
        // P(B(8, ½) = 0) = 1/256: the range of 8 values holds the median with 1 − 2/256 > 0.99.
        let values = [8.0, 1.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0];
        let expected = Interval { estimate: 4.5, low: 1.0, high: 8.0 };
        assert_eq!(median_interval(&values, 0.99), Ok(Some(expected)));
        assert_eq!(median_interval(&values[..7], 0.99), Ok(None));
        // 5 against 5: U = 0 has the probability 1/252, so 0.99 leaves out none but the outermost.
        let (x, y) = ([10.0, 11.0, 12.0, 13.0, 14.0], [0.0, 0.1, 0.2, 0.3, 0.4]);
        let shift = shift_interval(&x, &y, 0.99).unwrap().unwrap();
        assert_relative_eq!(shift.low, 9.6, max_relative = 1e-14);
        assert_relative_eq!(shift.high, 14.0, max_relative = 1e-14);
        assert_eq!(shift_interval(&x[..3], &y[..3], 0.99), Ok(None));
    }

    #[test]
    fn the_shifts_within_are_those_the_test_does_not_refute() {
        let mut random = MasterSeed(4).stream("test", &[]);
        let x: Vec<f64> = (0..9).map(|_| random.random::<f64>()).collect();
        let y: Vec<f64> = (0..11).map(|_| 0.3 + random.random::<f64>()).collect();
        let interval = shift_interval(&x, &y, 0.95).unwrap().unwrap();
        for (shift, refuted) in [
            (interval.low - 1e-9, true),
            (interval.low + 1e-9, false),
            (interval.estimate, false),
            (interval.high - 1e-9, false),
            (interval.high + 1e-9, true),
        ] {
            let moved: Vec<f64> = y.iter().map(|y| y + shift).collect();
            assert_eq!(mann_whitney(&x, &moved).unwrap().p <= 0.05, refuted, "{shift}");
        }
    }

    #[test]
    fn nothing_and_no_number_are_refused() {
        assert_eq!(median_interval(&[], 0.9), Err(StatisticsError::Empty));
        assert_eq!(shift_interval(&[1.0], &[], 0.9), Err(StatisticsError::Empty));
        assert!(matches!(
            median_interval(&[f64::NAN], 0.9),
            Err(StatisticsError::NotFinite { .. })
        ));
    }
}
