//! Runs the tasks of a stage on all ranks: each result is stored as it arrives, each running task is checkpointed
//! now and then.

use crate::config::RunConfig;
use crate::engine::archive::Archive;
use crate::engine::console::count;
use crate::engine::failure::{self, Failure};
use crate::engine::log;
use crate::engine::parallel::{
    Cause, Control, Event, FarmEnd, FarmError, Interruption, World, farm,
};
use crate::engine::plan::{Forecast, Planned};
use crate::engine::progress::Progress;
use crate::engine::resume::Ended;
use crate::engine::stage::Stage;
use crate::engine::store::{JournalError, Record, Saved, TaskKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Runs the tasks of a stage on all ranks.
pub struct Runner<'a> {
    /// The ranks.
    pub world: &'a World,
    /// The stage.
    pub stage: &'a dyn Stage,
    /// Retries and the time between two checkpoints.
    pub run: &'a RunConfig,
    /// Tells when to stop.
    pub interruption: &'a Interruption,
}

/// The tasks of a stage, as rank 0 knows them; empty on the other ranks.
pub struct Tasks {
    /// How many more have results from before.
    pub done: usize,
    /// What to call each.
    pub names: Vec<String>,
    /// What each costs.
    pub planned: Vec<Planned>,
    /// Under which each stores its state; empty where tasks are too short for that.
    pub keys: Vec<TaskKey>,
}

impl Tasks {
    /// Tasks that cost the same and are too short to be put down.
    pub fn alike(done: usize, names: Vec<String>) -> Self {
        let planned = vec![Planned { kind: 0, work: 1.0, left: 1.0 }; names.len()];
        Self { done, names, planned, keys: Vec::new() }
    }
}

impl Runner<'_> {
    /// Runs tasks on all ranks. Collective.
    ///
    /// `make` and `record` matter on rank 0: the one builds a task when it is handed out, the other turns
    /// its outcome and its duration into what is stored. `perform` goes on from the state that it is given,
    /// and returns one when it is asked to stop.
    pub fn run<T, R>(
        &self,
        archive: &mut Option<Archive>,
        tasks: Tasks,
        make: impl Fn(usize) -> T,
        perform: impl Fn(&T, Option<&[u8]>, &Control) -> Ended<R> + Sync,
        record: impl Fn(usize, f64, Result<R, String>) -> Record,
    ) -> Result<(), Failure>
    where
        T: Serialize + DeserializeOwned + Send,
        R: Serialize + DeserializeOwned + Send,
    {
        if self.world.broadcast(|| Ok::<_, String>(tasks.names.is_empty()))? {
            return Ok(());
        }
        let mut ledger = archive.as_mut().map(|archive| Ledger::new(self, archive, tasks, &record));
        let ended = self.rounds(&mut ledger, &make, &perform);
        if let Some(ledger) = ledger {
            ledger.progress.end();
        }
        ended
    }

    /// All tasks, then once more those that came to nothing, as often as configured.
    fn rounds<T, R>(
        &self,
        ledger: &mut Option<Ledger<R>>,
        make: &impl Fn(usize) -> T,
        perform: &(impl Fn(&T, Option<&[u8]>, &Control) -> Ended<R> + Sync),
    ) -> Result<(), Failure>
    where
        T: Serialize + DeserializeOwned + Send,
        R: Serialize + DeserializeOwned + Send,
    {
        for round in 0..=self.run.retries {
            let pending: Vec<usize> =
                ledger.iter().flat_map(|ledger| ledger.pending.iter().copied()).collect();
            if self.world.broadcast(|| Ok::<_, String>(pending.is_empty()))? {
                break;
            }
            self.round(ledger.as_mut(), &pending, round < self.run.retries, make, perform)?;
        }
        Ok(())
    }

    fn round<T, R>(
        &self,
        ledger: Option<&mut Ledger<R>>,
        pending: &[usize],
        may_retry: bool,
        make: &impl Fn(usize) -> T,
        perform: &(impl Fn(&T, Option<&[u8]>, &Control) -> Ended<R> + Sync),
    ) -> Result<(), Failure>
    where
        T: Serialize + DeserializeOwned + Send,
        R: Serialize + DeserializeOwned + Send,
    {
        // Both callbacks of rank 0 need it, one after the other.
        let ledger = RefCell::new(ledger);
        let make_with_state = |index: usize| {
            let state =
                ledger.borrow_mut().as_mut().and_then(|ledger| ledger.state(pending[index]));
            (make(pending[index]), state)
        };
        let on_event = |event| match ledger.borrow_mut().as_mut() {
            Some(ledger) => ledger.handle(event, pending, may_retry),
            None => Ok(()),
        };
        let work = |(task, state): &(T, Option<Vec<u8>>), control: &Control| {
            perform(task, state.as_deref(), control)
        };
        let told = Cell::new(false);
        let stop = || {
            let stop = self.interruption.cause().is_some();
            if stop && !told.replace(true) {
                log::stop_requested(self.stage.name(), &self.cause());
            }
            stop
        };
        let ended = farm(
            self.world,
            pending.len(),
            make_with_state,
            work,
            on_event,
            &stop,
            Some(self.run.checkpoint),
        );
        let ledger = ledger.into_inner();
        let stopped = match ended {
            Ok(end) => end == FarmEnd::Stopped,
            // The other ranks keep silent: rank 0 has the error that says why.
            Err(error @ (FarmError::Stopped | FarmError::Thread(_))) => {
                return Err(Failure::system(error));
            }
            // What is safe is another matter then, and the error says it.
            Err(error @ FarmError::Event(JournalError::Displaced { .. })) => {
                return Err(Failure::system(format!("{}: {error}", self.stage.name())));
            }
            Err(error) => {
                let name = self.stage.name();
                return Err(Failure::system(format!(
                    "{name}: {error}; what was finished is stored, and the same command continues"
                )));
            }
        };
        // A stop that came when everything was done is none.
        let stopped = ledger.and_then(|ledger| ledger.what_is_left().filter(|_| stopped));
        match self.world.broadcast(|| Ok::<_, String>(stopped))? {
            Some(message) => Err(Failure { code: failure::TRY_AGAIN, message }),
            None => Ok(()),
        }
    }

    /// What has put an end to the work, in words.
    fn cause(&self) -> String {
        match self.interruption.cause() {
            // `mpirun` turns the one into the other.
            Some(Cause::Signal("SIGINT" | "SIGTERM")) => "Ctrl-C or SIGTERM".to_owned(),
            Some(Cause::Signal(name)) => name.to_owned(),
            Some(Cause::TimeLimit(limit)) => {
                format!("the time limit of {}", humantime::format_duration(limit))
            }
            None => "a signal to another rank".to_owned(),
        }
    }
}

