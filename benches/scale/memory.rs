//! The memory of rank 0: the contents of the journal, with both vectors of the runs that it keeps.

use crate::costs::run;
use crate::studies::Network;
use lossatlas::engine::store::{Contents, Journal, Opened, Record, Retention, journal};
use lossatlas::optimizer::OptimizerName;
use lossatlas::solutions::select;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Training runs in the journal, enough to measure the memory of one.
const RUNS: u32 = 400;

pub fn print(network: &Network, directory: &Path) {
    let scratch = tempfile::tempdir_in(directory).expect("a directory to write to");
    let Opened { mut journal, .. } =
        Journal::open(scratch.path(), Contents::default()).expect("a new journal");
    for number in 0..RUNS {
        let outcome = Ok(run(network.parameters, 1000));
        let record = Record::Training {
            optimizer: OptimizerName::lbfgs(),
            initialization: number,
            seconds: 1.0,
            outcome,
        };
        journal.append(&record).expect("space");
    }
    drop(journal);
    let (released, of_released, _) = read(scratch.path(), Contents::holding(Retention::best(0, 0)));
    drop(released);
    let (contents, of_run, seconds) = read(scratch.path(), Contents::default());
    let ended: Vec<_> = contents
        .trainings(&OptimizerName::lbfgs())
        .filter_map(|(number, run)| Some((number, run.result.as_ref().ok()?)))
        .collect();
    trim();
    let before = resident();
    let sets = select(&OptimizerName::lbfgs(), &ended, RUNS as usize);
    let of_sets = (resident() - before) / f64::from(RUNS);
    drop(sets);
    println!(
        "\n| {}, both methods | rank 0 holds: runs | and the sets, while paths are computed | read in |",
        network.name
    );
    println!("|---|---|---|---|");
    for (initializations, keep) in
        [(75, 48), (1000, 640), (10_000, 1000), (10_000, 6400), (100_000, 1000)]
    {
        let (runs, kept) = (2.0 * f64::from(initializations), 2.0 * f64::from(keep));
        println!(
            "| {initializations} initializations, {keep} kept | {:.2} GB | {:.2} GB | {:.1} s |",
            (runs * of_released + kept * (of_run - of_released)) / 1e9,
            kept * of_sets / 1e9,
            runs * seconds / f64::from(RUNS)
        );
    }
}

/// Gives free memory back to the system, so that later allocations count again.
fn trim() {
    unsafe extern "C" {
        fn malloc_trim(padding: usize) -> i32;
    }
    // SAFETY: a function of glibc that may be called at any time.
    unsafe { malloc_trim(0) };
}

/// The contents of a journal, the bytes of each run in memory, and the seconds to read all.
fn read(directory: &Path, contents: Contents) -> (Contents, f64, f64) {
    trim();
    let (before, start) = (resident(), Instant::now());
    let (contents, _) = journal::read(directory, contents).expect("just written");
    (contents, (resident() - before) / f64::from(RUNS), start.elapsed().as_secs_f64())
}

/// Memory of this process, in bytes.
fn resident() -> f64 {
    let text = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok());
    pages.expect("a number") * 4096.0
}
