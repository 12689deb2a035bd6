//! The output of `lossatlas status` on a run directory, as text and as JSON.

mod running;

use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::overview::Overview;
use crate::engine::progress;
use crate::engine::run_directory::last_command;
use crate::engine::stage::{FailedTask, KindCounts, Stage, StageCounts, stages_of};
use crate::engine::stages::refinement;
use crate::engine::store::{Contents, Retention, SessionRecord};
use crate::engine::stored::StoredRun;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;
use std::path::Path;

pub use running::{RunningStage, task_line};

use running::seconds_since;

/// A run directory: what is done, running, failed and left.
///
/// `Display` is the text of `lossatlas status`, `Serialize` its `--format json`.
#[derive(Serialize)]
pub struct Status {
    /// As it was given.
    pub directory: String,
    /// Name of the data set or of the landscape.
    pub dataset: String,
    /// How often the run was started.
    pub starts: usize,
    /// The last of these starts.
    pub last_start: Option<LastStart>,
    tasks: Vec<TaskCount>,
    /// The same tasks by stage; those without tasks for the ranks are `whole`.
    pub stages: Vec<StageCount>,
    /// Whether all is there that the last command computes, and nothing is running.
    pub finished: bool,
    #[serde(flatten)]
    wholes: UndividedStages,
    failed: Vec<Failed>,
    /// Remarks on results.
    notes: Vec<String>,
    /// What the run is doing, if one is going on.
    pub running: Option<RunningStage>,
    /// When a run that was killed or is stopped last reported its progress.
    last_news: Option<Timestamp>,
    /// Width of the first column of the table.
    #[serde(skip)]
    width: usize,
}

/// The stages without tasks for the ranks, each `done` or `left`. In JSON each is a key:
/// `"kernel_pca": "left"`.
struct UndividedStages(Vec<(&'static str, &'static str)>);

impl Serialize for UndividedStages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = |name: &str| name.replace(' ', "_").to_lowercase();
        serializer.collect_map(self.0.iter().map(|(name, state)| (key(name), state)))
    }
}

/// A start of a run.
#[derive(Serialize)]
pub struct LastStart {
    /// When; RFC 3339, UTC.
    pub started: String,
    /// On how many ranks.
    pub ranks: u32,
    /// Where rank 0 is.
    pub host: String,
    version: String,
}

/// What became of the tasks of a stage.
#[derive(Serialize)]
pub struct StageCount {
    /// Name of the stage.
    pub name: &'static str,
    /// Tasks with a result.
    pub done: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that have not ended, those that run included.
    pub left: usize,
    /// Tasks that ranks work on.
    pub running: usize,
    /// Of a stage without tasks for the ranks: whether it is done.
    pub whole: Option<bool>,
}

#[derive(Serialize)]
struct TaskCount {
    name: String,
    done: usize,
    failed: usize,
    left: usize,
}

#[derive(Serialize)]
struct Failed {
    task: String,
    reason: String,
}

impl Status {
    /// The status of a directory, which is only read.
    ///
    /// # Errors
    /// As for [`StoredRun::read`].
    pub fn of(directory: &Path) -> Result<Self, Failure> {
        Ok(Self::of_run(directory, &StoredRun::read(directory, records_to_count())?))
    }

    /// The status of a directory that was read into `stored`.
    pub fn of_run(directory: &Path, stored: &StoredRun) -> Self {
        // Before the results: a task that ends in between is then counted as running and done,
        // rather than as neither.
        let running = progress::current(directory).map(RunningStage::of);
        let results = stored.results();
        let overview = Overview::of(&results);
        let paths = results.paths(&results.sets());
        let notes = results.notes(&paths, &refinement::certified(&results, &paths));
        let sessions = stored.contents.sessions();
        let wholes = overview.wholes();
        let wholes = wholes.map(|(name, done)| (name, if done { "done" } else { "left" }));
        let stages = overview.stages.iter().map(|(stage, counts)| {
            let of_stage = running.as_ref().filter(|running| running.name == stage.name());
            StageCount::of(*stage, counts, of_stage.map_or(0, |running| running.tasks.len()))
        });
        Self {
            directory: directory.display().to_string(),
            dataset: stored.record.dataset_name.clone(),
            starts: sessions.len(),
            last_start: sessions.last().map(LastStart::of),
            tasks: overview.kinds().map(TaskCount::of).collect(),
            stages: stages.filter(|stage| !stage.is_empty()).collect(),
            wholes: UndividedStages(wholes.collect()),
            width: overview.width(),
            failed: overview.failures().map(Failed::of).collect(),
            notes: notes.into_iter().map(|note| note.text).collect(),
            last_news: progress::stale(directory).map(|snapshot| snapshot.updated),
            finished: running.is_none() && {
                let stages = stages_of(&last_command(&stored.contents));
                overview.only(&stages).is_finished()
            },
            running,
        }
    }

