//! Training images and test images.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One half of a data set, or the snapshot that was best on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Split {
    /// The training images; ω^train.
    Train,
    /// The test images; ω^test.
    Test,
}

impl Split {
    /// `"train"` or `"test"`, as in file paths and keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
