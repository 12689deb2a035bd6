//! The program `lossatlas`: one thin file for each subcommand on the library of the same name.
//!
//! Every rank runs all of this; rank 0 alone reads the configuration, writes and prints. MPI starts
//! only where several ranks compute.

// Output that bypasses `console` could be lost without an error.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod check;
mod cli;
mod dry_run;
mod evaluate;
mod export;
mod export_graph;
mod export_surface;
mod init;
mod manual;
mod report;
mod resume;
mod run;
mod start;
mod status;

use clap::Parser;
use clap::error::ErrorKind;
use cli::{Cli, Command};
use lossatlas::engine::failure::Failure;
use lossatlas::engine::parallel::{Signals, Start, World};
use lossatlas::engine::{console, failure, log};
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(explain_panic));
    let parsed = Cli::try_parse();
    let start = Start::here();
    if start.rank > 0 && !parsed.as_ref().is_ok_and(|cli| start::computes(&cli.command)) {
        // Only rank 0 works, prints, and returns the exit code. A launcher ends all ranks as soon
        // as one returns a code other than 0, perhaps before rank 0 has printed.
        return ExitCode::from(failure::SUCCESS);
    }
    let code = match parsed {
        Ok(cli) => perform(cli.command, &start),
        Err(error) => usage(&error).unwrap_or_else(|failure| complain(&failure, true)),
    };
    ExitCode::from(code)
}

fn perform(command: Command, start: &Start) -> u8 {
    // First of all, so that a signal during the start of MPI does not end the process.
    let signals =
        if start::stops_when_asked(&command) { Signals::catch() } else { Ok(Signals::default()) };
    let signals = match signals.map_err(Failure::system) {
        Ok(signals) => signals,
        Err(failure) => return complain(&failure, start.rank == 0),
    };
    match start::world(&command, start) {
        Ok(world) => {
            let ended =
                execute(&world, command, signals).and_then(|code| console::complete(code, ""));
            ended.unwrap_or_else(|failure| complain(&failure, world.is_root()))
        }
        // As above: rank 0 reports the same.
        Err(failure) if start.rank > 0 && failure.code == failure::BAD_INPUT => failure::SUCCESS,
        Err(failure) => complain(&failure, start.rank == 0),
    }
}

/// Prints why a command failed, or which output was lost. Returns the exit code.
fn complain(failure: &Failure, speaks: bool) -> u8 {
    if speaks {
        console::say(failure.to_string());
    }
    failure.code
}

fn execute(world: &World, command: Command, signals: Signals) -> Result<u8, Failure> {
    world.agree(lossatlas::kernels::check_limit())?;
    match command {
        Command::Run(job) => run::run(world, &job, &run::StageCommand::RUN, signals),
        Command::Train(job) => run::run(world, &job, &run::StageCommand::TRAIN, signals),
        Command::Paths(job) => run::run(world, &job, &run::StageCommand::PATHS, signals),
        Command::Kpca(job) => run::run(world, &job, &run::StageCommand::KPCA, signals),
        Command::Analyze(job) => run::run(world, &job, &run::StageCommand::ANALYZE, signals),
        Command::Resume(arguments) => resume::run(world, &arguments, signals),
        Command::Init(arguments) => init::run(world, &arguments),
        Command::Check(input) => check::run(world, &input),
        Command::Report(arguments) => report::run(world, &arguments),
        Command::Status(arguments) => status::run(world, &arguments),
        Command::Evaluate(arguments) => evaluate::run(world, &arguments),
        Command::Export(arguments) => export::run(world, &arguments),
        Command::Completions(arguments) => Ok(manual::completions(&arguments)),
        Command::Man(arguments) => manual::man(&arguments),
    }
}

/// Help and version go to standard output, wrong usage to standard error.
fn usage(error: &clap::Error) -> Result<u8, Failure> {
    if code_of(error) == failure::SUCCESS {
        console::print_text(error.render());
    } else {
        console::say(error.render().to_string().trim_end());
    }
    console::complete(code_of(error), "")
}

/// The exit code of help, version and wrong usage.
fn code_of(error: &clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => failure::SUCCESS,
        _ => failure::BAD_INPUT,
    }
}

/// A panic is a defect of the program: one line that names its place, for the report of it. A panic
/// in a task is caught and stored as its outcome.
fn explain_panic(info: &std::panic::PanicHookInfo) {
    let place =
        info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = info.payload();
    let literal = payload.downcast_ref::<&str>().copied();
    let message = literal
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    console::say(format_args!("lossatlas: internal error{place}: {message}"));
    log::internal_error(place.trim_start_matches(" at "), message);
}
