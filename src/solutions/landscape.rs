//! Names of landscapes.

use crate::data::Split;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The landscape of a path.
///
/// Journals store the number of the variant: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LandscapeName {
    /// The mean loss over the training images.
    Train,
    /// The mean loss over the test images.
    Test,
    /// An analytic landscape.
    Analytic,
    /// A data set of a process, by its name.
    Named(DatasetName),
}

/// Name of a data set of a process.
///
/// Names are compared and copied often, and there are few of them: each is stored once, until the
/// program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DatasetName(&'static str);

static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

impl DatasetName {
    /// This name, with its number among all names of this program.
    fn numbered(name: &str) -> (usize, Self) {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = names.iter().position(|known| *known == name) {
            return (number, Self(names[number]));
        }
        let kept: &'static str = String::leak(name.to_owned());
        names.push(kept);
        (names.len() - 1, Self(kept))
    }

    /// The name itself.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl From<&str> for DatasetName {
    fn from(name: &str) -> Self {
        Self::numbered(name).1
    }
}

impl<'de> Deserialize<'de> for DatasetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from(name.as_str()))
    }
}

impl LandscapeName {
    /// The landscape of a data set of a process.
    pub fn named(name: &str) -> Self {
        Self::Named(name.into())
    }

    /// The images of a network whose mean loss it is.
    pub fn split(self) -> Split {
        if self == Self::Test { Split::Test } else { Split::Train }
    }

    /// `"train"`, `"test"`, `"formula"` or the name of the data set, as in file paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::Analytic => "formula",
            Self::Named(name) => name.0,
        }
    }

    /// A number that identifies it while the program runs.
    pub fn number(self) -> usize {
        match self {
            Self::Train => 0,
            Self::Test => 1,
            Self::Analytic => 2,
            Self::Named(name) => 3 + DatasetName::numbered(name.0).0,
        }
    }
}

impl From<Split> for LandscapeName {
    fn from(split: Split) -> Self {
        match split {
            Split::Train => Self::Train,
            Split::Test => Self::Test,
        }
    }
}

impl fmt::Display for LandscapeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Journals of version 0.1.0 hold the first three.
    #[test]
    fn a_landscape_is_stored_as_its_number_and_a_name_of_its_own_as_text() {
        let named = LandscapeName::named("validation.2");
        for (landscape, stored) in [
            (LandscapeName::Train, &[0][..]),
            (LandscapeName::Test, &[1]),
            (LandscapeName::Analytic, &[2]),
            (named, b"\x03\x0cvalidation.2"),
        ] {
            assert_eq!(postcard::to_allocvec(&landscape).unwrap(), stored);
            assert_eq!(postcard::from_bytes::<LandscapeName>(stored).unwrap(), landscape);
        }
        assert_eq!(named.to_string(), "validation.2");
    }

    #[test]
    fn equal_names_are_one_landscape_and_others_are_not() {
        let train = LandscapeName::named("train");
        assert_eq!(train, LandscapeName::named("train"));
        assert_eq!(train.number(), LandscapeName::named("train").number());
        assert_ne!(train, LandscapeName::Train);
        let numbers = [train, LandscapeName::named("other"), LandscapeName::Train];
        let numbers = numbers.map(LandscapeName::number);
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] > 2);
    }
}
