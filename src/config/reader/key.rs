//! One key of a section, and what was found there.

use super::notation::{Choice, Notation, alternatives};
use super::report::{Read, Reported};
use super::section::Section;
use crate::config::tree::{Node, Value};

/// A key whose value is still to be read.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Key<'s> {
    pub(super) section: &'s Section<'s>,
    pub(super) name: &'static str,
    pub(super) node: Option<&'s Node>,
}

/// The value of a key as far as it could be read.
#[must_use]
#[derive(Debug)]
pub(in crate::config) struct Found<'s, T> {
    key: Key<'s>,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Missing,
    /// The problem has been reported.
    Refused,
    Given(T),
}

impl<'s> Key<'s> {
    /// Notes down what the key takes, as a comment in a configuration says it.
    fn takes(self, words: impl Into<String>) -> Self {
        self.section.report.describe(self.section.path_of(self.name), words);
        self
    }

    fn read<T>(self, convert: impl FnOnce(&'s Value) -> Result<T, String>) -> Found<'s, T> {
        let state = match self.node.map(|node| convert(&node.value)) {
            None => State::Missing,
            Some(Ok(value)) => State::Given(value),
            // `hidden` is a list for one kind and a number for another.
            Some(Err(_)) if self.section.drop_key(self.name) => State::Missing,
            Some(Err(message)) => {
                self.section.problem(self.name, message);
                State::Refused
            }
        };
        Found { key: self, state }
    }

    /// An integer from `least` to `most`.
    pub fn integer(self, least: u64, most: u64) -> Found<'s, u64> {
        // 32 bits stand for as many as one likes; all 64, for a seed, are worth telling.
        let words = if most == u64::from(u32::MAX) { format!("at least {least}") } else { format!("{least} to {most}") };
        self.takes(words).read(|value| integer(value, least, most, "an integer"))
    }

    /// A number of things, at least `least`. No count needs more than 32 bits, and sums and products
    /// of two cannot overflow.
    pub fn count(self, least: usize) -> Found<'s, usize> {
        self.integer(least as u64, u32::MAX.into()).map(|count| count as usize)
    }

    /// A number of things that are all held in memory, from `least` to `most`: a slip of the keyboard
    /// should be an error in the configuration and not the end of the process.
    pub fn count_up_to(self, least: usize, most: usize) -> Found<'s, usize> {
        self.integer(least as u64, most as u64).map(|count| count as usize)
    }

    /// A number of things, at least 1, or `"all"` of them (`None`).
    pub fn count_or_all(self) -> Found<'s, Option<usize>> {
        self.takes("at least 1, or \"all\"").read(|value| match value {
            Value::String(text) if text == "all" => Ok(None),
            value => integer(value, 1, u32::MAX.into(), "an integer or \"all\"").map(|count| Some(count as usize)),
        })
    }

    /// A list of numbers of things, each at least 1; not empty.
    pub fn counts(self) -> Found<'s, Vec<usize>> {
        self.takes("each at least 1").read(|value| match value {
            Value::Array(items) if !items.is_empty() => {
                let count =
                    |item: &Node| integer(&item.value, 1, u32::MAX.into(), "a list of integers").map(|count| count as usize);
                items.iter().map(count).collect()
            }
            Value::Array(_) => Err("must not be empty".to_owned()),
            other => Err(format!("must be a list of integers in brackets, not {}", other.kind())),
        })
    }

    /// `true` or `false`.
    pub fn boolean(self) -> Found<'s, bool> {
        self.takes("true or false").read(|value| match value {
            Value::Boolean(boolean) => Ok(*boolean),
            other => Err(format!("must be true or false, not {}", other.kind())),
        })
    }

    /// A list of finite numbers; not empty.
    pub fn numbers(self) -> Found<'s, Vec<f64>> {
        self.takes("finite numbers").read(|value| match value {
            Value::Array(items) if !items.is_empty() => {
                items.iter().map(|item| number(&item.value, "a list of finite numbers", |_| true)).collect()
            }
            Value::Array(_) => Err("must not be empty".to_owned()),
            other => Err(format!("must be a list of numbers in brackets, not {}", other.kind())),
        })
    }

    /// A finite number.
    pub fn finite(self) -> Found<'s, f64> {
        self.number("a finite number", |_| true)
    }

    /// A finite number > 0.
    pub fn positive(self) -> Found<'s, f64> {
        self.number("a finite number above 0", |number| number > 0.0)
    }

    /// A finite number ≥ 0.
    pub fn not_negative(self) -> Found<'s, f64> {
        self.number("a finite number, 0 or above", |number| number >= 0.0)
    }

    /// A finite number with a further requirement.
    pub fn number(self, requirement: &str, accept: impl FnOnce(f64) -> bool) -> Found<'s, f64> {
        self.takes(requirement).read(|value| number(value, requirement, accept))
    }

    /// A string.
    pub fn text(self) -> Found<'s, String> {
        self.takes("").read(|value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(format!("must be a string, not {}", other.kind())),
        })
    }

    /// One of a few words.
    pub fn choice<C: Choice>(self) -> Found<'s, C> {
        self.one_of(C::ALL, C::word)
    }

    /// One of these words.
    pub fn word(self, words: &[&'static str]) -> Found<'s, &'static str> {
        self.one_of(words, |word| word)
    }

    fn one_of<C: Notation + Copy>(self, all: &[C], word: impl Fn(C) -> &'static str) -> Found<'s, C> {
        self.takes(alternatives(all)).read(|value| match value {
            Value::String(text) => chosen(text, all, word),
            other => Err(format!("must be {}, not {}", alternatives(all), other.kind())),
        })
    }

    /// Some of a few words, none twice, in their own order whatever the order of the file.
    pub fn choices<C: Choice>(self) -> Found<'s, Vec<C>> {
        // As `list` would say less of it, this comes first.
        self.takes(format!("any of {}", C::ALL.iter().map(Notation::toml).collect::<Vec<_>>().join(", ")))
            .list(|text| chosen(text, C::ALL, C::word))
            .map(|given: Vec<C>| C::ALL.iter().copied().filter(|word| given.contains(word)).collect())
    }

    /// A list of strings, not empty, none twice, each read by `item`.
    pub fn list<T: PartialEq>(self, item: impl Fn(&str) -> Result<T, String>) -> Found<'s, Vec<T>> {
        self.takes("");
        let items = match self.node.map(|node| &node.value) {
            Some(Value::Array(items)) if !items.is_empty() => items,
            _ => {
                return self.read(|value| match value {
                    Value::Array(_) => Err("must not be empty".to_owned()),
                    other => Err(format!("must be a list in brackets, not {}", other.kind())),
                });
            }
        };
        let mut values = Vec::with_capacity(items.len());
        for node in items {
            match list_item(node, &item, &values) {
                Ok(value) => values.push(value),
                Err(message) => {
                    self.section.report.problem(node.origin, Some(self.section.path_of(self.name)), message);
                }
            }
        }
        let state = if values.len() == items.len() { State::Given(values) } else { State::Refused };
        Found { key: self, state }
    }
}

