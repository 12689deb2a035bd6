//! Writing the entries of a directory to disk.

use std::fs::File;
use std::io;
use std::path::Path;

/// Writes the entries of a directory to disk. Only then is a new or renamed file safe.
///
/// File systems without this operation return "invalid argument" or "unsupported". These are
/// ignored, because the files themselves are on disk already.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        result => result,
    }
}
