//! `lossatlas paths`: pairs of solutions → low-loss paths and barriers.

mod atlas;
mod continuation;
pub mod curve;
mod curve_group;
mod curves;
mod points;

pub use curve_group::{content as curve_content, write_file as write_curve_file};

use crate::analysis::alignment::{match_atoms, match_weights};
use crate::config::{Config, LandscapeConfig, PathsConfig, Subject};
use crate::data::Split;
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::console::{count, say};
use crate::engine::curves::{KeptCurves, PathPlace, decode_state};
use crate::engine::failure::Failure;
use crate::engine::initial_curves::InitialCurves;
use crate::engine::landscape::MappedLandscape;
use crate::engine::listed_pairs;
use crate::engine::log::{self, KeyNumbers};
use crate::engine::parallel::Control;
use crate::engine::plan::memory::{pair_bytes, task_bytes};
use crate::engine::plan::{Planned, Work, path_bytes, path_work};
use crate::engine::problem::{Problem, Trained};
use crate::engine::rank::Rank;
use crate::engine::results::{PathEndpoints, Results};
use crate::engine::resume::{Ended, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::spanning::Rounds;
use crate::engine::stage::{Context, FailedTask, KindCounts, PlannedTasks, Stage, StageCounts};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::engine::store::{
    Contents, KeptCurve, KeptPrecision, PathEnd, PathName, Record, Saved, TaskKey,
};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::landscape::{BuiltIn, Interrupt, Landscape, Squared};
use crate::network::Symmetry;
use crate::path::{
    AccuracyProfiles, Batches, CurvePrecision, FoundPath, Objective, PathResult, PathSearch, Track,
};
use crate::random::MasterSeed;
use crate::solutions::{EndpointSets, LandscapeName, Pairs, SetName, SolutionSet};
pub(super) use atlas::group_of;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A path to find: its landscape and its endpoints.
#[derive(Serialize, Deserialize)]
struct PathTask {
    landscape: LandscapeName,
    endpoints: Endpoints,
    /// The initial curve from another search, or why it cannot be read.
    start: Option<Result<PathEnd, String>>,
}

/// ω^a and ω^b, in the precision of their landscape.
type Endpoints = Subject<[Vec<f32>; 2], [Vec<f64>; 2]>;

/// A path: its sets, its landscape and its pair.
struct PathKey {
    sets: EndpointSets,
    landscape: LandscapeName,
    pair: (u32, u32),
    /// The initial curve, with the number of steps after which it was found.
    start: Option<(PathName, usize)>,
}

/// The outcome of the search for a path.
#[derive(Serialize, Deserialize)]
struct Outcome {
    /// The path, with its points if these are kept, or why there is none.
    path: Found,
    /// The accuracies along the path, for networks with classes.
    accuracy: Option<AccuracyProfiles>,
    /// The final state of the descent, if it is kept.
    end: Option<Vec<u8>>,
    /// The curve, if it is kept.
    curve: Option<KeptCurve>,
}

/// The path, with its points if these are kept, or why there is none.
type Found = Result<(PathResult, Option<Track>), String>;

impl PathKey {
    fn place(&self) -> PathPlace<'_> {
        PathPlace { sets: &self.sets, landscape: self.landscape, pair: self.pair }
    }

    /// The name of its files under the present configuration.
    fn name(&self, directory: &RunDirectory) -> PathName {
        let digest = directory.contents.digest_of(&self.task());
        PathName::of(&self.sets, self.landscape, self.pair, digest)
    }

    fn record(&self, seconds: f64, outcome: Found, accuracy: Option<AccuracyProfiles>) -> Record {
        let (landscape, pair) = (self.landscape, self.pair);
        if let (Ok((path, None)), Some(accuracy)) = (&outcome, accuracy) {
            let (sets, path) = (self.sets.clone(), path.clone());
            return Record::PathWithAccuracy { sets, landscape, pair, seconds, path, accuracy };
        }
        let Some(set) = self.sets.single().cloned() else {
            let sets = self.sets.clone();
            return Record::PathBetween { sets, landscape, pair, seconds, outcome };
        };
        match outcome {
            Ok((path, Some(track))) => {
                Record::PathWithPoints { set, landscape, pair, seconds, path, track }
            }
            Ok((path, None)) => Record::Path { set, landscape, pair, seconds, outcome: Ok(path) },
            Err(reason) => Record::Path { set, landscape, pair, seconds, outcome: Err(reason) },
        }
    }

    /// The same with its initial curve, if initial curves are used. A path without one is added to
    /// `without` with the reason.
    fn starting_from(
        self,
        curves: Option<&InitialCurves>,
        contents: &Contents,
        without: &mut Vec<String>,
    ) -> Self {
        let Self { sets, landscape, pair, .. } = self;
        let curve = curves.map(|curves| curves.curve(&sets, landscape, pair, contents));
        let start = curve.transpose().unwrap_or_else(|reason| {
            let (a, b) = pair;
            without.push(format!("{sets} {a}–{b} on {landscape}: {reason}"));
            None
        });
        Self { sets, landscape, pair, start }
    }

    fn task(&self) -> TaskKey {
        let (landscape, pair) = (self.landscape, self.pair);
        match self.sets.single().cloned() {
            Some(set) => TaskKey::Path { set, landscape, pair },
            None => TaskKey::PathBetween { sets: self.sets.clone(), landscape, pair },
        }
    }
}