/// What rank 0 knows of a stage.
struct Ledger<'a, R> {
    runner: &'a Runner<'a>,
    archive: &'a mut Archive,
    progress: Progress,
    /// How many had results when the stage began.
    done: usize,
    names: Vec<String>,
    keys: Vec<TaskKey>,
    /// Tasks without a result.
    pending: BTreeSet<usize>,
    /// When each task that runs has begun, and the seconds it had taken before.
    running: BTreeMap<usize, (Instant, f64)>,
    record: &'a dyn Fn(usize, f64, Result<R, String>) -> Record,
    /// Why the last state was not stored, if it was not; said already.
    unsaved: Option<String>,
}

impl<'a, R> Ledger<'a, R> {
    fn new(
        runner: &'a Runner,
        archive: &'a mut Archive,
        tasks: Tasks,
        record: &'a dyn Fn(usize, f64, Result<R, String>) -> Record,
    ) -> Self {
        let Tasks { done, names, mut planned, keys } = tasks;
        for (planned, _) in
            planned.iter_mut().zip(&keys).filter(|(_, key)| archive.checkpoints.contains(key))
        {
            // How much is known when its state is read; on average it is half.
            planned.left = 0.5;
        }
        let forecast = Forecast::new(runner.world.size(), planned);
        let progress =
            Progress::new(runner.stage.name(), done, names.clone(), forecast, &archive.directory);
        log::stage_started(runner.stage.name(), names.len());
        let pending = (0..names.len()).collect();
        Self {
            runner,
            archive,
            progress,
            done,
            names,
            keys,
            pending,
            running: BTreeMap::new(),
            record,
            unsaved: None,
        }
    }

    /// What a task that is handed out goes on from.
    fn state(&mut self, task: usize) -> Option<Vec<u8>> {
        let saved = self.keys.get(task).map_or(Ok(None), |key| self.archive.checkpoints.load(key));
        let saved = saved.unwrap_or_else(|error| {
            self.progress.announce(&format!(
                "{}: {} starts over: {error}",
                self.runner.stage.name(),
                self.names[task]
            ));
            None
        });
        let before = saved.as_ref().map_or(0.0, |saved| saved.seconds);
        self.running.insert(task, (Instant::now(), before));
        saved.map(|saved| saved.state)
    }

