//! Training: SGD and L-BFGS with golden section search; the same L-BFGS as a way into the minima of
//! closed formulas; Adam for the paths.

pub mod adam;
pub mod golden_section;
pub mod lbfgs;
pub mod parameters;
pub mod relax;
pub mod run;
pub mod sgd;
mod train;

pub use parameters::{LbfgsParameters, Method, SgdParameters};
pub use relax::{MinimaSearch, RelaxParameters, RelaxStop, Relaxed, find_minima, relax};
pub use run::{Snapshot, StopReason, TrainingRun};
pub use train::{Trainer, Training, TrainingState, Visited, initial, train};
