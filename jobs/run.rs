//! `lossatlas run`, `train`, `paths` and `kpca`: some stages in order.

use crate::archive::Archive;
use crate::cli;
use crate::failure::Failure;
use crate::problem::Problem;
use crate::report;
use crate::stage::Context;
use lossatlas::parallel::{Interruption, World, mpi_library_version};
use std::env;
use std::time::{Duration, SystemTime};

/// Computes what is missing of one kind of results and writes all of them. Collective.
pub type Stage = fn(&Context, &mut Option<Archive>) -> Result<(), Failure>;

/// Loads, runs the stages, and concludes with the exit code. Collective.
pub fn run(world: &World, job: &cli::Job, stages: &[Stage]) -> Result<u8, Failure> {
    refuse_ranks_that_do_not_meet(world)?;
    let limit = job.time_limit.or_else(end_of_the_batch_job);
    let interruption = world.agree(Interruption::watch(limit, world.size()))?;
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    let context = Context { world, problem: &problem, interruption: &interruption };
    stages.iter().try_for_each(|stage| stage(&context, &mut archive))?;
    Archive::conclude(world, &problem, archive.as_ref())
}

/// As [`run`], and closes with the report. Collective.
pub fn run_and_report(world: &World, job: &cli::Job, stages: &[Stage]) -> Result<u8, Failure> {
    let code = run(world, job, stages)?;
    report::conclude(world, &job.out);
    Ok(code)
}

/// How many ranks were started, in the words of srun, of MPICH and of Open MPI.
const RANKS_STARTED: [&str; 3] = ["SLURM_STEP_NUM_TASKS", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE"];

/// Ranks started by what does not belong to their MPI library would each run the whole study alone.
fn refuse_ranks_that_do_not_meet(world: &World) -> Result<(), Failure> {
    let started = RANKS_STARTED.iter().find_map(|name| {
        let number: u32 = env::var(name).ok()?.parse().ok()?;
        (number > 1).then_some((name, number))
    });
    match started {
        Some((name, number)) if world.size() == 1 => Err(Failure::input(format_args!(
            "{number} ranks were started ({name}), but each finds itself alone: the program was built with {}; start it with the \
             mpirun of that library, or with another choice of `srun --mpi` (see docs/hpc.md)",
            mpi_library_version()
        ))),
        _ => Ok(()),
    }
}

/// Time until Slurm ends the job that this is part of, where it tells.
fn end_of_the_batch_job() -> Option<Duration> {
    let end: u64 = env::var("SLURM_JOB_END_TIME").ok()?.parse().ok()?;
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end))?;
    // An end in the past is none: a job without a limit, or a shell that has outlived its job.
    let left = end.duration_since(SystemTime::now()).ok()?;
    Some(Duration::from_secs(left.as_secs()))
}
