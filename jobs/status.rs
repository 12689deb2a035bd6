//! `lossatlas status`: what a directory holds and what is going on there.

use crate::arguments::path;
use clap::{Args, ValueEnum};
use lossatlas::engine::console::{print, print_text};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::parallel::World;
use lossatlas::engine::status::Status;
use std::path::PathBuf;

/// A directory to look at.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory of a run (its `--out`)
    #[arg(value_parser = path())]
    pub directory: PathBuf,
    /// For people or for programs
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
