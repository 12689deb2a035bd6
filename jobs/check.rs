//! `lossatlas check`: what a configuration means, without doing it.

use crate::cli;
use crate::console::{count, print};
use crate::failure::{self, Failure};
use crate::problem::{Formula, Mapped, Problem, Trained};
use crate::results::Results;
use lossatlas::config::DatasetConfig;
use lossatlas::optimizer::Method;
use lossatlas::parallel::World;
use lossatlas::plan::{Speed, Work, path_bytes, path_work, training_work};
use lossatlas::solutions::{SetName, Split};
use lossatlas::store::Contents;
use std::time::Duration;

pub fn run(world: &World, input: &cli::Input) -> Result<u8, Failure> {
    let problem = Problem::load(world, input)?;
    if world.is_root() {
        print(format_args!("{}: valid", input.configuration.display()));
        match &problem.mapped {
            Mapped::Network(trained) => check_network(&problem, trained),
            Mapped::Formula(formula) => check_formula(&problem, formula),
        }
    }
    Ok(failure::SUCCESS)
}

fn check_network(problem: &Problem, trained: &Trained) {
    let Trained { dataset, network, config, imports, .. } = trained;
    let (train, test) = (dataset.train.len(), dataset.test.len());
    print(format_args!(
        "data set   {}: {train} training, {test} test images of {}×{}",
        dataset.name, dataset.train.rows, dataset.train.columns
    ));
    print(format_args!("network    {}: {} parameters", config.architecture.name(), network.layout().parameters()));
    for (name, vectors) in imports {
        print(format_args!("import     {name}: {}", count(vectors.nrows(), "vector")));
    }
    print_memory(problem, trained);
    print_work(&tasks(problem, trained), &speed(problem, trained));
}

/// Of this machine, on a few hundred images.
fn speed(problem: &Problem, trained: &Trained) -> Speed {
    let images = trained.images(Split::Train).first(512);
    let batch = trained.config.training.sgd.as_ref().map_or(64, |sgd| sgd.batch_size);
    Speed::measure(&trained.landscape(images), batch, &problem.config.paths.parameters, problem.config.seed)
}

/// A formula takes no time worth predicting.
fn check_formula(problem: &Problem, formula: &Formula) {
    let contents = Contents::default();
    let results = Results { config: &problem.config, contents: &contents };
    print(format_args!("landscape  {}: {} components", formula.config.landscape.name(), formula.landscape.dimension()));
    print(format_args!(
        "tasks      {}, at most {}",
        count(results.wanted_runs(), "start"),
        count(results.planned_pairs(&formula.config.set()), "path")
    ));
}

/// A kind of task, how many there are, and the work of one.
struct Kind {
    name: String,
    count: usize,
    work: Work,
}

fn tasks(problem: &Problem, trained: &Trained) -> Vec<Kind> {
    let training = &trained.config.training;
    let (train, test) = (trained.dataset.train.len(), trained.dataset.test.len());
    let runs = training.methods.iter().map(|&method| {
        let parameters = training.method(method);
        let epochs = match method {
            Method::Sgd => "epochs",
            Method::Lbfgs => "iterations at most",
        };
        let name = format!("{method} training runs of {} {epochs}", parameters.epochs());
        Kind { name, count: training.initializations as usize, work: training_work(&parameters, train, test) }
    });
    let paths = &problem.config.paths;
    let vectors =
        |set: &SetName| trained.imports.iter().find(|(name, _)| name == set).map_or(training.keep, |(_, rows)| rows.nrows());
    let pairs: usize = paths.sets.iter().map(|set| paths.pairs.of(vectors(set))).sum();
    let on = paths.landscapes.iter().map(|&landscape| {
        let images = trained.path_images(landscape).len();
        let name = format!("paths on {images} {landscape} images");
        Kind { name, count: pairs, work: path_work(&paths.parameters, images) }
    });
    runs.chain(on).collect()
}

fn print_work(tasks: &[Kind], speed: &Speed) {
    let mut total = 0.0;
    print(format_args!("tasks"));
    for Kind { name, count, work } in tasks {
        let seconds = speed.seconds(work);
        total += seconds * *count as f64;
        print(format_args!("  {count:>6} {name}: {:.3e} image passes, about {} each", work.passes(), duration(seconds)));
    }
    print(format_args!(
        "work       about {} on one core like this one (measured now), divided by the number of ranks",
        duration(total)
    ));
}

fn print_memory(problem: &Problem, trained: &Trained) {
    let dimension = trained.network.layout().parameters();
    let (shared, own): (Vec<_>, Vec<_>) =
        [&trained.dataset.train.pixels, &trained.dataset.test.pixels].into_iter().partition(|pixels| pixels.are_shared());
    let [shared, own] = [shared, own].map(|pixels| pixels.iter().map(|pixels| pixels.len()).sum::<usize>());
    let path = path_bytes(&problem.config.paths.parameters, dimension);
    let training = &trained.config.training;
    let solutions = 2 * training.methods.len() * training.initializations as usize * dimension * size_of::<f32>();
    let megabytes = |bytes: usize| {
        let megabytes = bytes as f64 / 1e6;
        if megabytes < 10.0 { format!("{megabytes:.1} MB") } else { format!("{megabytes:.0} MB") }
    };
    let images = |bytes, whose: &str| if bytes > 0 { format!("{} images{whose}", megabytes(bytes)) } else { String::new() };
    print(format_args!(
        "memory     {}each rank: {}{} a path; rank 0 besides: {} solutions",
        images(shared, " for all ranks of a node; "),
        images(own, ", "),
        megabytes(path),
        megabytes(solutions)
    ));
    if own > 0 && matches!(trained.config.dataset, DatasetConfig::Idx { .. }) {
        print("           ranks of a node share images that are not compressed: gunzip the files to save memory");
    }
}

fn duration(seconds: f64) -> String {
    let digits = match seconds {
        ..1.0 => 1e3,
        1.0..10.0 => 10.0,
        _ => 1.0,
    };
    let rounded = (seconds * digits).round() / digits;
    humantime::format_duration(Duration::from_secs_f64(rounded.min(1e12))).to_string()
}
