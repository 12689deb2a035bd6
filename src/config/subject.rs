//! The subject of a study: a network on images, or another landscape.

use super::ConfigPurpose;
use super::available::Available;
use super::dataset;
use super::import::{self, ImportConfig};
use super::landscape::{self, LandscapeConfig};
use super::network;
use super::reader::{Read, Reported, Section};
use super::training::{self, TrainingConfig};
use super::tree::{TomlNode, TomlValue, ValueOrigin};
use crate::data::ChosenFormat;
use crate::network::Architecture;
use serde::{Deserialize, Serialize};

/// What a study is about. The default types hold its configuration; a run uses the types that it
/// makes of these.
///
/// Only this file distinguishes the two kinds. Other code asks for the network or for the
/// landscape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Subject<N = NetworkConfig, L = LandscapeConfig> {
    /// The loss of a network on images: `[dataset]`, `[network]` and its solutions.
    Network(N),
    /// An analytic landscape or a process: `[landscape]`.
    Landscape(L),
}

impl<N, L> Subject<N, L> {
    /// The network, if it is one.
    pub fn network(&self) -> Option<&N> {
        match self {
            Self::Network(network) => Some(network),
            Self::Landscape(_) => None,
        }
    }

    /// The network, to be changed.
    pub fn network_mut(&mut self) -> Option<&mut N> {
        match self {
            Self::Network(network) => Some(network),
            Self::Landscape(_) => None,
        }
    }

    /// The network alone, if it is one.
    pub fn into_network(self) -> Option<N> {
        match self {
            Self::Network(network) => Some(network),
            Self::Landscape(_) => None,
        }
    }

    /// The analytic landscape, if it is one.
    pub fn landscape(&self) -> Option<&L> {
        match self {
            Self::Network(_) => None,
            Self::Landscape(landscape) => Some(landscape),
        }
    }

    /// The value that the function of the present kind returns.
    pub fn either<'s, T>(
        &'s self,
        network: impl FnOnce(&'s N) -> T,
        landscape: impl FnOnce(&'s L) -> T,
    ) -> T {
        match self {
            Self::Network(subject) => network(subject),
            Self::Landscape(subject) => landscape(subject),
        }
    }

    /// Two subjects of the same kind as one. `None` if their kinds differ.
    pub fn zip<'s, M, K>(&'s self, other: &'s Subject<M, K>) -> Option<Both<'s, N, M, L, K>> {
        match (self, other) {
            (Self::Network(one), Subject::Network(other)) => Some(Subject::Network((one, other))),
            (Self::Landscape(one), Subject::Landscape(other)) => {
                Some(Subject::Landscape((one, other)))
            }
            _ => None,
        }
    }

    /// Converts the present kind.
    ///
    /// # Errors
    /// The error of the function that was called.
    pub fn try_map<M, K, E>(
        self,
        network: impl FnOnce(N) -> Result<M, E>,
        landscape: impl FnOnce(L) -> Result<K, E>,
    ) -> Result<Subject<M, K>, E> {
        match self {
            Self::Network(subject) => network(subject).map(Subject::Network),
            Self::Landscape(subject) => landscape(subject).map(Subject::Landscape),
        }
    }
}

/// Two networks, or two analytic landscapes.
pub type Both<'s, N, M, L, K> = Subject<(&'s N, &'s M), (&'s L, &'s K)>;

/// A network on images. Its solutions come from training, from elsewhere, or from both.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkConfig {
    /// The images.
    pub dataset: ChosenFormat,
    /// The network.
    pub architecture: Architecture,
    /// The training runs; no runs without `[training]`.
    pub training: TrainingConfig,
    /// The sets of solutions that are read from files. A study without training runs has at least
    /// one.
    pub imports: Vec<ImportConfig>,
}

/// Where the kind of the network is written, if it is.
pub(super) fn network_origin(root: &TomlNode) -> Option<ValueOrigin> {
    let TomlValue::Table(root) = &root.value else { return None };
    let TomlValue::Table(section) = &root.get(network::SECTION.name)?.value else { return None };
    section.get("kind").map(|kind| kind.origin)
}

/// Reads the sections of the subject. `available` gets what could be read, even if there are
/// errors.
pub(super) fn read(
    root: &Section<'_>,
    purpose: ConfigPurpose,
    available: &mut Available,
) -> Read<Subject> {
    if root.has(landscape::SECTION.name) {
        return landscape::read(root, available).map(Subject::Landscape);
    }
    root.refuse(
        landscape::POINTS.name,
        "[[minimum]] is a point of an analytic landscape; choose one with [landscape], or remove it",
    );
    read_network(root, purpose, available).map(Subject::Network)
}

fn read_network(
    root: &Section<'_>,
    purpose: ConfigPurpose,
    available: &mut Available,
) -> Read<NetworkConfig> {
    let dataset = root.section(&dataset::SECTION, |section| dataset::read(section));
    available.sources.dataset = dataset.as_ref().ok().cloned();
    let architecture = root.section(&network::SECTION, |section| network::read(section));
    available.sources.architecture = architecture.as_ref().ok().cloned();
    let trains = root.has(training::SECTION.name);
    let training = if trains {
        root.section(&training::SECTION, |section| training::read(section, available))
    } else {
        available.made = Some(Vec::new());
        Ok(TrainingConfig::none())
    };
    let imports = import::read_all(root, available);
    if !trains && imports.as_ref().is_ok_and(Vec::is_empty) {
        // It is not known now which sets exist, so no name of a set is a second mistake.
        available.made = None;
        if purpose == ConfigPurpose::Study {
            root.problem(
                training::SECTION.name,
                "missing; train solutions with [training], or read existing ones with [[import]]",
            );
            return Err(Reported);
        }
    }
    Ok(NetworkConfig {
        dataset: dataset?,
        architecture: architecture?,
        training: training?,
        imports: imports?,
    })
}
