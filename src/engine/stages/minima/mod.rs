//! Points on an analytic landscape, or on that of a process → minima.

mod atlas;

use crate::config::{ChosenLandscape, Config};
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::landscape::MappedLandscape;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::Control;
use crate::engine::plan::memory::task_bytes;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskState};
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::engine::task::{Computation, Pending};
use crate::landscape::{BuiltIn, Interrupt, Interrupted};
use crate::optimizer::minimize::{
    MinimizationParameters, MinimizationResult, MinimizationStop, minimize, random_start,
};
use crate::random::MasterSeed;
use crate::solutions::{LandscapeName, SolutionSet};
use serde::{Deserialize, Serialize};

/// Searches for the local minima of a landscape.
pub struct Minima;

impl Stage for Minima {
    fn name(&self) -> &'static str {
        "minima"
    }

    fn command(&self) -> &'static str {
        "train"
    }

    fn applies(&self, config: &Config) -> bool {
        config.subject.landscape().is_some_and(|landscape| landscape.set().is_some())
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let seed = context.problem.config.seed;
        let landscape = context.problem.landscape();
        let searches = landscape.map(|landscape| MinimumSearches { landscape, seed });
        searches.map_or(Ok(()), |searches| context.run(self, rank, &searches))
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        let minima = results.minima().into_iter().enumerate();
        let tasks: Vec<_> = minima
            .map(|(number, minimum)| TaskState::new(format!("start {number}"), minimum))
            .collect();
        if !tasks.is_empty() {
            counts.add(0, "start", "minima".to_owned(), &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Some(landscape) = problem.landscape() else { return Vec::new() };
        let starts = landscape.starts as usize;
        if starts == 0 {
            return Vec::new();
        }
        vec![PlannedTasks { what: count(starts, "start"), count: starts, work: None }]
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let Some(landscape) = problem.landscape() else { return StageMemory::default() };
        let (dimension, starts) = (landscape.dimension() as f64, f64::from(landscape.starts));
        let numbers = |count: f64| count * size_of::<f64>() as f64;
        let minima = starts * numbers(dimension) + task_bytes(starts);
        let distances = match landscape.config.landscape {
            ChosenLandscape::BuiltIn(BuiltIn::LennardJones(cluster)) => {
                numbers(0.5 * (cluster.atoms() as f64).powi(2))
            }
            _ => 0.0,
        };
        let root = vec![
            MemoryUse::new(minima, "the minima", "landscape.starts or the number of points"),
            MemoryUse::new(distances, "the distances between atoms", "landscape.atoms"),
        ];
        StageMemory { task: Vec::new(), root }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let (Record::Minimum { outcome: Ok(minimum), .. }
        | Record::MinimumWithTest { minimum, .. }) = record
        else {
            return KeyNumbers::default();
        };
        KeyNumbers {
            height: Some(minimum.value),
            steps: Some(minimum.iterations),
            stop: Some(minimum.stop.to_string()),
            ..KeyNumbers::default()
        }
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// The start of a search for a local minimum.
#[derive(Serialize, Deserialize)]
struct Start {
    number: u32,
    /// `None` for a random start.
    point: Option<Vec<f64>>,
}

/// The settings of a minimization. Those for analytic landscapes are fixed.
fn parameters(landscape: &MappedLandscape) -> MinimizationParameters {
    let mut parameters = MinimizationParameters::default();
    if let Some(process) = landscape.config.landscape.process() {
        parameters.tolerance = process.tolerance;
        parameters.lbfgs.iterations = process.iterations;
    }
    parameters
}

/// The value of the minimum on the data set `test`, if there is one.
fn value_on_test(
    landscape: &MappedLandscape,
    minimum: MinimizationResult,
    interrupt: &Interrupt<'_>,
) -> Result<FoundMinimum, Interrupted> {
    let test = landscape.landscape(LandscapeName::named("test"), interrupt);
    let value = test.map(|test| test.value(&minimum.theta)).transpose()?;
    Ok(FoundMinimum { minimum, value_on_test: value })
}

/// A minimum, and its value on the data set `test` of a process.
#[derive(Serialize, Deserialize)]
struct FoundMinimum {
    minimum: MinimizationResult,
    value_on_test: Option<f64>,
}

/// The searches for local minima, one from each start.
struct MinimumSearches<'a> {
    landscape: &'a MappedLandscape,
    seed: MasterSeed,
}

impl Computation for MinimumSearches<'_> {
    type Key = u32;
    type Source = ();
    type Task = Start;
    type Outcome = FoundMinimum;

    fn pending(&self, directory: &RunDirectory) -> Result<Pending<u32>, String> {
        let all = self.landscape.starts;
        let left = |number: &u32| directory.contents.minimum(*number).is_none();
        let numbers: Vec<u32> = (0..all).filter(left).collect();
        let done = all as usize - numbers.len();
        let named = |number| (number, format!("start {number}"));
        Ok(Pending::alike(done, numbers.into_iter().map(named)))
    }

    fn task(&self, &number: &u32, (): &()) -> Start {
        Start { number, point: self.landscape.start(number) }
    }

    fn perform(&self, start: &Start, _: Option<&[u8]>, control: &Control) -> Ended<FoundMinimum> {
        let mapped = self.landscape;
        let interrupt = || control.stop_requested();
        let landscape = mapped.first(&interrupt);
        let landscape = landscape.as_ref();
        let parameters = parameters(mapped);
        let minimized = match (&start.point, mapped.config.set_is_given()) {
            (Some(point), true) => MinimizationResult::given(landscape, point),
            (Some(point), false) => minimize(landscape, point, &parameters),
            (None, _) => {
                let point = random_start(self.seed, &mapped.region, start.number);
                minimize(landscape, &point, &parameters)
            }
        };
        Ended::of(minimized.and_then(|minimum| value_on_test(mapped, minimum, &interrupt)))
    }

    fn record(&self, &number: &u32, seconds: f64, outcome: Result<FoundMinimum, String>) -> Record {
        let ended = |found: FoundMinimum| match found.minimum.stop {
            MinimizationStop::NotFinite => Err(found.minimum.stop.to_string()),
            _ => Ok(found),
        };
        match outcome.and_then(ended) {
            Ok(FoundMinimum { minimum, value_on_test: Some(value) }) => {
                Record::MinimumWithTest { number, seconds, minimum, value_on_test: value }
            }
            Ok(FoundMinimum { minimum, value_on_test: None }) => {
                Record::Minimum { number, seconds, outcome: Ok(minimum) }
            }
            Err(reason) => Record::Minimum { number, seconds, outcome: Err(reason) },
        }
    }
}
