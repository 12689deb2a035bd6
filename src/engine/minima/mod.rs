//! Points on an analytic landscape → minima.

mod atlas;

use crate::config::{Config, MinimaConfig, Subject};
use crate::engine::archive::Archive;
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::problem::{Formula, Mapped, Problem};
use crate::engine::results::{Results, starts};
use crate::engine::resume::Ended;
use crate::engine::runner::{Runner, Tasks};
use crate::engine::stage::{Context, Counts, PlannedTasks, Stage, TaskState};
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, Node};
use crate::landscape::Interruptible;
use crate::optimizer::relax::{RelaxParameters, RelaxStop, Relaxed, random_start, relax};
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
        matches!(config.subject, Subject::Landscape(_))
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, archive: &mut Option<Archive>) -> Result<(), Failure> {
        match &context.problem.mapped {
            Mapped::Formula(formula) => {
                run(&context.runner(self), context.problem.config.seed, formula, archive)
            }
            Mapped::Network(_) => Ok(()),
        }
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> Counts {
        let mut counts = Counts::default();
        let minima = results.minima().into_iter().enumerate();
        let tasks: Vec<_> = minima
            .map(|(number, minimum)| TaskState::new(format!("start {number}"), minimum))
            .collect();
        if !tasks.is_empty() {
            counts.add(0, "minima".to_owned(), &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Mapped::Formula(formula) = &problem.mapped else { return Vec::new() };
        let starts = starts(&formula.config) as usize;
        vec![PlannedTasks { what: count(starts, "start"), count: starts, work: None }]
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

    fn write_atlas(&self, root: &Node, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// Minimizes from the points that have not been used yet.
fn run(
    runner: &Runner,
    seed: MasterSeed,
    formula: &Formula,
    archive: &mut Option<Archive>,
) -> Result<(), Failure> {
    let numbers: Vec<u32> = match archive {
        Some(archive) => (0..starts(&formula.config))
            .filter(|&number| archive.contents.minimum(number).is_none())
            .collect(),
        None => Vec::new(),
    };
    let done = starts(&formula.config) as usize - numbers.len();
    let names = numbers.iter().map(|number| format!("start {number}")).collect();
    runner.run(
        archive,
        Tasks::alike(done, names),
        |index| numbers[index],
        |&number: &u32, _, control| {
            let interrupt = || control.stop_requested();
            let landscape = &Interruptible(&formula.landscape, &interrupt);
            let parameters = RelaxParameters::default();
            let relaxed = match &formula.config.minima {
                MinimaConfig::Search { .. } => {
                    let region = formula.config.landscape.start_region();
                    relax(landscape, &random_start(seed, &region, number), &parameters)
                }
                MinimaConfig::Relaxed(points) => {
                    relax(landscape, &points[number as usize], &parameters)
                }
                MinimaConfig::Given(points) => Relaxed::given(landscape, &points[number as usize]),
            };
            Ended::of(relaxed)
        },
        |index, seconds, outcome: Result<Relaxed, String>| {
            let ended = |relaxed: Relaxed| match relaxed.stop {
                RelaxStop::NotFinite => Err(relaxed.stop.to_string()),
                _ => Ok(relaxed),
            };
            Record::Minimum { number: numbers[index], seconds, outcome: outcome.and_then(ended) }
        },
    )
}
