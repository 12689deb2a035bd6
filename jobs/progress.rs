//! Tells how a stage goes: a bar on a terminal, a line every so often elsewhere, a file for `status`.

use crate::console::{count, say};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Name of the file for `status`; it is replaced as a whole every few seconds.
const FILE_NAME: &str = "progress.json";
/// Between two lines where the output is a file.
const LINE_EVERY: Duration = Duration::from_secs(15);
/// Between two versions of the file.
const FILE_EVERY: Duration = Duration::from_secs(2);
/// A file that has not changed for so long belongs to a run that is gone.
pub const STALE: Duration = Duration::from_secs(10);

/// A task being worked on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    pub name: String,
    pub rank: usize,
    /// RFC 3339, UTC.
    pub since: jiff::Timestamp,
    /// How much of it is done, 0 to 1.
    pub fraction: f64,
    /// The loss at present, once it has reported one.
    pub loss: Option<f64>,
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Snapshot {
    pub updated: jiff::Timestamp,
    pub stage: String,
    pub seconds_left: Option<f64>,
    pub running: Vec<Running>,
}

/// The progress of one stage.
pub struct Progress {
    stage: &'static str,
    names: Vec<String>,
    /// Work of each task, in any unit: the tasks of a stage may differ a hundredfold.
    work: Vec<f64>,
    work_done: f64,
    done: usize,
    failed: usize,
    running: BTreeMap<usize, Running>,
    started: Instant,
    bar: Option<ProgressBar>,
    last_line: Instant,
    file: PathBuf,
    last_file: Option<Instant>,
}

impl Progress {
    /// The beginning of a stage of these tasks; `work` estimates what each costs.
    pub fn new(stage: &'static str, names: Vec<String>, work: Vec<f64>, directory: &Path) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(names.len() as u64);
            let style = ProgressStyle::with_template("{prefix:8} [{wide_bar}] {pos}/{len} {msg}");
            bar.set_style(style.expect("a valid template").progress_chars("=> "));
            bar.set_prefix(stage);
            bar
        });
        if bar.is_none() {
            say(format_args!("{stage}: {}", count(names.len(), "task")));
        }
        Self {
            stage,
            names,
            work,
            work_done: 0.0,
            done: 0,
            failed: 0,
            running: BTreeMap::new(),
            started: Instant::now(),
            bar,
            last_line: Instant::now(),
            file: directory.join(FILE_NAME),
            last_file: None,
        }
    }

    pub fn start(&mut self, task: usize, rank: usize) {
        let name = self.names[task].clone();
        self.running.insert(task, Running { name, rank, since: jiff::Timestamp::now(), fraction: 0.0, loss: None });
        self.show();
    }

    pub fn report(&mut self, task: usize, fraction: f64, loss: f64) {
        if let Some(running) = self.running.get_mut(&task) {
            running.fraction = fraction;
            running.loss = Some(loss);
        }
        self.show();
    }

    pub fn finish(&mut self, task: usize, failure: Option<&str>) {
        self.running.remove(&task);
        self.work_done += self.work[task];
        self.done += 1;
        if let Some(reason) = failure {
            self.failed += 1;
            self.announce(&format!("{}: {} failed: {reason}", self.stage, self.names[task]));
        }
        self.show();
    }

    /// Draws what has changed, if it is time to.
    pub fn show(&mut self) {
        let message = self.message();
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(message);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            say(format_args!("{}: {}/{} {message}", self.stage, self.done, self.names.len()));
        }
        if self.last_file.is_none_or(|last| last.elapsed() >= FILE_EVERY) {
            self.last_file = Some(Instant::now());
            self.write_file();
        }
    }

    /// The stage is over.
    pub fn end(self) {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let seconds = self.started.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        say(format_args!("{}: {} of {} in {seconds:.1} s{failed}", self.stage, self.done, count(self.names.len(), "task")));
        // Nothing runs any more; a file that stays would only grow stale.
        std::fs::remove_file(&self.file).ok();
    }

    /// Time left: what is left of the work at the rate so far.
    fn seconds_left(&self) -> Option<f64> {
        let partial: f64 = self.running.iter().map(|(&task, running)| running.fraction * self.work[task]).sum();
        let done = self.work_done + partial;
        let total: f64 = self.work.iter().sum();
        (done > 0.0).then(|| self.started.elapsed().as_secs_f64() * (total - done).max(0.0) / done)
    }

    fn message(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let left = self
            .seconds_left()
            .map_or_else(String::new, |seconds| format!(", {} left", HumanDuration(Duration::from_secs_f64(seconds.min(1e9)))));
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
        let snapshot = Snapshot {
            updated: jiff::Timestamp::now(),
            stage: self.stage.to_owned(),
            seconds_left: self.seconds_left(),
            running: self.running.values().cloned().collect(),
        };
        let temporary = self.file.with_extension("json.new");
        let written = serde_json::to_vec_pretty(&snapshot).map(|text| std::fs::write(&temporary, text));
        if matches!(written, Ok(Ok(()))) {
            std::fs::rename(&temporary, &self.file).ok();
        }
    }
}

/// What the run in `directory` is doing, if one is going on.
pub fn current(directory: &Path) -> Option<Snapshot> {
    let text = std::fs::read(directory.join(FILE_NAME)).ok()?;
    let snapshot: Snapshot = serde_json::from_slice(&text).ok()?;
    let age = jiff::Timestamp::now().duration_since(snapshot.updated);
    (age.as_secs_f64() < STALE.as_secs_f64()).then_some(snapshot)
}
