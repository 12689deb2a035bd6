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
/// with a rate of 8e-3 (L-BFGS 8.0e-4 instead of 0.0015), but longer steps find the gaps of the
/// grid: with this rate the quick path between solutions of L-BFGS for LSTM has 3.1e-4 on its
/// points and 0.0293 between them; with 4e-3 it has 5.4e-4 and 0.0105.
///
/// H of SGD and L-BFGS, one pair each, FCP on 5000 images:
///
/// | images a step, steps | rate | constant | cosine | cooldown |
/// |---|---|---|---|---|
/// | 250, 400 | 2e-3 | 0.0111, 0.0024 | 0.030, 0.0038 | 0.0135, 0.0018 |
/// | 250, 400 | 4e-3 | 0.0071, 0.0146 | 0.025, 0.0029 | 0.0089, 0.0017 |
/// | 250, 400 | 8e-3 | – | 0.032, 0.0062 | 0.0092, 0.0021 |
/// | 500, 1000 | 1e-3 | 0.0026, 7.2e-4 | – | 0.0036, 8.9e-4 |
/// | 500, 1000 | 2e-3 | 0.0013, 4.1e-4 | – | 0.0017, 5.0e-4 |
/// | 500, 1000 | 4e-3 | – | 0.0026, 5.7e-4 | 0.0011, 3.2e-4 |
///
/// On all 60 000 images (another pair), 2000 steps of 1000 images with a cooldown came to 0.0026
/// and 0.0033 at a rate of 4e-3, and to 0.0019 and 0.0024 at 8e-3.
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
