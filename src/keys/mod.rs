//! Keys that a choice brings along: an architecture those of `[network]`, an optimizer those of
//! `[training.NAME]`, a path method those of `[paths]`, a data format those of `[dataset]`.
//!
//! Whatever can be chosen declares its [`ChoiceKey`]s, each with its range and default. The reader
//! of configurations returns their [`Values`], from which the choice builds what it stands for.

mod values;

pub use values::Values;

use std::fmt;
use std::path::PathBuf;

/// A key of one of several choices.
#[derive(Debug)]
pub struct ChoiceKey {
    /// As in configurations. Choices may share a name for values of one kind.
    pub name: &'static str,
    /// What it is, in a few words, for the comments of a new configuration.
    pub about: &'static str,
    /// What it takes.
    pub kind: KeyKind,
    /// The unit of its values; empty if there is none.
    pub unit: &'static str,
    /// What else the reference says of it; may be empty.
    pub note: &'static str,
    /// Whether results may be older than the key. They were made with its default.
    pub came_later: bool,
    /// Another key of the choice and its value with which alone this key has a meaning.
    pub only_with: Option<(&'static str, &'static str)>,
}

/// What a key takes, and what holds if it is not written.
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
    /// A number of things, ≥ 1. It has no default: it must be written.
    RequiredCount {
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
    /// A number of things, ≥ 1. The default follows from something else.
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
        /// A further requirement: says what must be and what is.
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
    /// A finite number > 0. It has no default: it must be written.
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
    /// A text, which may be empty. The default follows from something else.
    OptionalText {
        /// The default, in words.
        words: &'static str,
        /// A value that could be written, in TOML notation.
        example: &'static str,
    },
    /// A file or a folder. It has no default: it must be written.
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
    /// Of [`KeyKind::Count`], [`KeyKind::CountFromZero`] and [`KeyKind::RequiredCount`]; of the
    /// last one 0 before it is written.
    Count(usize),
    /// Of [`KeyKind::CountOrAll`] and [`KeyKind::BatchSize`]; `None`: all.
    CountOrAll(Option<usize>),
    /// Of [`KeyKind::DerivedCount`]; `None`: not written.
    DerivedCount(Option<usize>),
    /// Of [`KeyKind::Counts`].
    Counts(Vec<usize>),
    /// Of [`KeyKind::Seed`].
    Seed(u32),
    /// Of [`KeyKind::DerivedSeed`]; `None`: not written.
    DerivedSeed(Option<u64>),
    /// Of [`KeyKind::Positive`] and [`KeyKind::RequiredPositive`]; of the latter NaN before it is
    /// written.
    Positive(f64),
    /// Of [`KeyKind::Number`].
    Number(f64),
    /// Of [`KeyKind::Flag`].
    Flag(bool),
    /// Of [`KeyKind::Word`].
    Word(&'static str),
    /// Of [`KeyKind::OptionalText`]; `None`: not written.
    OptionalText(Option<String>),
    /// Of [`KeyKind::Path`], with `~` and variables expanded; empty before it is written.
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

    /// With what else the reference says of it.
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

    /// A key that has a meaning only if another key of the choice has this word.
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

    /// Numbers of things, as many as one likes, also none.
    pub const fn counts(
        name: &'static str,
        about: &'static str,
        default: &'static [usize],
    ) -> Self {
        Self::new(name, about, KeyKind::Counts { default, check: |_| Ok(()) })
    }

    /// What holds if the key is not written.
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

    /// Whether the key takes this value.
    ///
    /// # Errors
    /// What the value must be, to follow the name of the key.
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
