//! The report on run directories, from the results in their journals.

mod missing;
mod unfinished;

use crate::config::LandscapeConfig;
use crate::config::compatibility::KNOWN_AS;
use crate::data::mnist;
use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::log;
use crate::engine::longer_paths;
use crate::engine::progress;
use crate::engine::results::Results;
use crate::engine::run_directory::command_lines;
use crate::engine::stages::{STAGES, curvature, refinement};
use crate::engine::store::{ConfigurationRecord, Contents, SessionRecord};
use crate::engine::stored::StoredRun;
use crate::engine::version::{COMMIT, VERSION};
use crate::landscape::HeightMap;
use crate::optimizer::{OptimizerName, TrainingRun};
use crate::path::PathSet;
use crate::report::captured::Session;
use crate::report::plane::{DrawnPath, Plane};
use crate::report::{self, Captured, Run, WrittenReport, label};
use crate::solutions::{EndpointSets, LandscapeName};
use missing::{missing, missing_points};
use std::fs;
use std::path::{Path, PathBuf};
use unfinished::unfinished;

/// Name of the directory of the report on one run, inside its run directory.
pub const DIRECTORY: &str = "report";

/// Writes the report on the runs in these directories to `to`, or into the directory of a single
/// run. Otherwise the run directories are only read. A file in the way that no report has written
/// is renamed; standard error and the log name it.
///
/// # Errors
/// If several runs are given without `to`, if a directory is given twice or cannot be read, or if a
/// file cannot be written.
pub fn write(directories: &[PathBuf], to: Option<&Path>) -> Result<WrittenReport, Failure> {
    let to = match (to, directories) {
        (Some(to), _) => to.to_owned(),
        (None, [directory]) => directory.join(DIRECTORY),
        (None, _) => {
            return Err(Failure::input(
                "several runs have no common directory: give the directory of their report with \
                 --to DIR",
            ));
        }
    };
    let places = resolve(directories)?;
    // Before the results are read, so that a run which ends in between is shown as running.
    let are_running: Vec<bool> =
        directories.iter().map(|place| progress::current(place).is_some()).collect();
    let stored: Result<Vec<_>, _> =
        directories.iter().map(|place| StoredRun::read(place, Contents::default())).collect();
    let stored = stored?;
    let mut runs: Vec<Run<'_>> = stored
        .iter()
        .zip(&places)
        .zip(are_running)
        .map(|((stored, place), is_running)| run(stored, place, is_running))
        .collect();
    for (run, directory) in runs.iter().zip(directories) {
        if let Some(unfinished) = &run.unfinished {
            say(format_args!("report: {}: {unfinished}", directory.display()));
        }
    }
    label::set(&mut runs, &places);
    let made_by = program(VERSION, COMMIT);
    let results: Vec<_> = runs.iter().zip(stored.iter().map(StoredRun::results)).collect();
    let of_stages = STAGES.iter().flat_map(|stage| stage.figures(&results)).collect();
    let written = report::write(&to, &runs, of_stages, &made_by).map_err(Failure::system)?;
    for kept in &written.kept {
        say(format_args!(
            "report: a file that was edited, or does not belong to a report, is kept as {}",
            kept.display()
        ));
        log::file_kept(&to, kept);
    }
    Ok(written)
}

/// The directories without links, `.` and `..`. Each may be given only once.
fn resolve(directories: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut resolved: Vec<PathBuf> = Vec::new();
    let mut twice = Vec::new();
    for directory in directories {
        // A directory that does not exist is an error when it is read.
        let path = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
        if resolved.contains(&path) {
            let shown = directory.display();
            twice.push(format!("{shown}: this directory is given twice; name each run once"));
        }
        resolved.push(path);
    }
    if twice.is_empty() { Ok(resolved) } else { Err(Failure::input(twice.join("\n"))) }
}

/// The results of a directory as the report takes them, without a label.
fn run<'a>(stored: &'a StoredRun, directory: &Path, is_running: bool) -> Run<'a> {
    let results = stored.results();
    let sets = results.sets();
    let paths = results.paths(&sets);
    let plane = stored.config.subject.landscape().and_then(|landscape| plane(landscape, &results));
    let mut missing = missing(&results, &sets, &paths);
    missing.extend(plane.as_ref().and_then(missing_points));
    let certified = refinement::certified(&results, &paths);
    let mut notes = results.notes(&paths, &certified);
    let search = &stored.config.paths.parameters;
    // Two runs cannot share a directory.
    if !is_running {
        notes.extend(longer_paths::note_without_directory(&paths, &certified, search));
    }
    Run {
        label: String::new(),
        number: 0,
        captured: captured(stored, directory),
        config: &stored.config,
        effective: stored.record.effective.clone(),
        data: stored.record.dataset_name.clone(),
        known_data: known_data(&stored.record),
        notes,
        curves: curves(&results),
        unfinished: unfinished(&results, is_running),
        missing,
        analysis: results.analysis(&sets).cloned().unwrap_or_default(),
        plane,
        refined_barriers: paths.iter().map(|of_set| refined_barriers(&results, of_set)).collect(),
        certified,
        sharpness: curvature::sharpness(&results, &sets),
        index: STAGES.iter().flat_map(|stage| stage.index(&results)).collect(),
        tables: STAGES.iter().flat_map(|stage| stage.summary(&results)).collect(),
        paths,
        sets,
    }
}

