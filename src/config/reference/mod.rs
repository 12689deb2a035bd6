//! `docs/configuration.md`: prose from `page.md`, tables from the table of keys.
//!
//! A line of `page.md` that begins with `@` is a directive, which is replaced by a part of the
//! table: `@keys SECTION` for the keys and what a change of them invalidates, `@table SECTION` for
//! the keys alone, `@keys SECTION CHOICE`, `@choices SECTION` for all choices with their headings,
//! `@formats` for the data formats, `@optimizers` for the optimizers, `@stage SECTION` for the
//! section of a stage, `@stages` for the sections of all other stages. `make reference` writes the
//! page.

use super::schema::{DefaultSpec, KeySpec, Owned, SectionSpec};
use super::sections;
use super::stages::sections;
use crate::data::{DataFormat, FORMATS};
use crate::optimizer::{OPTIMIZERS, OptimizerKind};

const TEMPLATE: &str = include_str!("page.md");

/// The page, in Markdown.
///
/// # Panics
/// If the template names a section or a choice that is not in the table.
pub fn page() -> String {
    let mut page = String::new();
    for line in TEMPLATE.lines() {
        let directive = line.strip_prefix('@').map(|words| words.split(' ').collect::<Vec<_>>());
        match directive.as_deref() {
            None => {
                page += line;
                page.push('\n');
            }
            Some(["keys"]) => page += &keys(&sections::TOP),
            Some(["keys", name]) => page += &keys(section(name)),
            Some(["keys", name, choice]) => page += &table(&of_choice(section(name), choice)),
            Some(["table", name]) => page += &table(section(name).keys),
            Some(["choices", name]) => page += &choices(section(name)),
            Some(["formats"]) => page += &formats(),
            Some(["optimizers"]) => page += &optimizers(),
            Some(["stage", name]) => {
                let stage = sections().find(|stage| stage.spec().name == *name);
                let stage = stage.unwrap_or_else(|| panic!("no stage has the section {name:?}"));
                page += &of_stage(stage.spec(), stage.documentation());
            }
            Some(["stages"]) => {
                for stage in sections().filter(|stage| !has_own_place(stage.spec())) {
                    page += &of_stage(stage.spec(), stage.documentation());
                }
            }
            Some(directive) => panic!("unknown directive {directive:?}"),
        }
    }
    // A directive between two blank lines may be replaced by nothing.
    page.trim_end().replace("\n\n\n", "\n\n") + "\n"
}

/// Whether the template places the section of this stage by its name.
fn has_own_place(stage: &SectionSpec) -> bool {
    TEMPLATE.lines().any(|line| line.strip_prefix("@stage ") == Some(stage.name))
}

fn section(name: &str) -> &'static SectionSpec {
    let found = sections::all().into_iter().find(|section| section.name == name);
    found.unwrap_or_else(|| panic!("there is no section {name:?}"))
}

fn of_choice(section: &SectionSpec, choice: &str) -> Vec<&'static dyn KeySpec> {
    let found = section.owned().into_iter().find(|owned| owned.choice == choice);
    found.unwrap_or_else(|| panic!("{section:?} has no choice {choice:?}")).keys
}