impl<T> Found<'_, T> {
    /// Refuses a value that `check` refuses.
    pub fn check(self, check: impl FnOnce(&T) -> Result<(), String>) -> Self {
        if let State::Given(value) = &self.state
            && let Err(message) = check(value)
        {
            if self.key.section.drop_key(self.key.name) {
                return Self { state: State::Missing, ..self };
            }
            self.key.section.problem(self.key.name, message);
            return Self { state: State::Refused, ..self };
        }
        self
    }
}

impl<'s, T> Found<'s, T> {
    /// Turns the value into another type.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Found<'s, U> {
        let state = match self.state {
            State::Missing => State::Missing,
            State::Refused => State::Refused,
            State::Given(value) => State::Given(convert(value)),
        };
        Found { key: self.key, state }
    }
}

impl<T: Notation> Found<'_, T> {
    /// The value of a key without a default; `example` is what could be written.
    pub fn required(self, example: &str) -> Read<T> {
        if matches!(self.state, State::Missing) {
            self.key.section.problem(self.key.name, format!("missing; write for instance {example}"));
        }
        self.or_unset()?.ok_or(Reported)
    }

    /// The value, or the default.
    pub fn or(self, default: T) -> Read<T> {
        self.key.section.report.describe_default(&self.key.section.path_of(self.key.name), default.toml());
        let state = match self.state {
            State::Missing => State::Given(default),
            state => state,
        };
        Self { state, ..self }.or_unset()?.ok_or(Reported)
    }

    /// The value; `None` if the key is not written and what then holds is known only later.
    pub fn or_unset(self) -> Read<Option<T>> {
        match self.state {
            State::Missing => Ok(None),
            State::Refused => Err(Reported),
            State::Given(value) => {
                self.key.section.report.describe_value(&self.key.section.path_of(self.key.name), value.toml());
                if let Some(key) = self.key.section.record_of(self.key.name) {
                    self.key.section.report.effective(key, value.toml());
                }
                Ok(Some(value))
            }
        }
    }
}

fn integer(value: &Value, least: u64, most: u64, requirement: &str) -> Result<u64, String> {
    match value {
        Value::Integer(integer) if *integer < i128::from(least) => Err(format!("must be at least {least}, is {integer}")),
        Value::Integer(integer) => match u64::try_from(*integer) {
            Ok(integer) if integer <= most => Ok(integer),
            Ok(integer) => Err(format!("must be at most {most}, is {integer}")),
            Err(_) => Err(format!("must be at most {most}")),
        },
        other => Err(format!("must be {requirement}, not {}", other.kind())),
    }
}

fn number(value: &Value, requirement: &str, accept: impl FnOnce(f64) -> bool) -> Result<f64, String> {
    let number = match value {
        Value::Float(number) => *number,
        Value::Integer(integer) => *integer as f64,
        other => return Err(format!("must be {requirement}, not {}", other.kind())),
    };
    if number.is_finite() && accept(number) { Ok(number) } else { Err(format!("must be {requirement}, is {}", number.toml())) }
}

fn chosen<C: Notation + Copy>(text: &str, all: &[C], word: impl Fn(C) -> &'static str) -> Result<C, String> {
    let found = all.iter().copied().find(|choice| word(*choice) == text);
    found.ok_or_else(|| format!("must be {}, is {text:?}", alternatives(all)))
}

fn list_item<T: PartialEq>(node: &Node, item: impl Fn(&str) -> Result<T, String>, before: &[T]) -> Result<T, String> {
    let Value::String(text) = &node.value else {
        return Err(format!("must be a list of strings, holds {}", node.value.kind()));
    };
    let value = item(text)?;
    if before.contains(&value) {
        return Err(format!("{text:?} is listed twice"));
    }
    Ok(value)
}
