//! `lossatlas check`: what a configuration means, without doing it.

use crate::cli;
use crate::console::{count, print};
use crate::failure::{self, Failure};
use crate::problem::{Formula, Mapped, Problem, Trained};
use crate::results::Results;
use lossatlas::landscape::Landscape;
use lossatlas::network::Layout;
use lossatlas::optimizer::Method;
use lossatlas::parallel::World;
use lossatlas::path::Grid;
use lossatlas::plan::{Work, path_bytes, path_work, training_work};
use lossatlas::solutions::{SetName, Split};
use lossatlas::span::Span;
use lossatlas::store::Contents;
use ndarray::{Array2, ArrayView2};
use std::hint::black_box;
use std::time::{Duration, Instant};

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
    print_work(&tasks(problem, trained), &Speed::measure(problem, trained));
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
    let images = |split| trained.images(split).pixels().len();
    let data = images(Split::Train) + images(Split::Test);
    let path = path_bytes(&problem.config.paths.parameters, dimension);
    let training = &trained.config.training;
    let solutions = 2 * training.methods.len() * training.initializations as usize * dimension * size_of::<f32>();
    let megabytes = |bytes: usize| {
        let megabytes = bytes as f64 / 1e6;
        if megabytes < 10.0 { format!("{megabytes:.1} MB") } else { format!("{megabytes:.0} MB") }
    };
    print(format_args!(
        "memory     each rank: {} images, {} a path; rank 0 besides: {} solutions",
        megabytes(data),
        megabytes(path),
        megabytes(solutions)
    ));
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

/// Seconds for one image, by kind of evaluation, on this machine.
struct Speed {
    loss: f64,
    gradient: f64,
    batch: f64,
    path_loss: f64,
    path_gradient: f64,
}

impl Speed {
    /// Times each kind on a few hundred images, for about a tenth of a second.
    fn measure(problem: &Problem, trained: &Trained) -> Self {
        let images = trained.images(Split::Train).first(512.min(trained.dataset.train.len()));
        let landscape = trained.landscape(images);
        let layout = trained.network.layout();
        let parameters = &problem.config.paths.parameters;
        let theta = starts(layout, problem, 1);
        let vectors = starts(layout, problem, 2 + parameters.fourier_terms);
        let vectors =
            ArrayView2::from_shape((2 + parameters.fourier_terms, layout.parameters()), &vectors).expect("as many numbers");
        let grid = Grid::new(parameters.points, parameters.fourier_terms);
        let span = Span { vectors, coefficients: grid.coefficients() };
        let mut gradient = vec![0.0; layout.parameters()];
        let mut coefficients = Array2::zeros((parameters.fourier_terms, layout.parameters()));
        let batch = trained.config.training.sgd.as_ref().map_or(64, |sgd| sgd.batch_size).min(landscape.samples());
        let indices: Vec<u32> = (0..batch as u32).collect();
        let image = landscape.samples() as f64;
        let point = image * parameters.points as f64;
        Self {
            loss: seconds(|| landscape.value(&theta)) / image,
            gradient: seconds(|| landscape.value_and_gradient(&theta, &mut gradient)) / image,
            batch: seconds(|| landscape.batch_gradient(&theta, &indices, &mut gradient)) / batch as f64,
            path_loss: seconds(|| landscape.span_values(&span)) / point,
            path_gradient: seconds(|| landscape.span_gradient(&span, grid.sines(), coefficients.view_mut())) / point,
        }
    }

    fn seconds(&self, work: &Work) -> f64 {
        let Work { losses, gradients, batches, path_losses, path_gradients } = *work;
        losses * self.loss
            + gradients * self.gradient
            + batches * self.batch
            + path_losses * self.path_loss
            + path_gradients * self.path_gradient
    }
}

fn starts(layout: &Layout, problem: &Problem, count: usize) -> Vec<f32> {
    let mut generator = problem.config.seed.stream("speed", &[]);
    (0..count).flat_map(|_| layout.initialize::<f32>(&mut generator)).collect()
}

/// Seconds of one call, the best of several after a first one that fills the buffers.
fn seconds<T>(mut call: impl FnMut() -> T) -> f64 {
    black_box(call());
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed() < Duration::from_millis(100) {
        let start = Instant::now();
        black_box(call());
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}
