//! The run directory: its journal and checkpoints.

use crate::config::compatibility::{CLASSES, IMAGE_SHAPE, KNOWN_AS};
use crate::config::{Config, NetworkConfig};
use crate::data::ImageShape;
use crate::engine::change::check_configuration;
use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::initial_curves::{START_CURVES, start_curves};
use crate::engine::longer_paths::quoted;
use crate::engine::parallel::World;
use crate::engine::problem::Problem;
use crate::engine::results::{Results, vectors_key};
use crate::engine::stage::RUN;
use crate::engine::stages::STAGES;
use crate::engine::store::{
    COMMANDS, Checkpoints, ConfigurationRecord, Contents, CurveFiles, Journal, JournalError,
    Opened, PathStates, Record, Retention, SessionRecord, TaskKey, check_existing, check_origin,
    journal,
};
use crate::engine::version::{COMMIT, VERSION};
use crate::solutions::{EndpointSets, SolutionSet};
use ndarray::Array2;
use num_traits::ToBytes;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

/// A run directory open for writing. Only the root has one.
pub struct RunDirectory {
    /// The run directory.
    pub directory: PathBuf,
    /// The records of its journal.
    pub contents: Contents,
    /// States of the running tasks.
    pub checkpoints: Checkpoints,
    /// The last states of the searches for paths.
    pub path_states: PathStates,
    /// The curves of paths.
    pub curve_files: CurveFiles,
    /// Whether missing files of a result may be computed anew: `--replace`.
    pub replaces: bool,
    pub(super) journal: Journal,
}

impl RunDirectory {
    /// A temporary run directory for a test.
    ///
    /// # Panics
    /// If the directory cannot be written to.
    #[cfg(test)]
    pub fn scratch(directory: &Path) -> Self {
        let Opened { journal, contents, .. } =
            Journal::open(directory, Contents::default()).expect("an empty directory");
        let checkpoints = Checkpoints::open(directory).expect("an empty directory");
        let path_states = PathStates::list(directory).expect("an empty directory");
        let curve_files = CurveFiles::of(directory);
        let directory = directory.to_owned();
        let replaces = false;
        Self { directory, contents, checkpoints, path_states, curve_files, replaces, journal }
    }

