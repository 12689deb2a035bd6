//! Keys that take words or lists of words.

use super::kinds::{Mistake, Mistakes, ValueKind, items, mistake};
use crate::config::reader::{Choice, Notation, alternatives};
use crate::config::tree::{TomlNode, TomlValue};
use crate::optimizer::{OPTIMIZERS, OptimizerName};
use crate::solutions::SetName;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag;

impl ValueKind for Flag {
    type Value = bool;
    type Constant = bool;

    fn value(constant: bool) -> bool {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<bool, Mistakes> {
        match value {
            TomlValue::Boolean(boolean) => Ok(*boolean),
            other => Err(mistake(format!("must be true or false, not {}", other.kind()))),
        }
    }

    fn values(&self) -> String {
        "true or false".to_owned()
    }
}

/// Any string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text;

impl ValueKind for Text {
    type Value = String;
    type Constant = &'static str;

    fn value(constant: &'static str) -> String {
        constant.to_owned()
    }

    fn parse(&self, value: &TomlValue) -> Result<String, Mistakes> {
        match value {
            TomlValue::String(text) => Ok(text.clone()),
            other => Err(mistake(format!("must be a string, not {}", other.kind()))),
        }
    }

    fn values(&self) -> String {
        "text".to_owned()
    }
}

/// One of the words of a registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word(pub &'static [&'static str]);

impl ValueKind for Word {
    type Value = &'static str;
    type Constant = &'static str;

    fn value(constant: &'static str) -> &'static str {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<&'static str, Mistakes> {
        one_of(value, self.0, |word| word)
    }

    fn values(&self) -> String {
        in_code(self.0)
    }
}

/// One of the words of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneOf<C>(PhantomData<C>);

impl<C> OneOf<C> {
    pub const NEW: Self = Self(PhantomData);
}

impl<C: Choice> ValueKind for OneOf<C> {
    type Value = C;
    type Constant = C;

    fn value(constant: C) -> C {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<C, Mistakes> {
        one_of(value, C::ALL, C::word)
    }

    fn values(&self) -> String {
        in_code(C::ALL)
    }
}

/// Some of the words of a type, none twice. Their order is that of the type, not that of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnyOf<C>(PhantomData<C>);

impl<C> AnyOf<C> {
    pub const NEW: Self = Self(PhantomData);
}

impl<C: Choice> ValueKind for AnyOf<C> {
    type Value = Vec<C>;
    type Constant = &'static [C];

    fn value(constant: &'static [C]) -> Vec<C> {
        constant.to_vec()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<C>, Mistakes> {
        let given = each(value, |text| chosen(text, C::ALL, C::word))?;
        Ok(C::ALL.iter().copied().filter(|word| given.contains(word)).collect())
    }

    fn values(&self) -> String {
        format!("list of {}", in_code(C::ALL))
    }
}

/// A list of names of sets. Which sets exist depends on other sections: see [`each`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetNames;

impl ValueKind for SetNames {
    type Value = Vec<SetName>;
    type Constant = &'static [SetName];

    fn value(constant: &'static [SetName]) -> Vec<SetName> {
        constant.to_vec()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<SetName>, Mistakes> {
        each(value, SetName::parse)
    }

    fn values(&self) -> String {
        "list of names of sets".to_owned()
    }
}

/// A list of names of optimizers. Which exist depends on other sections: see [`each`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptimizerNames;

impl ValueKind for OptimizerNames {
    type Value = Vec<OptimizerName>;
    type Constant = &'static [&'static str];

    fn value(constant: &'static [&'static str]) -> Vec<OptimizerName> {
        constant.iter().filter_map(|name| OptimizerName::parse(name).ok()).collect()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<OptimizerName>, Mistakes> {
        each(value, OptimizerName::parse)
    }

    fn values(&self) -> String {
        let kinds: Vec<&'static str> = OPTIMIZERS.iter().map(|kind| kind.name()).collect();
        format!("list of {}, or names of your own", in_code(&kinds))
    }
}

/// A list of pairs of names of sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetPairs;

impl ValueKind for SetPairs {
    type Value = Vec<[SetName; 2]>;
    type Constant = &'static [[SetName; 2]];

