//! Making the entries of a directory durable.

use std::fs::File;
use std::io;
use std::path::Path;

/// Writes the entries of a directory to disk: a new or renamed file is safe only after that.
///
/// File systems that cannot do it say "invalid argument" or "unsupported"; there nothing more can
/// be done, and the files themselves are on disk already, so that is no error.
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