    fn handle(
        &mut self,
        event: Event<Ended<R>>,
        pending: &[usize],
        may_retry: bool,
    ) -> Result<(), JournalError> {
        match event {
            Event::Started { task, rank } => {
                let task = pending[task];
                let before = self.running.get(&task).map_or(0.0, |(_, before)| *before);
                self.progress.start(task, rank, before);
                log::task_started(self.runner.stage.name(), &self.names[task], rank, before);
            }
            Event::Progress { task, fraction, loss, .. } => {
                self.progress.report(pending[task], fraction, loss);
            }
            Event::Checkpoint { task, state, .. } => {
                // Not only at the end of a task, which may be hours away.
                self.archive.check_place_here()?;
                let task = pending[task];
                let seconds = self
                    .running
                    .get(&task)
                    .map_or(0.0, |(since, before)| before + since.elapsed().as_secs_f64());
                self.save(task, Saved { seconds, state });
            }
            Event::Idle => self.progress.show(),
            Event::Finished { task, rank, seconds, outcome } => {
                let task = pending[task];
                let seconds =
                    seconds + self.running.remove(&task).map_or(0.0, |(_, before)| before);
                match outcome {
                    Ok(Ended::Finished(result)) => self.store(task, rank, seconds, Ok(result))?,
                    Ok(Ended::Suspended(state)) => {
                        self.progress.put_back(task);
                        if let Some(state) = state {
                            self.archive.check_place_here()?;
                            self.save(task, Saved { seconds, state });
                        }
                    }
                    Err(failure) if may_retry => {
                        let (stage, name) = (self.runner.stage.name(), &self.names[task]);
                        self.progress.announce(&format!(
                            "{stage}: {name} failed and will be tried again: {failure}"
                        ));
                        log::task_retried(stage, name, rank, &failure.to_string());
                        self.progress.put_back(task);
                    }
                    Err(failure) => self.store(task, rank, seconds, Err(failure.to_string()))?,
                }
            }
        }
        Ok(())
    }

    fn store(
        &mut self,
        task: usize,
        rank: usize,
        seconds: f64,
        result: Result<R, String>,
    ) -> Result<(), JournalError> {
        let record = (self.record)(task, seconds, result);
        let (failure, numbers) = (record.failure(), self.runner.stage.key_numbers(&record));
        self.archive.store(record)?;
        log::task_ended(
            self.runner.stage.name(),
            &self.names[task],
            rank,
            seconds,
            &numbers,
            failure.as_deref(),
        );
        self.pending.remove(&task);
        if let Some(key) = self.keys.get(task) {
            self.archive.checkpoints.forget(key)?;
        }
        self.progress.finish(task, seconds, failure.as_deref());
        Ok(())
    }

    /// A state that cannot be stored is no reason to lose what is being computed. Why is said once: on a full
    /// disk that of every task fails, again and again.
    fn save(&mut self, task: usize, saved: Saved) {
        let Some(key) = self.keys.get(task) else { return };
        let failure =
            self.archive.checkpoints.save(key.clone(), &saved).err().map(|error| error.to_string());
        if let Some(reason) = failure.as_ref().filter(|_| failure != self.unsaved) {
            let (stage, name) = (self.runner.stage.name(), &self.names[task]);
            let line = format!(
                "{stage}: the state of {name} is not stored, the run goes on: {reason}; not said again until one is"
            );
            self.progress.announce(&line);
            log::state_not_stored(stage, name, reason);
        }
        if failure.is_none() {
            log::state_stored(
                self.runner.stage.name(),
                &self.names[task],
                saved.seconds,
                saved.state.len(),
            );
        }
        self.unsaved = failure;
    }

