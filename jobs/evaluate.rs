//! `lossatlas evaluate`: losses, accuracies and gradients of given vectors.

use crate::arguments::{Input, path, text};
use crate::start;
use clap::Args;
use clap::builder::TypedValueParser;
use lossatlas::config::Subject;
use lossatlas::data::Split;
use lossatlas::engine::console::{count, print};
use lossatlas::engine::evaluation::{
    PointEvaluation, VectorEvaluation, evaluate, evaluate_points, gradients,
};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::landscape::MappedLandscape;
use lossatlas::engine::parallel::World;
use lossatlas::engine::problem::{Problem, Trained};
use lossatlas::engine::store::{VectorSource, read_double_vectors, read_vectors, write_npy};
use lossatlas::files::may_write;
use lossatlas::landscape::process::ProcessPrecision;
use ndarray::Array2;
use std::path::PathBuf;

/// Vectors, and what to compute for them.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    pub input: Input,
    /// The vectors: a NumPy file of shape (n, P) or (P,), or a group of an HDF5 file, written as
    /// FILE:/solutions/GROUP/MEMBER
    #[arg(long, value_name = "FILE", value_parser = text().map(|text| VectorSource::from(&*text)))]
    pub weights: VectorSource,
    /// Also writes the gradients of the mean training loss, as a NumPy file of shape (n, P),
    /// float32
    #[arg(long, value_name = "OUT.npy", value_parser = path())]
    pub gradient: Option<PathBuf>,
    /// Replaces the file of the gradients if it exists
    #[arg(long, requires = "gradient")]
    pub force: bool,
    /// Prints comma-separated values in full precision instead of a table
    #[arg(long)]
    pub csv: bool,
}

pub fn run(world: &World, arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { input, .. } = arguments;
    let problem = Problem::load_for_evaluation(world, &input.configuration, &input.overrides)?;
    problem.send_errors(world, None);
    match &problem.subject {
        Subject::Network(trained) => evaluate_network(world, trained, arguments),
        Subject::Landscape(landscape) => evaluate_process(world, landscape, arguments),
    }
}

fn evaluate_network(
    world: &World,
    problem: &Trained,
    arguments: &Arguments,
) -> Result<u8, Failure> {
    let Arguments { gradient, csv, .. } = arguments;
    let vectors = world.agree(world.is_root().then(|| read(problem, arguments)).transpose())?;
    start::warn(world, problem.threads())?;
    let evaluations = evaluate(world, problem, vectors.as_ref(), gradient.is_some())?;
    let written = world.is_root().then(|| write_gradients(problem, &evaluations, arguments));
    let written = written.unwrap_or(Ok(()));
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if world.is_root() {
        if *csv {
            print_csv(&evaluations);
        } else {
            print_table(problem, &arguments.weights, &evaluations);
        }
    }
    Ok(failure::SUCCESS)
}

fn read(problem: &Trained, arguments: &Arguments) -> Result<Array2<f32>, String> {
    if let Some(file) = &arguments.gradient {
        may_write(file, arguments.force)?;
    }
    read_vectors(&arguments.weights, problem.network.layout()).map_err(|error| error.to_string())
}

fn write_gradients(
    problem: &Trained,
    evaluations: &[VectorEvaluation],
    arguments: &Arguments,
) -> Result<(), String> {
    let Some(file) = &arguments.gradient else { return Ok(()) };
    let gradients = gradients(problem, evaluations);
    write_npy(file, gradients.view(), arguments.force).map_err(|error| error.to_string())
}

/// Values on every data set of a process, in double precision if the file has it.
fn evaluate_process(
    world: &World,
    landscape: &MappedLandscape,
    arguments: &Arguments,
) -> Result<u8, Failure> {
    let Arguments { weights, gradient, force, csv, .. } = arguments;
    let read = || {
        gradient.as_ref().map_or(Ok(()), |file| may_write(file, *force))?;
        read_double_vectors(weights, &landscape.layout()).map_err(|error| error.to_string())
    };
    let vectors = world.agree(world.is_root().then(read).transpose())?;
    start::warn(world, 1)?;
    let evaluations = evaluate_points(world, landscape, vectors.as_ref(), gradient.is_some())?;
    let write = || write_process_gradients(landscape, &evaluations, arguments);
    let written = if world.is_root() { write() } else { Ok(()) };
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if world.is_root() {
        print_values(landscape, weights, &evaluations, *csv);
    }
    Ok(failure::SUCCESS)
}

