//! The tasks of a stage: how the root lists them, and how a rank performs them.

use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{Record, Saved, TaskKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The computation of a stage. The root lists the [pending](Self::pending) tasks and
/// [builds](Self::task) each when a rank is free. Any rank [performs](Self::perform) it, and the
/// root [records](Self::record) the outcome.
///
/// The value exists on every rank. Data that only the root has are in [`Pending`].
pub trait Computation: Sync {
    /// Identifies a task. It must be small: the root has the keys of all pending tasks in memory.
    type Key;
    /// The data from which the root builds tasks, such as all solutions.
    type Source;
    /// A task as it is sent to a rank.
    type Task: Serialize + DeserializeOwned + Send;
    /// The outcome of a task. A failure that the task reports itself is an outcome, too.
    type Outcome: Serialize + DeserializeOwned + Send;

    /// The tasks without a result, the longest first. On the root.
    ///
    /// # Errors
    /// Why the stage cannot begin. All ranks then end with this message.
    fn pending(&self, directory: &RunDirectory)
    -> Result<Pending<Self::Key, Self::Source>, String>;

    /// Builds a task that is handed out. On the root.
    fn task(&self, key: &Self::Key, source: &Self::Source) -> Self::Task;

    /// Performs a task, from the state of its suspension if there is one. On any rank.
    fn perform(
        &self,
        task: &Self::Task,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome>;

    /// The state from which a task without a checkpoint continues. On the root.
    fn continued(&self, _key: &Self::Key, _directory: &RunDirectory) -> Option<Saved> {
        None
    }

    /// Stores files of a task that has ended after `seconds`, before its outcome goes to the
    /// journal. On the root.
    ///
    /// # Errors
    /// Why they were not stored. The outcome is stored all the same.
    fn keep(
        &self,
        _key: &Self::Key,
        _directory: &mut RunDirectory,
        _seconds: f64,
        _outcome: &mut Self::Outcome,
    ) -> Result<(), String> {
        Ok(())
    }

    /// The record of a task: its outcome, or why it has none. On the root.
    fn record(
        &self,
        key: &Self::Key,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record;
}

/// The tasks of a stage without a result, on the root.
pub struct Pending<K, S = ()> {
    /// Number of tasks with a result.
    pub done: usize,
    /// The tasks without a result.
    pub tasks: Vec<PendingTask<K>>,
    /// The data from which tasks are built.
    pub source: S,
}

/// A task without a result.
pub struct PendingTask<K> {
    /// Identifies it.
    pub key: K,
    /// Its name in messages and in the log.
    pub name: String,
    /// Its expected cost.
    pub planned: Planned,
    /// The key of its checkpoint. `None` for a task that is too short to be suspended.
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