/// Finds paths between pairs of solutions.
pub struct Paths;

/// Whether solutions or paths are left. `sets` are the solutions so far.
pub fn are_left(results: &Results, sets: &[SolutionSet]) -> bool {
    results.missing_runs() > 0 || Paths.counts(results, sets).kinds.iter().any(|kind| kind.left > 0)
}

impl Stage for Paths {
    fn name(&self) -> &'static str {
        "paths"
    }

    fn command(&self) -> &'static str {
        "paths"
    }

    fn applies(&self, _: &Config) -> bool {
        true
    }

    fn uses_symmetry(&self, config: &Config) -> bool {
        config.paths.align
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        if rank.root().is_some() {
            log::protocol(self.name(), &context.problem.config.paths.protocol.to_string());
        }
        let searches = PathSearches { problem: context.problem };
        loop {
            context.run(self, rank, &searches)?;
            // The pairs of a round follow from the paths of the rounds before.
            let pending = |directory: &RunDirectory| has_pending(context.problem, directory);
            if !context.problem.config.paths.is_spanning()
                || !rank.ask_root(context.world, pending)?
            {
                return Ok(());
            }
        }
    }

    /// The pairs are known only when all solutions are: failed runs leave fewer.
    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let complete = results.missing_runs() == 0;
        let mut counts = StageCounts::default();
        for paths in results.paths(sets) {
            let total = if complete {
                results.drawn_pairs(&paths.set, paths.landscape, sets)
            } else {
                results.planned_pairs(&paths.set)
            };
            let (done, failed) = (paths.found().count(), paths.failed());
            let (kind, name) =
                (paths.landscape.number(), format!("paths {} on {}", paths.set, paths.landscape));
            counts.kinds.push(KindCounts {
                kind,
                name,
                done,
                failed,
                left: total.saturating_sub(done + failed),
            });
            for ((a, b), result) in paths.pairs.iter().zip(&paths.results) {
                if let Err(reason) = result {
                    let task = format!("path {} {a}–{b} on {}", paths.set, paths.landscape);
                    let reason = reason.clone();
                    counts.failures.push(FailedTask { noun: "path", task, reason });
                }
            }
        }
        for landscape in results.landscapes() {
            let left = results.pairs_to_choose(sets, landscape);
            if left > 0 {
                let name = format!("paths to choose on {landscape}, at most");
                let kind = landscape.number();
                counts.kinds.push(KindCounts { kind, name, done: 0, failed: 0, left });
            }
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        problem.subject.either(
            |trained| plan_on_images(problem, trained),
            |_| {
                let all = planned_paths(problem).saturating_mul(problem.path_landscapes());
                let what = format!("at most {}", count(all, "path"));
                vec![PlannedTasks { what, count: all, work: None }]
            },
        )
    }

    fn missing(&self, results: &Results) -> Vec<String> {
        let sets = results.sets();
        let left = |on| (on, results.pairs_to_choose(&sets, on));
        let left = results.landscapes().into_iter().map(left).filter(|(_, left)| *left > 0);
        left.map(|(on, left)| {
            let paths = count(left, "path");
            format!("Pairs on {on} are chosen in rounds: at most {paths} have not been chosen yet.")
        })
        .collect()
    }

    fn disk(&self, problem: &Problem) -> Option<String> {
        let lines: Vec<String> =
            continuation::disk(problem).into_iter().chain(curves::disk(problem)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn remarks(&self, results: &Results, kept: &KeptCurves<'_>) -> Option<String> {
        let remarks = [continuation::remark(results, kept.states), curves::remark(results, kept)];
        let remarks: Vec<String> = remarks.into_iter().flatten().collect();
        (!remarks.is_empty()).then(|| remarks.join("\n"))
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let landscapes = problem.subject.either(
            |_| vec![LandscapeName::Train, LandscapeName::Test],
            |landscape| landscape.names(),
        );
        let landscape = landscapes.into_iter().find(|landscape| landscape.number() == kind);
        landscape.map_or_else(Work::default, |landscape| work_on(problem, landscape))
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let paths = &problem.config.paths;
        let (number, keys) = if problem.landscape().is_some() {
            (size_of::<f64>(), "the size in [landscape], or paths.fourier_terms (paths.knots)")
        } else {
            let keys = "the sizes in [network], paths.points, or paths.fourier_terms (paths.knots)";
            (size_of::<f32>(), keys)
        };
        let dimension = problem.layout().parameters();
        let kept = continuation::keeps_states(problem);
        let kept =
            if kept { continuation::end_bytes(&paths.parameters, dimension, number) } else { 0.0 };
        let bytes =
            path_bytes(&paths.parameters, dimension, number) + kept + curves::bytes(problem);
        let root = std::iter::once(pairs_part(problem)).chain(curves::root_part(problem));
        StageMemory { task: vec![MemoryUse::new(bytes, "a path", keys)], root: root.collect() }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let (Record::Path { outcome: Ok(path), .. }
        | Record::PathBetween { outcome: Ok((path, _)), .. }
        | Record::PathWithAccuracy { path, .. }
        | Record::PathWithPoints { path, .. }) = record
        else {
            return KeyNumbers::default();
        };
        KeyNumbers {
            height: Some(path.barrier),
            height_straight: Some(path.straight_barrier),
            steps: Some(path.steps),
            stop: Some(path.stop.to_string()),
            ..KeyNumbers::default()
        }
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        atlas::check(atlas)
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// The searches for paths, one for each pair on each landscape.
struct PathSearches<'a> {
    problem: &'a Problem,
}

/// The data from which tasks are built, on the root.
pub(super) struct PathSource {
    /// The solutions.
    sets: Vec<SolutionSet>,
    /// Minima of a landscape by the number of their start, in double precision.
    minima: BTreeMap<u32, Vec<f64>>,
    /// The paths of `paths.start`.
    curves: Option<InitialCurves>,
}

impl PathSource {
    /// The endpoints of all paths, without initial curves.
    pub(super) fn of(results: &Results, sets: Vec<SolutionSet>) -> Self {
        Self { sets, minima: found_minima(results), curves: None }
    }
}

impl Computation for PathSearches<'_> {
    type Key = PathKey;
    type Source = PathSource;
    type Task = PathTask;
    type Outcome = Outcome;

    /// The paths on the larger landscape come first.
    fn pending(&self, directory: &RunDirectory) -> Result<Pending<PathKey, PathSource>, String> {
        let (problem, contents) = (self.problem, &directory.contents);
        let sets = directory.solutions(problem)?;
        listed_pairs::check_solutions(&problem.config.paths, &sets)?;
        let curves = continuation::curves(problem, directory)?;
        let results = directory.results(problem);
        let mut path_sets = results.path_sets(&sets);
        let passes =
            |(_, landscape): &(PathEndpoints, LandscapeName)| work_on(problem, *landscape).passes();
        path_sets.sort_by(|a, b| passes(b).total_cmp(&passes(a)));
        let (mut done, mut keys) = (0, Vec::new());
        for (ends, landscape) in path_sets {
            for pair in results.pairs(&ends, landscape) {
                if contents.path(&ends.sets, landscape, pair).is_some() {
                    done += 1;
                } else {
                    let sets = ends.sets.clone();
                    keys.push(PathKey { sets, landscape, pair, start: None });
                }
            }
        }
        let source = PathSource { sets: sets.clone(), minima: found_minima(&results), curves };
        let missing = curves::adopt(problem, directory, &source);
        if directory.replaces {
            done -= missing.len();
            keys.extend(missing);
        } else {
            curves::missing(missing.len(), done).iter().for_each(say);
        }
        let mut without_curve = Vec::new();
        let tasks: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let key = key.starting_from(source.curves.as_ref(), contents, &mut without_curve);
                let mut task = pending_task(problem, key);
                if let Some(steps) = continuation::steps_done(&task.key, directory) {
                    let all = problem.config.paths.parameters.steps.max(1);
                    task.planned.left = 1.0 - steps as f64 / all as f64;
                }
                task
            })
            .collect();
        continuation::require_curves(&without_curve, tasks.len())?;
        continuation::remark(&results, &directory.path_states).iter().for_each(say);
        announce_round(&results, &sets, tasks.len());
        Ok(Pending { done, tasks, source })
    }

    fn task(&self, key: &PathKey, source: &PathSource) -> PathTask {
        let endpoints = endpoints(self.problem, source, key);
        let load = |(name, steps): &(PathName, usize)| {
            Some(source.curves.as_ref()?.states().load(name, *steps))
        };
        let start = key.start.as_ref().and_then(load);
        PathTask { landscape: key.landscape, endpoints, start }
    }

    fn continued(&self, key: &PathKey, directory: &RunDirectory) -> Option<Saved> {
        continuation::state(key, directory)
    }

    fn keep(
        &self,
        key: &PathKey,
        directory: &mut RunDirectory,
        seconds: f64,
        outcome: &mut Outcome,
    ) -> Result<(), String> {
        let curve = curves::keep(key, directory, &self.problem.config.paths, outcome);
        continuation::keep(key, directory, seconds, outcome).and(curve)
    }

    fn perform(&self, task: &PathTask, state: Option<&[u8]>, control: &Control) -> Ended<Outcome> {
        find_on(self.problem, task, state, control)
    }

    fn record(&self, key: &PathKey, seconds: f64, outcome: Result<Outcome, String>) -> Record {
        match outcome {
            Ok(Outcome { path, accuracy, .. }) => key.record(seconds, path, accuracy),
            Err(reason) => key.record(seconds, Err(reason), None),
        }
    }
}

