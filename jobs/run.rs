//! `lossatlas run`: every stage in order.

use crate::archive::Archive;
use crate::cli;
use crate::failure::Failure;
use crate::session::Problem;
use crate::{kpca, paths, train};
use lossatlas::parallel::World;

pub fn run(world: &World, job: &cli::Job) -> Result<u8, Failure> {
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    train::stage(world, &problem, &mut archive)?;
    paths::stage(world, &problem, &mut archive)?;
    kpca::stage(world, &problem, &mut archive)?;
    Archive::conclude(world, &problem, archive.as_ref())
}
