//! Runs the tasks of a stage on all ranks. Each result is stored when it arrives, and running tasks
//! are checkpointed at regular intervals.

use crate::config::RunConfig;
use crate::engine::console::count;
use crate::engine::deaths::{Death, Deaths};
use crate::engine::failure::{self, Failure};
use crate::engine::log;
use crate::engine::parallel::{
    Cause, Control, Event, FarmEnd, FarmError, Interruption, World, farm,
};
use crate::engine::plan::{Forecast, LaterWork};
use crate::engine::progress::Progress;
use crate::engine::rank::Rank;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::Stage;
use crate::engine::store::{JournalError, Saved, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::landscape::Process;
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
    /// Stops the run at a signal or a time limit.
    pub interruption: &'a Interruption,
    /// The process that computes the landscape, if there is one.
    pub process: Option<&'a Process>,
    /// The work of the stages after this one; on the root.
    pub later: LaterWork,
}

impl Runner<'_> {
    /// Runs the pending tasks of a computation on all ranks. Collective.
    pub fn run<C: Computation>(&self, rank: &mut Rank, computation: &C) -> Result<(), Failure> {
        let pending = rank.root().map(|directory| computation.pending(directory)).transpose();
        let pending = self.world.agree(pending)?;
        let none =
            || Ok::<_, String>(pending.as_ref().is_none_or(|pending| pending.tasks.is_empty()));
        if self.world.broadcast(none)? {
            return Ok(());
        }
        let mut ledger = match (rank, pending) {
            (Rank::Root(directory), Some(pending)) => {
                Some(Ledger::new(self, directory, pending, computation))
            }
            _ => None,
        };
        let ended = self.rounds(&mut ledger, computation);
        if let Some(ledger) = ledger {
            ledger.progress.end();
        }
        ended
    }

    /// Runs all tasks, then repeats those that failed, as often as configured.
    fn rounds<C: Computation>(
        &self,
        ledger: &mut Option<Ledger<C>>,
        computation: &C,
    ) -> Result<(), Failure> {
        for round in 0..=self.run.retries {
            let pending: Vec<usize> =
                ledger.iter().flat_map(|ledger| ledger.pending.iter().copied()).collect();
            if self.world.broadcast(|| Ok::<_, String>(pending.is_empty()))? {
                break;
            }
            self.round(ledger.as_mut(), &pending, round < self.run.retries, computation)?;
        }
        Ok(())
    }

    fn round<C: Computation>(
        &self,
        ledger: Option<&mut Ledger<C>>,
        pending: &[usize],
        may_retry: bool,
        computation: &C,
    ) -> Result<(), Failure> {
        // Both callbacks of rank 0 borrow it, one after the other.
        let ledger = RefCell::new(ledger);
        let make = |index: usize| {
            let mut ledger = ledger.borrow_mut();
            let ledger = ledger.as_mut().expect("tasks are made on the root");
            (ledger.make(pending[index]), ledger.state(pending[index]))
        };
        let on_event = |event| match ledger.borrow_mut().as_mut() {
            Some(ledger) => ledger.handle(event, pending, may_retry),
            None => Ok(()),
        };
        let process = self.process;
        let work = |(task, state): &(C::Task, Option<Vec<u8>>), control: &Control| {
            watched(process, || computation.perform(task, state.as_deref(), control))
        };
        let logged = Cell::new(false);
        let deadly = || ledger.borrow().as_ref().and_then(|ledger| ledger.deaths.verdict());
        let stop = || {
            let stop = self.interruption.cause().is_some();
            if deadly().is_some() {
                return true;
            }
            if stop && !logged.replace(true) {
                log::stop_requested(self.stage.name(), &self.cause());
            }
            stop
        };
        let ended =
            farm(self.world, pending.len(), make, work, on_event, &stop, Some(self.run.checkpoint));
        let verdict = deadly();
        let ledger = ledger.into_inner();
        let stopped = match ended {
            Ok(end) => end == FarmEnd::Stopped,
            // The other ranks stay silent: rank 0 reports the reason.
            Err(error @ (FarmError::Stopped | FarmError::Thread(_))) => {
                return Err(Failure::system(error));
            }
            // This error has its own text about which results are safe.
            Err(error @ FarmError::Event(JournalError::Displaced { .. })) => {
                return Err(Failure::system(format!("{}: {error}", self.stage.name())));
            }
            Err(error) => {
                let name = self.stage.name();
                return Err(Failure::system(format!(
                    "{name}: {error}; all finished results are stored: rerun the command to resume"
                )));
            }
        };
        let concluded = self.conclude(ledger, stopped, verdict);
        match self.world.broadcast(|| Ok::<_, String>(concluded))? {
            Some((code, message)) => Err(Failure { code, message }),
            None => Ok(()),
        }
    }

    /// The failure with its exit code if the stage ended early. On the root.
    fn conclude<C: Computation>(
        &self,
        ledger: Option<&mut Ledger<C>>,
        stopped: bool,
        verdict: Option<String>,
    ) -> Option<(u8, String)> {
        let ledger = ledger?;
        let name = self.stage.name();
        // A signal that stops this program may have killed the processes, too.
        let signaled = self.interruption.cause().is_some();
        if let Some(verdict) = verdict.filter(|_| !signaled) {
            let directory = ledger.directory.directory.display();
            let message = format!(
                "{name}: {verdict}; all finished results are stored in {directory}: once the \
                 process works, rerun the command to resume"
            );
            return Some((failure::SYSTEM, message));
        }
        if !stopped && let Err(error) = ledger.store_deaths() {
            return Some((failure::SYSTEM, format!("{name}: {error}")));
        }
        // A stop after the last task has no effect.
        let left = ledger.what_is_left().filter(|_| stopped)?;
        Some((failure::TRY_AGAIN, left))
    }

    /// The cause of the stop, in words.
    fn cause(&self) -> String {
        match self.interruption.cause() {
            // `mpirun` turns SIGINT into SIGTERM.
            Some(Cause::Signal("SIGINT" | "SIGTERM")) => "Ctrl-C or SIGTERM".to_owned(),
            Some(Cause::Signal(name)) => name.to_owned(),
            Some(Cause::TimeLimit(limit)) => {
                format!("the time limit of {}", humantime::format_duration(limit))
            }
            None => "a signal to another rank".to_owned(),
        }
    }
}

