//! `lossatlas report`: figures, tables and verdicts of one run or several.
//!
//! Its source is the journal, not `atlas.h5`: the journal holds every result from the moment it exists,
//! also of a run that is going on, and what it holds is turned into sets, paths and failures by the
//! same code as in all other subcommands. `atlas.h5` may be older, or have been moved away.

use crate::cli;
use crate::status::stored_configuration;
use lossatlas::analysis::statistics::FailedPart;
use lossatlas::config::compatibility::KNOWN_AS;
use lossatlas::config::{Config, LandscapeConfig, Subject};
use lossatlas::data::mnist;
use lossatlas::engine::console::{self, count, print, say};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::log;
use lossatlas::engine::parallel::World;
use lossatlas::engine::rank::Rank;
use lossatlas::engine::results::Results;
use lossatlas::engine::stages::STAGES;
use lossatlas::engine::store::{ConfigurationRecord, Contents, journal};
use lossatlas::engine::version::{COMMIT, VERSION};
use lossatlas::landscape::HeightMap;
use lossatlas::path::PathSet;
use lossatlas::report::plane::{DrawnPath, Plane};
use lossatlas::report::{self, Run, Written};
use lossatlas::solutions::{LandscapeName, SolutionSet};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Name of the directory that the report of a run is written to, inside that of the run.
const DIRECTORY: &str = "report";

pub fn run(world: &World, command: &cli::Report) -> Result<u8, Failure> {
    // Reading, drawing, writing: nothing to share out.
    let written = world.is_root().then(|| write(command)).transpose();
    let written = failure::agree(world, written)?;
    let drawn = written.as_ref().is_none_or(|Written { page, undrawn, .. }| {
        undrawn.iter().for_each(|figure| say(format_args!("report: {figure}")));
        print(format_args!("report: {}", page.display()));
        undrawn.is_empty()
    });
    let drawn = world.broadcast(|| Ok::<_, String>(drawn))?;
    let code = if drawn { failure::SUCCESS } else { failure::TASKS_FAILED };
    match written {
        Some(Written { page, .. }) => {
            console::complete(code, format_args!("; the report is complete: {}", page.display()))
        }
        None => Ok(code),
    }
}

/// Closes a run with its report, on rank 0. Should that fail, the run has not: it is said, and that is all.
pub fn conclude(rank: &Rank, directory: &Path) {
    let Some(root) = rank.root() else { return };
    let command = cli::Report { directories: vec![directory.to_owned()], to: None };
    // A defect in drawing must not take the run along either; the hook has told of the panic.
    match std::panic::catch_unwind(|| write(&command)) {
        Ok(Ok(Written { page, undrawn, .. })) => {
            undrawn.iter().for_each(|figure| say(format_args!("report: {figure}")));
            print(format_args!("report:  {}", page.display()));
        }
        // That the directory has gone is the reason, and ends the run with an error of its own.
        _ if root.check_place().is_err() => {}
        Ok(Err(failure)) => {
            say(format_args!("no report: {failure}; the results are complete all the same"));
        }
        Err(_) => say("no report; the results are complete all the same"),
    }
}

