//! The points of a path on a landscape of few dimensions.

use super::{Curve, equally_spaced};
use crate::combinations::Combinations;
use crate::landscape::AnalyticLandscape;
use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};

/// The points of a path on an analytic landscape, and the heights there.
///
/// A point on a path of a network has 10⁴ to 10⁵ components, so the result of such a path keeps
/// losses only. On a landscape of [few dimensions](MAX_DIMENSIONS) the points take some kB. With
/// them the path can be drawn without a new search. They lie at t_m = m / (M − 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(clippy::unsafe_derive_deserialize, reason = "no unsafe code of its own")]
pub struct Track {
    /// `(M, P)`: ω(t_m).
    pub points: Array2<f64>,
    /// `(M,)`: f(ω(t_m)).
    pub heights: Vec<f64>,
    /// `(M,)`: the heights at the same t on the straight line.
    pub straight_heights: Vec<f64>,
}

/// Maximum dimension of a landscape for which points are kept.
pub const MAX_DIMENSIONS: usize = 3;

/// Maximum factor by which the points are finer than the grid of the objective. A curve of 500
/// points or more looks smooth.
const MAX_REFINEMENT: usize = 10;

/// Number of intervals up to which a coarse grid is refined. A finer grid is kept as it is.
const SMOOTH: usize = 2000;

impl Track {
    /// The points of a path that was found on a grid of `points` ≥ 2 points. They include the
    /// points of that grid. `None` if the landscape has more than [`MAX_DIMENSIONS`].
    ///
    /// # Panics
    /// If there are fewer than two points.
    pub fn of(
        landscape: &dyn AnalyticLandscape,
        curve: &dyn Curve<f64>,
        points: usize,
    ) -> Option<Self> {
        if curve.dimension() > MAX_DIMENSIONS {
            return None;
        }
        let refinement = (SMOOTH / (points - 1)).clamp(1, MAX_REFINEMENT);
        let grid = curve.grid(&equally_spaced((points - 1) * refinement + 1));
        let (vectors, coefficients) = (curve.vectors(), grid.coefficients());
        // Without the shapes the curve is the straight line.
        let line = Combinations {
            vectors: vectors.slice(s![..2, ..]),
            coefficients: coefficients.slice(s![.., ..2]),
        };
        let points = rows(&curve.points(&grid));
        let heights = |points: &Array2<f64>| -> Vec<f64> {
            points
                .outer_iter()
                .map(|point| landscape.value(point.as_slice().expect("a row is contiguous")))
                .collect()
        };
        Some(Self { heights: heights(&points), straight_heights: heights(&rows(&line)), points })
    }

    /// t of each point.
    pub fn t(&self) -> impl Iterator<Item = f64> + '_ {
        let last = self.heights.len().saturating_sub(1) as f64;
        (0..self.heights.len()).map(move |m| m as f64 / last)
    }
}

/// All points, `(M, P)`.
fn rows(combinations: &Combinations<f64>) -> Array2<f64> {
    let mut rows = Array2::zeros((combinations.points(), combinations.dimension()));
    for (m, mut row) in rows.outer_iter_mut().enumerate() {
        combinations.point(m, row.as_slice_mut().expect("a row is contiguous"));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{DoubleWell, TwoWells};
    use crate::path::{ChosenMethod, PathParameters, find_path_for};

    fn track(points: usize) -> (Track, crate::path::PathResult) {
        let parameters = PathParameters {
            method: ChosenMethod::fourier(5),
            points,
            lambda: 1.0,
            steps: 30,
            learning_rate: 0.01,
            ..PathParameters::default()
        };
        let ends: [&[f64]; 2] = [&[-0.62, -0.54], &[0.49, -0.02]];
        let found = find_path_for(&TwoWells, &TwoWells, ends, &parameters, &mut |_, _| true)
            .unwrap()
            .unwrap();
        (Track::of(&TwoWells, found.curve.as_ref(), points).unwrap(), found.result)
    }

    #[test]
    fn its_points_hold_those_of_the_profile() {
        for (points, expected) in [(21, 201), (101, 1001), (501, 2001), (2502, 2502)] {
            let (track, result) = track(points);
            assert_eq!(track.heights.len(), expected);
            assert_eq!((track.points.dim(), track.t().count()), ((expected, 2), expected));
            let stride = (expected - 1) / (points - 1);
            for (m, loss) in result.loss.iter().enumerate() {
                assert!((track.heights[m * stride] - loss).abs() < 1e-12, "{points}: {m}");
                assert!(
                    (track.straight_heights[m * stride] - result.straight_loss[m]).abs() < 1e-12,
                    "{points}: {m}"
                );
            }
            let last = track.points.row(expected - 1);
            assert_eq!((last[0], last[1], track.t().last()), (0.49, -0.02, Some(1.0)));
        }
    }

    #[test]
    fn of_many_dimensions_there_is_none() {
        let landscape = DoubleWell::new(4).unwrap();
        let path = ChosenMethod::fourier(2).straight([&[-1.0; 4][..], &[1.0; 4]]);
        assert!(Track::of(&landscape, path.as_ref(), 11).is_none());
    }
}
