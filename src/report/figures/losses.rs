//! Loss curves.

use crate::data::Split;
use crate::optimizer::{OptimizerName, TrainingRun};
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::panel::{Axis, Ink, Panel, Shape};
use crate::report::run::Run;
use crate::report::style::group_name;
use crate::solutions::SetName;

/// Number of intervals of the axis. Two points of each are drawn: more cannot be distinguished in
/// print.
const INTERVALS: usize = 150;

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    Figure {
        key: "losses",
        title: "Loss curves",
        about: "The mean loss after every epoch, or iteration of L-BFGS, of every training run, \
                on the images it trains on and on the test images. A marker is at the lowest loss \
                of each curve: the parameters there are ω^train and ω^test. A test curve that \
                rises after its marker shows overfitting. If the runs of the optimizers differ \
                much in length, the horizontal axis is logarithmic and the initialization (epoch \
                0) is not shown."
            .to_owned(),
        notes: Vec::new(),
        panels: gather(runs, |run| {
            [Split::Train, Split::Test].map(|split| (split.to_string(), panel(run, split))).into()
        }),
        tables: vec![table(runs)],
    }
}

fn curve(run: &TrainingRun, split: Split) -> &[f64] {
    match split {
        Split::Train => &run.curve_train,
        Split::Test => &run.curve_test,
    }
}

fn panel(run: &Run<'_>, split: Split) -> Panel {
    let longest: Vec<usize> = run
        .curves
        .iter()
        .filter_map(|(_, runs)| runs.iter().map(|(_, run)| run.curve_train.len()).max())
        .collect();
    let uneven = longest.iter().max() > longest.iter().min().map(|least| 3 * least).as_ref();
    let label = axis_label(run);
    let x = if uneven {
        Axis::log(label).including(&[1.0])
    } else {
        Axis::linear(label).including(&[0.0]).whole()
    };
    let title = match split {
        Split::Train => "training loss",
        Split::Test => "test loss",
    };
    let mut panel = Panel::new(title, x, Axis::log(format!("mean {}", run.height_label())));
    for (optimizer, runs) in &run.curves {
        let look = run.look_of_optimizer(optimizer.name());
        let set = SetName::of(optimizer, split);
        let of_set = run.look(&set);
        let curves = runs.iter().map(|(_, run)| thinned(curve(run, split), uneven)).collect();
        // Many curves are a cloud, few are lines.
        let opacity = (4.0 / runs.len() as f64).clamp(0.25, 0.9);
        let ink = Ink::line(look.color).width(16).opacity(opacity);
        let count =
            if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) };
        let lowest = |(number, curves): &(u32, &TrainingRun)| {
            Some((lowest(curve(curves, split))?, run.solution(&set, *number)))
        };
        let (lowest, solutions) = runs.iter().filter_map(lowest).unzip();
        let marks = runs.iter().map(|(number, _)| run.training(optimizer, *number)).collect();
        let name = group_name(optimizer.name());
        panel = panel
            .with(Shape::Lines(curves), ink, Some(format!("{name}, {count}")))
            .of_optimizer(optimizer)
            .marked(marks)
            .with(
                Shape::Points(lowest, of_set.marker),
                Ink::marker(of_set.color),
                Some(format!("{name}, lowest")),
            )
            .of_sets([&set])
            .marked(solutions);
    }
    panel
}

/// `"epoch"`, `"iteration"`, or both with the optimizers that count iterations.
fn axis_label(run: &Run<'_>) -> String {
    let iterating = run.curves.iter().filter(|(name, _)| run.step(name) == "iteration");
    let names: Vec<&str> = iterating.map(|(name, _)| group_name(name.name())).collect();
    match names.len() {
        0 => "epoch".to_owned(),
        all if all == run.curves.len() => "iteration".to_owned(),
        _ => format!("epoch, iteration ({})", names.join(", ")),
    }
}

/// Epoch and loss of the lowest point, the first if several are.
fn lowest(curve: &[f64]) -> Option<[f64; 2]> {
    let finite = curve.iter().enumerate().filter(|(_, loss)| loss.is_finite());
    finite.min_by(|a, b| a.1.total_cmp(b.1)).map(|(epoch, &loss)| [epoch as f64, loss])
}

/// The visible points of a curve: the lowest and the highest of each of the [`INTERVALS`] of the
/// axis, and the first and the last one.
fn thinned(curve: &[f64], log: bool) -> Vec<[f64; 2]> {
    let place = |epoch: usize| if log { (epoch.max(1) as f64).ln() } else { epoch as f64 };
    let width = (place(curve.len().saturating_sub(1)) - place(0)) / INTERVALS as f64;
    let interval = |epoch: usize| if width > 0.0 { (place(epoch) / width) as usize } else { 0 };
    let points: Vec<(usize, f64)> =
        curve.iter().copied().enumerate().filter(|(_, loss)| loss.is_finite()).collect();
    let mut kept = Vec::new();
    for group in points.chunk_by(|a, b| interval(a.0) == interval(b.0)) {
        let by_loss = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
        kept.extend(group.iter().min_by(by_loss).into_iter().chain(group.iter().max_by(by_loss)));
    }
    kept.extend(points.first().into_iter().chain(points.last()));
    kept.sort_by_key(|(epoch, _)| *epoch);
    kept.dedup_by_key(|(epoch, _)| *epoch);
    kept.into_iter().map(|(epoch, loss)| [epoch as f64, loss]).collect()
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table = Table::new(
        "losses",
        &["run", "optimizer", "initialization", "epoch", "train_loss", "test_loss"],
    );
    let all = runs
        .iter()
        .flat_map(|run| run.curves.iter().map(move |(optimizer, curves)| (run, optimizer, curves)));
    for (run, optimizer, curves) in all {
        for (number, curve) in curves {
            add(&mut table, run, optimizer, *number, curve);
        }
    }
    table
}

fn add(
    table: &mut Table,
    run: &Run<'_>,
    optimizer: &OptimizerName,
    number: u32,
    curve: &TrainingRun,
) {
    for (epoch, (train, test)) in curve.curve_train.iter().zip(&curve.curve_test).enumerate() {
        let name = optimizer.to_string();
        table.push([
            run.label.clone(),
            name,
            number.to_string(),
            epoch.to_string(),
            exact(*train),
            exact(*test),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_curves_keep_their_ends_and_extremes() {
        let mut curve: Vec<f64> = (0..5000).map(|k| 1.0 / f64::from(k + 1)).collect();
        (curve[700], curve[3333], curve[42]) = (1e-9, 7.0, f64::NAN);
        for log in [false, true] {
            let points = thinned(&curve, log);
            assert!(
                points.len() <= 2 * INTERVALS + 4 && points.is_sorted_by(|a, b| a[0] < b[0]),
                "{}",
                points.len()
            );
            for kept in [[0.0, 1.0], [700.0, 1e-9], [3333.0, 7.0], [4999.0, curve[4999]]] {
                assert!(points.contains(&kept), "{kept:?}");
            }
        }
        assert_eq!(thinned(&[3.0, 2.0], false), [[0.0, 3.0], [1.0, 2.0]]);
        assert_eq!(lowest(&[3.0, f64::NAN, 1.0, 1.0]), Some([2.0, 1.0]));
    }
}
