//! The map of an analytic landscape of two variables: heights, contours, and the paths on it.

use crate::landscape::HeightMap;
use crate::path::{PathResult, Track};
use crate::report::contours::{HeightGrid, levels};

/// Heights over a rectangle, and paths across it.
pub struct Plane<'a> {
    /// The heights.
    pub map: HeightMap,
    /// The endpoints of the paths.
    pub ends: Vec<[f64; 2]>,
    /// The paths.
    pub paths: Vec<DrawnPath<'a>>,
    /// The weight λ of the squared steps they were found with.
    pub lambda: f64,
}

/// A path on the map.
#[derive(Clone, Copy, Debug)]
pub struct DrawnPath<'a> {
    /// Numbers of its endpoints.
    pub pair: (u32, u32),
    /// The endpoints.
    pub ends: [[f64; 2]; 2],
    /// The heights along the path.
    pub result: &'a PathResult,
    /// Its points; `None` if the run did not keep them.
    pub track: Option<&'a Track>,
}

impl<'a> Plane<'a> {
    /// The map of these paths; `None` if there are none. `map` returns the heights around all their
    /// points.
    pub fn of(
        paths: Vec<DrawnPath<'a>>,
        lambda: f64,
        map: impl FnOnce(&[[f64; 2]]) -> Option<HeightMap>,
    ) -> Option<Self> {
        if paths.is_empty() {
            return None;
        }
        let mut ends: Vec<[f64; 2]> = Vec::new();
        for end in paths.iter().flat_map(|path| path.ends) {
            if !ends.contains(&end) {
                ends.push(end);
            }
        }
        let on_paths = paths.iter().flat_map(DrawnPath::points);
        let points: Vec<[f64; 2]> = ends.iter().copied().chain(on_paths).collect();
        Some(Self { map: map(&points)?, ends, paths, lambda })
    }

    /// Number of paths whose points were not kept.
    pub fn without_points(&self) -> usize {
        self.paths.iter().filter(|path| path.track.is_none()).count()
    }

    /// Heights of about a dozen contours with equal steps, from the lowest point to somewhat above
    /// the highest straight-line barrier. Above that, most landscapes rise without limit.
    pub fn levels(&self) -> Vec<f64> {
        let finite = self.map.heights.iter().copied().filter(|height| height.is_finite());
        let low = finite.fold(f64::INFINITY, f64::min);
        let straight = self.paths.iter().map(|path| path.result.straight_barrier);
        let high = straight.fold(f64::NEG_INFINITY, f64::max);
        levels(low, 1.15 * high - 0.15 * low)
    }

    /// For each level the areas at least that high, as of [`HeightGrid::areas`].
    pub fn areas(&self, levels: &[f64]) -> Vec<Vec<Vec<[f64; 2]>>> {
        let HeightMap { region, heights } = &self.map;
        let points = [HeightMap::POINTS; 2];
        HeightGrid { region: *region, points, heights }.areas(levels)
    }
}

impl DrawnPath<'_> {
    /// Its points; none if they were not kept.
    pub fn points(&self) -> Vec<[f64; 2]> {
        let rows = self.track.iter().flat_map(|track| track.points.outer_iter());
        rows.map(|row| [row[0], row[1]]).collect()
    }

    /// t and the height along the path, as finely as they were kept.
    pub fn profile(&self) -> Vec<[f64; 2]> {
        self.track.map_or_else(|| against_t(&self.result.loss), |track| against_t(&track.heights))
    }

    /// The same along the straight line.
    pub fn straight_profile(&self) -> Vec<[f64; 2]> {
        self.track.map_or_else(
            || against_t(&self.result.straight_loss),
            |track| against_t(&track.straight_heights),
        )
    }
}

/// Heights at equal steps from t = 0 to 1.
fn against_t(heights: &[f64]) -> Vec<[f64; 2]> {
    let last = heights.len().saturating_sub(1) as f64;
    heights.iter().enumerate().map(|(m, &height)| [m as f64 / last, height]).collect()
}
