//! `/solutions/METHOD/curves`: the loss curves of the training runs.

use crate::engine::store::atlas::{
    Atlas, AtlasError, AtlasGroup, CURVES, Curves, DatasetSpec, origin,
};
use crate::optimizer::TrainingRun;
use ndarray::Array2;

/// The names of its groups: one for each optimizer.
pub(super) fn groups(atlas: &Atlas<'_>) -> Vec<String> {
    atlas.curves.iter().map(|curves| format!("/solutions/{}/{CURVES}", curves.optimizer)).collect()
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    for curves in atlas.curves {
        let group = origin(root, curves.optimizer.name())?;
        let node = group.group(CURVES, "all training runs of this optimizer, one a row")?;
        write_curves(&node, curves, atlas.loss_unit)?;
    }
    Ok(())
}

fn write_curves(node: &AtlasGroup, curves: &Curves<'_>, loss_unit: &str) -> Result<(), AtlasError> {
    node.axis("initialization", "number of each random initialization", curves.runs.len())?;
    node.axis(
        "epoch",
        "epochs, or iterations of L-BFGS, done; 0 is the initialization",
        columns(curves),
    )?;
    let train = "mean loss on the training images after each epoch, that of the initialization first; NaN after the end";
    let label = DatasetSpec::new("train_loss", "initialization, epoch", train).units(loss_unit);
    node.profiles(&label, &table(curves, |run| &run.curve_train))?;
    let test = "mean loss on the test images after each epoch, that of the initialization first; NaN after the end";
    let label = DatasetSpec::new("test_loss", "initialization, epoch", test).units(loss_unit);
    node.profiles(&label, &table(curves, |run| &run.curve_test))?;

    let status: Vec<&str> = curves.runs.iter().map(|run| status(run.as_ref())).collect();
    let words =
        "done, diverged (curves but no solution), failed (neither) or missing (not run yet)";
    node.texts(&DatasetSpec::new("status", "initialization", words), &status)?;
    let reasons: Vec<String> = curves.runs.iter().map(|run| stop_reason(run.as_ref())).collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    node.texts(
        &DatasetSpec::new(
            "stop_reason",
            "initialization",
            "why the run ended, in words; empty if missing",
        ),
        &reasons,
    )?;

    let epochs: Vec<u32> = per_run(curves, |run| run.curve_train.len().saturating_sub(1) as u32);
    let words = "epochs or iterations run; 0 if failed or missing";
    node.numbers(&DatasetSpec::new("epochs_run", "initialization", words), &epochs)?;
    let dropped = per_run(curves, |run| run.memory_dropped);
    let words = "how often L-BFGS dropped its memory and took a steepest-descent step; 0 for others, or if failed or missing";
    node.numbers(&DatasetSpec::new("memory_dropped", "initialization", words), &dropped)
}

/// The number of columns: that of the longest curve, and at least that of a full run.
fn columns(curves: &Curves<'_>) -> usize {
    let longest =
        finished(curves).map(|(_, run)| run.curve_train.len().max(run.curve_test.len())).max();
    longest.unwrap_or(0).max(curves.epochs + 1)
}

fn finished<'a>(curves: &'a Curves<'_>) -> impl Iterator<Item = (usize, &'a TrainingRun)> {
    curves.runs.iter().enumerate().filter_map(|(row, run)| Some((row, (*run)?.ok()?)))
}

/// The curves as rows of one length, epochs + 1, with NaN after the end of a run.
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