/// Prints which round of pairs begins, if pairs are chosen in rounds.
fn announce_round(results: &Results, sets: &[SolutionSet], pending: usize) {
    if !results.config.paths.is_spanning() || pending == 0 {
        return;
    }
    for landscape in results.landscapes() {
        let Rounds { rounds, left } = Rounds::of(results, sets, landscape);
        let pairs = rounds.last().map_or(0, Vec::len);
        say(format_args!(
            "paths: round {} of pairs on {landscape}: {}; at most {left} more may follow",
            rounds.len(),
            count(pairs, "pair")
        ));
    }
}

fn pending_task(problem: &Problem, key: PathKey) -> PendingTask<PathKey> {
    let work = work_on(problem, key.landscape).passes();
    PendingTask {
        name: format!("{} {}–{} on {}", key.sets, key.pair.0, key.pair.1, key.landscape),
        planned: Planned { kind: key.landscape.number(), work, left: 1.0 },
        checkpoint: Some(key.task()),
        key,
    }
}

/// The memory of the pairs: the pairs of every set are drawn, one set at a time, and become tasks.
fn pairs_part(problem: &Problem) -> MemoryUse {
    let paths = &problem.config.paths;
    let all = |sets: &EndpointSets| {
        let [n, m] = sets.both().map(|set| problem.solutions_in(set) as f64);
        if sets.single().is_some() { 0.5 * n * (n - 1.0).max(0.0) } else { n * m }
    };
    let pairs = |sets: &EndpointSets| match (&paths.list, paths.pairs) {
        (Some(list), _) => list.pairs().len() as f64,
        (None, Pairs::Count(most)) => all(sets).min(most as f64),
        (None, Pairs::All | Pairs::Spanning) => all(sets),
    };
    let of_sets = paths.endpoint_sets();
    let drawn = match (&paths.list, paths.pairs) {
        (Some(_), _) => 0.0,
        // All pairs of all sets at once, each with its estimate and its merge.
        (None, Pairs::Spanning) => 3.0 * of_sets.iter().map(all).sum::<f64>(),
        (None, _) => of_sets.iter().map(all).fold(0.0, f64::max),
    };
    let chosen = paths.is_spanning().then(|| planned_paths(problem) as f64);
    let chosen = chosen.unwrap_or_else(|| of_sets.iter().map(pairs).sum());
    let tasks = problem.path_landscapes() as f64 * chosen;
    let keys = if problem.landscape().is_some() {
        "landscape.keep or paths.pairs"
    } else {
        "training.keep or paths.pairs"
    };
    MemoryUse::new(pair_bytes(drawn) + task_bytes(tasks), "the pairs of solutions", keys)
}

