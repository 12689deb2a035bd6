//! The silhouette, a measure of the separation of two groups of points.

use super::StatisticsError;
use super::moments::check_finite;
use ndarray::{ArrayView1, ArrayView2};

/// The mean silhouette of two groups of points, rows of `x` `(n, d)` and `y` `(m, d)` (P. J.
/// Rousseeuw, J. Comput. Appl. Math. 20, 53 (1987)): the mean over all points of (b − a) / max(a,
/// b), where a is the mean distance to the other points of the group, and b that to the points of
/// the other group. It is 1 for groups far apart, 0 for mixed groups, and negative if points are
/// nearer to the other group. A point alone in its group counts 0.
///
/// # Errors
/// [`StatisticsError::Empty`] if a group has no point, [`StatisticsError::Width`],
/// [`StatisticsError::VectorNotFinite`].
pub fn silhouette(
    x: &ArrayView2<'_, f64>,
    y: &ArrayView2<'_, f64>,
) -> Result<f64, StatisticsError> {
    if x.is_empty() || y.is_empty() {
        return Err(StatisticsError::Empty);
    }
    if x.ncols() != y.ncols() {
        return Err(StatisticsError::Width { first: x.ncols(), second: y.ncols() });
    }
    check_finite(x)?;
    check_finite(y)?;
    let total = of_group(x, y) + of_group(y, x);
    Ok(total / (x.nrows() + y.nrows()) as f64)
}

/// The sum of the silhouettes of the points of `own`.
fn of_group(own: &ArrayView2<'_, f64>, other: &ArrayView2<'_, f64>) -> f64 {
    if own.nrows() < 2 {
        return 0.0;
    }
    let of_point = |point: ArrayView1<'_, f64>| {
        // The distance to itself is 0 and not counted.
        let within = sum_of_distances(&point, own) / (own.nrows() - 1) as f64;
        let between = sum_of_distances(&point, other) / other.nrows() as f64;
        let larger = within.max(between);
        if larger > 0.0 { (between - within) / larger } else { 0.0 }
    };
    own.outer_iter().map(of_point).sum()
}

fn sum_of_distances(point: &ArrayView1<'_, f64>, group: &ArrayView2<'_, f64>) -> f64 {
    let distance = |row: ArrayView1<'_, f64>| {
        point.iter().zip(row).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    group.outer_iter().map(distance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::{Array2, array};

    #[test]
    fn by_hand() {
        // Of 0 and 1 against 4: (4 − 1)/4 and (3 − 1)/3; 4 is alone.
        let (x, y) = (array![[0.0], [1.0]], array![[4.0]]);
        let expected = (0.75 + 2.0 / 3.0) / 3.0;
        assert_relative_eq!(
            silhouette(&x.view(), &y.view()).unwrap(),
            expected,
            max_relative = 1e-15
        );
        assert_relative_eq!(
            silhouette(&y.view(), &x.view()).unwrap(),
            expected,
            max_relative = 1e-15
        );
    }

    #[test]
    fn one_heap_has_none_and_far_groups_have_all() {
        let heap = Array2::<f64>::zeros((3, 2));
        assert_relative_eq!(silhouette(&heap.view(), &heap.view()).unwrap(), 0.0);
        let far = &heap + 7.0;
        assert_relative_eq!(silhouette(&heap.view(), &far.view()).unwrap(), 1.0);
    }

    #[test]
    fn what_are_no_two_groups_is_refused() {
        let (two, one) = (array![[1.0, 2.0]], array![[1.0]]);
        let broken = array![[1.0, f64::INFINITY]];
        assert_eq!(
            silhouette(&two.view(), &one.view()),
            Err(StatisticsError::Width { first: 2, second: 1 })
        );
        assert_eq!(
            silhouette(&two.view(), &Array2::zeros((0, 2)).view()),
            Err(StatisticsError::Empty)
        );
        assert!(matches!(
            silhouette(&two.view(), &broken.view()),
            Err(StatisticsError::VectorNotFinite { column: 1, .. })
        ));
    }
}
