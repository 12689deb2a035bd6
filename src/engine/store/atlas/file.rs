//! Replacing an HDF5 file as a whole.

use super::AtlasError;
use super::node::AtlasGroup;
use crate::engine::store::JournalError;
use crate::engine::store::directory::sync_directory;
use crate::engine::store::hdf5_error::reason;
use crate::files::{is_locked_by_a_writer, name_aside, replace_aside, resolve};
use hdf5::file::FileCloseDegree;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// The file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub file: PathBuf,
    /// The new name of the former file, if it was renamed because the journal lacks its contents.
    pub kept: Option<PathBuf>,
}

/// Writes `directory/name` with `fill`. `announce` gets the [`checksum`] of the file when it is
/// safe on disk, before it is renamed to its final name. `known` returns, for the checksum of the
/// former file, whether that file may be deleted.
///
/// The data goes to `name.partial` first. This name is fixed, so that files of killed processes do
/// not accumulate.
pub(super) fn replace(
    directory: &Path,
    name: &str,
    fill: impl FnOnce(&AtlasGroup) -> Result<(), AtlasError>,
    known: impl FnOnce(&str) -> bool,
    announce: impl FnOnce(String) -> Result<(), JournalError>,
) -> Result<Written, AtlasError> {
    let file = directory.join(name);
    // A symbolic link is kept: its target is replaced.
    let target = resolve(&file).map_err(io_error("follow the link", &file))?;
    let directory = target.parent().unwrap_or(directory);
    let partial = directory.join(format!("{name}.partial"));
    // A link of this name must not be followed.
    fs::remove_file(&partial).ok();
    // The file is created here because the system's messages are clearer than the library's.
    File::create_new(&partial).map_err(io_error("create", &partial))?;
    // Removes the file on every early return.
    let guard = TempPath::try_from_path(&partial).map_err(io_error("find", &partial))?;
    write(&partial, fill)?;
    File::open(&partial)
        .and_then(|file| file.sync_all())
        .map_err(io_error("write to disk", &partial))?;
    announce(checksum(&partial)?)?;
    let aside = name_aside(&target, "changed");
    let replaced = replace_aside(&partial, &target, &aside);
    let replaced = replaced.map_err(io_error("rename the finished file to", &target))?;
    // The file no longer has this name.
    drop(guard);
    sync_directory(directory).map_err(io_error("write the directory", directory))?;
    let kept = replaced && !may_go(&aside, known);
    if replaced && !kept {
        fs::remove_file(&aside).map_err(io_error("remove the old file", &aside))?;
    }
    Ok(Written { file, kept: kept.then_some(aside) })
}

/// Whether the journal has everything in the file, and no program is writing to it.
fn may_go(file: &Path, known: impl FnOnce(&str) -> bool) -> bool {
    let is_file = file.symlink_metadata().is_ok_and(|about| about.is_file());
    is_file && !is_locked_by_a_writer(file) && checksum(file).is_ok_and(|checksum| known(&checksum))
}

/// SHA-256, hexadecimal, of a file.
pub(super) fn checksum(path: &Path) -> Result<String, AtlasError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .map_err(io_error("read", path))?;
    Ok(format!("{:x}", hash.finalize()))
}

fn write(
    partial: &Path,
    fill: impl FnOnce(&AtlasGroup) -> Result<(), AtlasError>,
) -> Result<(), AtlasError> {
    let library_error = |error: hdf5::Error| AtlasError::Hdf5 {
        file: partial.to_owned(),
        path: "/".to_owned(),
        message: reason(&error),
    };
    let file = hdf5::File::with_options()
        // Some parallel file systems cannot lock, and no other program uses a file of this name.
        .with_fapl(|access| access.file_locking(false).fclose_degree(FileCloseDegree::Strong))
        .create(partial)
        .map_err(library_error)?;
    let root = file.group("/").map_err(library_error)?;
    fill(&AtlasGroup::root(root, partial))?;
    // Errors of delayed writes appear here. Dropping the file would hide them.
    file.flush().map_err(library_error)?;
    file.close().map_err(library_error)
}

fn io_error(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> AtlasError {
    let file = file.to_owned();
    move |reason| AtlasError::Io { action, file, reason }
}
