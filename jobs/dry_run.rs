//! `--dry-run`: what a command would do with what its directory holds. Nothing is written.

use crate::check::{self, duration};
use crate::run::{Command, StageName};
use crate::start;
use lossatlas::config::Config;
use lossatlas::data::Split;
use lossatlas::engine::archive::Archive;
use lossatlas::engine::console::{count, print};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::overview::{Count, Kind, Overview};
use lossatlas::engine::parallel::World;
use lossatlas::engine::plan::{Work, makespan};
use lossatlas::engine::problem::{Mapped, Problem, Trained};
use lossatlas::engine::results::Results;
use lossatlas::engine::store::Contents;
use lossatlas::engine::{progress, work};
use lossatlas::solutions::LandscapeName;
use std::path::Path;

/// Refuses what the command would refuse, and says what it would do. Collective.
pub fn run(world: &World, problem: &Problem, command: &Command, directory: &Path) -> Result<u8, Failure> {
    let contents = Archive::look(world, problem, directory)?;
    start::warn(world, problem.config.run.threads_per_rank)?;
    let ranks = world.ranks_on_this_machine();
    let refused = contents.as_ref().and_then(|contents| {
        let results = Results { config: &problem.config, contents };
        describe_directory(directory, contents);
        describe_tasks((world, ranks), problem, command, &results);
        refusal(command, directory, &results)
    });
    world.agree(refused.map_or(Ok(()), Err))?;
    Ok(failure::SUCCESS)
}

fn describe_directory(directory: &Path, contents: &Contents) {
    let shown = directory.display();
    print("dry run: nothing is computed, nothing is written");
    match contents.sessions().len() {
        0 if !directory.exists() => print(format_args!("{shown}: is not there yet and would be made")),
        0 => print(format_args!("{shown}: holds no results yet")),
        starts => print(format_args!("{shown}: would be continued after {}", count(starts, "start"))),
    }
}

/// Why the command itself would not begin, although the configuration fits.
fn refusal(command: &Command, directory: &Path, results: &Results) -> Option<String> {
    if progress::current(directory).is_some() {
        return Some(format!("{}: a run is going on there; until it ends another one is refused", directory.display()));
    }
    let trains = command.stages.contains(&StageName::Training);
    results.missing_solutions(directory).filter(|_| !trains)
}

fn describe_tasks((world, here): (&World, usize), problem: &Problem, command: &Command, results: &Results) {
    let overview = Overview::of(results);
    let belongs = |count: &&Count| command.stages.contains(&stage_of(&count.kind));
    let counts: Vec<_> = overview.counts.iter().filter(belongs).collect();
    let analysis = command.stages.contains(&StageName::KernelPca);
    let width = counts.iter().map(|count| count.kind.name().len()).max().unwrap_or(0).max("kernel PCA".len());
    print(format_args!("{:width$}{:>8}{:>8}{:>8}", "", "done", "failed", "left"));
    for Count { kind, done, failed, left } in &counts {
        print(format_args!("{:width$}{done:>8}{failed:>8}{left:>8}", kind.name()));
    }
    if analysis {
        print(format_args!("{:width$}{:>8}", "kernel PCA", if overview.analyzed { "done" } else { "left" }));
    }
    let left: usize = counts.iter().map(|count| count.left).sum();
    if left == 0 && (overview.analyzed || !analysis) {
        print("nothing would be computed: all that this command computes is there");
    } else if let Mapped::Network(trained) = &problem.mapped {
        describe_costs((world, here), problem, trained, &counts);
    }
}

/// Memory as `check` predicts it for the ranks that are `here`, on this machine, and the time of what is left.
fn describe_costs((world, here): (&World, usize), problem: &Problem, trained: &Trained, counts: &[&Count]) {
    let (speed, needed) = check::measure(problem, trained);
    check::print_memory(trained, needed, here);
    if counts.iter().all(|count| count.left == 0) {
        return;
    }
    let seconds = |kind: &Kind| speed.seconds(&work_of(&problem.config, trained, kind));
    let mut tasks: Vec<f64> = counts.iter().flat_map(|count| std::iter::repeat_n(seconds(&count.kind), count.left)).collect();
    // Long ones are handed out first.
    tasks.sort_by(|a, b| b.total_cmp(a));
    let threads = problem.config.run.threads_per_rank;
    let (one, ranks) = (tasks.iter().sum::<f64>(), world.size());
    print(format_args!("work left  about {} on one core like this one (measured now)", duration(one)));
    if ranks > 1 || threads > 1 {
        let end = makespan(ranks, &[], &tasks) / threads as f64;
        print(format_args!("           about {} on {} of {}", duration(end), count(ranks, "rank"), count(threads, "thread")));
    }
}

fn stage_of(kind: &Kind) -> StageName {
    match kind {
        Kind::Training(_) | Kind::Import(_) | Kind::Minima => StageName::Training,
        Kind::Paths(..) => StageName::Paths,
    }
}

fn work_of(config: &Config, trained: &Trained, kind: &Kind) -> Work {
    match kind {
        Kind::Training(method) => work::training(trained, *method),
        Kind::Import(_) => work::import(trained),
        Kind::Minima => Work::default(),
        Kind::Paths(_, LandscapeName::Test) => work::path(trained, &config.paths, Split::Test),
        Kind::Paths(..) => work::path(trained, &config.paths, Split::Train),
    }
}
