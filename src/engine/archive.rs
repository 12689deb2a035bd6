//! The directory of a run: its journal, and what is assembled from it.

use crate::analysis::statistics::{Analysis, Part};
use crate::config::compatibility::KNOWN_AS;
use crate::config::{Config, Subject, compatibility};
use crate::engine::console::{count, print, say};
use crate::engine::failure::{self, Failure};
use crate::engine::log;
use crate::engine::parallel::World;
use crate::engine::problem::{Mapped, Problem};
use crate::engine::results::Results;
use crate::engine::results::vectors_key;
use crate::engine::store::{
    Atlas, Checkpoints, ConfigurationRecord, Contents, Curves, Journal, JournalError, Opened,
    Provenance, Record, Retention, SessionRecord, TaskKey, Written, check_existing, check_origin,
    journal, write_atlas,
};
use crate::engine::version::{COMMIT, VERSION};
use crate::path::PathSet;
use crate::report::{RunSummary, table};
use crate::solutions::SolutionSet;
use ndarray::Array2;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A directory open for writing; on rank 0 only.
pub struct Archive {
    /// The run directory.
    pub directory: PathBuf,
    /// What its journal holds.
    pub contents: Contents,
    /// States of the tasks under way.
    pub checkpoints: Checkpoints,
    journal: Journal,
}

impl Archive {
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

    /// Opens the directory on rank 0, or makes it; refuses one whose results another configuration
    /// has made. Collective.
    pub fn open(
        world: &World,
        problem: &Problem,
        directory: &Path,
    ) -> Result<Option<Self>, Failure> {
        let opened =
            world.is_root().then(|| Self::open_here(world, problem, directory)).transpose();
        let code = world.broadcast(|| {
            Ok::<_, String>(
                opened.as_ref().map_or_else(|failure| failure.code, |_| failure::SUCCESS),
            )
        })?;
        world
            .agree(opened)
            .map_err(|error| Failure { code, message: failure::Plain(&error).to_string() })
    }

    fn open_here(world: &World, problem: &Problem, directory: &Path) -> Result<Self, Failure> {
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
        let mut archive = Self { directory: directory.to_owned(), contents, checkpoints, journal };
        archive.adopt(problem)?;
        archive.forget_finished_tasks()?;
        let session = SessionRecord {
            host: world.host().to_owned(),
            ranks: world.size() as u32,
            started: now(),
            version: VERSION.to_owned(),
            commit: COMMIT.to_owned(),
        };
        archive.store(Record::Session(session))?;
        Ok(archive)
    }

    /// What a directory holds, on rank 0, without changing it; refuses what [`Self::open`] refuses. Collective.
    pub fn look(
        world: &World,
        problem: &Problem,
        directory: &Path,
    ) -> Result<Option<Contents>, Failure> {
        let looked = world.is_root().then(|| Self::look_here(problem, directory)).transpose();
        let code = world.broadcast(|| {
            Ok::<_, String>(
                looked.as_ref().map_or_else(|failure| failure.code, |_| failure::SUCCESS),
            )
        })?;
        world
            .agree(looked)
            .map_err(|error| Failure { code, message: failure::Plain(&error).to_string() })
    }