    /// Opens a run directory or creates it. On the root.
    ///
    /// # Errors
    /// If it cannot be read or written, is in use, or has results of another configuration. With
    /// `replace`, results that the configuration hides are computed anew.
    pub fn open(
        world: &World,
        problem: &Problem,
        directory: &Path,
        replace: bool,
    ) -> Result<Self, Failure> {
        check_existing(directory)?;
        let Opened { journal, contents, torn } =
            Journal::open(directory, contents_of(&problem.config))?;
        if let Some(torn) = torn {
            say(format_args!(
                "{}: removed {} bytes of an incomplete result, which was being written when the \
                 run was killed",
                journal.path().display(),
                torn.bytes
            ));
        }
        check_origin(directory, &contents)?;
        let checkpoints = Checkpoints::open(directory)?;
        let path_states = PathStates::list(directory)?;
        let curve_files = CurveFiles::of(directory);
        let directory = directory.to_owned();
        let mut opened = Self {
            directory,
            contents,
            checkpoints,
            path_states,
            curve_files,
            replaces: replace,
            journal,
        };
        opened.name_former_checkpoints()?;
        opened.adopt(problem, replace)?;
        opened.forget_checkpoints()?;
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

    /// Reads a run directory without changing it. On the root.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn look(
        problem: &Problem,
        directory: &Path,
        replace: bool,
    ) -> Result<InspectedDirectory, Failure> {
        journal::refuse_dangling_link(directory)?;
        check_existing(directory)?;
        let mut contents = match journal::read(directory, contents_of(&problem.config)) {
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
        let record = configuration_record(problem, directory, &contents)?;
        let change = check_configuration(directory, &mut contents, problem, &record, replace, &[])?;
        if contents.configuration() != Some(&record) {
            contents.insert(Record::Configuration(record));
        }
        let path_states = PathStates::list(directory)?;
        let curve_files = CurveFiles::of(directory);
        Ok(InspectedDirectory { contents, replaced: change, path_states, curve_files })
    }

    /// Stores the configuration, unless it is the one in force. Refuses it if it hides results and
    /// `--replace` was not given.
    fn adopt(&mut self, problem: &Problem, replace: bool) -> Result<(), Failure> {
        let record = configuration_record(problem, &self.directory, &self.contents)?;
        let Self { directory, contents, checkpoints, .. } = self;
        let begun: Vec<&TaskKey> = checkpoints.keys().collect();
        let change = check_configuration(directory, contents, problem, &record, replace, &begun)?;
        change.iter().for_each(say);
        if self.contents.configuration() != Some(&record) {
            self.store(Record::Configuration(record))?;
        }
        self.contents.release_hidden_vectors();
        Ok(())
    }

    /// Version 0.1.0 stored checkpoints without a digest of their keys. They belong to the
    /// configuration that was in force.
    fn name_former_checkpoints(&mut self) -> Result<(), JournalError> {
        let former = |key: &&TaskKey| !matches!(key, TaskKey::Under { .. });
        let former: Vec<TaskKey> = self.checkpoints.keys().filter(former).cloned().collect();
        for key in former {
            if let Some(saved) = self.checkpoints.load(&key)? {
                self.checkpoints.save(self.checkpoint_key(key.clone()), &saved)?;
            }
            self.checkpoints.forget(&key)?;
        }
        Ok(())
    }

    /// The key of the checkpoint of a task under the configuration in force.
    pub fn checkpoint_key(&self, task: TaskKey) -> TaskKey {
        TaskKey::Under { digest: self.contents.digest_of(&task), task: Box::new(task) }
    }

    /// Removes the checkpoints of other configurations and of finished tasks. A crash may have come
    /// after a result was stored and before its checkpoint was removed.
    fn forget_checkpoints(&mut self) -> Result<(), JournalError> {
        let contents = &self.contents;
        let useless = |key: &&TaskKey| match key {
            TaskKey::Under { digest, task } => {
                *digest != contents.digest_of(task) || is_finished(contents, task)
            }
            _ => true,
        };
        let useless: Vec<TaskKey> = self.checkpoints.keys().filter(useless).cloned().collect();
        useless.iter().try_for_each(|key| self.checkpoints.forget(key))
    }

    /// Stores the command line of this start, and that it performs a command, unless the last one
    /// did the same. A directory without such a record was filled by `run`.
    pub fn remember_command(&mut self, command: &str) -> Result<(), String> {
        let start = self.contents.sessions().len();
        let line = Record::task(COMMANDS, &format!("{LINE}{start}"), 0.0, Ok(command_line()));
        self.store(line).map_err(|error| error.to_string())?;
        if last_command(&self.contents) == command {
            return Ok(());
        }
        let record = Record::task(COMMANDS, &start.to_string(), 0.0, Ok(command));
        self.store(record).map_err(|error| error.to_string())
    }

    /// Writes a record to disk, then adds it to `contents`.
    pub fn store(&mut self, record: Record) -> Result<(), JournalError> {
        self.journal.append(&record)?;
        self.contents.insert(record);
        Ok(())
    }

    /// The sets of solutions.
    ///
    /// # Errors
    /// If a training run is missing, because the best runs are not known before.
    pub fn solutions(&self, problem: &Problem) -> Result<Vec<SolutionSet>, String> {
        let results = self.results(problem);
        match results.missing_solutions(&self.directory) {
            Some(missing) => Err(missing),
            None => Ok(results.sets()),
        }
    }

    /// The results of this configuration.
    pub fn results<'a>(&'a self, problem: &'a Problem) -> Results<'a> {
        Results { config: &problem.config, contents: &self.contents }
    }

    /// Checks that the directory is still the one in which the run started.
    ///
    /// # Errors
    /// If it was moved or removed.
    pub fn check_place(&self) -> Result<(), JournalError> {
        self.journal.check_place()
    }
}

/// The last command.
pub fn last_command(contents: &Contents) -> String {
    let commands = contents.tasks::<String>(COMMANDS);
    let numbered = commands
        .filter_map(|(start, command)| Some((start.parse::<usize>().ok()?, command.result.ok()?)));
    numbered.max().map_or_else(|| RUN.to_owned(), |(_, command)| command)
}

/// Before the number of the start whose command line a record holds.
const LINE: &str = "line ";

/// The command line of this process as a shell reads it.
fn command_line() -> String {
    let words = env::args_os().map(|word| quoted(&word.to_string_lossy()));
    words.collect::<Vec<_>>().join(" ")
}

/// The command lines of the starts that have stored theirs, in their order.
pub fn command_lines(contents: &Contents) -> Vec<String> {
    let lines = contents.tasks::<String>(COMMANDS).filter_map(|(key, line)| {
        Some((key.strip_prefix(LINE)?.parse::<usize>().ok()?, line.result.ok()?))
    });
    lines.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// A run directory that was looked at under a configuration.
pub struct InspectedDirectory {
    /// The records of its journal.
    pub contents: Contents,
    /// The results that the configuration would compute anew, in words.
    pub replaced: Option<String>,
    /// The last states of the searches for paths.
    pub path_states: PathStates,
    /// The curves of paths.
    pub curve_files: CurveFiles,
}

fn is_finished(contents: &Contents, task: &TaskKey) -> bool {
    match task {
        TaskKey::Training { optimizer, initialization } => {
            contents.training(optimizer, *initialization).is_some()
        }
        TaskKey::Path { set, landscape, pair } => {
            contents.path(&EndpointSets::within(set.clone()), *landscape, *pair).is_some()
        }
        TaskKey::PathBetween { sets, landscape, pair } => {
            contents.path(sets, *landscape, *pair).is_some()
        }
        TaskKey::Task { stage, key } => contents.has_task(stage, key),
        TaskKey::Under { task, .. } => is_finished(contents, task),
    }
}

/// The configuration, as the journal stores it.
fn configuration_record(
    problem: &Problem,
    directory: &Path,
    contents: &Contents,
) -> Result<ConfigurationRecord, Failure> {
    let config = &problem.config;
    let (dataset_name, dataset_checksum) = problem.data();
    let mut effective = config.effective.clone();
    if let Some(trained) = problem.trained() {
        // The network of a classification depends on the number of classes.
        if trained.network.has_classes() {
            effective.insert(CLASSES.to_owned(), trained.dataset.classes.to_string());
        } else {
            effective.remove(CLASSES);
        }
        if let Some(name) = trained.dataset.known_as {
            effective.insert(KNOWN_AS.to_owned(), format!("\"{name}\""));
        }
        // Readers of the results have no images. They build the network from this shape.
        if STAGES.iter().any(|stage| stage.uses_symmetry(config)) {
            let ImageShape { channels, rows, columns } = trained.dataset.shape();
            let shape = format!("[{channels}, {rows}, {columns}]");
            effective.insert(IMAGE_SHAPE.to_owned(), shape);
        }
        // The vectors that were read count, not only the name of the file.
        for (name, vectors) in &trained.imports {
            effective.insert(vectors_key(name), vectors.nrows().to_string());
            effective.insert(format!("import.{name}.checksum"), checksum(vectors));
        }
    }
    let mut record = ConfigurationRecord {
        effective,
        text: config.text.clone(),
        overrides: config.overrides.clone(),
        version: VERSION.to_owned(),
        dataset_name,
        dataset_checksum,
    };
    if let Some(start) = &config.paths.start {
        let curves = start_curves(start, directory, contents, &record)?;
        record.effective.insert(START_CURVES.to_owned(), format!("\"{curves}\""));
    }
    Ok(record)
}

/// Empty contents that will keep the vectors that the configuration needs.
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
