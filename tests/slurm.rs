//! The scripts of `slurm/` on a real Slurm.

#[path = "program/atlas.rs"]
mod atlas;
#[path = "slurm/cluster.rs"]
mod cluster;
#[path = "slurm/job.rs"]
mod job;
#[path = "slurm/jobs.rs"]
mod jobs;
#[path = "support/python.rs"]
mod python;
#[path = "support/mod.rs"]
mod support;
