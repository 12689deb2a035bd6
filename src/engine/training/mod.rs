//! `lossatlas train`: seeds → solutions.

use crate::data::Split;
use crate::engine::archive::Archive;
use crate::engine::failure::Failure;
use crate::engine::plan::{Planned, Speed};
use crate::engine::problem::{Mapped, Problem, Trained};
use crate::engine::resume::{decode, drive};
use crate::engine::stage::{Context, Stage, Tasks};
use crate::engine::store::{Record, TaskKey};
use crate::engine::{imports, minima, work};
use crate::optimizer::{Method, Trainer};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Task {
    method: Method,
    initialization: u32,
}

/// Finds the solutions that are missing: trains, evaluates what is read from files, or relaxes into
/// the minima of a formula.
pub fn stage(context: &Context, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let &Context { world, problem, .. } = context;
    match &problem.mapped {
        Mapped::Network(trained) => {
            train(&context.stage("training"), problem, trained, archive)?;
            imports::run(&context.stage("imports"), trained, archive)?;
        }
        Mapped::Formula(formula) => minima::run(&context.stage("minima"), problem.config.seed, formula, archive)?,
    }
    Archive::write_atlas(world, problem, archive.as_mut())
}

fn train(stage: &Stage, problem: &Problem, trained: &Trained, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let tasks = archive.as_ref().map(|archive| missing(trained, archive)).unwrap_or_default();
    stage.run(
        archive,
        describe(problem, trained, &tasks),
        |index| tasks[index],
        |&Task { method, initialization }, state, control| {
            let training = &trained.config.training.method(method);
            let interrupt = || control.stop_requested();
            let [train, test] =
                [Split::Train, Split::Test].map(|split| trained.landscape(trained.images(split)).interruptible(&interrupt));
            let (train, test, state) = (&train, &test, decode(state));
            drive(Trainer { training, seed: problem.config.seed, initialization, train, test, state }, control)
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
    let all = methods
        .into_iter()
        .flat_map(|method| (0..training.initializations).map(move |initialization| Task { method, initialization }));
    all.filter(|task| archive.contents.training(task.method, task.initialization).is_none()).collect()
}

fn describe(problem: &Problem, trained: &Trained, tasks: &[Task]) -> Tasks {
    let work = work_by_method(problem, trained, tasks);
    let training = &trained.config.training;
    Tasks {
        done: training.methods.len() * training.initializations as usize - tasks.len(),
        names: tasks.iter().map(|task| format!("{} initialization {}", task.method, task.initialization)).collect(),
        planned: tasks
            .iter()
            .map(|&Task { method, .. }| Planned { kind: method as usize, work: work(method), left: 1.0 })
            .collect(),
        keys: tasks.iter().map(|&Task { method, initialization }| TaskKey::Training { method, initialization }).collect(),
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
        Some(speed) => speed.seconds(&work::training(trained, method)),
        None => passes(trained, method),
    }
}

fn passes(trained: &Trained, method: Method) -> f64 {
    work::training(trained, method).passes()
}
