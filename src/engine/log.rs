//! The log of a run: a line for each event. Every start appends to the file in the run directory.
//!
//! Only rank 0 writes it. On the other ranks, and before [`begin`], events are dropped. Errors of
//! the log do not affect the run.

use crate::config::Config;
use crate::data::Dataset;
use crate::engine::console::say;
use crate::engine::failure::{self, Failure};
use crate::engine::parallel::World;
use crate::engine::version::{COMMIT, VERSION};
use clap::ValueEnum;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;
use tracing::{Level, error, info, warn};

/// Name of the file.
pub const FILE_NAME: &str = "run.log";

/// How the lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Begins to log into this directory. If that fails, prints the reason and logs nothing.
pub fn begin(directory: &Path, format: LogFormat) {
    let lines = Mutex::new(LogLines::open(directory.join(FILE_NAME)));
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::INFO).with_target(false).with_writer(lines);
    // Only tests begin a second log in one process.
    match format {
        LogFormat::Text => subscriber.with_ansi(false).try_init().ok(),
        LogFormat::Json => subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init()
            .ok(),
    };
}

/// The first event: the command, the configuration, the ranks and the host.
pub fn run_started(command: &str, world: &World, config: &Config, run: &str) {
    info!(
        command,
        version = VERSION,
        commit = COMMIT,
        run,
        configuration = config_hash(config),
        seed = config.seed.0,
        ranks = world.size(),
        threads_per_rank = config.run.threads_per_rank,
        host = world.host(),
        process = std::process::id(),
        "run started"
    );
    for key in &config.dropped {
        let key = key.to_string();
        warn!(key, "key of the file left out");
    }
}

/// Which images were read, and from which files.
pub fn data_read(dataset: &Dataset) {
    info!(
        data = dataset.name,
        files = dataset.sources.join(", "),
        checksum = dataset.checksum,
        "data read"
    );
}

/// The way in which the program was started makes it slower.
pub fn started_badly(reason: &str) {
    warn!(reason, "start could be better");
}

/// The last event, with the exit code and, if it did not end well, why.
pub fn run_ended(ended: &Result<u8, Failure>, since: Instant) {
    let seconds = rounded(since.elapsed().as_secs_f64());
    match ended {
        Ok(exit_code) => info!(exit_code, seconds, "run ended"),
        Err(Failure { code: failure::TRY_AGAIN, message }) => {
            warn!(exit_code = failure::TRY_AGAIN, seconds, reason = message, "run ended");
        }
        Err(Failure { code, message }) => {
            error!(exit_code = code, seconds, reason = message, "run ended");
        }
    }
}

/// The protocol of the paths of a stage.
pub fn protocol(stage: &str, protocol: &str) {
    info!(stage, protocol, "protocol of all heights");
}

/// A stage begins with this many tasks without a result.
pub fn stage_started(stage: &str, tasks: usize) {
    info!(stage, tasks, "stage started");
}

/// A stage ended after `seconds` s. `done` of its `tasks` have ended, `failed` of these without a
/// result.
pub fn stage_ended(stage: &str, done: usize, failed: usize, tasks: usize, seconds: f64) {
    info!(stage, done, failed, left = tasks - done, seconds = rounded(seconds), "stage ended");
}

/// A task begins. `before` are the seconds that it had taken when it was suspended, 0 for a new
/// task.
pub fn task_started(stage: &str, task: &str, rank: usize, before: f64) {
    let seconds_before = (before > 0.0).then(|| rounded(before));
    info!(stage, task, rank, seconds_before, "task started");
}

/// A task has a result after `seconds` s in total, or failed for this reason.
pub fn task_ended(
    stage: &str,
    task: &str,
    rank: usize,
    seconds: f64,
    numbers: &KeyNumbers,
    failure: Option<&str>,
) {
    let seconds = rounded(seconds);
    if let Some(reason) = failure {
        warn!(stage, task, rank, seconds, reason, "task failed");
        return;
    }
    let KeyNumbers { loss_train, loss_test, height, height_straight, steps, ref stop } = *numbers;
    let stop = stop.as_deref();
    info!(
        stage,
        task,
        rank,
        seconds,
        steps,
        loss_train,
        loss_test,
        height,
        height_straight,
        stop,
        "task finished"
    );
}

