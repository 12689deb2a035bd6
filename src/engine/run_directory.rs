//! The run directory: its journal and checkpoints.

use crate::config::compatibility::{CLASSES, KNOWN_AS};
use crate::config::{Config, NetworkConfig, compatibility};
use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::parallel::World;
use crate::engine::problem::Problem;
use crate::engine::results::{Results, vectors_key};
use crate::engine::store::{
    Checkpoints, ConfigurationRecord, Contents, Journal, JournalError, Opened, Record, Retention,
    SessionRecord, TaskKey, check_existing, check_origin, journal,
};
use crate::engine::version::{COMMIT, VERSION};
use crate::solutions::SolutionSet;
use ndarray::Array2;
use num_traits::ToBytes;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A run directory open for writing. The root alone has one.
pub struct RunDirectory {
    /// The run directory.
    pub directory: PathBuf,
    /// What its journal holds.
    pub contents: Contents,
    /// States of the tasks under way.
    pub checkpoints: Checkpoints,
    pub(super) journal: Journal,
}

impl RunDirectory {
    /// A directory of its own for a test.
    ///
    /// # Panics
    /// If the directory cannot be written to.
    #[cfg(test)]
    pub fn scratch(directory: &Path) -> Self {
        let Opened { journal, contents, .. } =
            Journal::open(directory, Contents::default()).expect("an empty directory");
        let checkpoints = Checkpoints::open(directory).expect("an empty directory");
        Self { directory: directory.to_owned(), contents, checkpoints, journal }
    }

    /// Opens a run directory, or makes it. On the root.
    ///
    /// # Errors
    /// If it cannot be read or written, is in use, or holds results of another configuration.
    pub fn open(world: &World, problem: &Problem, directory: &Path) -> Result<Self, Failure> {
        check_existing(directory)?;
        let Opened { journal, contents, torn } =
            Journal::open(directory, contents_of(&problem.config))?;
        if let Some(torn) = torn {
            say(format_args!(
                "{}: cut off {} bytes of a result that was being written when the run was killed",
                journal.path().display(),
                torn.bytes
            ));
        }
        check_origin(directory, &contents)?;
        let checkpoints = Checkpoints::open(directory)?;
        let mut opened = Self { directory: directory.to_owned(), contents, checkpoints, journal };
        opened.adopt(problem)?;
        opened.forget_finished_tasks()?;
        let session = SessionRecord {
            host: world.host().to_owned(),
            ranks: world.size() as u32,
            started: now(),
            version: VERSION.to_owned(),
            commit: COMMIT.to_owned(),
        };
        opened.store(Record::Session(session))?;
        Ok(opened)
    }

    /// What a run directory holds, without changing it. On the root.
    ///
    /// # Errors
    /// What [`Self::open`] refuses.
    pub fn look(problem: &Problem, directory: &Path) -> Result<Contents, Failure> {
        journal::refuse_dangling_link(directory)?;
        check_existing(directory)?;
        let contents = match journal::read(directory, contents_of(&problem.config)) {
            Ok((contents, _)) => contents,
            Err(JournalError::Missing { .. }) if !directory.exists() || directory.is_dir() => {
                contents_of(&problem.config)
            }
            Err(JournalError::Missing { .. }) => {
                let shown = directory.display();
                return Err(Failure::input(format_args!(
                    "{shown} is not a directory; choose another output directory"
                )));
            }
            Err(error) => return Err(error.into()),
        };
        check_origin(directory, &contents)?;
        check_configuration(directory, &contents, &configuration_record(problem))?;
        Ok(contents)
    }

    /// Stores the configuration, unless it is the one in force or would mix two kinds of results.
    fn adopt(&mut self, problem: &Problem) -> Result<(), Failure> {
        let record = configuration_record(problem);
        check_configuration(&self.directory, &self.contents, &record)?;
        if self.contents.configuration() == Some(&record) {
            return Ok(());
        }
        Ok(self.store(Record::Configuration(record))?)
    }

