//! The end of a run: tables for the terminal, and the exit code.

use crate::analysis::statistics::Analysis;
use crate::engine::console::{count, print};
use crate::engine::failure::{self, Failure};
use crate::engine::longer_paths;
use crate::engine::overview::Overview;
use crate::engine::parallel::{Start, World};
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::run_directory::{RunDirectory, last_command};
use crate::engine::stages::{STAGES, refinement};
use crate::engine::store::atlas::FILE_NAME;
use crate::report::{RunSummary, table};

/// Prints the summary of the run and returns the exit code. Collective.
///
/// # Errors
/// If the run directory was moved during the run.
pub fn conclude(world: &World, problem: &Problem, rank: &mut Rank) -> Result<u8, Failure> {
    rank.check_place(world)?;
    let sound = match rank {
        Rank::Root(directory) => print_summary(problem, directory),
        Rank::Worker => true,
    };
    let sound = world.broadcast(|| Ok::<_, String>(sound))?;
    Ok(if sound { failure::SUCCESS } else { failure::TASKS_FAILED })
}

/// Prints the summary. Returns whether no task failed and every set has a usable result.
fn print_summary(problem: &Problem, directory: &RunDirectory) -> bool {
    let results = directory.results(problem);
    let sets = results.sets();
    let paths = results.paths(&sets);
    let empty = Analysis::default();
    let certified = refinement::certified(&results, &paths);
    let mut notes = results.notes(&paths, &certified);
    let (last, search) = (last_command(&directory.contents), &problem.config.paths.parameters);
    let command = longer_paths::command(&directory.directory, &last, search, &Start::here());
    notes.extend(longer_paths::note(&paths, &certified, search.schedule, &command));
    let worthless = notes.iter().any(|note| note.concerns_all);
    let summary = RunSummary::of(&sets, results.analysis(&sets).unwrap_or(&empty), &paths);
    // The intervals assume a random sample, which pairs chosen in rounds are not.
    let is_spanning = problem.config.paths.is_spanning();
    let shifts = if is_spanning { Vec::new() } else { summary.shifts };
    let analytic = problem.landscape().is_some();
    let protocol = Some(problem.config.paths.protocol.to_string());
    print(table(&RunSummary { analytic, protocol, shifts, notes, ..summary }));
    let of_stages = STAGES.iter().flat_map(|stage| stage.summary(&results));
    of_stages.for_each(|table| print(table.text()));
    let shown = directory.directory.display();
    print(format_args!("results: {}", directory.directory.join(FILE_NAME).display()));
    let failed = failed_tasks(&Overview::of(&results));
    if !failed.is_empty() {
        print(format_args!("failed: {}; `lossatlas status {shown}` says why", failed.join(", ")));
    }
    failed.is_empty() && !worthless
}

/// How many tasks of each kind failed, in words, in the order of the stages.
fn failed_tasks(overview: &Overview) -> Vec<String> {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for failed in overview.failures() {
        match kinds.iter_mut().find(|(noun, _)| *noun == failed.noun) {
            Some((_, failures)) => *failures += 1,
            None => kinds.push((failed.noun, 1)),
        }
    }
    kinds.into_iter().map(|(noun, failures)| count(failures, noun)).collect()
}
