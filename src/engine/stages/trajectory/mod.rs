//! Trajectories of training runs: their parameters every few epochs, and the projection on the
//! plane in which they differ most.
//!
//! A task repeats a training run, which gives the same bits, and records its points (`Recorder`).
//! So a trajectory can be requested at any time after the training. It takes as long as the run.
//! The initial vectors of all runs follow from the seed and are always in `atlas.h5`.

mod atlas;
mod figure;
mod recorder;
mod section;

use crate::config::{Config, StageSection, Subject};
use crate::data::Split;
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::console::{count, is};
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::Control;
use crate::engine::plan::{Planned, Work, training_bytes};
use crate::engine::problem::{Problem, Trained};
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::{Ended, decode, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskSolutions, TaskState};
use crate::engine::stages::training::Training;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::optimizer::{OptimizerName, Trainer};
use crate::report::figure::Figure;
use crate::report::number::{percent, short};
use crate::report::{Run, SummaryTable};
use crate::solutions::SolutionSet;
pub(super) use recorder::Trajectory;
use recorder::{Recorder, TrajectoryHead};
use section::SECTION;
use serde::{Deserialize, Serialize};

/// Its name in the journal, in the log and in `status`.
const STAGE: &str = "trajectories";

/// Keeps the trajectories of chosen training runs.
pub struct Trajectories;

/// A training run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrajectoryKey {
    /// The optimizer.
    pub optimizer: OptimizerName,
    /// The number of its initialization.
    pub initialization: u32,
}

impl TrajectoryKey {
    fn name(&self) -> String {
        format!("{} initialization {}", self.optimizer, self.initialization)
    }

    /// Its key in the journal. It includes the distance of the points and the version of the stored
    /// results.
    fn stored(&self, every: usize) -> String {
        format!("{} {} every {every} v1", self.optimizer, self.initialization)
    }
}

/// Epochs between two points of a trajectory.
pub(super) fn every(config: &Config) -> usize {
    config.section(&SECTION).every
}

/// The trajectories that a configuration asks for, in the order of optimizer and initialization.
fn wanted(config: &Config) -> Vec<TrajectoryKey> {
    let Subject::Network(network) = &config.subject else { return Vec::new() };
    let training = &network.training;
    let runs = training.initializations.min(config.section(&SECTION).runs);
    let of = |optimizer| {
        let key = move |initialization| TrajectoryKey {
            optimizer: OptimizerName::clone(optimizer),
            initialization,
        };
        (0..runs).map(key)
    };
    training.optimizers.iter().flat_map(of).collect()
}

/// The trajectory, or why it failed. `None` if it has not ended.
pub(super) fn trajectory(
    results: &Results,
    key: &TrajectoryKey,
) -> Option<Result<Trajectory, String>> {
    let every = results.config.section(&SECTION).every;
    Some(results.contents.task(STAGE, &key.stored(every))?.result)
}

/// Whether a trajectory was recorded, or why it failed. `None` if it has not ended.
pub(super) fn ended<'a>(results: &Results<'a>, key: &TrajectoryKey) -> Option<Result<(), &'a str>> {
    let every = results.config.section(&SECTION).every;
    results.contents.task_ended(STAGE, &key.stored(every))
}

/// The trajectories that were recorded.
pub(super) fn found(results: &Results) -> Vec<(TrajectoryKey, Trajectory)> {
    let there = |key| {
        let trajectory = trajectory(results, &key)?.ok()?;
        Some((key, trajectory))
    };
    wanted(results.config).into_iter().filter_map(there).collect()
}

/// Whether the losses of a trajectory equal those of the stored training run to the bit. On another
/// type of processor they differ.
fn repeats_run(results: &Results, key: &TrajectoryKey, trajectory: &Trajectory) -> bool {
    let Some(stored) = results.contents.training(&key.optimizer, key.initialization) else {
        return false;
    };
    let Ok(run) = &stored.result else { return false };
    let same = |losses: &[f64], curve: &[f64]| {
        trajectory.epoch.iter().zip(losses).all(|(&epoch, loss)| {
            curve.get(epoch as usize).is_some_and(|stored| stored.to_bits() == loss.to_bits())
        })
    };
    same(&trajectory.loss_train, &run.curve_train) && same(&trajectory.loss_test, &run.curve_test)
}

/// A remark if some trajectories are not those of the stored runs.
fn other_runs(results: &Results, found: &[(TrajectoryKey, Trajectory)]) -> Option<String> {
    let others = found.iter().filter(|(key, points)| !repeats_run(results, key, points)).count();
    (others > 0).then(|| {
        format!(
            "{others} of {} {} not those of the stored training runs: they were repeated on \
             another type of processor.",
            count(found.len(), "trajectory"),
            is(others)
        )
    })
}