/// A part of the analysis that could not be computed.
pub fn part_failed(stage: &str, task: &str, reason: &str) {
    warn!(stage, task, rank = 0, reason, "task failed");
}

/// A task failed and returns to the pending tasks.
pub fn task_retried(stage: &str, task: &str, rank: usize, reason: &str) {
    warn!(stage, task, rank, reason, "task will be tried again");
}

/// The checkpoint of a task that has taken `seconds` s is on disk.
pub fn state_stored(stage: &str, task: &str, seconds: f64, bytes: usize) {
    info!(stage, task, seconds = rounded(seconds), bytes, "state stored");
}

/// The checkpoint of a task could not be written.
pub fn state_not_stored(stage: &str, task: &str, reason: &str) {
    warn!(stage, task, reason, "state not stored");
}

/// A file that was to be replaced has contents that the journal lacks. It was renamed.
pub fn file_kept(file: &Path, kept: &Path) {
    warn!(file = %file.display(), kept = %kept.display(), "changed file kept");
}

/// The ranks are asked to stop for this cause.
pub fn stop_requested(stage: &str, cause: &str) {
    warn!(stage, cause, "stop requested");
}

/// A panic outside of tasks is a defect; those of tasks are caught, and their tasks fail.
pub fn internal_error(place: &str, message: &str) {
    error!(place, reason = message, "internal error");
}

/// The numbers of a result that a line of the log holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyNumbers {
    /// Mean loss on the training images.
    pub loss_train: Option<f64>,
    /// Mean loss on the test images.
    pub loss_test: Option<f64>,
    /// The barrier of a path, or the height of a minimum.
    pub height: Option<f64>,
    /// The straight-line barrier of a path.
    pub height_straight: Option<f64>,
    /// Epochs, iterations or steps taken.
    pub steps: Option<u32>,
    /// Why the computation ended, in words.
    pub stop: Option<String>,
}

/// Identifies a configuration: the beginning of the SHA-256 of all effective values.
fn config_hash(config: &Config) -> String {
    let mut hash = Sha256::new();
    config.effective.iter().for_each(|(key, value)| hash.update(format!("{key} = {value}\n")));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// The file. Its first error is printed, later ones are not.
struct LogLines {
    path: PathBuf,
    file: Option<File>,
    reported: bool,
}

impl LogLines {
    fn open(path: PathBuf) -> Self {
        let opened = open(&path);
        let mut lines = Self { path, file: None, reported: false };
        match opened {
            Ok(file) => lines.file = Some(file),
            Err(error) => lines.tell(&error),
        }
        lines
    }

    fn tell(&mut self, error: &io::Error) {
        if !self.reported {
            say(format_args!(
                "{}: cannot be written: {error}; the run continues without it",
                self.path.display()
            ));
        }
        self.reported = true;
    }
}

impl Write for LogLines {
    /// Appends a line. Reports success even if writing fails, so that the run goes on.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(Err(error)) = self.file.as_ref().map(|file| append(file, line)) {
            self.tell(&error);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens the file for appending. Completes a line that a crash cut short.
fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    // Neither a pipe nor a device can be read back.
    if file.metadata()?.is_file() && file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            append(&file, b"\n")?;
        }
    }
    Ok(file)
}

/// Writes the whole line, or removes what was written of it if that fails.
fn append(mut file: &File, line: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(line);
    if written.is_err() && file.metadata().is_ok_and(|now| now.is_file() && now.len() > before) {
        file.set_len(before)?;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn lines_are_appended_behind_what_a_crash_has_left() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join(FILE_NAME);
        for line in ["first\n", "torn", "third\n"] {
            LogLines::open(path.clone()).write_all(line.as_bytes()).expect("always claimed");
        }
        assert_eq!(fs::read_to_string(&path).expect("a text"), "first\ntorn\nthird\n");
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_error() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut lines = LogLines::open(directory.path().to_owned());
        assert!(lines.file.is_none() && lines.reported);
        lines.write_all(b"line\n").expect("always claimed");
        let full = directory.path().join("full");
        std::os::unix::fs::symlink("/dev/full", &full).expect("a link");
        let mut lines = LogLines::open(full);
        assert!(lines.file.is_some() && !lines.reported);
        lines.write_all(b"line\n").expect("always claimed");
        assert!(lines.reported);
    }
}
