//! `lossatlas export --surface`: a surface for ParaView.

use crate::export::Arguments;
use lossatlas::engine::console::print;
use lossatlas::engine::failure::{Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::engine::stages::surface::export;
use lossatlas::engine::store::{Contents, write_whole};
use lossatlas::engine::stored::StoredRun;
use lossatlas::files::may_write;
use std::io::Write;

pub fn run(world: &World, arguments: &Arguments, name: &str) -> Result<(), Failure> {
    let Arguments { directory, to, force, landscape, .. } = arguments;
    let read = || {
        may_write(to, *force)?;
        let run = StoredRun::read(directory, Contents::default());
        let run = run.map_err(|failure| failure.to_string())?;
        let text = export(&run, name, landscape.as_deref());
        text.map_err(|problem| format!("{}: {problem}", directory.display()))
    };
    let text = world.agree(world.is_root().then(read).transpose())?;
    let write = |text: &String| write_whole(to, *force, |file| file.write_all(text.as_bytes()));
    let written = world.agree(text.as_ref().map(write).transpose());
    written.map_err(|error| Failure::system(Plain(&error)))?;
    if text.is_some() {
        print(format_args!("{}: the surface {name}", to.display()));
    }
    Ok(())
}
