//! Reading a journal again and again, while another process appends to it.

use super::super::contents::Contents;
use super::{FILE_NAME, JournalError, frame, io_error, open_to_read, read};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A journal of which each record is read once. It is neither locked nor changed.
#[derive(Debug)]
pub struct FollowedJournal {
    path: PathBuf,
    /// Device and number of the file.
    file: Option<(u64, u64)>,
    /// End of the last whole record that was read.
    end: u64,
}

/// What has become of a journal since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalNews {
    /// It is as it was.
    Same,
    /// There are more records.
    Appended,
    /// Another file has its name, or it was cut: what was read of it does not count any more.
    Replaced,
}

impl FollowedJournal {
    /// The journal of an output directory, of which nothing has been read.
    pub fn of(directory: &Path) -> Self {
        Self { path: directory.join(FILE_NAME), file: None, end: 0 }
    }

    /// Adds the records to `contents` that have been appended since the last call. A record that is
    /// being written is left for the next one. After an error some may have been added.
    ///
    /// # Errors
    /// As [`super::read`].
    pub fn read_on(&mut self, contents: &mut Contents) -> Result<JournalNews, JournalError> {
        let file = open_to_read(&self.path)?;
        let found = file.metadata().map_err(io_error("inspect", &self.path))?;
        let number = (found.dev(), found.ino());
        if self.file.is_some_and(|known| known != number) || found.len() < self.end {
            return Ok(JournalNews::Replaced);
        }
        self.file = Some(number);
        if found.len() == self.end {
            return Ok(JournalNews::Same);
        }
        let end = self.read_from(&file, contents)?;
        let news = if end == self.end { JournalNews::Same } else { JournalNews::Appended };
        self.end = end;
        Ok(news)
    }

    fn read_from(&self, file: &File, contents: &mut Contents) -> Result<u64, JournalError> {
        let insert = |_, payload: &[u8]| {
            contents.insert(frame::decode(payload)?);
            Ok(())
        };
        Ok(read::read_from(frame::JOURNAL, file, &self.path, self.end, insert)?.end)
    }
}
