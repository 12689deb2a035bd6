//! Replacing an HDF5 file as a whole.

use super::AtlasError;
use super::node::Node;
use crate::store::JournalError;
use crate::store::directory::sync_directory;
use hdf5::file::FileCloseDegree;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Writes `directory/name` with `fill` and returns its path. `announce` is given the file's [`checksum`] when it
/// is safe on disk and has not taken its place yet.
///
/// The data goes to `name.partial` first. That name is fixed, so what a killed process leaves behind
/// is overwritten by the next one instead of piling up.
pub(super) fn replace(
    directory: &Path,
    name: &str,
    fill: impl FnOnce(&Node) -> Result<(), AtlasError>,
    announce: impl FnOnce(String) -> Result<(), JournalError>,
) -> Result<PathBuf, AtlasError> {
    let target = directory.join(name);
    let partial = directory.join(format!("{name}.partial"));
    // The system's reasons for a refusal are clearer than the library's, so the file is made here.
    File::create(&partial).map_err(io_error("create", &partial))?;
    // Removes the file on every way out but the last.
    let guard = TempPath::try_from_path(&partial).map_err(io_error("find", &partial))?;
    write(&partial, fill)?;
    File::open(&partial).and_then(|file| file.sync_all()).map_err(io_error("write to disk", &partial))?;
    announce(checksum(&partial)?)?;
    guard.persist(&target).map_err(|failed| io_error("rename the finished file to", &target)(failed.error))?;
    sync_directory(directory).map_err(io_error("write the directory", directory))?;
    Ok(target)
}

/// SHA-256, hexadecimal, of a file.
pub(super) fn checksum(path: &Path) -> Result<String, AtlasError> {
    let mut hash = Sha256::new();
    File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash)).map_err(io_error("read", path))?;
    Ok(format!("{:x}", hash.finalize()))
}

fn write(partial: &Path, fill: impl FnOnce(&Node) -> Result<(), AtlasError>) -> Result<(), AtlasError> {
    let library_error =
        |error: hdf5::Error| AtlasError::Hdf5 { file: partial.to_owned(), path: "/".to_owned(), message: error.to_string() };
    let file = hdf5::File::with_options()
        // Some parallel file systems cannot lock, and nobody else uses a file of this name.
        .with_fapl(|access| access.file_locking(false).fclose_degree(FileCloseDegree::Strong))
        .create(partial)
        .map_err(library_error)?;
    let root = file.group("/").map_err(library_error)?;
    fill(&Node::root(root, partial))?;
    // Errors of delayed writes come to light here and would get lost in a drop.
    file.flush().map_err(library_error)?;
    file.close().map_err(library_error)
}

fn io_error(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> AtlasError {
    let file = file.to_owned();
    move |reason| AtlasError::Io { action, file, reason }
}