fn write(command: &cli::Report) -> Result<Written, Failure> {
    let to = match (&command.to, &command.directories[..]) {
        (Some(to), _) => to.clone(),
        (None, [directory]) => directory.join(DIRECTORY),
        (None, _) => {
            return Err(Failure::input(
                "several runs have no directory in common: say with --to DIR where their report goes",
            ));
        }
    };
    let directories = resolved(&command.directories)?;
    let stored = command
        .directories
        .iter()
        .map(|directory| Stored::read(directory))
        .collect::<Result<Vec<_>, _>>()?;
    let mut runs: Vec<Run<'_>> = stored.iter().map(Stored::run).collect();
    label(&mut runs, &directories);
    let commit = if COMMIT.is_empty() { String::new() } else { format!(" ({COMMIT})") };
    let results: Vec<_> = runs.iter().zip(stored.iter().map(Stored::results)).collect();
    let of_stages = STAGES.iter().flat_map(|stage| stage.figures(&results)).collect();
    let written = report::write(&to, &runs, of_stages, &format!("lossatlas {VERSION}{commit}"))
        .map_err(Failure::system)?;
    for kept in &written.kept {
        say(format_args!(
            "report: a file that was edited, or is no part of a report, is kept as {}",
            kept.display()
        ));
        log::file_kept(&to, kept);
    }
    Ok(written)
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
        let config = stored_configuration(&record).map_err(|problem| {
            Failure::input(format_args!("{}: {problem}", directory.display()))
        })?;
        Ok(Self { contents, config, record })
    }

    fn results(&self) -> Results<'_> {
        Results { config: &self.config, contents: &self.contents }
    }

    fn run(&self) -> Run<'_> {
        let results = self.results();
        let sets = results.sets();
        let paths = results.paths(&sets);
        let curves = results.methods().iter().map(|&method| {
            let runs = (0..).zip(results.runs(method));
            (
                method,
                runs.filter_map(|(number, run)| {
                    Some((number, run?.ok().filter(|run| !run.stop.diverged())?))
                })
                .collect(),
            )
        });
        let plane = match &self.config.subject {
            Subject::Landscape(formula) => self.plane(formula, &results),
            Subject::Network(_) => None,
        };
        let mut missing = missing(&results, &sets, &paths);
        missing.extend(plane.as_ref().and_then(without_points));
        Run {
            label: String::new(),
            config: &self.config,
            effective: self.record.effective.clone(),
            data: self.record.dataset_name.clone(),
            known_data: known_data(&self.record),
            notes: results.notes(&paths),
            curves: curves.filter(|(_, runs): &(_, Vec<_>)| !runs.is_empty()).collect(),
            missing,
            analysis: results.analysis(&sets).cloned().unwrap_or_default(),
            plane,
            paths,
            sets,
        }
    }

    /// The map of an analytic landscape of two variables with the paths that were found on it.
    /// Endpoints are in double precision, as they were minimized.
    fn plane<'a>(&'a self, formula: &LandscapeConfig, results: &Results<'a>) -> Option<Plane<'a>> {
        let minima = results.minima();
        let place = |number: u32| match (*minima.get(number as usize)?)?.ok()?.theta[..] {
            [x, y] => Some([x, y]),
            _ => None,
        };
        let set = formula.set();
        let drawn = |pair: (u32, u32)| {
            let result =
                self.contents.path(&set, LandscapeName::Formula, pair)?.result.as_ref().ok()?;
            let track = self.contents.track(&set, LandscapeName::Formula, pair);
            Some(DrawnPath { pair, ends: [place(pair.0)?, place(pair.1)?], result, track })
        };
        let sets = results.sets();
        let pairs = results
            .path_sets(&sets)
            .into_iter()
            .filter(|(of, _)| of.name == set)
            .flat_map(|(of, _)| results.pairs(of));
        let lambda = self.config.paths.parameters.lambda;
        Plane::of(pairs.filter_map(drawn).collect(), lambda, |points| {
            HeightMap::of(&formula.landscape, points.iter().copied())
        })
    }
}

/// That a map lacks paths, and what to do, if so.
fn without_points(plane: &Plane<'_>) -> Option<String> {
    let paths = plane.without_points();
    (paths > 0).then(|| {
        format!(
            "The map shows the straight lines alone of {}: an earlier version of the program found them and did not \
             keep their points. Run the configuration in a new directory to draw them.",
            count(paths, "path")
        )
    })
}

/// The name under which the data were recognized. Journals of version 0.1.0 have the checksum alone.
fn known_data(record: &ConfigurationRecord) -> Option<String> {
    let known_as = record.effective.get(KNOWN_AS).map(|name| name.trim_matches('"').to_owned());
    known_as
        .or_else(|| mnist::is_known_checksum(&record.dataset_checksum).then(|| "MNIST".to_owned()))
}

