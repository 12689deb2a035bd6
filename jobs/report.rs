//! `lossatlas report`: figures, tables and verdicts of one run or several.
//!
//! Its source is the journal, not `atlas.h5`: the journal holds every result from the moment it exists,
//! also of a run that is going on, and what it holds is turned into sets, paths and failures by the
//! same code as in all other subcommands. `atlas.h5` may be older, or have been moved away.

use crate::archive::Archive;
use crate::cli;
use crate::console::{self, count, print, say};
use crate::failure::{self, Failure};
use crate::log;
use crate::results::Results;
use crate::status::stored_configuration;
use crate::version::{COMMIT, VERSION};
use lossatlas::config::compatibility::KNOWN_AS;
use lossatlas::config::{Config, LandscapeConfig, Subject};
use lossatlas::dataset::mnist;
use lossatlas::parallel::World;
use lossatlas::path::PathSet;
use lossatlas::report::plane::{Ends, Plane};
use lossatlas::report::{self, Run};
use lossatlas::solutions::SolutionSet;
use lossatlas::store::{ConfigurationRecord, Contents, journal};
use std::path::{Path, PathBuf};

/// Name of the directory that the report of a run is written to, inside that of the run.
const DIRECTORY: &str = "report";

pub fn run(world: &World, command: &cli::Report) -> Result<u8, Failure> {
    // Reading, drawing, writing: nothing to share out.
    let written = world.is_root().then(|| write(command)).transpose();
    let code = world.broadcast(|| Ok::<_, String>(written.as_ref().map_or_else(|failure| failure.code, |_| failure::SUCCESS)))?;
    let page = world.agree(written).map_err(|error| Failure { code, message: failure::Plain(&error).to_string() })?;
    let Some(page) = page else { return Ok(failure::SUCCESS) };
    print(format_args!("report: {}", page.display()));
    console::complete(failure::SUCCESS, format_args!("; the report is complete: {}", page.display()))
}

/// Closes a run with its report, on rank 0. Should that fail, the run has not: it is said, and that is all.
pub fn conclude(archive: Option<&Archive>, directory: &Path) {
    let Some(archive) = archive else { return };
    let command = cli::Report { directories: vec![directory.to_owned()], to: None };
    // A defect in drawing must not take the run along either; the hook has told of the panic.
    match std::panic::catch_unwind(|| write(&command)) {
        Ok(Ok(page)) => print(format_args!("report:  {}", page.display())),
        // That the directory has gone is the reason, and ends the run with an error of its own.
        _ if archive.check_place_here().is_err() => {}
        Ok(Err(failure)) => say(format_args!("no report: {failure}; the results are complete all the same")),
        Err(_) => say("no report; the results are complete all the same"),
    }
}

fn write(command: &cli::Report) -> Result<PathBuf, Failure> {
    let to = match (&command.to, &command.directories[..]) {
        (Some(to), _) => to.clone(),
        (None, [directory]) => directory.join(DIRECTORY),
        (None, _) => {
            return Err(Failure::input("several runs have no directory in common: say with --to DIR where their report goes"));
        }
    };
    let stored = command.directories.iter().map(|directory| Stored::read(directory)).collect::<Result<Vec<_>, _>>()?;
    let mut runs: Vec<Run<'_>> = stored.iter().map(Stored::run).collect();
    label(&mut runs, &command.directories);
    let commit = if COMMIT.is_empty() { String::new() } else { format!(" ({COMMIT})") };
    let report::Written { page, kept } =
        report::write(&to, &runs, &format!("lossatlas {VERSION}{commit}")).map_err(Failure::system)?;
    for kept in kept {
        say(format_args!("report: a file that was edited, or is no part of a report, is kept as {}", kept.display()));
        log::file_kept(&to, &kept);
    }
    Ok(page)
}

/// What a directory holds.
struct Stored {
    contents: Contents,
    config: Config,
    record: ConfigurationRecord,
}

impl Stored {
    fn read(directory: &Path) -> Result<Self, Failure> {
        let (contents, _) = journal::read(directory, Contents::default())?;
        let Some(record) = contents.configuration().cloned() else {
            return Err(Failure::input(format_args!(
                "{}: holds no configuration yet; nothing has run here",
                directory.display()
            )));
        };
        let config = stored_configuration(&record)
            .map_err(|problem| Failure::input(format_args!("{}: {problem}", directory.display())))?;
        Ok(Self { contents, config, record })
    }

