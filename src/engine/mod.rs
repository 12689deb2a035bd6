//! The engine: stages of tasks, distributed over the ranks. Each result is stored when it arrives.
//!
//! | module | |
//! |---|---|
//! | [`problem`] | the checked configuration with its data: what every stage starts from |
//! | [`stage`] | what a stage is |
//! | [`stages`] | the list of all stages; each in its folder |
//! | [`task`] | the tasks of a stage: what the root and what every rank does with them |
//! | [`runner`] | runs the tasks of a stage on all ranks, each result stored as it arrives |
//! | [`deaths`] | tasks that have ended by the death of a process |
//! | [`rank`] | the root with its run directory, and the workers |
//! | [`run_directory`], [`results`], [`overview`] | the run directory, and what a configuration makes of it |
//! | [`change`] | what another configuration does to the results of a run directory |
//! | [`curves`], [`curve_forecast`], [`path_points`] | the curves of paths that a run directory keeps |
//! | [`listed_pairs`], [`initial_curves`] | what `paths.list` and `paths.start` name |
//! | [`spanning`] | the rounds of `paths.pairs = "spanning"` |
//! | [`assembly`], [`summary`], [`longer_paths`] | from results to `atlas.h5`, and to the terminal |
//! | [`stored`], [`status`], [`watch`], [`report`] | a run directory that is only read: its state, once or as it goes on, its report |
//! | [`landscape`] | the landscape of `[landscape]`: analytic, or a process |
//! | [`evaluation`] | losses, accuracies and gradients of given vectors |
//! | [`store`] | journal, checkpoints, `atlas.h5`, vectors in files |
//! | [`parallel`] | tasks → ranks, over MPI |
//! | [`mod@format`] | the page that documents the files of a run directory |
//! | [`plan`], [`memory`], [`capacity`] | work, time left, memory |
//! | [`sources`] | the files that a configuration names |
//! | [`console`], [`terminal`], [`log`], [`log_tail`], [`progress`] | terminal, `run.log`, progress |

#![allow(clippy::missing_errors_doc, reason = "a failure carries its message and its exit code")]

pub mod assembly;
pub mod capacity;
pub mod change;
pub mod console;
pub mod curve_forecast;
pub mod curves;
pub mod deaths;
pub mod evaluation;
pub mod failure;
pub mod format;
pub mod initial_curves;
pub mod landscape;
pub mod listed_pairs;
pub mod log;
pub mod log_tail;
pub mod longer_paths;
pub mod memory;
pub mod overview;
pub mod parallel;
pub mod path_points;
pub mod plan;
pub mod problem;
pub mod progress;
pub mod rank;
pub mod report;
pub mod results;
pub mod resume;
pub mod run_directory;
pub mod runner;
pub mod sources;
pub mod spanning;
pub mod stage;
pub mod stages;
pub mod status;
pub mod store;
pub mod stored;
pub mod summary;
pub mod task;
pub mod terminal;
pub mod version;
pub mod watch;
