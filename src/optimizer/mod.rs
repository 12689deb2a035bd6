//! Training: SGD and L-BFGS with golden section search; Adam for the paths.

pub mod adam;
pub mod golden_section;
pub mod lbfgs;
pub mod parameters;
pub mod run;
pub mod sgd;
mod train;

pub use parameters::{LbfgsParameters, Method, SgdParameters};
pub use run::{Snapshot, StopReason, TrainingRun};
pub use train::{Training, Watch, train};
