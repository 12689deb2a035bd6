//! What the journal holds.

use super::first;
use crate::analysis::statistics::{Analysis, FailedPart};
use crate::config::dependencies::Dependencies;
use crate::optimizer::minimize::MinimizationResult;
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun};
use crate::path::{AccuracyProfiles, PathResult, Track};
use crate::solutions::{EndSets, LandscapeName, SetName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One entry of the journal.
///
/// On disk a variant is known by its position: new ones go to the end, and whatever changes the
/// fields of an old one needs a new [`FORMAT_VERSION`](super::journal::FORMAT_VERSION).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The configuration of the results that follow: the first record; again when it is extended.
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
        /// The run, or why there is none.
        outcome: Result<TrainingRun, String>,
    },
    /// A path computation that ended.
    Path {
        /// The set both ends come from.
        set: SetName,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the ends ω^a and ω^b.
        pair: (u32, u32),
        /// Wall time in s.
        seconds: f64,
        /// The path, or why there is none.
        outcome: Result<PathResult, String>,
    },
    /// Kernel PCA and statistics as version 0.1.0 wrote them.
    FirstAnalysis {
        /// As in [`Self::Analysis`].
        digest: String,
        /// The results.
        analysis: first::FirstAnalysis,
    },
    /// A vector from elsewhere, evaluated.
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
        /// Where it ended, or why nowhere.
        outcome: Result<MinimizationResult, String>,
    },
    /// An `atlas.h5` that is about to take its place in the directory.
    Atlas {
        /// SHA-256, hexadecimal, of the file.
        checksum: String,
    },
    /// Kernel PCA and statistics, each part with its outcome.
    Analysis {
        /// Tells it from an analysis of other sets or with other settings.
        digest: String,
        /// The parts that were computed.
        analysis: Analysis,
        /// The others.
        failed: Vec<FailedPart>,
    },
    /// A path that was found on an analytic landscape of few dimensions, with its points. One that
    /// was not found there is a [`Self::Path`].
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
    /// A task of a stage that ended. New stages store their results so; training, imports, minima,
    /// paths and kernel PCA keep writing the variants above, which are read for good.
    Task {
        /// Name of the stage.
        stage: String,
        /// Which of its tasks, unique within the stage.
        key: String,
        /// Wall time in s.
        seconds: f64,
        /// The result as the stage has encoded it ([`Record::task`]), or why there is none.
        outcome: Result<Vec<u8>, String>,
    },
    /// A minimization on the first data set of a process that has a data set `test` too. One that
    /// has failed is a [`Self::Minimum`].
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
    /// A path computation that ended, between vectors of two sets.
    PathBetween {
        /// The sets of the ends.
        sets: EndSets,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the ends ω^a and ω^b, each in its set.
        pair: (u32, u32),
        /// Wall time in s.
        seconds: f64,
        /// The path, with its points where these are kept, or why there is none.
        outcome: Result<(PathResult, Option<Track>), String>,
    },
    /// A path on the landscape of a network that tells classes apart. One that was not found there
    /// is a [`Self::Path`] or a [`Self::PathBetween`].
    PathWithAccuracy {
        /// The sets of the ends, mostly one.
        sets: EndSets,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the ends ω^a and ω^b, each in its set.
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

    /// Why there is no solution or no path, for a task that came to nothing.
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

/// What was asked for.
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
    /// What its results depend on.
    pub fn dependencies(&self) -> Dependencies {
        Dependencies::of(&self.effective, &self.dataset_checksum)
    }
}

/// Who computed, where and when.
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
