//! Training: SGD and L-BFGS with golden section search; Adam for the paths.

pub mod parameters;
pub mod run;

pub use parameters::{LbfgsParameters, Method, SgdParameters};
pub use run::{Snapshot, StopReason, TrainingRun};
