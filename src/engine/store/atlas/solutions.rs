//! `/solutions`: the sets of parameter vectors, and the loss curves of the runs they come from.

use super::input::{Atlas, Curves};
use super::node::{Label, Node};
use super::{AtlasError, check};
use crate::network::Tensor;
use crate::optimizer::{Relaxed, TrainingRun};
use crate::solutions::SolutionSet;
use ndarray::Array2;

pub(super) fn write(root: &Node, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let solutions = root.group("solutions", "parameter vectors, by optimizer or imported collection")?;
    for set in atlas.sets {
        let group = solutions.group(set.name.group(), "sets of parameter vectors with one origin")?;
        let member = group.group(set.name.member(), "a set of parameter vectors, one a row")?;
        write_set(&member, set, atlas)?;
    }
    for curves in atlas.curves {
        let group = solutions.group(curves.method.name(), "sets of parameter vectors with one origin")?;
        let node = group.group(check::CURVES, "all training runs of this optimizer, one a row")?;
        write_curves(&node, curves, atlas.loss_unit)?;
    }
    if !atlas.minima.is_empty() {
        let group = solutions.group("minima", "sets of parameter vectors with one origin")?;
        let node = group.group(check::STARTS, "all starts of a search for minima, one a row")?;
        write_starts(&node, atlas.minima, atlas.loss_unit)?;
    }
    Ok(())
}

/// Where each start led, also those that led to no minimum of the set.
fn write_starts(node: &Node, minima: &[Option<Result<&Relaxed, &str>>], loss_unit: &str) -> Result<(), AtlasError> {
    node.axis("start", "number of each start", minima.len())?;
    let found = || minima.iter().map(|minimum| minimum.and_then(Result::ok));
    let numbers = |number: fn(&Relaxed) -> f64| found().map(|found| found.map_or(f64::NAN, number)).collect::<Vec<_>>();
    let label = |name, description| Label::new(name, "start", description);
    let height = numbers(|minimum| minimum.value);
    node.numbers(&label("height", "height where the descent ended; NaN if failed or missing").units(loss_unit), &height)?;
    let gradient = numbers(|minimum| minimum.gradient_norm);
    let words = "length of the gradient where the descent ended; NaN if failed or missing";
    node.numbers(&label("gradient_norm", words), &gradient)?;
    let iterations: Vec<u32> = found().map(|found| found.map_or(0, |minimum| minimum.iterations)).collect();
    node.numbers(&label("iterations", "iterations taken; 0 if failed or missing"), &iterations)?;
    let status = |minimum: &Option<Result<&Relaxed, &str>>| match minimum {
        None => "missing",
        Some(Err(_)) => "failed",
        Some(Ok(_)) => "done",
    };
    let words: Vec<&str> = minima.iter().map(status).collect();
    node.texts(&label("status", "done, failed or missing (not run yet)"), &words)?;
    let reason = |minimum: &Option<Result<&Relaxed, &str>>| match minimum {
        None => String::new(),
        Some(Err(reason)) => (*reason).to_owned(),
        Some(Ok(minimum)) => minimum.stop.to_string(),
    };
    let reasons: Vec<String> = minima.iter().map(reason).collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    let words = "why the descent ended and, if the point is no minimum, what it is; empty if missing";
    node.texts(&label("stop_reason", words), &reasons)
}

