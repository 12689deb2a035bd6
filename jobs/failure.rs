//! What ends the program early, and with which exit code.

use lossatlas::config::ConfigErrors;
use lossatlas::dataset::DatasetError;
use lossatlas::parallel::Disagreement;
use std::fmt;

/// All tasks done, or the help was printed.
pub const SUCCESS: u8 = 0;
/// A file or the system failed.
pub const SYSTEM: u8 = 1;
/// The command line, the configuration, the data or the directory is not what it should be.
pub const BAD_INPUT: u8 = 2;
/// Everything ran, but some tasks failed; their reasons are in the results.
pub const TASKS_FAILED: u8 = 3;

/// A message for the user, and the exit code. The same on every rank.
#[derive(Debug)]
pub struct Failure {
    /// One of the constants of this module.
    pub code: u8,
    /// Says where and what to do, one line for each problem.
    pub message: String,
}

impl Failure {
    /// Something the user can correct.
    pub fn input(message: impl fmt::Display) -> Self {
        Self { code: BAD_INPUT, message: message.to_string() }
    }

    /// Something that failed outside the program.
    pub fn system(message: impl fmt::Display) -> Self {
        Self { code: SYSTEM, message: message.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::input(errors)
    }
}

impl From<DatasetError> for Failure {
    fn from(error: DatasetError) -> Self {
        Self::input(error)
    }
}

/// The code travels in the message's first character: an agreement passes on text alone.
impl From<Disagreement> for Failure {
    fn from(disagreement: Disagreement) -> Self {
        Self::input(disagreement)
    }
}
