//! Protocols: named presets of the keys of `[paths]` that control the search for paths.
//!
//! A barrier depends on the protocol as much as on the landscape. So every barrier is reported with
//! the name of the protocol and with the keys that differ from its preset.

use super::reader::{Choice, Notation};
use crate::path::RateSchedule;
use std::fmt;

/// A protocol that has a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// The protocol of arXiv:2602.21276: the defaults of all keys.
    #[default]
    Published,
    /// The order of magnitude of a barrier at low cost.
    Quick,
    /// A search until more steps change little.
    Converged,
}

impl Protocol {
    /// All protocols, the default first.
    pub const ALL: [Self; 3] = [Self::Published, Self::Quick, Self::Converged];

    /// `"published"`, `"quick"` or `"converged"`, as in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Quick => "quick",
            Self::Converged => "converged",
        }
    }
}

impl Choice for Protocol {
    const ALL: &'static [Self] = &Self::ALL;
    fn word(self) -> &'static str {
        self.name()
    }
}

impl Choice for RateSchedule {
    const ALL: &'static [Self] = &Self::ALL;
    fn word(self) -> &'static str {
        self.name()
    }
}

/// The keys of a protocol: the defaults of these keys of `[paths]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// `paths.points`.
    pub points: usize,
    /// `paths.fourier_terms`.
    pub fourier_terms: usize,
    /// `paths.lambda`.
    pub lambda: f64,
    /// `paths.steps`.
    pub steps: usize,
    /// `paths.batch`; `None`: all images.
    pub batch: Option<usize>,
    /// `paths.learning_rate`.
    pub learning_rate: f64,
    /// `paths.schedule`.
    pub schedule: RateSchedule,
    /// `paths.stop_at_endpoint`.
    pub stop_at_endpoint: bool,
}

/// The keys of a protocol.
pub(super) const KEYS: [&str; 8] = [
    "points",
    "fourier_terms",
    "lambda",
    "steps",
    "batch",
    "learning_rate",
    "schedule",
    "stop_at_endpoint",
];

/// The kind of landscape that paths are searched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolSubject {
    /// The loss of a network on images.
    Images,
    /// An analytic landscape.
    Analytic,
    /// The landscape of another program.
    Process,
}

const PUBLISHED: Preset = Preset {
    points: 51,
    fourier_terms: 10,
    lambda: 1e-4,
    steps: 100,
    batch: None,
    learning_rate: 1e-3,
    schedule: RateSchedule::Constant,
    stop_at_endpoint: false,
};

/// The order of magnitude at low cost: on all images of MNIST, between solutions of the fully
/// connected perceptron, lower than the published paths in a tenth of their time.
const QUICK: Preset = Preset {
    points: 21,
    fourier_terms: 5,
    steps: 400,
    batch: Some(250),
    learning_rate: 4e-3,
    schedule: RateSchedule::Cooldown,
    stop_at_endpoint: true,
    ..PUBLISHED
};

/// On 60 000 images this takes less than half of the published time. Perceptrons come lower still
/// with a rate of 8e-3, but longer steps find the gaps of the grid: between solutions of LSTM
/// the path then rises between its points. docs/methods.md has the measurements.
const CONVERGED: Preset = Preset { steps: 4000, batch: Some(1000), ..QUICK };

impl Protocol {
    /// The preset on this kind of landscape.
    ///
    /// An analytic landscape has features that are narrow compared with the distance of its minima,
    /// and 21 points would miss them. Its coordinates are of order 1, those of a network of order
    /// 0.1.
    pub fn preset(self, subject: ProtocolSubject) -> Preset {
        let images = match self {
            Self::Published => return PUBLISHED,
            Self::Quick => QUICK,
            Self::Converged => CONVERGED,
        };
        let whole = Preset { batch: None, ..images };
        match subject {
            ProtocolSubject::Images => images,
            ProtocolSubject::Process => whole,
            ProtocolSubject::Analytic => {
                Preset { points: 101, fourier_terms: 10, learning_rate: 0.01, ..whole }
            }
        }
    }
}

/// A protocol as it is used: its name, and the keys that differ from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProtocolInUse {
    /// The name.
    pub protocol: Protocol,
    /// The keys that differ from the protocol's, each with its value: `"steps = 800"`.
    pub changed: Vec<String>,
}

impl ProtocolInUse {
    pub(super) fn compare<T: PartialEq + Notation>(&mut self, key: &str, value: &T, preset: &T) {
        if value != preset {
            self.changed.push(format!("{key} = {}", value.toml()));
        }
    }
}

/// `converged, with steps = 800, batch = 250`.
impl fmt::Display for ProtocolInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.protocol.name())?;
        if self.changed.is_empty() {
            return Ok(());
        }
        write!(f, ", with {}", self.changed.join(", "))
    }
}
