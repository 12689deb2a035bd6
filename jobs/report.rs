//! `lossatlas report`: figures, tables and verdicts of one run or several.

use crate::arguments::path;
use clap::Args;
use lossatlas::engine::console::{self, print, say};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::parallel::World;
use lossatlas::engine::rank::Rank;
use lossatlas::engine::report::write;
use lossatlas::report::WrittenReport;
use std::path::{Path, PathBuf};

/// Runs, and where the report on them goes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directories of runs (their `--out`)
    #[arg(value_name = "DIR", required = true, value_parser = path())]
    pub directories: Vec<PathBuf>,
    /// Directory of the report, created if it does not exist. Default for one run: DIR/report;
    /// required for several
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
}

pub fn run(world: &World, arguments: &Arguments) -> Result<u8, Failure> {
    // Reading, drawing, writing: nothing to share out.
    let written =
        world.is_root().then(|| write(&arguments.directories, arguments.to.as_deref())).transpose();
    let written = failure::agree(world, written)?;
    let drawn = written.as_ref().is_none_or(|WrittenReport { page, undrawn, .. }| {
        say_undrawn(undrawn);
        print(format_args!("report: {}", page.display()));
        undrawn.is_empty()
    });
    let drawn = world.broadcast(|| Ok::<_, String>(drawn))?;
    let code = if drawn { failure::SUCCESS } else { failure::TASKS_FAILED };
    match written {
        Some(WrittenReport { page, .. }) => {
            console::complete(code, format_args!("; the report is complete: {}", page.display()))
        }
        None => Ok(code),
    }
}

/// Closes a run with its report, on rank 0. Should that fail, the run has not: it is said, and that
/// is all.
pub fn conclude(rank: &Rank, directory: &Path) {
    let Some(root) = rank.root() else { return };
    let directories = [directory.to_owned()];
    // A defect in drawing must not end the run either. The hook has reported the panic.
    match std::panic::catch_unwind(|| write(&directories, None)) {
        Ok(Ok(WrittenReport { page, undrawn, .. })) => {
            say_undrawn(&undrawn);
            print(format_args!("report:  {}", page.display()));
        }
        // That the directory has gone is the reason, and ends the run with an error of its own.
        _ if root.check_place().is_err() => {}
        Ok(Err(failure)) => {
            say(format_args!("no report: {failure}; the results are complete all the same"));
        }
        Err(_) => say("no report; the results are complete all the same"),
    }
}

fn say_undrawn(figures: &[String]) {
    figures.iter().for_each(|figure| say(format_args!("report: {figure}")));
}