/// Maximum number of paths on each landscape.
fn planned_paths(problem: &Problem) -> usize {
    problem.config.paths.most(|set| problem.solutions_in(set))
}

/// Whether a pair that gets a path has none yet.
fn has_pending(problem: &Problem, directory: &RunDirectory) -> bool {
    let (results, contents) = (directory.results(problem), &directory.contents);
    let sets = results.sets();
    results.path_sets(&sets).into_iter().any(|(ends, landscape)| {
        let pairs = results.pairs(&ends, landscape);
        pairs.iter().any(|&pair| contents.path(&ends.sets, landscape, pair).is_none())
    })
}

/// The paths on each landscape, those of all sets together.
fn plan_on_images(problem: &Problem, trained: &Trained) -> Vec<PlannedTasks> {
    let paths = &problem.config.paths;
    let count = planned_paths(problem);
    let at_most = if paths.is_spanning() { ", at most" } else { "" };
    let on = paths.landscapes.iter().map(|&landscape| {
        let images = trained.path_images(landscape).len();
        let work = Some(work_on_images(trained, paths, landscape));
        let what = format!("paths on {images} {landscape} images{at_most}");
        PlannedTasks { what, count, work }
    });
    on.collect()
}

/// Maximum work of a path on the landscape of these images.
fn work_on_images(trained: &Trained, paths: &PathsConfig, landscape: Split) -> Work {
    path_work(&paths.parameters, trained.path_images(landscape).len(), paths.batch)
}

