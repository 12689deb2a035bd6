//! Keys that belong to a choice: those of an architecture in `[network]`, of an optimizer in
//! `[training.NAME]`, of a path method in `[paths]`, of a data format in `[dataset]`.
//!
//! Every choice declares its [`ChoiceKey`]s, each with its range and default. The reader of
//! configurations returns their [`Values`], from which the network, optimizer, curve or data set is
//! built.

mod values;

pub use values::Values;

use std::fmt;
use std::path::PathBuf;

/// A key of one of several choices.
#[derive(Debug)]
pub struct ChoiceKey {
    /// Its name in configurations. Several choices may have a key of the same name and kind.
    pub name: &'static str,
    /// Its meaning in a few words, for the comments of a new configuration.
    pub about: &'static str,
    /// The kind of its values.
    pub kind: KeyKind,
    /// The unit of its values; empty if there is none.
    pub unit: &'static str,
    /// A further remark for the reference; may be empty.
    pub note: &'static str,
    /// Whether results may be older than the key. They were made with its default.
    pub came_later: bool,
    /// Another key of the choice, and the value of it that this key requires.
    pub only_with: Option<(&'static str, &'static str)>,
}

/// The values of a key, and its default.
#[derive(Debug)]
pub enum KeyKind {
    /// A number of things, ≥ 1.
    Count {
        /// The default.
        default: usize,
        /// The largest number.
        most: usize,
    },
    /// A number of things, ≥ 1, or all of them, which is the default.
    CountOrAll,
    /// Images in a step, ≥ 1, or all of them.
    BatchSize {
        /// The default.
        default: usize,
    },
    /// A number of things, ≥ 0.
    CountFromZero {
        /// The default.
        default: usize,
    },
    /// A number of things, ≥ 1. It has no default: the key is required.
    RequiredCount {
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
    /// A number of things, ≥ 1. The default depends on other values.
    DerivedCount {
        /// The largest number.
        most: usize,
        /// The default, in words.
        words: &'static str,
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
    /// Numbers of things, each ≥ 1.
    Counts {
        /// The default.
        default: &'static [usize],
        /// A further requirement. The error says what the value must be and what it is.
        check: fn(&[usize]) -> Result<(), String>,
    },
    /// A seed, any integer of 32 bits.
    Seed {
        /// The default.
        default: u32,
    },
    /// A seed, any integer of 64 bits. The default is derived from the master seed.
    DerivedSeed,
    /// A finite number > 0.
    Positive {
        /// The default.
        default: f64,
    },
    /// A finite number > 0. It has no default: the key is required.
    RequiredPositive {
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
    /// A finite number within a range.
    Number {
        /// The default.
        default: f64,
        /// The range.
        range: NumberRange,
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
    /// A text, which may be empty. The default depends on other values.
    OptionalText {
        /// The default, in words.
        words: &'static str,
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
    /// A file or a folder. It has no default: the key is required.
    Path {
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
}

/// The range of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberRange {
    /// 0 or above.
    NotNegative,
    /// 0 or above, below 1.
    Fraction,
    /// Above 0, below 1.
    OpenFraction,
}

impl NumberRange {
    /// Whether a number is within the range.
    pub fn contains(self, number: f64) -> bool {
        match self {
            Self::NotNegative => number >= 0.0 && number.is_finite(),
            Self::Fraction => (0.0..1.0).contains(&number),
            Self::OpenFraction => number > 0.0 && number < 1.0,
        }
    }
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// For [`KeyKind::Count`], [`KeyKind::CountFromZero`] and [`KeyKind::RequiredCount`]. The last
    /// one is 0 before it is set.
    Count(usize),
    /// For [`KeyKind::CountOrAll`] and [`KeyKind::BatchSize`]; `None`: all.
    CountOrAll(Option<usize>),
    /// For [`KeyKind::DerivedCount`]; `None`: not set.
    DerivedCount(Option<usize>),
    /// For [`KeyKind::Counts`].
    Counts(Vec<usize>),
    /// For [`KeyKind::Seed`].
    Seed(u32),
    /// For [`KeyKind::DerivedSeed`]; `None`: not set.
    DerivedSeed(Option<u64>),
    /// For [`KeyKind::Positive`] and [`KeyKind::RequiredPositive`]. The latter is NaN before it is
    /// set.
    Positive(f64),
    /// For [`KeyKind::Number`].
    Number(f64),
    /// For [`KeyKind::Flag`].
    Flag(bool),
    /// For [`KeyKind::Word`].
    Word(&'static str),
    /// For [`KeyKind::OptionalText`]; `None`: not set.
    OptionalText(Option<String>),
    /// For [`KeyKind::Path`], with `~` and variables expanded; empty before it is set.
    Path(PathBuf),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count)
            | Self::CountOrAll(Some(count))
            | Self::DerivedCount(Some(count)) => count.fmt(f),
            Self::CountOrAll(None) => f.write_str("all"),
            Self::DerivedCount(None) | Self::DerivedSeed(None) | Self::OptionalText(None) => {
                f.write_str("derived")
            }
            Self::Counts(counts) => fmt::Debug::fmt(counts, f),
            Self::Seed(seed) => seed.fmt(f),
            Self::DerivedSeed(Some(seed)) => seed.fmt(f),
            Self::Positive(number) | Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Word(word) => word.fmt(f),
            Self::OptionalText(Some(text)) => fmt::Debug::fmt(text, f),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

impl ChoiceKey {
    /// A key without unit and note.
    pub const fn new(name: &'static str, about: &'static str, kind: KeyKind) -> Self {
        Self { name, about, kind, unit: "", note: "", came_later: false, only_with: None }
    }

    /// With the unit of its values.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// With a further remark for the reference.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// A key that a later version has added: older results were made with its default.
    #[must_use]
    pub const fn came_later(mut self) -> Self {
        self.came_later = true;
        self
    }

    /// A key that is accepted only if another key of the choice has this word.
    #[must_use]
    pub const fn only_with(mut self, key: &'static str, word: &'static str) -> Self {
        self.only_with = Some((key, word));
        self
    }

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
        Self::new(name, about, KeyKind::Count { default, most })
    }

    /// A list of numbers of things, which may be empty.
    pub const fn counts(
        name: &'static str,
        about: &'static str,
        default: &'static [usize],
    ) -> Self {
        Self::new(name, about, KeyKind::Counts { default, check: |_| Ok(()) })
    }

    /// The default of the key.
    pub fn default(&self) -> Value {
        match self.kind {
            KeyKind::Count { default, .. } | KeyKind::CountFromZero { default } => {
                Value::Count(default)
            }
            KeyKind::CountOrAll => Value::CountOrAll(None),
            KeyKind::BatchSize { default } => Value::CountOrAll(Some(default)),
            KeyKind::RequiredCount { .. } => Value::Count(0),
            KeyKind::DerivedCount { .. } => Value::DerivedCount(None),
            KeyKind::Counts { default, .. } => Value::Counts(default.to_vec()),
            KeyKind::Seed { default } => Value::Seed(default),
            KeyKind::DerivedSeed => Value::DerivedSeed(None),
            KeyKind::Positive { default } => Value::Positive(default),
            KeyKind::RequiredPositive { .. } => Value::Positive(f64::NAN),
            KeyKind::Number { default, .. } => Value::Number(default),
            KeyKind::Flag { default } => Value::Flag(default),
            KeyKind::Word { default, .. } => Value::Word(default),
            KeyKind::OptionalText { .. } => Value::OptionalText(None),
            KeyKind::Path { .. } => Value::Path(PathBuf::new()),
        }
    }

    /// Checks that the key accepts this value.
    ///
    /// # Errors
    /// What the value must be, in words that follow the name of the key.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let requirement = match (&self.kind, value) {
            (KeyKind::Count { most, .. }, Value::Count(count))
            | (KeyKind::DerivedCount { most, .. }, Value::DerivedCount(Some(count)))
                if count > most =>
            {
                return Err(format!("must be at most {most}, is {count}"));
            }
            (
                KeyKind::Count { .. }
                | KeyKind::CountOrAll
                | KeyKind::BatchSize { .. }
                | KeyKind::RequiredCount { .. }
                | KeyKind::DerivedCount { .. },
                Value::Count(0) | Value::CountOrAll(Some(0)) | Value::DerivedCount(Some(0)),
            ) => "must be at least 1",
            (KeyKind::Counts { .. }, Value::Counts(counts)) if counts.contains(&0) => {
                "must be numbers of at least 1"
            }
            (KeyKind::Counts { check, .. }, Value::Counts(counts)) => return check(counts),
            (
                KeyKind::Positive { .. } | KeyKind::RequiredPositive { .. },
                Value::Positive(number),
            ) if !(number.is_finite() && *number > 0.0) => "must be a finite number above 0",
            (KeyKind::Number { range, .. }, Value::Number(number)) if !range.contains(*number) => {
                match range {
                    NumberRange::NotNegative => "must be a finite number, 0 or above",
                    NumberRange::Fraction => "must be a number, 0 or above, below 1",
                    NumberRange::OpenFraction => "must be a number above 0 and below 1",
                }
            }
            (KeyKind::Word { words, .. }, Value::Word(word)) if !words.contains(word) => {
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