    fn run(&self) -> Run<'_> {
        let results = Results { config: &self.config, contents: &self.contents };
        let sets = results.sets();
        let paths = results.paths(&sets);
        let curves = results.methods().iter().map(|&method| {
            let runs = (0..).zip(results.runs(method));
            (method, runs.filter_map(|(number, run)| Some((number, run?.ok().filter(|run| !run.stop.diverged())?))).collect())
        });
        let plane = match &self.config.subject {
            Subject::Landscape(formula) => Plane::of(formula, &self.config.paths, &ends(&results, formula, &paths)),
            Subject::Network(_) => None,
        };
        let mut missing = missing(&results, &sets, &paths);
        missing.extend(plane.iter().flat_map(|plane| plane.differences(&paths)));
        Run {
            label: String::new(),
            config: &self.config,
            effective: self.record.effective.clone(),
            data: self.record.dataset_name.clone(),
            on_mnist: on_mnist(&self.record),
            notes: results.notes(&paths),
            curves: curves.filter(|(_, runs): &(_, Vec<_>)| !runs.is_empty()).collect(),
            missing,
            analysis: results.analysis(&sets).cloned().unwrap_or_default(),
            plane,
            paths,
            sets,
        }
    }
}

/// Whether the data were recognized as MNIST's. Journals of before that have the checksum alone.
fn on_mnist(record: &ConfigurationRecord) -> bool {
    let known_as = record.effective.get(KNOWN_AS).map(String::as_str);
    known_as == Some("\"MNIST\"") || mnist::is_known_checksum(&record.dataset_checksum)
}

/// The ends of the paths that were found, in double precision, as they were relaxed.
fn ends(results: &Results<'_>, formula: &LandscapeConfig, paths: &[PathSet]) -> Vec<Ends> {
    let minima = results.minima();
    let place = |number: u32| Some((*minima.get(number as usize)?)?.ok()?.theta.clone());
    let of_set = paths.iter().filter(|paths| paths.set == formula.set());
    let found = of_set.flat_map(|paths| paths.pairs.iter().zip(&paths.results)).filter(|(_, result)| result.is_ok());
    found.filter_map(|(&(a, b), _)| Some(((a, b), [place(a)?, place(b)?]))).collect()
}

/// What a configuration asks for and the directory does not hold.
fn missing(results: &Results<'_>, sets: &[SolutionSet], paths: &[PathSet]) -> Vec<String> {
    let mut missing = Vec::new();
    let runs = results.missing_runs();
    if runs > 0 {
        missing.push(format!("{} of {} have not been looked for yet.", count(runs, "solution"), results.wanted_runs()));
    }
    for (source, failed) in results.failed_sources().into_iter().filter(|(_, failed)| *failed > 0) {
        missing.push(format!("{} ended without a solution; `lossatlas status` says why.", count(failed, source.name())));
    }
    let planned = |paths: &PathSet| {
        let set = sets.iter().find(|set| set.name == paths.set);
        if runs > 0 { results.planned_pairs(&paths.set) } else { set.map_or(0, |set| results.pairs(set).len()) }
    };
    let all: usize = paths.iter().map(planned).sum();
    if all > 0 && paths.iter().all(|paths| paths.pairs.is_empty()) {
        missing.push(format!("None of {} has been looked for yet.", count(all, "path")));
    }
    for paths in paths.iter().filter(|paths| !paths.pairs.is_empty()) {
        let (planned, of) = (planned(paths), format!("of {} on {}", paths.set, paths.landscape));
        let left = planned.saturating_sub(paths.pairs.len());
        if left > 0 {
            missing.push(format!("{left} of {} {of} have not been looked for yet.", count(planned, "path")));
        }
        if paths.failed() > 0 {
            missing.push(format!("{} {of} failed.", count(paths.failed(), "path")));
        }
    }
    if results.analysis(sets).is_none() {
        missing.push("Kernel PCA, distances and moments have not been computed for these solutions.".to_owned());
    }
    missing
}

/// Runs go by what they map; where two map the same, by their directories.
fn label(runs: &mut [Run<'_>], directories: &[PathBuf]) {
    let subjects: Vec<String> = runs.iter().map(Run::subject).collect();
    for (index, run) in runs.iter_mut().enumerate() {
        let alone = subjects.iter().filter(|subject| **subject == subjects[index]).count() == 1;
        let directory = directories[index].file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        run.label = if alone { subjects[index].clone() } else { format!("{} ({directory})", subjects[index]) };
    }
}
