//! The table of all keys: name, values, default, unit, meaning, and what a change invalidates.
//!
//! Each section declares its keys as statics next to its reader. The reader, the configuration that
//! `init` writes, the rules of [`compatibility`] and `docs/configuration.md` all use the range and
//! the default declared there:
//!
//! ```text
//! pub static POINTS: Key<Count> = Key::new("points", Count::between(3, 10_000))
//!     .unit("points")
//!     .meaning("M, on the path, both endpoints included")
//!     .default(51);
//!
//! let points = section.key(&POINTS).value();
//! ```
//!
//! The type of a key determines how it is read. [`Fixed`] keys have a default in the table,
//! [`Required`] keys have no default, and [`Derived`] keys have a default that the reader computes.
//!
//! [`compatibility`]: super::compatibility

mod kinds;
mod numbers;
mod section;
mod times;
mod words;

pub(in crate::config) use kinds::mistake;
pub(crate) use kinds::{Mistakes, ValueKind};
pub(crate) use numbers::{
    Count, CountList, CountOrAll, Integer, Lower, Number, NumberOfPairs, Numbers, NumbersOrAuto,
    Upper,
};
pub(crate) use section::{Choices, Multiplicity, Owned, SectionSpec};
pub(crate) use times::{NumberInterval, Texts, TimeSpan};
pub use words::PairList;
pub(crate) use words::{
    AnyOf, Flag, OneOf, OptimizerNames, PairsOrFile, SetNames, SetPairs, Text, Word, each,
};

use super::reader::Notation;
use crate::data::Split;

/// What a change of a key does to existing results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalidates {
    /// All results stay valid: the key determines how many or which results are made, or it is
    /// compared in another way.
    Nothing,
    /// No result stays valid.
    Everything,
    /// The solutions that are made with the table in which the key stands, and their paths; in
    /// words: `"the SGD solutions and their paths"`.
    Solutions(&'static str),
    /// The solutions of the optimizer that the section is about, and their paths.
    SolutionsOfOptimizer,
    /// All paths.
    Paths,
    /// The paths on the landscape of these images.
    PathsOn(Split),
    /// The paths, if the value falls. Paths that exist are continued if it grows.
    LongerPaths,
    /// The tasks of the stage that brings the section, in words: `"the survey"`.
    #[allow(dead_code, reason = "stages need not bring a section")]
    Tasks(&'static str),
}

impl Invalidates {
    /// The results that become invalid, in words. `None` if all results stay valid.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Everything => Some("everything"),
            Self::Solutions(words) | Self::Tasks(words) => Some(words),
            Self::SolutionsOfOptimizer => Some("the solutions of the optimizer and their paths"),
            Self::Paths => Some("the paths"),
            Self::PathsOn(Split::Train) => Some("the paths on the training images"),
            Self::PathsOn(Split::Test) => Some("the paths on the test images"),
            Self::LongerPaths => Some("the paths if there are fewer steps"),
        }
    }
}

/// A key of the table, with values of any kind.
pub(crate) trait KeySpec: Sync {
    /// Its name in configurations, without the section.
    fn name(&self) -> &'static str;
    /// The values that it takes, in Markdown: "integer, 1 or more".
    fn values(&self) -> String;
    /// Its default.
    fn default(&self) -> DefaultSpec;
    /// The unit of its values; empty if there is none.
    fn unit(&self) -> &'static str;
    /// Its meaning, in a few words.
    fn meaning(&self) -> &'static str;
    /// A further remark for the reference; may be empty.
    fn note(&self) -> &'static str {
        ""
    }
    /// What a change of it invalidates. `None`: see its section.
    fn invalidates(&self) -> Option<Invalidates> {
        None
    }
    /// Whether results may be older than the key. They were made with its default.
    fn came_later(&self) -> bool {
        false
    }
}

/// The default of a key, for the documentation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DefaultSpec {
    /// No default: the key is required. The value is an example.
    Required(&'static str),
    /// This value, in TOML notation.
    Fixed(String),
    /// A default that depends on other keys, on the data or on the network.
    Derived(Derived),
}

