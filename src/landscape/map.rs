//! Heights over a plane, for the contour lines of a map.

use super::BuiltIn;

/// Heights of an analytic landscape of two dimensions over a rectangle.
///
/// They are computed from the function for drawing and are not results of a run. They involve no
/// search and no random numbers, so the journal does not store them. The region depends on all
/// paths that are drawn, which are known only at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct HeightMap {
    /// [low, high] of x and of y.
    pub region: [[f64; 2]; 2],
    /// Heights on a regular grid of [`POINTS`](Self::POINTS) × `POINTS` points, x fastest.
    pub heights: Vec<f64>,
}

impl HeightMap {
    /// Points of the grid along each axis.
    pub const POINTS: usize = 201;

    /// The map over the region of random starts, widened to contain these points with a margin.
    /// `None` if the landscape does not have two dimensions.
    pub fn of(landscape: &BuiltIn, points: impl Iterator<Item = [f64; 2]>) -> Option<Self> {
        let &[x, y] = &landscape.start_region()[..] else { return None };
        let region = widened([x, y], points);
        let landscape = landscape.build();
        let place = |index: usize, [low, high]: [f64; 2]| {
            low + (high - low) * index as f64 / (Self::POINTS - 1) as f64
        };
        let height = |k: usize| {
            let [column, row] = [k % Self::POINTS, k / Self::POINTS];
            landscape.value(&[place(column, region[0]), place(row, region[1])])
        };
        Some(Self { region, heights: (0..Self::POINTS * Self::POINTS).map(height).collect() })
    }
}

fn widened(mut region: [[f64; 2]; 2], points: impl Iterator<Item = [f64; 2]>) -> [[f64; 2]; 2] {
    for point in points {
        for (range, x) in region.iter_mut().zip(point) {
            let margin = 0.05 * (range[1] - range[0]);
            *range = [range[0].min(x - margin), range[1].max(x + margin)];
        }
    }
    region
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{AnalyticLandscape, DoubleWell, TwoWells};

    #[test]
    fn a_map_holds_all_points_and_the_heights_of_its_grid() {
        let map = HeightMap::of(&BuiltIn::TwoWells, [[0.0, 0.0]].into_iter()).unwrap();
        assert_eq!(map.region, [[-1.0, 1.0]; 2]);
        let middle = map.heights[HeightMap::POINTS * 100 + 150];
        assert!((middle - AnalyticLandscape::value(&TwoWells, &[0.5, 0.0])).abs() < 1e-12);
        let wide =
            HeightMap::of(&BuiltIn::TwoWells, [[0.0, 2.0], [-3.0, 0.0]].into_iter()).unwrap();
        assert_eq!(wide.region, [[-3.1, 1.0], [-1.0, 2.1]]);
        let many = BuiltIn::DoubleWell(DoubleWell::new(3).unwrap());
        assert_eq!(HeightMap::of(&many, std::iter::empty()), None);
    }
}
