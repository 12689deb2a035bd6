//! `/paths`: loss profiles and barriers between pairs of solutions.

use super::{curve_group, points as path_points};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec, require};
use crate::path::{PathResult, PathSet, Track};
use crate::solutions::{SetName, SolutionSet};
use ndarray::{Array1, Array2};

/// Checks that both endpoints of every pair are vectors of the set, and that all profiles have the
/// same length. Returns the group of each set and landscape.
pub(super) fn check(atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
    atlas.paths.iter().try_for_each(|part| path_set(part, atlas.sets))?;
    atlas.paths.iter().zip(atlas.tracks).try_for_each(|(part, of_part)| tracks(part, of_part))?;
    Ok(atlas.paths.iter().map(paths_path).collect())
}

fn path_set(path_set: &PathSet, sets: &[SolutionSet]) -> Result<(), AtlasError> {
    let path = paths_path(path_set);
    let (pairs, results) = (path_set.pairs.len(), path_set.results.len());
    require(pairs == results, &path, || format!("{results} results for {pairs} pairs"))?;
    for (a, b) in &path_set.pairs {
        require(rows(sets, path_set, (*a, *b)).is_some(), &path, || match path_set.set.single() {
            Some(set) => {
                format!("the initializations {a} and {b} of a pair are not both in the set {set}")
            }
            None => format!("the pair {a}, {b} is not in the sets {}", path_set.set),
        })?;
    }
    let points = points(path_set);
    require(points != 1, &path, || "a path needs two points or more".to_owned())?;
    for result in path_set.results.iter().flatten() {
        let accuracies = result.accuracy.iter().flat_map(|of| [of.path.len(), of.straight.len()]);
        for length in accuracies.chain([result.loss.len(), result.straight_loss.len()]) {
            require(length == points, &path, || {
                format!("profiles of {points} and of {length} points")
            })?;
        }
    }
    Ok(())
}

fn tracks(path_set: &PathSet, tracks: &[Option<&Track>]) -> Result<(), AtlasError> {
    let path = format!("{}/points", paths_path(path_set));
    let (given, pairs) = (tracks.len(), path_set.pairs.len());
    require(given == pairs, &path, || format!("points of {given} paths for {pairs} pairs"))?;
    require(path_points::agree(tracks), &path, || {
        "the paths have different numbers of points".to_owned()
    })
}

fn paths_path(path_set: &PathSet) -> String {
    format!("/paths/{}/on_{}", path_set.set.path(), path_set.landscape)
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let paths =
        root.group("paths", "low-loss paths between pairs of solutions, by set and landscape")?;
    for (index, path_set) in atlas.paths.iter().enumerate() {
        let node = group(&paths, path_set)?;
        node.text("landscape", path_set.landscape.name())?;
        node.text("protocol", &atlas.results.config.paths.protocol.to_string())?;
        path_axes(&node, path_set)?;
        write_pairs(&node, path_set, atlas.sets)?;
        write_profiles(&node, path_set, atlas.loss_unit)?;
        write_numbers(&node, path_set, atlas.loss_unit)?;
        write_ends(&node, path_set)?;
        if let Some(tracks) = atlas.tracks.get(index) {
            path_points::write(&node, tracks, atlas.loss_unit)?;
        }
        curve_group::write(&node, path_set, atlas)?;
    }
    Ok(())
}

pub(super) fn path_axes(node: &AtlasGroup, paths: &PathSet) -> Result<(), AtlasError> {
    node.axis("path", "number of each path", paths.pairs.len())?;
    node.axis("end", "the ends of a path: 0 at t = 0, 1 at t = 1", 2)
}

/// The group of these paths, for stages that write into it too.
pub(in crate::engine::stages) fn group_of(
    paths: &AtlasGroup,
    path_set: &PathSet,
) -> Result<AtlasGroup, AtlasError> {
    let name = path_set.set.path();
    let (parent, child) = name.split_once('/').unwrap_or((&name, ""));
    let about = "paths on a landscape";
    paths.group(parent, about)?.group(child, about)?.group(&on(path_set), about)
}

