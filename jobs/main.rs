//! The program `lossatlas`: one thin file for each subcommand on the library of the same name.
//!
//! Every rank runs all of this; rank 0 alone reads the configuration, writes and prints.

// What is printed past `console` would be lost in silence.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod archive;
mod capacity;
mod check;
mod cli;
mod console;
mod dry_run;
mod evaluate;
mod export;
mod failure;
mod import;
mod init;
mod kpca;
mod log;
mod manual;
mod memory;
mod minima;
mod overview;
mod paths;
mod problem;
mod progress;
mod report;
mod results;
mod resume;
mod run;
mod stage;
mod status;
mod train;
mod version;
mod work;

use clap::Parser;
use clap::error::ErrorKind;
use cli::{Cli, Command};
use failure::Failure;
use lossatlas::allocator::Lines;
use lossatlas::parallel::World;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Lines = Lines;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(explain_panic));
    let parsed = Cli::try_parse();
    match &parsed {
        Ok(Cli { command: Command::Completions { shell } }) => return end(Ok(manual::completions(*shell)), true),
        Ok(Cli { command: Command::Man { directory } }) => return end(manual::man(directory.as_deref()), true),
        _ => {}
    }
    let world = match World::initialize() {
        Ok(world) => world,
        Err(error) => {
            console::say(format_args!("lossatlas: {error}"));
            return ExitCode::from(failure::SYSTEM);
        }
    };
    let ended = match parsed {
        Ok(cli) => execute(&world, cli.command),
        Err(error) => Ok(usage(&world, &error)),
    };
    end(ended, world.is_root())
}

/// Says why a command failed, or what of its output was lost; the exit code.
fn end(ended: Result<u8, Failure>, is_root: bool) -> ExitCode {
    let ended = ended.and_then(|code| console::complete(code, ""));
    ExitCode::from(ended.unwrap_or_else(|failure| {
        if is_root {
            console::say(failure.to_string());
        }
        failure.code
    }))
}

fn execute(world: &World, command: Command) -> Result<u8, Failure> {
    world.agree(lossatlas::real::check_limit())?;
    match command {
        Command::Run(job) => run::run(world, &job, &run::Command::RUN),
        Command::Train(job) => run::run(world, &job, &run::Command::TRAIN),
        Command::Paths(job) => run::run(world, &job, &run::Command::PATHS),
        Command::Kpca(job) => run::run(world, &job, &run::Command::KPCA),
        Command::Init(init) => init::run(world, &init),
        Command::Check(input) => check::run(world, &input),
        Command::Report(command) => report::run(world, &command),
        Command::Status(command) => status::run(world, &command),
        Command::Evaluate(command) => evaluate::run(world, &command),
        Command::Export(export) => export::run(world, &export),
        Command::Completions { .. } | Command::Man { .. } => unreachable!("done before MPI was started"),
    }
}

/// Help, version and wrong usage: said once, not by every rank.
fn usage(world: &World, error: &clap::Error) -> u8 {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if world.is_root() && asked_for {
        console::print_text(error.render());
    } else if world.is_root() {
        console::say(error.render().to_string().trim_end());
    }
    if asked_for { failure::SUCCESS } else { failure::BAD_INPUT }
}

/// A panic is a defect of the program: one line that names its place, for the report of it. A panic
/// in a task is caught and stored as its outcome.
fn explain_panic(info: &std::panic::PanicHookInfo) {
    let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = info.payload();
    let literal = payload.downcast_ref::<&str>().copied();
    let message = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    console::say(format_args!("lossatlas: internal error{place}: {message}"));
    log::internal_error(place.trim_start_matches(" at "), message);
}
