//! `lossatlas evaluate`: losses, accuracies and gradients of given vectors.

use crate::cli;
use crate::export::may_write;
use crate::start;
use indicatif::ProgressBar;
use lossatlas::data::Split;
use lossatlas::engine::console::{count, print};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::parallel::{Event, FarmError, World, farm};
use lossatlas::engine::problem::{Problem, Trained};
use lossatlas::engine::store::{read_vectors, write_npy};
use lossatlas::engine::terminal;
use lossatlas::landscape::{Interrupted, Landscape};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// What is computed of one vector.
#[derive(Serialize, Deserialize)]
struct Evaluation {
    loss_train: f64,
    loss_test: f64,
    accuracy_train: f64,
    accuracy_test: f64,
    /// `(P,)` of the mean training loss; empty unless asked for.
    gradient: Vec<f32>,
}

pub fn run(world: &World, command: &cli::Evaluate) -> Result<u8, Failure> {
    let problem =
        Problem::load_network(world, &command.input.configuration, &command.input.overrides)?;
    let vectors = world.agree(world.is_root().then(|| read(&problem, command)).transpose())?;
    start::warn(world, problem.threads())?;
    let evaluations = evaluate(world, &problem, vectors.as_ref(), command.gradient.is_some())?;
    let written =
        if world.is_root() { write_gradients(&problem, &evaluations, command) } else { Ok(()) };
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if world.is_root() {
        if command.csv {
            print_csv(&evaluations);
        } else {
            print_table(&problem, command, &evaluations);
        }
    }
    Ok(failure::SUCCESS)
}

fn read(problem: &Trained, command: &cli::Evaluate) -> Result<Array2<f32>, String> {
    if let Some(file) = &command.gradient {
        may_write(file, command.force)?;
    }
    read_vectors(&command.weights, problem.network.layout()).map_err(|error| error.to_string())
}

/// The evaluation of each vector, in order; of none on the ranks that have no vectors. Collective.
fn evaluate(
    world: &World,
    problem: &Trained,
    vectors: Option<&Array2<f32>>,
    with_gradient: bool,
) -> Result<Vec<Evaluation>, Failure> {
    let (train, test) = (
        problem.landscape(problem.images(Split::Train)),
        problem.landscape(problem.images(Split::Test)),
    );
    let work = |theta: &Vec<f32>| {
        let (loss_train, accuracy_train) = train.loss_and_accuracy(theta)?;
        let (loss_test, accuracy_test) = test.loss_and_accuracy(theta)?;
        let mut gradient = vec![0.0; if with_gradient { theta.len() } else { 0 }];
        if with_gradient {
            train.value_and_gradient(theta, &mut gradient)?;
        }
        Ok::<_, Interrupted>(Evaluation {
            loss_train,
            loss_test,
            accuracy_train,
            accuracy_test,
            gradient,
        })
    };
    let rows = vectors.map_or(0, Array2::nrows);
    let bar =
        if rows > 0 { terminal::bar(rows, "evaluate [{wide_bar}] {pos}/{len}") } else { None };
    let bar = bar.unwrap_or_else(ProgressBar::hidden);
    let mut evaluations: Vec<Option<Evaluation>> = (0..rows).map(|_| None).collect();
    let on_event = |event| {
        if let Event::Finished { task, outcome, .. } = event {
            evaluations[task] = Some(outcome.map_err(|failure| format!("row {task}: {failure}"))?);
            bar.inc(1);
        }
        Ok::<_, String>(())
    };
    let make = |row| vectors.map_or_else(Vec::new, |vectors| vectors.row(row).to_vec());
    let ended = farm(
        world,
        rows,
        make,
        |theta, _| work(theta).expect("without an interrupt none comes"),
        on_event,
        &|| false,
        None,
    );
    bar.finish_and_clear();
    match ended {
        Ok(_) => Ok(evaluations.into_iter().flatten().collect()),
        // The other ranks keep silent: rank 0 has the error that says why.
        Err(error @ (FarmError::Stopped | FarmError::Thread(_))) => Err(Failure::system(error)),
        Err(error) => Err(Failure::system(format!("evaluate: {error}"))),
    }
}

fn write_gradients(
    problem: &Trained,
    evaluations: &[Evaluation],
    command: &cli::Evaluate,
) -> Result<(), String> {
    let Some(file) = &command.gradient else { return Ok(()) };
    let shape = (evaluations.len(), problem.network.layout().parameters());
    let components =
        evaluations.iter().flat_map(|evaluation| evaluation.gradient.iter().copied()).collect();
    let gradients = Array2::from_shape_vec(shape, components)
        .expect("each gradient has a component for each parameter");
    write_npy(file, gradients.view(), command.force).map_err(|error| error.to_string())
}

/// The columns are called like the datasets of `atlas.h5`; the numbers are the shortest that give
/// the same bits when they are read.
fn print_csv(evaluations: &[Evaluation]) {
    print("row,loss_train,loss_test,accuracy_train,accuracy_test");
    for (row, Evaluation { loss_train, loss_test, accuracy_train, accuracy_test, .. }) in
        evaluations.iter().enumerate()
    {
        let numbers =
            [loss_train, loss_test, accuracy_train, accuracy_test].map(|number| cell(*number));
        print(format_args!("{row},{}", numbers.join(",")));
    }
}

/// A number that does not exist is an empty cell.
fn cell(number: f64) -> String {
    if number.is_nan() { String::new() } else { format!("{number:e}") }
}

fn print_table(problem: &Trained, command: &cli::Evaluate, evaluations: &[Evaluation]) {
    let (network, unit) = (problem.config.architecture.name(), problem.network.loss_unit());
    let (train, test) = (problem.images(Split::Train).len(), problem.images(Split::Test).len());
    print(format_args!(
        "{network} on {}: {train} training, {test} test images; losses in {}; {} of {}",
        problem.dataset.name,
        if unit == "1" { "squared gray values".to_owned() } else { format!("{unit}s") },
        count(evaluations.len(), "vector"),
        command.weights
    ));
    let header = ["row", "training loss", "test loss", "training accuracy", "test accuracy"];
    let [row, train, test, of_train, of_test] = header;
    print(format_args!("{row:>5}  {train:>15}  {test:>15}  {of_train:>17}  {of_test:>13}"));
    for (row, Evaluation { loss_train, loss_test, accuracy_train, accuracy_test, .. }) in
        evaluations.iter().enumerate()
    {
        let [of_train, of_test] = [*accuracy_train, *accuracy_test].map(share);
        print(format_args!(
            "{row:>5}  {loss_train:>15.8e}  {loss_test:>15.8e}  {of_train:>17}  {of_test:>13}"
        ));
    }
}

/// A fraction of images, or a dash for networks without classes.
fn share(fraction: f64) -> String {
    if fraction.is_nan() { "–".to_owned() } else { format!("{:.3} %", 100.0 * fraction) }
}