/// The number of this optimizer's runs among the kinds of training runs.
fn kind(trained: &Trained, optimizer: &OptimizerName) -> usize {
    trained.config.training.position(optimizer).unwrap_or_default()
}

/// Maximum number of points of the trajectory of a run.
fn points(trained: &Trained, optimizer: &OptimizerName, every: usize) -> usize {
    trained.config.training.optimizer(optimizer).epochs().div_ceil(every) + 1
}

impl Stage for Trajectories {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "train"
    }

    fn applies(&self, config: &Config) -> bool {
        !wanted(config).is_empty()
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let problem = context.problem;
        let runs = problem.trained().map(|trained| Repetitions { problem, trained });
        runs.map_or(Ok(()), |runs| context.run(self, rank, &runs))
    }

    fn section(&self) -> Option<StageSection> {
        Some(SECTION.section())
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        let wanted = wanted(results.config);
        for of_optimizer in wanted.chunk_by(|a, b| a.optimizer == b.optimizer) {
            let optimizer = &of_optimizer[0].optimizer;
            let state = |key: &TrajectoryKey| {
                TaskState::new(format!("trajectory of {}", key.name()), ended(results, key))
            };
            let tasks: Vec<_> = of_optimizer.iter().map(state).collect();
            let name = format!("trajectories {optimizer}");
            let kind = results.optimizers().iter().position(|known| known == optimizer);
            counts.add(kind.unwrap_or_default(), "trajectory", name, &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Some(trained) = problem.trained() else { return Vec::new() };
        let every = problem.config.section(&SECTION).every;
        let of_optimizer = |keys: &[TrajectoryKey]| {
            let optimizer = &keys[0].optimizer;
            let points = points(trained, optimizer, every);
            PlannedTasks {
                what: format!("{optimizer} trajectories of at most {points} points"),
                count: keys.len(),
                work: Some(self.work(problem, kind(trained, optimizer))),
            }
        };
        wanted(&problem.config)
            .chunk_by(|a, b| a.optimizer == b.optimizer)
            .map(of_optimizer)
            .collect()
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        Training.work(problem, kind)
    }

    /// The key begins with the optimizer.
    fn task_solutions(&self, key: &str) -> TaskSolutions {
        TaskSolutions::Trained(key.split(' ').next().unwrap_or_default().to_owned())
    }

    fn memory(&self, problem: &Problem, line: usize) -> StageMemory {
        let Some(trained) = problem.trained() else { return StageMemory::default() };
        let (dimension, every) =
            (problem.layout().parameters(), problem.config.section(&SECTION).every);
        let vectors = |count: f64| count * dimension as f64 * size_of::<f32>() as f64;
        let kept = |optimizer: &OptimizerName| vectors(points(trained, optimizer, every) as f64);
        let wanted = wanted(&problem.config);
        let task = wanted.chunk_by(|a, b| a.optimizer == b.optimizer).map(|keys| {
            let optimizer = &keys[0].optimizer;
            let cost = trained.config.training.optimizer(optimizer).cost();
            // The points, and a copy while they are sent.
            let bytes = training_bytes(&cost, dimension, line) + 2.0 * kept(optimizer);
            MemoryUse::new(
                bytes,
                "a trajectory",
                "the sizes in [network] (or increase trajectory.every)",
            )
        });
        let all = wanted.iter().map(|key| kept(&key.optimizer)).sum::<f64>();
        let initial = vectors(f64::from(trained.config.training.initializations));
        let root = vec![
            // The points as the journal stores them, and decoded.
            MemoryUse::new(
                2.0 * all,
                "the trajectories",
                "trajectory.runs (or increase trajectory.every)",
            ),
            MemoryUse::new(initial, "the initial vectors", "training.initializations"),
        ];
        StageMemory { task: task.collect(), root }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Task { outcome: Ok(bytes), .. } = record else { return KeyNumbers::default() };
        // Decode the first fields only, without the parameters.
        let Ok((head, _)) = postcard::take_from_bytes::<TrajectoryHead>(bytes) else {
            return KeyNumbers::default();
        };
        KeyNumbers {
            loss_train: head.loss_train.last().copied(),
            loss_test: head.loss_test.last().copied(),
            steps: head.epoch.last().copied(),
            stop: Some(head.stop),
            ..KeyNumbers::default()
        }
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn missing(&self, results: &Results) -> Vec<String> {
        let wanted = wanted(results.config);
        let states = || wanted.iter().map(|key| ended(results, key));
        let failed = states().flatten().filter(Result::is_err).count();
        let failures = count(failed, "trajectory");
        let failed =
            (failed > 0).then(|| format!("{failures} failed; `lossatlas status` says why."));
        let others = other_runs(results, &found(results));
        failed.into_iter().chain(others).collect()
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        atlas::check(atlas)
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }

    fn summary(&self, results: &Results) -> Vec<SummaryTable> {
        let found = found(results);
        if found.is_empty() {
            return Vec::new();
        }
        let header = ["optimizer", "run", "points", "length", "distance", "PC1", "PC2"];
        let row = |(key, trajectory): &(TrajectoryKey, Trajectory)| {
            let explained = |component| {
                trajectory.explained.get(component).map_or_else(String::new, |&part| percent(part))
            };
            vec![
                key.optimizer.to_string(),
                key.initialization.to_string(),
                trajectory.epoch.len().to_string(),
                short(trajectory.length()),
                short(trajectory.distance()),
                explained(0),
                explained(1),
            ]
        };
        vec![SummaryTable {
            title: "Trajectories",
            about:
                "sum of the distances between the points, distance from first to last, share of \
                    the variance along the two leading principal components."
                    .to_owned(),
            header: header.to_vec(),
            texts: 1,
            rows: found.iter().map(row).collect(),
            remarks: other_runs(results, &found).into_iter().collect(),
        }]
    }

    fn figures(&self, runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        let asked = runs.iter().any(|(_, results)| !wanted(results.config).is_empty());
        if asked { vec![figure::figure(runs)] } else { Vec::new() }
    }
}

/// The training runs that are repeated.
struct Repetitions<'a> {
    problem: &'a Problem,
    trained: &'a Trained,
}

/// Maximum number of points of a trajectory: the eigenvalues of their kernel matrix take seconds.
const MAX_POINTS: usize = 2000;

/// Maximum size of the points of a trajectory, in bytes: they are sent between ranks, also in
/// checkpoints.
const MAX_BYTES: usize = 512 << 20;

impl Repetitions<'_> {
    /// Refuses a trajectory that is too large to send. All ranks decide alike.
    fn check_size(&self, optimizer: &OptimizerName) -> Result<(), String> {
        let points = points(self.trained, optimizer, self.every());
        let vector = self.trained.network.layout().parameters() * size_of::<f32>();
        if points <= MAX_POINTS && points.saturating_mul(vector) <= MAX_BYTES {
            return Ok(());
        }
        Err(format!(
            "{points} points are too many, the maximum is {} for this network; increase \
             trajectory.every",
            MAX_POINTS.min(MAX_BYTES / vector)
        ))
    }

    fn every(&self) -> usize {
        self.problem.config.section(&SECTION).every
    }
}

