//! Low-loss paths between solutions.

pub mod batches;
pub mod finder;
pub mod fourier;
pub mod parameters;
pub mod result;
pub mod search;
pub mod set;
pub mod track;

pub use batches::Batches;
pub use finder::{Found, PathError, find_path, find_path_for};
pub use fourier::{FourierPath, Grid};
pub use parameters::{Objective, PathParameters};
pub use result::{PathResult, StopReason};
pub use search::{PathSearch, PathState};
pub use set::PathSet;
pub use track::Track;
