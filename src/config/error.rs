//! The problems of a configuration, each with its place.

use super::Sources;
use super::tree::ValueOrigin;
use std::fmt;
use thiserror::Error;

/// Where a wrong value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigPlace {
    /// In the configuration file.
    File {
        /// The file as it was named to the program.
        name: String,
        /// The line, from 1; `None` when it is the whole file, as for a section that is missing.
        line: Option<usize>,
    },
    /// In an override, `key.path=value`.
    Override(String),
}

impl ConfigPlace {
    /// The place of a node of the tree.
    pub(super) fn of(origin: ValueOrigin, file: &str, overrides: &[String]) -> Self {
        match origin {
            ValueOrigin::File => Self::File { name: file.to_owned(), line: None },
            ValueOrigin::Line(line) => Self::File { name: file.to_owned(), line: Some(line) },
            ValueOrigin::Override(index) => {
                Self::Override(overrides.get(index).cloned().unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for ConfigPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line: Some(line) } => write!(f, "{name}:{line}"),
            Self::File { name, line: None } => f.write_str(name),
            Self::Override(text) => write!(f, "--set {text}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where it was written.
    pub place: ConfigPlace,
    /// The key, `training.sgd.epochs`; entries of a list by their index, `kpca.0.name`. `None` when
    /// the file could not be read as TOML at all.
    pub key: Option<String>,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match &self.key {
            Some(key) => format!("{}: {key}: {}", self.place, self.message),
            None => format!("{}: {}", self.place, self.message),
        };
        // Text of the user is part of the line and may contain line breaks.
        f.write_str(&line.replace(char::is_control, " "))
    }
}

/// Everything that is wrong with a configuration: in the order of the file, overrides last.
///
/// Displayed, each problem is one line: `run.toml:12: training.keep: must be at least 1, is 0`.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{}", lines(.problems))]
pub struct ConfigErrors {
    problems: Vec<ConfigProblem>,
    sources: Box<Sources>,
}

impl ConfigErrors {
    /// After an error in `[network]` or `[dataset]`, defaults stand in for wrong keys. The sizes of
    /// such a network must not be checked.
    pub(super) fn new(problems: Vec<ConfigProblem>, mut sources: Sources) -> Self {
        let is_of_network =
            |key: &String| ["network", "dataset"].contains(&key.split('.').next().unwrap_or(key));
        if problems.iter().filter_map(|problem| problem.key.as_ref()).any(is_of_network) {
            sources.architecture = None;
        }
        Self { problems, sources: Box::new(sources) }
    }

    /// The problems, at least one.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }

    /// What could be read of the data, of the network and of the imports.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

fn lines(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