impl Computation for Repetitions<'_> {
    type Key = TrajectoryKey;
    type Source = ();
    type Task = TrajectoryKey;
    type Outcome = Result<Trajectory, String>;

    /// The longest come first.
    fn pending(&self, directory: &RunDirectory) -> Result<Pending<TrajectoryKey>, String> {
        let kind = |key: &TrajectoryKey| kind(self.trained, &key.optimizer);
        let passes = |key: &TrajectoryKey| Training.work(self.problem, kind(key)).passes();
        let mut wanted = wanted(&self.problem.config);
        wanted.sort_by(|a, b| passes(b).total_cmp(&passes(a)));
        let (done, left): (Vec<TrajectoryKey>, Vec<TrajectoryKey>) = wanted
            .into_iter()
            .partition(|key| directory.contents.has_task(STAGE, &key.stored(self.every())));
        let task = |key: TrajectoryKey| PendingTask {
            name: key.name(),
            planned: Planned { kind: kind(&key), work: passes(&key), left: 1.0 },
            checkpoint: Some(TaskKey::Task {
                stage: STAGE.to_owned(),
                key: key.stored(self.every()),
            }),
            key,
        };
        let tasks = left.into_iter().map(task).collect();
        Ok(Pending { done: done.len(), tasks, source: () })
    }

    fn task(&self, key: &TrajectoryKey, (): &()) -> TrajectoryKey {
        key.clone()
    }

    fn perform(
        &self,
        TrajectoryKey { optimizer, initialization }: &TrajectoryKey,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        let trained = self.trained;
        let training = trained.config.training.optimizer(optimizer);
        let initialization = *initialization;
        if let Err(reason) = self.check_size(optimizer) {
            return Ended::Finished(Err(reason));
        }
        let interrupt = || control.stop_requested();
        let [train, test] = [Split::Train, Split::Test]
            .map(|split| trained.landscape(trained.images(split)).interruptible(&interrupt));
        let (train, test, seed) = (&train, &test, self.problem.config.seed);
        let trainer = Trainer { training, seed, initialization, train, test, state: None };
        drive(Recorder::new(trainer, self.every(), decode(state)), control)
    }

    fn record(
        &self,
        key: &TrajectoryKey,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        Record::task(STAGE, &key.stored(self.every()), seconds, outcome.flatten())
    }
}
