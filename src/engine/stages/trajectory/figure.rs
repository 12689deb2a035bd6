//! Trajectories, each in the plane of its two leading principal components.

use super::{Trajectory, TrajectoryKey, found};
use crate::engine::results::Results;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::number::percent;
use crate::report::panel::{Axis, Ink, Marker, Panel, Shape};
use crate::report::style::{BLACK, group_name};

/// Panels of each optimizer of a run; the tables have all trajectories.
const MAX_PANELS: usize = 4;

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    let mut left_out = false;
    let mut table = Table::new(
        "trajectories",
        &["run", "optimizer", "initialization", "epoch", "train_loss", "test_loss", "pc1", "pc2"],
    );
    for (run, results) in runs {
        let found = found(results);
        for of_optimizer in found.chunk_by(|(a, _), (b, _)| a.optimizer == b.optimizer) {
            let several = runs.len() > 1;
            left_out |= of_optimizer.len() > MAX_PANELS;
            let drawn = of_optimizer.iter().take(MAX_PANELS);
            panels.extend(drawn.map(|(key, trajectory)| panel(run, several, key, trajectory)));
        }
        found.iter().for_each(|(key, trajectory)| fill(&mut table, run, key, trajectory));
    }
    if left_out {
        notes.push(format!(
            "The figure shows {MAX_PANELS} trajectories of each optimizer, the table all of them."
        ));
    }
    Figure {
        key: "trajectories",
        title: "Trajectories",
        about:
            "The trajectory of a training run: its parameters every few epochs, in the plane in \
                which these points differ most (the two leading principal components of the points \
                of this run). Small disks are the points. The triangle is the initialization, the \
                marker of the optimizer the end. The percentage is the share of the variance along \
                that direction; the remaining variance is not visible. The two axes of a panel \
                have different scales, and so have different panels."
                .to_owned(),
        notes,
        panels,
        tables: vec![table],
    }
}

fn panel(run: &Run<'_>, several: bool, key: &TrajectoryKey, trajectory: &Trajectory) -> Panel {
    let axis = |component: usize| {
        let share = trajectory.explained.get(component);
        let share = share.map_or_else(String::new, |part| format!(" ({})", percent(*part)));
        Axis::linear(format!("PC{}{share}", component + 1))
    };
    let optimizer = key.optimizer.name();
    let title = format!("{}, initialization {}", group_name(optimizer), key.initialization);
    let title = if several { format!("{}: {title}", run.label) } else { title };
    let panel = Panel::new(title, axis(0), axis(1));
    let points: Vec<[f64; 2]> =
        trajectory.projection.outer_iter().map(|row| [row[0], row[1]]).collect();
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return panel };
    let look = run.look_of_optimizer(optimizer);
    let mark = run.training(&key.optimizer, key.initialization);
    let step = run.step(&key.optimizer);
    let end = format!("{step} {}", trajectory.epoch.last().copied().unwrap_or_default());
    panel
        .with(Shape::Lines(vec![points.clone()]), Ink::line(look.color), None)
        .of_optimizer(&key.optimizer)
        .marked(vec![mark.clone()])
        .with(Shape::Points(points, Marker::Disk), Ink::marker(look.color).width(20), None)
        .with(
            Shape::Points(vec![first], Marker::Triangle),
            Ink::marker(BLACK),
            Some(format!("{step} 0")),
        )
        .with(Shape::Points(vec![last], look.marker), Ink::marker(look.color), Some(end))
        .of_optimizer(&key.optimizer)
        .marked(vec![mark])
}

fn fill(table: &mut Table, run: &Run<'_>, key: &TrajectoryKey, trajectory: &Trajectory) {
    let losses = trajectory.loss_train.iter().zip(&trajectory.loss_test);
    let rows = trajectory.epoch.iter().zip(losses).zip(trajectory.projection.outer_iter());
    for ((epoch, (loss_train, loss_test)), place) in rows {
        table.push([
            run.label.clone(),
            key.optimizer.to_string(),
            key.initialization.to_string(),
            epoch.to_string(),
            exact(*loss_train),
            exact(*loss_test),
            exact(place[0]),
            exact(place[1]),
        ]);
    }
}
