//! A run directory that is read again and again while a run goes on in it.

use crate::engine::failure::Failure;
use crate::engine::status::{Status, records_to_count};
use crate::engine::store::journal::{FollowedJournal, JournalNews};
use crate::engine::stored::StoredRun;
use std::path::{Path, PathBuf};

/// A run directory. Each record of its journal is read once, without a lock.
pub struct FollowedRun {
    directory: PathBuf,
    journal: FollowedJournal,
    run: StoredRun,
}

impl FollowedRun {
    /// Reads a directory for the first time.
    ///
    /// # Errors
    /// As for [`StoredRun::read`].
    pub fn open(directory: &Path) -> Result<Self, Failure> {
        let mut journal = FollowedJournal::of(directory);
        let mut contents = records_to_count();
        journal.read_on(&mut contents)?;
        let run = StoredRun::of(directory, contents)?;
        Ok(Self { directory: directory.to_owned(), journal, run })
    }

    /// Reads what has been added since the last time. After an error it is opened anew.
    ///
    /// # Errors
    /// As for [`StoredRun::read`].
    pub fn status(&mut self) -> Result<Status, Failure> {
        match self.journal.read_on(&mut self.run.contents)? {
            JournalNews::Same => {}
            JournalNews::Appended => self.run.contents_have_changed(&self.directory)?,
            JournalNews::Replaced => *self = Self::open(&self.directory)?,
        }
        Ok(Status::of_run(&self.directory, &self.run))
    }
}
