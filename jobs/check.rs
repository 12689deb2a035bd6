//! `lossatlas check`: what a configuration means, without doing it.

use crate::cli;
use crate::start;
use lossatlas::data::Split;
use lossatlas::engine::capacity::{self, size};
use lossatlas::engine::console::{count, print, say};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::memory::{self, Memory};
use lossatlas::engine::parallel::World;
use lossatlas::engine::plan::memory::later_bytes;
use lossatlas::engine::plan::{MEASURED_POINTS, Speed};
use lossatlas::engine::problem::{Formula, Mapped, Problem, Trained};
use lossatlas::engine::stage::PlannedTasks;
use lossatlas::engine::stages::STAGES;
use lossatlas::landscape::ImageLandscape;
use std::time::Duration;

pub fn run(world: &World, input: &cli::Input) -> Result<u8, Failure> {
    let problem = Problem::load(world, &input.configuration, &input.overrides)?;
    let warning = capacity::check(world, &input.configuration, &problem)?;
    warn_of_memory(&problem, warning);
    start::warn(world, problem.config.run.threads_per_rank)?;
    let ranks = world.ranks_on_this_machine();
    if world.is_root() {
        print(format_args!("{}: valid", input.configuration.display()));
        let tasks: Vec<PlannedTasks> =
            STAGES.iter().flat_map(|stage| stage.plan(&problem)).collect();
        match &problem.mapped {
            Mapped::Network(trained) => check_network(&problem, trained, &tasks, ranks),
            Mapped::Formula(formula) => check_formula(formula, &tasks),
        }
    }
    Ok(failure::SUCCESS)
}

/// Says that the ranks of this machine need more than it has, of a landscape. For a network, the plan
/// measures what they need and says it: see [`print_memory`].
pub fn warn_of_memory(problem: &Problem, warning: Option<String>) {
    if let (true, Some(warning)) = (problem.is_analytic(), warning) {
        say(warning);
    }
}

fn check_network(problem: &Problem, trained: &Trained, tasks: &[PlannedTasks], ranks: usize) {
    let Trained { dataset, network, config, imports, .. } = trained;
    let (train, test) = (dataset.train.len(), dataset.test.len());
    print(format_args!(
        "data set   {}: {train} training, {test} test images of {}; classes: {}",
        dataset.name,
        dataset.shape(),
        dataset.classes
    ));
    print(format_args!(
        "network    {}: {} parameters",
        config.architecture.name(),
        network.layout().parameters()
    ));
    for (name, vectors) in imports {
        print(format_args!("import     {name}: {}", count(vectors.nrows(), "vector")));
    }
    let (speed, needed) = measure(problem, trained);
    print_memory(trained, needed, ranks);
    print_work(tasks, &speed, problem.config.run.threads_per_rank);
}

/// The speed of this machine, and the bytes that a rank takes at its peak, where the system tells.
pub fn measure(problem: &Problem, trained: &Trained) -> (Speed, Option<f64>) {
    let loaded = memory::read();
    memory::forget_peak();
    let speed = speed(problem, trained);
    let needed = loaded
        .zip(memory::read())
        .map(|(before, after)| rank_bytes(problem, trained, before, after));
    (speed, needed)
}

/// Of one core of this machine, on a few hundred images.
fn speed(problem: &Problem, trained: &Trained) -> Speed {
    let landscape =
        ImageLandscape::new(trained.network.as_ref(), trained.images(Split::Train).first(512));
    let batch = trained.config.training.sgd.as_ref().map_or(64, |sgd| sgd.batch_size);
    Speed::measure(&landscape, batch, &problem.config.paths.parameters, problem.config.seed)
}

