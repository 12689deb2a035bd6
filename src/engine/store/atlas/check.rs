//! Checks that the parts of an atlas fit together, before anything is written.

use super::input::Atlas;
use super::{AXES, AtlasError};
use crate::engine::stages::STAGES;
use crate::network::Tensor;
use crate::solutions::SolutionSet;
use std::collections::HashSet;

/// Name of the group of loss curves, beside the sets of an optimizer.
pub const CURVES: &str = "curves";

/// Name of the group of the starts of a search for minima, beside their set.
pub const STARTS: &str = "starts";

/// Checks names and lengths.
///
/// # Errors
/// [`AtlasError::Inconsistent`] with the first contradiction.
pub(super) fn check(atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let parameters = layout(atlas.layout)?;
    for part in atlas.sets {
        set(part, parameters)?;
    }
    let mut groups: Vec<String> =
        atlas.sets.iter().map(|set| format!("/solutions/{}", set.name)).collect();
    for stage in STAGES {
        groups.extend(stage.check_atlas(atlas)?);
    }
    distinct(groups)
}

/// Returns [`AtlasError::Inconsistent`] at this group or dataset if the condition does not hold.
pub fn require(
    condition: bool,
    path: &str,
    problem: impl FnOnce() -> String,
) -> Result<(), AtlasError> {
    if condition {
        Ok(())
    } else {
        Err(AtlasError::Inconsistent { path: path.to_owned(), problem: problem() })
    }
}

/// P, the number of components of θ.
fn layout(tensors: &[Tensor]) -> Result<usize, AtlasError> {
    let mut end = 0;
    for tensor in tensors {
        let name = &tensor.name;
        let axes = tensor.shape.len();
        require((1..=AXES).contains(&axes) && !tensor.is_empty(), "/network/shape", || {
            format!(
                "{name} has the shape {:?}; it takes 1 to {AXES} axes, none of them empty",
                tensor.shape
            )
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
    require(set.name.member() != CURVES, &path, || {
        format!("no set can be called {CURVES}: the loss curves are")
    })?;
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
        require(length == vectors, &format!("{path}/{name}"), || {
            format!("{length} values for {vectors} vectors")
        })?;
    }
    Ok(())
}

/// Checks that a name from a configuration can be the name of one group.
pub fn group_name(parent: &str, name: &str) -> Result<(), AtlasError> {
    let usable = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
    require(usable, parent, || {
        format!("{name:?} cannot name a group; use letters, digits, - and _")
    })
}

fn distinct(paths: Vec<String>) -> Result<(), AtlasError> {
    let mut known = HashSet::new();
    for path in paths {
        require(known.insert(path.clone()), &path, || "there are two of them".to_owned())?;
    }
    Ok(())
}
