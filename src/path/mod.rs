//! Low-loss paths between solutions.

pub mod finder;
pub mod fourier;
pub mod parameters;
pub mod result;
pub mod set;

pub use finder::{PathError, find_path, find_path_for};
pub use fourier::{FourierPath, Grid};
pub use parameters::{Objective, PathParameters};
pub use result::{PathResult, StopReason};
pub use set::PathSet;
