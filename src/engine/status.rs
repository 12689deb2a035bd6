//! The output of `lossatlas status` on a run directory, as text and as JSON.

use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::overview::Overview;
use crate::engine::progress::{self, ProgressSnapshot, Running};
use crate::engine::stage::{Count, FailedTask};
use crate::engine::store::{Contents, Retention, SessionRecord};
use crate::engine::stored::StoredRun;
use jiff::{Span, Timestamp};
use serde::{Serialize, Serializer};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// A longer silence of a rank is shown. A rank reports every second, or with thousands of ranks
/// every half minute, unless one step takes longer.
const SILENCE: Duration = Duration::from_mins(1);

/// A run directory: what is done, running, failed and left.
///
/// `Display` is the text of `lossatlas status`, `Serialize` its `--format json`.
#[derive(Serialize)]
pub struct Status {
    directory: String,
    dataset: String,
    starts: usize,
    last_start: Option<LastStart>,
    tasks: Vec<TaskCount>,
    #[serde(flatten)]
    wholes: Wholes,
    failed: Vec<Failed>,
    /// Remarks on results.
    notes: Vec<String>,
    running: Option<RunningStage>,
    /// When a run that was killed or is stopped last reported its progress.
    last_news: Option<Timestamp>,
    /// Width of the first column of the table.
    #[serde(skip)]
    width: usize,
}

/// The stages without tasks for the ranks, each `done` or `left`. In JSON each is a key:
/// `"kernel_pca": "left"`.
struct Wholes(Vec<(&'static str, &'static str)>);

impl Serialize for Wholes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = |name: &str| name.replace(' ', "_").to_lowercase();
        serializer.collect_map(self.0.iter().map(|(name, state)| (key(name), state)))
    }
}

#[derive(Serialize)]
struct LastStart {
    started: String,
    ranks: u32,
    host: String,
    version: String,
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

/// The current stage of a running run.
#[derive(Serialize)]
struct RunningStage {
    #[serde(rename = "stage")]
    name: String,
    updated: Timestamp,
    seconds_left: Option<f64>,
    /// When the stage will end, to the second.
    ends: Option<Timestamp>,
    /// Seconds by which it exceeds its predicted time.
    overdue: Option<f64>,
    tasks: Vec<Running>,
}

impl Status {
    /// The status of a directory, which is only read.
    ///
    /// # Errors
    /// As for [`StoredRun::read`].
    pub fn of(directory: &Path) -> Result<Self, Failure> {
        // Counting needs no vectors.
        let stored = StoredRun::read(directory, Contents::holding(Retention::best(0, 0)))?;
        let results = stored.results();
        let overview = Overview::of(&results);
        let notes = results.notes(&results.paths(&results.sets()));
        let sessions = stored.contents.sessions();
        let wholes = overview.wholes();
        let wholes = wholes.map(|(name, done)| (name, if done { "done" } else { "left" }));
        Ok(Self {
            directory: directory.display().to_string(),
            dataset: stored.record.dataset_name.clone(),
            starts: sessions.len(),
            last_start: sessions.last().map(LastStart::of),
            tasks: overview.kinds().map(TaskCount::of).collect(),
            wholes: Wholes(wholes.collect()),
            width: overview.width(),
            failed: overview.failures().map(Failed::of).collect(),
            notes: notes.into_iter().map(|note| note.text).collect(),
            running: progress::current(directory).map(RunningStage::of),
            last_news: progress::stale(directory).map(|snapshot| snapshot.updated),
        })
    }

    fn write_silence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(news) = self.last_news else { return writeln!(f, "nothing is running") };
        let ago = progress::duration(seconds_since(news));
        writeln!(
            f,
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
        match &self.running {
            Some(stage) => stage.fmt(f),
            None => self.write_silence(f),
        }
    }
}

impl TaskCount {
    fn of(count: &Count) -> Self {
        let Count { name, done, failed, left, .. } = count.clone();
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

impl RunningStage {
    fn of(snapshot: ProgressSnapshot) -> Self {
        let ProgressSnapshot { updated, stage, seconds_left, overdue, running } = snapshot;
        // A stage that should have ended has no time left to tell.
        let seconds_left = seconds_left.filter(|_| overdue.is_none());
        let ends = seconds_left.and_then(|seconds| {
            updated.checked_add(Span::new().try_seconds(seconds.round() as i64).ok()?).ok()
        });
        let ends = ends.and_then(|end| Timestamp::from_second(end.as_second()).ok());
        Self { name: stage, updated, seconds_left, ends, overdue, tasks: running }
    }

    /// `, 3 minutes left in this stage, which ends at about …`; empty while too little is known.
    fn time_left(&self) -> String {
        let Some(left) = progress::time_left(self.seconds_left, self.overdue) else {
            return String::new();
        };
        match self.ends.filter(|_| left.ends_with(" left")) {
            Some(ends) => format!(", {left} in this stage, which ends at about {ends}"),
            None => format!(", {left}"),
        }
    }
}

impl fmt::Display for RunningStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "running: {}{}", self.name, self.time_left())?;
        self.tasks.iter().try_for_each(|task| write_task(f, task))
    }
}

fn write_task(f: &mut fmt::Formatter<'_>, task: &Running) -> fmt::Result {
    let Running { name, rank, since, fraction, loss, reported } = task;
    let running = progress::duration(seconds_since(*since));
    write!(f, "  rank {rank}: {name},")?;
    if let Some(fraction) = fraction {
        write!(f, " {:.0} %", 100.0 * fraction)?;
    }
    write!(f, " after {running}, since {since:.0}")?;
    if let Some(loss) = loss {
        write!(f, ", loss {loss:.4e}")?;
    }
    // Nobody expects a report from work without parts.
    let silence = fraction.map_or(0.0, |_| seconds_since(reported.unwrap_or(*since)));
    if silence > SILENCE.as_secs_f64() {
        write!(f, ", no report for {}", progress::duration(silence))?;
    }
    writeln!(f)
}

fn seconds_since(time: Timestamp) -> f64 {
    Timestamp::now().duration_since(time).as_secs_f64()
}
