//! `lossatlas train`: seeds → solutions.

mod atlas;

use crate::config::{Config, Subject};
use crate::data::Split;
use crate::engine::archive::Archive;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::plan::{Planned, Speed, Work, training_work};
use crate::engine::problem::{Mapped, Problem, Trained};
use crate::engine::results::Results;
use crate::engine::resume::{decode, drive};
use crate::engine::runner::{Runner, Tasks};
use crate::engine::stage::{Context, Counts, PlannedTasks, Stage, TaskState};
use crate::engine::store::atlas::{Atlas, AtlasError, Node};
use crate::engine::store::{Record, TaskKey};
use crate::optimizer::{Method, Trainer};
use crate::solutions::SolutionSet;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Task {
    method: Method,
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
        matches!(config.subject, Subject::Network(_))
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, archive: &mut Option<Archive>) -> Result<(), Failure> {
        match &context.problem.mapped {
            Mapped::Network(trained) => {
                train(&context.runner(self), context.problem, trained, archive)
            }
            Mapped::Formula(_) => Ok(()),
        }
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> Counts {
        let mut counts = Counts::default();
        for &method in results.methods() {
            let tasks = results.runs(method).into_iter().enumerate().map(|(number, run)| {
                let name = format!("{method} initialization {number}");
                match run {
                    Some(Ok(run)) if run.stop.diverged() => {
                        TaskState::new::<()>(name, Some(Err(&run.stop.to_string())))
                    }
                    run => TaskState::new(name, run),
                }
            });
            counts.add(method as usize, format!("training {method}"), &tasks.collect::<Vec<_>>());
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Mapped::Network(trained) = &problem.mapped else { return Vec::new() };
        let training = &trained.config.training;
        let runs = training.methods.iter().map(|&method| {
            let epochs = match method {
                Method::Sgd => "epochs",
                Method::Lbfgs => "iterations at most",
            };
            let what =
                format!("{method} training runs of {} {epochs}", training.method(method).epochs());
            PlannedTasks {
                what,
                count: training.initializations as usize,
                work: Some(work(trained, method)),
            }
        });
        runs.collect()
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let method = Method::ALL.into_iter().find(|&method| method as usize == kind);
        match (&problem.mapped, method) {
            (Mapped::Network(trained), Some(method)) => work(trained, method),
            _ => Work::default(),
        }
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

    fn write_atlas(&self, root: &Node, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// The work of a training run, at most.
fn work(trained: &Trained, method: Method) -> Work {
    let [train, test] = [Split::Train, Split::Test].map(|split| trained.images(split).len());
    training_work(&trained.config.training.method(method), train, test)
}

fn train(
    runner: &Runner,
    problem: &Problem,
    trained: &Trained,
    archive: &mut Option<Archive>,
) -> Result<(), Failure> {
    let tasks = archive.as_ref().map(|archive| missing(trained, archive)).unwrap_or_default();
    runner.run(
        archive,
        describe(problem, trained, &tasks),
        |index| tasks[index],
        |&Task { method, initialization }, state, control| {
            let training = &trained.config.training.method(method);
            let interrupt = || control.stop_requested();
            let [train, test] = [Split::Train, Split::Test]
                .map(|split| trained.landscape(trained.images(split)).interruptible(&interrupt));
            let (train, test, state) = (&train, &test, decode(state));
            drive(
                Trainer { training, seed: problem.config.seed, initialization, train, test, state },
                control,
            )
        },
        |index, seconds, outcome| {
            let Task { method, initialization } = tasks[index];
            Record::Training { method, initialization, seconds, outcome }
        },
    )
}

/// The longest first, so that no rank begins a long one when the others are done.
fn missing(trained: &Trained, archive: &Archive) -> Vec<Task> {
    let training = &trained.config.training;
    let mut methods = training.methods.clone();
    methods.sort_by(|&a, &b| passes(trained, b).total_cmp(&passes(trained, a)));
    let all = methods.into_iter().flat_map(|method| {
        (0..training.initializations).map(move |initialization| Task { method, initialization })
    });
    all.filter(|task| archive.contents.training(task.method, task.initialization).is_none())
        .collect()
}

fn describe(problem: &Problem, trained: &Trained, tasks: &[Task]) -> Tasks {
    let cost = work_by_method(problem, trained, tasks);
    let training = &trained.config.training;
    Tasks {
        done: training.methods.len() * training.initializations as usize - tasks.len(),
        names: tasks
            .iter()
            .map(|task| format!("{} initialization {}", task.method, task.initialization))
            .collect(),
        planned: tasks
            .iter()
            .map(|&Task { method, .. }| Planned {
                kind: method as usize,
                work: cost(method),
                left: 1.0,
            })
            .collect(),
        keys: tasks
            .iter()
            .map(|&Task { method, initialization }| TaskKey::Training { method, initialization })
            .collect(),
    }
}

/// What a run of each method costs, for the time left. Where both are to run they are compared by the speed of
/// this machine: the passes of one may be done before anything is known of the other's.
fn work_by_method(problem: &Problem, trained: &Trained, tasks: &[Task]) -> impl Fn(Method) -> f64 {
    let there = |method| tasks.iter().any(|task| task.method == method);
    let speed = Method::ALL.into_iter().all(there).then(|| {
        let landscape = trained.landscape(trained.images(Split::Train).first(256));
        let batch = trained.config.training.sgd.as_ref().map_or(64, |sgd| sgd.batch_size);
        Speed::of_training(&landscape, batch, problem.config.seed)
    });
    move |method| match &speed {
        Some(speed) => speed.seconds(&work(trained, method)),
        None => passes(trained, method),
    }
}

fn passes(trained: &Trained, method: Method) -> f64 {
    work(trained, method).passes()
}
