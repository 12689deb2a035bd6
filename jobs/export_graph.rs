//! `lossatlas export --graph`: a graph of solutions in the formats of other programs.

use crate::export::Arguments;
use lossatlas::engine::console::print;
use lossatlas::engine::failure::{Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::engine::stages::graph::{GraphFormat, export};
use lossatlas::engine::store::{Contents, write_whole};
use lossatlas::engine::stored::StoredRun;
use lossatlas::files::{make_directory, may_write};
use std::io::Write;
use std::path::PathBuf;

pub fn run(world: &World, arguments: &Arguments, name: &str) -> Result<(), Failure> {
    let files = world.is_root().then(|| read(arguments, name)).transpose();
    let files = world.agree(files)?;
    let written = files.as_ref().map(|files| write(arguments, files)).transpose();
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    for (file, _) in files.into_iter().flatten() {
        print(format_args!("{}", file.display()));
    }
    Ok(())
}

/// The files with their contents.
fn read(arguments: &Arguments, name: &str) -> Result<Vec<(PathBuf, String)>, String> {
    let Arguments { directory, to, force, .. } = arguments;
    let format = arguments.format.as_deref().unwrap_or_default();
    let format = GraphFormat::ALL.into_iter().find(|known| known.name() == format);
    let format = format.ok_or("--format is missing")?;
    if format == GraphFormat::MinTs {
        arguments.check_folder("--format min-ts writes a folder with min.data and ts.data")?;
    }
    let run = StoredRun::read(directory, Contents::default());
    let run = run.map_err(|failure| failure.to_string())?;
    let files = export(&run, name, arguments.landscape.as_deref(), format);
    let files = files.map_err(|problem| format!("{}: {problem}", directory.display()))?;
    let place = |file: &str| if file.is_empty() { to.clone() } else { to.join(file) };
    let files: Vec<_> = files.into_iter().map(|(file, text)| (place(file), text)).collect();
    // A new folder contains no files that could be replaced.
    let in_the_way = files.iter().filter(|(file, _)| file == to || to.is_dir());
    in_the_way.into_iter().try_for_each(|(file, _)| may_write(file, *force))?;
    Ok(files)
}

fn write(arguments: &Arguments, files: &[(PathBuf, String)]) -> Result<(), String> {
    let Arguments { to, force, .. } = arguments;
    if files.iter().any(|(file, _)| file != to) {
        make_directory(to).map_err(|problem| format!("{}: {problem}", to.display()))?;
    }
    for (path, text) in files {
        write_whole(path, *force, |file| file.write_all(text.as_bytes()))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}
