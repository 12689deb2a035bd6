//! An `atlas.h5` that is there before a run.

use super::{AtlasError, FILE_NAME, FORMAT_VERSION};
use crate::store::journal;
use hdf5::File;
use std::path::Path;

/// Makes sure that an `atlas.h5` in a directory may be replaced: that this program has written it, in this
/// version of the format, and from the journal beside it. Where there is none, all is well.
///
/// # Errors
/// [`AtlasError::Existing`] with what is wrong.
pub fn check_existing(directory: &Path) -> Result<(), AtlasError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() {
        return Ok(());
    }
    let refuse = |problem: String| Err(AtlasError::Existing { file: path.clone(), problem });
    let version = match version(&path) {
        Ok(version) => version,
        Err(error) => {
            let reason = error.to_string().replace('\n', " ");
            return refuse(format!("was not written by lossatlas, or is damaged ({reason})"));
        }
    };
    if version != FORMAT_VERSION {
        return refuse(format!("has format version {version}, this program writes version {FORMAT_VERSION}"));
    }
    if !directory.join(journal::FILE_NAME).exists() {
        return refuse(format!("holds results, but there is no {} beside it to continue from", journal::FILE_NAME));
    }
    Ok(())
}

fn version(path: &Path) -> hdf5::Result<u32> {
    let opened = File::with_options().with_fapl(|access| access.file_locking(false)).open(path)?;
    opened.attr("format_version")?.read_scalar()
}
