//! `lossatlas run`, `train`, `paths` and `kpca`: some stages in order.

use crate::archive::Archive;
use crate::cli;
use crate::failure::Failure;
use crate::problem::Problem;
use lossatlas::parallel::World;

/// Computes what is missing of one kind of results and writes all of them. Collective.
pub type Stage = fn(&World, &Problem, &mut Option<Archive>) -> Result<(), Failure>;

/// Loads, runs the stages, and concludes with the exit code. Collective.
pub fn run(world: &World, job: &cli::Job, stages: &[Stage]) -> Result<u8, Failure> {
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    stages.iter().try_for_each(|stage| stage(world, &problem, &mut archive))?;
    Archive::conclude(world, &problem, archive.as_ref())
}