/// Every choice that has keys, with its heading.
fn choices(section: &SectionSpec) -> String {
    let Some(choices) = &section.choices else { return String::new() };
    let one = |Owned { choice, keys }: &Owned| {
        format!("### `{} = \"{choice}\"`\n\n{}", choices.selector, table(keys))
    };
    section
        .owned()
        .iter()
        .filter(|owned| !owned.keys.is_empty())
        .map(one)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every data format with its keys.
fn formats() -> String {
    let one = |format: &&dyn DataFormat| {
        let keys: Vec<_> = format.keys().iter().map(|key| key as &dyn KeySpec).collect();
        let (name, text) = (format.name(), format.documentation());
        format!("### `kind = \"{name}\"`\n\n{text}\n\n{}", table(&keys))
    };
    FORMATS.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Every optimizer with its keys.
fn optimizers() -> String {
    let one = |kind: &&dyn OptimizerKind| {
        let keys: Vec<_> = kind.keys().iter().map(|key| key as &dyn KeySpec).collect();
        let (name, text) = (kind.name(), kind.documentation());
        format!("#### `kind = \"{name}\"`\n\n{text}\n\n{}", table(&keys))
    };
    OPTIMIZERS.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn of_stage(section: &SectionSpec, documentation: &str) -> String {
    let choices = choices(section);
    let between = if choices.is_empty() { "" } else { "\n" };
    format!(
        "## `{}`\n\n{documentation}\n\n{}{between}{choices}\n",
        section.heading(),
        keys(section)
    )
}

/// The keys of a section that do not depend on a choice, and what a change of them invalidates.
fn keys(section: &SectionSpec) -> String {
    format!("{}\n{}", table(section.keys), changes(section))
}

/// What a change invalidates: what the section says, then the exceptions. Empty if nothing is
/// invalidated.
fn changes(section: &SectionSpec) -> String {
    let of_key = |key: &dyn KeySpec| key.invalidates().unwrap_or(section.invalidates).words();
    let keys = section.all_keys();
    if keys.iter().all(|key| of_key(*key).is_none()) {
        return "A change invalidates no results.\n".to_owned();
    }
    let own = section.invalidates.words();
    let mut exceptions: Vec<(Option<&str>, Vec<String>)> = Vec::new();
    for key in keys {
        let (words, name) = (of_key(key), format!("`{}`", key.name()));
        if words == own {
            continue;
        }
        match exceptions.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(name),
            None => exceptions.push((words, vec![name])),
        }
    }
    let own = own.unwrap_or("nothing");
    let others = exceptions.into_iter().map(|(words, names)| {
        let verb = if names.len() == 1 { "invalidates" } else { "invalidate" };
        format!("{} {verb} {}", names.join(", "), words.unwrap_or("nothing"))
    });
    let others: Vec<String> = others.collect();
    let exceptions =
        if others.is_empty() { String::new() } else { format!(" But {}.", others.join("; ")) };
    format!("A change of a key invalidates {own}.{exceptions}\n")
}

fn table(keys: &[&dyn KeySpec]) -> String {
    let rows: String = keys.iter().map(|key| row(*key)).collect();
    format!("| key | value | default | unit | meaning |\n|---|---|---|---|---|\n{rows}")
}

fn row(key: &dyn KeySpec) -> String {
    let default = match key.default() {
        DefaultSpec::Required(_) => "required".to_owned(),
        DefaultSpec::Fixed(value) => format!("`{value}`"),
        DefaultSpec::Derived(derived) => derived.words.to_owned(),
    };
    let unit = if key.unit().is_empty() { "–" } else { key.unit() };
    let meaning = [key.meaning(), key.note()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    // An unescaped bar would end the cell.
    let cells = [format!("`{}`", key.name()), key.values(), default, unit.to_owned(), meaning];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A section that is not in the template would be missing on the page.
    #[test]
    fn every_key_of_the_table_is_on_the_page() {
        let page = page();
        for section in sections::all() {
            let heading = format!("# `{}`\n", section.heading());
            assert!(section.name.is_empty() || page.contains(&heading), "{heading} is missing");
            for key in section.all_keys() {
                assert!(page.contains(&row(key)), "{} of {section:?} is missing", key.name());
            }
        }
    }

    #[test]
    fn the_table_is_consistent() {
        let mut names = BTreeSet::new();
        for section in sections::all() {
            assert!(names.insert(section.name), "{section:?} is there twice");
            let shared: BTreeSet<_> = section.keys.iter().map(|key| key.name()).collect();
            assert_eq!(shared.len(), section.keys.len(), "{section:?}");
            for key in section.all_keys() {
                assert!(!key.meaning().is_empty(), "{} of {section:?} has no meaning", key.name());
                let same =
                    section.all_keys().into_iter().filter(|other| other.name() == key.name());
                let mut same = same.map(|other| (other.invalidates(), other.came_later()));
                assert!(
                    same.all(|other| other == (key.invalidates(), key.came_later())),
                    "{}",
                    key.name()
                );
            }
            let Some(choices) = &section.choices else { continue };
            let selector = section
                .keys
                .iter()
                .find(|key| key.name() == choices.selector)
                .expect("its selector");
            for Owned { choice, keys } in section.owned() {
                assert!(
                    selector.values().contains(&format!("`\"{choice}\"`")),
                    "{choice} of {section:?}"
                );
                let own: BTreeSet<_> = keys.iter().map(|key| key.name()).collect();
                assert!(
                    own.len() == keys.len() && own.is_disjoint(&shared),
                    "{choice} of {section:?}"
                );
            }
        }
    }
}
