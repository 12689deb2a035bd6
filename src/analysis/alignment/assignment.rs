//! The assignment problem, with signs.

use crate::network::SignedPermutation;
use ndarray::Array2;
use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// The largest similarity as an integer. Sums of 2²⁰ of them are far from overflow.
const LARGEST: f64 = (1_u64 << 40) as f64;

/// The assignment that maximizes Σⱼ (eⱼ + sⱼ oⱼ), where e and o are `even` and `odd` of unit j of
/// the result and unit `source[j]` of what is exchanged, and sⱼ = ±1 is its sign.
///
/// Both are `(units, units)`: rows are units of the result. For each pair the better sign is known
/// before the assignment: it gives e + |o|. `None` if a similarity is not finite.
///
/// Solved by the algorithm of Kuhn and Munkres in O(n³). It runs on integers, which are the
/// similarities in units of 2⁻⁴⁰ of the largest one. So it needs no tolerance, it ends, and equal
/// integers give equal permutations on every machine. Of exchanges that differ by less than this
/// rounding, any may be returned.
pub(super) fn assign(even: &Array2<f64>, odd: Option<&Array2<f64>>) -> Option<SignedPermutation> {
    let similarity = match odd {
        Some(odd) => even + &odd.mapv(f64::abs),
        None => even.clone(),
    };
    let largest = similarity.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if !similarity.iter().all(|x| x.is_finite()) {
        return None;
    }
    let units = similarity.nrows();
    if units == 0 {
        return Some(SignedPermutation::identity(0));
    }
    let factor = if largest > 0.0 { LARGEST / largest } else { 0.0 };
    let integer = |(row, column)| (similarity[[row, column]] * factor).round() as i64;
    let weights = Matrix::from_fn(units, units, integer);
    let (_, source) = kuhn_munkres(&weights);
    let negated = (source.iter().enumerate())
        .map(|(unit, &source)| odd.is_some_and(|odd| odd[[unit, source]] < 0.0))
        .collect();
    Some(SignedPermutation { source, negated })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::random::MasterSeed;
    use rand::RngExt;

    /// All orders of `units` units.
    pub fn orders(units: usize) -> Vec<Vec<usize>> {
        if units == 0 {
            return vec![Vec::new()];
        }
        let longer = |order: Vec<usize>| {
            (0..units).map(move |position| {
                let mut order = order.clone();
                order.insert(position, units - 1);
                order
            })
        };
        orders(units - 1).into_iter().flat_map(longer).collect()
    }

    #[test]
    fn is_the_best_of_all_orders_and_signs() {
        for units in 1..=6 {
            for number in 0..10 {
                let mut stream = MasterSeed(9).stream("assignment", &[units as u64, number]);
                let mut random = || {
                    Array2::from_shape_simple_fn((units, units), || stream.random_range(-1.0..1.0))
                };
                let (even, odd): (Array2<f64>, Array2<f64>) = (random(), random());
                let total = |order: &[usize], signs: &dyn Fn(usize, usize) -> f64| -> f64 {
                    let pairs = order.iter().enumerate();
                    pairs.map(|(i, &j)| even[[i, j]] + signs(i, j) * odd[[i, j]]).sum()
                };
                let best = |signs: &dyn Fn(usize, usize) -> f64| {
                    let totals = orders(units).into_iter().map(|order| total(&order, signs));
                    totals.fold(f64::NEG_INFINITY, f64::max)
                };
                let plain = assign(&even, None).unwrap();
                assert!(plain.is_valid() && !plain.negated.contains(&true));
                let found = total(&plain.source, &|_, _| 0.0);
                assert!((found - best(&|_, _| 0.0)).abs() < 1e-10, "{units} units");
                let signed = assign(&even, Some(&odd)).unwrap();
                assert!(signed.is_valid());
                let sign = |unit: usize| if signed.negated[unit] { -1.0 } else { 1.0 };
                let found = total(&signed.source, &|unit, _| sign(unit));
                let best = best(&|i, j| odd[[i, j]].signum());
                assert!((found - best).abs() < 1e-10, "{units} units");
            }
        }
    }

    #[test]
    fn units_that_are_all_alike_have_an_order_too() {
        for value in [0.0, 1e-300, -3.0, 1e300] {
            assert!(assign(&Array2::from_elem((5, 5), value), None).unwrap().is_valid());
        }
        assert_eq!(assign(&Array2::from_elem((2, 2), f64::NAN), None), None);
        assert_eq!(assign(&Array2::from_elem((2, 2), f64::INFINITY), None), None);
        assert_eq!(assign(&Array2::zeros((0, 0)), None), Some(SignedPermutation::identity(0)));
    }
}