/// Finds a path on the landscape that its task names.
fn find_on(
    problem: &Problem,
    task: &PathTask,
    state: Option<&[u8]>,
    control: &Control,
) -> Ended<Outcome> {
    let failed = |reason| Ended::Finished(Outcome::failed(reason));
    let Some(both) = problem.subject.zip(&task.endpoints) else {
        return failed("the endpoints belong to another landscape".to_owned());
    };
    let start = match &task.start {
        Some(Err(reason)) => return failed(format!("the initial curve cannot be read: {reason}")),
        Some(Ok(start)) => Some(start),
        None => None,
    };
    let (paths, keeps) = (&problem.config.paths, continuation::keeps_states(problem));
    let search = SearchSettings { paths, start, keeps };
    both.either(
        |(trained, endpoints)| {
            let endpoints = &network_endpoints_of(problem, trained, endpoints);
            let split = task.landscape.split();
            let interrupt = || control.stop_requested();
            let landscape = trained.landscape(trained.path_images(split)).interruptible(&interrupt);
            let size = paths.batch.filter(|&size| size < landscape.samples());
            let batches = size.map(|size| landscape.batches(size, problem.config.seed));
            let batches = batches.as_ref().map(|batches| batches as &dyn Batches<f32>);
            find(&landscape, batches, endpoints, &search, state, control)
                .map(|found| Outcome::of(found, (paths, endpoints), |_| None))
        },
        |(mapped, endpoints)| {
            let endpoints = &landscape_endpoints_of(problem, mapped, endpoints);
            let interrupt: &Interrupt<'_> = &|| control.stop_requested();
            let Some(landscape) = mapped.landscape(task.landscape, interrupt) else {
                return failed(format!("no data set \"{}\"", task.landscape));
            };
            let found = find(landscape.as_ref(), None, endpoints, &search, state, control);
            let points = paths.parameters.points;
            found.map(|found| {
                Outcome::of(found, (paths, endpoints), |found| {
                    let curve = found.curve.as_ref();
                    mapped.analytic().and_then(|it| Track::of(&it, curve, points))
                })
            })
        },
    )
}