    /// A status of these stages.
    #[cfg(test)]
    pub(in crate::engine) fn for_tests(stages: Vec<StageCount>, running: RunningStage) -> Self {
        Self {
            directory: "results/test".to_owned(),
            dataset: "digits".to_owned(),
            starts: 1,
            last_start: None,
            tasks: Vec::new(),
            stages,
            finished: false,
            wholes: UndividedStages(Vec::new()),
            failed: Vec::new(),
            notes: Vec::new(),
            running: Some(running),
            last_news: None,
            width: 0,
        }
    }

    /// What is going on, in one line.
    pub fn headline(&self) -> String {
        match &self.running {
            Some(stage) => format!("running: {}{}", stage.name, stage.time_left()),
            None => self.silence(),
        }
    }

    fn silence(&self) -> String {
        let Some(news) = self.last_news else { return "nothing is running".to_owned() };
        let ago = progress::duration(seconds_since(news));
        format!(
            "no news since {news:.0}, {ago} ago: the run was killed, or its rank 0 is stopped; \
             if it is gone, the same command continues"
        )
    }
}

/// Every line of it ends with a line break.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(LastStart { started, ranks, host, .. }) = &self.last_start {
            let (starts, ranks) = (count(self.starts, "start"), count(*ranks as usize, "rank"));
            let (directory, data) = (&self.directory, &self.dataset);
            writeln!(
                f,
                "{directory}: {data}; {starts}, the last at {started} with {ranks} on {host}"
            )?;
        }
        let width = self.width;
        writeln!(f, "{:width$}{:>8}{:>8}{:>8}", "", "done", "failed", "left")?;
        for TaskCount { name, done, failed, left } in &self.tasks {
            writeln!(f, "{name:width$}{done:>8}{failed:>8}{left:>8}")?;
        }
        for (name, state) in &self.wholes.0 {
            writeln!(f, "{name:width$}{state:>8}")?;
        }
        for Failed { task, reason } in &self.failed {
            writeln!(f, "failed: {task}: {reason}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        writeln!(f, "{}", self.headline())?;
        if let Some(left) = self.running.as_ref().and_then(RunningStage::time_left_in_all) {
            writeln!(f, "{left}")?;
        }
        let tasks = self.running.iter().flat_map(|stage| &stage.tasks);
        tasks.into_iter().try_for_each(|task| writeln!(f, "  {}", task_line(task, true)))
    }
}

/// For records that are counted: without parameter vectors.
pub fn records_to_count() -> Contents {
    Contents::holding(Retention::best(0, 0))
}

impl StageCount {
    fn of(stage: &dyn Stage, counts: &StageCounts, running: usize) -> Self {
        let sum = |number: fn(&KindCounts) -> usize| counts.kinds.iter().map(number).sum();
        Self {
            name: stage.name(),
            done: sum(|kind| kind.done),
            failed: sum(|kind| kind.failed),
            left: sum(|kind| kind.left),
            running,
            whole: counts.whole,
        }
    }

    /// Tasks of the stage.
    pub fn all(&self) -> usize {
        self.done + self.failed + self.left
    }

    fn is_empty(&self) -> bool {
        self.whole.is_none() && self.all() == 0
    }
}

impl TaskCount {
    fn of(count: &KindCounts) -> Self {
        let KindCounts { name, done, failed, left, .. } = count.clone();
        Self { name, done, failed, left }
    }
}

impl Failed {
    fn of(failed: &FailedTask) -> Self {
        let FailedTask { task, reason, .. } = failed.clone();
        Self { task, reason }
    }
}

impl LastStart {
    fn of(session: &SessionRecord) -> Self {
        let SessionRecord { host, ranks, started, version, .. } = session.clone();
        Self { started, ranks, host, version }
    }
}
