//! Tells how a stage goes: a bar on a terminal, a line every so often elsewhere, a file for
//! `status`.

use crate::engine::console::{count, say};
use crate::engine::plan::{Forecast, LaterWork};
use crate::engine::{log, terminal};
use indicatif::{HumanDuration, ProgressBar};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// Name of the file for `status`; it is replaced as a whole every few seconds.
const FILE_NAME: &str = "progress.json";
/// Between two lines where the output is a file.
const LINE_EVERY: Duration = Duration::from_secs(15);
/// Between two looks of the bar.
const SHOW_EVERY: Duration = Duration::from_millis(100);
/// Between two versions of the file.
const FILE_EVERY: Duration = Duration::from_secs(2);
/// A file that has not changed for so long belongs to a run that is gone.
pub const STALE: Duration = Duration::from_secs(10);

/// A task being worked on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunningTask {
    /// Name of the task.
    pub name: String,
    /// The rank that works on it.
    pub rank: usize,
    /// RFC 3339, UTC.
    pub since: jiff::Timestamp,
    /// How much of it is done, 0 to 1; unknown for what has no parts.
    pub fraction: Option<f64>,
    /// The loss at present, once it has reported one.
    pub loss: Option<f64>,
    /// When it has last reported; RFC 3339, UTC.
    #[serde(default)]
    pub reported: Option<jiff::Timestamp>,
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProgressSnapshot {
    /// Time of writing; RFC 3339, UTC.
    pub updated: jiff::Timestamp,
    /// Name of the stage.
    pub stage: String,
    /// Estimated time until the stage ends, in s; `None` while too little is known.
    pub seconds_left: Option<f64>,
    /// Estimated time until the tasks that are known of all stages end, in s.
    #[serde(default)]
    pub seconds_left_in_all: Option<f64>,
    /// Later stages that are not counted there, because their tasks are not known yet.
    #[serde(default)]
    pub not_counted: Vec<String>,
    /// Seconds by which the stage has taken longer than it should have.
    #[serde(default)]
    pub overdue: Option<f64>,
    /// When this start began to work on the stage; RFC 3339, UTC.
    #[serde(default)]
    pub began: Option<jiff::Timestamp>,
    /// Tasks that have ended since.
    #[serde(default)]
    pub ended: usize,
    /// The tasks that ranks work on.
    pub running: Vec<RunningTask>,
}

/// The progress of one stage.
pub struct Progress {
    stage: &'static str,
    names: Vec<String>,
    forecast: Forecast,
    /// The work of the stages after this one.
    later: LaterWork,
    /// Tasks with results, those from `before` this start included.
    done: usize,
    before: usize,
    failed: usize,
    running: BTreeMap<usize, RunningTask>,
    started: Instant,
    began: jiff::Timestamp,
    bar: Option<ProgressBar>,
    last_show: Option<Instant>,
    last_line: Instant,
    file: PathBuf,
    last_file: Option<Instant>,
}

impl Progress {
    /// The beginning of a stage of these tasks, besides those that were done `before`.
    pub fn new(
        stage: &'static str,
        before: usize,
        names: Vec<String>,
        (forecast, later): (Forecast, LaterWork),
        directory: &Path,
    ) -> Self {
        let all = before + names.len();
        let bar = terminal::bar(all, "{prefix:8} [{wide_bar}] {pos}/{len} {msg}");
        match &bar {
            Some(bar) => bar.set_prefix(stage),
            None if !terminal::tells_lines() => {}
            None if before > 0 => {
                say(format_args!("{stage}: {}, {before} of them done before", count(all, "task")));
            }
            None => say(format_args!("{stage}: {}", count(all, "task"))),
        }
        Self {
            stage,
            names,
            forecast,
            later,
            done: before,
            before,
            failed: 0,
            running: BTreeMap::new(),
            started: Instant::now(),
            began: jiff::Timestamp::now(),
            bar,
            last_show: None,
            last_line: Instant::now(),
            file: directory.join(FILE_NAME),
            last_file: None,
        }
    }