impl Outcome {
    fn failed(reason: String) -> Self {
        Self { path: Err(reason), accuracy: None, end: None, curve: None }
    }

    fn of<A: KeptPrecision>(
        found: Result<FoundPath<A>, String>,
        (paths, endpoints): (&PathsConfig, &[Vec<A>; 2]),
        track: impl FnOnce(&FoundPath<A>) -> Option<Track>,
    ) -> Self {
        let end = found.as_ref().ok().and_then(|found| found.end.as_ref());
        let end = end.and_then(|end| continuation::encode(&end.state()));
        let curve = found.as_ref().ok();
        let curve = curve.and_then(|found| curves::to_keep(paths, found, endpoints));
        let accuracy = found.as_ref().ok().and_then(|found| found.result.accuracy.clone());
        let path = found.map(|found| {
            let track = track(&found);
            (found.result, track)
        });
        Self { path, accuracy, end, curve }
    }
}

/// Settings of a search besides its landscape and its endpoints.
struct SearchSettings<'a> {
    paths: &'a PathsConfig,
    /// Its initial curve; `None`: the straight line.
    start: Option<&'a PathEnd>,
    /// Whether the final state of the descent is kept.
    keeps: bool,
}

fn find<A: CurvePrecision>(
    landscape: &dyn Landscape<A>,
    batches: Option<&dyn Batches<A>>,
    [a, b]: &[Vec<A>; 2],
    &SearchSettings { paths, start, keeps }: &SearchSettings,
    state: Option<&[u8]>,
    control: &Control,
) -> Ended<Result<FoundPath<A>, String>> {
    let (squared, squared_batches) = (Squared(landscape), batches.map(Squared));
    let (objective, batches): (&dyn Landscape<A>, _) = match paths.objective {
        Objective::Sum => (landscape, batches),
        Objective::SumOfSquares => {
            (&squared, squared_batches.as_ref().map(|batches| batches as &dyn Batches<A>))
        }
    };
    let start = match start.map(|start| continuation::best_curve(start, a.len(), paths)) {
        Some(Err(reason)) => return Ended::Finished(Err(reason)),
        start => start.and_then(Result::ok),
    };
    let state = decode_state(state);
    let search = PathSearch::new(objective, landscape, [a, b], &paths.parameters, state);
    let search = search.starting_from(start);
    let search = if keeps { search.keeping_its_end() } else { search };
    let search = match batches {
        Some(batches) => search.in_batches(batches),
        None => search,
    };
    drive(search, control).map(|found| found.map_err(|error| error.to_string()))
}

/// Maximum work of a path. A landscape without images counts as one image.
fn work_on(problem: &Problem, landscape: LandscapeName) -> Work {
    let paths = &problem.config.paths;
    let on_images = |trained: &Trained| {
        let split = landscape.split();
        work_on_images(trained, paths, split)
    };
    problem.trained().map_or_else(|| path_work(&paths.parameters, 1, None), on_images)
}

/// The endpoints of a path as they are stored. Each task aligns its own, on its rank.
fn endpoints(problem: &Problem, source: &PathSource, key: &PathKey) -> Endpoints {
    match problem.landscape() {
        Some(landscape) => Subject::Landscape(landscape_endpoints(landscape, source, key)),
        None => Subject::Network(network_endpoints(source, key)),
    }
}

fn network_endpoints(source: &PathSource, key: &PathKey) -> [Vec<f32>; 2] {
    [(&key.sets.a, key.pair.0), (&key.sets.b, key.pair.1)]
        .map(|(name, number)| network_vector(source, name, number))
}

