//! Points on an analytic landscape → minima.

mod atlas;

use crate::config::{Config, MinimaConfig};
use crate::engine::capacity::{Need, Part};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::Control;
use crate::engine::plan::memory::task_bytes;
use crate::engine::problem::{Analytic, Problem};
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, Counts, PlannedTasks, Stage, TaskState};
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, Node};
use crate::engine::task::{Computation, Pending};
use crate::landscape::{BuiltIn, Interruptible};
use crate::optimizer::minimize::{
    MinimizationParameters, MinimizationResult, MinimizationStop, minimize, random_start,
};
use crate::random::MasterSeed;
use crate::solutions::SolutionSet;

/// Searches for the local minima of an analytic landscape.
pub struct Minima;

impl Stage for Minima {
    fn name(&self) -> &'static str {
        "minima"
    }

    fn command(&self) -> &'static str {
        "train"
    }

    fn applies(&self, config: &Config) -> bool {
        config.subject.landscape().is_some()
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let seed = context.problem.config.seed;
        let searches =
            context.problem.analytic().map(|analytic| MinimumSearches { analytic, seed });
        searches.map_or(Ok(()), |searches| context.run(self, rank, &searches))
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> Counts {
        let mut counts = Counts::default();
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
        let Some(analytic) = problem.analytic() else { return Vec::new() };
        let starts = analytic.config.starts() as usize;
        vec![PlannedTasks { what: count(starts, "start"), count: starts, work: None }]
    }

    fn memory(&self, problem: &Problem, _: usize) -> Need {
        let Some(analytic) = problem.analytic() else { return Need::default() };
        let (dimension, starts) =
            (analytic.landscape.dimension() as f64, f64::from(analytic.config.starts()));
        let numbers = |count: f64| count * size_of::<f64>() as f64;
        let minima = starts * numbers(dimension) + task_bytes(starts);
        let distances = match analytic.config.landscape {
            BuiltIn::LennardJones(cluster) => numbers(0.5 * (cluster.atoms() as f64).powi(2)),
            _ => 0.0,
        };
        let root = vec![
            Part::new(minima, "the minima", "landscape.starts"),
            Part::new(distances, "the distances between atoms", "landscape.atoms"),
        ];
        Need { task: Vec::new(), root }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Minimum { outcome: Ok(minimum), .. } = record else {
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

    fn write_atlas(&self, root: &Node, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// The searches for local minima, one from each start.
struct MinimumSearches<'a> {
    analytic: &'a Analytic,
    seed: MasterSeed,
}

impl Computation for MinimumSearches<'_> {
    type Key = u32;
    type Source = ();
    type Task = u32;
    type Outcome = MinimizationResult;

    fn pending(&self, directory: &RunDirectory) -> Result<Pending<u32>, String> {
        let all = self.analytic.config.starts();
        let left = |number: &u32| directory.contents.minimum(*number).is_none();
        let numbers: Vec<u32> = (0..all).filter(left).collect();
        let done = all as usize - numbers.len();
        let named = |number| (number, format!("start {number}"));
        Ok(Pending::alike(done, numbers.into_iter().map(named)))
    }

    fn task(&self, key: &u32, (): &()) -> u32 {
        *key
    }

    fn perform(
        &self,
        &number: &u32,
        _: Option<&[u8]>,
        control: &Control,
    ) -> Ended<MinimizationResult> {
        let analytic = self.analytic;
        let interrupt = || control.stop_requested();
        let landscape = &Interruptible(&analytic.landscape, &interrupt);
        let parameters = MinimizationParameters::default();
        let minimized = match &analytic.config.minima {
            MinimaConfig::Search { .. } => {
                let region = analytic.config.landscape.start_region();
                minimize(landscape, &random_start(self.seed, &region, number), &parameters)
            }
            MinimaConfig::Minimized(points) => {
                minimize(landscape, &points[number as usize], &parameters)
            }
            MinimaConfig::Given(points) => {
                MinimizationResult::given(landscape, &points[number as usize])
            }
        };
        Ended::of(minimized)
    }

    fn record(
        &self,
        &number: &u32,
        seconds: f64,
        outcome: Result<MinimizationResult, String>,
    ) -> Record {
        let ended = |minimized: MinimizationResult| match minimized.stop {
            MinimizationStop::NotFinite => Err(minimized.stop.to_string()),
            _ => Ok(minimized),
        };
        Record::Minimum { number, seconds, outcome: outcome.and_then(ended) }
    }
}
