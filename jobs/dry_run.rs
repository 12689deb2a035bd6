//! `--dry-run`: what a command would compute in its directory. Nothing is written.

use crate::check::print_memory;
use crate::run::StageCommand;
use crate::start;
use lossatlas::engine::console::{count, print};
use lossatlas::engine::curves::KeptCurves;
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::overview::Overview;
use lossatlas::engine::parallel::World;
use lossatlas::engine::plan::{Measured, duration, makespan};
use lossatlas::engine::problem::{Problem, Trained};
use lossatlas::engine::progress;
use lossatlas::engine::results::Results;
use lossatlas::engine::run_directory::{InspectedDirectory, RunDirectory};
use lossatlas::engine::stage::{KindCounts, stages_of};
use lossatlas::engine::store::Contents;
use std::path::Path;

/// Refuses what the command would refuse, and prints what it would do. Collective.
pub fn run(
    world: &World,
    problem: &Problem,
    command: &StageCommand,
    directory: &Path,
    replace: bool,
) -> Result<u8, Failure> {
    let look = || RunDirectory::look(problem, directory, replace);
    let looked = failure::agree(world, world.is_root().then(look).transpose())?;
    start::warn(world, problem.config.run.threads_per_rank)?;
    let ranks = world.ranks_on_this_machine();
    let refused = looked.as_ref().and_then(|looked| {
        let InspectedDirectory { contents, replaced, path_states, curve_files } = looked;
        let results = Results { config: &problem.config, contents };
        describe_directory(directory, contents);
        replaced.iter().for_each(print);
        let stages = stages_of(command.name).into_iter();
        let (paths, files, states) = (&problem.config.paths, curve_files, path_states);
        let kept = KeptCurves { paths, contents, files, states };
        stages.filter_map(|stage| stage.remarks(&results, &kept)).for_each(print);
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
        0 if !directory.exists() => {
            print(format_args!("{shown}: is not there yet and would be made"));
        }
        0 => print(format_args!("{shown}: holds no results yet")),
        starts => {
            print(format_args!("{shown}: would be continued after {}", count(starts, "start")));
        }
    }
}

/// Why the command would not start, although the configuration is accepted.
fn refusal(command: &StageCommand, directory: &Path, results: &Results) -> Option<String> {
    if progress::current(directory).is_some() {
        return Some(format!(
            "{}: a run is going on there; until it ends another one is refused",
            directory.display()
        ));
    }
    let starts_from_solutions = stages_of(command.name).iter().all(|stage| stage.needs_solutions());
    results.missing_solutions(directory).filter(|_| starts_from_solutions)
}

fn describe_tasks(
    (world, here): (&World, usize),
    problem: &Problem,
    command: &StageCommand,
    results: &Results,
) {
    let all = Overview::of(results);
    let width = all.width();
    let overview = all.only(&stages_of(command.name));
    print(format_args!("{:width$}{:>8}{:>8}{:>8}", "", "done", "failed", "left"));
    for KindCounts { name, done, failed, left, .. } in overview.kinds() {
        print(format_args!("{name:width$}{done:>8}{failed:>8}{left:>8}"));
    }
    for (name, done) in overview.wholes() {
        print(format_args!("{name:width$}{:>8}", if done { "done" } else { "left" }));
    }
    if overview.is_finished() {
        print("nothing would be computed: all that this command computes is there");
    } else if let Some(trained) = problem.trained() {
        describe_costs((world, here), problem, trained, &overview);
        if results.missing_runs() > 0 && overview.stages.len() > 1 {
            print(
                "           at least: a further solution can replace one that is kept now, and then \
                 gets paths and analyses, which are not counted",
            );
        }
    }
}

/// Prints the memory that `check` predicts for the ranks that are `here`, on this machine, and the
/// time left.
fn describe_costs(
    (world, here): (&World, usize),
    problem: &Problem,
    trained: &Trained,
    overview: &Overview,
) {
    let measured = Measured::of(problem, trained);
    print_memory(trained, &measured, here);
    let mut tasks: Vec<f64> = Vec::new();
    for (stage, counts) in &overview.stages {
        for count in counts.kinds.iter().filter(|count| count.left > 0) {
            let seconds = measured.speed.seconds(&stage.work(problem, count.kind));
            tasks.extend(std::iter::repeat_n(seconds, count.left));
        }
    }
    if tasks.is_empty() {
        return;
    }
    // Long ones are handed out first.
    tasks.sort_by(|a, b| b.total_cmp(a));
    let threads = problem.config.run.threads_per_rank;
    let (one, ranks) = (tasks.iter().sum::<f64>(), world.size());
    print(format_args!(
        "work left  about {} on one core like this one (measured now)",
        duration(one)
    ));
    if ranks > 1 || threads > 1 {
        let end = makespan(ranks, &[], &tasks) / threads as f64;
        print(format_args!(
            "           about {} on {} of {}",
            duration(end),
            count(ranks, "rank"),
            count(threads, "thread")
        ));
    }
}
