//! `lossatlas kpca`: kernel PCA and statistics, on rank 0.

use crate::archive::Archive;
use crate::cli;
use crate::failure::Failure;
use crate::session::Problem;
use lossatlas::parallel::World;
use lossatlas::store::Record;

pub fn run(world: &World, job: &cli::Job) -> Result<u8, Failure> {
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    stage(world, &problem, &mut archive)?;
    Archive::conclude(world, &problem, archive.as_ref())
}

