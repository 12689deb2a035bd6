//! What the subject leaves to the sections after it.

use super::reader::{Notation, Read, Section, nearest};
use super::schema::{Derived, Key, SetNames, each};
use super::sources::Sources;
use crate::solutions::SetName;

/// Sets of other optimizers are no slips of the keyboard: `sgd/trian` and `sgd/train` have 0.89, `lbfgs/train` and
/// `sgd/train` 0.64, `published/test` and `published/train` 0.8.
const LIKENESS: f64 = 0.85;

/// Images and sets of solutions there will be, as far as that could be read.
#[derive(Debug, Default)]
pub(crate) struct Available {
    /// Whether a formula is mapped, which has neither images nor imported sets.
    pub formula: bool,
    /// What is read from files.
    pub sources: Sources,
    /// The sets that this run makes itself, by training or by looking for minima.
    pub made: Option<Vec<SetName>>,
    /// Solutions in each of those, at most: runs can fail, and minima can be fewer.
    pub keep: Option<usize>,
    /// The sets read from files; how many solutions they hold is known only then.
    pub imported: Option<Vec<SetName>>,
}

impl Available {
    /// All sets, if all could be read.
    pub fn sets(&self) -> Option<Vec<SetName>> {
        Some([self.made.as_deref()?, self.imported.as_deref()?].concat())
    }

    /// Reads a list of sets that will exist; all of them, if the key is not written.
    pub fn read_sets(
        &self,
        section: &Section<'_>,
        key: &'static Key<SetNames, Derived>,
    ) -> Read<Vec<SetName>> {
        let found = section.key_with(key, |value| each(value, |text| self.set(text)));
        found.or(self.sets().unwrap_or_default())
    }

    /// Reads the name of a set that will exist. If the sets could not be read, every well-formed
    /// name passes: one mistake should not be reported again wherever it is felt.
    pub fn set(&self, text: &str) -> Result<SetName, String> {
        let name = SetName::parse(text)?;
        match self.sets() {
            Some(sets) if !sets.contains(&name) => {
                let available: Vec<_> = sets.iter().map(Notation::toml).collect();
                let meant = nearest(text, sets.iter().map(SetName::as_str), LIKENESS);
                let meant = meant.map_or_else(String::new, |set| format!("did you mean {set:?}? "));
                Err(format!(
                    "there is no set {text:?}; {meant}the sets of this configuration are {}",
                    available.join(", ")
                ))
            }
            _ => Ok(name),
        }
    }

    /// Vectors in the union of some sets, at least one; `None` if that is not known yet.
    pub fn vectors_in(&self, sets: &[SetName]) -> Option<usize> {
        let made = self.made.as_ref()?;
        let known = !sets.is_empty() && sets.iter().all(|set| made.contains(set));
        self.keep.filter(|_| known).map(|keep| sets.len() * keep)
    }

    /// Whether one of these sets keeps a single solution.
    pub fn has_lone_solution(&self, sets: &[SetName]) -> bool {
        self.keep == Some(1)
            && self.made.as_ref().is_some_and(|made| sets.iter().any(|set| made.contains(set)))
    }

    /// The key that says how many solutions are kept.
    pub fn keep_key(&self) -> &'static str {
        if self.formula { "landscape.keep" } else { "training.keep" }
    }
}
