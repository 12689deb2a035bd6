//! `lossatlas paths`: pairs of solutions → low-loss paths and barriers.

use crate::archive::Archive;
use crate::cli;
use crate::failure::Failure;
use crate::session::Problem;
use crate::stage::{self, Tasks};
use lossatlas::landscape::Squared;
use lossatlas::parallel::World;
use lossatlas::path::{Objective, PathResult, find_path, find_path_for};
use lossatlas::plan::path_work;
use lossatlas::solutions::{SetName, SolutionSet, Split};
use lossatlas::store::Record;
use serde::{Deserialize, Serialize};

/// One path to find: which, and between which vectors.
#[derive(Serialize, Deserialize)]
struct Task {
    landscape: Split,
    ends: [Vec<f32>; 2],
}

/// Which path of which set.
struct Key {
    set: SetName,
    landscape: Split,
    pair: (u32, u32),
}

pub fn run(world: &World, job: &cli::Job) -> Result<u8, Failure> {
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    stage(world, &problem, &mut archive)?;
    Archive::conclude(world, &problem, archive.as_ref())
}

/// Computes the paths that are not there yet and writes all of them.
pub fn stage(world: &World, problem: &Problem, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let sets = Archive::solutions(world, problem, archive.as_ref())?;
    let keys = archive.as_ref().map(|archive| missing(problem, archive, &sets)).unwrap_or_default();
    let [train, test] = [Split::Train, Split::Test].map(|split| problem.landscape(problem.path_images(split)));
    stage::run(
        world,
        "paths",
        archive,
        describe(problem, &keys),
        |index| task(&sets, &keys[index]),
        |Task { landscape, ends }, control| {
            let landscape = match landscape {
                Split::Train => &train,
                Split::Test => &test,
            };
            let (ends, parameters) = ([&ends[0][..], &ends[1][..]], &problem.config.paths.parameters);
            let mut watch = |fraction, loss| {
                control.report(fraction, loss);
                !control.stop_requested()
            };
            let found = match problem.config.paths.objective {
                Objective::Sum => find_path(landscape, ends, parameters, &mut watch),
                Objective::SumOfSquares => find_path_for(&Squared(landscape), landscape, ends, parameters, &mut watch)
                    .map(|found| found.map(|found| found.result)),
            };
            found.map_err(|error| error.to_string()).transpose()
        },
        |index, seconds, outcome: Result<Result<PathResult, String>, String>| {
            let Key { set, landscape, pair } = &keys[index];
            Record::Path { set: set.clone(), landscape: *landscape, pair: *pair, seconds, outcome: outcome.flatten() }
        },
    )?;
    Archive::write_atlas(world, problem, archive.as_ref())
}

/// Paths not computed yet, those on the larger landscape first.
fn missing(problem: &Problem, archive: &Archive, sets: &[SolutionSet]) -> Vec<Key> {
    let results = archive.results(problem);
    let mut path_sets = results.path_sets(sets);
    path_sets.sort_by_key(|&(_, split)| std::cmp::Reverse(problem.path_images(split).len()));
    let mut keys = Vec::new();
    for (set, landscape) in path_sets {
        for pair in results.pairs(set) {
            if archive.contents.path(&set.name, landscape, pair).is_none() {
                keys.push(Key { set: set.name.clone(), landscape, pair });
            }
        }
    }
    keys
}

fn task(sets: &[SolutionSet], key: &Key) -> Task {
    let set = sets.iter().find(|set| set.name == key.set).expect("keys are drawn from the sets");
    let end = |initialization| set.theta.row(set.row_of(initialization).expect("pairs are drawn from the set")).to_vec();
    Task { landscape: key.landscape, ends: [end(key.pair.0), end(key.pair.1)] }
}

fn describe(problem: &Problem, keys: &[Key]) -> Tasks {
    let passes = |split| path_work(&problem.config.paths.parameters, problem.path_images(split).len()).passes();
    Tasks {
        names: keys.iter().map(|key| format!("{} {}–{} on {}", key.set, key.pair.0, key.pair.1, key.landscape)).collect(),
        work: keys.iter().map(|key| passes(key.landscape)).collect(),
    }
}
