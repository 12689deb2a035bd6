//! `lossatlas status`: what a directory holds and what is going on there.

use crate::arguments::path;
use clap::{Args, ValueEnum};
use lossatlas::engine::console::{print, print_text};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::parallel::{Signals, World};
use lossatlas::engine::status::Status;
use lossatlas::engine::watch::{WatchFormat, watch};
use std::path::PathBuf;
use std::time::Duration;

/// Between two looks, unless the user says otherwise.
const SECONDS: &str = "2";

/// A directory to look at.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory of a run (its `--out`)
    #[arg(value_name = "DIR", value_parser = path())]
    pub directory: PathBuf,
    /// Looks again every SECONDS (2 without a number), until the run is finished
    ///
    /// On a terminal it shows a bar for each stage, the tasks of all ranks and the last warnings.
    /// Elsewhere each look is a block of lines, or with `--format json` one line. `q` or Ctrl-C ends
    /// it, with exit code 0. The run is not affected: nothing is locked or written.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = SECONDS, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub watch: Option<u32>,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: StatusFormat,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
}

pub fn run(world: &World, arguments: &Arguments) -> Result<u8, Failure> {
    if let Some(seconds) = arguments.watch {
        let format = match arguments.format {
            StatusFormat::Text => WatchFormat::Lines,
            StatusFormat::Json => WatchFormat::Json,
        };
        let signals = Signals::catch().map_err(Failure::system)?;
        let every = Duration::from_secs(seconds.into());
        return watch(&arguments.directory, every, format, &signals).map(|()| failure::SUCCESS);
    }
    let status = world.is_root().then(|| Status::of(&arguments.directory)).transpose();
    if let Some(status) = world.agree(status)? {
        match arguments.format {
            StatusFormat::Text => print_text(status),
            StatusFormat::Json => {
                print(serde_json::to_string_pretty(&status).expect("texts and numbers"));
            }
        }
    }
    Ok(failure::SUCCESS)
}
