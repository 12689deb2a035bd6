//! `lossatlas train`: seeds → solutions.

mod atlas;

use crate::config::Config;
use crate::data::Split;
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::Control;
use crate::engine::plan::memory::task_bytes;
use crate::engine::plan::{Planned, Speed, Work, training_bytes, training_work};
use crate::engine::problem::{Problem, Trained};
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::{Ended, decode, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskState};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::optimizer::{OptimizerName, Trainer, TrainingRun};
use crate::random::MasterSeed;
use crate::solutions::SolutionSet;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct TrainingTask {
    optimizer: OptimizerName,
    initialization: u32,
}

/// Trains every initialization with every optimizer.
pub struct Training;

impl Stage for Training {
    fn name(&self) -> &'static str {
        "training"
    }

    fn command(&self) -> &'static str {
        "train"
    }

    fn applies(&self, config: &Config) -> bool {
        config.subject.network().is_some()
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let seed = context.problem.config.seed;
        let runs = context.problem.trained().map(|trained| TrainingRuns { trained, seed });
        runs.map_or(Ok(()), |runs| context.run(self, rank, &runs))
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        for (kind, optimizer) in results.optimizers().iter().enumerate() {
            let tasks = results.runs(optimizer).into_iter().enumerate().map(|(number, run)| {
                let name = format!("{optimizer} initialization {number}");
                match run {
                    Some(Ok(run)) if run.stop.diverged() => {
                        TaskState::new::<()>(name, Some(Err(&run.stop.to_string())))
                    }
                    run => TaskState::new(name, run),
                }
            });
            let tasks: Vec<_> = tasks.collect();
            counts.add(kind, "training run", format!("training {optimizer}"), &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Some(trained) = problem.trained() else { return Vec::new() };
        let training = &trained.config.training;
        let runs = training.optimizers.iter().map(|optimizer| {
            let chosen = training.optimizer(optimizer);
            let (cost, step) = (chosen.cost(), chosen.kind().step());
            let most = if cost.ends_early { " at most" } else { "" };
            let what = format!("{optimizer} training runs of {} {step}s{most}", cost.steps);
            PlannedTasks {
                what,
                count: training.initializations as usize,
                work: Some(work(trained, optimizer)),
            }
        });
        runs.collect()
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let Some(trained) = problem.trained() else { return Work::default() };
        let optimizer = trained.config.training.optimizers.get(kind);
        optimizer.map_or_else(Work::default, |optimizer| work(trained, optimizer))
    }

    fn memory(&self, problem: &Problem, line: usize) -> StageMemory {
        let Some(trained) = problem.trained() else { return StageMemory::default() };
        let training = &trained.config.training;
        let dimension = trained.network.layout().parameters();
        let task = training.optimizers.iter().map(|optimizer| {
            let cost = training.optimizer(optimizer).cost();
            let bytes = training_bytes(&cost, dimension, line);
            let keys = match cost.memory_key {
                Some(key) => format!("the sizes in [network] or training.{optimizer}.{key}"),
                None => "the sizes in [network]".to_owned(),
            };
            MemoryUse::new(bytes, "a training run", keys)
        });
        let runs = training.optimizers.len() as f64 * f64::from(training.initializations);
        let vectors = 2.0 * runs * dimension as f64 * size_of::<f32>() as f64;
        let solutions =
            MemoryUse::new(vectors + task_bytes(runs), "the solutions", "training.initializations");
        StageMemory { task: task.collect(), root: vec![solutions] }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Training { outcome: Ok(run), .. } = record else {
            return KeyNumbers::default();
        };
        KeyNumbers {
            loss_train: Some(run.train.loss_train),
            loss_test: Some(run.test.loss_test),
            // The curve begins with the initialization.
            steps: Some(run.curve_train.len().saturating_sub(1) as u32),
            stop: Some(run.stop.to_string()),
            ..KeyNumbers::default()
        }
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        Ok(atlas::groups(atlas))
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// Maximum work of a training run.
fn work(trained: &Trained, optimizer: &OptimizerName) -> Work {
    let [train, test] = [Split::Train, Split::Test].map(|split| trained.images(split).len());
    training_work(&trained.config.training.optimizer(optimizer).cost(), train, test)
}

/// All training runs of a configuration.
struct TrainingRuns<'a> {
    trained: &'a Trained,
    seed: MasterSeed,
}

impl Computation for TrainingRuns<'_> {
    type Key = TrainingTask;
    type Source = ();
    type Task = TrainingTask;
    type Outcome = TrainingRun;

    /// The longest come first, so that no rank begins a long one when the others are done.
    fn pending(&self, directory: &RunDirectory) -> Result<Pending<TrainingTask>, String> {
        let training = &self.trained.config.training;
        let mut optimizers = training.optimizers.clone();
        optimizers.sort_by(|a, b| passes(self.trained, b).total_cmp(&passes(self.trained, a)));
        let all = optimizers.iter().flat_map(|optimizer| {
            (0..training.initializations)
                .map(|initialization| TrainingTask { optimizer: optimizer.clone(), initialization })
        });
        let left = |task: &TrainingTask| {
            directory.contents.training(&task.optimizer, task.initialization).is_none()
        };
        let tasks: Vec<TrainingTask> = all.filter(left).collect();
        let cost = work_by_method(self.trained, self.seed, &tasks);
        let pending = |task: &TrainingTask| {
            let TrainingTask { optimizer, initialization } = task.clone();
            let kind = training.position(&optimizer).unwrap_or_default();
            PendingTask {
                key: task.clone(),
                name: format!("{optimizer} initialization {initialization}"),
                planned: Planned { kind, work: cost(&optimizer), left: 1.0 },
                checkpoint: Some(TaskKey::Training { optimizer, initialization }),
            }
        };
        let all = training.optimizers.len() * training.initializations as usize;
        let done = all - tasks.len();
        Ok(Pending { done, tasks: tasks.iter().map(pending).collect(), source: () })
    }

    fn task(&self, key: &TrainingTask, (): &()) -> TrainingTask {
        key.clone()
    }

    fn perform(
        &self,
        TrainingTask { optimizer, initialization }: &TrainingTask,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<TrainingRun> {
        let trained = self.trained;
        let training = trained.config.training.optimizer(optimizer);
        let (seed, initialization) = (self.seed, *initialization);
        let interrupt = || control.stop_requested();
        let [train, test] = [Split::Train, Split::Test]
            .map(|split| trained.landscape(trained.images(split)).interruptible(&interrupt));
        let (train, test, state) = (&train, &test, decode(state));
        drive(Trainer { training, seed, initialization, train, test, state }, control)
    }

    fn record(
        &self,
        TrainingTask { optimizer, initialization }: &TrainingTask,
        seconds: f64,
        outcome: Result<TrainingRun, String>,
    ) -> Record {
        let (optimizer, initialization) = (optimizer.clone(), *initialization);
        Record::Training { optimizer, initialization, seconds, outcome }
    }
}

/// The cost of a run of each optimizer in image passes, for predicting the time left. Several
/// optimizers are compared by the measured speed of this machine, because all runs of one may end
/// before any run of another begins.
fn work_by_method(
    trained: &Trained,
    seed: MasterSeed,
    tasks: &[TrainingTask],
) -> impl Fn(&OptimizerName) -> f64 {
    let several = tasks.windows(2).any(|pair| pair[0].optimizer != pair[1].optimizer);
    let speed = several.then(|| {
        let landscape = trained.landscape(trained.images(Split::Train).first(256));
        Speed::of_training(&landscape, trained.config.training.batch_size(), seed)
    });
    move |optimizer| match &speed {
        Some(speed) => speed.seconds(&work(trained, optimizer)) / speed.loss,
        None => passes(trained, optimizer),
    }
}

fn passes(trained: &Trained, optimizer: &OptimizerName) -> f64 {
    work(trained, optimizer).passes()
}