fn on(path_set: &PathSet) -> String {
    format!("on_{}", path_set.landscape)
}

/// The group of these paths, with the names of their sets.
pub(super) fn group(paths: &AtlasGroup, path_set: &PathSet) -> Result<AtlasGroup, AtlasError> {
    let name = path_set.set.path();
    let (parent, child) = name.split_once('/').unwrap_or((&name, ""));
    let on = on(path_set);
    let about = "paths on the landscape of these images, one a row";
    let Some(set) = path_set.set.single() else {
        let group = paths.group(parent, "paths between vectors of two sets")?;
        let member =
            group.group(child, "paths from vectors of the first to those of the second")?;
        let node = member.group(&on, about)?;
        node.text("set_a", path_set.set.a.as_str())?;
        node.text("set_b", path_set.set.b.as_str())?;
        return Ok(node);
    };
    let group = paths.group(parent, "paths within sets with one origin")?;
    let member = group.group(child, "paths between vectors of one set")?;
    let node = member.group(&on, about)?;
    node.text("set", set.as_str())?;
    Ok(node)
}

/// The rows of theta of a pair, each in its set. `None` if an endpoint is missing.
fn rows(sets: &[SolutionSet], paths: &PathSet, (a, b): (u32, u32)) -> Option<[u32; 2]> {
    let row = |name: &SetName, initialization| {
        let set = sets.iter().find(|set| set.name == *name)?;
        set.row_of(initialization).map(|row| row as u32)
    };
    Some([row(&paths.set.a, a)?, row(&paths.set.b, b)?])
}

fn write_pairs(node: &AtlasGroup, paths: &PathSet, sets: &[SolutionSet]) -> Result<(), AtlasError> {
    // The consistency check has found a row for every endpoint.
    let ends = paths.pairs.iter().filter_map(|&pair| rows(sets, paths, pair));
    let is_one_set = paths.set.single().is_some();
    let meaning = if is_one_set {
        "rows of theta at t = 0 and t = 1"
    } else {
        "rows of theta at t = 0, in the first set, and at t = 1, in the second"
    };
    let ends: Vec<[u32; 2]> = ends.collect();
    node.numbers(&DatasetSpec::new("pair", "path, end", meaning), &Array2::from(ends))?;
    let numbers: Vec<[u32; 2]> = paths.pairs.iter().map(|&(a, b)| [a, b]).collect();
    let label = DatasetSpec::new(
        "pair_initialization",
        "path, end",
        "initialization numbers of the ends at t = 0 and t = 1",
    );
    node.numbers(&label, &Array2::from(numbers))?;
    if is_one_set {
        return Ok(());
    }
    let names = paths.set.both().map(SetName::as_str);
    node.texts(&DatasetSpec::new("end_set", "end", "the set of each end"), &names)
}

/// M, the number of points of the profiles; 0 if there is none.
fn points(paths: &PathSet) -> usize {
    finished(paths).next().map_or(0, |(_, path)| path.loss.len())
}

fn write_profiles(node: &AtlasGroup, paths: &PathSet, loss_unit: &str) -> Result<(), AtlasError> {
    let points = points(paths);
    let t = Array1::from_shape_fn(points, |m| m as f64 / (points - 1) as f64);
    node.coordinates(
        &DatasetSpec::new(
            "t",
            "t",
            "path parameter t_m = m / (M - 1) of the points of the profiles",
        ),
        &t,
    )?;
    let loss =
        "mean loss along the best path: that of the step with the lowest objective; NaN if failed";
    let label = DatasetSpec::new("loss", "path, t", loss).units(loss_unit);
    node.profiles(&label, &table(paths, points, |path| Some(&path.loss)))?;
    let label = DatasetSpec::new(
        "straight_loss",
        "path, t",
        "mean loss along the straight line; NaN if failed",
    )
    .units(loss_unit);
    node.profiles(&label, &table(paths, points, |path| Some(&path.straight_loss)))?;
    write_accuracies(node, paths, points)
}

