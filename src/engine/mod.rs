//! The engine: stages of tasks, handed out to the ranks, stored as they finish.
//!
//! | module | |
//! |---|---|
//! | [`problem`] | the checked configuration with its data: what every stage starts from |
//! | [`stage`] | what a stage is; the list of all stages |
//! | [`runner`] | runs the tasks of a stage on all ranks, each result stored as it arrives |
//! | [`training`], [`imports`], [`minima`], [`paths`], [`kernel_pca`] | the stages |
//! | [`archive`], [`results`], [`overview`] | the run directory, and what a configuration makes of it |
//! | [`store`] | journal, checkpoints, `atlas.h5`, vectors in files |
//! | [`parallel`] | tasks → ranks, over MPI |
//! | [`plan`], [`memory`], [`capacity`] | work, time left, memory |
//! | [`sources`] | the files that a configuration names |
//! | [`console`], [`terminal`], [`log`], [`progress`] | terminal, `run.log`, progress |

#![allow(clippy::missing_errors_doc, reason = "a failure carries its message and its exit code")]

pub mod archive;
pub mod capacity;
pub mod console;
pub mod failure;
pub mod imports;
pub mod kernel_pca;
pub mod log;
pub mod memory;
pub mod minima;
pub mod overview;
pub mod parallel;
pub mod paths;
pub mod plan;
pub mod problem;
pub mod progress;
pub mod results;
pub mod resume;
pub mod runner;
pub mod sources;
pub mod stage;
pub mod store;
pub mod terminal;
pub mod training;
pub mod version;