/// Performs a task. If the process of its landscape fails, the task fails, whatever it returns: an
/// evaluation can only report an interruption.
fn watched<R>(process: Option<&Process>, perform: impl FnOnce() -> Ended<R>) -> Ended<R> {
    process.map(Process::take_failure);
    let ended = perform();
    match process.and_then(Process::take_failure) {
        Some(failure) => Ended::Failed { reason: failure.message, died: failure.died },
        None => ended,
    }
}

/// The root's knowledge of the running stage.
struct Ledger<'a, C: Computation> {
    runner: &'a Runner<'a>,
    computation: &'a C,
    directory: &'a mut RunDirectory,
    progress: Progress,
    /// Number of tasks with results when the stage began.
    done: usize,
    tasks: Vec<KnownTask<C::Key>>,
    source: C::Source,
    /// Tasks without a result.
    pending: BTreeSet<usize>,
    /// Start of each running task, and the seconds it had taken before.
    running: BTreeMap<usize, (Instant, f64)>,
    /// Why the last state was not stored, if this has been reported.
    unsaved: Option<String>,
    /// The tasks whose process died.
    deaths: Deaths,
}

/// A task.
struct KnownTask<K> {
    key: K,
    name: String,
    checkpoint: Option<TaskKey>,
}

impl<'a, C: Computation> Ledger<'a, C> {
    fn new(
        runner: &'a Runner,
        directory: &'a mut RunDirectory,
        pending: Pending<C::Key, C::Source>,
        computation: &'a C,
    ) -> Self {
        let Pending { done, tasks, source } = pending;
        let (mut all, mut planned) = (Vec::new(), Vec::new());
        for PendingTask { key, name, planned: mut plan, checkpoint } in tasks {
            let checkpoint = checkpoint.map(|key| directory.checkpoint_key(key));
            if checkpoint.as_ref().is_some_and(|key| directory.checkpoints.contains(key)) {
                // How much is done is known only when the state is read. The average is half.
                plan.left = 0.5;
            }
            planned.push(plan);
            all.push(KnownTask { key, name, checkpoint });
        }
        let forecast = Forecast::new(runner.world.size(), planned);
        let names = all.iter().map(|task| task.name.clone()).collect();
        let later = runner.later.clone();
        let progress = Progress::new(
            runner.stage.name(),
            done,
            names,
            (forecast, later),
            &directory.directory,
        );
        log::stage_started(runner.stage.name(), all.len());
        Self {
            runner,
            computation,
            directory,
            progress,
            done,
            pending: (0..all.len()).collect(),
            tasks: all,
            source,
            running: BTreeMap::new(),
            unsaved: None,
            deaths: Deaths::default(),
        }
    }