    fn value(constant: &'static [[SetName; 2]]) -> Vec<[SetName; 2]> {
        constant.to_vec()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<[SetName; 2]>, Mistakes> {
        let TomlValue::Array(items) = value else {
            let message = format!("must be a list of pairs of sets, not {}", value.kind());
            return Err(mistake(message));
        };
        let pair = |node: &TomlNode| match &node.value {
            TomlValue::Array(names) if names.len() == 2 => {
                let names = each(&node.value, SetName::parse)?;
                names.try_into().map_err(|_| mistake("must be a pair of two sets"))
            }
            _ => Err(mistake("must be a list of pairs, [[\"sgd/train\", \"lbfgs/train\"], …]")),
        };
        items.iter().map(pair).collect()
    }

    fn values(&self) -> String {
        "list of pairs of names of sets".to_owned()
    }
}

/// Pairs of numbers, or the file that has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PairList {
    /// These pairs.
    Pairs(Vec<(u32, u32)>),
    /// The file of this name, as written.
    File(String),
}

impl PairList {
    /// The pairs; none before the file is read.
    pub fn pairs(&self) -> &[(u32, u32)] {
        match self {
            Self::Pairs(pairs) => pairs,
            Self::File(_) => &[],
        }
    }
}

/// [`PairList`] as a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairsOrFile;

impl ValueKind for PairsOrFile {
    type Value = PairList;
    type Constant = &'static [(u32, u32)];

    fn value(constant: &'static [(u32, u32)]) -> PairList {
        PairList::Pairs(constant.to_vec())
    }

    fn parse(&self, value: &TomlValue) -> Result<PairList, Mistakes> {
        const REQUIREMENT: &str = "a list of pairs of initialization numbers, [[0, 3], [2, 5]], \
                                   or the name of a file with two columns";
        let pair = |node: &TomlNode| match &node.value {
            TomlValue::Array(ends) => {
                match ends.iter().map(|end| &end.value).collect::<Vec<_>>()[..] {
                    [TomlValue::Integer(a), TomlValue::Integer(b)] => {
                        Some((u32::try_from(*a).ok()?, u32::try_from(*b).ok()?))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        match value {
            TomlValue::String(name) if !name.is_empty() => Ok(PairList::File(name.clone())),
            TomlValue::Array(_) => {
                let pairs = items(value, REQUIREMENT)?.iter().map(pair);
                let pairs: Option<Vec<_>> = pairs.collect();
                pairs.map(PairList::Pairs).ok_or_else(|| mistake(format!("must be {REQUIREMENT}")))
            }
            _ => Err(mistake(format!("must be {REQUIREMENT}"))),
        }
    }

    fn values(&self) -> String {
        "list of pairs of integers, or file".to_owned()
    }
}

/// Reads a list of strings, not empty, none twice, each by `item`.
///
/// # Errors
/// All mistakes, each with its place.
pub(crate) fn each<T>(
    value: &TomlValue,
    item: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Mistakes>
where
    T: PartialEq,
{
    let items = items(value, "a list in brackets")?;
    let (mut values, mut mistakes) = (Vec::with_capacity(items.len()), Vec::new());
    for node in items {
        match list_item(&node.value, &item, &values) {
            Ok(value) => values.push(value),
            Err(message) => mistakes.push(Mistake { origin: Some(node.origin), message }),
        }
    }
    if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
}

fn list_item<T: PartialEq>(
    value: &TomlValue,
    item: impl Fn(&str) -> Result<T, String>,
    before: &[T],
) -> Result<T, String> {
    let TomlValue::String(text) = value else {
        return Err(format!("must be a list of strings, holds {}", value.kind()));
    };
    let value = item(text)?;
    if before.contains(&value) {
        return Err(format!("{text:?} is listed twice"));
    }
    Ok(value)
}

fn one_of<C: Notation + Copy>(
    value: &TomlValue,
    all: &[C],
    word: impl Fn(C) -> &'static str,
) -> Result<C, Mistakes> {
    match value {
        TomlValue::String(text) => chosen(text, all, word).map_err(mistake),
        other => Err(mistake(format!("must be {}, not {}", alternatives(all), other.kind()))),
    }
}

fn chosen<C: Notation + Copy>(
    text: &str,
    all: &[C],
    word: impl Fn(C) -> &'static str,
) -> Result<C, String> {
    let found = all.iter().copied().find(|choice| word(*choice) == text);
    found.ok_or_else(|| format!("must be {}, is {text:?}", alternatives(all)))
}

/// `` `"sum"`, `"sum-of-squares"` ``.
fn in_code<C: Notation>(words: &[C]) -> String {
    words.iter().map(|word| format!("`{}`", word.toml())).collect::<Vec<_>>().join(", ")
}
