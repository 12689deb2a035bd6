//! What a directory holds of what its configuration asks for: done, failed with reasons, left.

use crate::analysis::statistics::FailedPart;
use crate::engine::results::{Ended, Results};
use crate::optimizer::Method;
use crate::solutions::{LandscapeName, SetName, SolutionSet};

/// A kind of tasks.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Training runs of one optimizer.
    Training(Method),
    /// Evaluations of the vectors of one imported set.
    Import(SetName),
    /// Searches for local minima of an analytic landscape.
    Minima,
    /// Paths between the vectors of one set on one landscape.
    Paths(SetName, LandscapeName),
}

/// How many tasks of a kind have come to what.
pub struct Count {
    /// The kind.
    pub kind: Kind,
    /// Tasks with a result.
    pub done: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that have not ended.
    pub left: usize,
}

/// A task that came to nothing, and why.
pub struct FailedTask {
    /// Name of the task.
    pub task: String,
    /// Why it failed.
    pub reason: String,
}

/// The tasks of a configuration and what became of them.
pub struct Overview {
    /// Tasks by kind.
    pub counts: Vec<Count>,
    /// The failed tasks, of all kinds.
    pub failures: Vec<FailedTask>,
    /// Whether kernel PCA and statistics are those of these solutions.
    pub analyzed: bool,
}

impl Kind {
    /// What the kind is called in tables: `training sgd`.
    pub fn name(&self) -> String {
        match self {
            Self::Training(method) => format!("training {method}"),
            Self::Import(set) => format!("import {set}"),
            Self::Minima => "minima".to_owned(),
            Self::Paths(set, landscape) => format!("paths {set} on {landscape}"),
        }
    }
}

impl Overview {
    /// Counts the tasks of these results.
    pub fn of(results: &Results) -> Self {
        let sets = results.sets();
        let solutions = solutions(results);
        let failures = solutions.iter().flat_map(|(_, tasks)| tasks.iter().filter_map(Task::failure));
        let failures = failures.chain(failed_paths(results, &sets)).chain(failed_parts(results, &sets)).collect();
        let counts = solutions.into_iter().map(|(kind, tasks)| count(kind, &tasks));
        let counts = counts.chain(path_counts(results, &sets)).collect();
        let analyzed = results.missing_runs() == 0 && results.analysis(&sets).is_some();
        Self { counts, failures, analyzed }
    }
}

/// What became of a task that yields a solution.
struct Task {
    name: String,
    ended: Option<Result<(), String>>,
}

impl Task {
    fn new<T>(name: String, ended: Ended<T>) -> Self {
        Self { name, ended: ended.map(|ended| ended.map(|_| ()).map_err(str::to_owned)) }
    }

    fn failure(&self) -> Option<FailedTask> {
        let reason = self.ended.as_ref()?.as_ref().err()?;
        Some(FailedTask { task: self.name.clone(), reason: reason.clone() })
    }
}

/// All tasks that yield solutions, by kind.
fn solutions(results: &Results) -> Vec<(Kind, Vec<Task>)> {
    let trained = results.methods().iter().map(|&method| {
        let tasks = results.runs(method).into_iter().enumerate().map(|(number, run)| {
            let name = format!("{method} initialization {number}");
            match run {
                Some(Ok(run)) if run.stop.diverged() => Task { name, ended: Some(Err(run.stop.to_string())) },
                run => Task::new(name, run),
            }
        });
        (Kind::Training(method), tasks.collect())
    });
    let imported = results.imports().into_iter().map(|(set, rows)| {
        let tasks = rows.into_iter().enumerate().map(|(number, row)| Task::new(format!("{set} {number}"), row));
        (Kind::Import(set.clone()), tasks.collect())
    });
    let minima = results.minima().into_iter().enumerate().map(|(number, minimum)| Task::new(format!("start {number}"), minimum));
    let minima: Vec<_> = minima.collect();
    let minima = (!minima.is_empty()).then_some((Kind::Minima, minima));
    trained.chain(imported).chain(minima).collect()
}

fn count(kind: Kind, tasks: &[Task]) -> Count {
    let done = tasks.iter().filter(|task| matches!(task.ended, Some(Ok(())))).count();
    let left = tasks.iter().filter(|task| task.ended.is_none()).count();
    Count { kind, done, failed: tasks.len() - done - left, left }
}

/// Which pairs there are is known when the training is over: failed runs leave fewer of them.
fn path_counts(results: &Results, sets: &[SolutionSet]) -> impl Iterator<Item = Count> {
    let trained = results.missing_runs() == 0;
    results.paths(sets).into_iter().map(move |paths| {
        let set = sets.iter().find(|set| set.name == paths.set);
        let drawn = set.map_or(0, |set| results.pairs(set).len());
        let total = if trained { drawn } else { results.planned_pairs(&paths.set) };
        let (done, failed) = (paths.found().count(), paths.failed());
        Count { kind: Kind::Paths(paths.set, paths.landscape), done, failed, left: total.saturating_sub(done + failed) }
    })
}

fn failed_parts(results: &Results, sets: &[SolutionSet]) -> Vec<FailedTask> {
    let failed = |part: &FailedPart| FailedTask { task: part.part.to_string(), reason: part.reason.clone() };
    results.failed_parts(sets).iter().map(failed).collect()
}

fn failed_paths(results: &Results, sets: &[SolutionSet]) -> Vec<FailedTask> {
    let mut failures = Vec::new();
    for paths in results.paths(sets) {
        for ((a, b), result) in paths.pairs.iter().zip(&paths.results) {
            if let Err(reason) = result {
                let task = format!("path {} {a}–{b} on {}", paths.set, paths.landscape);
                failures.push(FailedTask { task, reason: reason.clone() });
            }
        }
    }
    failures
}
