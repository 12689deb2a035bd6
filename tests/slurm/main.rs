//! The scripts of `slurm/` on a real Slurm.

#[path = "../program/atlas.rs"]
#[expect(dead_code, reason = "shared with the tests of the program")]
mod atlas;
mod cluster;
mod job;
mod jobs;
#[path = "../support/python.rs"]
mod python;
#[path = "../support/mod.rs"]
mod support;
