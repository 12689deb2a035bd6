//! Independent tasks on all ranks.

use super::cadence::Cadence;
use super::compute::{self, Finished};
use super::control::Control;
use super::disagreement::Disagreement;
use super::dispatcher::Dispatcher;
use super::message::{MessageError, ReceivedMessage, Reply, encode_with};
use super::worker;
use super::world::World;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// An event on rank 0 while the farm runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<R> {
    /// A task has been handed out. The first event of its task.
    Started {
        /// Its number.
        task: usize,
        /// Where it runs.
        rank: usize,
    },
    /// The latest [report](Control::report) of a running task: about once a second, less often on
    /// more than 500 ranks.
    Progress {
        /// Its number.
        task: usize,
        /// Where it runs.
        rank: usize,
        /// The fraction that is done, 0 to 1.
        fraction: f64,
        /// The current loss.
        loss: f64,
    },
    /// A running task has [handed in](Control::save) its state.
    Checkpoint {
        /// Its number.
        task: usize,
        /// Where it runs.
        rank: usize,
        /// The state to resume it from.
        state: Vec<u8>,
    },
    /// A task has ended. The last event of its task, and the only one of its kind.
    Finished {
        /// Its number.
        task: usize,
        /// Where it ran.
        rank: usize,
        /// How long it ran, in s, without the transfer to its rank and back.
        seconds: f64,
        /// The value of the work function, or why there is none.
        outcome: Result<R, TaskFailure>,
    },
    /// About 200 ms have passed since the last one: time to redraw a progress bar or look at a
    /// clock.
    Idle,
}

/// Why a task has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TaskFailure {
    /// The work function panicked with this message.
    #[error("panicked: {0}")]
    Panicked(String),
    /// The task or its result could not travel between the ranks.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// How a farm ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarmEnd {
    /// All tasks have run.
    Completed,
    /// A stop was requested: some tasks were not handed out or were interrupted.
    Stopped,
}

/// Why a farm ended early.
#[derive(Debug, thiserror::Error)]
pub enum FarmError<E> {
    /// `on_event` returned this error. On rank 0.
    #[error("{0}")]
    Event(E),
    /// A callback of rank 0 panicked. On rank 0.
    #[error("{callback} panicked: {message}")]
    Panicked {
        /// `"make"` or `"on_event"`.
        callback: &'static str,
        /// The text of the panic.
        message: String,
    },
    /// A task could not be sent to its rank. On rank 0.
    #[error("task {task} cannot be sent to rank {rank}: {reason}")]
    Task {
        /// Its number.
        task: usize,
        /// The rank that was to run it.
        rank: usize,
        /// Why it could not be sent.
        reason: MessageError,
    },
    /// A rank could not start its compute thread. On every rank.
    #[error("no thread to compute in: {0}")]
    Thread(Disagreement),
    /// Rank 0 failed and reports the reason. On the other ranks.
    #[error("stopped because rank 0 failed")]
    Stopped,
}

/// Runs tasks 0 to `count − 1` on all ranks, each once. Collective.
///
/// Rank 0 hands them out in this order, one at a time, to the next free rank (see
/// [`TaskSchedule`](super::TaskSchedule)). So the longest tasks should come first. Three of the arguments
/// matter on rank 0 only; the other ranks may pass any value:
/// - `count`: the number of tasks.
/// - `make` builds a task when it is handed out, up to 2 GiB in the encoding of postcard.
/// - `on_event` receives all events in the order in which they happen on rank 0. No rank gets a
///   task while it or `make` runs, so it should return soon.
///
/// Two matter on every rank:
/// - `stop`: once it is true on any rank (set by a signal handler, a clock, or `on_event`), no more
///   tasks are handed out, and [`Control::stop_requested`] becomes true on all ranks. The farm
///   waits for the running tasks and delivers their results as usual.
/// - `save_every`: the time after which [`Control::save_due`] asks a task for its state, which
///   becomes an [`Event::Checkpoint`]. The first time is earlier, by a fraction that differs from
///   rank to rank. `None`: no checkpoints.
///
/// `work` performs a task in the compute thread of its rank. Its result must depend on its
/// arguments only, so that results depend neither on the number of ranks nor on the order. A panic,
/// or a result above 2 GiB that must be sent, becomes the failure of that task.
///
/// With a single rank there are no messages, and tasks and results are never encoded.
///
/// # Errors
/// On rank 0, if `on_event` fails, a callback panics, or a task cannot be encoded. The farm then
/// hands out no more tasks, asks the running ones to stop and drops their results. It does not call
/// `on_event` again, and the other ranks return [`FarmError::Stopped`]. On all ranks, if a rank
/// cannot start its compute thread.
pub fn farm<T, R, E>(
    world: &World,
    count: usize,
    mut make: impl FnMut(usize) -> T,
    work: impl Fn(&T, &Control) -> R + Sync,
    mut on_event: impl FnMut(Event<R>) -> Result<(), E>,
    stop: &dyn Fn() -> bool,
    save_every: Option<Duration>,
) -> Result<FarmEnd, FarmError<E>>
where
    T: Serialize + DeserializeOwned + Send,
    R: Serialize + DeserializeOwned + Send,
{
    let control = Control::with(Cadence::new(world.rank(), world.size(), save_every));
    let (work, control) = (&work, &control);
    if world.is_root() {
        let (tasks, assigned) = channel();
        let (finished, outcomes) = channel::<Finished<R>>();
        thread::scope(|scope| {
            let spawned = compute::spawn(scope, control, assigned, finished, |task: T| {
                Ok(work(&task, control))
            });
            world.agree(spawned).map_err(FarmError::Thread)?;
            Dispatcher::new(world, count, control, tasks, &mut make, &mut on_event)
                .run(&outcomes, stop)
        })
    } else {
        let (tasks, assigned) = channel();
        let (finished, outcomes) = channel();
        thread::scope(|scope| {
            let spawned = compute::spawn(scope, control, assigned, finished, |task| {
                perform_parcel(&task, control, work)
            });
            world.agree(spawned).map_err(FarmError::Thread)?;
            worker::serve(world, control, tasks, &outcomes, stop).ok_or(FarmError::Stopped)
        })
    }
}

/// Performs a received task and encodes the message with its result. The compute thread decodes and
/// encodes, so that the main thread only moves bytes.
fn perform_parcel<T: DeserializeOwned, R: Serialize>(
    parcel: &ReceivedMessage,
    control: &Control,
    work: impl Fn(&T, &Control) -> R,
) -> Result<Vec<u8>, TaskFailure> {
    let task = parcel.value()?;
    let start = Instant::now();
    let result = work(&task, control);
    let seconds = start.elapsed().as_secs_f64();
    Ok(encode_with(&Reply::Finished { seconds }, &result)?)
}
