//! Results as tables to read at the terminal.

mod number;
pub mod summary;
mod table;

pub use summary::{BarrierRow, KernelPcaRow, LossRow, RunSummary, SpreadRow};
pub use table::table;
