//! How the program was started: on which ranks, and whether this makes it slower.

use crate::cli::Command;
use lossatlas::engine::console::{count, say};
use lossatlas::engine::failure::Failure;
use lossatlas::engine::log;
use lossatlas::engine::parallel::{
    Crowding, Disagreement, RankPlace, Start, World, mpi_library_version,
};

/// The ranks that perform a command.
///
/// MPI is started only for commands that compute on several ranks. Commands that only read must
/// work where MPI does not. Collective.
pub fn world(command: &Command, start: &Start) -> Result<World, Failure> {
    if start.is_alone() || !computes(command) {
        return Ok(World::alone());
    }
    let world = World::initialize().map_err(Failure::system)?;
    refuse_ranks_that_do_not_meet(&world, start)?;
    Ok(world)
}

/// Whether the ranks share the work of a command.
pub fn computes(command: &Command) -> bool {
    // A command that is missing here starts MPI without need, which does no harm.
    let reads = matches!(
        command,
        Command::Init(_)
            | Command::Report(_)
            | Command::Status(_)
            | Command::Export(_)
            | Command::Completions(_)
            | Command::Man(_)
    );
    !reads
}

/// Whether a signal suspends a command instead of ending it at once.
pub fn stops_when_asked(command: &Command) -> bool {
    match command {
        Command::Run(job)
        | Command::Train(job)
        | Command::Paths(job)
        | Command::Kpca(job)
        | Command::Analyze(job) => !job.options.dry_run,
        Command::Resume(arguments) => !arguments.options.dry_run,
        _ => false,
    }
}

/// Refuses ranks that a launcher of another MPI library has started: each would run the whole study
/// alone.
fn refuse_ranks_that_do_not_meet(world: &World, start: &Start) -> Result<(), Failure> {
    match start.ranks {
        Some(number) if number > 1 && world.size() == 1 => Err(Failure::input(format_args!(
            "{number} ranks were started ({}), but each finds itself alone: the program was built \
             with {}; start it with the mpirun of that library, or with another choice of \
             `srun --mpi` (see docs/hpc.md)",
            start.variable,
            mpi_library_version()
        ))),
        _ => Ok(()),
    }
}

/// Warns on rank 0 and in the log if the start makes the run slower. Collective.
///
/// # Errors
/// If the ranks cannot exchange their places.
pub fn warn(world: &World, threads: usize) -> Result<(), Disagreement> {
    let start = Start::here();
    let place = RankPlace::here(world.host());
    let places = world.gather(&place)?.unwrap_or_default();
    // If the place of one rank is unknown, there is no warning.
    let places: Vec<RankPlace> = places.into_iter().collect::<Option<_>>().unwrap_or_default();
    let crowding =
        Crowding::of(&places, threads, start.launcher).map(|crowding| crowding.to_string());
    for line in unused_allocation(&start).into_iter().chain(crowding) {
        say(format_args!("note: {line}"));
        log::started_badly(&line);
    }
    Ok(())
}

/// A remark if a single process runs in an allocation of several tasks.
fn unused_allocation(start: &Start) -> Option<String> {
    let tasks = start.allocated.filter(|&tasks| tasks > 1)?;
    let allocation = count(tasks, "task");
    Some(format!(
        "this is one rank, in a Slurm allocation of {allocation}: start it with srun, or with \
         mpirun -n {tasks}, to use all of them"
    ))
}
