//! `lossatlas check`: the plan of a configuration, without computing it.

use crate::arguments::Input;
use crate::start;
use lossatlas::data::Dataset;
use lossatlas::engine::capacity;
use lossatlas::engine::console::{count, print, say};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::landscape::MappedLandscape;
use lossatlas::engine::parallel::World;
use lossatlas::engine::plan::{Measured, Speed, duration};
use lossatlas::engine::problem::{Problem, Trained};
use lossatlas::engine::stage::PlannedTasks;
use lossatlas::engine::stages::STAGES;

pub fn run(world: &World, input: &Input) -> Result<u8, Failure> {
    let problem = Problem::load(world, &input.configuration, &input.overrides)?;
    let warning = capacity::check(world, &input.configuration, &problem)?;
    warn_of_memory(&problem, warning);
    problem.send_errors(world, None);
    start::warn(world, problem.config.run.threads_per_rank)?;
    let ranks = world.ranks_on_this_machine();
    if world.is_root() {
        print(format_args!("{}: valid", input.configuration.display()));
        let tasks: Vec<PlannedTasks> =
            STAGES.iter().flat_map(|stage| stage.plan(&problem)).collect();
        problem.subject.either(
            |trained| print_network(&problem, trained, &tasks, ranks),
            |landscape| print_landscape(landscape, &tasks),
        );
        STAGES.iter().filter_map(|stage| stage.disk(&problem)).for_each(print);
    }
    Ok(failure::SUCCESS)
}

/// Warns if the ranks of this machine need more memory than it has, for a landscape. For a network
/// the plan measures the memory and warns: see [`print_memory`].
pub fn warn_of_memory(problem: &Problem, warning: Option<String>) {
    if let (true, Some(warning)) = (problem.landscape().is_some(), warning) {
        say(warning);
    }
}

fn print_network(problem: &Problem, trained: &Trained, tasks: &[PlannedTasks], ranks: usize) {
    let Trained { dataset, network, config, imports, .. } = trained;
    let (train, test) = (dataset.train.len(), dataset.test.len());
    print(format_args!(
        "data set   {}: {train} training, {test} test images of {}{}; classes: {}{}",
        dataset.name,
        dataset.shape(),
        numbers(dataset),
        dataset.classes,
        labels(dataset)
    ));
    for (index, source) in dataset.sources.iter().enumerate() {
        print(format_args!("{}{source}", if index == 0 { "files      " } else { "           " }));
    }
    let (name, parameters) = (config.architecture.name(), network.layout().parameters());
    print(format_args!("network    {name}: {parameters} parameters"));
    for (name, vectors) in imports {
        print(format_args!("import     {name}: {}", count(vectors.nrows(), "vector")));
    }
    let measured = Measured::of(problem, trained);
    print_memory(trained, &measured, ranks);
    print_work(tasks, &measured.speed, problem.config.run.threads_per_rank);
}

/// The range of pixels that are not bytes, in words.
fn numbers(dataset: &Dataset) -> String {
    if dataset.train.pixels.bytes().is_some() {
        return String::new();
    }
    let [(a, b), (c, d)] = [&dataset.train, &dataset.test].map(|images| images.pixels.range());
    format!(", numbers from {} to {}", a.min(c), b.max(d))
}

/// The labels of the classes in the files, if they do not count from 0.
fn labels(dataset: &Dataset) -> String {
    let first = dataset.first_label;
    let last = first.saturating_add_unsigned(dataset.classes as u64 - 1);
    if first == 0 { String::new() } else { format!(", labeled {first} to {last}") }
}

/// Prints the memory of a rank and the additional memory of rank 0, with a warning if this machine
/// has less.
pub fn print_memory(trained: &Trained, measured: &Measured, ranks: usize) {
    print(measured.memory(trained));
    measured.memory_warning(trained, ranks).iter().for_each(say);
}

fn print_work(tasks: &[PlannedTasks], speed: &Speed, threads: usize) {
    let mut total = 0.0;
    print("tasks");
    for PlannedTasks { what, count, work } in tasks {
        let Some(work) = work else { continue };
        let seconds = speed.seconds(work);
        total += seconds * *count as f64;
        let (passes, each) = (work.passes(), duration(seconds));
        print(format_args!("  {count:>6} {what}: {passes:.3e} image passes and about {each} each"));
    }
    let divided = if threads == 1 { "ranks" } else { "ranks and of their threads" };
    let hours = total / 3600.0;
    let hours = if hours < 0.1 { String::new() } else { format!(" ({hours:.1} core-hours)") };
    let time = duration(total);
    print(format_args!(
        "work       about {time}{hours} on one core like this one (measured now), divided by the \
         number of {divided}"
    ));
}

/// An analytic landscape takes little time, which is not predicted. For a process, one evaluation
/// was measured.
fn print_landscape(landscape: &MappedLandscape, tasks: &[PlannedTasks]) {
    let (name, dimension) = (landscape.name(), landscape.dimension());
    print(format_args!("landscape  {name}: {dimension} components"));
    if let Some(process) = landscape.process() {
        let handshake = process.handshake();
        let (precision, unit) = (handshake.precision.name(), &handshake.unit);
        let datasets = handshake.datasets.join(", ");
        print(format_args!("process    {precision}, unit {unit}, data sets: {datasets}"));
    }
    if let Some(time) = landscape.evaluation {
        let time = 1e3 * time.as_secs_f64();
        print(format_args!(
            "           value and gradient at a point: {time:.2} ms (measured now)"
        ));
    }
    for (name, vectors) in &landscape.imports {
        print(format_args!("import     {name}: {}", count(vectors.nrows(), "vector")));
    }
    let tasks: Vec<&str> = tasks.iter().map(|tasks| tasks.what.as_str()).collect();
    print(format_args!("tasks      {}", tasks.join(", ")));
}
