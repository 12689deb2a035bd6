//! `lossatlas init`: a first configuration.

use crate::cli;
use crate::export::may_write;
use lossatlas::config::template::{Files, Template};
use lossatlas::data::{ChosenFormat, DataFormat, FORMATS, place_key};
use lossatlas::engine::console::{self, print, print_text};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::files::resolve;
use lossatlas::keys::Value;
use lossatlas::network::{Architecture, Network};
use lossatlas::random::MasterSeed;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::Builder;

/// In place of a file: standard output.
const STDOUT: &str = "-";

/// In place of a folder of data: digits that the program draws.
pub const BUILT_IN: &str = "built-in";

pub fn run(world: &World, init: &cli::Init) -> Result<u8, Failure> {
    let text = world.is_root().then(|| text(init)).transpose();
    let text = world.agree(text)?;
    let written = text.as_ref().map(|text| deliver(init, text)).transpose();
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if init.file == Path::new(STDOUT) {
        return Ok(failure::SUCCESS);
    }
    console::complete(failure::SUCCESS, format_args!("; {} is complete", init.file.display()))
}

fn text(init: &cli::Init) -> Result<String, String> {
    if init.file != Path::new(STDOUT) {
        may_write(&init.file, init.force)?;
    }
    let data = if init.data == BUILT_IN { None } else { Some(look_at(init)?) };
    Template { network: init.network, data, size: init.size }
        .text()
        .map_err(|errors| errors.to_string())
}

/// What is in the folder, so that nothing is written that it does not hold.
fn look_at(init: &cli::Init) -> Result<Files, String> {
    let chosen = chosen_format(&Files::expand(&init.data)?);
    // Nothing that is read from files follows from a seed.
    let dataset = chosen.load(MasterSeed(0)).map_err(|error| error.to_string())?;
    let built: Result<Box<dyn Network<f32>>, _> =
        Architecture::with_defaults(init.network).build(dataset.shape(), dataset.classes);
    built.map_err(|problem| format!("{}: network: {problem}", init.data))?;
    let images = [dataset.train.len(), dataset.test.len()];
    Ok(Files { format: chosen.format(), directory: init.data.clone(), images })
}

/// The first format that has a file in this folder; if none has, the first that reads files says
/// what is missing.
fn chosen_format(directory: &Path) -> ChosenFormat {
    let of_files = |&format: &&'static dyn DataFormat| {
        let key = place_key(format)?;
        Some(ChosenFormat::with_defaults(format).with(key, Value::Path(directory.into())))
    };
    let mut formats = FORMATS.iter().filter_map(of_files).collect::<Vec<_>>();
    let has_a_file = |chosen: &ChosenFormat| chosen.files().iter().any(|file| file.exists());
    let found = formats.iter().position(has_a_file).unwrap_or(0);
    formats.swap_remove(found)
}

/// The whole text or what was there before.
///
/// A symbolic link stays one. A new file has the permissions that the user's mask leaves, one that
/// is replaced keeps its own.
fn place(file: &Path, text: &str, force: bool) -> io::Result<()> {
    let file = resolve(file)?;
    let directory =
        file.parent().filter(|directory| *directory != Path::new("")).unwrap_or(Path::new("."));
    let mut temporary =
        Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(directory)?;
    temporary.write_all(text.as_bytes())?;
    if !force {
        // It may have appeared a moment ago.
        temporary.persist_noclobber(&file)?;
        return Ok(());
    }
    if let Ok(there) = file.metadata() {
        temporary.as_file().set_permissions(there.permissions())?;
    }
    temporary.persist(&file)?;
    Ok(())
}

fn deliver(init: &cli::Init, text: &str) -> Result<(), String> {
    let file = init.file.as_path();
    if file == Path::new(STDOUT) {
        print_text(text);
        return Ok(());
    }
    let shown = file.display();
    place(file, text, init.force)
        .map_err(|error| format!("{shown}: cannot be written: {error}"))?;
    print(format_args!("{shown}: written; `lossatlas check {shown}` says what it comes to"));
    Ok(())
}