/// What a configuration asks for and the directory does not hold.
fn missing(results: &Results<'_>, sets: &[SolutionSet], paths: &[PathSet]) -> Vec<String> {
    let mut missing = Vec::new();
    let runs = results.missing_runs();
    if runs > 0 {
        missing.push(format!(
            "{} of {} have not been looked for yet.",
            count(runs, "solution"),
            results.wanted_runs()
        ));
    }
    for (source, failed) in results.failed_sources().into_iter().filter(|(_, failed)| *failed > 0) {
        missing.push(format!(
            "{} ended without a solution; `lossatlas status` says why.",
            count(failed, source.name())
        ));
    }
    let planned = |paths: &PathSet| {
        let set = sets.iter().find(|set| set.name == paths.set);
        if runs > 0 {
            results.planned_pairs(&paths.set)
        } else {
            set.map_or(0, |set| results.pairs(set).len())
        }
    };
    let all: usize = paths.iter().map(planned).sum();
    if all > 0 && paths.iter().all(|paths| paths.pairs.is_empty()) {
        missing.push(format!("None of {} has been looked for yet.", count(all, "path")));
    }
    for paths in paths.iter().filter(|paths| !paths.pairs.is_empty()) {
        let (planned, of) = (planned(paths), format!("of {} on {}", paths.set, paths.landscape));
        let left = planned.saturating_sub(paths.pairs.len());
        if left > 0 {
            missing.push(format!(
                "{left} of {} {of} have not been looked for yet.",
                count(planned, "path")
            ));
        }
        if paths.failed() > 0 {
            missing.push(format!("{} {of} failed.", count(paths.failed(), "path")));
        }
    }
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

/// Runs go by what they map; where several map the same, by the shortest ends of their paths that
/// tell them apart.
fn label(runs: &mut [Run<'_>], directories: &[PathBuf]) {
    let subjects: Vec<String> = runs.iter().map(Run::subject).collect();
    for (index, run) in runs.iter_mut().enumerate() {
        let alike: Vec<usize> =
            (0..subjects.len()).filter(|&other| subjects[other] == subjects[index]).collect();
        let place = alike.iter().position(|&other| other == index).unwrap_or(0);
        let paths: Vec<&Path> = alike.iter().map(|&other| directories[other].as_path()).collect();
        run.label = match paths.len() {
            1 => subjects[index].clone(),
            _ => format!("{} ({})", subjects[index], distinct_ends(&paths)[place]),
        };
    }
}

/// The shortest ends of different paths that differ from each other, as they are shown: `a/out` and
/// `b/out`. Paths that look the same, as those that are not UTF-8 may, are numbered.
fn distinct_ends(paths: &[&Path]) -> Vec<String> {
    let names: Vec<Vec<String>> = paths.iter().map(|path| names(path)).collect();
    let longest = names.iter().map(Vec::len).max().unwrap_or(0);
    let ends = |length: usize| -> Vec<String> {
        names.iter().map(|names| names[names.len().saturating_sub(length)..].join("/")).collect()
    };
    let differ = |ends: &Vec<String>| ends.iter().collect::<BTreeSet<_>>().len() == ends.len();
    (1..=longest).map(ends).find(differ).unwrap_or_else(|| {
        (1..).zip(ends(longest)).map(|(number, end)| format!("{end}, {number}")).collect()
    })
}

/// The names that a path consists of, without the root.
fn names(path: &Path) -> Vec<String> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

/// The directories without links, `.` and `..`, each only once.
fn resolved(directories: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut resolved: Vec<PathBuf> = Vec::new();
    let mut twice = Vec::new();
    for directory in directories {
        // One that is not there is an error of its own when it is read.
        let path = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
        if resolved.contains(&path) {
            twice.push(format!(
                "{}: this directory is given twice; name each run once",
                directory.display()
            ));
        }
        resolved.push(path);
    }
    if twice.is_empty() { Ok(resolved) } else { Err(Failure::input(twice.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(paths: &[&str]) -> Vec<String> {
        distinct_ends(&paths.iter().map(Path::new).collect::<Vec<_>>())
    }

    #[test]
    fn runs_go_by_the_shortest_ends_that_differ() {
        assert_eq!(ends(&["/s1/a", "/s2/b"]), ["a", "b"]);
        assert_eq!(ends(&["/x/s1/out", "/x/s2/out"]), ["s1/out", "s2/out"]);
        assert_eq!(ends(&["/x/s1/out", "/y/s1/out", "/z"]), ["x/s1/out", "y/s1/out", "z"]);
        assert_eq!(ends(&["/out", "/s1/out"]), ["out", "s1/out"]);
        assert_eq!(ends(&["/same", "/same"]), ["same, 1", "same, 2"]);
    }
}
