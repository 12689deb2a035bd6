//! `lossatlas train`: seeds → solutions.

use crate::archive::Archive;
use crate::failure::Failure;
use crate::problem::{Mapped, Problem, Trained};
use crate::stage::{self, Tasks};
use crate::{import, minima};
use lossatlas::optimizer::{self, Method};
use lossatlas::parallel::World;
use lossatlas::plan::training_work;
use lossatlas::random::MasterSeed;
use lossatlas::solutions::Split;
use lossatlas::store::Record;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Task {
    method: Method,
    initialization: u32,
}

/// Finds the solutions that are missing: trains, evaluates what is read from files, or relaxes into
/// the minima of a formula.
pub fn stage(world: &World, problem: &Problem, archive: &mut Option<Archive>) -> Result<(), Failure> {
    match &problem.mapped {
        Mapped::Network(trained) => {
            train(world, problem.config.seed, trained, archive)?;
            import::stage(world, trained, archive)?;
        }
        Mapped::Formula(formula) => minima::stage(world, problem.config.seed, formula, archive)?,
    }
    Archive::write_atlas(world, problem, archive.as_ref())
}

fn train(world: &World, seed: MasterSeed, trained: &Trained, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let tasks = archive.as_ref().map(|archive| missing(trained, archive)).unwrap_or_default();
    let [train, test] = [Split::Train, Split::Test].map(|split| trained.landscape(trained.images(split)));
    stage::run(
        world,
        "training",
        archive,
        describe(trained, &tasks),
        |index| tasks[index],
        |&Task { method, initialization }, control| {
            let training = trained.config.training.method(method);
            optimizer::train(&training, seed, initialization, &train, &test, &mut |fraction, loss| {
                control.report(fraction, loss);
                !control.stop_requested()
            })
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

fn describe(trained: &Trained, tasks: &[Task]) -> Tasks {
    Tasks {
        names: tasks.iter().map(|task| format!("{} initialization {}", task.method, task.initialization)).collect(),
        work: tasks.iter().map(|task| passes(trained, task.method)).collect(),
    }
}

fn passes(trained: &Trained, method: Method) -> f64 {
    let training = trained.config.training.method(method);
    training_work(&training, trained.dataset.train.len(), trained.dataset.test.len()).passes()
}
