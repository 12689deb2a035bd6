//! The images and the sets of solutions that later sections can name.

use super::reader::{Notation, Read, Section, nearest};
use super::schema::{Derived, Key, SetNames, each};
use super::sources::Sources;
use super::tree::TomlValue;
use crate::landscape::BuiltIn;
use crate::solutions::SetName;
use std::collections::BTreeSet;

/// The name of another set is not a typo: `sgd/trian` and `sgd/train` have similarity 0.89,
/// `lbfgs/train` and `sgd/train` 0.64, `published/test` and `published/train` 0.8.
const MIN_SIMILARITY: f64 = 0.85;

/// The images and the sets of solutions of a study, as far as they could be read.
#[derive(Debug, Default)]
pub(crate) struct Available {
    /// Whether the subject is a `[landscape]`, which has no images.
    pub analytic: bool,
    /// Whether it is a process, which has data sets with names of their own.
    pub process: bool,
    /// The built-in landscape, if it is one.
    pub built_in: Option<BuiltIn>,
    /// What is read from files.
    pub sources: Sources,
    /// The sets that this run makes by training or by a search for minima.
    pub made: Option<Vec<SetName>>,
    /// How many initializations or starts there are, numbered from 0.
    pub runs: Option<u32>,
    /// Maximum number of solutions in each of those. Runs can fail, and there can be fewer minima.
    pub keep: Option<usize>,
    /// The sets that are read from files. How many solutions they have is known only after reading
    /// them.
    pub imported: Option<Vec<SetName>>,
    /// The sets that stages derive from these. A default of "all sets" leaves them out.
    pub derived: Vec<SetName>,
    /// Whether a derived set could not be read.
    pub lacks_derived: bool,
}

impl Available {
    /// All sets but the derived ones, if all could be read.
    pub fn sets(&self) -> Option<Vec<SetName>> {
        Some([self.made.as_deref()?, self.imported.as_deref()?].concat())
    }

    /// Reads a list of available sets. The default is all of them but the derived ones.
    pub fn read_sets(
        &self,
        section: &Section<'_>,
        key: &'static Key<SetNames, Derived>,
    ) -> Read<Vec<SetName>> {
        self.read_sets_or_none(section, key, false)
    }

    /// Like [`Self::read_sets`]; an empty list is accepted if `may_be_empty`.
    pub fn read_sets_or_none(
        &self,
        section: &Section<'_>,
        key: &'static Key<SetNames, Derived>,
        may_be_empty: bool,
    ) -> Read<Vec<SetName>> {
        let found = section.key_with(key, |value| match value {
            TomlValue::Array(items) if items.is_empty() && may_be_empty => Ok(Vec::new()),
            value => each(value, |text| self.set(text)),
        });
        found.or(self.sets().unwrap_or_default())
    }

    /// Reads the name of an available set. If the sets could not be read, every well-formed name is
    /// accepted, so that one mistake does not cause further messages.
    pub fn set(&self, text: &str) -> Result<SetName, String> {
        let name = SetName::parse(text)?;
        let sets = self.sets().map(|sets| [&sets, &self.derived[..]].concat());
        match sets.filter(|_| !self.lacks_derived) {
            Some(sets) if !sets.contains(&name) => {
                let available: Vec<_> = sets.iter().map(Notation::toml).collect();
                let meant = nearest(text, sets.iter().map(SetName::as_str), MIN_SIMILARITY);
                let meant = meant.map_or_else(String::new, |set| format!("did you mean {set:?}? "));
                Err(format!(
                    "there is no set {text:?}; {meant}the sets of this configuration are {}",
                    available.join(", ")
                ))
            }
            _ => Ok(name),
        }
    }

    /// Refuses initialization numbers that no training run and no start can have.
    ///
    /// # Errors
    /// A sentence with these numbers.
    pub fn check_numbers(&self, pairs: &[(u32, u32)]) -> Result<(), String> {
        let imports = self.imported.as_ref().is_none_or(|sets| !sets.is_empty());
        let Some(runs) = self.runs.filter(|_| !imports) else { return Ok(()) };
        let beyond: BTreeSet<u32> =
            pairs.iter().flat_map(|&(a, b)| [a, b]).filter(|&number| number >= runs).collect();
        if beyond.is_empty() {
            return Ok(());
        }
        let beyond: Vec<_> = beyond.iter().map(u32::to_string).collect();
        Err(format!(
            "there is no initialization {}: the numbers go from 0 to {}",
            beyond.join(", "),
            runs.saturating_sub(1)
        ))
    }

    /// Number of vectors in the union of some sets; `None` if it is not known yet.
    pub fn vectors_in(&self, sets: &[SetName]) -> Option<usize> {
        let made = self.made.as_ref()?;
        let is_made = |set: &SetName| made.contains(self.source_of(set));
        let known = !sets.is_empty() && sets.iter().all(is_made);
        self.keep.filter(|_| known).map(|keep| sets.len() * keep)
    }

    /// Whether one of these sets keeps a single solution.
    pub fn has_lone_solution(&self, sets: &[SetName]) -> bool {
        self.keep == Some(1)
            && self
                .made
                .as_ref()
                .is_some_and(|made| sets.iter().any(|set| made.contains(self.source_of(set))))
    }

    /// The set from which an aligned set was derived. For any other set, the set itself.
    fn source_of<'s>(&'s self, set: &'s SetName) -> &'s SetName {
        let sources = self.made.iter().chain(&self.imported).flatten();
        let is_source = |source: &&SetName| source.aligned() == *set;
        let mut sources = sources.filter(is_source).filter(|_| self.derived.contains(set));
        sources.next().unwrap_or(set)
    }

    /// Whether solutions have equal parts that can be exchanged: hidden units, or atoms.
    pub fn has_symmetry(&self) -> bool {
        !self.analytic || matches!(self.built_in, Some(BuiltIn::LennardJones(_)))
    }

    /// The key that sets how many solutions are kept.
    pub fn keep_key(&self) -> &'static str {
        if self.analytic { "landscape.keep" } else { "training.keep" }
    }
}
