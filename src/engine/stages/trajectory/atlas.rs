//! `/trajectory`: the initial vectors of all training runs, and the trajectories that were kept.

use super::{Trajectory, TrajectoryKey, ended, found, repeats_run, wanted};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec, require};
use crate::optimizer::initial;
use ndarray::{Array2, ArrayView1};

/// Checks that the parts of each trajectory fit together.
pub(super) fn check(atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
    let parameters = parameters(atlas);
    let mut groups = Vec::new();
    for (key, trajectory) in found(&atlas.results) {
        let path = format!("/trajectory/{}/{}", key.optimizer, key.initialization);
        let points = trajectory.epoch.len();
        let lengths = [trajectory.loss_train.len(), trajectory.loss_test.len()];
        let fits = lengths == [points; 2]
            && trajectory.theta.dim() == (points, parameters)
            && trajectory.projection.dim() == (points, trajectory.explained.len());
        require(fits, &path, || format!("its parts do not have {points} points of θ"))?;
        groups.push(path);
    }
    Ok(groups)
}

/// P, the length of θ.
fn parameters(atlas: &Atlas<'_>) -> usize {
    atlas.layout.last().map_or(0, |tensor| tensor.offset + tensor.len())
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let Some(training) = atlas.results.training() else { return Ok(()) };
    let node = root.group("trajectory", "where training runs began, and where they went")?;
    node.text("failed", &failed(atlas))?;
    let runs = if training.optimizers.is_empty() { 0 } else { training.initializations };
    write_initial(
        &node.group("initial", "the initial vectors of all training runs")?,
        atlas,
        runs,
    )?;
    let trajectories = found(&atlas.results);
    for of_optimizer in trajectories.chunk_by(|(a, _), (b, _)| a.optimizer == b.optimizer) {
        let optimizer = &of_optimizer[0].0.optimizer;
        let group = node.group(optimizer.name(), "trajectories of this optimizer")?;
        for (key, trajectory) in of_optimizer {
            let name = key.initialization.to_string();
            let words = "the trajectory of the run from the initialization of this number";
            let group = group.group(&name, words)?;
            group.number("repeats_run", u8::from(repeats_run(&atlas.results, key, trajectory)))?;
            write_trajectory(&group, trajectory, atlas.loss_unit)?;
        }
    }
    Ok(())
}

/// A line for each trajectory that failed.
fn failed(atlas: &Atlas<'_>) -> String {
    let reason = |key: TrajectoryKey| {
        let reason = ended(&atlas.results, &key)?.err()?;
        Some(format!("{}: {reason}", key.name()))
    };
    wanted(atlas.results.config).into_iter().filter_map(reason).collect::<Vec<_>>().join("\n")
}

fn write_initial(node: &AtlasGroup, atlas: &Atlas<'_>, runs: u32) -> Result<(), AtlasError> {
    let words = "number of each random initialization";
    node.axis("initialization", words, runs as usize)?;
    let (seed, tensors, parameters) = (atlas.results.config.seed, atlas.layout, parameters(atlas));
    let mut theta = Array2::zeros((runs as usize, parameters));
    for (number, mut row) in (0..).zip(theta.outer_iter_mut()) {
        row.assign(&ArrayView1::from(&initial(seed, number, tensors)));
    }
    let words = "initial parameter vectors; the runs of all optimizers begin there";
    node.numbers(&DatasetSpec::new("theta", "initialization, parameter", words), &theta)
}

fn write_trajectory(
    node: &AtlasGroup,
    trajectory: &Trajectory,
    loss_unit: &str,
) -> Result<(), AtlasError> {
    node.text("stop_reason", &trajectory.stop)?;
    node.axis("point", "number of each point, in the order of the run", trajectory.epoch.len())?;
    let words = "number of each principal component, from 1, the largest variance first";
    node.axis_from_1("component", words, trajectory.explained.len())?;
    let words = "epochs, or iterations of L-BFGS, done at each point; 0 is the initialization";
    node.numbers(&DatasetSpec::new("epoch", "point", words), &trajectory.epoch)?;
    let words = "parameter vectors of the points";
    node.numbers(&DatasetSpec::new("theta", "point, parameter", words), &trajectory.theta)?;
    let words = "mean loss on the training images at each point";
    let label = DatasetSpec::new("loss_train", "point", words).units(loss_unit);
    node.numbers(&label, &trajectory.loss_train)?;
    let words = "mean loss on the test images at each point";
    let label = DatasetSpec::new("loss_test", "point", words).units(loss_unit);
    node.numbers(&label, &trajectory.loss_test)?;
    let words = "coordinates of the points along the principal components of these points";
    node.numbers(
        &DatasetSpec::new("projection", "point, component", words),
        &trajectory.projection,
    )?;
    let words = "share of each component in the variance of these points";
    node.numbers(&DatasetSpec::new("explained", "component", words), &trajectory.explained)
}
