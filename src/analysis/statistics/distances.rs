//! Distances of the vectors of two sets from the point between their centroids.

use super::StatisticsError;
use super::moments::check_finite;
use crate::kernels::Real;
use ndarray::{Array1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// Euclidean distances of two sets X and Y from their common origin ω̄ = ½ (x̄ + ȳ), with x̄ and ȳ
/// their centroids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// `|x_i − ω̄|` for each vector of X, `|y_i − ω̄|` for each of Y.
    pub to_origin: [Vec<f64>; 2],
    /// |x̄ − ω̄| = |ȳ − ω̄|, half of `centroid_distance`.
    pub centroid_to_origin: f64,
    /// |x̄ − ȳ|.
    pub centroid_distance: f64,
}

/// Distances of the rows of `x` `(n, P)` and `y` `(m, P)` from ω̄. Both centroids have the same
/// weight for all n and m. Differences are computed component by component in `f64`, so there is no
/// cancellation.
///
/// # Errors
/// [`StatisticsError::Empty`] if a set has no vector, [`StatisticsError::Width`],
/// [`StatisticsError::VectorNotFinite`].
pub fn distances<A: Real>(
    x: &ArrayView2<'_, A>,
    y: &ArrayView2<'_, A>,
) -> Result<Distances, StatisticsError> {
    if x.is_empty() || y.is_empty() {
        return Err(StatisticsError::Empty);
    }
    if x.ncols() != y.ncols() {
        return Err(StatisticsError::Width { first: x.ncols(), second: y.ncols() });
    }
    let centroids = [centroid(x)?, centroid(y)?];
    let origin = (&centroids[0] + &centroids[1]) / 2.0;
    let from_origin = |set: &ArrayView2<'_, A>| {
        set.outer_iter()
            .map(|vector| length(vector.iter().map(|value| value.wide()).zip(&origin)))
            .collect()
    };
    let between = length(centroids[0].iter().copied().zip(&centroids[1]));
    Ok(Distances {
        to_origin: [from_origin(x), from_origin(y)],
        centroid_to_origin: between / 2.0,
        centroid_distance: between,
    })
}

fn centroid<A: Real>(set: &ArrayView2<'_, A>) -> Result<Array1<f64>, StatisticsError> {
    check_finite(set)?;
    let mut sum = Array1::zeros(set.ncols());
    for vector in set.axis_iter(Axis(0)) {
        sum.zip_mut_with(&vector, |total, value| *total += value.wide());
    }
    Ok(sum / set.nrows() as f64)
}

fn length<'a>(pairs: impl Iterator<Item = (f64, &'a f64)>) -> f64 {
    pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::{Array2, array};

    #[test]
    fn by_hand() {
        // x̄ = (2, 0), ȳ = (−4, 8), ω̄ = (−1, 4).
        let x = array![[2.0_f32, 3.0], [2.0, -3.0]];
        let y = array![[-4.0_f32, 8.0]];
        let result = distances(&x.view(), &y.view()).unwrap();
        assert_relative_eq!(result.centroid_distance, 10.0);
        assert_relative_eq!(result.centroid_to_origin, 5.0);
        assert_relative_eq!(result.to_origin[0][0], 10.0_f64.sqrt());
        assert_relative_eq!(result.to_origin[0][1], 58.0_f64.sqrt());
        assert_relative_eq!(result.to_origin[1][0], 5.0);
    }

    #[test]
    fn simplex_and_its_shift() {
        // Unit vectors e_i of R^P: |e_i − ē|² = 1 − 1/P. A common shift moves nothing.
        let unit = Array2::<f64>::eye(50);
        let shifted = unit.mapv(|value| value + 1024.0);
        let result = distances(&unit.view(), &unit.view()).unwrap();
        let moved = distances(&shifted.view(), &shifted.view()).unwrap();
        assert!(result.centroid_distance.abs() < 1e-15);
        for (distance, after) in result.to_origin.concat().into_iter().zip(moved.to_origin.concat())
        {
            assert_relative_eq!(distance, (1.0 - 1.0 / 50.0_f64).sqrt(), max_relative = 1e-14);
            assert_relative_eq!(after, distance, max_relative = 1e-11);
        }
    }

    #[test]
    fn pythagoras_holds_for_each_set() {
        // Mean of `|x_i − ω̄|²` = mean of `|x_i − x̄|²` + |x̄ − ω̄|², for sets of different sizes
        // too.
        let x = array![[0.25_f32, 1.5, -2.0], [1.0, 0.5, 3.0], [-1.0, 2.0, 0.0], [4.0, -0.5, 1.0]];
        let y = array![[9.0_f32, 1.0, 1.0], [7.0, -1.0, 2.0]];
        let result = distances(&x.view(), &y.view()).unwrap();
        for (set, to_origin) in [&x, &y].into_iter().zip(&result.to_origin) {
            let wide = set.mapv(f64::from);
            let around =
                (&wide - &wide.mean_axis(Axis(0)).unwrap()).mapv(|value| value * value).sum();
            let count = to_origin.len() as f64;
            let mean_square =
                to_origin.iter().map(|distance| distance * distance).sum::<f64>() / count;
            assert_relative_eq!(
                mean_square,
                around / count + result.centroid_to_origin.powi(2),
                max_relative = 1e-14
            );
        }
    }

    #[test]
    fn sets_that_cannot_be_compared_are_refused() {
        let (two, three) = (array![[1.0_f32, 2.0]], array![[1.0_f32, 2.0, 3.0]]);
        let none = Array2::<f32>::zeros((0, 2));
        let broken = array![[1.0_f32, f32::NAN]];
        assert_eq!(
            distances(&two.view(), &three.view()),
            Err(StatisticsError::Width { first: 2, second: 3 })
        );
        assert_eq!(distances(&two.view(), &none.view()), Err(StatisticsError::Empty));
        let error = distances(&two.view(), &broken.view()).unwrap_err();
        assert!(matches!(error, StatisticsError::VectorNotFinite { row: 0, column: 1, .. }));
    }
}
