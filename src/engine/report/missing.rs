//! Results that a configuration asks for and that have failed or are incomplete, in sentences.

use crate::analysis::statistics::FailedPart;
use crate::engine::console::count;
use crate::engine::results::Results;
use crate::engine::stages::STAGES;
use crate::path::PathSet;
use crate::report::plane::Plane;
use crate::solutions::SolutionSet;

/// One sentence for each kind of result that has failed or is incomplete. What is left of a run is
/// counted by [`unfinished`](super::unfinished::unfinished).
pub fn missing(results: &Results<'_>, sets: &[SolutionSet], paths: &[PathSet]) -> Vec<String> {
    let mut missing = missing_solutions(results);
    missing.extend(STAGES.iter().flat_map(|stage| stage.missing(results)));
    for paths in paths.iter().filter(|paths| paths.failed() > 0) {
        let failed = count(paths.failed(), "path");
        missing.push(format!("{failed} of {} on {} failed.", paths.set, paths.landscape));
    }
    for FailedPart { part, reason } in results.failed_parts(sets) {
        missing.push(format!("Not computed: {part}: {reason}."));
    }
    missing
}

fn missing_solutions(results: &Results<'_>) -> Vec<String> {
    let sources = results.failed_sources().into_iter().filter(|(_, failed)| *failed > 0);
    let said = sources.map(|(source, failed)| {
        let failed = count(failed, source.name());
        format!("{failed} ended without a solution; `lossatlas status` says why.")
    });
    said.collect()
}

/// A sentence if a map lacks the points of paths, with the remedy. `None` if it has all.
pub fn missing_points(plane: &Plane<'_>) -> Option<String> {
    let paths = plane.without_points();
    (paths > 0).then(|| {
        format!(
            "The map shows the straight lines alone of {}: an earlier version of the program found \
             them and did not keep their points. Run the configuration in a new directory to draw \
             them.",
            count(paths, "path")
        )
    })
}
