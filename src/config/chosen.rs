//! Keys that networks, optimizers, path methods and data formats bring along, as rows of the table of keys.

use super::expand::expand_path;
use super::reader::{Notation, Read, Reported, Section};
use super::schema::{
    Count, CountList, CountOrAll, DefaultSpec, Derived, Fixed, Flag, Integer, KeySpec, Lower,
    Number, Required, Text, Upper, ValueKind, Word,
};
use crate::keys::{ChoiceKey, KeyKind, NumberRange, Value};

const SEED: Integer<u32> = Integer::between(0, u32::MAX as u64);
const DERIVED_SEED: Integer<u64> = Integer::between(0, u64::MAX);
const FROM_MASTER_SEED: Derived = Derived { words: "derived from the master seed", example: "7" };

impl KeySpec for ChoiceKey {
    fn name(&self) -> &'static str {
        self.name
    }

    fn values(&self) -> String {
        match self.kind {
            KeyKind::Count { most, .. } | KeyKind::DerivedCount { most, .. } => {
                Count::between(1, most as u64).values()
            }
            KeyKind::CountOrAll | KeyKind::BatchSize { .. } => CountOrAll.values(),
            KeyKind::CountFromZero { .. } => Count::at_least(0).values(),
            KeyKind::RequiredCount { .. } => Count::at_least(1).values(),
            KeyKind::Counts { check, .. } => counts(check),
            KeyKind::Seed { .. } => SEED.values(),
            KeyKind::DerivedSeed => DERIVED_SEED.values(),
            KeyKind::Positive { .. } | KeyKind::RequiredPositive { .. } => {
                Number::POSITIVE.values()
            }
            KeyKind::Number { range, .. } => number(range).values(),
            KeyKind::Flag { .. } => Flag.values(),
            KeyKind::Word { words, .. } => Word(words).values(),
            KeyKind::OptionalText { .. } | KeyKind::Path { .. } => Text.values(),
        }
    }

    fn default(&self) -> DefaultSpec {
        match self.kind {
            KeyKind::DerivedCount { words, example, .. }
            | KeyKind::OptionalText { words, example } => {
                DefaultSpec::Derived(Derived { words, example })
            }
            KeyKind::DerivedSeed => DefaultSpec::Derived(FROM_MASTER_SEED),
            KeyKind::Path { example }
            | KeyKind::RequiredCount { example }
            | KeyKind::RequiredPositive { example } => DefaultSpec::Required(example),
            _ => DefaultSpec::Fixed(self.default().toml()),
        }
    }

    fn unit(&self) -> &'static str {
        self.unit
    }

    fn meaning(&self) -> &'static str {
        self.about
    }

    fn note(&self) -> &'static str {
        self.note
    }

    fn came_later(&self) -> bool {
        self.came_later
    }
}

fn number(range: NumberRange) -> Number {
    match range {
        NumberRange::NotNegative => Number::NOT_NEGATIVE,
        NumberRange::Fraction => Number::between(Lower::From(0.0), Upper::Below(1.0)),
        NumberRange::OpenFraction => Number::between(Lower::Above(0.0), Upper::Below(1.0)),
    }
}

/// A list of integers, with its length if there is only one that is accepted.
fn counts(check: fn(&[usize]) -> Result<(), String>) -> String {
    let lengths: Vec<usize> = (1..=4).filter(|&length| check(&vec![1; length]).is_ok()).collect();
    match lengths[..] {
        [length] => count_list(check).values().replace(
            "list of",
            &format!("list of {}", ["one", "two", "three", "four"][length - 1]),
        ),
        _ => count_list(check).values(),
    }
}

/// A list that this check accepts; the check says whether it may be empty.
fn count_list(check: fn(&[usize]) -> Result<(), String>) -> CountList {
    CountList { may_be_empty: check(&[]).is_ok() }
}

impl Notation for Value {
    fn toml(&self) -> String {
        match self {
            Self::Count(count) => count.toml(),
            Self::CountOrAll(count) => count.toml(),
            Self::Counts(counts) => counts.toml(),
            Self::Seed(seed) => seed.toml(),
            Self::Positive(number) | Self::Number(number) => number.toml(),
            Self::Flag(flag) => flag.toml(),
            Self::Word(word) => word.toml(),
            Self::Path(path) => path.display().to_string().toml(),
            // A default that depends on other values has no fixed notation.
            Self::DerivedCount(count) => count.map_or_else(String::new, |count| count.toml()),
            Self::DerivedSeed(seed) => seed.map_or_else(String::new, |seed| seed.toml()),
            Self::OptionalText(text) => text.as_ref().map_or_else(String::new, Notation::toml),
        }
    }
}