/// What a rank takes at its peak: when it reads the data, or when it computes. What the libraries and the buffers
/// of one thread take has been measured, `before` and `after` all kinds of evaluations.
fn rank_bytes(problem: &Problem, trained: &Trained, before: Memory, after: Memory) -> f64 {
    let dimension = trained.network.layout().parameters();
    let paths = &problem.config.paths.parameters;
    let measured = after.peak.saturating_sub(before.now) as f64;
    let buffers = (measured - Speed::bytes(paths, dimension)).max(0.0);
    // Of the points that were not measured.
    let unmeasured =
        later_bytes(trained.network.as_ref(), paths.points.saturating_sub(MEASURED_POINTS), 0);
    let line =
        ImageLandscape::new(trained.network.as_ref(), trained.images(Split::Train)).line_bytes();
    let task = capacity::largest_task(problem, line).map_or(0.0, |part| part.bytes);
    // Batches of a path have buffers of their own, and their images; a larger batch is no batch.
    let batch = problem.config.paths.batch.map_or(0, |size| size.min(trained.dataset.train.len()));
    let sets = problem.config.run.threads_per_rank * (1 + usize::from(batch > 0));
    let batch = (batch * trained.network.inputs()) as f64;
    let computing = before.now as f64 + sets as f64 * (buffers + unmeasured) + batch + task;
    (before.peak as f64).max(computing)
}

/// An analytic landscape takes no time worth predicting.
fn check_formula(formula: &Formula, tasks: &[PlannedTasks]) {
    print(format_args!(
        "landscape  {}: {} components",
        formula.config.landscape.name(),
        formula.landscape.dimension()
    ));
    let tasks: Vec<&str> = tasks.iter().map(|tasks| tasks.what.as_str()).collect();
    print(format_args!("tasks      {}", tasks.join(", ")));
}

fn print_work(tasks: &[PlannedTasks], speed: &Speed, threads: usize) {
    let mut total = 0.0;
    print(format_args!("tasks"));
    for PlannedTasks { what, count, work } in tasks {
        let Some(work) = work else { continue };
        let seconds = speed.seconds(work);
        total += seconds * *count as f64;
        print(format_args!(
            "  {count:>6} {what}: {:.3e} image passes, about {} each",
            work.passes(),
            duration(seconds)
        ));
    }
    let divided = if threads == 1 { "ranks" } else { "ranks and of their threads" };
    let hours = total / 3600.0;
    let hours = if hours < 0.1 { String::new() } else { format!(" ({hours:.1} core-hours)") };
    let time = duration(total);
    print(format_args!(
        "work       about {time}{hours} on one core like this one (measured now), divided by the number of {divided}"
    ));
}

/// What a rank needs, `needed` bytes, and rank 0 besides.
pub fn print_memory(trained: &Trained, needed: Option<f64>, ranks: usize) {
    let dimension = trained.network.layout().parameters();
    let pixels = [&trained.dataset.train.pixels, &trained.dataset.test.pixels];
    let bytes = |shared: bool| -> usize {
        pixels
            .into_iter()
            .filter(|pixels| pixels.are_shared() == shared)
            .map(|pixels| pixels.len())
            .sum()
    };
    let training = &trained.config.training;
    let runs = training.methods.len() as f64 * f64::from(training.initializations);
    let solutions = 2.0 * runs * dimension as f64 * size_of::<f32>() as f64;
    let unknown = || "not known on this system".to_owned();
    let rank = needed.map_or_else(unknown, |bytes| format!("about {}", size(bytes)));
    let common = bytes(true);
    let shared = match common {
        0 => String::new(),
        bytes => format!(", {} of it images that the ranks of a node share", size(bytes as f64)),
    };
    print(format_args!(
        "memory     each rank: {rank}{shared}; rank 0 besides: {} solutions",
        size(solutions)
    ));
    if let (Some(needed), Ok(Some(limit))) = (needed, memory::limit()) {
        let own = (needed - common as f64).max(0.0);
        let together = ranks as f64 * own + common as f64 + solutions;
        if let Some(warning) = capacity::warning(together, ranks, &limit) {
            say(warning);
        }
    }
    if let Some(advice) =
        trained.config.dataset.format().how_to_share().filter(|_| bytes(false) > 0)
    {
        print(format_args!("           {advice}"));
    }
}

/// In words, to two digits or so.
pub fn duration(seconds: f64) -> String {
    // Neither a clock that was set back nor NaN is a duration.
    let seconds = seconds.max(0.0);
    let digits = match seconds {
        ..1.0 => 1e3,
        1.0..10.0 => 10.0,
        _ => 1.0,
    };
    let rounded = (seconds * digits).round() / digits;
    humantime::format_duration(Duration::from_secs_f64(rounded.min(1e12))).to_string()
}
