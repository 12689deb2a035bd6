//! `lossatlas train`: seeds → solutions.

use crate::archive::Archive;
use crate::cli;
use crate::failure::Failure;
use crate::session::Problem;
use crate::stage::{self, Tasks};
use lossatlas::optimizer::{self, Method};
use lossatlas::parallel::World;
use lossatlas::plan::training_work;
use lossatlas::solutions::Split;
use lossatlas::store::Record;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Task {
    method: Method,
    initialization: u32,
}

pub fn run(world: &World, job: &cli::Job) -> Result<u8, Failure> {
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    stage(world, &problem, &mut archive)?;
    Archive::conclude(world, &problem, archive.as_ref())
}

/// Trains what is not trained yet and writes the solutions.
pub fn stage(world: &World, problem: &Problem, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let tasks = archive.as_ref().map(|archive| missing(problem, archive)).unwrap_or_default();
    let (train, test) = (problem.landscape(problem.images(Split::Train)), problem.landscape(problem.images(Split::Test)));
    stage::run(
        world,
        "training",
        archive,
        describe(problem, &tasks),
        |index| tasks[index],
        |&Task { method, initialization }, control| {
            let training = problem.subject.training.method(method);
            optimizer::train(&training, problem.config.seed, initialization, &train, &test, &mut |fraction, loss| {
                control.report(fraction, loss);
                !control.stop_requested()
            })
        },
        |index, seconds, outcome| {
            let Task { method, initialization } = tasks[index];
            Record::Training { method, initialization, seconds, outcome }
        },
    )?;
    Archive::write_atlas(world, problem, archive.as_ref())
}

/// The longest first, so that no rank begins a long one when the others are done.
fn missing(problem: &Problem, archive: &Archive) -> Vec<Task> {
    let training = &problem.subject.training;
    let mut methods = training.methods.clone();
    methods.sort_by(|&a, &b| passes(problem, b).total_cmp(&passes(problem, a)));
    let all = methods
        .into_iter()
        .flat_map(|method| (0..training.initializations).map(move |initialization| Task { method, initialization }));
    all.filter(|task| archive.contents.training(task.method, task.initialization).is_none()).collect()
}

fn describe(problem: &Problem, tasks: &[Task]) -> Tasks {
    Tasks {
        names: tasks.iter().map(|task| format!("{} initialization {}", task.method, task.initialization)).collect(),
        work: tasks.iter().map(|task| passes(problem, task.method)).collect(),
    }
}

fn passes(problem: &Problem, method: Method) -> f64 {
    let training = problem.subject.training.method(method);
    training_work(&training, problem.dataset.train.len(), problem.dataset.test.len()).passes()
}
