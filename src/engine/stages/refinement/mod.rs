//! `[paths.refine]`: from the paths that were found to passes.
//!
//! A task refines one path (`path::refine`) and stores its certificate. It depends on the
//! solutions, on its section and, if it starts from the path that was found, on the search for it.

mod atlas;
mod figure;
mod section;
mod table;
mod task;

use crate::config::{Config, StageSection};
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::plan::Work;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskSolutions, TaskState};
use crate::engine::stages::paths;
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::path::PathSet;
use crate::path::refine::{Certificate, Verdict};
use crate::report::figure::Figure;
use crate::report::{CertifiedPaths, IndexColumn, Run, SummaryTable};
use crate::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet};
use section::SECTION;
pub use section::{RefineConfig, RefineFrom};
use serde::{Deserialize, Serialize};
use task::Refinements;

/// Its name in the journal, in the log and in `status`.
const STAGE: &str = "refinement";

/// Refines paths.
pub struct Refinement;

/// The path to refine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RefinementKey {
    sets: EndpointSets,
    landscape: LandscapeName,
    pair: (u32, u32),
}

/// A refined path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefinedPath {
    /// What the refinement started from.
    pub from: RefineFrom,
    /// The certificate of the result.
    pub certificate: Certificate,
}

/// Vectors of a lowered curve: its points, and the memory of L-BFGS for each of three sines.
const LOWERED_VECTORS: usize = 41 + 3 * 18;

/// The version of the stored results.
const VERSION: &str = "v1";

impl RefinementKey {
    fn name(&self) -> String {
        format!("{} {}–{} on {}", self.sets, self.pair.0, self.pair.1, self.landscape)
    }

    /// Its key in the journal. The name of the landscape may have spaces.
    fn stored(&self, from: RefineFrom) -> String {
        let (EndpointSets { a, b }, (first, second)) = (&self.sets, self.pair);
        let from = word(from);
        format!("{VERSION} {from} {a} {b} {first} {second} {}", self.landscape)
    }
}

fn word(from: RefineFrom) -> &'static str {
    crate::config::reader::Choice::word(from)
}

/// The dependencies of the task with this key.
fn origin(key: &str) -> Option<TaskSolutions> {
    let mut parts = key.splitn(7, ' ').skip(1);
    let from = parts.next()?;
    let [a, b] = [parts.next()?, parts.next()?].map(SetName::parse);
    let (sets, landscape) = (EndpointSets { a: a.ok()?, b: b.ok()? }, parts.nth(2)?.to_owned());
    Some(if from == word(RefineFrom::Path) {
        TaskSolutions::Paths(sets, landscape)
    } else {
        TaskSolutions::Endpoints(sets, landscape)
    })
}

fn section(config: &Config) -> Option<&RefineConfig> {
    config.section(&SECTION).as_ref()
}

/// The paths to refine: the first ones that were found, of each set on each landscape.
fn wanted(results: &Results, sets: &[SolutionSet]) -> Vec<RefinementKey> {
    let Some(section) = section(results.config) else { return Vec::new() };
    let of_set = |(ends, landscape): (crate::engine::results::PathEndpoints, LandscapeName)| {
        let contents = results.contents;
        let is_found = |pair: &(u32, u32)| {
            contents.path(&ends.sets, landscape, *pair).is_some_and(|path| path.result.is_ok())
        };
        let found = results.pairs(&ends, landscape).into_iter().filter(is_found);
        let first = found.take(section.pairs.unwrap_or(usize::MAX));
        let sets = &ends.sets;
        first.map(|pair| RefinementKey { sets: sets.clone(), landscape, pair }).collect::<Vec<_>>()
    };
    results.path_sets(sets).into_iter().flat_map(of_set).collect()
}

/// The refined path, or why the refinement failed. `None` if it has not ended.
pub fn refined(
    results: &Results,
    sets: &EndpointSets,
    landscape: LandscapeName,
    pair: (u32, u32),
) -> Option<Result<RefinedPath, String>> {
    let from = section(results.config)?.from;
    let key = RefinementKey { sets: sets.clone(), landscape, pair }.stored(from);
    let refined: Result<RefinedPath, String> = results.contents.task(STAGE, &key)?.result;
    let path = results.contents.path(sets, landscape, pair)?.result.as_ref().ok();
    Some(refined.map(|RefinedPath { from, certificate }| {
        let certificate = match (from, path) {
            (RefineFrom::Path, Some(path)) => {
                certificate.beside(path.fine_barrier, path.higher_endpoint())
            }
            _ => certificate,
        };
        let certificate = match path {
            Some(path) => certificate.not_below(path.higher_endpoint()),
            None => certificate,
        };
        RefinedPath { from, certificate }
    }))
}

