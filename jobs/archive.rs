//! The directory of a run: its journal, and what is assembled from it.

use crate::failure::{self, Failure};
use crate::session::Problem;
use crate::version::{COMMIT, VERSION};
use lossatlas::config::compatibility;
use lossatlas::optimizer::{Method, TrainingRun};
use lossatlas::parallel::World;
use lossatlas::path::PathSet;
use lossatlas::report::{RunSummary, table};
use lossatlas::solutions::{SolutionSet, draw_pairs, select};
use lossatlas::store::{ConfigurationRecord, Contents, Journal, Opened, Record, SessionRecord};
use std::path::{Path, PathBuf};

/// A directory open for writing; on rank 0 only.
pub struct Archive {
    pub directory: PathBuf,
    pub contents: Contents,
    journal: Journal,
}

impl Archive {
    /// Opens the directory on rank 0, or makes it; refuses one whose results another configuration
    /// has made. Collective.
    pub fn open(world: &World, problem: &Problem, directory: &Path) -> Result<Option<Self>, Failure> {
        let opened = world.is_root().then(|| Self::open_here(world, problem, directory)).transpose();
        Ok(world.agree(opened)?)
    }

    fn open_here(world: &World, problem: &Problem, directory: &Path) -> Result<Self, String> {
        let Opened { journal, contents, torn } = Journal::open(directory).map_err(|error| error.to_string())?;
        if let Some(torn) = torn {
            eprintln!("{}: {torn}", journal.path().display());
        }
        let mut archive = Self { directory: directory.to_owned(), contents, journal };
        archive.adopt(problem)?;
        let session = SessionRecord {
            host: world.host().to_owned(),
            ranks: world.size() as u32,
            started: jiff::Timestamp::now().strftime("%FT%TZ").to_string(),
            version: VERSION.to_owned(),
            commit: COMMIT.to_owned(),
        };
        archive.store(Record::Session(session)).map_err(|error| error.to_string())?;
        Ok(archive)
    }

    /// Stores the configuration, unless it is the one in force or would mix two kinds of results.
    fn adopt(&mut self, problem: &Problem) -> Result<(), String> {
        let config = &problem.config;
        let record = ConfigurationRecord {
            effective: config.effective.clone(),
            text: config.text.clone(),
            overrides: config.overrides.clone(),
            version: VERSION.to_owned(),
            dataset_name: problem.dataset.name.clone(),
            dataset_checksum: problem.dataset.checksum.clone(),
        };
        if let Some(before) = self.contents.configuration() {
            if *before == record {
                return Ok(());
            }
            let mut conflicts = compatibility::conflicts(&before.effective, &record.effective);
            if before.dataset_checksum != record.dataset_checksum {
                conflicts.push(format!("the data set was {}, now it is {}", before.dataset_name, record.dataset_name));
            }
            if !conflicts.is_empty() {
                let list = conflicts.iter().map(|conflict| format!("\n  {conflict}")).collect::<String>();
                let directory = self.directory.display();
                return Err(format!("{directory}: holds results of another configuration; use another --out, or undo:{list}"));
            }
        }
        self.store(Record::Configuration(record)).map_err(|error| error.to_string())
    }

    /// Puts a record on disk, then into `contents`.
    pub fn store(&mut self, record: Record) -> Result<(), lossatlas::store::JournalError> {
        self.journal.append(&record)?;
        self.contents.insert(record);
        Ok(())
    }
}
