//! `lossatlas export`: a set of solutions as a NumPy file.

use crate::cli;
use lossatlas::engine::console::{self, count, print};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::engine::store::{
    VectorSource, VectorsError, atlas, read_vectors_of_any_length, write_npy,
};
use std::path::Path;

pub fn run(world: &World, export: &cli::Export) -> Result<u8, Failure> {
    // One copy of one file: there is nothing to share out.
    let vectors = world.is_root().then(|| read(export)).transpose();
    let vectors = world.agree(vectors)?;
    let written = vectors
        .as_ref()
        .map(|vectors| write_npy(&export.to, vectors.view(), export.force))
        .transpose();
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if let Some(vectors) = vectors {
        let (rows, components) = vectors.dim();
        print(format_args!(
            "{}: {} of {components} components",
            export.to.display(),
            count(rows, "vector")
        ));
    }
    console::complete(failure::SUCCESS, format_args!("; {} is complete", export.to.display()))
}

fn read(export: &cli::Export) -> Result<ndarray::Array2<f32>, String> {
    may_write(&export.to, export.force)?;
    let source = VectorSource::Atlas {
        file: export.directory.join(atlas::FILE_NAME),
        group: format!("/solutions/{}", export.set),
    };
    read_vectors_of_any_length(&source).map_err(|error: VectorsError| error.to_string())
}

/// Whether there is a place for a new file, asked before anything is computed for it.
///
/// A file is replaced by a new one of its name. A device or a FIFO would be gone: it is refused, also
/// with `force`, and so is a link to one.
pub fn may_write(file: &Path, force: bool) -> Result<(), String> {
    let shown = file.display();
    match file.metadata() {
        Ok(there) if there.is_dir() => {
            return Err(format!("{shown} is a directory; name a file in it"));
        }
        Ok(there) if !there.is_file() => {
            return Err(format!(
                "{shown} is not a regular file but a device, a FIFO or a socket; choose another name"
            ));
        }
        _ => {}
    }
    let directory = file.parent().filter(|directory| *directory != Path::new(""));
    match file.symlink_metadata() {
        Ok(_) if !force => {
            Err(format!("{shown} exists; choose another name or replace it with --force"))
        }
        _ if directory.is_some_and(|directory| !directory.is_dir()) => {
            Err(format!("{shown}: there is no such directory; make it first"))
        }
        _ => Ok(()),
    }
}