/// The values of all keys of a choice, each with its name.
pub(super) fn read_values(
    section: &Section<'_>,
    keys: &'static [ChoiceKey],
) -> Read<Vec<(&'static str, Value)>> {
    // Read all keys first, so that all problems are reported.
    let values: Vec<_> = keys.iter().map(|key| (key.name, read_value(section, key))).collect();
    values.into_iter().map(|(name, value)| Ok((name, value?))).collect()
}

/// The value of a key that belongs to a choice.
pub(super) fn read_value(section: &Section<'_>, key: &'static ChoiceKey) -> Read<Value> {
    section.describe(key);
    match key.kind {
        KeyKind::Count { default, most } => {
            read_as(section, key, Count::between(1, most as u64), default).map(Value::Count)
        }
        KeyKind::CountOrAll => read_as(section, key, CountOrAll, None).map(Value::CountOrAll),
        KeyKind::BatchSize { default } => {
            read_as(section, key, CountOrAll, Some(default)).map(Value::CountOrAll)
        }
        KeyKind::CountFromZero { default } => {
            read_as(section, key, Count::at_least(0), default).map(Value::Count)
        }
        KeyKind::RequiredCount { example } => {
            read_required(section, key, Count::at_least(1), example).map(Value::Count)
        }
        KeyKind::RequiredPositive { example } => {
            read_required(section, key, Number::POSITIVE, example).map(Value::Positive)
        }
        KeyKind::Number { default, range } => {
            read_as(section, key, number(range), default).map(Value::Number)
        }
        KeyKind::DerivedCount { most, words, example } => {
            let (kind, derived) = (Count::between(1, most as u64), Derived { words, example });
            read_derived(section, key, kind, derived).map(Value::DerivedCount)
        }
        KeyKind::Counts { default, check } => {
            let kind = count_list(check);
            let found =
                section.find::<CountList, _>(key.name, Fixed(default), |value| kind.parse(value));
            found.check(|counts| check(counts)).value().map(Value::Counts)
        }
        KeyKind::Seed { default } => read_as(section, key, SEED, default).map(Value::Seed),
        KeyKind::DerivedSeed => {
            read_derived(section, key, DERIVED_SEED, FROM_MASTER_SEED).map(Value::DerivedSeed)
        }
        KeyKind::Positive { default } => {
            read_as(section, key, Number::POSITIVE, default).map(Value::Positive)
        }
        KeyKind::Flag { default } => read_as(section, key, Flag, default).map(Value::Flag),
        KeyKind::Word { words, default } => {
            read_as(section, key, Word(words), default).map(Value::Word)
        }
        KeyKind::OptionalText { words, example } => {
            read_derived(section, key, Text, Derived { words, example }).map(Value::OptionalText)
        }
        KeyKind::Path { example } => read_path(section, key, example),
    }
}

/// Like [`read_value`]. A key that takes a count gets this default in place of its own.
pub(super) fn read_value_or(
    section: &Section<'_>,
    key: &'static ChoiceKey,
    default: &Value,
) -> Read<Value> {
    let (KeyKind::Count { default: of_key, most }, &Value::Count(default)) = (&key.kind, default)
    else {
        return read_value(section, key);
    };
    section.describe(key);
    let kind = Count::between(1, *most as u64);
    let found = section.find::<Count, _>(key.name, Fixed(*of_key), |value| kind.parse(value));
    found.value_or(default).map(Value::Count)
}

fn read_as<K: ValueKind>(
    section: &Section<'_>,
    key: &'static ChoiceKey,
    kind: K,
    default: K::Constant,
) -> Read<K::Value> {
    section.find::<K, _>(key.name, Fixed(default), |value| kind.parse(value)).value()
}

fn read_required<K: ValueKind>(
    section: &Section<'_>,
    key: &'static ChoiceKey,
    kind: K,
    example: &'static str,
) -> Read<K::Value> {
    section.find::<K, _>(key.name, Required(example), |value| kind.parse(value)).value()
}

fn read_derived<K: ValueKind>(
    section: &Section<'_>,
    key: &'static ChoiceKey,
    kind: K,
    default: Derived,
) -> Read<Option<K::Value>> {
    section.find::<K, _>(key.name, default, |value| kind.parse(value)).or_unset()
}

/// The effective value stays as written, because `$TMPDIR` names another directory in every job. A
/// checksum compares the contents.
fn read_path(section: &Section<'_>, key: &'static ChoiceKey, example: &'static str) -> Read<Value> {
    let found = section.find::<Text, _>(key.name, Required(example), |value| Text.parse(value));
    let path = expand_path(&found.value()?).map_err(|message| {
        section.problem(key.name, message);
        Reported
    });
    path.map(Value::Path)
}
