//! The records of the journal.

use super::first;
use crate::analysis::statistics::{Analysis, FailedPart};
use crate::config::dependencies::Dependencies;
use crate::optimizer::minimize::MinimizationResult;
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun};
use crate::path::{AccuracyProfiles, PathResult, Track};
use crate::solutions::{EndpointSets, LandscapeName, SetName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One entry of the journal.
///
/// On disk a variant is identified by its position. New variants go to the end, and a change of the
/// fields of an old one needs a new [`FORMAT_VERSION`](super::journal::FORMAT_VERSION).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The configuration of the results that follow: the first record, and again when the
    /// configuration changes.
    Configuration(ConfigurationRecord),
    /// A start of the program.
    Session(SessionRecord),
    /// A training run that ended.
    Training {
        /// Its optimizer.
        optimizer: OptimizerName,
        /// Number of the initialization it grew from.
        initialization: u32,
        /// Wall time in s.
        seconds: f64,
        /// The run, or why it failed.
        outcome: Result<TrainingRun, String>,
    },
    /// A search for a path that ended.
    Path {
        /// The set of both endpoints.
        set: SetName,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the endpoints ω^a and ω^b.
        pair: (u32, u32),
        /// Wall time in s.
        seconds: f64,
        /// The path, or why the search failed.
        outcome: Result<PathResult, String>,
    },
    /// Kernel PCA and statistics as version 0.1.0 wrote them.
    FirstAnalysis {
        /// As in [`Self::Analysis`].
        digest: String,
        /// The results.
        analysis: first::FirstAnalysis,
    },
    /// An imported vector that was evaluated.
    Imported {
        /// The set it belongs to.
        set: SetName,
        /// Its row in the set.
        number: u32,
        /// Wall time in s.
        seconds: f64,
        /// The vector with its losses, or why it is no solution.
        outcome: Result<Snapshot, String>,
    },
    /// A minimization on an analytic landscape.
    Minimum {
        /// Number of the start.
        number: u32,
        /// Wall time in s.
        seconds: f64,
        /// Where it ended, or why it failed.
        outcome: Result<MinimizationResult, String>,
    },
    /// An `atlas.h5` that is about to be moved into place.
    Atlas {
        /// SHA-256, hexadecimal, of the file.
        checksum: String,
    },
    /// Kernel PCA and statistics, each part with its outcome.
    Analysis {
        /// Identifies the sets and the settings of the analysis.
        digest: String,
        /// The parts that were computed.
        analysis: Analysis,
        /// The parts that failed.
        failed: Vec<FailedPart>,
    },
    /// A path that was found on an analytic landscape of few dimensions, with its points. A failed
    /// search there is a [`Self::Path`].
    PathWithPoints {
        /// As in [`Self::Path`].
        set: SetName,
        /// As in [`Self::Path`].
        landscape: LandscapeName,
        /// As in [`Self::Path`].
        pair: (u32, u32),
        /// Wall time in s.
        seconds: f64,
        /// The path.
        path: PathResult,
        /// Its points.
        track: Track,
    },
    /// A task of a stage that ended. Newer stages store their results in this form. Training,
    /// imports, minima, paths and kernel PCA keep writing the variants above, which will always be
    /// readable.
    Task {
        /// Name of the stage.
        stage: String,
        /// The key of the task, unique within the stage.
        key: String,
        /// Wall time in s.
        seconds: f64,
        /// The result in the encoding of the stage ([`Record::task`]), or why the task failed.
        outcome: Result<Vec<u8>, String>,
    },
    /// A minimization on the first data set of a process that also has a data set `test`. A failed
    /// one is a [`Self::Minimum`].
    MinimumWithTest {
        /// Number of the start.
        number: u32,
        /// Wall time in s.
        seconds: f64,
        /// Where it ended.
        minimum: MinimizationResult,
        /// The value there on the data set `test`.
        value_on_test: f64,
    },
    /// A search for a path between vectors of two sets that ended.
    PathBetween {
        /// The sets of the endpoints.
        sets: EndpointSets,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the endpoints ω^a and ω^b, each in its set.
        pair: (u32, u32),
        /// Wall time in s.
        seconds: f64,
        /// The path, with its points if these are kept, or why the search failed.
        outcome: Result<(PathResult, Option<Track>), String>,
    },
    /// A path on the landscape of a network with classes. A failed search there is a [`Self::Path`]
    /// or a [`Self::PathBetween`].
    PathWithAccuracy {
        /// The sets of the endpoints, usually one.
        sets: EndpointSets,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the endpoints ω^a and ω^b, each in its set.
        pair: (u32, u32),
        /// Wall time in s.
        seconds: f64,
        /// The path.
        path: PathResult,
        /// Its accuracies.
        accuracy: AccuracyProfiles,
    },
}

impl Record {
    /// The record of a task of this stage, its result encoded by postcard. A result that cannot be
    /// encoded is a failure of the task.
    pub fn task<T: Serialize>(
        stage: &str,
        key: &str,
        seconds: f64,
        outcome: Result<T, String>,
    ) -> Self {
        let encode = |result: T| {
            postcard::to_allocvec(&result).map_err(|error| format!("cannot be stored: {error}"))
        };
        Self::Task {
            stage: stage.to_owned(),
            key: key.to_owned(),
            seconds,
            outcome: outcome.and_then(encode),
        }
    }

    /// Why the task failed; `None` if it did not.
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Training { outcome: Ok(run), .. } => {
                run.stop.diverged().then(|| run.stop.to_string())
            }
            Self::Training { outcome: Err(reason), .. }
            | Self::Path { outcome: Err(reason), .. }
            | Self::PathBetween { outcome: Err(reason), .. }
            | Self::Imported { outcome: Err(reason), .. }
            | Self::Minimum { outcome: Err(reason), .. }
            | Self::Task { outcome: Err(reason), .. } => Some(reason.clone()),
            _ => None,
        }
    }
}

/// The configuration in force from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationRecord {
    /// Every key with its value in use, defaults included.
    pub effective: BTreeMap<String, String>,
    /// The configuration file as written by the user.
    pub text: String,
    /// Keys set on the command line, `"key=value"`, in their order.
    pub overrides: Vec<String>,
    /// Version of the program that checked the configuration.
    pub version: String,
    /// Where the images come from, in words.
    pub dataset_name: String,
    /// SHA-256, hexadecimal, of the images and labels in use.
    pub dataset_checksum: String,
}

impl ConfigurationRecord {
    /// The dependencies of its results.
    pub fn dependencies(&self) -> Dependencies {
        Dependencies::of(&self.effective, &self.dataset_checksum)
    }
}

/// A start of the program: where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Name of the host of rank 0.
    pub host: String,
    /// Number of ranks.
    pub ranks: u32,
    /// Time of the start, RFC 3339, UTC.
    pub started: String,
    /// Version of the program.
    pub version: String,
    /// Commit the program was built from; empty if unknown.
    pub commit: String,
}