fn write_set(node: &Node, set: &SolutionSet, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    node.axis("vector", "row of each vector", set.theta.nrows())?;
    let of_vector = |name, description| Label::new(name, "vector", description).told_apart_by("initialization");
    let theta = "parameter vectors; /network says where each tensor lies";
    let theta = Label::new("theta", "vector, parameter", theta).told_apart_by("initialization");
    if set.theta.nrows() == 0 {
        // A set without vectors does not know how many components they would have.
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
    let epoch = "epoch (SGD) or iteration (L-BFGS) of the snapshot; 0 is the initialization";
    node.numbers(&of_vector("epoch", epoch), &set.epoch)?;
    let initialization = "number of the random initialization the vector grew from";
    node.numbers(&Label::new("initialization", "vector", initialization), &set.initialization)
}

fn write_curves(node: &Node, curves: &Curves<'_>, loss_unit: &str) -> Result<(), AtlasError> {
    node.axis("initialization", "number of each random initialization", curves.runs.len())?;
    node.axis("epoch", "epochs (SGD) or iterations (L-BFGS) done; 0 is the initialization", columns(curves))?;
    let train = "mean loss on the training images after each epoch, that of the initialization first; NaN after the end";
    let label = Label::new("train_loss", "initialization, epoch", train).units(loss_unit);
    node.profiles(&label, &table(curves, |run| &run.curve_train))?;
    let test = "mean loss on the test images after each epoch, that of the initialization first; NaN after the end";
    let label = Label::new("test_loss", "initialization, epoch", test).units(loss_unit);
    node.profiles(&label, &table(curves, |run| &run.curve_test))?;

    let status: Vec<&str> = curves.runs.iter().map(|run| status(run.as_ref())).collect();
    let words = "done, diverged (curves but no solution), failed (neither) or missing (not run yet)";
    node.texts(&Label::new("status", "initialization", words), &status)?;
    let reasons: Vec<String> = curves.runs.iter().map(|run| stop_reason(run.as_ref())).collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    node.texts(&Label::new("stop_reason", "initialization", "why the run ended, in words; empty if missing"), &reasons)?;

    let epochs: Vec<u32> = per_run(curves, |run| run.curve_train.len().saturating_sub(1) as u32);
    let words = "epochs or iterations run; 0 if failed or missing";
    node.numbers(&Label::new("epochs_run", "initialization", words), &epochs)?;
    let dropped = per_run(curves, |run| run.memory_dropped);
    let words = "how often L-BFGS dropped its memory and took a steepest-descent step; 0 for SGD, or if failed or missing";
    node.numbers(&Label::new("memory_dropped", "initialization", words), &dropped)
}

/// Losses in the longest curve, and at least as many as there may be.
fn columns(curves: &Curves<'_>) -> usize {
    let longest = finished(curves).map(|(_, run)| run.curve_train.len().max(run.curve_test.len())).max();
    longest.unwrap_or(0).max(curves.epochs + 1)
}

fn finished<'a>(curves: &'a Curves<'_>) -> impl Iterator<Item = (usize, &'a TrainingRun)> {
    curves.runs.iter().enumerate().filter_map(|(row, run)| Some((row, (*run)?.ok()?)))
}

/// The curves as rows of one length, epochs + 1; what a run has not reached is NaN.
fn table(curves: &Curves<'_>, curve: impl Fn(&TrainingRun) -> &Vec<f64>) -> Array2<f64> {
    let mut table = Array2::from_elem((curves.runs.len(), columns(curves)), f64::NAN);
    for (row, run) in finished(curves) {
        for (entry, &loss) in table.row_mut(row).iter_mut().zip(curve(run)) {
            *entry = loss;
        }
    }
    table
}

fn per_run(curves: &Curves<'_>, number: impl Fn(&TrainingRun) -> u32) -> Vec<u32> {
    curves.runs.iter().map(|run| run.and_then(Result::ok).map_or(0, &number)).collect()
}

fn status(run: Option<&Result<&TrainingRun, &str>>) -> &'static str {
    match run {
        None => "missing",
        Some(Err(_)) => "failed",
        Some(Ok(run)) if run.stop.diverged() => "diverged",
        Some(Ok(_)) => "done",
    }
}

fn stop_reason(run: Option<&Result<&TrainingRun, &str>>) -> String {
    match run {
        None => String::new(),
        Some(Err(reason)) => (*reason).to_owned(),
        Some(Ok(run)) => run.stop.to_string(),
    }
}
