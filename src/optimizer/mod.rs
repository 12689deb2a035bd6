//! Optimizers: SGD and L-BFGS with golden section search for training, the same L-BFGS for the
//! minima of analytic landscapes, and Adam for paths.

pub mod adam;
pub mod golden_section;
pub mod lbfgs;
pub mod minimize;
pub mod parameters;
pub mod run;
pub mod sgd;
mod train;

pub use minimize::{
    MinimaSearch, MinimizationParameters, MinimizationResult, MinimizationStop, find_minima,
    minimize,
};
pub use parameters::{LbfgsParameters, OptimizerName, SgdParameters};
pub use run::{Snapshot, TrainingRun, TrainingStop};
pub use train::{OptimizerParameters, Trainer, TrainingState, Visited, initial, train};
