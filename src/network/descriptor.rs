//! What a network's file says of it, so that no other file needs to know the network.
//!
//! A [`Descriptor`] names the keys that a configuration may give in `[network]`, each with its range and
//! its default, builds the network from their values, and has the words that a report needs and settings
//! for a first configuration.

use super::{Architecture, Network};
use std::fmt;

/// An architecture as the rest of the program knows it.
pub struct Descriptor {
    /// As in configurations: `"fcp"`. No two are the same.
    pub name: &'static str,
    /// In print: `"FCP"`.
    pub title: &'static str,
    /// What the mean loss is called on an axis, with its unit.
    pub loss_label: &'static str,
    /// The keys of `[network]` beside `kind`.
    pub keys: &'static [Key],
    /// The network for images of `[rows, columns]` pixels, in so many classes. Called with values that
    /// their keys accept and with images that have pixels and classes; what else is needed is checked here,
    /// and said in a sentence.
    pub build: fn(&Architecture, [usize; 2], usize) -> Built,
    /// Where SGD begins well, for whoever writes a first configuration.
    pub sgd: SuggestedSgd,
    /// Images of a quick study of it: of those networks that take long for an image there are fewer.
    pub quick: QuickStudy,
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Descriptor {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A network, or a sentence saying why there is none.
pub type Built = Result<Box<dyn EitherPrecision>, String>;

/// A network that computes in either precision; every one that is written for any
/// [`Real`](crate::kernels::Real) does.
pub trait EitherPrecision: Network<f32> + Network<f64> {}

impl<N: Network<f32> + Network<f64>> EitherPrecision for N {}

/// Settings of SGD that a new configuration starts from.
#[derive(Clone, Copy, Debug)]
pub struct SuggestedSgd {
    /// `training.sgd.learning_rate`.
    pub learning_rate: f64,
    /// `training.sgd.epochs` for a full study: 60 000 images in batches of 64.
    pub epochs: usize,
}

/// What makes a study take minutes to half an hour on two cores.
#[derive(Clone, Copy, Debug)]
pub struct QuickStudy {
    /// Images to train on.
    pub train: usize,
    /// Images to test on; of files that may hold fewer, `None`: all.
    pub test: Option<usize>,
    /// Images of the training and of the test landscape of the paths.
    pub paths: [usize; 2],
}

/// A key that belongs to one of several choices: of `[network]` to an architecture, of `[paths]` to a
/// method.
#[derive(Debug)]
pub struct Key {
    /// As in configurations. Networks may share a name for values of one kind.
    pub name: &'static str,
    /// What it is, in a few words, for the comments of a new configuration.
    pub about: &'static str,
    /// What it takes.
    pub kind: Kind,
}

/// What a key takes, and what holds if it is not written.
#[derive(Debug)]
pub enum Kind {
    /// A number of things, ≥ 1.
    Count {
        /// The default.
        default: usize,
        /// The largest number.
        most: usize,
    },
    /// Numbers of things, each ≥ 1.
    Counts {
        /// The default.
        default: &'static [usize],
        /// A further requirement: says what must be and what is.
        check: fn(&[usize]) -> Result<(), String>,
    },
    /// A seed, any integer of 32 bits.
    Seed {
        /// The default.
        default: u32,
    },
    /// A finite number > 0.
    Positive {
        /// The default.
        default: f64,
    },
    /// Yes or no.
    Flag {
        /// The default.
        default: bool,
    },
    /// One of a few words.
    Word {
        /// All of them.
        words: &'static [&'static str],
        /// The default.
        default: &'static str,
    },
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Count`].
    Count(usize),
    /// Of [`Kind::Counts`].
    Counts(Vec<usize>),
    /// Of [`Kind::Seed`].
    Seed(u32),
    /// Of [`Kind::Positive`].
    Positive(f64),
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Word`].
    Word(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Counts(counts) => fmt::Debug::fmt(counts, f),
            Self::Seed(seed) => seed.fmt(f),
            Self::Positive(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Word(word) => word.fmt(f),
        }
    }
}

impl Key {
    /// A number of things.
    pub const fn count(name: &'static str, about: &'static str, default: usize) -> Self {
        Self::count_up_to(name, about, default, u32::MAX as usize)
    }

    /// A number of things that are all held in memory.
    pub const fn count_up_to(
        name: &'static str,
        about: &'static str,
        default: usize,
        most: usize,
    ) -> Self {
        Self { name, about, kind: Kind::Count { default, most } }
    }

    /// Numbers of things, as many as one likes.
    pub const fn counts(
        name: &'static str,
        about: &'static str,
        default: &'static [usize],
    ) -> Self {
        Self { name, about, kind: Kind::Counts { default, check: |_| Ok(()) } }
    }

    /// What holds if the key is not written.
    pub fn default(&self) -> Value {
        match self.kind {
            Kind::Count { default, .. } => Value::Count(default),
            Kind::Counts { default, .. } => Value::Counts(default.to_vec()),
            Kind::Seed { default } => Value::Seed(default),
            Kind::Positive { default } => Value::Positive(default),
            Kind::Flag { default } => Value::Flag(default),
            Kind::Word { default, .. } => Value::Word(default),
        }
    }

    /// Whether the key takes this value.
    ///
    /// # Errors
    /// What the value must be, to follow the name of the key.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let requirement = match (&self.kind, value) {
            (Kind::Count { most, .. }, Value::Count(count)) if count > most => {
                return Err(format!("must be at most {most}, is {count}"));
            }
            (Kind::Count { .. }, Value::Count(0)) => "must be at least 1",
            (Kind::Counts { .. }, Value::Counts(counts)) if counts.contains(&0) => {
                "must be numbers of at least 1"
            }
            (Kind::Counts { check, .. }, Value::Counts(counts)) => return check(counts),
            (Kind::Positive { .. }, Value::Positive(number))
                if !(number.is_finite() && *number > 0.0) =>
            {
                "must be a finite number above 0"
            }
            (Kind::Word { words, .. }, Value::Word(word)) if !words.contains(word) => {
                "must be one of its words"
            }
            _ if std::mem::discriminant(value) != std::mem::discriminant(&self.default()) => {
                "must be of another kind"
            }
            _ => return Ok(()),
        };
        Err(format!("{requirement}, is {value}"))
    }
}
