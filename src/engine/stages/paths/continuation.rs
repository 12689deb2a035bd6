//! The final states of searches: longer searches continue from them, and other searches start with
//! their paths.

use super::{Outcome, PathKey, planned_paths};
use crate::config::PathsConfig;
use crate::engine::capacity::size as size_in_words;
use crate::engine::console::{count, has, say};
use crate::engine::curves::best_free;
use crate::engine::initial_curves::InitialCurves;
use crate::engine::problem::Problem;
use crate::engine::results::Results;
use crate::engine::resume;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{PathEnd, PathName, PathStates, Saved};
use crate::path::{CurvePrecision, PathParameters, PathState};
use std::collections::BTreeMap;

/// By default, states are kept up to this total size.
const KEPT_BYTES: f64 = 1e9;

/// By default, states are kept up to this number of files.
const KEPT_FILES: usize = 10_000;

/// Maximum number of pairs in a message.
const MAX_NAMED: usize = 5;

/// Maximum number of state files, and their total bytes: the coefficients, two moments of Adam, and
/// the best coefficients.
pub(super) fn predicted(problem: &Problem) -> (usize, f64) {
    let paths = &problem.config.paths;
    let files = planned_paths(problem).saturating_mul(problem.path_landscapes());
    let number = if problem.landscape().is_some() { size_of::<f64>() } else { size_of::<f32>() };
    let coefficients = paths.parameters.method.free() * problem.layout().parameters();
    (files, files as f64 * (4 * coefficients * number) as f64)
}

/// Bytes of the final state of a search on a rank: the state, and copies while it is sent and
/// written.
pub(super) fn end_bytes(parameters: &PathParameters, dimension: usize, number: usize) -> f64 {
    3.0 * 4.0 * (parameters.method.free() * dimension * number) as f64
}

/// Whether the final states of searches are kept.
pub(super) fn keeps_states(problem: &Problem) -> bool {
    let (files, bytes) = predicted(problem);
    let small = files <= KEPT_FILES && bytes <= KEPT_BYTES;
    problem.config.paths.keep_states.unwrap_or(small)
}

/// The size of all states, and whether they are kept.
pub(super) fn disk(problem: &Problem) -> Option<String> {
    let (files, bytes) = predicted(problem);
    let kept = if keeps_states(problem) {
        "kept in path-states/, so that longer paths continue from them"
    } else {
        "not kept: longer paths start anew; paths.keep_states = true keeps them"
    };
    let (of, size) = (count(files, "path"), size_in_words(bytes));
    (files > 0).then(|| format!("states     at most {size} of {of}, {kept}"))
}

/// How many paths continue a shorter one, and how many start anew although a shorter one exists.
pub(super) fn remark(results: &Results, states: &PathStates) -> Option<String> {
    let (sets, contents) = (results.sets(), results.contents);
    let (dependencies, steps) = (contents.dependencies(), results.config.paths.parameters.steps);
    let (mut continued, mut anew) = (BTreeMap::<usize, usize>::new(), 0);
    for (ends, landscape) in results.path_sets(&sets) {
        let digest = dependencies.paths(ends.sets.both(), landscape.name());
        for pair in results.pairs(&ends, landscape) {
            if contents.path(&ends.sets, landscape, pair).is_some() {
                continue;
            }
            let Some(shorter) = contents.shorter_path(&ends.sets, landscape, pair) else {
                continue;
            };
            let name = PathName::of(&ends.sets, landscape, pair, digest);
            match states.steps(&name, steps).filter(|&steps| steps >= shorter) {
                Some(steps) => *continued.entry(steps).or_default() += 1,
                None => anew += 1,
            }
        }
    }
    let on = |(steps, paths)| format!("{} from step {steps}", count(paths, "path"));
    let mut parts: Vec<String> = continued.into_iter().map(on).collect();
    if anew > 0 {
        let paths = count(anew, "path");
        parts.push(format!("{paths} from the beginning, because their states were not kept"));
    }
    (!parts.is_empty()).then(|| format!("paths: continued to {steps} steps: {}", parts.join(", ")))
}

/// The steps that a search need not repeat, because its final state was kept.
pub(super) fn steps_done(key: &PathKey, directory: &RunDirectory) -> Option<usize> {
    let contents = &directory.contents;
    let shorter = contents.shorter_path(&key.sets, key.landscape, key.pair)?;
    let kept = directory.path_states.steps(&key.name(directory), contents.dependencies().steps());
    kept.filter(|&steps| steps >= shorter)
}

/// The final state of the longest search that is not longer than wanted.
pub(super) fn state(key: &PathKey, directory: &RunDirectory) -> Option<Saved> {
    let name = key.name(directory);
    let most = directory.contents.dependencies().steps();
    let steps = directory.path_states.steps(&name, most)?;
    match directory.path_states.load(&name, steps) {
        Ok(PathEnd { seconds, state, .. }) => Some(Saved { seconds, state }),
        Err(problem) => {
            say(format_args!("{problem}; the path is searched for from its initial curve"));
            None
        }
    }
}

/// Takes the final state of a search out of its outcome and stores it.
pub(super) fn keep(
    key: &PathKey,
    directory: &mut RunDirectory,
    seconds: f64,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let (Some(state), Ok((path, _))) = (outcome.end.take(), &outcome.path) else { return Ok(()) };
    // The journal will report that the directory was moved.
    if directory.check_place().is_err() {
        return Ok(());
    }
    let best_is_last = path.best_step == path.steps;
    let (name, steps) = (key.name(directory), directory.contents.dependencies().steps());
    let end = PathEnd { seconds, best_is_last, state };
    directory.path_states.save(&name, steps, &end).map_err(|error| error.to_string())
}

/// Encodes a state. `None` if it is too large.
pub(super) fn encode<A: CurvePrecision>(state: &PathState<A>) -> Option<Vec<u8>> {
    let bytes = postcard::to_allocvec(state).expect("a state is plain data");
    (bytes.len() <= resume::MAX_STATE_BYTES).then_some(bytes)
}

/// The coefficients of the best path of a search.
pub(super) fn best_curve<A: CurvePrecision>(
    end: &PathEnd,
    dimension: usize,
    paths: &PathsConfig,
) -> Result<Vec<A>, String> {
    let curve = best_free(end)?;
    let expected = paths.parameters.method.free() * dimension;
    if curve.len() == expected {
        return Ok(curve);
    }
    Err(format!("the initial curve has {} coefficients, not {expected}", curve.len()))
}

/// The paths of `paths.start`.
pub(super) fn curves(
    problem: &Problem,
    directory: &RunDirectory,
) -> Result<Option<InitialCurves>, String> {
    let Some(start) = &problem.config.paths.start else { return Ok(None) };
    let contents = &directory.contents;
    let record = contents.configuration().ok_or("the journal holds no configuration")?;
    InitialCurves::find(start, &directory.directory, contents, record)
        .map(Some)
        .map_err(|failure| failure.to_string())
}

/// Refuses the stage if some paths have no initial curve.
pub(super) fn require_curves(without: &[String], tasks: usize) -> Result<(), String> {
    if without.is_empty() {
        return Ok(());
    }
    let named = without.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join("\n  ");
    let others = if without.len() > MAX_NAMED { "\n  …" } else { "" };
    Err(format!(
        "paths.start: {} of {} {} no initial curve:\n  {named}{others}",
        without.len(),
        count(tasks, "path"),
        has(without.len())
    ))
}
