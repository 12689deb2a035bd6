//! A TOML file → the checked, immutable parameters of everything.
//!
//! # How a file is read
//! 1. [`toml`] parses it; the tree keeps the line of every key (`tree`).
//! 2. Overrides, `key.path=value`, replace values in the tree (`overrides`).
//! 3. Each section is read into its own type by a file of its name, which declares its keys in the
//!    table of keys (`schema`). The reader collects all problems, so that they can be corrected at
//!    once, and all values that take effect.
//!
//! The same table determines the configurations that `init` writes ([`template`]), what a change of
//! a key invalidates ([`compatibility`]), and `docs/configuration.md`
//! ([`reference`](mod@reference)). A stage can add a section (`stages`).
//!
//! Unknown keys are errors, and so are keys that belong to another kind than the chosen one: a typo
//! must not cost a night in the queue.
//!
//! # Sections
//! | section | type | needed |
//! |---|---|---|
//! | `seed = …` | [`MasterSeed`] | yes |
//! | `[dataset]` | [`ChosenFormat`] | for a network |
//! | `[network]` | [`Architecture`](crate::network::Architecture) | for a network |
//! | `[training]`, `[training.NAME]` | [`TrainingConfig`] | for a network, unless its solutions are imported |
//! | `[[import]]` | [`ImportConfig`] | no, any number |
//! | `[landscape]`, `[[minimum]]` | [`LandscapeConfig`] | for an analytic landscape or a process, in place of `[dataset]`, `[network]` and `[training]` |
//! | `[paths]` | [`PathsConfig`] | no, the published values are the defaults |
//! | `[[kpca]]` | [`KpcaConfig`] | no, any number |
//! | `[[distance]]` | [`DistanceConfig`] | no, any number |
//! | `[run]` | [`RunConfig`] | no |
//!
//! Stages add theirs. The files in `configs/` explain every key.

pub(crate) mod available;
mod chosen;
pub mod compatibility;
mod dataset;
pub mod dependencies;
mod distance;
mod error;
#[cfg(test)]
mod example_stage;
mod expand;
mod import;
mod kpca;
mod landscape;
pub(crate) mod named;
mod network;
mod optimizer;
mod overrides;
mod paths;
mod process;
mod protocol;
pub(crate) mod reader;
pub mod reference;
mod run;
pub(crate) mod schema;
mod sections;
mod sources;
pub(crate) mod stages;
mod subject;
pub mod template;
mod text;
mod training;
mod tree;

pub use distance::DistanceConfig;
pub use error::{ConfigErrors, ConfigPlace, ConfigProblem};
pub use import::{ImportConfig, ImportFile};
pub use kpca::{KernelConfig, KpcaConfig};
pub use landscape::{ChosenLandscape, LandscapeConfig, MinimaConfig};
pub use paths::{PathsConfig, StoredCurves, check_list};
pub use process::ProcessConfig;
pub use protocol::{Preset, Protocol, ProtocolInUse, ProtocolSubject};
pub use run::RunConfig;
pub use schema::PairList;
pub use sources::Sources;
pub use stages::{StageSection, StageValues};
pub use subject::{NetworkConfig, Subject};
pub use training::TrainingConfig;

use crate::data::ChosenFormat;
use crate::random::MasterSeed;
use available::Available;
use reader::{Collected, Collector, Description, Notation, Read, Reported, Section};
use schema::Multiplicity;
use std::collections::BTreeMap;
use std::path::Path;
use tree::{TomlNode, ValueOrigin};

/// A configuration that has passed all checks that do not need the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The seed of all random streams.
    pub seed: MasterSeed,
    /// A network on images, or an analytic landscape.
    pub subject: Subject,
    /// The paths.
    pub paths: PathsConfig,
    /// The kernel PCAs.
    pub kpca: Vec<KpcaConfig>,
    /// The comparisons of distances, in addition to those that are always made.
    pub distances: Vec<DistanceConfig>,
    /// How the machine is used.
    pub run: RunConfig,
    /// The stages that bring a section of their own.
    pub stages: StageValues,
    /// The file as read.
    pub text: String,
    /// The overrides as given.
    pub overrides: Vec<String>,
    /// Where the kind of the network is written; `None` without a network.
    pub network_place: Option<ConfigPlace>,
    /// Keys of the file that are ignored because an override has chosen another kind, each with its
    /// place.
    pub dropped: Vec<ConfigProblem>,
    /// Every key that takes effect, with its value in TOML notation, including defaults. Equal
    /// values have equal texts, however they were written. Kernel PCAs and imports are identified
    /// by name, `kpca.lbfgs-train_sgd-test.kernel`, points by index, `minimum.0.at`. A key whose
    /// default is not known yet (a derived seed, the number of parameters) is here only if it is
    /// written.
    pub effective: BTreeMap<String, String>,
}

/// The purpose for which a configuration is read. It determines which sections are required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigPurpose {
    /// To run the study that it describes.
    Study,
    /// To evaluate given vectors: data and a network are enough. A seed is needed only for drawn
    /// digits; without it the seed is 0.
    Evaluation,
}

