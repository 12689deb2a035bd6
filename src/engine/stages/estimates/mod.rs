//! Estimates of the barriers between all pairs of solutions, for `paths.pairs = "spanning"`: the
//! highest value at a few points of the straight line, on some of the images.
//!
//! Only their order matters: pairs with low estimates get a path first, see
//! [`crate::engine::spanning`].

mod blocks;

pub use blocks::PairBlock;

use crate::combinations::Combinations;
use crate::config::{Config, Subject};
use crate::data::Split;
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::failure::Failure;
use crate::engine::parallel::Control;
use crate::engine::plan::{Planned, Work};
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskSolutions, TaskState};
use crate::engine::stages::paths::{
    PathSource, aligned, aligned_units, landscape_vector, network_vector,
};
use crate::engine::store::Record;
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::kernels::Real;
use crate::landscape::{Interrupt, Interrupted, Landscape};
use crate::path::equally_spaced;
use crate::solutions::{LandscapeName, SolutionSet};
use blocks::{MAX_IMAGES, MAX_PAIRS};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Its name in the journal, in the log and in `status`.
const STAGE: &str = "estimates";

/// Points of a straight line, both ends included.
const POINTS: usize = 9;

/// Estimates barriers from straight lines.
pub struct Estimates;

impl Stage for Estimates {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "paths"
    }

    fn applies(&self, config: &Config) -> bool {
        config.paths.is_spanning()
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        context.run(self, rank, &StraightLines { problem: context.problem })
    }

    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        if !self.applies(results.config) || results.missing_runs() > 0 {
            return counts;
        }
        let (paths, contents) = (&results.config.paths, results.contents);
        let state = |block: &PairBlock| {
            let ended = contents.task_ended(STAGE, &block.key(paths));
            TaskState::new(format!("estimates {}", block.name()), ended)
        };
        let blocks = all_blocks(results, sets);
        for of_landscape in blocks.chunk_by(|a, b| a.landscape == b.landscape) {
            let landscape = of_landscape[0].landscape;
            let tasks: Vec<TaskState> = of_landscape.iter().map(state).collect();
            let name = format!("estimates on {landscape}");
            counts.add(landscape.number(), "block of estimates", name, &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Some(trained) = problem.trained().filter(|_| self.applies(&problem.config)) else {
            return Vec::new();
        };
        let of_sets = problem.config.paths.endpoint_sets();
        let pairs = of_sets.iter().map(|sets| {
            let [a, b] = sets.both().map(|set| problem.solutions_in(set));
            problem.config.paths.count(sets, [a, b])
        });
        let count = pairs.sum::<usize>().div_ceil(MAX_PAIRS);
        let on = |&landscape: &Split| PlannedTasks {
            what: format!(
                "blocks of straight lines on {} {landscape} images, of at most {MAX_PAIRS} pairs",
                images(trained.path_images(landscape).len())
            ),
            count,
            work: Some(self.work(problem, LandscapeName::from(landscape).number())),
        };
        problem.config.paths.landscapes.iter().map(on).collect()
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let split = if kind == LandscapeName::Test.number() { Split::Test } else { Split::Train };
        let count = problem.trained().map_or(1, |trained| images(trained.path_images(split).len()));
        Work { path_losses: (MAX_PAIRS * POINTS * count) as f64, ..Work::default() }
    }

    fn task_solutions(&self, key: &str) -> TaskSolutions {
        blocks::solutions(key)
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let vectors = 2.0 * (MAX_PAIRS as f64).sqrt() + 2.0;
        let number = if problem.landscape().is_some() { 8.0 } else { 4.0 };
        let bytes = vectors * number * problem.layout().parameters() as f64;
        let keys = if problem.landscape().is_some() { "[landscape]" } else { "[network]" };
        let part = MemoryUse::new(bytes, "a block of estimates", format!("the sizes in {keys}"));
        StageMemory { task: vec![part], root: Vec::new() }
    }
}

/// The number of images that estimates use, out of `all`.
fn images(all: usize) -> usize {
    all.min(MAX_IMAGES)
}

/// The blocks of all sets that get paths, landscape by landscape.
fn all_blocks(results: &Results, sets: &[SolutionSet]) -> Vec<PairBlock> {
    let path_sets = results.path_sets(sets);
    let mut blocks: Vec<PairBlock> =
        path_sets.iter().flat_map(|(ends, landscape)| PairBlock::all(ends, *landscape)).collect();
    blocks.sort_by_key(|block| block.landscape.number());
    blocks
}

/// The straight lines between all pairs.
struct StraightLines<'a> {
    problem: &'a Problem,
}

/// The vectors on both sides of a block.
type Sides<A> = [Vec<Vec<A>>; 2];

/// The vectors of a block, and which of them are joined.
#[derive(Serialize, Deserialize)]
struct Lines {
    landscape: LandscapeName,
    vectors: Subject<Sides<f32>, Sides<f64>>,
    places: Vec<(usize, usize)>,
}

