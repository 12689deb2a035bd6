//! Low-loss paths between solutions.

pub mod parameters;
pub mod result;

pub use parameters::PathParameters;
pub use result::{PathResult, StopReason};
