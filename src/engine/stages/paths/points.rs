//! `/paths/…/points`: paths of analytic landscapes of few dimensions, point by point.

use crate::engine::store::atlas::{AtlasError, AtlasGroup, DatasetSpec};
use crate::path::Track;
use ndarray::{Array1, Array2, Array3, s};

/// Shape `(M, P)` of the points of each path; `None` if there are no points.
fn shape(tracks: &[Option<&Track>]) -> Option<(usize, usize)> {
    tracks.iter().flatten().next().map(|track| track.points.dim())
}

/// Whether all tracks of a set have one shape, and a height for each point.
pub(super) fn agree(tracks: &[Option<&Track>]) -> bool {
    let Some((points, dimensions)) = shape(tracks) else { return true };
    let fits = |track: &&Track| {
        let lengths = [track.heights.len(), track.straight_heights.len()];
        track.points.dim() == (points, dimensions) && lengths == [points; 2]
    };
    points >= 2 && tracks.iter().flatten().all(fits)
}

/// Writes the group, unless no path has points.
pub(super) fn write(
    parent: &AtlasGroup,
    tracks: &[Option<&Track>],
    loss_unit: &str,
) -> Result<(), AtlasError> {
    let Some((points, dimensions)) = shape(tracks) else { return Ok(()) };
    let node = parent.group("points", "the points of each path and the heights there")?;
    node.axis("coordinate", "number of each coordinate of a point", dimensions)?;
    let t = Array1::from_shape_fn(points, |m| m as f64 / (points - 1) as f64);
    node.coordinates(&DatasetSpec::new("t", "t", "path parameter of each point"), &t)?;
    let mut all = Array3::from_elem((tracks.len(), points, dimensions), f64::NAN);
    for (row, track) in kept(tracks) {
        all.slice_mut(s![row, .., ..]).assign(&track.points);
    }
    let label = "coordinates of each point of the path; NaN where there is no path";
    node.numbers(&DatasetSpec::new("point", "path, t, coordinate", label), &all)?;
    let label = "height at each point of the path; NaN where there is no path";
    let label = DatasetSpec::new("height", "path, t", label).units(loss_unit);
    node.profiles(&label, &table(tracks, points, |track| &track.heights))?;
    let label = "height at the same t on the straight line; NaN where there is no path";
    let label = DatasetSpec::new("straight_height", "path, t", label).units(loss_unit);
    node.profiles(&label, &table(tracks, points, |track| &track.straight_heights))
}

fn kept<'a>(tracks: &'a [Option<&Track>]) -> impl Iterator<Item = (usize, &'a Track)> {
    tracks.iter().enumerate().filter_map(|(row, track)| Some((row, (*track)?)))
}

fn table(
    tracks: &[Option<&Track>],
    points: usize,
    heights: impl Fn(&Track) -> &Vec<f64>,
) -> Array2<f64> {
    let mut table = Array2::from_elem((tracks.len(), points), f64::NAN);
    for (row, track) in kept(tracks) {
        table.row_mut(row).assign(&ndarray::aview1(heights(track)));
    }
    table
}