impl Computation for StraightLines<'_> {
    type Key = PairBlock;
    type Source = PathSource;
    type Task = Lines;
    type Outcome = Result<Vec<f64>, String>;

    fn pending(&self, directory: &RunDirectory) -> Result<Pending<PairBlock, PathSource>, String> {
        let sets = directory.solutions(self.problem)?;
        let results = directory.results(self.problem);
        let paths = &self.problem.config.paths;
        let (done, left): (Vec<PairBlock>, Vec<PairBlock>) = all_blocks(&results, &sets)
            .into_iter()
            .partition(|block| directory.contents.has_task(STAGE, &block.key(paths)));
        let task = |block: PairBlock| {
            let kind = block.landscape.number();
            let of_block = Estimates.work(self.problem, kind).passes();
            let work = of_block * block.places().len() as f64 / MAX_PAIRS as f64;
            PendingTask {
                name: block.name(),
                planned: Planned { kind, work, left: 1.0 },
                checkpoint: None,
                key: block,
            }
        };
        let tasks = left.into_iter().map(task).collect();
        let source = PathSource::of(&results, sets);
        Ok(Pending { done: done.len(), tasks, source })
    }

    fn task(&self, block: &PairBlock, source: &PathSource) -> Lines {
        let sides = [(&block.sets.a, &block.first), (&block.sets.b, &block.second)];
        let vectors = match self.problem.landscape() {
            Some(landscape) => Subject::Landscape(sides.map(|(set, numbers)| {
                let vector = |&number: &u32| landscape_vector(landscape, source, set, number);
                numbers.iter().map(vector).collect()
            })),
            None => Subject::Network(sides.map(|(set, numbers)| {
                let vector = |&number: &u32| network_vector(source, set, number);
                numbers.iter().map(vector).collect()
            })),
        };
        Lines { landscape: block.landscape, vectors, places: block.places() }
    }

    fn perform(&self, task: &Lines, _: Option<&[u8]>, control: &Control) -> Ended<Self::Outcome> {
        let Some(both) = self.problem.subject.zip(&task.vectors) else {
            let reason = "the endpoints belong to another landscape".to_owned();
            return Ended::Finished(Err(reason));
        };
        let interrupt = || control.stop_requested();
        let aligns = self.problem.config.paths.align;
        let heights = both.either(
            |(trained, vectors)| {
                let split = task.landscape.split();
                let all = trained.path_images(split);
                let some = all.first(images(all.len()));
                let landscape = trained.landscape(some).interruptible(&interrupt);
                let symmetry = aligns.then(|| trained.network.symmetry());
                let line = |[a, b]: [&Vec<f32>; 2]| {
                    let Some(symmetry) = &symmetry else { return height(&landscape, [a, b]) };
                    let ends = [a.clone(), b.clone()];
                    let [a, b] = aligned_units(symmetry, self.problem.config.seed, ends);
                    height(&landscape, [&a, &b])
                };
                Ok(heights(task, vectors, line))
            },
            |(mapped, vectors)| {
                let interrupt: &Interrupt<'_> = &interrupt;
                let Some(landscape) = mapped.landscape(task.landscape, interrupt) else {
                    return Err(format!("no data set \"{}\"", task.landscape));
                };
                let line = |[a, b]: [&Vec<f64>; 2]| {
                    let [a, b] = aligned(&mapped.config, aligns, [a.clone(), b.clone()]);
                    height(landscape.as_ref(), [&a, &b])
                };
                Ok(heights(task, vectors, line))
            },
        );
        match heights {
            Ok(Ok(heights)) => Ended::Finished(Ok(heights)),
            Ok(Err(Interrupted)) => Ended::Suspended(None),
            Err(reason) => Ended::Finished(Err(reason)),
        }
    }

    fn record(
        &self,
        block: &PairBlock,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        let key = block.key(&self.problem.config.paths);
        Record::task(STAGE, &key, seconds, outcome.flatten())
    }
}

/// The heights of all lines of a task.
fn heights<V>(
    task: &Lines,
    [first, second]: &[Vec<V>; 2],
    line: impl Fn([&V; 2]) -> Result<f64, Interrupted>,
) -> Result<Vec<f64>, Interrupted> {
    task.places.iter().map(|&(i, j)| line([&first[i], &second[j]])).collect()
}

/// The highest value at some points of a straight line; NaN if one is NaN.
fn height<A: Real>(landscape: &dyn Landscape<A>, ends: [&[A]; 2]) -> Result<f64, Interrupted> {
    let mut vectors = Array2::zeros((2, ends[0].len()));
    for (mut row, end) in vectors.outer_iter_mut().zip(ends) {
        row.assign(&ndarray::aview1(end));
    }
    let mut coefficients = Array2::zeros((POINTS, 2));
    for (mut row, t) in coefficients.outer_iter_mut().zip(equally_spaced(POINTS)) {
        let number = |number: f64| A::from(number).expect("a number from 0 to 1");
        row.assign(&ndarray::arr1(&[number(1.0 - t), number(t)]));
    }
    let line = Combinations { vectors: vectors.view(), coefficients: coefficients.view() };
    let values = landscape.values_at(&line)?;
    let highest = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) };
    Ok(values.into_iter().fold(f64::NEG_INFINITY, highest))
}
