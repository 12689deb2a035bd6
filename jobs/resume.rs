//! `lossatlas resume`: repeats the last command of a run directory.

use crate::arguments::{overrides, path};
use crate::run::{RunOptions, StageCommand, perform};
use clap::Args;
use lossatlas::engine::console::say;
use lossatlas::engine::failure::Failure;
use lossatlas::engine::parallel::{Signals, World};
use lossatlas::engine::problem::Problem;
use lossatlas::engine::run_directory::last_command;
use lossatlas::engine::store::{Contents, Retention, journal};
use lossatlas::landscape::Interrupt;
use std::path::{Path, PathBuf};

/// A run directory to resume.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory of a run (its `--out`)
    #[arg(value_name = "DIR", value_parser = path())]
    pub directory: PathBuf,
    /// Overrides a key of the stored configuration; repeatable
    ///
    /// For instance `--set paths.steps=200` continues all paths, if `paths.schedule` is constant,
    /// and `--set dataset.dir=data/mnist` gives the new place of the images.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    #[arg(value_parser = overrides())]
    pub overrides: Vec<String>,
    /// Runs this command instead of the last one
    #[arg(long, value_name = "COMMAND", value_parser = ["run", "train", "paths", "kpca", "analyze"])]
    pub command: Option<String>,
    #[command(flatten)]
    pub options: RunOptions,
}

/// The last command with its overrides and its configuration.
type Stored = (String, Vec<String>, String);

/// Repeats it. Collective.
pub fn run(world: &World, arguments: &Arguments, signals: Signals) -> Result<u8, Failure> {
    let Arguments { directory, overrides, command, options } = arguments;
    let (text, mut all, last) =
        world.broadcast(|| stored(directory).map_err(|failure| failure.to_string()))?;
    let command = command.clone().unwrap_or(last);
    all.extend(overrides.iter().cloned());
    let name = format!("{} (stored configuration)", directory.display());
    if world.is_root() {
        let shown = directory.display();
        say(format_args!(
            "{shown}: continuing `lossatlas {command}` with the stored configuration"
        ));
    }
    let load = |interrupt: &Interrupt<'_>| {
        Problem::load_text(world, &name, &text, &all, interrupt).map_err(|failure| {
            // The stored configuration was valid: without overrides only its files can be wrong.
            if !overrides.is_empty() {
                return failure;
            }
            let remedy = "the directory has the text of its configuration but not the files that \
                          it names; where they have moved, say where they are now with --set, for \
                          instance --set dataset.dir=DIR, or start in the former working directory";
            Failure { message: format!("{}\n{remedy}", failure.message), ..failure }
        })
    };
    let command = StageCommand::named(&command);
    perform(world, (Path::new(&name), directory), options, &command, signals, load)
}

fn stored(directory: &Path) -> Result<Stored, Failure> {
    let (contents, _) = journal::read(directory, Contents::holding(Retention::best(0, 0)))?;
    let Some(record) = contents.configuration() else {
        let shown = directory.display();
        return Err(Failure::input(format_args!(
            "{shown}: holds no configuration yet; begin with `lossatlas run`"
        )));
    };
    Ok((record.text.clone(), record.overrides.clone(), last_command(&contents)))
}
