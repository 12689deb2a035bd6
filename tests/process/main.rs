//! Landscapes that another program computes, with processes that misbehave in every way.
//!
//! Every start has a time-out, so a hang is a failure.

mod alive;
mod curvature;
mod failures;
#[path = "../support/python.rs"]
mod python;
mod refinement;
mod refusals;
mod solutions;
mod study;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that start other programs")]
mod support;
