//! The tasks of a stage: what the root knows of them, and what every rank does with one.

use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{Record, Saved, TaskKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How a stage computes: [pending](Self::pending) tasks are named on the root, [made](Self::task)
/// one by one as ranks get free, [performed](Self::perform) on any rank, and their outcomes
/// [recorded](Self::record) by the root.
///
/// The value itself is there on every rank. What the root alone holds is in [`Pending`].
pub trait Computation: Sync {
    /// Which task. Small: the root holds the keys of all pending tasks at once.
    type Key;
    /// What the root makes tasks from besides their keys, such as all solutions.
    type Source;
    /// All that a rank needs to perform a task.
    type Task: Serialize + DeserializeOwned + Send;
    /// What a task comes to. Whoever has failed by itself is an outcome too.
    type Outcome: Serialize + DeserializeOwned + Send;

    /// The tasks without a result, the longest first. On the root.
    ///
    /// # Errors
    /// Why the stage cannot begin. All ranks then end with this message.
    fn pending(&self, directory: &RunDirectory)
    -> Result<Pending<Self::Key, Self::Source>, String>;

    /// A task as it is handed out. On the root.
    fn task(&self, key: &Self::Key, source: &Self::Source) -> Self::Task;

    /// Performs a task, from the state that it was suspended with if there is one. On any rank.
    fn perform(
        &self,
        task: &Self::Task,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome>;

    /// What a task goes on from that has no checkpoint. On the root.
    fn continued(&self, _key: &Self::Key, _directory: &RunDirectory) -> Option<Saved> {
        None
    }

    /// Stores what outlives a task that has ended, after so many seconds, before the journal has
    /// its outcome. On the root.
    ///
    /// # Errors
    /// Why it is not stored. The outcome is not lost by that.
    fn keep(
        &self,
        _key: &Self::Key,
        _directory: &mut RunDirectory,
        _seconds: f64,
        _outcome: &mut Self::Outcome,
    ) -> Result<(), String> {
        Ok(())
    }

    /// What the journal stores of a task: its outcome, or why it has none. On the root.
    fn record(
        &self,
        key: &Self::Key,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record;
}

/// The tasks of a stage that have no result, as the root knows them.
pub struct Pending<K, S = ()> {
    /// How many others have a result.
    pub done: usize,
    /// Those that have none.
    pub tasks: Vec<PendingTask<K>>,
    /// What tasks are made from besides their keys.
    pub source: S,
}

/// A task without a result.
pub struct PendingTask<K> {
    /// Which.
    pub key: K,
    /// Its name in messages and in the log.
    pub name: String,
    /// What it costs.
    pub planned: Planned,
    /// Its key among the checkpoints; `None` for one that is too short to be suspended.
    pub checkpoint: Option<TaskKey>,
}

impl<K> Pending<K> {
    /// Tasks that cost the same and are too short to be suspended, each with its name.
    pub fn alike(done: usize, tasks: impl IntoIterator<Item = (K, String)>) -> Self {
        let planned = Planned { kind: 0, work: 1.0, left: 1.0 };
        let task = |(key, name)| PendingTask { key, name, planned, checkpoint: None };
        Self { done, tasks: tasks.into_iter().map(task).collect(), source: () }
    }
}
