//! The errors of a journal.

use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be opened, read or extended. None of these changes a record in the file.
///
/// Each message is complete: no cause is left to a chain of sources.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
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
    /// The run directory is not a directory.
    #[error("{} is not a directory; choose another output directory", path.display())]
    NoDirectory {
        /// The given path.
        path: PathBuf,
    },
    /// There is no journal to read.
    #[error("there is no {}: this directory has no results; check the path", file.display())]
    Missing {
        /// The expected journal.
        file: PathBuf,
    },
    /// Another process has locked the journal.
    #[error("another lossatlas is running in {}; wait for its end or choose another output directory", directory.display())]
    Locked {
        /// The output directory.
        directory: PathBuf,
    },
    /// The file is not a journal.
    #[error("{} was not written by lossatlas (byte 0: its header differs); move it away or choose another output directory", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The journal has a format this program does not know.
    #[error(
        "{} has format version {found} (byte {offset}), this program reads and writes version {expected}; \
         use the lossatlas that wrote it or choose another output directory",
        file.display()
    )]
    Version {
        /// The file.
        file: PathBuf,
        /// Where the version is written.
        offset: u64,
        /// The version in the file.
        found: u32,
        /// The version of this program.
        expected: u32,
    },
    /// A record was damaged after it was written.
    #[error(
        "{}: the record at byte {offset} is damaged ({problem}); the file is unchanged: restore it \
         from a copy, or drop this record and all after it with `truncate --size={offset} {}` and \
         start again",
        file.display(),
        file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where the record starts.
        offset: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Another program changed the size of the file.
    #[error(
        "{} has {found} bytes instead of {expected}: another program writes to it; \
         make sure that only one lossatlas runs in its directory and start again",
        file.display()
    )]
    Changed {
        /// The file.
        file: PathBuf,
        /// Its size.
        found: u64,
        /// The size after the last record written here.
        expected: u64,
    },
    /// The name no longer belongs to the open file.
    #[error("{}", displaced(file, now.as_deref()))]
    Displaced {
        /// Its name.
        file: PathBuf,
        /// Where it is now, if it was moved; `None` if it was deleted.
        now: Option<PathBuf>,
    },
    /// The run directory is a symbolic link to a missing target.
    #[error("{}", crate::files::dangling(link, target))]
    DanglingLink {
        /// The link.
        link: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// A record cannot be encoded.
    #[error(
        "cannot save a record of {bytes} bytes: the maximum size of a record is {} bytes",
        u32::MAX
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A record cannot be serialized.
    #[error("cannot encode a record: {reason}")]
    Encode {
        /// The reason given by the encoder.
        reason: postcard::Error,
    },
}

/// What happened, and what is safe.
fn displaced(file: &Path, now: Option<&Path>) -> String {
    let shown = file.display();
    match now {
        Some(now) => format!(
            "{shown} or its directory was moved during the run: it is {} now. All finished results \
             are in it. Rerun the command with --out {} to resume",
            now.display(),
            now.parent().unwrap_or(now).display()
        ),
        None if !file.with_file_name(crate::engine::store::atlas::FILE_NAME).exists() => format!(
            "{shown} was deleted during the run, or replaced by another file, and there is no \
             atlas.h5 beside it. Its results are lost. Start again; do not change the files of a \
             directory during a run"
        ),
        None => format!(
            "{shown} was deleted during the run, or replaced by another file. Its results are \
             lost, except those in atlas.h5, which has the results of every stage that ended. Move \
             atlas.h5 away if you want to keep it, and start again; do not change the files of a \
             directory during a run"
        ),
    }
}