    /// A task begins, or goes on after so many seconds `before`.
    pub fn start(&mut self, task: usize, rank: usize, before: f64) {
        self.forecast.start(task, self.now(), before);
        let name = self.names[task].clone();
        self.running.insert(
            task,
            RunningTask {
                name,
                rank,
                since: jiff::Timestamp::now(),
                fraction: Some(0.0),
                loss: None,
                reported: None,
            },
        );
        self.show();
    }

    /// A running task has done this `fraction` of its work, 0 to 1, and its loss is now `loss`.
    pub fn report(&mut self, task: usize, fraction: f64, loss: f64) {
        if let Some(running) = self.running.get_mut(&task) {
            running.fraction = Some(fraction);
            running.loss = Some(loss);
            running.reported = Some(jiff::Timestamp::now());
            self.forecast.report(task, self.started.elapsed().as_secs_f64(), fraction);
        }
        self.show();
    }

    /// A task is suspended, to be resumed later.
    pub fn put_back(&mut self, task: usize) {
        self.running.remove(&task);
        self.forecast.put_back(task);
    }

    /// A task has ended after so many seconds in all.
    pub fn finish(&mut self, task: usize, seconds: f64, failure: Option<&str>) {
        self.running.remove(&task);
        self.forecast.finish(task, seconds);
        self.done += 1;
        if let Some(reason) = failure {
            self.failed += 1;
            self.announce(&format!("{}: {} failed: {reason}", self.stage, self.names[task]));
        }
        self.show();
    }

