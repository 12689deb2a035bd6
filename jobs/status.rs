//! `lossatlas status`: what a directory holds.

use crate::console::{self, print};
use crate::failure::{self, Failure};
use crate::progress;
use crate::results::{Ended, Results};
use indicatif::HumanDuration;
use lossatlas::config::Config;
use lossatlas::parallel::World;
use lossatlas::solutions::SolutionSet;
use lossatlas::store::{ConfigurationRecord, Contents, Retention, journal};
use std::path::Path;
use std::time::Duration;

pub fn run(world: &World, directory: &Path) -> Result<u8, Failure> {
    let shown = if world.is_root() { show(directory) } else { Ok(()) };
    world.agree(shown)?;
    Ok(failure::SUCCESS)
}

fn show(directory: &Path) -> Result<(), String> {
    let (contents, _) = journal::read(directory, Contents::holding(Retention::best(0, 0))).map_err(|error| error.to_string())?;
    let Some(record) = contents.configuration() else {
        return Err(format!("{}: holds no configuration yet; nothing has run here", directory.display()));
    };
    let config = stored_configuration(record).map_err(|problem| format!("{}: {problem}", directory.display()))?;
    let results = Results { config: &config, contents: &contents };
    let sets = results.sets();
    show_sessions(directory, record, &contents);
    show_counts(&results, &sets);
    show_failures(&results, &sets);
    show_running(directory);
    Ok(())
}

/// The configuration in force. Where its images lie is of no concern here: their directory may be
/// named by a variable that only the jobs on the cluster have.
pub fn stored_configuration(record: &ConfigurationRecord) -> Result<Config, String> {
    let mut overrides = record.overrides.clone();
    if record.effective.contains_key("dataset.dir") {
        overrides.push("dataset.dir=.".to_owned());
    }
    let is_file = |key: &&String| key.starts_with("import.") && key.rsplit('.').next() == Some("file");
    let imports = record.effective.keys().filter(is_file).count();
    overrides.extend((0..imports).map(|index| format!("import.{index}.file=\"not-read.npy\"")));
    Config::parse("the stored configuration", &record.text, &overrides).map_err(|errors| errors.to_string())
}

fn show_sessions(directory: &Path, record: &ConfigurationRecord, contents: &Contents) {
    let sessions = contents.sessions();
    if let Some(last) = sessions.last() {
        let (starts, ranks) = (console::count(sessions.len(), "start"), console::count(last.ranks as usize, "rank"));
        let (dataset, directory) = (&record.dataset_name, directory.display());
        print(format_args!("{directory}: {dataset}; {starts}, the last at {} with {ranks} on {}", last.started, last.host));
    }
}

/// A line of the table.
struct Count {
    name: String,
    done: usize,
    failed: usize,
    total: usize,
}

fn show_counts(results: &Results, sets: &[SolutionSet]) {
    let counts: Vec<Count> = run_counts(results).chain(path_counts(results, sets)).collect();
    let width = counts.iter().map(|count| count.name.len()).max().unwrap_or(0);
    print(format_args!("{:width$}{:>8}{:>8}{:>8}", "", "done", "failed", "left"));
    for Count { name, done, failed, total } in counts {
        print(format_args!("{name:width$}{done:>8}{failed:>8}{:>8}", total.saturating_sub(done + failed)));
    }
    let analyzed = results.missing_runs() == 0 && results.analysis(sets).is_some();
    print(format_args!("{:width$}{:>8}", "kernel PCA", if analyzed { "done" } else { "left" }));
}

fn run_counts<'a>(results: &'a Results) -> impl Iterator<Item = Count> + 'a {
    let trained = results.methods().iter().map(|&method| {
        let runs = results.runs(method);
        let ended = runs.iter().flatten().count();
        let done = runs.iter().flatten().filter(|run| run.is_ok_and(|run| !run.stop.diverged())).count();
        Count { name: format!("training {method}"), done, failed: ended - done, total: runs.len() }
    });
    let imported = results.imports().into_iter().map(|(name, rows)| count_ended(format!("import {name}"), &rows));
    let minima = results.minima();
    let minima = (!minima.is_empty()).then(|| count_ended("minima".to_owned(), &minima));
    trained.chain(imported).chain(minima)
}

fn count_ended<T>(name: String, tasks: &[Ended<T>]) -> Count {
    let done = tasks.iter().flatten().filter(|task| task.is_ok()).count();
    Count { name, done, failed: tasks.iter().flatten().count() - done, total: tasks.len() }
}

/// Which pairs there are is known when the training is over: failed runs leave fewer of them.
fn path_counts(results: &Results, sets: &[SolutionSet]) -> impl Iterator<Item = Count> {
    let trained = results.missing_runs() == 0;
    results.paths(sets).into_iter().map(move |paths| {
        let set = sets.iter().find(|set| set.name == paths.set);
        let drawn = set.map_or(0, |set| results.pairs(set).len());
        let total = if trained { drawn } else { results.planned_pairs(&paths.set) };
        let name = format!("paths {} on {}", paths.set, paths.landscape);
        Count { name, done: paths.found().count(), failed: paths.failed(), total }
    })
}

fn show_failures(results: &Results, sets: &[SolutionSet]) {
    for &method in results.methods() {
        for (number, run) in results.runs(method).into_iter().enumerate() {
            match run {
                Some(Ok(run)) if run.stop.diverged() => {
                    print(format_args!("failed: {method} initialization {number}: {}", run.stop));
                }
                Some(Err(reason)) => print(format_args!("failed: {method} initialization {number}: {reason}")),
                _ => {}
            }
        }
    }
    for (name, rows) in results.imports() {
        for (number, row) in rows.into_iter().enumerate() {
            if let Some(Err(reason)) = row {
                print(format_args!("failed: {name} {number}: {reason}"));
            }
        }
    }
    for (number, minimum) in results.minima().into_iter().enumerate() {
        if let Some(Err(reason)) = minimum {
            print(format_args!("failed: start {number}: {reason}"));
        }
    }
    for paths in results.paths(sets) {
        for ((a, b), result) in paths.pairs.iter().zip(&paths.results) {
            if let Err(reason) = result {
                print(format_args!("failed: path {} {a}–{b} on {}: {reason}", paths.set, paths.landscape));
            }
        }
    }
}

fn show_running(directory: &Path) {
    let Some(snapshot) = progress::current(directory) else {
        print("nothing is running");
        return;
    };
    let human = |seconds: f64| HumanDuration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let left = snapshot.seconds_left.map_or_else(String::new, |seconds| format!(", {} left in this stage", human(seconds)));
    print(format_args!("running: {}{left}", snapshot.stage));
    for task in snapshot.running {
        let since = jiff::Timestamp::now().duration_since(task.since).as_secs_f64();
        let loss = task.loss.map_or_else(String::new, |loss| format!(", loss {loss:.4e}"));
        let percent = 100.0 * task.fraction;
        print(format_args!("  rank {}: {}, {percent:.0} % after {}{loss}", task.rank, task.name, human(since)));
    }
}
