//! `[[distance]]`: two sets whose distances from their common origin are compared.

use super::available::Available;
use super::named::read_name;
use super::reader::{Read, Reported, Section};
use super::schema::{
    Invalidates, Key, Mistakes, Multiplicity, Required, SectionSpec, SetNames, Text, each, mistake,
};
use super::tree::TomlValue;
use crate::solutions::SetName;

/// Two sets to compare, in addition to those that are always compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistanceConfig {
    /// Its name in the results.
    pub name: String,
    /// The two sets.
    pub sets: [SetName; 2],
}

static NAME: Key<Text, Required> =
    Key::new("name", Text).meaning("name of the comparison in the results").required("\"a_b\"");

static SETS: Key<SetNames, Required> = Key::new("sets", SetNames)
    .meaning("the two sets")
    .required("[\"sgd/train\", \"published/train\"]");

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "distance",
    title: "Distances of two sets from their common origin: any number of entries",
    shape: Multiplicity::Named,
    keys: &[&NAME, &SETS],
    choices: None,
    // Each analysis is computed anew from all of its keys.
    invalidates: Invalidates::Nothing,
};

/// Reads all entries of the file.
pub(super) fn read_all(root: &Section<'_>, available: &Available) -> Read<Vec<DistanceConfig>> {
    let mut names: Vec<Option<String>> = Vec::new();
    root.sections(&SECTION, |section| {
        let name = read_name(section, &NAME, &names, "distance", "comparison");
        names.push(name.clone().ok());
        if let Ok(name) = &name {
            section.record_as(format!("distance.{name}"));
        }
        let sets = section.key_with(&SETS, |value| read_sets(value, available)).value();
        let (name, sets) = (name?, sets?);
        Ok(DistanceConfig { name, sets: sets.try_into().map_err(|_| Reported)? })
    })
}

fn read_sets(value: &TomlValue, available: &Available) -> Result<Vec<SetName>, Mistakes> {
    let sets = each(value, |text| available.set(text))?;
    let count = sets.len();
    if count == 2 { Ok(sets) } else { Err(mistake(format!("must be two sets, holds {count}"))) }
}
