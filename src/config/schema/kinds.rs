//! The kinds of values: how a value is read, and how messages describe it.

use crate::config::reader::Notation;
use crate::config::tree::{TomlNode, TomlValue, ValueOrigin};

/// A mistake in a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mistake {
    /// Its place; `None`: the place of the key.
    pub origin: Option<ValueOrigin>,
    /// What the value must be, and what it is.
    pub message: String,
}

/// All mistakes in a value, at least one.
pub(crate) type Mistakes = Vec<Mistake>;

/// A mistake at the place of the key.
pub(in crate::config) fn mistake(message: impl Into<String>) -> Mistakes {
    vec![Mistake { origin: None, message: message.into() }]
}

/// The values that a key takes.
pub(crate) trait ValueKind: Copy + Sync + 'static {
    /// The type that the reader returns.
    type Value: Notation;
    /// The type of a default in the table.
    type Constant: Copy + Sync + 'static;
    /// A default as a value.
    fn value(constant: Self::Constant) -> Self::Value;
    /// Reads a value.
    ///
    /// # Errors
    /// All mistakes.
    fn parse(&self, value: &TomlValue) -> Result<Self::Value, Mistakes>;
    /// The values that are accepted, in Markdown.
    fn values(&self) -> String;
}

/// The items of a list; an empty list is a mistake.
pub(super) fn items<'v>(
    value: &'v TomlValue,
    requirement: &str,
) -> Result<&'v [TomlNode], Mistakes> {
    match value {
        TomlValue::Array(items) if !items.is_empty() => Ok(items),
        TomlValue::Array(_) => Err(mistake("must not be empty")),
        other => Err(mistake(format!("must be {requirement}, not {}", other.kind()))),
    }
}