/// Marks a key without a default; the value is an example, in TOML notation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Required(pub &'static str);

/// Marks a key whose default is in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fixed<C>(pub C);

/// Marks a key whose default depends on other keys, on the data or on the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Derived {
    /// The default, in words.
    pub words: &'static str,
    /// An example of a value, in TOML notation.
    pub example: &'static str,
}

/// Marks a key that is still being declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open;

/// The marker of a key, which determines its default.
pub(crate) trait DefaultMarker<K: ValueKind>: Copy + Sync + 'static {
    fn spec(&self) -> DefaultSpec;
}

impl<K: ValueKind> DefaultMarker<K> for Required {
    fn spec(&self) -> DefaultSpec {
        DefaultSpec::Required(self.0)
    }
}

impl<K: ValueKind> DefaultMarker<K> for Fixed<K::Constant> {
    fn spec(&self) -> DefaultSpec {
        DefaultSpec::Fixed(K::value(self.0).toml())
    }
}

impl<K: ValueKind> DefaultMarker<K> for Derived {
    fn spec(&self) -> DefaultSpec {
        DefaultSpec::Derived(*self)
    }
}

/// A key that takes values of the kind `K`, with the default `D`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<K: ValueKind, D = Fixed<<K as ValueKind>::Constant>> {
    pub name: &'static str,
    pub kind: K,
    pub default: D,
    unit: &'static str,
    meaning: &'static str,
    note: &'static str,
    invalidates: Option<Invalidates>,
    came_later: bool,
}

impl<K: ValueKind> Key<K, Open> {
    /// A key without unit and meaning. Set the default last.
    pub const fn new(name: &'static str, kind: K) -> Self {
        let (unit, meaning, note) = ("", "", "");
        Self {
            name,
            kind,
            default: Open,
            unit,
            meaning,
            note,
            invalidates: None,
            came_later: false,
        }
    }

    /// The same with the unit of its values.
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// The same with its meaning, in a few words.
    pub const fn meaning(self, meaning: &'static str) -> Self {
        Self { meaning, ..self }
    }

    /// The same with a further remark for the reference.
    pub const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The same with what a change invalidates, if this differs from the section.
    pub const fn invalidates(self, invalidates: Invalidates) -> Self {
        Self { invalidates: Some(invalidates), ..self }
    }

    /// The same with a default in the table.
    pub const fn default(self, default: K::Constant) -> Key<K> {
        self.marked(Fixed(default))
    }

    /// The same without a default; `example` is an example of a value.
    pub const fn required(self, example: &'static str) -> Key<K, Required> {
        self.marked(Required(example))
    }

    /// The same with a default that the reader computes, described by `words`; `example` is an
    /// example of a value.
    pub const fn derived(self, words: &'static str, example: &'static str) -> Key<K, Derived> {
        self.marked(Derived { words, example })
    }

    const fn marked<D: Copy>(self, default: D) -> Key<K, D> {
        let Self { name, kind, unit, meaning, note, invalidates, came_later, .. } = self;
        Key { name, kind, default, unit, meaning, note, invalidates, came_later }
    }
}

impl<K: ValueKind> Key<K> {
    /// A key that a later version has added: older results were made with its default.
    pub const fn came_later(self) -> Self {
        Self { came_later: true, ..self }
    }
}

impl<K: ValueKind, D: DefaultMarker<K>> KeySpec for Key<K, D> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn values(&self) -> String {
        self.kind.values()
    }

    fn default(&self) -> DefaultSpec {
        self.default.spec()
    }

    fn unit(&self) -> &'static str {
        self.unit
    }

    fn meaning(&self) -> &'static str {
        self.meaning
    }

    fn note(&self) -> &'static str {
        self.note
    }

    fn invalidates(&self) -> Option<Invalidates> {
        self.invalidates
    }

    fn came_later(&self) -> bool {
        self.came_later
    }
}
