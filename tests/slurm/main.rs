//! The scripts of `slurm/` on a real Slurm.

#[path = "../program/atlas.rs"]
mod atlas;
mod cluster;
mod job;
mod jobs;
#[path = "../support/python.rs"]
mod python;
#[path = "../support/mod.rs"]
mod support;