    fn look_here(problem: &Problem, directory: &Path) -> Result<Contents, Failure> {
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
            TaskKey::Training { method, initialization } => {
                self.contents.training(*method, *initialization).is_some()
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

    /// The sets of solutions, on rank 0; none on the other ranks. Collective.
    ///
    /// Fails while a training run is missing: which runs are the best is not known before.
    pub fn solutions(
        world: &World,
        problem: &Problem,
        archive: Option<&Self>,
    ) -> Result<Vec<SolutionSet>, Failure> {
        Ok(world
            .agree(archive.map_or(Ok(Vec::new()), |archive| archive.complete_solutions(problem)))?)
    }

    fn complete_solutions(&self, problem: &Problem) -> Result<Vec<SolutionSet>, String> {
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

    /// Assembles `atlas.h5` from all results so far. Collective.
    pub fn write_atlas(
        world: &World,
        problem: &Problem,
        archive: Option<&mut Self>,
    ) -> Result<(), Failure> {
        let written = archive.map(|archive| archive.write_atlas_here(world, problem)).transpose();
        world.agree(written).map(|_| ()).map_err(|error| Failure::system(failure::Plain(&error)))
    }

    fn write_atlas_here(&mut self, world: &World, problem: &Problem) -> Result<(), String> {
        let Self { directory, contents, journal, .. } = self;
        journal.check_place().map_err(|error| error.to_string())?;
        let results = Results { config: &problem.config, contents };
        let sets = results.sets();
        let curves = results.training().into_iter().flat_map(|training| {
            training.methods.iter().map(|&method| {
                let (epochs, runs) = (training.method(method).epochs(), results.runs(method));
                Curves { method, epochs, runs }
            })
        });
        let (dataset, dataset_checksum) = problem.data();
        let layout = problem.layout();
        let effective = problem
            .config
            .effective
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect::<Vec<_>>()
            .concat();
        let empty = Analysis::default();
        let analysis = results.analysis(&sets).unwrap_or(&empty);
        let paths = results.paths(&sets);
        let atlas = Atlas {
            provenance: Provenance {
                program_version: VERSION.to_owned(),
                commit: COMMIT.to_owned(),
                configuration: effective,
                dataset,
                dataset_checksum,
                run: contents.run_identity().unwrap_or_default(),
                ranks: world.size() as u32,
                host: world.host().to_owned(),
                started: contents
                    .sessions()
                    .first()
                    .map_or_else(String::new, |session| session.started.clone()),
                finished: now(),
            },
            loss_unit: problem.loss_unit(),
            layout: layout.tensors(),
            sets: &sets,
            curves: &curves.collect::<Vec<_>>(),
            minima: &results.minima(),
            paths: &paths,
            tracks: &results.tracks(&paths),
            analysis,
            failed_parts: results.failed_parts(&sets),
            contents: results.contents,
        };
        let mut announced = None;
        let announce = |checksum: String| {
            announced = Some(checksum.clone());
            journal.append(&Record::Atlas { checksum })
        };
        let written =
            write_atlas(directory, &atlas, |checksum| contents.has_made(checksum), announce);
        if let Some(checksum) = announced {
            contents.insert(Record::Atlas { checksum });
        }
        let Written { file, kept } = written.map_err(|error| error.to_string())?;
        if let Some(kept) = kept {
            say(format_args!(
                "{}: was changed during the run, or is open for writing in another program: it is kept as {}, and a new \
                 one with the results of the run has taken its place",
                file.display(),
                kept.display()
            ));
            log::file_kept(&file, &kept);
        }
        Ok(())
    }

    /// Makes sure that the directory is still the one that the run has started in. Collective.
    pub fn check_place(world: &World, archive: Option<&Self>) -> Result<(), Failure> {
        let checked = archive.map_or(Ok(()), |archive| archive.journal.check_place());
        world.agree(checked).map_err(|error| Failure::system(failure::Plain(&error)))
    }

    /// The same on rank 0 alone.
    pub fn check_place_here(&self) -> Result<(), JournalError> {
        self.journal.check_place()
    }

    /// Prints what the run came to and tells the exit code. Collective.
    pub fn conclude(
        world: &World,
        problem: &Problem,
        archive: Option<&Self>,
    ) -> Result<u8, Failure> {
        Self::check_place(world, archive)?;
        let sound = archive.is_none_or(|archive| archive.print_summary(problem));
        let sound = world.broadcast(|| Ok::<_, String>(sound))?;
        Ok(if sound { failure::SUCCESS } else { failure::TASKS_FAILED })
    }

    /// Returns whether no task has failed and no set consists of results that are worth nothing.
    fn print_summary(&self, problem: &Problem) -> bool {
        let results = self.results(problem);
        let sets = results.sets();
        let paths = results.paths(&sets);
        let empty = Analysis::default();
        let formula = matches!(problem.mapped, Mapped::Formula(_));
        let notes = results.notes(&paths);
        let worthless = notes.iter().any(|note| note.concerns_all);
        let summary = RunSummary::of(&sets, results.analysis(&sets).unwrap_or(&empty), &paths);
        print(table(&RunSummary { formula, notes, ..summary }));
        print(format_args!(
            "results: {}",
            self.directory.join(crate::engine::store::atlas::FILE_NAME).display()
        ));
        let sources =
            results.failed_sources().into_iter().map(|(source, failed)| (source.name(), failed));
        let parts = results.failed_parts(&sets);
        let embeddings =
            parts.iter().filter(|part| matches!(part.part, Part::KernelPca(_))).count();
        // Rare, and so named only where there are any.
        let parts = [("kernel PCA", embeddings), ("statistic", parts.len() - embeddings)];
        let parts = parts.into_iter().filter(|(_, failed)| *failed > 0);
        let tasks: Vec<_> = sources
            .chain([("path", paths.iter().map(PathSet::failed).sum())])
            .chain(parts)
            .collect();
        let failed: usize = tasks.iter().map(|(_, failed)| failed).sum();
        if failed > 0 {
            let list = tasks
                .iter()
                .map(|&(name, failed)| count(failed, name))
                .collect::<Vec<_>>()
                .join(", ");
            print(format_args!(
                "failed: {list}; `lossatlas status {}` says why",
                self.directory.display()
            ));
        }
        failed == 0 && !worthless
    }
}

/// What is asked for, as the journal stores it.
fn configuration_record(problem: &Problem) -> ConfigurationRecord {
    let config = &problem.config;
    let (dataset_name, dataset_checksum) = problem.data();
    let mut effective = config.effective.clone();
    if let Mapped::Network(trained) = &problem.mapped {
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
    // A key may have been left out for a while, as with an optimizer that was not in use: what counts is its
    // latest value.
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
    match &config.subject {
        Subject::Network(network) => Contents::holding(Retention::best(
            network.training.keep,
            network.training.initializations,
        )),
        Subject::Landscape(_) => Contents::default(),
    }
}

/// SHA-256 of shape and components.
fn checksum(vectors: &Array2<f32>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", vectors.shape()));
    vectors.iter().for_each(|component| hash.update(component.to_le_bytes()));
    format!("{:x}", hash.finalize())
}

/// RFC 3339, UTC, to the second.
fn now() -> String {
    jiff::Timestamp::now().strftime("%FT%TZ").to_string()
}
