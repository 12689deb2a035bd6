//! What was found in the place of a key.

use super::notation::Notation;
use super::report::{Read, Reported};
use super::section::Section;
use crate::config::schema::{Derived, Fixed, Key, Kind, Marker, Mistakes, Required};
use crate::config::tree::Value;

/// The value of a key as far as it could be read. The marker `D` of the key says what holds if it is
/// not written.
#[must_use]
pub(crate) struct Found<'s, K: Kind, D> {
    section: &'s Section<'s>,
    name: &'static str,
    default: D,
    state: State<K::Value>,
}

enum State<T> {
    Missing,
    /// The problem has been reported.
    Refused,
    Given(T),
}

impl Section<'_> {
    /// A key of this section.
    pub fn key<K: Kind, D: Marker<K>>(&self, key: &'static Key<K, D>) -> Found<'_, K, D> {
        self.key_with(key, |value| key.kind.parse(value))
    }

    /// A key of this section that is read by `parse`, which knows the other sections.
    pub fn key_with<K: Kind, D: Marker<K>>(
        &self,
        key: &'static Key<K, D>,
        parse: impl FnOnce(&Value) -> Result<K::Value, Mistakes>,
    ) -> Found<'_, K, D> {
        self.describe(key);
        self.find(key.name, key.default, parse)
    }

    /// What was written in the place of a key that has been described.
    pub(in crate::config) fn find<K: Kind, D>(
        &self,
        name: &'static str,
        default: D,
        parse: impl FnOnce(&Value) -> Result<K::Value, Mistakes>,
    ) -> Found<'_, K, D> {
        let state = match self.ask_for(name).map(|node| parse(&node.value)) {
            None => State::Missing,
            Some(Ok(value)) => State::Given(value),
            // `hidden` is a list for one kind and a number for another.
            Some(Err(_)) if self.drop_key(name) => State::Missing,
            Some(Err(mistakes)) => {
                for mistake in mistakes {
                    match mistake.origin {
                        Some(origin) => {
                            self.report.problem(origin, Some(self.path_of(name)), mistake.message);
                        }
                        None => self.problem(name, mistake.message),
                    }
                }
                State::Refused
            }
        };
        Found { section: self, name, default, state }
    }
}

impl<K: Kind, D> Found<'_, K, D> {
    /// Refuses a value that `check` refuses.
    pub fn check(self, check: impl FnOnce(&K::Value) -> Result<(), String>) -> Self {
        if let State::Given(value) = &self.state
            && let Err(message) = check(value)
        {
            if self.section.drop_key(self.name) {
                return Self { state: State::Missing, ..self };
            }
            self.section.problem(self.name, message);
            return Self { state: State::Refused, ..self };
        }
        self
    }

    /// The value; `None` if the key is not written and what then holds is known only later.
    pub fn or_unset(self) -> Read<Option<K::Value>> {
        match self.state {
            State::Missing => Ok(None),
            State::Refused => Err(Reported),
            State::Given(value) => {
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
            State::Missing => State::Given(default),
            state => state,
        };
        Self { state, ..self }.or_unset()?.ok_or(Reported)
    }
}

impl<K: Kind> Found<'_, K, Fixed<K::Constant>> {
    /// The value, or the default of the table.
    pub fn value(self) -> Read<K::Value> {
        let default = K::value(self.default.0);
        self.or_default(default)
    }
}

impl<K: Kind> Found<'_, K, Required> {
    /// The value; that it is missing is a problem.
    pub fn value(self) -> Read<K::Value> {
        if matches!(self.state, State::Missing) {
            let Self { name, default: Required(example), .. } = self;
            self.section.problem(name, format!("missing; write for instance {name} = {example}"));
        }
        self.or_unset()?.ok_or(Reported)
    }
}

impl<K: Kind> Found<'_, K, Derived> {
    /// The value, or the default that has been computed.
    pub fn or(self, default: K::Value) -> Read<K::Value> {
        self.or_default(default)
    }
}
