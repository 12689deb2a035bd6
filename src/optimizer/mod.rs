//! Optimizers of networks, each a file in [`kinds`] and a line in [`OPTIMIZERS`]. The same L-BFGS
//! finds the minima of analytic landscapes, and Adam optimizes paths.
//!
//! All optimizers start run number n from the same θ₀. Those that take mini-batches see the same
//! ones in the same order if these are of the same size, because the order of the images depends
//! on seed, run and epoch only. So settings are compared on equal terms.

pub mod adam;
pub mod golden_section;
mod kind;
pub mod kinds;
pub mod lbfgs;
pub mod minimize;
mod name;
mod registry;
pub mod run;
pub mod schedule;
mod state;
pub mod stochastic;
mod train;

pub use kind::{Cost, OptimizerKind, OptimizerRun, Remedy};
pub use lbfgs::LbfgsParameters;
pub use minimize::{
    MinimaSearch, MinimizationParameters, MinimizationResult, MinimizationStop, find_minima,
    minimize,
};
pub use name::OptimizerName;
pub use registry::{ChosenOptimizer, OPTIMIZERS, optimizer_kind};
pub use run::{Snapshot, TrainingRun, TrainingStop};
pub use train::{Trainer, TrainingState, Visited, initial, train};