    /// Draws what has changed, if it is time to.
    pub fn show(&mut self) {
        // Events may come by the hundred, and the time left is made of all tasks.
        if self.last_show.is_some_and(|last| last.elapsed() < SHOW_EVERY) {
            return;
        }
        self.last_show = Some(Instant::now());
        let message = self.message();
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(message);
        } else if terminal::tells_lines() && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            say(format_args!("{}: {}/{} {message}", self.stage, self.done, self.all()));
        }
        if self.last_file.is_none_or(|last| last.elapsed() >= FILE_EVERY) {
            self.last_file = Some(Instant::now());
            self.write_file();
        }
    }

    /// The stage is over.
    pub fn end(self) {
        let failed =
            if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let seconds = self.started.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let now = self.done - self.before;
        let part = if self.before > 0 { format!(", {now} of them") } else { String::new() };
        say(format_args!(
            "{}: {} of {}{part} in {seconds:.1} s{failed}",
            self.stage,
            self.done,
            count(self.all(), "task")
        ));
        log::stage_ended(self.stage, now, self.failed, self.names.len(), seconds);
        // Nothing runs any more; a file that stays would only grow stale.
        std::fs::remove_file(&self.file).ok();
    }

    /// Tasks of the stage, done or not.
    fn all(&self) -> usize {
        self.before + self.names.len()
    }

    fn seconds_left(&self) -> Option<f64> {
        self.forecast.seconds_left(self.now())
    }

    /// Of this stage and of the later ones whose tasks are known. `None` if there is no later one.
    fn seconds_left_in_all(&self) -> Option<f64> {
        let is_last = self.later.passes == 0.0 && self.later.unknown.is_empty();
        let later = self.forecast.seconds_for(self.later.passes)?;
        Some(self.seconds_left()? + later).filter(|_| !is_last)
    }

    fn overdue(&self) -> Option<f64> {
        self.forecast.overdue(self.now())
    }

    /// Seconds since the stage began.
    fn now(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn message(&self) -> String {
        let failed =
            if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let left = time_left(self.seconds_left(), self.overdue());
        let left = left.map_or_else(String::new, |left| format!(", {left}"));
        format!("done, {} running{failed}{left}", self.running.len())
    }

    /// A line of its own.
    pub fn announce(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    /// Best effort: what it tells is a convenience, and a full disk shows up at the next result.
    fn write_file(&self) {
        let running = self.running.values().cloned().collect();
        ProgressSnapshot {
            updated: jiff::Timestamp::now(),
            stage: self.stage.to_owned(),
            seconds_left: self.seconds_left(),
            seconds_left_in_all: self.seconds_left_in_all(),
            not_counted: self.later.unknown.iter().map(ToString::to_string).collect(),
            overdue: self.overdue(),
            began: Some(self.began),
            ended: self.done - self.before,
            running,
        }
        .write(&self.file);
    }
}

impl ProgressSnapshot {
    fn write(&self, file: &Path) {
        let temporary = file.with_extension("json.new");
        let written = serde_json::to_vec_pretty(self).map(|text| std::fs::write(&temporary, text));
        if matches!(written, Ok(Ok(()))) {
            std::fs::rename(&temporary, file).ok();
        }
    }
}

/// Tells `status` of work of rank 0 alone that has no parts to count, while it goes on.
pub fn during<T>(stage: &str, directory: &Path, work: impl FnOnce() -> T) -> T {
    let file = directory.join(FILE_NAME);
    let (done, waiting) = std::sync::mpsc::channel::<()>();
    let since = jiff::Timestamp::now();
    let running = vec![RunningTask {
        name: stage.to_owned(),
        rank: 0,
        since,
        fraction: None,
        loss: None,
        reported: None,
    }];
    let mut snapshot = ProgressSnapshot {
        updated: since,
        stage: stage.to_owned(),
        seconds_left: None,
        seconds_left_in_all: None,
        not_counted: Vec::new(),
        overdue: None,
        began: Some(since),
        ended: 0,
        running,
    };
    let result = std::thread::scope(|scope| {
        let copy = file.clone();
        let tell = move || {
            // The sender goes when the work has ended, in whatever way.
            while waiting.recv_timeout(FILE_EVERY) == Err(RecvTimeoutError::Timeout) {
                snapshot.updated = jiff::Timestamp::now();
                snapshot.write(&copy);
            }
        };
        // Without a thread there is no file for `status`; the run does not need it.
        std::thread::Builder::new().spawn_scoped(scope, tell).ok();
        let result = work();
        drop(done);
        result
    });
    std::fs::remove_file(&file).ok();
    result
}

/// The time left of a stage in words.
pub fn time_left(seconds_left: Option<f64>, overdue: Option<f64>) -> Option<String> {
    match (seconds_left, overdue) {
        (_, Some(overdue)) => Some(format!("overdue by {}", duration(overdue))),
        (Some(..0.5), None) => Some("about to end".to_owned()),
        (seconds, None) => Some(format!("{} left", duration(seconds?))),
    }
}

/// To one unit: `3 minutes`.
pub fn duration(seconds: f64) -> HumanDuration {
    let seconds = if seconds.is_nan() { 0.0 } else { seconds.clamp(0.0, 1e9) };
    HumanDuration(Duration::from_secs_f64(seconds))
}

/// What the run in `directory` is doing, if one is going on.
pub fn current(directory: &Path) -> Option<ProgressSnapshot> {
    last(directory).filter(|snapshot| age(snapshot) < STALE.as_secs_f64())
}

/// The last news of a run in `directory` that has ended without a word, or is stopped.
pub fn stale(directory: &Path) -> Option<ProgressSnapshot> {
    last(directory).filter(|snapshot| age(snapshot) >= STALE.as_secs_f64())
}

/// Removes what a run has left that was killed.
pub fn forget(directory: &Path) {
    std::fs::remove_file(directory.join(FILE_NAME)).ok();
}

fn last(directory: &Path) -> Option<ProgressSnapshot> {
    let text = std::fs::read(directory.join(FILE_NAME)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// In seconds.
pub fn age(snapshot: &ProgressSnapshot) -> f64 {
    jiff::Timestamp::now().duration_since(snapshot.updated).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_takes_longer_than_it_should_has_no_seconds_left() {
        let said = |left, overdue| time_left(left, overdue).unwrap_or_default();
        assert_eq!(said(Some(125.0), None), "2 minutes left");
        assert_eq!(said(Some(0.2), None), "about to end");
        assert_eq!(said(Some(0.0), Some(300.0)), "overdue by 5 minutes");
        assert_eq!(said(None, None), "");
    }
}
