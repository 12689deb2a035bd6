//! What is left of a run that is not finished.

use std::fmt;

/// A run that is not finished. `Display` is a line for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Whether it was running when it was read.
    pub is_running: bool,
    /// Whether it has no result yet.
    pub is_empty: bool,
    /// The stages of which something is left.
    pub left: Vec<LeftStage>,
}

/// A stage of which something is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftStage {
    /// Its name.
    pub name: &'static str,
    /// How many of its tasks are left, in words; empty for a stage as a whole.
    pub left: String,
    /// Each kind of task of which some are left, with numbers.
    pub kinds: Vec<String>,
}

impl Unfinished {
    /// The state of the run, in sentences.
    pub fn state(&self) -> String {
        let state = if self.is_running {
            "This run is in progress; it was running when this report was made."
        } else {
            "This run is unfinished, and was not running when this report was made."
        };
        let begun = if self.is_empty { " Nothing has been computed yet." } else { "" };
        format!("{state}{begun}")
    }
}

impl LeftStage {
    /// `paths, 3 of 24 tasks`.
    pub fn words(&self) -> String {
        if self.left.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}, {}", self.name, self.left)
        }
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left: Vec<String> = self.left.iter().map(LeftStage::words).collect();
        write!(f, "{} Left: {}.", self.state(), left.join("; "))
    }
}
