//! Compares two lists of numbers by their ranks, without assumptions about their distribution.
//!
//! The test of the crate `statrs` is not used: its exact method enumerates all subsets, 6e27 for 48
//! against 48 numbers, and it computes small probabilities by subtraction from 1.

use super::StatisticsError;
use super::summary::check_finite;
use statrs::distribution::{ContinuousCDF, Normal};

/// The test of H. B. Mann and D. R. Whitney, Ann. Math. Statist. 18, 50 (1947),
/// <https://doi.org/10.1214/aoms/1177730491>, two-sided, with its effect size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTest {
    /// U: pairs (x, y) with x > y, those with x = y counted half.
    pub u: f64,
    /// Probability of a U at least as far from its mean if x and y are drawn from one distribution.
    pub p: f64,
    /// Whether p comes from the exact distribution of U and not from its normal approximation.
    pub exact: bool,
    /// Cliff's δ = 2 U / (n m) − 1 = P(x > y) − P(x < y): 1 if every x is above every y, −1 if
    /// below.
    pub delta: f64,
}

/// Maximum n m for the exact distribution of U: 75 against 75, the runs of the published study.
pub(super) const TABULATED: usize = 75 * 75;

/// Compares `x` (n numbers) with `y` (m numbers).
///
/// Without ties and up to n m = 5625 p is exact. Otherwise the normal approximation is used, with
/// the variance corrected for ties and a continuity correction of ½. If all numbers are equal, p =
/// 1.
///
/// # Errors
/// [`StatisticsError::Empty`], [`StatisticsError::NotFinite`].
pub fn mann_whitney(x: &[f64], y: &[f64]) -> Result<RankTest, StatisticsError> {
    check_finite(x)?;
    check_finite(y)?;
    let (n, m) = (x.len(), y.len());
    if n == 0 || m == 0 {
        return Err(StatisticsError::Empty);
    }
    let (u, ties) = count(x, y);
    let pairs = (n * m) as f64;
    let further = u.max(pairs - u);
    let exact = ties == 0.0 && n * m <= TABULATED;
    let p = if exact {
        2.0 * upper_tail(n, m, further as usize)
    } else {
        2.0 * normal_tail(n, m, further, ties)
    };
    Ok(RankTest { u, p: p.min(1.0), exact, delta: 2.0 * u / pairs - 1.0 })
}

/// The smallest p that n against m numbers can have: 2 / C(n + m, n). If it is above the level of a
/// test, no result can be significant.
pub fn smallest_p(n: usize, m: usize) -> f64 {
    let ways: f64 = (1..=n).map(|i| (m + i) as f64 / i as f64).product();
    (2.0 / ways).min(1.0)
}

/// P(U ≤ u) for every u from 0 to n m, under the null hypothesis.
pub(super) fn distribution(n: usize, m: usize) -> Vec<f64> {
    // Assign the ranks one after the other. `ways[i][u]` counts the assignments of i ranks to x
    // whose sum is u above the smallest possible sum.
    let most = n * m;
    let mut ways = vec![vec![0.0; most + 1]; n + 1];
    ways[0][0] = 1.0;
    for rank in 0..n + m {
        for i in (1..=n.min(rank + 1)).rev() {
            let step = rank + 1 - i;
            let (before, after) = ways.split_at_mut(i);
            for u in step..=most {
                after[0][u] += before[i - 1][u - step];
            }
        }
    }
    let total: f64 = ways[n].iter().sum();
    let cumulated = ways[n].iter().scan(0.0, |sum, way| {
        *sum += way;
        Some(*sum / total)
    });
    cumulated.collect()
}

/// P(U ≥ u), by symmetry P(U ≤ n m − u): a sum of small numbers instead of a difference from 1.
fn upper_tail(n: usize, m: usize, u: usize) -> f64 {
    distribution(n, m)[n * m - u]
}

fn normal_tail(n: usize, m: usize, u: f64, ties: f64) -> f64 {
    let all = (n + m) as f64;
    let pairs = (n * m) as f64;
    let variance = pairs / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)).max(1.0));
    if variance <= 0.0 {
        return 0.5;
    }
    Normal::standard().sf((u - pairs / 2.0 - 0.5) / variance.sqrt())
}

/// U, and Σ (t³ − t) over groups of t equal numbers in both lists together.
fn count(x: &[f64], y: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> =
        x.iter().map(|&x| (x, true)).chain(y.iter().map(|&y| (y, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut u, mut ties, mut below) = (0.0, 0.0, 0.0);
    // 0 and −0 are one number.
    for group in all.chunk_by(|a, b| a.0 >= b.0) {
        let of_x = group.iter().filter(|(_, is_x)| *is_x).count() as f64;
        let size = group.len() as f64;
        u += of_x * (below + (size - of_x) / 2.0);
        ties += size * (size * size - 1.0);
        below += size - of_x;
    }
    (u, ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn by_hand() {
        // 20 ways of 3 ranks out of 6; all of x above all of y is one of them.
        let test = mann_whitney(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0]).unwrap();
        assert!(test.exact);
        assert_relative_eq!(test.u, 9.0);
        assert_relative_eq!(test.p, 0.1, max_relative = 1e-15);
        assert_relative_eq!(test.delta, 1.0);
        assert_relative_eq!(smallest_p(3, 3), 0.1, max_relative = 1e-15);
    }

    #[test]
    fn one_tie_says_nothing_and_zero_has_no_sign() {
        let test = mann_whitney(&[1.0, 1.0], &[1.0, 1.0, 1.0]).unwrap();
        assert!(!test.exact && test.p >= 1.0 && test.delta.abs() < 1e-15);
        assert_relative_eq!(mann_whitney(&[0.0], &[-0.0]).unwrap().u, 0.5);
    }

    #[test]
    fn the_exact_distribution_is_one_and_tends_to_the_normal() {
        for (n, m) in [(1, 1), (2, 7), (9, 4), (48, 48), (75, 75)] {
            let cumulated = distribution(n, m);
            assert_eq!(cumulated.len(), n * m + 1);
            assert_relative_eq!(cumulated[n * m], 1.0, max_relative = 1e-12);
            // Symmetric about n m / 2.
            for u in 0..n * m {
                assert!(
                    (cumulated[u] + cumulated[n * m - u - 1] - 1.0).abs() < 1e-12,
                    "{n} {m} {u}"
                );
            }
        }
        let exact = upper_tail(48, 48, 1400);
        assert_relative_eq!(exact, normal_tail(48, 48, 1400.0, 0.0), max_relative = 0.02);
    }

    #[test]
    fn nothing_and_no_number_are_refused() {
        assert_eq!(mann_whitney(&[], &[1.0]), Err(StatisticsError::Empty));
        assert!(matches!(
            mann_whitney(&[1.0], &[f64::NAN]),
            Err(StatisticsError::NotFinite { index: 0, .. })
        ));
    }
}
