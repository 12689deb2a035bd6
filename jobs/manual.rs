//! `lossatlas completions` and `lossatlas man`: what the command line says of itself, for shells and for `man`.
//!
//! Both work without MPI, so that a login node or a package needs none.

use crate::cli::Cli;
use crate::console::{count, print, say, write};
use crate::failure;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io;
use std::path::Path;

const NAME: &str = "lossatlas";

/// Prints the completions of a shell.
pub fn completions(shell: Shell) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), NAME, &mut script);
    told(write(String::from_utf8_lossy(&script)))
}

/// Prints the page of the program, or writes those of all commands into a directory.
pub fn man(directory: Option<&Path>) -> u8 {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        // Memory does not fail.
        clap_mangen::Man::new(command().disable_help_subcommand(true)).render(&mut page).ok();
        return told(write(String::from_utf8_lossy(&page)));
    };
    match write_pages(directory) {
        Ok(pages) => {
            print(format_args!("{}: {}", directory.display(), count(pages, "page")));
            failure::SUCCESS
        }
        Err(error) => {
            say(format_args!("{}: the pages cannot be written: {error}", directory.display()));
            failure::SYSTEM
        }
    }
}

/// The exit code, and what went wrong.
fn told(written: Result<(), String>) -> u8 {
    match written {
        Ok(()) => failure::SUCCESS,
        Err(error) => {
            say(error);
            failure::SYSTEM
        }
    }
}

fn write_pages(directory: &Path) -> io::Result<usize> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(command(), directory)?;
    Ok(1 + command().get_subcommands().count())
}

/// Without the libraries of this machine, which belong to `--version`.
fn command() -> clap::Command {
    Cli::command().long_version(clap::builder::Resettable::Reset)
}