/// Those of the paths whose refined barrier is a certified pass.
pub fn certified(results: &Results, paths: &[PathSet]) -> CertifiedPaths {
    let is_pass = |path: Option<Result<RefinedPath, String>>| {
        path.is_some_and(|path| path.is_ok_and(|path| path.certificate.verdict == Verdict::Pass))
    };
    let of_set = |paths: &PathSet| {
        let refined = of_paths(results, paths).into_iter();
        refined.map(is_pass).collect::<Vec<bool>>()
    };
    if section(results.config).is_none() {
        return CertifiedPaths::default();
    }
    CertifiedPaths::new(paths.iter().map(of_set).collect())
}

/// Whether the refinement succeeded, or why it failed. `None` if it has not ended.
fn ended<'a>(results: &Results<'a>, key: &RefinementKey) -> Option<Result<(), &'a str>> {
    let from = section(results.config)?.from;
    results.contents.task_ended(STAGE, &key.stored(from))
}

/// Maximum number of refined paths of all sets on each landscape.
fn planned(problem: &Problem, section: &RefineConfig) -> usize {
    let paths = &problem.config.paths;
    let most = section.pairs.unwrap_or(usize::MAX);
    let of_set = |sets: &EndpointSets| {
        paths.count(sets, sets.both().map(|set| problem.solutions_in(set))).min(most)
    };
    let of_sets = paths.endpoint_sets().iter().map(of_set).fold(0, usize::saturating_add);
    of_sets.min(paths.most(|set| problem.solutions_in(set)))
}

/// Images of a landscape; 1 for a landscape without images.
fn images(problem: &Problem, landscape: LandscapeName) -> usize {
    let split = landscape.split();
    problem.trained().map_or(1, |trained| trained.path_images(split).len())
}

/// Maximum work of a refinement on this landscape.
fn work_on(problem: &Problem, landscape: LandscapeName) -> Work {
    let gradients = section(&problem.config).map_or(0.0, |own| own.parameters.max_gradients);
    Work { gradients: gradients * images(problem, landscape) as f64, ..Work::default() }
}

