//! Distribution of work over MPI ranks.
//!
//! No other module of the library calls MPI. All ranks run the same program, every rank calls the
//! same collective functions of [`World`] in the same order, and rank 0 alone reads the
//! configuration, hands out tasks and writes results.
//!
//! [`farm()`] distributes independent tasks. On every rank the main thread communicates and one
//! compute thread works, so n ranks compute n tasks at a time, rank 0 among them. The main threads
//! sleep between two polls of MPI. Polling takes a fraction of a percent of a core.
//!
//! # No rank is left waiting
//! | what fails | what happens |
//! |---|---|
//! | anything between two collectives, on some ranks | [`World::agree`] makes it an error on all |
//! | a task panics | its outcome is [`TaskFailure::Panicked`]; the farm goes on |
//! | a result is too large for one message, or unreadable | its outcome is [`TaskFailure::Message`]; the farm goes on |
//! | a callback of rank 0 fails or panics, or a task is too large for one message | the farm ends with an error on all ranks |
//! | the main thread of a rank panics outside a farm | dropping the [`World`] ends all ranks |
//! | MPI reports an error, a process dies or is killed | MPI ends all ranks |
//!
//! A task that neither ends nor calls [`Control::stop_requested`] cannot be stopped.

mod cadence;
mod compute;
mod control;
mod disagreement;
mod dispatcher;
mod farm;
mod interruption;
mod launcher;
mod mailbox;
mod message;
mod pace;
mod placement;
mod schedule;
mod worker;
mod world;

pub use cadence::{Cadence, REPORTS_PER_SECOND};
pub use control::Control;
pub use disagreement::{Disagreement, RankMessage};
pub use farm::{Event, FarmEnd, FarmError, TaskFailure, farm};
pub use interruption::{Cause, Interruption, Signals};
pub use launcher::{Launcher, Start};
pub use message::MessageError;
pub use placement::{Crowding, RankPlace};
pub use schedule::{Assignment, TaskSchedule};
pub use world::{World, WorldError, mpi_library_version};
