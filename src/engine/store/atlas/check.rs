//! Whether the parts of an atlas fit together, before anything of it is written.

use super::input::{Atlas, Curves};
use super::{AXES, AtlasError, paths, points};
use crate::analysis::statistics::KernelPcaResult;
use crate::network::Tensor;
use crate::path::{PathSet, Track};
use crate::solutions::SolutionSet;
use std::collections::HashSet;

/// Name of the group of the loss curves, which lies beside the sets of an optimizer.
pub(super) const CURVES: &str = "curves";

/// Name of the group of the starts that minima are looked for from, which lies beside their set.
pub(super) const STARTS: &str = "starts";

/// Checks names and lengths.
///
/// # Errors
/// [`AtlasError::Inconsistent`] with the first contradiction.
pub(super) fn check(atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let parameters = layout(atlas.layout)?;
    for part in atlas.sets {
        set(part, parameters)?;
    }
    for part in atlas.paths {
        path_set(part, atlas.sets)?;
    }
    for (part, of_part) in atlas.paths.iter().zip(atlas.tracks) {
        tracks(part, of_part)?;
    }
    for part in &atlas.analysis.kernel_pca {
        kernel_pca(part)?;
    }
    for part in &atlas.analysis.distances {
        group_name("/statistics/distances", &part.name)?;
    }
    distinct(atlas)
}

fn require(condition: bool, path: &str, problem: impl FnOnce() -> String) -> Result<(), AtlasError> {
    if condition { Ok(()) } else { Err(AtlasError::Inconsistent { path: path.to_owned(), problem: problem() }) }
}

/// P, the number of components of θ.
fn layout(tensors: &[Tensor]) -> Result<usize, AtlasError> {
    let mut end = 0;
    for tensor in tensors {
        let name = &tensor.name;
        let axes = tensor.shape.len();
        require((1..=AXES).contains(&axes) && !tensor.is_empty(), "/network/shape", || {
            format!("{name} has the shape {:?}; it takes 1 to {AXES} axes, none of them empty", tensor.shape)
        })?;
        require(tensor.offset == end, "/network/offset", || {
            format!("{name} starts at {}, but the tensor before it ends at {end}", tensor.offset)
        })?;
        end += tensor.len();
    }
    Ok(end)
}

fn set(set: &SolutionSet, parameters: usize) -> Result<(), AtlasError> {
    let path = format!("/solutions/{}", set.name);
    require(set.name.member() != CURVES, &path, || format!("no set can be called {CURVES}: the loss curves are"))?;
    let of_starts = set.name.group() == "minima" && set.name.member() == STARTS;
    require(!of_starts, &path, || format!("no set of minima can be called {STARTS}"))?;
    let (vectors, components) = set.theta.dim();
    require(vectors == 0 || components == parameters, &format!("{path}/theta"), || {
        format!("the vectors have {components} components, the network has {parameters}")
    })?;
    for (name, length) in [
        ("initialization", set.initialization.len()),
        ("epoch", set.epoch.len()),
        ("loss_train", set.loss_train.len()),
        ("loss_test", set.loss_test.len()),
        ("accuracy_train", set.accuracy_train.len()),
        ("accuracy_test", set.accuracy_test.len()),
    ] {
        require(length == vectors, &format!("{path}/{name}"), || format!("{length} values for {vectors} vectors"))?;
    }
    Ok(())
}

fn path_set(path_set: &PathSet, sets: &[SolutionSet]) -> Result<(), AtlasError> {
    let path = paths_path(path_set);
    let (pairs, results) = (path_set.pairs.len(), path_set.results.len());
    require(pairs == results, &path, || format!("{results} results for {pairs} pairs"))?;
    let set = sets.iter().find(|set| set.name == path_set.set);
    for (a, b) in &path_set.pairs {
        require(paths::rows(set, (*a, *b)).is_some(), &path, || {
            format!("the initializations {a} and {b} of a pair are not both in the set {}", path_set.set)
        })?;
    }
    let points = paths::points(path_set);
    require(points != 1, &path, || "a path needs two points or more".to_owned())?;
    for result in path_set.results.iter().flatten() {
        for length in [result.loss.len(), result.straight_loss.len()] {
            require(length == points, &path, || format!("profiles of {points} and of {length} points"))?;
        }
    }
    Ok(())
}

fn tracks(path_set: &PathSet, tracks: &[Option<&Track>]) -> Result<(), AtlasError> {
    let path = format!("{}/points", paths_path(path_set));
    let (given, pairs) = (tracks.len(), path_set.pairs.len());
    require(given == pairs, &path, || format!("points of {given} paths for {pairs} pairs"))?;
    require(points::agree(tracks), &path, || "the paths have different numbers of points".to_owned())
}

fn paths_path(path_set: &PathSet) -> String {
    format!("/paths/{}/on_{}", path_set.set, path_set.landscape)
}

fn kernel_pca(analysis: &KernelPcaResult) -> Result<(), AtlasError> {
    group_name("/kpca", &analysis.name)?;
    let path = format!("/kpca/{}", analysis.name);
    let (eigenvalues, explained) = (analysis.eigenvalues.len(), analysis.explained.len());
    require(eigenvalues == explained, &path, || format!("{explained} explained fractions for {eigenvalues} eigenvalues"))?;
    let vectors = analysis.projection.nrows();
    for (name, length) in [("set", analysis.set.len()), ("initialization", analysis.initialization.len())] {
        require(length == vectors, &format!("{path}/{name}"), || format!("{length} values for {vectors} vectors"))?;
    }
    let known = analysis.set.iter().all(|&set| (set as usize) < analysis.sets.len());
    require(known, &format!("{path}/set"), || format!("an index beyond the {} sets", analysis.sets.len()))
}

/// Names that come from a configuration must be those of one group.
fn group_name(parent: &str, name: &str) -> Result<(), AtlasError> {
    let usable = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
    require(usable, parent, || format!("{name:?} cannot name a group; use letters, digits, - and _"))
}

fn distinct(atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let curves = |curves: &Curves<'_>| format!("/solutions/{}/{CURVES}", curves.method);
    distinct_among(
        (atlas.sets.iter().map(|set| format!("/solutions/{}", set.name)))
            .chain(atlas.curves.iter().map(curves))
            .chain(atlas.paths.iter().map(paths_path))
            .chain(atlas.analysis.kernel_pca.iter().map(|analysis| format!("/kpca/{}", analysis.name)))
            .chain(atlas.analysis.moments.iter().map(|(set, _)| format!("/statistics/moments/{set}")))
            .chain(atlas.analysis.distances.iter().map(|pair| format!("/statistics/distances/{}", pair.name))),
    )
}

fn distinct_among(paths: impl Iterator<Item = String>) -> Result<(), AtlasError> {
    let mut known = HashSet::new();
    for path in paths {
        require(known.insert(path.clone()), &path, || "there are two of them".to_owned())?;
    }
    Ok(())
}
