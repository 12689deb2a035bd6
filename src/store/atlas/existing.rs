//! An `atlas.h5` that is there before a run.

use super::file::checksum;
use super::{AtlasError, FILE_NAME, FORMAT_VERSION};
use crate::store::{Contents, journal};
use hdf5::File;
use hdf5::types::VarLenUnicode;
use std::path::Path;

/// Makes sure, before anything in a directory is touched, that an `atlas.h5` in it is one of this program, in
/// this version of the format or an older one, with a journal beside it. Where there is none, all is well.
///
/// # Errors
/// [`AtlasError::Existing`] with what is wrong.
pub fn check_existing(directory: &Path) -> Result<(), AtlasError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() {
        return Ok(());
    }
    let version = match open(&path).and_then(|file| file.attr("format_version")?.read_scalar::<u32>()) {
        Ok(version) => version,
        Err(error) => {
            let reason = error.to_string().replace('\n', " ");
            return refuse(&path, format!("was not written by lossatlas, or is damaged ({reason})"));
        }
    };
    // An older one is replaced like one of this version: what it holds is in the journal.
    if version > FORMAT_VERSION {
        return refuse(&path, format!("has format version {version}, this program writes version {FORMAT_VERSION}"));
    }
    if !directory.join(journal::FILE_NAME).exists() {
        return refuse(&path, format!("holds results, but there is no {} beside it to continue from", journal::FILE_NAME));
    }
    Ok(())
}

/// Makes sure that an `atlas.h5` in a directory may be replaced: that it is, to the bit, one that was assembled
/// from the journal beside it, which `contents` are. Then the journal holds all that is in the file.
///
/// The checksum decides. A file that belongs to the same run may all the same hold what the journal does not:
/// what a user has added, or results from after the time of a copy that the journal was restored from.
///
/// # Errors
/// [`AtlasError::Existing`] with what is wrong; [`AtlasError::Io`] if the file cannot be read.
pub fn check_origin(directory: &Path, contents: &Contents) -> Result<(), AtlasError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() || contents.has_made(&checksum(&path)?) {
        return Ok(());
    }
    if contents.run_identity().is_some_and(|own| run(&path).is_ok_and(|found| found == own)) {
        return refuse(
            &path,
            "is not as this run has written it: it was changed or damaged since, or is newer than the journal".into(),
        );
    }
    refuse(&path, format!("is the atlas of another run: it does not come from the {} beside it", journal::FILE_NAME))
}

fn refuse(file: &Path, problem: String) -> Result<(), AtlasError> {
    Err(AtlasError::Existing { file: file.to_owned(), problem })
}

fn open(path: &Path) -> hdf5::Result<File> {
    File::with_options().with_fapl(|access| access.file_locking(false)).open(path)
}

fn run(path: &Path) -> hdf5::Result<String> {
    Ok(open(path)?.attr("run")?.read_scalar::<VarLenUnicode>()?.to_string())
}
