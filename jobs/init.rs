//! `lossatlas init`: a first configuration.

use crate::cli;
use crate::console::{print, write};
use crate::export::may_write;
use crate::failure::{self, Failure, Plain};
use lossatlas::config::template::Template;
use lossatlas::parallel::World;
use std::path::Path;

/// In place of a file: standard output.
const STDOUT: &str = "-";

/// In place of a folder of data: digits that the program draws.
pub const BUILT_IN: &str = "built-in";

pub fn run(world: &World, init: &cli::Init) -> Result<u8, Failure> {
    let text = world.is_root().then(|| text(init)).transpose();
    let text = world.agree(text)?;
    let written = text.as_ref().map(|text| deliver(&init.file, text)).transpose();
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    Ok(failure::SUCCESS)
}

fn text(init: &cli::Init) -> Result<String, String> {
    if init.file != Path::new(STDOUT) {
        may_write(&init.file, init.force)?;
    }
    let data = (init.data != BUILT_IN).then(|| init.data.clone());
    Template { network: init.network, data, size: init.size }.text().map_err(|errors| errors.to_string())
}

fn deliver(file: &Path, text: &str) -> Result<(), String> {
    if file == Path::new(STDOUT) {
        write(text);
        return Ok(());
    }
    let shown = file.display();
    std::fs::write(file, text).map_err(|error| format!("{shown}: cannot be written: {error}"))?;
    print(format_args!("{shown}: written; `lossatlas check {shown}` says what it comes to"));
    Ok(())
}
