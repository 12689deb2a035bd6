//! Sections that stages bring along.
//!
//! A stage declares its section in its own folder and returns it from
//! [`Stage::section`](crate::engine::stage::Stage::section). The section is then read and checked
//! with all others, its values take effect and decide about compatibility, and it appears in what
//! `init` writes and in `docs/configuration.md`. The stage asks for its values by
//! [`Config::section`], typed as its reader returns them.

use super::Config;
use super::available::Available;
use super::reader::{Read, Section};
use super::schema::{Multiplicity, SectionSpec};
use crate::solutions::SetName;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The sections of all stages that bring one, in the order of the stages.
///
/// This is the only place where the configuration depends on the engine. Everything else that a
/// stage says about its section goes through [`StageSection`].
pub(crate) fn sections() -> impl Iterator<Item = &'static dyn SectionReader> {
    let of_stages = crate::engine::stages::STAGES.iter().filter_map(|stage| stage.section());
    #[cfg(test)]
    let of_stages = of_stages.chain([super::example_stage::SECTION.section()]);
    of_stages.map(|section| section.0)
}

/// A stage's section of the configuration.
#[derive(Clone, Copy)]
pub struct StageSection(&'static dyn SectionReader);

impl StageSection {
    /// Its name: `"trajectory"`.
    pub fn name(self) -> &'static str {
        self.0.spec().name
    }

    /// As it is written: `[trajectory]`, `[[graph]]`.
    pub fn heading(self) -> String {
        let name = self.name();
        match self.0.spec().shape {
            Multiplicity::Single => format!("[{name}]"),
            Multiplicity::Titled => format!("[{name}.NAME]"),
            Multiplicity::Named | Multiplicity::Numbered => format!("[[{name}]]"),
        }
    }
}

/// The section of a stage, read into a `T`.
pub(crate) struct OfStage<T> {
    /// Its keys.
    pub spec: &'static SectionSpec,
    /// What the stage does, in Markdown, for `docs/configuration.md`.
    pub documentation: &'static str,
    /// Reads it from the whole file, and from the images and solutions of the sections before. A
    /// section that is not written reads as an empty one.
    pub read: fn(&Section<'_>, &Available) -> Read<T>,
}

impl<T: StageValue> OfStage<T> {
    /// The section, as a stage returns it.
    #[allow(dead_code, reason = "stages need not bring a section")]
    pub const fn section(&'static self) -> StageSection {
        StageSection(self)
    }
}

/// The section of a stage that makes sets of solutions. It is read before the sections that may
/// refer to these sets.
pub(crate) struct OfSetStage<T> {
    /// The section.
    pub section: OfStage<T>,
    /// The sets that the stage makes.
    pub sets: fn(&T) -> Vec<SetName>,
}

impl<T: StageValue> OfSetStage<T> {
    /// The section, as a stage returns it.
    pub const fn section(&'static self) -> StageSection {
        StageSection(self)
    }
}

/// The section of a stage, without the type it is read into.
pub(crate) trait SectionReader: Sync {
    fn spec(&self) -> &'static SectionSpec;
    fn documentation(&self) -> &'static str;
    fn read(&self, root: &Section<'_>, available: &Available) -> Read<Arc<dyn StageValue>>;

    /// The sets that the stage makes with these parameters. `None` if the stage never makes sets.
    fn sets(&self, _value: Option<&dyn StageValue>) -> Option<Vec<SetName>> {
        None
    }
}

impl<T: StageValue> SectionReader for OfSetStage<T> {
    fn spec(&self) -> &'static SectionSpec {
        self.section.spec()
    }

    fn documentation(&self) -> &'static str {
        self.section.documentation
    }

    fn read(&self, root: &Section<'_>, available: &Available) -> Read<Arc<dyn StageValue>> {
        self.section.read(root, available)
    }

    fn sets(&self, value: Option<&dyn StageValue>) -> Option<Vec<SetName>> {
        let value = value.and_then(|value| value.as_any().downcast_ref());
        Some(value.map_or_else(Vec::new, self.sets))
    }
}

impl<T: StageValue> SectionReader for OfStage<T> {
    fn spec(&self) -> &'static SectionSpec {
        self.spec
    }

    fn documentation(&self) -> &'static str {
        self.documentation
    }

    fn read(&self, root: &Section<'_>, available: &Available) -> Read<Arc<dyn StageValue>> {
        (self.read)(root, available).map(|value| Arc::new(value) as Arc<dyn StageValue>)
    }
}

/// The type that a section is read into. Values can be compared and shown.
pub(crate) trait StageValue: Any + fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn equals(&self, other: &dyn StageValue) -> bool;
}

impl<T: PartialEq + fmt::Debug + Send + Sync + 'static> StageValue for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn StageValue) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }
}

/// The parameters of the stages that bring a section of their own.
#[derive(Clone, Debug, Default)]
pub struct StageValues(BTreeMap<&'static str, Arc<dyn StageValue>>);

impl PartialEq for StageValues {
    fn eq(&self, other: &Self) -> bool {
        let same = |(name, value): (&&str, &Arc<dyn StageValue>)| {
            other.0.get(*name).is_some_and(|other| value.as_ref().equals(other.as_ref()))
        };
        self.0.len() == other.0.len() && self.0.iter().all(same)
    }
}

/// The sections that were read, by name, with their values or the marker of a reported problem.
pub(super) type ReadSections = Vec<(&'static str, Read<Arc<dyn StageValue>>)>;

impl StageValues {
    /// Reads the sections of the stages that make sets, which are then available.
    pub(super) fn read_makers(root: &Section<'_>, available: &mut Available) -> ReadSections {
        let makers = sections().filter(|section| section.sets(None).is_some());
        let read: ReadSections =
            makers.map(|section| (section.spec().name, section.read(root, available))).collect();
        for section in sections() {
            let value = read.iter().find(|(name, _)| *name == section.spec().name);
            match value.map(|(_, value)| value) {
                Some(Ok(value)) => {
                    let sets = section.sets(Some(value.as_ref())).unwrap_or_default();
                    available.derived.extend(sets);
                }
                Some(Err(_)) => available.lacks_derived = true,
                None => {}
            }
        }
        read
    }

    /// Reads the sections of all other stages.
    pub(super) fn read(
        root: &Section<'_>,
        available: &Available,
        makers: ReadSections,
    ) -> Read<Self> {
        let others = sections().filter(|section| section.sets(None).is_none());
        let read: ReadSections =
            others.map(|section| (section.spec().name, section.read(root, available))).collect();
        let values = makers.into_iter().chain(read).map(|(name, value)| Ok((name, value?)));
        values.collect::<Read<_>>().map(Self)
    }
}

impl Config {
    /// The parameters of a stage.
    ///
    /// # Panics
    /// If the stage does not return this section.
    #[allow(dead_code, reason = "stages need not bring a section")]
    pub(crate) fn section<T: StageValue>(&self, section: &'static OfStage<T>) -> &T {
        let name = section.spec.name;
        let value =
            self.stages.0.get(name).and_then(|value| value.as_ref().as_any().downcast_ref());
        value.unwrap_or_else(|| panic!("no stage returns the section [{name}]"))
    }
}