    /// Builds a task that is handed out.
    fn make(&self, task: usize) -> C::Task {
        self.computation.task(&self.tasks[task].key, &self.source)
    }

    /// The state that a task resumes from.
    fn state(&mut self, task: usize) -> Option<Vec<u8>> {
        let saved = self.tasks[task]
            .checkpoint
            .as_ref()
            .map_or(Ok(None), |key| self.directory.checkpoints.load(key));
        let saved = saved.unwrap_or_else(|error| {
            self.progress.announce(&format!(
                "{}: {} starts over: {error}",
                self.runner.stage.name(),
                self.tasks[task].name
            ));
            None
        });
        let saved =
            saved.or_else(|| self.computation.continued(&self.tasks[task].key, self.directory));
        let before = saved.as_ref().map_or(0.0, |saved| saved.seconds);
        self.running.insert(task, (Instant::now(), before));
        saved.map(|saved| saved.state)
    }

    fn handle(
        &mut self,
        event: Event<Ended<C::Outcome>>,
        pending: &[usize],
        may_retry: bool,
    ) -> Result<(), JournalError> {
        match event {
            Event::Started { task, rank } => {
                let task = pending[task];
                let before = self.running.get(&task).map_or(0.0, |(_, before)| *before);
                self.progress.start(task, rank, before);
                log::task_started(self.runner.stage.name(), &self.tasks[task].name, rank, before);
            }
            Event::Progress { task, fraction, loss, .. } => {
                self.progress.report(pending[task], fraction, loss);
            }
            Event::Checkpoint { task, state, .. } => {
                // The end of a task may be hours away.
                self.directory.check_place()?;
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
                    Ok(Ended::Finished(result)) => {
                        self.store_deaths()?;
                        self.store(task, rank, seconds, Ok(result))?;
                    }
                    Ok(Ended::Failed { reason, died }) => {
                        self.failed(Death { task, rank, seconds, reason }, died, may_retry)?;
                    }
                    Ok(Ended::Suspended(state)) => {
                        self.progress.put_back(task);
                        if let Some(state) = state {
                            self.directory.check_place()?;
                            self.save(task, Saved { seconds, state });
                        }
                    }
                    Err(failure) if may_retry => self.retry(task, rank, &failure.to_string()),
                    Err(failure) => self.store(task, rank, seconds, Err(failure.to_string()))?,
                }
            }
        }
        Ok(())
    }

    /// Records that a task will be retried.
    fn retry(&mut self, task: usize, rank: usize, reason: &str) {
        let (stage, name) = (self.runner.stage.name(), &self.tasks[task].name);
        let line = format!("{stage}: {name} failed and will be retried: {reason}");
        self.progress.announce(&line);
        log::task_retried(stage, name, rank, reason);
        self.progress.put_back(task);
    }

    /// Records a task whose process failed. If the process died, the fault may lie with the process
    /// and not with the task. The task is then held until another task ends, which shows that the
    /// process works.
    fn failed(&mut self, death: Death, died: bool, may_retry: bool) -> Result<(), JournalError> {
        if !died {
            self.store_deaths()?;
        }
        if may_retry {
            self.retry(death.task, death.rank, &death.reason);
        }
        if died {
            if !may_retry {
                let (stage, name) = (self.runner.stage.name(), &self.tasks[death.task].name);
                self.progress.announce(&format!("{stage}: {name}: {}", death.reason));
                self.progress.put_back(death.task);
            }
            self.deaths.add(death, !may_retry);
            return Ok(());
        }
        if may_retry {
            return Ok(());
        }
        self.store(death.task, death.rank, death.seconds, Err(death.reason))
    }

    /// The process works, so the tasks on which it died have failed.
    fn store_deaths(&mut self) -> Result<(), JournalError> {
        for Death { task, rank, seconds, reason } in self.deaths.clear() {
            self.store(task, rank, seconds, Err(reason))?;
        }
        Ok(())
    }

    fn store(
        &mut self,
        task: usize,
        rank: usize,
        seconds: f64,
        result: Result<C::Outcome, String>,
    ) -> Result<(), JournalError> {
        let mut result = result;
        if let Ok(outcome) = &mut result {
            let key = &self.tasks[task].key;
            if let Err(reason) = self.computation.keep(key, self.directory, seconds, outcome) {
                let (stage, name) = (self.runner.stage.name(), &self.tasks[task].name);
                let line = format!("{stage}: the files of {name} are not kept: {reason}");
                self.progress.announce(&line);
                log::state_not_stored(stage, name, &reason);
            }
        }
        let record = self.computation.record(&self.tasks[task].key, seconds, result);
        let (failure, numbers) = (record.failure(), self.runner.stage.key_numbers(&record));
        self.directory.store(record)?;
        log::task_ended(
            self.runner.stage.name(),
            &self.tasks[task].name,
            rank,
            seconds,
            &numbers,
            failure.as_deref(),
        );
        self.pending.remove(&task);
        if let Some(key) = &self.tasks[task].checkpoint {
            self.directory.checkpoints.forget(key)?;
        }
        self.progress.finish(task, seconds, failure.as_deref());
        Ok(())
    }

    /// Stores a checkpoint. A failure does not end the run. It is reported once, because on a full
    /// disk every checkpoint fails.
    fn save(&mut self, task: usize, saved: Saved) {
        let Some(key) = &self.tasks[task].checkpoint else { return };
        let failure = self
            .directory
            .checkpoints
            .save(key.clone(), &saved)
            .err()
            .map(|error| error.to_string());
        if let Some(reason) = failure.as_ref().filter(|_| failure != self.unsaved) {
            let (stage, name) = (self.runner.stage.name(), &self.tasks[task].name);
            let line = format!(
                "{stage}: the checkpoint of {name} could not be stored, the run continues: \
                 {reason}; further failures are not reported until one is stored"
            );
            self.progress.announce(&line);
            log::state_not_stored(stage, name, reason);
        }
        if failure.is_none() {
            log::state_stored(
                self.runner.stage.name(),
                &self.tasks[task].name,
                saved.seconds,
                saved.state.len(),
            );
        }
        self.unsaved = failure;
    }

    /// A sentence about the tasks that are left after a stop.
    fn what_is_left(&self) -> Option<String> {
        if self.pending.is_empty() {
            return None;
        }
        let stored = self.pending.iter().filter(|&&task| {
            self.tasks[task]
                .checkpoint
                .as_ref()
                .is_some_and(|key| self.directory.checkpoints.contains(key))
        });
        let (cause, stage, total) = (
            self.runner.cause(),
            self.runner.stage.name(),
            count(self.done + self.tasks.len(), "task"),
        );
        let (left, stored, directory) =
            (self.pending.len(), stored.count(), self.directory.directory.display());
        Some(format!(
            "stopped by {cause}: {stage}: {left} of {total} left, {stored} of them with a \
             checkpoint in {directory}; rerun the command to resume, or `lossatlas resume \
             {directory}`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::parallel::Signals;
    use crate::engine::results::Results;
    use crate::engine::stage::{Context, StageCounts};
    use crate::engine::store::Record;
    use crate::optimizer::OptimizerName;
    use crate::solutions::SolutionSet;
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// A stage for the tests.
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

        fn run(&self, _: &Context, _: &mut Rank) -> Result<(), Failure> {
            Ok(())
        }

        fn counts(&self, _: &Results, _: &[SolutionSet]) -> StageCounts {
            StageCounts::default()
        }
    }

    fn record(number: u32, seconds: f64, outcome: Result<Result<(), String>, String>) -> Record {
        let reason = outcome.flatten().err().unwrap_or_else(|| "done".to_owned());
        let optimizer = OptimizerName::sgd();
        Record::Training { optimizer, initialization: number, seconds, outcome: Err(reason) }
    }

    /// Task 0 always panics, task 1 panics once, task 2 returns a failure.
    #[derive(Default)]
    struct Troubled {
        performed: [AtomicU32; 3],
    }

    impl Computation for Troubled {
        type Key = u32;
        type Source = ();
        type Task = u32;
        type Outcome = Result<(), String>;

        fn pending(&self, _: &RunDirectory) -> Result<Pending<u32>, String> {
            Ok(Pending::alike(0, (0..3).map(|number| (number, format!("task {number}")))))
        }

        fn task(&self, &number: &u32, (): &()) -> u32 {
            number
        }

        fn perform(&self, &number: &u32, _: Option<&[u8]>, _: &Control) -> Ended<Self::Outcome> {
            let before = self.performed[number as usize].fetch_add(1, Ordering::Relaxed);
            assert!(number == 2 || (number == 1 && before > 0), "deliberate panic");
            Ended::Finished(if number == 2 { Err("no such path".to_owned()) } else { Ok(()) })
        }

        fn record(
            &self,
            &number: &u32,
            seconds: f64,
            outcome: Result<Self::Outcome, String>,
        ) -> Record {
            record(number, seconds, outcome)
        }
    }

    fn run_config(retries: usize) -> RunConfig {
        RunConfig { threads_per_rank: 1, checkpoint: Duration::from_mins(1), retries }
    }

    /// The stored outcomes of the three tasks, and how often each was performed.
    fn outcomes(world: &World, retries: usize) -> (Vec<String>, [u32; 3]) {
        let root = tempfile::tempdir().expect("a temporary directory");
        let run = run_config(retries);
        let interruption = Interruption::watch(Signals::default(), None, 1);
        let mut rank = Rank::Root(Box::new(RunDirectory::scratch(root.path())));
        let troubled = Troubled::default();
        let runner = Runner {
            world,
            stage: &Test,
            run: &run,
            interruption: &interruption,
            process: None,
            later: LaterWork::default(),
        };
        runner.run(&mut rank, &troubled).expect("failed tasks are no failure of the stage");
        let contents = &rank.root().expect("the root").contents;
        let stored = |(_, outcome): (u32, &crate::engine::store::Outcome<_>)| {
            outcome.result.clone().err().unwrap_or_default()
        };
        (
            contents.trainings(&OptimizerName::sgd()).map(stored).collect(),
            troubled.performed.map(AtomicU32::into_inner),
        )
    }

    /// Moves the run directory away when its only task runs, and puts another one in its place.
    struct Displacing {
        before: PathBuf,
        after: PathBuf,
        is_moved: AtomicU32,
    }

    impl Computation for Displacing {
        type Key = ();
        type Source = ();
        type Task = ();
        type Outcome = Result<(), String>;

        fn pending(&self, _: &RunDirectory) -> Result<Pending<()>, String> {
            let mut pending = Pending::alike(0, [((), "task".to_owned())]);
            let key = TaskKey::Training { optimizer: OptimizerName::sgd(), initialization: 0 };
            pending.tasks[0].checkpoint = Some(key);
            Ok(pending)
        }

        fn task(&self, (): &(), (): &()) {}

        fn perform(&self, (): &(), _: Option<&[u8]>, _: &Control) -> Ended<Self::Outcome> {
            if self.is_moved.fetch_add(1, Ordering::Relaxed) > 0 {
                return Ended::Finished(Ok(()));
            }
            fs::rename(&self.before, &self.after).expect("a directory of this test");
            fs::create_dir(&self.before).expect("a directory of this test");
            Ended::Suspended(Some(vec![1]))
        }

        fn record(&self, (): &(), seconds: f64, _: Result<Self::Outcome, String>) -> Record {
            record(0, seconds, Ok(Err("not reached".to_owned())))
        }
    }

    #[test]
    fn a_suspended_task_is_not_saved_in_a_foreign_directory() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let [before, after] = ["before", "after"].map(|name| root.path().join(name));
        let world = World::alone();
        let run = run_config(0);
        let interruption = Interruption::watch(Signals::default(), None, 1);
        let mut rank = Rank::Root(Box::new(RunDirectory::scratch(&before)));
        let displacing = Displacing { before: before.clone(), after, is_moved: AtomicU32::new(0) };
        let runner = Runner {
            world: &world,
            stage: &Test,
            run: &run,
            interruption: &interruption,
            process: None,
            later: LaterWork::default(),
        };
        let ended = runner.run(&mut rank, &displacing);
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