/// The accuracies along the paths, unless no path has any.
fn write_accuracies(node: &AtlasGroup, paths: &PathSet, points: usize) -> Result<(), AtlasError> {
    if finished(paths).all(|(_, path)| path.accuracy.is_none()) {
        return Ok(());
    }
    let words = "fraction of the images classified correctly along the best path; NaN if failed, or \
                 found by an earlier version";
    let on_path = table(paths, points, |path| path.accuracy.as_ref().map(|of| &of.path));
    node.profiles(&DatasetSpec::new("accuracy", "path, t", words), &on_path)?;
    let words = "fraction of the images classified correctly along the straight line; NaN as above";
    let straight = table(paths, points, |path| path.accuracy.as_ref().map(|of| &of.straight));
    node.profiles(&DatasetSpec::new("straight_accuracy", "path, t", words), &straight)
}

fn table(
    paths: &PathSet,
    points: usize,
    profile: impl Fn(&PathResult) -> Option<&Vec<f64>>,
) -> Array2<f64> {
    let mut table = Array2::from_elem((paths.results.len(), points), f64::NAN);
    for (row, path) in finished(paths) {
        for (entry, &loss) in table.row_mut(row).iter_mut().zip(profile(path).into_iter().flatten())
        {
            *entry = loss;
        }
    }
    table
}

fn write_numbers(node: &AtlasGroup, paths: &PathSet, loss_unit: &str) -> Result<(), AtlasError> {
    let column = |number: fn(&PathResult) -> f64| -> Vec<f64> {
        paths.results.iter().map(|result| result.as_ref().map_or(f64::NAN, number)).collect()
    };
    let height = "barrier H: maximum of loss over the points; NaN if failed";
    node.numbers(
        &DatasetSpec::new("height", "path", height).units(loss_unit),
        &column(|path| path.barrier),
    )?;
    let height = "maximum of the loss along the same path, on a grid ten times as fine and between its points; NaN if failed";
    node.numbers(
        &DatasetSpec::new("height_dense", "path", height).units(loss_unit),
        &column(|path| path.fine_barrier),
    )?;
    let height = "maximum of straight_loss over the points; NaN if failed";
    node.numbers(
        &DatasetSpec::new("height_straight", "path", height).units(loss_unit),
        &column(|path| path.straight_barrier),
    )?;
    let length =
        "length of the best path, the sum of the distances between its points; NaN if failed";
    node.numbers(&DatasetSpec::new("length", "path", length), &column(|path| path.length))?;
    let length = "distance between the ends; NaN if failed";
    node.numbers(
        &DatasetSpec::new("length_straight", "path", length),
        &column(|path| path.length_straight),
    )?;

    let count = |number: fn(&PathResult) -> u32| -> Vec<u32> {
        paths.results.iter().map(|result| result.as_ref().map_or(0, number)).collect()
    };
    node.numbers(
        &DatasetSpec::new("steps", "path", "Adam steps taken; 0 if failed"),
        &count(|path| path.steps),
    )?;
    let best = "step after which the best path was found, 0 is the straight line; 0 if failed";
    node.numbers(&DatasetSpec::new("best_step", "path", best), &count(|path| path.best_step))
}

fn write_ends(node: &AtlasGroup, paths: &PathSet) -> Result<(), AtlasError> {
    let status: Vec<&str> =
        paths.results.iter().map(|result| if result.is_ok() { "done" } else { "failed" }).collect();
    node.texts(&DatasetSpec::new("status", "path", "done or failed"), &status)?;
    let reasons: Vec<String> = paths
        .results
        .iter()
        .map(|result| match result {
            Ok(path) => path.stop.to_string(),
            Err(reason) => reason.clone(),
        })
        .collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    node.texts(
        &DatasetSpec::new("stop_reason", "path", "why the computation ended, in words"),
        &reasons,
    )
}

fn finished(paths: &PathSet) -> impl Iterator<Item = (usize, &PathResult)> {
    paths.results.iter().enumerate().filter_map(|(row, result)| Some((row, result.as_ref().ok()?)))
}