pub(super) fn network_vector(source: &PathSource, name: &SetName, number: u32) -> Vec<f32> {
    let set = source.sets.iter().find(|set| set.name == *name);
    let set = set.expect("keys are drawn from the sets");
    set.theta.row(set.row_of(number).expect("pairs are drawn from the sets")).to_vec()
}

/// The minima that were found, in double precision.
fn found_minima(results: &Results) -> BTreeMap<u32, Vec<f64>> {
    let minima = (0..).zip(results.minima());
    let found = minima.filter_map(|(number, minimum)| {
        let minimum = minimum?.ok()?;
        Some((number, minimum.theta.clone()))
    });
    found.collect()
}

/// The endpoints in double precision: minima as they were minimized, imported points as in their
/// file.
fn landscape_endpoints(
    landscape: &MappedLandscape,
    source: &PathSource,
    key: &PathKey,
) -> [Vec<f64>; 2] {
    [(&key.sets.a, key.pair.0), (&key.sets.b, key.pair.1)]
        .map(|(set, number)| landscape_vector(landscape, source, set, number))
}

/// The endpoints of a path on a landscape, as its search uses them.
pub(super) fn landscape_endpoints_of(
    problem: &Problem,
    landscape: &MappedLandscape,
    endpoints: &[Vec<f64>; 2],
) -> [Vec<f64>; 2] {
    aligned(&landscape.config, problem.config.paths.align, endpoints.clone())
}

pub(super) fn landscape_vector(
    landscape: &MappedLandscape,
    source: &PathSource,
    set: &SetName,
    number: u32,
) -> Vec<f64> {
    match landscape.imports.iter().find(|(name, _)| name == set) {
        Some((_, vectors)) => vectors.row(number as usize).to_vec(),
        None => source.minima.get(&number).expect("pairs are drawn from the minima").clone(),
    }
}

/// The endpoints of a path on the landscape of a network, as a search uses them. A task contains
/// the unaligned solutions; the rank matches their units.
pub(super) fn network_endpoints_of<'t>(
    problem: &Problem,
    trained: &Trained,
    endpoints: &'t [Vec<f32>; 2],
) -> Cow<'t, [Vec<f32>; 2]> {
    if problem.config.paths.align {
        let (symmetry, seed) = (trained.network.symmetry(), problem.config.seed);
        Cow::Owned(aligned_units(&symmetry, seed, endpoints.clone()))
    } else {
        Cow::Borrowed(endpoints)
    }
}

/// Random orders of the groups in which the units of two endpoints are matched.
const ORDERS: usize = 4;

/// The endpoints of a path for a search with `paths.align`: weight matching exchanges the hidden
/// units of the second one, so that it comes close to the first. The result depends on the two
/// vectors only. Endpoints that are not finite stay unchanged.
pub fn aligned_units(
    symmetry: &Symmetry,
    seed: MasterSeed,
    [a, mut b]: [Vec<f32>; 2],
) -> [Vec<f32>; 2] {
    let [onto, moving] =
        [&a, &b].map(|theta| theta.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
    let mut generator = seed.stream("alignment of endpoints", &[]);
    if let Some(found) = match_weights(symmetry, &onto, &moving, ORDERS, &mut generator) {
        symmetry.apply(&found.exchange, &mut b);
    }
    [a, b]
}

/// The endpoints of a path, as a search has them, from two points of a landscape. A cluster is
/// translated and rotated close to the first one. With `exchanges` (`paths.align`), its atoms are
/// exchanged as well. Endpoints that cannot be aligned stay as they are.
pub fn aligned(
    landscape: &LandscapeConfig,
    exchanges: bool,
    [a, b]: [Vec<f64>; 2],
) -> [Vec<f64>; 2] {
    let Some(BuiltIn::LennardJones(cluster)) = landscape.landscape.built_in() else {
        return [a, b];
    };
    let moved = if exchanges {
        match_atoms(&a, &b, cluster.space_dimensions()).map(|found| found.theta)
    } else {
        cluster.align(&b, &a).map(|found| found.theta)
    };
    match moved {
        Ok(moved) => [a, moved],
        Err(_) => [a, b],
    }
}
