//! A file of frames that is only ever appended to.

use super::frame::FileKind;
use super::{JournalError, TornTail, io_error, read};
use crate::engine::store::directory::sync_directory;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file, open for appending.
#[derive(Debug)]
pub(in crate::engine::store) struct AppendFile {
    file: File,
    path: PathBuf,
    /// End of the last whole record.
    pub(super) end: u64,
    /// Whether something may lie beyond `end` that an append left there when it failed.
    unclean: bool,
}

impl AppendFile {
    /// Opens `directory/name` or creates it, and passes the offset and the payload of each record
    /// to `insert`. `ready` gets the file before it is read.
    ///
    /// A last record that was cut short by a crash is removed and reported. No other content is
    /// ever removed, and after an error none at all.
    pub(in crate::engine::store) fn open(
        kind: FileKind,
        directory: &Path,
        name: &str,
        ready: impl FnOnce(&File) -> Result<(), JournalError>,
        insert: impl FnMut(u64, &[u8]) -> Result<(), String>,
    ) -> Result<(Self, Option<TornTail>), JournalError> {
        let path = directory.join(name);
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(io_error("open", &path))?;
        ready(&file)?;
        let extent = read::read(kind, &file, &path, insert)?;
        let mut opened = Self { file, path, end: extent.end, unclean: extent.torn.is_some() };
        opened.cut().map_err(io_error("cut the incomplete last record off", &opened.path))?;
        if opened.end == 0 {
            opened.write(&kind.header()).map_err(io_error("write", &opened.path))?;
            sync_directory(directory).map_err(io_error("write the directory", directory))?;
        }
        Ok((opened, extent.torn))
    }

    /// Appends a frame and returns its offset when it is on disk. After an error the file ends with
    /// its last whole record again, and more may be appended.
    pub(in crate::engine::store) fn append(&mut self, frame: &[u8]) -> Result<u64, JournalError> {
        self.check_place()?;
        self.cut().map_err(io_error("repair", &self.path))?;
        let found = self.file.metadata().map_err(io_error("inspect", &self.path))?.len();
        if found != self.end {
            return Err(JournalError::Changed {
                file: self.path.clone(),
                found,
                expected: self.end,
            });
        }
        let offset = self.end;
        self.write(frame).map_err(io_error("append to", &self.path))?;
        Ok(offset)
    }

    /// Checks that the name still belongs to this file: writes to a deleted file are lost, and a
    /// moved file would not be found.
    pub(in crate::engine::store) fn check_place(&self) -> Result<(), JournalError> {
        let open = self.file.metadata().map_err(io_error("inspect", &self.path))?;
        match fs::metadata(&self.path) {
            Ok(there) if (there.dev(), there.ino()) == (open.dev(), open.ino()) => return Ok(()),
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) => {}
            Err(error) => return Err(io_error("inspect", &self.path)(error)),
        }
        let now = || fs::read_link(format!("/proc/self/fd/{}", self.file.as_raw_fd())).ok();
        let now = (open.nlink() > 0).then(now).flatten();
        Err(JournalError::Displaced { file: self.path.clone(), now })
    }

    /// The file's name.
    pub(in crate::engine::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file.
    pub(in crate::engine::store) fn length(&self) -> u64 {
        self.end
    }

    /// The file, for reading.
    pub(in crate::engine::store) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Writes at the end and syncs. After a failure, removes what was written as far as possible.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unclean = true;
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(bytes))
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.end += bytes.len() as u64;
                self.unclean = false;
                Ok(())
            }
            Err(error) => {
                // If this fails, too, the next append tries again, and opening removes the rest as
                // a torn record. The first error is reported.
                self.cut().ok();
                Err(error)
            }
        }
    }

    /// Removes the bytes after the last whole record, if an append or a crash left any.
    fn cut(&mut self) -> io::Result<()> {
        if self.unclean {
            self.file.set_len(self.end)?;
            self.file.sync_data()?;
            self.unclean = false;
        }
        Ok(())
    }
}

impl Drop for AppendFile {
    /// Releases the lock. Closing the file does not release it while a child process, between fork
    /// and exec, has a copy of the descriptor.
    fn drop(&mut self) {
        self.file.unlock().ok();
    }
}
