//! An `atlas.h5` that exists before a run.

use super::file::checksum;
use super::{AtlasError, FILE_NAME, FORMAT_VERSION};
use crate::engine::store::hdf5_error::{is_lock, reason};
use crate::engine::store::{Contents, journal};
use crate::files::is_locked_by_a_writer;
use hdf5::File;
use hdf5::types::VarLenUnicode;
use std::path::Path;

/// Checks an existing `atlas.h5` before anything in its directory is changed: it must be a file of
/// this program, in this version of the format or an older one, with a journal beside it. A missing
/// file is no error.
///
/// # Errors
/// [`AtlasError::Existing`] with what is wrong.
pub fn check_existing(directory: &Path) -> Result<(), AtlasError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() {
        return Ok(());
    }
    let has_journal = directory.join(journal::FILE_NAME).exists();
    let version =
        match open(&path).and_then(|file| file.attr("format_version")?.read_scalar::<u32>()) {
            Ok(version) => version,
            Err(error) if is_lock(&error) || is_locked_by_a_writer(&path) => {
                return refuse_locked(&path);
            }
            Err(error) => {
                let problem =
                    format!("was not written by lossatlas, or is damaged ({})", reason(&error));
                return refuse(&path, problem, if has_journal { MADE_AGAIN } else { MOVE_AWAY });
            }
        };
    // An older version is replaced, too: the journal has its contents.
    if version > FORMAT_VERSION {
        let problem =
            format!("has format version {version}, this program writes version {FORMAT_VERSION}");
        return refuse(&path, problem, if has_journal { MADE_AGAIN } else { MOVE_AWAY });
    }
    if !has_journal {
        let problem = format!(
            "has results, but the {} from which a run could resume is missing",
            journal::FILE_NAME
        );
        return refuse(&path, problem, MOVE_AWAY);
    }
    Ok(())
}

/// Checks that an `atlas.h5` in a directory may be replaced: it must equal, to the bit, a file that
/// was assembled from the journal beside it, whose records are `contents`. Then the journal has
/// everything that is in the file.
///
/// The checksum decides. Even a file of the same run may contain more than the journal: additions
/// of a user, or later results if the journal was restored from a copy.
///
/// # Errors
/// [`AtlasError::Existing`] with what is wrong; [`AtlasError::Io`] if the file cannot be read.
pub fn check_origin(directory: &Path, contents: &Contents) -> Result<(), AtlasError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() {
        return Ok(());
    }
    if is_locked_by_a_writer(&path) {
        return refuse_locked(&path);
    }
    if contents.has_made(&checksum(&path)?) {
        return Ok(());
    }
    if contents.run_identity().is_some_and(|own| run(&path).is_ok_and(|found| found == own)) {
        let problem = "differs from the file that this run wrote: it was changed or damaged since, \
                       or is newer than the journal";
        return refuse(&path, problem.to_owned(), MADE_AGAIN);
    }
    let problem = format!(
        "is the atlas of another run: it does not come from the {} beside it",
        journal::FILE_NAME
    );
    refuse(&path, problem, MADE_AGAIN)
}

const MOVE_AWAY: &str = "move it away or choose another output directory";

/// The remedy if there is a journal.
const MADE_AGAIN: &str = "move it away or choose another output directory; after that, the same \
                          command makes atlas.h5 again from the journal";

fn refuse(file: &Path, problem: String, remedy: &'static str) -> Result<(), AtlasError> {
    Err(AtlasError::Existing { file: file.to_owned(), problem, remedy })
}

fn refuse_locked(file: &Path) -> Result<(), AtlasError> {
    let problem = "is open for writing in another program (h5py, a viewer), which has locked it";
    refuse(file, problem.to_owned(), "close it there and run the same command again")
}

fn open(path: &Path) -> hdf5::Result<File> {
    File::with_options().with_fapl(|access| access.file_locking(false)).open(path)
}

fn run(path: &Path) -> hdf5::Result<String> {
    text(path, "run")
}

/// The attribute `content` of a file beside `atlas.h5`. `None` if the file is missing or cannot be
/// read.
pub fn content_of(path: &Path) -> Option<String> {
    if path.exists() { text(path, "content").ok() } else { None }
}

fn text(path: &Path, attribute: &str) -> hdf5::Result<String> {
    Ok(open(path)?.attr(attribute)?.read_scalar::<VarLenUnicode>()?.to_string())
}
