//! Runs that are caught in the middle.

use crate::start::{Ended, TIMEOUT, on_tiny, text};
use lossatlas::engine::progress;
use lossatlas::engine::store::{Contents, journal};
use lossatlas::optimizer::OptimizerName;
use lossatlas::solutions::LandscapeName;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longer tasks, so that a run is caught in their middle.
pub const SLOWER: [&str; 2] = ["training.lbfgs.iterations=20", "paths.steps=20"];

/// As [`on_tiny`], in the background.
pub fn in_background(
    ranks: usize,
    subcommand: &'static str,
    directory: &Path,
    overrides: &[&'static str],
) -> JoinHandle<Ended> {
    let (directory, overrides) = (directory.to_owned(), overrides.to_owned());
    thread::spawn(move || on_tiny(ranks, subcommand, &directory, &overrides))
}

/// Waits until something has happened. Fails if the run ends before, or after [`TIMEOUT`].
#[track_caller]
pub fn wait_until(what: &str, run: &JoinHandle<Ended>, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(!run.is_finished(), "the run ended before {what}");
        assert!(start.elapsed() < TIMEOUT, "{what}: this never came");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Training runs and paths in the journal.
pub fn results(directory: &Path) -> usize {
    let Ok((contents, _)) = journal::read(directory, Contents::default()) else { return 0 };
    let runs: usize = [OptimizerName::sgd(), OptimizerName::lbfgs()]
        .iter()
        .map(|optimizer| contents.trainings(optimizer).count())
        .sum();
    let paths = |set| {
        [LandscapeName::Train, LandscapeName::Test]
            .map(|split| contents.paths(set, split).count())
            .iter()
            .sum::<usize>()
    };
    runs + contents.path_sets().map(paths).sum::<usize>()
}

/// The ranks that write to this directory, in their order: processes of the program with it among
/// their arguments.
pub fn ranks_of(directory: &Path) -> Vec<String> {
    let is_rank = |process: &Path| {
        let command = fs::read(process.join("cmdline")).unwrap_or_default();
        let arguments: Vec<_> = command.split(|&byte| byte == 0).collect();
        arguments[0].ends_with(b"/lossatlas") && arguments.contains(&text(directory).as_bytes())
    };
    let processes = fs::read_dir("/proc").expect("Linux").flatten().map(|entry| entry.path());
    let ranks = processes.filter(|process| is_rank(process));
    let mut ranks: Vec<_> =
        ranks.filter_map(|process| Some(process.file_name()?.to_str()?.to_owned())).collect();
    ranks.sort_by_key(|process| process.parse::<u32>().ok());
    ranks
}

/// Sends a signal to processes; whether all were there.
pub fn signal(name: &str, processes: &[String]) -> bool {
    Command::new("kill")
        .arg(format!("-{name}"))
        .args(processes)
        .stderr(std::process::Stdio::null())
        .status()
        .expect("kill")
        .success()
}

/// Whether a process catches the signals that ask it to stop: until it does, they end it.
fn catches_signals(process: &str) -> bool {
    const ASKING: [u32; 3] = [2, 10, 15];
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    ASKING.iter().all(|signal| caught >> (signal - 1) & 1 == 1)
}

/// Lines of the log on results that are stored. Counting them is cheaper than reading the journal.
fn stored_results(directory: &Path) -> usize {
    let log = fs::read_to_string(directory.join("run.log")).unwrap_or_default();
    log.matches(" task finished ").count() + log.matches(" task failed ").count()
}

/// Waits until so many results are stored and all ranks can be asked to stop. Returns their
/// processes.
#[track_caller]
pub fn wait_for(
    results_there: usize,
    ranks: usize,
    directory: &Path,
    run: &JoinHandle<Ended>,
) -> Vec<String> {
    wait_until(&format!("{results_there} results"), run, || {
        stored_results(directory) >= results_there && {
            let processes = ranks_of(directory);
            processes.len() == ranks && processes.iter().all(|process| catches_signals(process))
        }
    });
    ranks_of(directory)
}

/// Waits until so many running tasks have reported their loss, so that each has a state to store.
/// Returns the processes of the ranks.
#[track_caller]
pub fn wait_for_reports(tasks: usize, directory: &Path, run: &JoinHandle<Ended>) -> Vec<String> {
    wait_until("the reports of its tasks", run, || {
        let running = progress::current(directory).map_or_else(Vec::new, |stage| stage.running);
        running.iter().filter(|task| task.loss.is_some()).count() == tasks
    });
    ranks_of(directory)
}
