//! The claim about the two-dimensional example.

use super::{Finding, Status};
use crate::report::number::typeset;
use crate::report::published::TWO_WELLS;
use crate::report::run::Run;

/// "Hardly": by less than this share. The published heights differ by 1.9 %.
const HARDLY: f64 = 0.05;

/// Claim 9.
pub(super) fn lambda(run: &Run<'_>) -> Vec<Finding> {
    let Some(plane) = run.plane.as_ref().filter(|_| run.subject() == "two wells") else { return Vec::new() };
    let first = plane.tracks.first().map(|track| track.pair);
    let heights: Vec<(f64, f64)> = TWO_WELLS
        .iter()
        .filter_map(|(lambda, _)| {
            let track = plane.tracks.iter().find(|track| Some(track.pair) == first && track.lambda.total_cmp(lambda).is_eq())?;
            Some((*lambda, track.result.height))
        })
        .collect();
    let statement = format!("from λ = 10 to λ = 1000 the height H changes by less than {} %", 100.0 * HARDLY);
    if heights.len() < TWO_WELLS.len() {
        let reason = "a path for one of the published λ was not found".to_owned();
        return vec![Finding::new(run, statement, (Status::NotTestable, reason), None)];
    }
    let low = heights.iter().map(|(_, height)| *height).fold(f64::INFINITY, f64::min);
    let high = heights.iter().map(|(_, height)| *height).fold(f64::NEG_INFINITY, f64::max);
    let change = (high - low) / low;
    let listed = heights
        .iter()
        .zip(TWO_WELLS)
        .map(|((lambda, height), (_, published))| format!("λ = {lambda}: {} (published {published:.3})", typeset(*height)));
    let reason = format!("{}; a change of {} %", listed.collect::<Vec<_>>().join(", "), typeset(100.0 * change));
    let status = if change < HARDLY { Status::Supported } else { Status::NotSupported };
    vec![Finding::new(run, statement, (status, reason), None)]
}