impl Stage for Refinement {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "paths"
    }

    fn applies(&self, config: &Config) -> bool {
        section(config).is_some()
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn may_get_more_tasks(&self, results: &Results, sets: &[SolutionSet]) -> bool {
        paths::are_left(results, sets)
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let Some(section) = section(&context.problem.config) else { return Ok(()) };
        context.run(self, rank, &Refinements { problem: context.problem, section })
    }

    fn section(&self) -> Option<StageSection> {
        Some(SECTION.section())
    }

    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        let is_same =
            |a: &RefinementKey, b: &RefinementKey| (&a.sets, a.landscape) == (&b.sets, b.landscape);
        for of_set in wanted(results, sets).chunk_by(is_same) {
            let state = |key: &RefinementKey| {
                TaskState::new(format!("refinement of {}", key.name()), ended(results, key))
            };
            let tasks: Vec<_> = of_set.iter().map(state).collect();
            let RefinementKey { sets, landscape, .. } = &of_set[0];
            let name = format!("refinements {sets} on {landscape}");
            counts.add(landscape.number(), "refinement", name, &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Some(section) = section(&problem.config) else { return Vec::new() };
        let (all, most) = (planned(problem, section), section.parameters.max_gradients);
        if problem.trained().is_none() {
            let all = all.saturating_mul(problem.path_landscapes());
            let what = format!("at most {} of at most {most} gradients", count(all, "refinement"));
            return vec![PlannedTasks { what, count: all, work: None }];
        }
        let on = problem.config.paths.landscapes.iter().map(|&split| {
            let images = images(problem, split.into());
            let what =
                format!("refinements of at most {most} gradients on {images} {split} images");
            PlannedTasks { what, count: all, work: Some(work_on(problem, split.into())) }
        });
        on.collect()
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let landscapes = problem.subject.either(
            |_| vec![LandscapeName::Train, LandscapeName::Test],
            |landscape| landscape.names(),
        );
        let landscape = landscapes.into_iter().find(|landscape| landscape.number() == kind);
        landscape.map_or_else(Work::default, |landscape| work_on(problem, landscape))
    }

    fn task_solutions(&self, key: &str) -> TaskSolutions {
        origin(key).unwrap_or(TaskSolutions::All)
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let Some(section) = section(&problem.config) else { return StageMemory::default() };
        let vector = problem.layout().parameters() as f64 * size_of::<f64>() as f64;
        let parameters = &section.parameters;
        // At different times: a string and its copy with points, gradients and former values; a
        // lowered curve; the basis of the eigenvalues with its images. The path stays in memory.
        let spectrum = 2 * parameters.spectrum.min(problem.layout().parameters());
        let largest = (8 * parameters.points).max(LOWERED_VECTORS).max(spectrum);
        let vectors = problem.config.paths.parameters.points + largest;
        let keys = "the sizes in [network] or [landscape], or paths.refine.points";
        let task = vec![MemoryUse::new(vectors as f64 * vector, "a refinement", keys)];
        let tasks = planned(problem, section).saturating_mul(problem.path_landscapes());
        let words = "the highest points of the refined paths";
        let root = vec![MemoryUse::new(tasks as f64 * vector, words, "paths.refine.pairs")];
        StageMemory { task, root }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Task { outcome: Ok(bytes), .. } = record else { return KeyNumbers::default() };
        let Ok(RefinedPath { certificate, .. }) = postcard::from_bytes(bytes) else {
            return KeyNumbers::default();
        };
        KeyNumbers {
            height: Some(certificate.height),
            steps: Some(certificate.work.in_gradients() as u32),
            stop: Some(certificate.verdict.to_string()),
            ..KeyNumbers::default()
        }
    }

    fn check_atlas(&self, _: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        Ok(Vec::new())
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn missing(&self, results: &Results) -> Vec<String> {
        let wanted = wanted(results, &results.sets());
        let states: Vec<_> = wanted.iter().map(|key| ended(results, key)).collect();
        let failed = states.iter().flatten().filter(|state| state.is_err()).count();
        let failures = count(failed, "refinement");
        let failed =
            (failed > 0).then(|| format!("{failures} failed; `lossatlas status` says why."));
        failed.into_iter().collect()
    }

    fn summary(&self, results: &Results) -> Vec<SummaryTable> {
        table::table(results).into_iter().collect()
    }

    fn index(&self, results: &Results) -> Vec<IndexColumn> {
        table::index(results)
    }

    fn figures(&self, runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        let asked = runs.iter().any(|(_, results)| section(results.config).is_some());
        if asked { vec![figure::figure(runs)] } else { Vec::new() }
    }
}

/// The refined paths of a set on a landscape, by row of its paths; `None` for the others. They have
/// no points, to save memory.
fn of_paths(results: &Results, paths: &PathSet) -> Vec<Option<Result<RefinedPath, String>>> {
    let of_pair = |&pair: &(u32, u32)| {
        let refined = refined(results, &paths.set, paths.landscape, pair)?;
        Some(refined.map(|path| RefinedPath {
            certificate: path.certificate.without_points(),
            from: path.from,
        }))
    };
    paths.pairs.iter().map(of_pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_its_result_depends_on() {
        let set = |name: &str| SetName::parse(name).unwrap();
        let sets = EndpointSets { a: set("sgd/train"), b: set("lbfgs/train") };
        let landscape = LandscapeName::named("a test");
        let key = RefinementKey { sets: sets.clone(), landscape, pair: (0, 12) };
        let [path, straight] =
            [RefineFrom::Path, RefineFrom::Straight].map(|from| origin(&key.stored(from)));
        assert_eq!(path, Some(TaskSolutions::Paths(sets.clone(), "a test".to_owned())));
        assert_eq!(straight, Some(TaskSolutions::Endpoints(sets, "a test".to_owned())));
        assert_eq!(origin("v1 path sgd/train"), None);
    }
}
