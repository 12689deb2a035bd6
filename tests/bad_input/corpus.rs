//! Cases and what becomes of them.

use crate::support::mpirun_command;
use assert_cmd::Command;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A start of the program that it must refuse.
pub struct Case {
    /// What to call it when it fails.
    pub name: String,
    /// Where the program starts; nothing in it may change.
    pub directory: TempDir,
    /// What follows `lossatlas`.
    pub arguments: Vec<String>,
    /// All that standard error holds.
    pub message: String,
}

/// More than any start here takes on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What a user should never see of input that is merely wrong.
const NOISE: [&str; 7] =
    ["panicked", "internal error", "backtrace", "lossatlas::", "src/", "HDF5-DIAG", "rank 0"];

/// Starts the program on every case, several at a time, on 1 and on 3 ranks.
///
/// # Panics
/// If anything else happens than the refusal: with all cases that went wrong, each with what the
/// program said.
pub fn refuse(cases: &[Case]) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // Most of a start is waiting: for the launcher, and at the end for a second that it gives the
    // ranks.
    let workers = 4 * thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let problems: Vec<_> =
                        [1, 3].into_iter().filter_map(|ranks| case.problem(ranks)).collect();
                    wrong.lock().expect("no panic").extend(problems);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(
        wrong.is_empty(),
        "{} starts of {} cases:\n\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
}

impl Case {
    /// What is wrong with the way the program refuses this case.
    fn problem(&self, ranks: usize) -> Option<String> {
        let before = files(self.directory.path());
        let output = self.command(ranks).output().expect("mpirun is installed");
        let (said, printed) =
            (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        // Under mpirun the launcher adds words of its own.
        let as_expected = if ranks == 1 {
            said.trim_end() == self.message
        } else {
            said.matches(&self.message).count() == 1
        };
        let problem = if output.status.code() != Some(2) {
            format!("ends with {}, not with exit code 2", output.status)
        } else if !as_expected || self.message.is_empty() {
            format!("should say, once,\n{}", self.message)
        } else if let Some(noise) =
            NOISE.iter().find(|&&noise| said.contains(noise) && !self.message.contains(noise))
        {
            format!("says \"{noise}\"")
        } else if !printed.is_empty() {
            format!("prints {printed}")
        } else if files(self.directory.path()) != before {
            "leaves something behind".to_owned()
        } else {
            return None;
        };
        Some(format!(
            "{}: lossatlas {} on {ranks} ranks {problem}\nand says\n{said}",
            self.name,
            self.arguments.join(" ")
        ))
    }

    fn command(&self, ranks: usize) -> Command {
        let program = env!("CARGO_BIN_EXE_lossatlas");
        let mut command = if ranks == 1 {
            Command::new(program)
        } else {
            mpirun_command(ranks, program, TIMEOUT)
        };
        command.current_dir(self.directory.path()).args(&self.arguments).timeout(TIMEOUT);
        // A user who has set this wants the traces of defects, and should still get none for bad
        // input.
        command.env("RUST_BACKTRACE", "1");
        command
    }
}

/// Everything below a directory, with size and time of the last change.
fn files(directory: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in
        fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("still there"))
    {
        let about = entry.path().symlink_metadata().expect("still there");
        if about.is_dir() {
            found.extend(files(&entry.path()));
        }
        found.insert(
            entry.path(),
            (about.len(), about.modified().expect("the file system keeps it")),
        );
    }
    found
}
