//! The keys of a choice with their values.

use super::{ChoiceKey, Value};
use std::fmt;
use std::path::Path;

/// A value for each key of a choice.
#[derive(Clone)]
pub struct Values {
    /// The choice, as in configurations: `"fcp"`.
    owner: &'static str,
    keys: &'static [ChoiceKey],
    /// The values in the order of the keys, each of the kind of its key.
    in_order: Box<[Value]>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.owner)?;
        f.debug_map().entries(self.iter().map(|(key, value)| (key.name, value))).finish()
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.owner == other.owner && self.in_order == other.in_order
    }
}

impl Values {
    /// The values with the default of every key.
    pub fn with_defaults(owner: &'static str, keys: &'static [ChoiceKey]) -> Self {
        Self { owner, keys, in_order: keys.iter().map(ChoiceKey::default).collect() }
    }

    /// The same with another value of a key. [`Self::check`] checks whether the key accepts it.
    ///
    /// # Panics
    /// If there is no such key, or if it takes values of another kind.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        let index = self.index(name);
        let now = &self.in_order[index];
        let same_kind = std::mem::discriminant(&value) == std::mem::discriminant(now);
        assert!(same_kind, "{name} of {} is {now:?}, and cannot be {value:?}", self.owner);
        self.in_order[index] = value;
        self
    }

    /// Checks that every key accepts its value.
    ///
    /// # Errors
    /// A sentence about the first that does not.
    pub fn check(&self) -> Result<(), String> {
        self.iter().try_for_each(|(key, value)| {
            key.check(value).map_err(|message| format!("{} of {} {message}", key.name, self.owner))
        })
    }

    /// The keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static ChoiceKey, &Value)> {
        self.keys.iter().zip(&self.in_order)
    }

    /// The value of a key, if there is one of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
    }

    fn index(&self, name: &str) -> usize {
        let index = self.keys.iter().position(|known| known.name == name);
        index.unwrap_or_else(|| panic!("{} has no key {name:?}", self.owner))
    }
}

/// Values of one kind.
///
/// # Panics
/// Each, if there is no such key of this kind.
impl Values {
    /// A number of things.
    pub fn count(&self, name: &str) -> usize {
        self.value(name, |value| if let Value::Count(count) = value { Some(*count) } else { None })
    }

    /// A number of things; `None`: all of them, or a number that depends on other values.
    pub fn optional_count(&self, name: &str) -> Option<usize> {
        self.value(name, |value| match value {
            Value::CountOrAll(count) | Value::DerivedCount(count) => Some(*count),
            _ => None,
        })
    }

    /// Numbers of things.
    pub fn counts(&self, name: &str) -> &[usize] {
        self.value(
            name,
            |value| if let Value::Counts(counts) = value { Some(&counts[..]) } else { None },
        )
    }

    /// A seed.
    pub fn seed(&self, name: &str) -> u32 {
        self.value(name, |value| if let Value::Seed(seed) = value { Some(*seed) } else { None })
    }

    /// A seed; `None`: the one that is derived from the master seed.
    pub fn derived_seed(&self, name: &str) -> Option<u64> {
        self.value(
            name,
            |value| if let Value::DerivedSeed(seed) = value { Some(*seed) } else { None },
        )
    }

    /// A number > 0.
    pub fn positive(&self, name: &str) -> f64 {
        self.value(
            name,
            |value| if let Value::Positive(number) = value { Some(*number) } else { None },
        )
    }

    /// A number within the range of its key.
    pub fn number(&self, name: &str) -> f64 {
        self.value(
            name,
            |value| if let Value::Number(number) = value { Some(*number) } else { None },
        )
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name, |value| if let Value::Flag(flag) = value { Some(*flag) } else { None })
    }

    /// A word.
    pub fn word(&self, name: &str) -> &'static str {
        self.value(name, |value| if let Value::Word(word) = value { Some(*word) } else { None })
    }

    /// A text; `None`: not set.
    pub fn optional_text(&self, name: &str) -> Option<&str> {
        self.value(name, |value| match value {
            Value::OptionalText(text) => Some(text.as_deref()),
            _ => None,
        })
    }

    /// A file or a folder.
    pub fn path(&self, name: &str) -> &Path {
        self.value(
            name,
            |value| if let Value::Path(path) = value { Some(path.as_path()) } else { None },
        )
    }

    fn value<'a, T>(&'a self, name: &str, of_kind: impl FnOnce(&'a Value) -> Option<T>) -> T {
        let value = &self.in_order[self.index(name)];
        of_kind(value).unwrap_or_else(|| {
            panic!("{name} of {} is {value:?}, not of the kind asked for", self.owner)
        })
    }
}