/// Files of a run directory that are there for readers.
const LINKED: [&str; 2] = ["atlas.h5", log::FILE_NAME];

/// How a run was computed: what the journal holds of its starts.
fn captured(stored: &StoredRun, directory: &Path) -> Captured {
    let session = |session: &SessionRecord| Session {
        started: session.started.clone(),
        program: program(&session.version, &session.commit),
        host: session.host.clone(),
        ranks: session.ranks,
    };
    Captured {
        directory: directory.to_owned(),
        commands: command_lines(&stored.contents),
        sessions: stored.contents.sessions().iter().map(session).collect(),
        files: LINKED.into_iter().filter(|name| directory.join(name).is_file()).collect(),
    }
}

/// `lossatlas 1.0.0 (commit)`.
fn program(version: &str, commit: &str) -> String {
    let commit = if commit.is_empty() { String::new() } else { format!(" ({commit})") };
    format!("lossatlas {version}{commit}")
}

/// The refined barriers of the paths of a set, of those that are refined.
fn refined_barriers(results: &Results, paths: &PathSet) -> Vec<f64> {
    let of_pair = |&pair: &(u32, u32)| {
        let refined = refinement::refined(results, &paths.set, paths.landscape, pair)?.ok()?;
        Some(refined.certificate.height)
    };
    paths.pairs.iter().filter_map(of_pair).collect()
}

/// The training runs with a result, by optimizer, with the numbers of their initializations.
fn curves<'a>(results: &Results<'a>) -> Vec<(OptimizerName, Vec<(u32, &'a TrainingRun)>)> {
    let of = |optimizer: &OptimizerName| {
        let numbered = (0..).zip(results.runs(optimizer));
        let sound = numbered.filter_map(|(number, run)| {
            Some((number, run?.ok().filter(|run| !run.stop.diverged())?))
        });
        (optimizer.clone(), sound.collect::<Vec<_>>())
    };
    results.optimizers().iter().map(of).filter(|(_, runs)| !runs.is_empty()).collect()
}

/// The map of an analytic landscape of two variables with the paths that were found on it.
/// Endpoints are in double precision, as they were minimized.
fn plane<'a>(landscape: &LandscapeConfig, results: &Results<'a>) -> Option<Plane<'a>> {
    let contents = results.contents;
    let minima = results.minima();
    let place = |number: u32| match (*minima.get(number as usize)?)?.ok()?.theta[..] {
        [x, y] => Some([x, y]),
        _ => None,
    };
    let built_in = landscape.landscape.built_in()?;
    let set = landscape.set()?;
    let of_set = EndpointSets::within(set.clone());
    let drawn = |pair: (u32, u32)| {
        let result = contents.path(&of_set, LandscapeName::Analytic, pair)?.result.as_ref().ok()?;
        let track = contents.track(&of_set, LandscapeName::Analytic, pair);
        Some(DrawnPath { pair, ends: [place(pair.0)?, place(pair.1)?], result, track })
    };
    let sets = results.sets();
    let path_sets = results.path_sets(&sets).into_iter();
    let of_set = path_sets.filter(|(ends, _)| ends.sets == set);
    let pairs = of_set.flat_map(|(ends, landscape)| results.pairs(&ends, landscape));
    let lambda = results.config.paths.parameters.lambda;
    Plane::of(pairs.filter_map(drawn).collect(), lambda, |points| {
        HeightMap::of(built_in, points.iter().copied())
    })
}

/// The name of a recognized data set. Journals of version 0.1.0 have only the checksum.
fn known_data(record: &ConfigurationRecord) -> Option<String> {
    let known_as = record.effective.get(KNOWN_AS).map(|name| name.trim_matches('"').to_owned());
    known_as
        .or_else(|| mnist::is_known_checksum(&record.dataset_checksum).then(|| "MNIST".to_owned()))
}