    /// Says what is left after something has put an end to the work.
    fn what_is_left(&self) -> Option<String> {
        if self.pending.is_empty() {
            return None;
        }
        let stored = self.pending.iter().filter(|&&task| {
            self.keys.get(task).is_some_and(|key| self.archive.checkpoints.contains(key))
        });
        let (cause, stage, total) = (
            self.runner.cause(),
            self.runner.stage.name(),
            count(self.done + self.names.len(), "task"),
        );
        let (left, stored, directory) =
            (self.pending.len(), stored.count(), self.archive.directory.display());
        Some(format!(
            "stopped by {cause}: {stage}: {left} of {total} left, {stored} of them begun and stored in {directory}; \
             run the same command again to continue"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::parallel::Signals;
    use crate::engine::results::Results;
    use crate::engine::stage::{Context, Counts};
    use crate::optimizer::Method;
    use crate::solutions::SolutionSet;
    use std::fs;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// Its tasks are those of the test.
    struct Test;

    impl Stage for Test {
        fn name(&self) -> &'static str {
            "test"
        }

        fn command(&self) -> &'static str {
            "test"
        }

        fn applies(&self, _: &Config) -> bool {
            true
        }

        fn needs_solutions(&self) -> bool {
            false
        }

        fn run(&self, _: &Context, _: &mut Option<Archive>) -> Result<(), Failure> {
            Ok(())
        }

        fn counts(&self, _: &Results, _: &[SolutionSet]) -> Counts {
            Counts::default()
        }
    }

    /// Task 0 panics always, task 1 the first time, task 2 fails by itself. What is stored of them, how
    /// often each was performed.
    fn outcomes(world: &World, retries: usize) -> (Vec<String>, [u32; 3]) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let run = RunConfig { threads_per_rank: 1, checkpoint: Duration::from_mins(1), retries };
        let interruption = Interruption::watch(Signals::default(), None, 1);
        let mut archive = Some(Archive::scratch(directory.path()));
        let performed = [const { AtomicU32::new(0) }; 3];
        let names = (0..3).map(|task| format!("task {task}")).collect();
        let tasks = Tasks::alike(0, names);
        let perform = |&task: &usize, _: Option<&[u8]>, _: &Control| {
            let before = performed[task].fetch_add(1, Ordering::Relaxed);
            assert!(task == 2 || (task == 1 && before > 0), "deliberate panic");
            Ended::Finished(if task == 2 { Err("no such path".to_owned()) } else { Ok(()) })
        };
        let record = |task: usize, seconds, outcome: Result<Result<(), String>, String>| {
            let reason = outcome.flatten().err().unwrap_or_else(|| "done".to_owned());
            Record::Training {
                method: Method::Sgd,
                initialization: task as u32,
                seconds,
                outcome: Err(reason),
            }
        };
        let runner = Runner { world, stage: &Test, run: &run, interruption: &interruption };
        runner
            .run(&mut archive, tasks, |task| task, perform, record)
            .expect("failed tasks are no failure of the stage");
        let contents = archive.expect("rank 0").contents;
        let stored = |(_, outcome): (u32, &crate::engine::store::Outcome<_>)| {
            outcome.result.clone().err().unwrap_or_default()
        };
        (
            contents.trainings(Method::Sgd).map(stored).collect(),
            performed.map(AtomicU32::into_inner),
        )
    }

    /// The directory is moved and another one has its name when a task is suspended.
    #[test]
    fn a_suspended_task_is_not_saved_in_a_foreign_directory() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let [before, after] = ["before", "after"].map(|name| root.path().join(name));
        let world = World::alone();
        let run = RunConfig { threads_per_rank: 1, checkpoint: Duration::from_mins(1), retries: 0 };
        let interruption = Interruption::watch(Signals::default(), None, 1);
        let mut archive = Some(Archive::scratch(&before));
        let key = TaskKey::Training { method: Method::Sgd, initialization: 0 };
        let tasks = Tasks { keys: vec![key], ..Tasks::alike(0, vec!["task".to_owned()]) };
        let is_moved = AtomicU32::new(0);
        let perform = |&(): &(), _: Option<&[u8]>, _: &Control| {
            if is_moved.fetch_add(1, Ordering::Relaxed) > 0 {
                return Ended::Finished(());
            }
            fs::rename(&before, &after).expect("a directory of this test");
            fs::create_dir(&before).expect("a directory of this test");
            Ended::Suspended(Some(vec![1]))
        };
        let record = |_: usize, seconds, _: Result<(), String>| {
            let outcome = Err("not reached".to_owned());
            Record::Training { method: Method::Sgd, initialization: 0, seconds, outcome }
        };
        let runner = Runner { world: &world, stage: &Test, run: &run, interruption: &interruption };
        let ended = runner.run(&mut archive, tasks, |_| (), perform, record);
        assert!(ended.is_err(), "the directory was moved");
        let foreign = before.join("in-flight.checkpoints");
        assert!(!foreign.exists(), "{} is in a foreign directory", foreign.display());
    }

    #[test]
    fn what_panicked_is_tried_again_as_configured_and_what_failed_by_itself_is_not() {
        let world = World::alone();
        let panicked = "panicked: deliberate panic".to_owned();
        let failed = "no such path".to_owned();
        assert_eq!(
            outcomes(&world, 0),
            (vec![panicked.clone(), panicked.clone(), failed.clone()], [1, 1, 1])
        );
        assert_eq!(outcomes(&world, 1), (vec![panicked, "done".to_owned(), failed], [2, 2, 1]));
    }
}
