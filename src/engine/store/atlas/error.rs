//! The errors of writing an atlas.

use crate::engine::store::JournalError;
use std::io;
use std::path::PathBuf;

/// Why `atlas.h5` was not written. A former file is still there.
///
/// Each message is complete: no cause is left to a chain of sources.
#[derive(Debug, thiserror::Error)]
pub enum AtlasError {
    /// A file of this name exists that must not be replaced.
    #[error("{}: {problem}; it is left as it is: {remedy}", file.display())]
    Existing {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} {}: {reason}", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        file: PathBuf,
        /// The reason given by the system.
        reason: io::Error,
    },
    /// The checksum of the new file could not be stored in the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The HDF5 library failed.
    #[error(
        "cannot write {path} to {}: {message}; all results are safe in the journal: make sure that \
         the disk has free space, and rerun the command, which makes atlas.h5 from the journal",
        file.display()
    )]
    Hdf5 {
        /// The file being written.
        file: PathBuf,
        /// Group, dataset or attribute (`GROUP@ATTRIBUTE`) inside the file.
        path: String,
        /// The reason given by the library.
        message: String,
    },
    /// The results contradict each other.
    #[error("cannot write {path}: {problem}")]
    Inconsistent {
        /// Group or dataset inside the file.
        path: String,
        /// The contradiction.
        problem: String,
    },
}
