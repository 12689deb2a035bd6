//! A TOML file as written → the checked, immutable parameters of everything.
//!
//! # How a file is read
//! 1. [`toml`] parses it; the tree keeps the line of every key (`tree`).
//! 2. Overrides, `key.path=value`, replace values in the tree (`overrides`).
//! 3. Each section is read into its own type by a file of its name. The reader collects all
//!    problems, so that one look is enough to right them, and all values that take effect.
//!
//! Unknown keys are errors, and so are keys that belong to another kind than the one chosen: a typo
//! must not cost a night in the queue.
//!
//! # Sections
//! | section | type | needed |
//! |---|---|---|
//! | `seed = …` | [`MasterSeed`] | yes |
//! | `[dataset]` | [`DatasetConfig`] | for a network |
//! | `[network]` | [`Architecture`](crate::network::Architecture) | for a network |
//! | `[training]`, `.sgd`, `.lbfgs` | [`TrainingConfig`] | for a network, unless its solutions are imported |
//! | `[[import]]` | [`ImportConfig`] | no, any number |
//! | `[landscape]`, `[[minimum]]` | [`LandscapeConfig`] | for a formula, in place of the four above |
//! | `[paths]` | [`PathsConfig`] | no, the published values hold |
//! | `[[kpca]]` | [`KpcaConfig`] | no, any number |
//! | `[run]` | [`RunConfig`] | no |
//!
//! The files in `configs/` explain every key, and so does whatever [`template`] writes.

pub mod compatibility;
mod data;
mod dataset;
mod error;
mod expand;
mod import;
mod kpca;
mod landscape;
mod network;
mod overrides;
mod paths;
mod reader;
mod run;
mod subject;
pub mod template;
mod training;
mod tree;
mod yields;

pub use dataset::DatasetConfig;
pub use error::{ConfigErrors, Place, Problem};
pub use import::{ImportConfig, ImportFile};
pub use kpca::{KernelConfig, KpcaConfig};
pub use landscape::{LandscapeConfig, MinimaConfig};
pub use paths::PathsConfig;
pub use run::RunConfig;
pub use subject::{NetworkConfig, Subject};
pub use training::TrainingConfig;

use crate::random::MasterSeed;
use reader::{Description, Read, Report, Reported, Section};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use tree::{Node, Origin};
use yields::Yields;

/// A configuration in which everything has been checked that can be without looking at the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The seed from which all randomness derives.
    pub seed: MasterSeed,
    /// What is mapped: a network on images, or a closed formula.
    pub subject: Subject,
    /// The paths.
    pub paths: PathsConfig,
    /// The kernel PCAs.
    pub kpca: Vec<KpcaConfig>,
    /// How the machine is used.
    pub run: RunConfig,
    /// The file as read.
    pub text: String,
    /// The overrides as given.
    pub overrides: Vec<String>,
    /// Every key that takes effect, with its value in TOML notation, defaults included: equal
    /// values read equal however they were written. Kernel PCAs and imports go by name,
    /// `kpca.lbfgs-train_sgd-test.kernel`, points by index, `minimum.0.at`. A key whose default depends on what is not known yet (a
    /// derived seed, the number of parameters) is here only if it is written.
    pub effective: BTreeMap<String, String>,
}

impl Config {
    /// Reads and checks a file, with overrides `key.path=value` applied to it in their order.
    ///
    /// # Errors
    /// All problems of the file and of the overrides, or why the file cannot be read.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigErrors> {
        let name = path.display().to_string();
        match read_text(path) {
            Ok(text) => Self::parse(&name, &text, overrides),
            Err(error) => {
                let message = format!("cannot read the configuration: {error}");
                let place = Place::File { name, line: None };
                Err(ConfigErrors::new(vec![Problem { place, key: None, message }]))
            }
        }
    }

    /// Checks a text; `name` is what messages call it.
    ///
    /// # Errors
    /// All problems of the text and of the overrides. If the text is not TOML, only that.
    pub fn parse(name: &str, text: &str, overrides: &[String]) -> Result<Self, ConfigErrors> {
        Self::parse_and_describe(name, text, overrides).map(|(config, _)| config)
    }

    /// As [`Self::parse`], with all keys that were read.
    fn parse_and_describe(name: &str, text: &str, overrides: &[String]) -> Result<(Self, Vec<Description>), ConfigErrors> {
        let report = Report::default();
        let sections = read_tree(&report, text, overrides).and_then(|root| Section::read_root(&report, &root, |root| read(root)));
        let descriptions = report.descriptions();
        let (problems, effective) = report.finish(name, overrides);
        match sections {
            Ok(config) if problems.is_empty() => {
                Ok((Self { text: text.to_owned(), overrides: overrides.to_vec(), effective, ..config }, descriptions))
            }
            _ => Err(ConfigErrors::new(problems)),
        }
    }
}

/// More than any configuration takes, and little memory: a wrong file, or a device without an end, should
/// be refused and not fill the machine.
const LONGEST: u64 = 16 << 20;

fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other(format!("it is longer than {} MiB; is this the right file?", LONGEST >> 20)));
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| io::Error::other("it is not a text; is this the right file?"))
}

fn read_tree(report: &Report, text: &str, overrides: &[String]) -> Read<Node> {
    let mut root = tree::parse_file(text).map_err(|(origin, message)| {
        report.problem(origin, None, message);
        Reported
    })?;
    for (index, text) in overrides.iter().enumerate() {
        let origin = Origin::Override(index);
        if let Err((key, message)) = overrides::apply(&mut root, text, origin) {
            report.problem(origin, key, message);
        }
    }
    Ok(root)
}

/// Reads all sections; what concerns the file as a whole is left empty.
fn read(root: &Section<'_>) -> Read<Config> {
    let mut yields = Yields::default();
    let seed = root.key("seed").integer(0, u64::MAX).required("seed = 1");
    let subject = subject::read(root, &mut yields);
    let paths = root.section("paths", |section| paths::read(section, &yields));
    let kpca = kpca::read_all(root, &yields);
    let run = root.section("run", |section| run::read(section));
    Ok(Config {
        seed: MasterSeed(seed?),
        subject: subject?,
        paths: paths?,
        kpca: kpca?,
        run: run?,
        text: String::new(),
        overrides: Vec::new(),
        effective: BTreeMap::new(),
    })
}
