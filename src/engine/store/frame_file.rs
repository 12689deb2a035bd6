//! A file with one record in a frame of the journal, written as a whole.

use super::directory::sync_directory;
use super::journal::frame::{self, FileKind};
use super::journal::{JournalError, io_error};
use crate::files::make_directory;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Reads the record of a file of this kind. `what` names the kind in messages.
///
/// # Errors
/// Why the file cannot be used, with its name.
pub(super) fn read<T: DeserializeOwned>(
    file: &Path,
    kind: FileKind,
    what: &str,
) -> Result<T, String> {
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let frame = bytes.strip_prefix(&kind.header()[..]);
    let frame = frame.ok_or_else(|| format!("{shown}: not {what}"))?;
    let payload = frame::whole(frame).ok_or_else(|| format!("{shown}: damaged"))?;
    frame::decode(payload).map_err(|problem| format!("{shown}: {problem}"))
}

/// Writes a file into a folder, which is created if necessary. A new file replaces a former one.
///
/// # Errors
/// [`JournalError::Io`]. A file that was stored before stays.
pub(super) fn write(
    folder: &Path,
    file: &Path,
    kind: FileKind,
    record: &impl Serialize,
) -> Result<(), JournalError> {
    make_directory(folder).map_err(io_error("create", folder))?;
    let new = folder.join("new");
    let frame = frame::encode(record)?;
    let write = || {
        let mut out = File::create(&new)?;
        out.write_all(&kind.header())?;
        out.write_all(&frame)?;
        out.sync_all()?;
        fs::rename(&new, file)?;
        sync_directory(folder)
    };
    write().map_err(io_error("write", file))
}
