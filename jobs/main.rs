//! The program `lossatlas`: one thin file for each subcommand on the library of the same name.
//!
//! Every rank runs all of this; rank 0 alone reads the configuration, writes and prints.

mod archive;
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
mod sources;
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
        Ok(Cli { command: Command::Completions { shell } }) => return ExitCode::from(manual::completions(*shell)),
        Ok(Cli { command: Command::Man { directory } }) => return ExitCode::from(manual::man(directory.as_deref())),
        _ => {}
    }
    let world = match World::initialize() {
        Ok(world) => world,
        Err(error) => {
            console::say(format_args!("lossatlas: {error}"));
            return ExitCode::from(failure::SYSTEM);
        }
    };
    let code = match parsed {
        Ok(cli) => execute(&world, cli.command).unwrap_or_else(|failure| {
            if world.is_root() {
                console::say(failure.to_string());
            }
            failure.code
        }),
        Err(error) => usage(&world, &error),
    };
    ExitCode::from(code)
}

fn execute(world: &World, command: Command) -> Result<u8, Failure> {
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
    if world.is_root() {
        // A closed pipe (`lossatlas --help | head`) is no failure of ours.
        error.print().ok();
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => failure::SUCCESS,
        _ => failure::BAD_INPUT,
    }
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
