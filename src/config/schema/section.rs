//! The sections of the table.

use super::{Invalidates, KeySpec};
use std::fmt;

/// How often a section can be written, and how its entries are identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Multiplicity {
    /// Once, `[paths]`.
    Single,
    /// Any number of times, `[training.NAME]`. The heading has the name of each, in place of the
    /// last part of the section's name. Each has results of its own.
    Titled,
    /// Any number of times, `[[kpca]]`. Each entry has a name and results of its own.
    Named,
    /// Any number of times, `[[minimum]]`. All entries together determine the results.
    Numbered,
}

/// A section of a configuration.
pub(crate) struct SectionSpec {
    /// Its name, including its parent sections: `"training.sgd"`. Empty for the top of the file.
    pub name: &'static str,
    /// The heading in a configuration that `init` writes.
    pub title: &'static str,
    /// How often it can be written.
    pub shape: Multiplicity,
    /// The keys that do not depend on a choice.
    pub keys: &'static [&'static dyn KeySpec],
    /// The keys that depend on a choice; `None` if no key does.
    pub choices: Option<Choices>,
    /// What a change of a key invalidates, unless the key itself specifies it.
    pub invalidates: Invalidates,
}

/// Keys that belong to one choice each.
pub(crate) struct Choices {
    /// The key that chooses: `"kind"`.
    pub selector: &'static str,
    /// The keys of each choice, for instance those of each network.
    pub keys: fn() -> Vec<Owned>,
}

/// The keys of one choice.
pub(crate) struct Owned {
    /// The choice: `"lenet"`.
    pub choice: &'static str,
    /// Its keys, in the order in which they are documented.
    pub keys: Vec<&'static dyn KeySpec>,
}

impl fmt::Debug for SectionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.heading())
    }
}

impl SectionSpec {
    /// A single section whose keys depend on no choice.
    pub const fn single(
        name: &'static str,
        title: &'static str,
        invalidates: Invalidates,
        keys: &'static [&'static dyn KeySpec],
    ) -> Self {
        Self { name, title, shape: Multiplicity::Single, keys, choices: None, invalidates }
    }

    /// The name without its parent sections.
    pub fn own_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// `[training.NAME]` or `[[kpca]]`; empty for the top of the file.
    pub fn heading(&self) -> String {
        match self.shape {
            _ if self.name.is_empty() => String::new(),
            Multiplicity::Single | Multiplicity::Titled => format!("[{}]", self.name),
            Multiplicity::Named | Multiplicity::Numbered => format!("[[{}]]", self.name),
        }
    }

    /// Whether an effective key, `training.sgd.epochs`, belongs to this section or to one below.
    pub fn contains(&self, key: &str) -> bool {
        let below = |section: &str| {
            let rest = key.strip_prefix(section)?;
            rest.strip_prefix('.')
        };
        match (self.shape, self.name.rsplit_once('.')) {
            (Multiplicity::Titled, Some((parent, _))) => {
                below(parent).is_some_and(|rest| rest.contains('.'))
            }
            _ => self.name.is_empty() || below(self.name).is_some(),
        }
    }

    /// The keys of each choice; empty if no key depends on one.
    pub fn owned(&self) -> Vec<Owned> {
        self.choices.as_ref().map_or_else(Vec::new, |choices| (choices.keys)())
    }

    /// Each name of a key that depends on the choice, with the choices that have such a key.
    pub fn owners(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut owners: Vec<(&str, Vec<&str>)> = Vec::new();
        for Owned { choice, keys } in self.owned() {
            for key in keys {
                match owners.iter_mut().find(|(name, _)| *name == key.name()) {
                    Some((_, choices)) => choices.push(choice),
                    None => owners.push((key.name(), vec![choice])),
                }
            }
        }
        owners
    }

    /// All keys, those of every choice included.
    pub fn all_keys(&self) -> Vec<&'static dyn KeySpec> {
        let owned = self.owned().into_iter().flat_map(|owned| owned.keys);
        self.keys.iter().copied().chain(owned).collect()
    }
}
