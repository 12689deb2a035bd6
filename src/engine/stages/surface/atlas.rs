//! `/surface`: planes, the heights on them, and the solutions and curves in them.

use super::found::{CurveName, DrawnCurve, Field, Surface, surfaces};
use super::section::{PlaneKind, SECTION};
use crate::config::reader::Choice;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec};
use ndarray::{Array1, Array2, Array3};

/// The names of its groups, each of which may exist only once.
pub(super) fn groups(atlas: &Atlas<'_>) -> Vec<String> {
    let configs = atlas.results.config.section(&SECTION);
    configs.iter().map(|config| format!("/surface/{}", config.name)).collect()
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let surfaces = surfaces(&atlas.results, atlas.sets, atlas.paths);
    for surface in &surfaces {
        let all = root.group("surface", "heights on planes and lines through the landscape")?;
        let node = all.group(&surface.config.name, "a plane or a line with the heights on it")?;
        write_plane(&node, surface)?;
        for field in &surface.fields {
            write_field(&node, surface, field, atlas.loss_unit)?;
        }
        write_solutions(&node, surface)?;
        write_curves(&node, surface)?;
    }
    Ok(())
}

fn write_plane(node: &AtlasGroup, surface: &Surface) -> Result<(), AtlasError> {
    let config = surface.config;
    node.text("plane", config.plane.word())?;
    node.text("through", &surface.through)?;
    let images = config.images.map_or("all".to_owned(), |images| images.to_string());
    node.text("images", &images)?;
    let words = "coordinate along the first direction";
    node.coordinates(&DatasetSpec::new("x", "x", words), &Array1::from(surface.grid.axis(0)))?;
    let words = "coordinate along the second direction; a single 0 for a line";
    let y = if config.dimensions > 1 { surface.grid.axis(1) } else { vec![0.0] };
    node.coordinates(&DatasetSpec::new("y", "y", words), &Array1::from(y))?;
    let dimensions = config.dimensions;
    node.axis("direction", "the directions of the plane: 0 for x, 1 for y", dimensions)?;
    let words = "the point at x = 0, y = 0";
    let origin = Array1::from(surface.basis.origin().to_vec());
    node.numbers(&DatasetSpec::new("origin", "parameter", words), &origin)?;
    let words = "theta = origin + x directions[0] + y directions[1]";
    let label = DatasetSpec::new("directions", "direction, parameter", words);
    let directions = surface.basis.directions();
    let shape = (dimensions, origin.len());
    node.numbers(&label, &Array2::from_shape_fn(shape, |(k, i)| directions[k][i]))?;
    let (name, words) = match config.plane {
        PlaneKind::Hessian => {
            ("eigenvalue", "eigenvalue of the Hessian at the origin for each direction")
        }
        PlaneKind::Path | PlaneKind::Trajectory => {
            ("explained", "share of each direction in the variance of the points")
        }
        PlaneKind::Solutions | PlaneKind::Random => return Ok(()),
    };
    node.numbers(&DatasetSpec::new(name, "direction", words), &surface.numbers)
}

fn write_field(
    node: &AtlasGroup,
    surface: &Surface,
    field: &Field,
    unit: &str,
) -> Result<(), AtlasError> {
    let on = format!("on_{}", field.landscape);
    let group = node.group(&on, "the heights on this landscape")?;
    group.text("landscape", field.landscape.name())?;
    write_values(&group, surface, &field.loss, ("loss", "loss at each point", unit))?;
    let accuracy = "fraction of the images classified correctly at each point";
    if !field.accuracy.is_empty() {
        write_values(&group, surface, &field.accuracy, ("accuracy", accuracy, "1"))?;
    }
    if surface.anchors.is_empty() {
        return Ok(());
    }
    let count = surface.anchors.len();
    group.axis("anchor", "the solutions of the attribute through, in their order", count)?;
    let words = "loss at the solutions by which the plane was chosen";
    let label = DatasetSpec::new("anchor_loss", "anchor", words).units(unit);
    group.numbers(&label, &field.anchor_loss)?;
    if !field.anchor_accuracy.is_empty() {
        let words = "fraction of the images classified correctly at these solutions";
        group.numbers(
            &DatasetSpec::new("anchor_accuracy", "anchor", words),
            &field.anchor_accuracy,
        )?;
    }
    Ok(())
}