/// In the precision of the process.
fn write_process_gradients(
    landscape: &MappedLandscape,
    evaluations: &[PointEvaluation],
    arguments: &Arguments,
) -> Result<(), String> {
    let Some(file) = &arguments.gradient else { return Ok(()) };
    let components = evaluations.iter().flat_map(|evaluation| evaluation.gradient.iter().copied());
    let shape = (evaluations.len(), landscape.dimension());
    let gradients = Array2::from_shape_vec(shape, components.collect());
    let gradients = gradients.map_err(|error| error.to_string())?;
    let precision = landscape.process().map(|process| process.handshake().precision);
    let written = if precision == Some(ProcessPrecision::Float32) {
        write_npy(file, gradients.mapv(|x| x as f32).view(), arguments.force)
    } else {
        write_npy(file, gradients.view(), arguments.force)
    };
    written.map_err(|error| error.to_string())
}

/// One column for each data set, with its name.
fn print_values(
    landscape: &MappedLandscape,
    weights: &VectorSource,
    evaluations: &[PointEvaluation],
    csv: bool,
) {
    let names: Vec<_> = landscape.names().iter().map(ToString::to_string).collect();
    if csv {
        print(format_args!("row,{}", names.join(",")));
    } else {
        let vectors = count(evaluations.len(), "vector");
        let (name, unit) = (landscape.name(), landscape.unit());
        print(format_args!("{name}: values in units of {unit}; {vectors} of {weights}"));
        let names: String = names.iter().map(|name| format!("  {name:>15}")).collect();
        print(format_args!("{:>5}{names}", "row"));
    }
    for (row, PointEvaluation { values, .. }) in evaluations.iter().enumerate() {
        if csv {
            let cells: Vec<String> = values.iter().map(|&value| cell(value)).collect();
            print(format_args!("{row},{}", cells.join(",")));
        } else {
            let cells: String = values.iter().map(|value| format!("  {value:>15.8e}")).collect();
            print(format_args!("{row:>5}{cells}"));
        }
    }
}

/// The columns have the names of the datasets of `atlas.h5`. Each number has the fewest digits that
/// give the same bits when read.
fn print_csv(evaluations: &[VectorEvaluation]) {
    print("row,loss_train,loss_test,accuracy_train,accuracy_test");
    for (row, VectorEvaluation { loss_train, loss_test, accuracy_train, accuracy_test, .. }) in
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

fn print_table(problem: &Trained, weights: &VectorSource, evaluations: &[VectorEvaluation]) {
    let (network, unit) = (problem.config.architecture.name(), problem.network.loss_unit());
    let (train, test) = (problem.images(Split::Train).len(), problem.images(Split::Test).len());
    let data = &problem.dataset.name;
    let unit = if unit == "1" { "squared gray values".to_owned() } else { format!("{unit}s") };
    let vectors = count(evaluations.len(), "vector");
    print(format_args!(
        "{network} on {data}: {train} training, {test} test images; losses in {unit}; \
         {vectors} of {weights}"
    ));
    let header = ["row", "training loss", "test loss", "training accuracy", "test accuracy"];
    let [row, train, test, of_train, of_test] = header;
    print(format_args!("{row:>5}  {train:>15}  {test:>15}  {of_train:>17}  {of_test:>13}"));
    for (row, VectorEvaluation { loss_train, loss_test, accuracy_train, accuracy_test, .. }) in
        evaluations.iter().enumerate()
    {
        let [of_train, of_test] = [*accuracy_train, *accuracy_test].map(percent);
        print(format_args!(
            "{row:>5}  {loss_train:>15.8e}  {loss_test:>15.8e}  {of_train:>17}  {of_test:>13}"
        ));
    }
}

/// A fraction of images, or a dash for networks without classes.
fn percent(share: f64) -> String {
    if share.is_nan() { "–".to_owned() } else { format!("{:.3} %", 100.0 * share) }
}
