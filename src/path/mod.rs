//! Low-loss paths between solutions.

pub mod parameters;
pub mod result;
pub mod set;

pub use parameters::PathParameters;
pub use result::{PathResult, StopReason};
pub use set::PathSet;