fn write_values(
    group: &AtlasGroup,
    surface: &Surface,
    values: &[f64],
    (name, words, unit): (&str, &str, &str),
) -> Result<(), AtlasError> {
    let points = surface.grid.points;
    let rows = values.len() / points;
    let values = Array2::from_shape_fn((rows, points), |(y, x)| values[y * points + x]);
    group.profiles(&DatasetSpec::new(name, "y, x", words).units(unit), &values)
}

fn write_solutions(node: &AtlasGroup, surface: &Surface) -> Result<(), AtlasError> {
    let group = node.group("solutions", "where the solutions lie")?;
    let all = &surface.solutions;
    group.axis("solution", "number of each solution, set by set", all.len())?;
    let sets: Vec<&str> = all.iter().map(|one| one.set.as_str()).collect();
    group
        .texts(&DatasetSpec::new("set", "solution", "set of each solution, GROUP/MEMBER"), &sets)?;
    let numbers: Vec<u32> = all.iter().map(|one| one.number).collect();
    let words = "number of the random initialization of each solution";
    group.numbers(&DatasetSpec::new("initialization", "solution", words), &numbers)?;
    let shape = (all.len(), surface.config.dimensions);
    let places = Array2::from_shape_fn(shape, |(row, k)| all[row].place[k]);
    let words = "coordinates of the nearest point of the plane";
    group.numbers(&DatasetSpec::new("coordinates", "solution, direction", words), &places)?;
    let distances: Vec<f64> = all.iter().map(|one| one.place[2]).collect();
    group.numbers(&DatasetSpec::new("distance", "solution", "distance from the plane"), &distances)
}

fn write_curves(node: &AtlasGroup, surface: &Surface) -> Result<(), AtlasError> {
    let group = node.group("curves", "where paths and trajectories run")?;
    let all = &surface.curves;
    group.axis("curve", "number of each curve: paths, then trajectories", all.len())?;
    let kinds: Vec<&str> = all
        .iter()
        .map(|curve| match curve.what {
            CurveName::Path { .. } => "path",
            CurveName::Trajectory { .. } => "trajectory",
        })
        .collect();
    group.texts(&DatasetSpec::new("kind", "curve", "path or trajectory"), &kinds)?;
    let names: Vec<String> = all.iter().map(|curve| curve.what.name()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let words = "the path, SET:a-b or SET1~SET2:a-b, or the trajectory, OPTIMIZER:INITIALIZATION";
    group.texts(&DatasetSpec::new("name", "curve", words), &names)?;
    let landscapes: Vec<&str> = all.iter().map(|curve| curve.what.landscape()).collect();
    let words = "the landscape on which a path was found; empty for a trajectory";
    group.texts(&DatasetSpec::new("landscape", "curve", words), &landscapes)?;
    let count = all.iter().map(|curve| curve.points.len()).max().unwrap_or(0);
    group.axis("point", "number of each point, in the order of the curve", count)?;
    let number = |curve: &DrawnCurve, point: usize, column: usize| {
        curve.points.get(point).map_or(f64::NAN, |place| place[column])
    };
    let shape = (all.len(), count, surface.config.dimensions);
    let places = Array3::from_shape_fn(shape, |(row, m, k)| number(&all[row], m, k));
    let words = "coordinates of the nearest point of the plane; NaN after the last point";
    group.numbers(&DatasetSpec::new("coordinates", "curve, point, direction", words), &places)?;
    let shape = (all.len(), count);
    let distances = Array2::from_shape_fn(shape, |(row, m)| number(&all[row], m, 2));
    let words = "distance from the plane; NaN after the last point";
    group.numbers(&DatasetSpec::new("distance", "curve, point", words), &distances)
}