impl Config {
    /// Reads and checks a file, with overrides `key.path=value` applied to it in their order.
    ///
    /// # Errors
    /// All problems of the file and of the overrides, or why the file cannot be read.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigErrors> {
        Self::load_for(ConfigPurpose::Study, path, overrides)
    }

    /// Like [`Self::load`], for this purpose.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn load_for(
        purpose: ConfigPurpose,
        path: &Path,
        overrides: &[String],
    ) -> Result<Self, ConfigErrors> {
        let name = path.display().to_string();
        match text::read(path) {
            Ok(text) => Self::parse_for(purpose, &name, &text, overrides),
            Err(error) => {
                let message = format!("cannot read the configuration: {error}");
                let place = ConfigPlace::File { name, line: None };
                Err(ConfigErrors::new(
                    vec![ConfigProblem { place, key: None, message }],
                    Sources::default(),
                ))
            }
        }
    }

    /// Checks a text; `name` is what messages call it.
    ///
    /// # Errors
    /// All problems of the text and of the overrides. If the text is not TOML, only that.
    pub fn parse(name: &str, text: &str, overrides: &[String]) -> Result<Self, ConfigErrors> {
        Self::parse_for(ConfigPurpose::Study, name, text, overrides)
    }

    /// Like [`Self::parse`], for this purpose.
    ///
    /// # Errors
    /// As for [`Self::parse`].
    pub fn parse_for(
        purpose: ConfigPurpose,
        name: &str,
        text: &str,
        overrides: &[String],
    ) -> Result<Self, ConfigErrors> {
        Self::parse_and_describe(purpose, name, text, overrides).map(|(config, _)| config)
    }

    /// The effective keys as TOML, a line `key = value` for each. Entries of a list are tables under
    /// their names: `import."published/train".file = "theta.npy"`.
    pub fn effective_text(&self) -> String {
        let lines = self.effective.iter();
        lines.map(|(key, value)| format!("{} = {value}\n", toml_key(key))).collect()
    }

    /// Sets the pairs that `paths.list` names.
    pub fn list_pairs(&mut self, list: Option<PairList>) {
        if let Some(list) = &list {
            self.effective.insert("paths.list".to_owned(), list.toml());
        }
        self.paths.list = list;
    }

    /// Like [`Self::parse_for`]. Also returns all keys that were read.
    fn parse_and_describe(
        purpose: ConfigPurpose,
        name: &str,
        text: &str,
        overrides: &[String],
    ) -> Result<(Self, Vec<Description>), ConfigErrors> {
        let mut report = Collector::default();
        let root = read_tree(&mut report, text, overrides);
        let mut sources = Sources::default();
        let network = root.as_ref().ok().and_then(subject::network_origin);
        let network_place = network.map(|origin| ConfigPlace::of(origin, name, overrides));
        let sections = root.and_then(|root| {
            Section::read_root(&report, &root, &sections::TOP, |root| {
                read(root, purpose, &mut sources)
            })
        });
        sources.network_place.clone_from(&network_place);
        let descriptions = report.descriptions();
        let Collected { problems, dropped, effective } = report.finish(name, overrides);
        match sections {
            Ok(config) if problems.is_empty() => {
                let (text, overrides) = (text.to_owned(), overrides.to_vec());
                let config = Self { text, overrides, network_place, dropped, effective, ..config };
                Ok((config, descriptions))
            }
            _ => Err(ConfigErrors::new(problems, sources)),
        }
    }
}

/// An effective key as TOML writes it: quotes around the name of an entry with a dot or a slash.
fn toml_key(key: &str) -> String {
    let section = sections::find(key).0;
    let name = || {
        let (name, last) = key.strip_prefix(section.name)?.strip_prefix('.')?.rsplit_once('.')?;
        name.contains(['.', '/']).then(|| format!("{}.\"{name}\".{last}", section.name))
    };
    let is_named = section.shape == Multiplicity::Named;
    if is_named { name() } else { None }.unwrap_or_else(|| key.to_owned())
}

fn read_tree(report: &mut Collector, text: &str, overrides: &[String]) -> Read<TomlNode> {
    let mut root = tree::parse_file(text).map_err(|(origin, message)| {
        report.problem(origin, None, message);
        Reported
    })?;
    if !overrides.is_empty() {
        report.keep_written(&root);
    }
    for (index, text) in overrides.iter().enumerate() {
        let origin = ValueOrigin::Override(index);
        if let Err((key, message)) = overrides::apply(&mut root, text, origin) {
            report.problem(origin, key, message);
        }
    }
    Ok(root)
}

/// Reads all sections. Fields about the file as a whole stay empty. `sources` gets what could be
/// read of the data, even if there are errors.
fn read(root: &Section<'_>, purpose: ConfigPurpose, sources: &mut Sources) -> Read<Config> {
    let mut available = Available::default();
    let (seed, subject) = match purpose {
        ConfigPurpose::Study => {
            (read_seed(root, true), subject::read(root, purpose, &mut available))
        }
        ConfigPurpose::Evaluation => {
            let subject = subject::read(root, purpose, &mut available);
            // Images from files need no seed.
            let dataset = available.sources.dataset.as_ref();
            let drawn = dataset.is_some_and(ChosenFormat::needs_master_seed);
            (read_seed(root, drawn), subject)
        }
    };
    let makers = StageValues::read_makers(root, &mut available);
    let paths = root.section(&paths::SECTION, |section| paths::read(section, &mut available));
    let kpca = kpca::read_all(root, &available);
    let distances = distance::read_all(root, &available);
    let run = root.section(&run::SECTION, |section| run::read(section));
    let stages = StageValues::read(root, &available, makers);
    *sources = available.sources;
    Ok(Config {
        seed: MasterSeed(seed?),
        subject: subject?,
        paths: paths?,
        kpca: kpca?,
        distances: distances?,
        run: run?,
        stages: stages?,
        text: String::new(),
        overrides: Vec::new(),
        network_place: None,
        dropped: Vec::new(),
        effective: BTreeMap::new(),
    })
}

fn read_seed(root: &Section<'_>, needed: bool) -> Read<u64> {
    let seed = root.key(&sections::SEED);
    if needed { seed.value() } else { seed.or_unset().map(Option::unwrap_or_default) }
}
