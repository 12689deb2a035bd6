//! `[training.NAME]`: an optimizer with the values of its keys.
//!
//! The registry of optimizers lists the kinds and their keys.

use super::chosen::read_value;
use super::reader::{Choice, Notation, Read, Reported, Section};
use super::schema::{
    Choices, Invalidates, Key, KeySpec, Multiplicity, OneOf, Owned, Required, SectionSpec,
};
use super::tree::TomlValue;
use crate::keys::{ChoiceKey, Value};
use crate::optimizer::{ChosenOptimizer, OPTIMIZERS, OptimizerKind, optimizer_kind};

impl Choice for &'static dyn OptimizerKind {
    const ALL: &'static [Self] = OPTIMIZERS;
    fn word(self) -> &'static str {
        self.name()
    }
}

static KIND: Key<OneOf<&'static dyn OptimizerKind>, Required> = Key::new("kind", OneOf::NEW)
    .meaning("the kind of optimizer")
    .note("a section with the name of a kind needs no such key")
    .required("\"sgd\"");

/// The section of an optimizer.
pub(super) static OPTIMIZER: SectionSpec = SectionSpec {
    name: "training.NAME",
    title: "Optimizer",
    shape: Multiplicity::Titled,
    keys: &[&KIND],
    choices: Some(Choices { selector: "kind", keys: of_optimizers }),
    invalidates: Invalidates::SolutionsOfOptimizer,
};

fn of_optimizers() -> Vec<Owned> {
    let keys = |kind: &'static dyn OptimizerKind| {
        kind.keys().iter().map(|key| key as &dyn KeySpec).collect()
    };
    OPTIMIZERS.iter().map(|&kind| Owned { choice: kind.name(), keys: keys(kind) }).collect()
}

/// Reads the section of the optimizer of this name.
pub(super) fn read(section: &Section<'_>, name: &str) -> Read<ChosenOptimizer> {
    let kind = read_kind(section, name);
    section.refuse_other_choices(&kind);
    let kind = kind?;
    let mut chosen = Ok(ChosenOptimizer::with_defaults(kind));
    for key in kind.keys() {
        let read = match (key.only_with, &chosen) {
            (Some(_), Err(_)) => {
                section.has(key.name);
                continue;
            }
            (Some((other, word)), Ok(so_far)) if !has_word(so_far, other, word) => {
                refuse_key(section, key, so_far, (other, word));
                continue;
            }
            _ => read_value(section, key),
        };
        chosen = match (chosen, read) {
            (Ok(chosen), Ok(value)) => Ok(chosen.with(key.name, value)),
            _ => Err(Reported),
        };
    }
    let problems = chosen.as_ref().map_or_else(|_| Vec::new(), ChosenOptimizer::problems);
    for (key, message) in &problems {
        section.problem(key, message);
    }
    if problems.is_empty() { chosen } else { Err(Reported) }
}

/// The kind is not recorded if the name is that of a kind, because version 0.1.0 did not have this
/// key.
fn read_kind(section: &Section<'_>, name: &str) -> Read<&'static dyn OptimizerKind> {
    let Some(of_name) = optimizer_kind(name) else {
        return section.key(&KIND).value();
    };
    match section.ask_for(KIND.name).map(|node| &node.value) {
        None => Ok(of_name),
        Some(TomlValue::String(kind)) if kind == name => Ok(of_name),
        Some(_) => {
            let message = format!(
                "must be {name:?}, because the section has the name of this kind; for another kind \
                 choose another name"
            );
            section.problem(KIND.name, message);
            Err(Reported)
        }
    }
}

fn has_word(chosen: &ChosenOptimizer, key: &str, word: &str) -> bool {
    matches!(chosen.value(key), Some(Value::Word(chosen)) if *chosen == word)
}

/// Refuses a key that has no meaning with the value of another one.
fn refuse_key(
    section: &Section<'_>,
    key: &ChoiceKey,
    chosen: &ChosenOptimizer,
    (other, word): (&str, &str),
) {
    let now = chosen.value(other).map_or_else(String::new, Notation::toml);
    let message = format!("belongs to {other} = {word:?}, not to {other} = {now}; remove it");
    section.refuse_for(other, &now, key.name, &message);
}
