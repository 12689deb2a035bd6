//! The value found for a key.

use super::collector::{Read, Reported};
use super::notation::Notation;
use super::section::Section;
use crate::config::schema::{DefaultMarker, Derived, Fixed, Key, Mistakes, Required, ValueKind};
use crate::config::tree::TomlValue;

/// The value of a key as far as it could be read. The marker `D` of the key determines the value if
/// it is not written.
#[must_use]
pub(crate) struct FoundValue<'s, K: ValueKind, D> {
    section: &'s Section<'s>,
    name: &'static str,
    default: D,
    state: ValueState<K::Value>,
}

enum ValueState<T> {
    Missing,
    /// The problem has been reported.
    Refused,
    Given(T),
}

impl Section<'_> {
    /// A key of this section.
    pub fn key<K: ValueKind, D: DefaultMarker<K>>(
        &self,
        key: &'static Key<K, D>,
    ) -> FoundValue<'_, K, D> {
        self.key_with(key, |value| key.kind.parse(value))
    }

    /// A key of this section that is read by `parse`, which may use other sections.
    pub fn key_with<K: ValueKind, D: DefaultMarker<K>>(
        &self,
        key: &'static Key<K, D>,
        parse: impl FnOnce(&TomlValue) -> Result<K::Value, Mistakes>,
    ) -> FoundValue<'_, K, D> {
        self.describe(key);
        self.find(key.name, key.default, parse)
    }

    /// The value of a key that has been described.
    pub(in crate::config) fn find<K: ValueKind, D>(
        &self,
        name: &'static str,
        default: D,
        parse: impl FnOnce(&TomlValue) -> Result<K::Value, Mistakes>,
    ) -> FoundValue<'_, K, D> {
        let state = match self.ask_for(name).map(|node| parse(&node.value)) {
            None => ValueState::Missing,
            Some(Ok(value)) => ValueState::Given(value),
            // `hidden` is a list for one kind and a number for another.
            Some(Err(_)) if self.drop_key(name) => ValueState::Missing,
            Some(Err(mistakes)) => {
                for mistake in mistakes {
                    match mistake.origin {
                        Some(origin) => {
                            self.report.problem(origin, Some(self.path_of(name)), mistake.message);
                        }
                        None => self.problem(name, mistake.message),
                    }
                }
                ValueState::Refused
            }
        };
        FoundValue { section: self, name, default, state }
    }
}

impl<K: ValueKind, D> FoundValue<'_, K, D> {
    /// Refuses a value that `check` refuses.
    pub fn check(self, check: impl FnOnce(&K::Value) -> Result<(), String>) -> Self {
        if let ValueState::Given(value) = &self.state
            && let Err(message) = check(value)
        {
            if self.section.drop_key(self.name) {
                return Self { state: ValueState::Missing, ..self };
            }
            self.section.problem(self.name, message);
            return Self { state: ValueState::Refused, ..self };
        }
        self
    }

    /// The value; `None` if the key is not written and its default is known only later.
    pub fn or_unset(self) -> Read<Option<K::Value>> {
        match self.state {
            ValueState::Missing => Ok(None),
            ValueState::Refused => Err(Reported),
            ValueState::Given(value) => {
                self.section.report.describe_value(&self.section.path_of(self.name), value.toml());
                if let Some(key) = self.section.record_of(self.name) {
                    self.section.report.effective(key, value.toml());
                }
                Ok(Some(value))
            }
        }
    }

    fn or_default(self, default: K::Value) -> Read<K::Value> {
        self.section.report.describe_default(&self.section.path_of(self.name), default.toml());
        let state = match self.state {
            ValueState::Missing => ValueState::Given(default),
            state => state,
        };
        Self { state, ..self }.or_unset()?.ok_or(Reported)
    }
}

impl<K: ValueKind> FoundValue<'_, K, Fixed<K::Constant>> {
    /// The value, or the default of the table.
    pub fn value(self) -> Read<K::Value> {
        let default = K::value(self.default.0);
        self.or_default(default)
    }

    /// The value, or a default that a choice has set in place of that of the table. If an override
    /// has made the choice, a value of the file is left out instead, with a note.
    pub fn value_or(self, default: K::Value) -> Read<K::Value> {
        let given = matches!(self.state, ValueState::Given(_));
        let state = if given && self.section.drop_key(self.name) {
            ValueState::Missing
        } else {
            self.state
        };
        Self { state, ..self }.or_default(default)
    }
}

impl<K: ValueKind> FoundValue<'_, K, Required> {
    /// The value. If it is missing, that is a problem.
    pub fn value(self) -> Read<K::Value> {
        if matches!(self.state, ValueState::Missing) {
            let Self { name, default: Required(example), .. } = self;
            self.section.problem(name, format!("missing; write for instance {name} = {example}"));
        }
        self.or_unset()?.ok_or(Reported)
    }
}

impl<K: ValueKind> FoundValue<'_, K, Derived> {
    /// The value, or the default that has been computed.
    pub fn or(self, default: K::Value) -> Read<K::Value> {
        self.or_default(default)
    }
}
