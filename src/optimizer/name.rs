//! Names of optimizers.

use super::OPTIMIZERS;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Names that `[training]` and `atlas.h5` use for other things.
const TAKEN: [&str; 4] = ["initializations", "keep", "optimizers", "initial"];

/// The name of an optimizer in a configuration: that of its kind, `"sgd"`, or one of its own,
/// `"large-batch"`. It is the first part of the names of its sets, `"large-batch/train"`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "StoredName", into = "StoredName")]
pub struct OptimizerName(Arc<str>);

impl OptimizerName {
    /// Checks a name: letters, digits, `-` and `_`, and different from the name and the title of
    /// every kind.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(format!(
                "{name:?} is not a name of an optimizer; use letters, digits, - and _"
            ));
        }
        if TAKEN.contains(&name) {
            return Err(format!("{name:?} is reserved; choose another name"));
        }
        // Tables and figures print the title of a kind in place of its name.
        let like = |own: &str| own.eq_ignore_ascii_case(name);
        let mut others = OPTIMIZERS.iter().filter(|kind| kind.name() != name);
        if let Some(kind) = others.find(|kind| like(kind.name()) || like(kind.title())) {
            return Err(format!(
                "{name:?} cannot be distinguished from {:?}, which is printed as {}; choose \
                 another name",
                kind.name(),
                kind.title()
            ));
        }
        Ok(Self(name.into()))
    }

    /// The optimizer that is called `"sgd"`.
    pub fn sgd() -> Self {
        Self("sgd".into())
    }

    /// The optimizer that is called `"lbfgs"`.
    pub fn lbfgs() -> Self {
        Self("lbfgs".into())
    }

    /// The name, as in keys and file paths.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OptimizerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name as journals and checkpoints store it. Version 0.1.0 stored its two optimizers by
/// position.
#[derive(Serialize, Deserialize)]
enum StoredName {
    Sgd,
    Lbfgs,
    Named(String),
}

impl From<StoredName> for OptimizerName {
    fn from(stored: StoredName) -> Self {
        match stored {
            StoredName::Sgd => Self::sgd(),
            StoredName::Lbfgs => Self::lbfgs(),
            StoredName::Named(name) => Self(name.into()),
        }
    }
}

impl From<OptimizerName> for StoredName {
    fn from(name: OptimizerName) -> Self {
        match name.name() {
            "sgd" => Self::Sgd,
            "lbfgs" => Self::Lbfgs,
            other => Self::Named(other.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_optimizers_of_version_0_1_0_are_stored_as_it_stored_them() {
        for (name, stored) in [
            (OptimizerName::sgd(), &[0][..]),
            (OptimizerName::lbfgs(), &[1]),
            (OptimizerName::parse("a-1").unwrap(), &[2, 3, b'a', b'-', b'1']),
        ] {
            assert_eq!(postcard::to_allocvec(&name).unwrap(), stored);
            assert_eq!(postcard::from_bytes::<OptimizerName>(stored).unwrap(), name);
        }
    }

    #[test]
    fn names_are_letters_digits_and_dashes() {
        for name in ["sgd", "large-batch", "Adam_2", "7"] {
            assert_eq!(OptimizerName::parse(name).unwrap().name(), name);
        }
        for name in ["", "a b", "a/b", "a.b", "ä"] {
            let refused = OptimizerName::parse(name).unwrap_err();
            assert!(refused.contains("letters, digits"), "{refused}");
        }
        assert!(OptimizerName::parse("keep").unwrap_err().contains("is reserved"));
        for name in ["SGD", "Sgd", "L-BFGS", "Adam"] {
            let refused = OptimizerName::parse(name).unwrap_err();
            assert!(refused.contains("cannot be distinguished from"), "{refused}");
        }
    }
}