    /// A crash may have come between storing a result and forgetting the state that led to it.
    fn forget_finished_tasks(&mut self) -> Result<(), JournalError> {
        let finished = |key: &&TaskKey| match key {
            TaskKey::Training { optimizer, initialization } => {
                self.contents.training(optimizer, *initialization).is_some()
            }
            TaskKey::Path { set, landscape, pair } => {
                self.contents.path(set, *landscape, *pair).is_some()
            }
            TaskKey::Task { stage, key } => self.contents.has_task(stage, key),
        };
        let finished: Vec<TaskKey> = self.checkpoints.keys().filter(finished).cloned().collect();
        finished.iter().try_for_each(|key| self.checkpoints.forget(key))
    }

    /// Puts a record on disk, then into `contents`.
    pub fn store(&mut self, record: Record) -> Result<(), JournalError> {
        self.journal.append(&record)?;
        self.contents.insert(record);
        Ok(())
    }

    /// The sets of solutions.
    ///
    /// # Errors
    /// If a training run is missing: which runs are the best is not known before.
    pub fn solutions(&self, problem: &Problem) -> Result<Vec<SolutionSet>, String> {
        let results = self.results(problem);
        match results.missing_solutions(&self.directory) {
            Some(missing) => Err(missing),
            None => Ok(results.sets()),
        }
    }

    /// The records as this configuration asks for them.
    pub fn results<'a>(&'a self, problem: &'a Problem) -> Results<'a> {
        Results { config: &problem.config, contents: &self.contents }
    }

    /// Makes sure that the directory is still the one that the run has started in.
    ///
    /// # Errors
    /// If it was moved or removed.
    pub fn check_place(&self) -> Result<(), JournalError> {
        self.journal.check_place()
    }
}

/// What is asked for, as the journal stores it.
fn configuration_record(problem: &Problem) -> ConfigurationRecord {
    let config = &problem.config;
    let (dataset_name, dataset_checksum) = problem.data();
    let mut effective = config.effective.clone();
    if let Some(trained) = problem.trained() {
        // Another number of classes makes another network of those that tell them apart.
        if trained.network.has_classes() {
            effective.insert(CLASSES.to_owned(), trained.dataset.classes.to_string());
        } else {
            effective.remove(CLASSES);
        }
        if let Some(name) = trained.dataset.known_as {
            effective.insert(KNOWN_AS.to_owned(), format!("\"{name}\""));
        }
        // What was read counts, not only the name of the file.
        for (name, vectors) in &trained.imports {
            effective.insert(vectors_key(name), vectors.nrows().to_string());
            effective.insert(format!("import.{name}.checksum"), checksum(vectors));
        }
    }
    ConfigurationRecord {
        effective,
        text: config.text.clone(),
        overrides: config.overrides.clone(),
        version: VERSION.to_owned(),
        dataset_name,
        dataset_checksum,
    }
}

/// Refuses a configuration that would mix two kinds of results.
fn check_configuration(
    directory: &Path,
    contents: &Contents,
    record: &ConfigurationRecord,
) -> Result<(), Failure> {
    let Some(before) = contents.configuration().filter(|before| *before != record) else {
        return Ok(());
    };
    // A key may have been left out for a while, as with an optimizer that was not in use: what
    // counts is its latest value.
    let known =
        contents.configurations().iter().flat_map(|stored| stored.effective.clone()).collect();
    let mut conflicts = compatibility::conflicts(&known, &record.effective);
    if before.dataset_checksum != record.dataset_checksum {
        conflicts.extend(compatibility::image_conflicts(&known, &record.effective));
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    let (list, directory) = (conflicts.join("\n  "), directory.display());
    Err(Failure::input(format_args!(
        "{directory}: holds results of another configuration; choose another --out or undo these changes\n  {list}"
    )))
}

/// Nothing yet; it will hold the vectors that the configuration has a use for.
fn contents_of(config: &Config) -> Contents {
    let holding = |network: &NetworkConfig| {
        let training = &network.training;
        Contents::holding(Retention::best(training.keep, training.initializations))
    };
    config.subject.network().map_or_else(Contents::default, holding)
}

/// SHA-256 of shape and components.
pub(super) fn checksum<A: ToBytes>(vectors: &Array2<A>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", vectors.shape()));
    vectors.iter().for_each(|component| hash.update(component.to_le_bytes()));
    format!("{:x}", hash.finalize())
}

/// RFC 3339, UTC, to the second.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%FT%TZ").to_string()
}
