//! `lossatlas completions` and `lossatlas man`: completions for shells, and manual pages.
//!
//! Both work without MPI, for instance on a login node or while a package is built.

use crate::arguments::path;
use crate::cli::Cli;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use lossatlas::engine::console::{self, count, print, print_text};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::files::make_directory;
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "lossatlas";

/// A shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// The directory of the pages.
#[derive(Debug, Args)]
pub struct Man {
    /// Directory for the pages of all commands, created if it does not exist
    #[arg(value_name = "DIR", value_parser = path())]
    pub directory: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub fn completions(arguments: &Completions) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), NAME, &mut script);
    print_text(String::from_utf8_lossy(&script));
    failure::SUCCESS
}

/// Prints the page of the program, or writes those of all commands into a directory.
pub fn man(arguments: &Man) -> Result<u8, Failure> {
    let Some(directory) = &arguments.directory else {
        let mut page = Vec::new();
        // Writing to memory does not fail.
        clap_mangen::Man::new(command().disable_help_subcommand(true)).render(&mut page).ok();
        print_text(String::from_utf8_lossy(&page));
        return Ok(failure::SUCCESS);
    };
    let shown = directory.display();
    let pages = write_pages(directory).map_err(|error| {
        Failure::system(format_args!("{shown}: the pages cannot be written: {error}"))
    })?;
    print(format_args!("{shown}: {}", count(pages, "page")));
    console::complete(failure::SUCCESS, format_args!("; the pages in {shown} are complete"))
}

fn write_pages(directory: &Path) -> io::Result<usize> {
    make_directory(directory)?;
    clap_mangen::generate_to(command(), directory)?;
    Ok(1 + command().get_subcommands().count())
}

/// The command without the libraries of this machine, which only `--version` prints.
fn command() -> clap::Command {
    Cli::command().long_version(clap::builder::Resettable::Reset)
}
