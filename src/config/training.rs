//! `[training]`: the optimizers, the number of runs, and which runs are kept.

use super::available::Available;
use super::optimizer::{self, OPTIMIZER};
use super::reader::{Choice, Read, Reported, Section, alternatives};
use super::schema::{
    Count, Derived, Integer, Invalidates, Key, OptimizerNames, Required, SectionSpec, each,
};
use crate::data::Split;
use crate::optimizer::{ChosenOptimizer, OPTIMIZERS, OptimizerName, optimizer_kind};
use crate::solutions::SetName;

/// The training runs; no runs if every solution is imported.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    /// Runs of each optimizer, ≥ 1, numbered from 0; 0 without `[training]`. Runs of all optimizers
    /// with the same number start from the same θ₀.
    pub initializations: u32,
    /// Runs kept of each optimizer, those with the lowest training loss; 1 to `initializations`,
    /// or 0 without `[training]`.
    pub keep: usize,
    /// The optimizers, at least one: those that are called like their kind in the order of
    /// [`OPTIMIZERS`], then the others as written; none without `[training]`.
    pub optimizers: Vec<OptimizerName>,
    /// For each of `optimizers` its kind and the values of its keys.
    pub chosen: Vec<ChosenOptimizer>,
}

impl TrainingConfig {
    /// No runs.
    pub(super) fn none() -> Self {
        Self { initializations: 0, keep: 0, optimizers: Vec::new(), chosen: Vec::new() }
    }

    /// The kind of an optimizer and the values of its keys.
    ///
    /// # Panics
    /// If the optimizer is not one of `optimizers`.
    pub fn optimizer(&self, name: &OptimizerName) -> &ChosenOptimizer {
        let found = self.position(name).and_then(|place| self.chosen.get(place));
        found.unwrap_or_else(|| panic!("{name} is in use and has its parameters"))
    }

    /// The place of an optimizer among `optimizers`.
    pub fn position(&self, name: &OptimizerName) -> Option<usize> {
        self.optimizers.iter().position(|known| known == name)
    }

    /// Images of a mini-batch of the first optimizer with mini-batches, for measuring speed.
    pub fn batch_size(&self) -> usize {
        self.chosen.iter().find_map(ChosenOptimizer::batch_size).unwrap_or(64)
    }
}

impl Choice for Split {
    const ALL: &'static [Self] = &[Self::Train, Self::Test];
    fn word(self) -> &'static str {
        self.name()
    }
}

static INITIALIZATIONS: Key<Integer<u32>, Required> =
    Key::new("initializations", Integer::at_least(1))
        .unit("runs")
        .meaning("runs of each optimizer; runs with the same number start from the same parameters")
        .invalidates(Invalidates::Nothing)
        .required("75");

static KEEP: Key<Count, Derived> = Key::new("keep", Count::at_least(1))
    .unit("runs")
    .meaning("runs of each optimizer whose solutions are kept: those of the lowest training loss")
    .note("at most `initializations`")
    .invalidates(Invalidates::Nothing)
    .derived("all of `initializations`", "48");

static NAMES: Key<OptimizerNames> = Key::new("optimizers", OptimizerNames)
    .meaning("which optimizers train; a name of your own has a section `[training.NAME]`")
    .note("names consist of letters, digits, `-` and `_`")
    .invalidates(Invalidates::Nothing)
    .default(&["sgd", "lbfgs"]);

pub(super) static SECTION: SectionSpec = SectionSpec::single(
    "training",
    "Training",
    Invalidates::Everything,
    &[&INITIALIZATIONS, &KEEP, &NAMES],
);

/// Reads the section. `available` gets what could be read, even if there are errors.
pub(super) fn read(section: &Section<'_>, available: &mut Available) -> Read<TrainingConfig> {
    let initializations = section.key(&INITIALIZATIONS).value();
    let keep = section
        .key(&KEEP)
        .check(|&keep| match initializations {
            Ok(most) if keep > most as usize => Err(format!(
                "must be at most {most}, the number of training.initializations, is {keep}"
            )),
            _ => Ok(()),
        })
        .or(initializations.map_or(1, |count| count as usize));
    let optimizers = section
        .key_with(&NAMES, |value| each(value, |text| listed(section, text)).map(in_order))
        .value();
    available.made = optimizers.as_deref().ok().map(sets_of);
    available.keep = initializations.and(keep).ok();
    available.runs = initializations.ok();
    let chosen = read_optimizers(section, optimizers.as_deref().ok());
    Ok(TrainingConfig {
        initializations: initializations?,
        keep: keep?,
        optimizers: optimizers?,
        chosen: chosen?,
    })
}

/// Reads the name of an optimizer: a kind, or that of a section.
fn listed(section: &Section<'_>, text: &str) -> Result<OptimizerName, String> {
    let name = OptimizerName::parse(text)?;
    if optimizer_kind(text).is_some() || section.written_sections().contains(&text) {
        return Ok(name);
    }
    Err(format!(
        "must be {}, or the name of a section [training.{text}] with its kind, is {text:?}",
        alternatives(OPTIMIZERS)
    ))
}

/// Names that are kinds come first, in the order of the registry. Version 0.1.0 used this order,
/// and an analysis is identified by the order of its sets.
fn in_order(mut names: Vec<OptimizerName>) -> Vec<OptimizerName> {
    let place = |name: &OptimizerName| {
        let known = OPTIMIZERS.iter().position(|kind| kind.name() == name.name());
        known.unwrap_or(OPTIMIZERS.len())
    };
    names.sort_by_key(place);
    names
}

/// Both snapshots of every optimizer.
fn sets_of(optimizers: &[OptimizerName]) -> Vec<SetName> {
    let splits = [Split::Train, Split::Test];
    optimizers.iter().flat_map(|name| splits.map(|split| SetName::of(name, split))).collect()
}

/// Reads the sections of the optimizers in use, and checks the others; `None`: which are in use
/// could not be read.
fn read_optimizers(
    section: &Section<'_>,
    names: Option<&[OptimizerName]>,
) -> Read<Vec<ChosenOptimizer>> {
    let used = names.unwrap_or_default().iter().map(OptimizerName::name);
    let one = |name: &str, is_used: bool| {
        section.section_named(name, is_used, &OPTIMIZER, |section| optimizer::read(section, name))
    };
    let chosen: Vec<_> = used.clone().map(|name| one(name, true)).collect();
    let used: Vec<&str> = used.collect();
    let mut left_over = Ok(());
    for name in section.written_sections().into_iter().filter(|name| !used.contains(name)) {
        // Configurations of version 0.1.0 may have a section that is not in use.
        let may_stay = names.is_none() || ["sgd", "lbfgs"].contains(&name);
        let read = if may_stay { one(name, false).map(|_| ()) } else { refuse(section, name) };
        left_over = left_over.and(read);
    }
    let chosen = chosen.into_iter().collect::<Read<Vec<_>>>();
    left_over.and(chosen)
}

/// Refuses the section of an optimizer that is not in use. If an override chose the optimizers, it
/// is ignored instead, with a note.
fn refuse(section: &Section<'_>, name: &str) -> Read<()> {
    if section.is_overridden(NAMES.name) {
        section.drop_section(name, "ignored: it is not in training.optimizers of --set");
        return Ok(());
    }
    section.ask_for(name);
    section.problem(name, "is not in training.optimizers; add it there, or remove the section");
    Err(Reported)
}
