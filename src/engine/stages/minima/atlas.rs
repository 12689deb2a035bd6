//! `/solutions/minima/starts`: where each start led.

use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec, STARTS, origin};
use crate::optimizer::MinimizationResult;

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    if atlas.minima.is_empty() {
        return Ok(());
    }
    let node =
        origin(root, "minima")?.group(STARTS, "all starts of a search for minima, one a row")?;
    write_starts(&node, atlas.minima, atlas.loss_unit)
}

/// Where each start led, also those that led to no minimum of the set.
fn write_starts(
    node: &AtlasGroup,
    minima: &[Option<Result<&MinimizationResult, &str>>],
    loss_unit: &str,
) -> Result<(), AtlasError> {
    node.axis("start", "number of each start", minima.len())?;
    let found = || minima.iter().map(|minimum| minimum.and_then(Result::ok));
    let numbers = |number: fn(&MinimizationResult) -> f64| {
        found().map(|found| found.map_or(f64::NAN, number)).collect::<Vec<_>>()
    };
    let label = |name, description| DatasetSpec::new(name, "start", description);
    let height = numbers(|minimum| minimum.value);
    node.numbers(
        &label("height", "height where the descent ended; NaN if failed or missing")
            .units(loss_unit),
        &height,
    )?;
    let gradient = numbers(|minimum| minimum.gradient_norm);
    let words = "length of the gradient where the descent ended; NaN if failed or missing";
    node.numbers(&label("gradient_norm", words), &gradient)?;
    let iterations: Vec<u32> =
        found().map(|found| found.map_or(0, |minimum| minimum.iterations)).collect();
    node.numbers(&label("iterations", "iterations taken; 0 if failed or missing"), &iterations)?;
    let status = |minimum: &Option<Result<&MinimizationResult, &str>>| match minimum {
        None => "missing",
        Some(Err(_)) => "failed",
        Some(Ok(_)) => "done",
    };
    let words: Vec<&str> = minima.iter().map(status).collect();
    node.texts(&label("status", "done, failed or missing (not run yet)"), &words)?;
    let reason = |minimum: &Option<Result<&MinimizationResult, &str>>| match minimum {
        None => String::new(),
        Some(Err(reason)) => (*reason).to_owned(),
        Some(Ok(minimum)) => minimum.stop.to_string(),
    };
    let reasons: Vec<String> = minima.iter().map(reason).collect();
    let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
    let words =
        "why the descent ended and, if the point is no minimum, what it is; empty if missing";
    node.texts(&label("stop_reason", words), &reasons)
}
