//! A run directory that is only read: its journal and the configuration in force.

use crate::config::Config;
use crate::data::{FORMATS, place_key};
use crate::engine::failure::Failure;
use crate::engine::results::Results;
use crate::engine::store::{ConfigurationRecord, Contents, journal};
use std::path::Path;

/// The contents of a run directory.
///
/// They come from the journal, not from `atlas.h5`. The journal has every result as soon as it
/// exists, also during a run. `atlas.h5` may be older or may have been moved.
pub struct StoredRun {
    /// The configuration in force, as it was stored.
    pub record: ConfigurationRecord,
    /// The same, parsed and checked.
    pub config: Config,
    /// The records of the journal.
    pub contents: Contents,
}

impl StoredRun {
    /// Reads a directory without changing it. The records are added to `contents`, which determines
    /// the vectors that are kept.
    ///
    /// # Errors
    /// If there is no journal, if it cannot be read, or if it holds no configuration.
    pub fn read(directory: &Path, contents: Contents) -> Result<Self, Failure> {
        let (contents, _) = journal::read(directory, contents)?;
        Self::of(directory, contents)
    }

    /// A directory whose journal has been read into `contents`.
    ///
    /// # Errors
    /// If it holds no configuration.
    pub fn of(directory: &Path, mut contents: Contents) -> Result<Self, Failure> {
        contents.release_hidden_vectors();
        let shown = directory.display();
        let Some(record) = contents.configuration().cloned() else {
            let problem = "has no configuration; no run has started here";
            return Err(Failure::input(format_args!("{shown}: {problem}")));
        };
        let config =
            parse(&record).map_err(|problem| Failure::input(format_args!("{shown}: {problem}")))?;
        Ok(Self { record, config, contents })
    }

    /// More records have been added to `contents`; a configuration may be among them.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn contents_have_changed(&mut self, directory: &Path) -> Result<(), Failure> {
        if self.contents.configuration() != Some(&self.record) {
            *self = Self::of(directory, std::mem::take(&mut self.contents))?;
        }
        Ok(())
    }

    /// The records as the configuration in force asks for them.
    pub fn results(&self) -> Results<'_> {
        Results { config: &self.config, contents: &self.contents }
    }
}

/// A stored configuration. The places of its images and vectors are not checked: a variable in the
/// name of a directory may exist only in the jobs of a cluster.
///
/// # Errors
/// If this version does not accept it.
pub fn parse(record: &ConfigurationRecord) -> Result<Config, String> {
    let mut overrides = record.overrides.clone();
    let kind = record.effective.get("dataset.kind").map(|kind| kind.trim_matches('"'));
    let format = FORMATS.iter().find(|format| Some(format.name()) == kind);
    if let Some(place) = format.and_then(|&format| place_key(format)) {
        overrides.push(format!("dataset.{place}=."));
    }
    let is_file =
        |key: &&String| key.starts_with("import.") && key.rsplit('.').next() == Some("file");
    let imports = record.effective.keys().filter(is_file).count();
    overrides.extend((0..imports).map(|index| format!("import.{index}.file=\"not-read.npy\"")));
    // The same holds for the command of a process, for its points and for the initial curves.
    let not_read = [
        ("landscape.command", "[\"not-run\"]"),
        ("landscape.points", "\"not-read.npy\""),
        ("paths.start", "\".\""),
    ];
    let written = not_read.into_iter().filter(|(key, _)| record.effective.contains_key(*key));
    overrides.extend(written.map(|(key, value)| format!("{key}={value}")));
    // The pairs of a file are stored with the configuration.
    if let Some(pairs) = record.effective.get("paths.list") {
        overrides.push(format!("paths.list={pairs}"));
    }
    Config::parse("the stored configuration", &record.text, &overrides)
        .map_err(|errors| errors.to_string())
}
