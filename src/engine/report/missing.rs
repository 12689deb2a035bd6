//! Results that a configuration asks for and a run directory lacks, in sentences.

use crate::analysis::statistics::FailedPart;
use crate::engine::console::{count, has};
use crate::engine::results::Results;
use crate::engine::stages::STAGES;
use crate::path::PathSet;
use crate::report::plane::Plane;
use crate::solutions::SolutionSet;

/// One sentence for each kind of result that is missing or has failed.
pub fn missing(results: &Results<'_>, sets: &[SolutionSet], paths: &[PathSet]) -> Vec<String> {
    let mut missing = missing_solutions(results);
    missing.extend(STAGES.iter().flat_map(|stage| stage.missing(results)));
    missing.extend(missing_paths(results, sets, paths));
    for FailedPart { part, reason } in results.failed_parts(sets) {
        missing.push(format!("Not computed: {part}: {reason}."));
    }
    if results.analysis(sets).is_none() {
        missing.push(
            "Kernel PCA, distances and moments have not been computed for these solutions."
                .to_owned(),
        );
    }
    missing
}

fn missing_solutions(results: &Results<'_>) -> Vec<String> {
    let mut missing = Vec::new();
    let left = results.missing_runs();
    if left > 0 {
        let (solutions, wanted) = (count(left, "solution"), results.wanted_runs());
        missing.push(format!("{solutions} of {wanted} {} not been looked for yet.", has(left)));
    }
    for (source, failed) in results.failed_sources().into_iter().filter(|(_, failed)| *failed > 0) {
        missing.push(format!(
            "{} ended without a solution; `lossatlas status` says why.",
            count(failed, source.name())
        ));
    }
    missing
}

fn missing_paths(results: &Results<'_>, sets: &[SolutionSet], paths: &[PathSet]) -> Vec<String> {
    // Missing solutions will have paths as well.
    let incomplete = results.missing_runs() > 0;
    let planned = |paths: &PathSet| {
        if incomplete {
            results.planned_pairs(&paths.set)
        } else {
            results.drawn_pairs(&paths.set, paths.landscape, sets)
        }
    };
    let mut missing = Vec::new();
    let all: usize = paths.iter().map(planned).sum();
    if all > 0 && paths.iter().all(|paths| paths.pairs.is_empty()) {
        missing.push(format!("None of {} has been looked for yet.", count(all, "path")));
    }
    for paths in paths.iter().filter(|paths| !paths.pairs.is_empty()) {
        let (planned, of) = (planned(paths), format!("of {} on {}", paths.set, paths.landscape));
        let left = planned.saturating_sub(paths.pairs.len());
        if left > 0 {
            let planned = count(planned, "path");
            missing
                .push(format!("{left} of {planned} {of} {} not been looked for yet.", has(left)));
        }
        if paths.failed() > 0 {
            missing.push(format!("{} {of} failed.", count(paths.failed(), "path")));
        }
    }
    missing
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
