//! `/solutions`: the sets of parameter vectors.

use super::AtlasError;
use super::input::Atlas;
use super::node::{AtlasGroup, DatasetSpec};
use crate::network::Tensor;
use crate::solutions::SolutionSet;
use ndarray::Array2;

/// The group of the solutions, created if it does not exist.
pub(super) fn group(root: &AtlasGroup) -> Result<AtlasGroup, AtlasError> {
    root.group("solutions", "parameter vectors, by optimizer or imported collection")
}

/// The group of all sets and curves of one origin: an optimizer, an imported collection or a search
/// for minima.
///
/// # Errors
/// [`AtlasError::Hdf5`].
pub fn origin(root: &AtlasGroup, name: &str) -> Result<AtlasGroup, AtlasError> {
    group(root)?.group(name, "sets of parameter vectors with one origin")
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    group(root)?;
    for set in atlas.sets {
        let member = origin(root, set.name.group())?
            .group(set.name.member(), "a set of parameter vectors, one a row")?;
        write_set(&member, set, atlas)?;
    }
    Ok(())
}

fn write_set(node: &AtlasGroup, set: &SolutionSet, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    node.axis("vector", "row of each vector", set.theta.nrows())?;
    let of_vector = |name, description| {
        DatasetSpec::new(name, "vector", description).told_apart_by("initialization")
    };
    let theta = "parameter vectors; /network says where each tensor lies";
    let theta =
        DatasetSpec::new("theta", "vector, parameter", theta).told_apart_by("initialization");
    if set.theta.nrows() == 0 {
        // A set without vectors has no number of components.
        let parameters = atlas.layout.iter().map(Tensor::len).sum();
        node.numbers(&theta, &Array2::<f32>::zeros((0, parameters)))?;
    } else {
        node.numbers(&theta, &set.theta)?;
    }
    let loss_train = of_vector("loss_train", "mean loss on the training images");
    node.numbers(&loss_train.units(atlas.loss_unit), &set.loss_train)?;
    let loss_test = of_vector("loss_test", "mean loss on the test images");
    node.numbers(&loss_test.units(atlas.loss_unit), &set.loss_test)?;
    let accuracy = "fraction of training images classified correctly; NaN without classes";
    node.numbers(&of_vector("accuracy_train", accuracy), &set.accuracy_train)?;
    let accuracy = "fraction of test images classified correctly; NaN without classes";
    node.numbers(&of_vector("accuracy_test", accuracy), &set.accuracy_test)?;
    let epoch = "epoch, or iteration of L-BFGS, of the snapshot; 0 is the initialization";
    node.numbers(&of_vector("epoch", epoch), &set.epoch)?;
    let initialization = "number of the random initialization the vector grew from";
    node.numbers(&DatasetSpec::new("initialization", "vector", initialization), &set.initialization)
}
