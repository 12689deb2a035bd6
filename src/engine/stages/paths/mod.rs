//! `lossatlas paths`: pairs of solutions → low-loss paths and barriers.

mod atlas;
mod points;

use crate::config::{Config, PathsConfig, Subject};
use crate::data::Split;
use crate::engine::capacity::{Need, Part};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::landscape::MappedLandscape;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::Control;
use crate::engine::plan::memory::{pair_bytes, task_bytes};
use crate::engine::plan::{Planned, Work, path_bytes, path_work};
use crate::engine::problem::{Problem, Trained};
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::{Ended, decode, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, Count, Counts, FailedTask, PlannedTasks, Stage};
use crate::engine::store::atlas::{Atlas, AtlasError, Node};
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::landscape::{BuiltIn, Interrupt, Landscape, Squared};
use crate::path::{Batches, CurvePrecision, FoundPath, Objective, PathResult, PathSearch, Track};
use crate::solutions::{LandscapeName, Pairs, SetName, SolutionSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One path to find: on which landscape, and between which vectors.
#[derive(Serialize, Deserialize)]
struct PathTask {
    landscape: LandscapeName,
    endpoints: Endpoints,
}

/// ω^a and ω^b, in the precision of their landscape.
type Endpoints = Subject<[Vec<f32>; 2], [Vec<f64>; 2]>;

/// Which path of which set.
struct PathKey {
    set: SetName,
    landscape: LandscapeName,
    pair: (u32, u32),
}

/// The path with its points, where these are kept, or why there is none.
type Outcome = Result<(PathResult, Option<Track>), String>;

impl PathKey {
    fn record(&self, seconds: f64, outcome: Outcome) -> Record {
        let (set, landscape, pair) = (self.set.clone(), self.landscape, self.pair);
        match outcome {
            Ok((path, Some(track))) => {
                Record::PathWithPoints { set, landscape, pair, seconds, path, track }
            }
            Ok((path, None)) => Record::Path { set, landscape, pair, seconds, outcome: Ok(path) },
            Err(reason) => Record::Path { set, landscape, pair, seconds, outcome: Err(reason) },
        }
    }

    fn task(&self) -> TaskKey {
        TaskKey::Path { set: self.set.clone(), landscape: self.landscape, pair: self.pair }
    }
}

/// Finds paths between pairs of solutions.
pub struct Paths;

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

    fn needs_solutions(&self) -> bool {
        true
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        context.run(self, rank, &PathSearches { problem: context.problem })
    }

    /// Which pairs there are is known when the solutions are: failed runs leave fewer of them.
    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> Counts {
        let complete = results.missing_runs() == 0;
        let mut counts = Counts::default();
        for paths in results.paths(sets) {
            let set = sets.iter().find(|set| set.name == paths.set);
            let drawn = set.map_or(0, |set| results.pairs(set).len());
            let total = if complete { drawn } else { results.planned_pairs(&paths.set) };
            let (done, failed) = (paths.found().count(), paths.failed());
            let (kind, name) =
                (paths.landscape.number(), format!("paths {} on {}", paths.set, paths.landscape));
            counts.kinds.push(Count {
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
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        problem.subject.either(
            |trained| plan_on_images(problem, trained),
            |_| {
                let paths = &problem.config.paths;
                let pairs = paths.sets.iter().map(|set| paths.pairs.of(problem.solutions_in(set)));
                let pairs = pairs.fold(0, usize::saturating_add);
                let all = pairs.saturating_mul(problem.path_landscapes());
                let what = format!("at most {}", count(all, "path"));
                vec![PlannedTasks { what, count: all, work: None }]
            },
        )
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let landscapes = problem.subject.either(
            |_| vec![LandscapeName::Train, LandscapeName::Test],
            |landscape| landscape.names(),
        );
        let landscape = landscapes.into_iter().find(|landscape| landscape.number() == kind);
        landscape.map_or_else(Work::default, |landscape| work_on(problem, landscape))
    }

    fn memory(&self, problem: &Problem, _: usize) -> Need {
        let paths = &problem.config.paths;
        let (number, keys) = if problem.landscape().is_some() {
            (size_of::<f64>(), "the size in [landscape], or paths.fourier_terms (paths.knots)")
        } else {
            let keys = "the sizes in [network], paths.points, or paths.fourier_terms (paths.knots)";
            (size_of::<f32>(), keys)
        };
        let bytes = path_bytes(&paths.parameters, problem.layout().parameters(), number);
        Need { task: vec![Part::new(bytes, "a path", keys)], root: vec![pairs_part(problem)] }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let (Record::Path { outcome: Ok(path), .. } | Record::PathWithPoints { path, .. }) = record
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

    fn write_atlas(&self, root: &Node, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// The searches for paths, one for each pair on each landscape.
struct PathSearches<'a> {
    problem: &'a Problem,
}

impl Computation for PathSearches<'_> {
    type Key = PathKey;
    type Source = PathSource;
    type Task = PathTask;
    type Outcome = Outcome;

    /// Those on the larger landscape first.
    fn pending(&self, directory: &RunDirectory) -> Result<Pending<PathKey, PathSource>, String> {
        let (problem, contents) = (self.problem, &directory.contents);
        let sets = directory.solutions(problem)?;
        let results = directory.results(problem);
        let mut path_sets = results.path_sets(&sets);
        let passes = |&(_, landscape): &(_, LandscapeName)| work_on(problem, landscape).passes();
        path_sets.sort_by(|a, b| passes(b).total_cmp(&passes(a)));
        let (mut done, mut tasks) = (0, Vec::new());
        for (set, landscape) in path_sets {
            for pair in results.pairs(set) {
                if contents.path(&set.name, landscape, pair).is_some() {
                    done += 1;
                } else {
                    let key = PathKey { set: set.name.clone(), landscape, pair };
                    tasks.push(pending_task(problem, key));
                }
            }
        }
        let minima = found_minima(&results);
        Ok(Pending { done, tasks, source: PathSource { sets, minima } })
    }

    fn task(&self, key: &PathKey, source: &PathSource) -> PathTask {
        let endpoints = match self.problem.landscape() {
            Some(landscape) => Subject::Landscape(landscape_endpoints(landscape, source, key)),
            None => Subject::Network(network_endpoints(&source.sets, key)),
        };
        PathTask { landscape: key.landscape, endpoints }
    }

    fn perform(&self, task: &PathTask, state: Option<&[u8]>, control: &Control) -> Ended<Outcome> {
        find_on(self.problem, task, state, control)
    }

    fn record(&self, key: &PathKey, seconds: f64, outcome: Result<Outcome, String>) -> Record {
        key.record(seconds, outcome.flatten())
    }
}

fn pending_task(problem: &Problem, key: PathKey) -> PendingTask<PathKey> {
    let work = work_on(problem, key.landscape).passes();
    PendingTask {
        name: format!("{} {}–{} on {}", key.set, key.pair.0, key.pair.1, key.landscape),
        planned: Planned { kind: key.landscape.number(), work, left: 1.0 },
        checkpoint: Some(key.task()),
        key,
    }
}

/// Pairs of every set are drawn, one set after the other, and those that get a path are tasks.
fn pairs_part(problem: &Problem) -> Part {
    let paths = &problem.config.paths;
    let counts = || paths.sets.iter().map(|set| problem.solutions_in(set) as f64);
    let drawn = counts().fold(0.0, f64::max);
    let pairs = counts().map(|count| {
        let all = 0.5 * count * (count - 1.0).max(0.0);
        if let Pairs::Count(most) = paths.pairs { all.min(most as f64) } else { all }
    });
    let tasks = problem.path_landscapes() as f64 * pairs.sum::<f64>();
    let keys = if problem.landscape().is_some() {
        "landscape.keep or paths.pairs"
    } else {
        "training.keep or paths.pairs"
    };
    Part::new(pair_bytes(drawn) + task_bytes(tasks), "the pairs of solutions", keys)
}

/// The paths on each landscape, those of all sets together.
fn plan_on_images(problem: &Problem, trained: &Trained) -> Vec<PlannedTasks> {
    let paths = &problem.config.paths;
    let pairs = paths.sets.iter().map(|set| paths.pairs.of(problem.solutions_in(set)));
    let count = pairs.fold(0, usize::saturating_add);
    let on = paths.landscapes.iter().map(|&landscape| {
        let images = trained.path_images(landscape).len();
        let work = Some(work_on_images(trained, paths, landscape));
        PlannedTasks { what: format!("paths on {images} {landscape} images"), count, work }
    });
    on.collect()
}

/// The work of a path on the landscape of these images, at most.
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
    let Some(both) = problem.subject.zip(&task.endpoints) else {
        return Ended::Finished(Err("the endpoints belong to another landscape".to_owned()));
    };
    let paths = &problem.config.paths;
    both.either(
        |(trained, endpoints)| {
            let split =
                if task.landscape == LandscapeName::Test { Split::Test } else { Split::Train };
            let interrupt = || control.stop_requested();
            let landscape = trained.landscape(trained.path_images(split)).interruptible(&interrupt);
            let size = paths.batch.filter(|&size| size < landscape.samples());
            let batches = size.map(|size| landscape.batches(size, problem.config.seed));
            let batches = batches.as_ref().map(|batches| batches as &dyn Batches<f32>);
            find(&landscape, batches, endpoints, paths, state, control)
                .map(|found| found.map(|found| (found.result, None)))
        },
        |(mapped, endpoints)| {
            let interrupt: &Interrupt<'_> = &|| control.stop_requested();
            let Some(landscape) = mapped.landscape(task.landscape, interrupt) else {
                return Ended::Finished(Err(format!("no data set \"{}\"", task.landscape)));
            };
            let found = find(landscape.as_ref(), None, endpoints, paths, state, control);
            let points = paths.parameters.points;
            found.map(|found| {
                found.map(|found| {
                    let curve = found.curve.as_ref();
                    let track = mapped.analytic().and_then(|it| Track::of(&it, curve, points));
                    (found.result, track)
                })
            })
        },
    )
}

fn find<A: CurvePrecision>(
    landscape: &dyn Landscape<A>,
    batches: Option<&dyn Batches<A>>,
    [a, b]: &[Vec<A>; 2],
    paths: &PathsConfig,
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
    let search = PathSearch::new(objective, landscape, [a, b], &paths.parameters, decode(state));
    let search = match batches {
        Some(batches) => search.in_batches(batches),
        None => search,
    };
    drive(search, control).map(|found| found.map_err(|error| error.to_string()))
}

/// The work of a path, at most. A landscape without images counts as one.
fn work_on(problem: &Problem, landscape: LandscapeName) -> Work {
    let paths = &problem.config.paths;
    let on_images = |trained: &Trained| {
        let split = if landscape == LandscapeName::Test { Split::Test } else { Split::Train };
        work_on_images(trained, paths, split)
    };
    problem.trained().map_or_else(|| path_work(&paths.parameters, 1, None), on_images)
}

fn network_endpoints(sets: &[SolutionSet], key: &PathKey) -> [Vec<f32>; 2] {
    let set = sets.iter().find(|set| set.name == key.set).expect("keys are drawn from the sets");
    [key.pair.0, key.pair.1].map(|number| {
        set.theta.row(set.row_of(number).expect("pairs are drawn from the set")).to_vec()
    })
}

/// What endpoints are taken from, on the root.
struct PathSource {
    /// The solutions.
    sets: Vec<SolutionSet>,
    /// Minima of a landscape by the number of their start, in double precision.
    minima: BTreeMap<u32, Vec<f64>>,
}

/// The minima that were found, as they were found.
fn found_minima(results: &Results) -> BTreeMap<u32, Vec<f64>> {
    let minima = (0..).zip(results.minima());
    let found = minima.filter_map(|(number, minimum)| {
        let minimum = minimum?.ok()?;
        Some((number, minimum.theta.clone()))
    });
    found.collect()
}

/// In double precision, as they were minimized, or as their file has them. A cluster is first
/// rotated onto the other one: that rotation is no part of the path.
fn landscape_endpoints(
    landscape: &MappedLandscape,
    source: &PathSource,
    key: &PathKey,
) -> [Vec<f64>; 2] {
    let import = landscape.imports.iter().find(|(name, _)| *name == key.set);
    let [a, b] = [key.pair.0, key.pair.1].map(|number| match import {
        Some((_, vectors)) => vectors.row(number as usize).to_vec(),
        None => source.minima.get(&number).expect("pairs are drawn from the minima").clone(),
    });
    match landscape.config.landscape.built_in() {
        Some(BuiltIn::LennardJones(cluster)) => match cluster.align(&b, &a) {
            Ok(aligned) => [a, aligned.theta],
            Err(_) => [a, b],
        },
        _ => [a, b],
    }
}
