//! Failures that end the program early, and their exit codes.

use crate::engine::parallel::{Disagreement, World};
use crate::engine::store::{AtlasError, JournalError};
use std::fmt;

/// All tasks done, or the help was printed.
pub const SUCCESS: u8 = 0;
/// A file or the system failed.
pub const SYSTEM: u8 = 1;
/// The command line, the configuration, the data or the directory is invalid.
pub const BAD_INPUT: u8 = 2;
/// Everything ran, but some tasks failed, or no result of a set is usable. The results say why.
pub const TASKS_FAILED: u8 = 3;

/// A signal or a time limit stopped the run; rerun the command to resume. `EX_TEMPFAIL` of
/// sysexits.h.
pub const TRY_AGAIN: u8 = 75;

/// A message for the user, and the exit code. The same on every rank.
#[derive(Debug)]
pub struct Failure {
    /// One of the constants of this module.
    pub code: u8,
    /// Says where and what to do, one line for each problem.
    pub message: String,
}

impl Failure {
    /// A failure that the user can correct.
    pub fn input(message: impl fmt::Display) -> Self {
        Self { code: BAD_INPUT, message: message.to_string() }
    }

    /// A failure outside the program.
    pub fn system(message: impl fmt::Display) -> Self {
        Self { code: SYSTEM, message: message.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let system = matches!(
            error,
            JournalError::Io { .. }
                | JournalError::TooLarge { .. }
                | JournalError::Encode { .. }
                | JournalError::Displaced { .. }
        );
        if system { Self::system(error) } else { Self::input(error) }
    }
}

impl From<AtlasError> for Failure {
    fn from(error: AtlasError) -> Self {
        if matches!(error, AtlasError::Existing { .. }) {
            Self::input(error)
        } else {
            Self::system(error)
        }
    }
}

/// Before the work starts, ranks disagree only because their inputs differ.
impl From<Disagreement> for Failure {
    fn from(disagreement: Disagreement) -> Self {
        Self::input(Plain(&disagreement))
    }
}

/// Makes a failure on any rank a failure on all ranks, with the same exit code: that of the root if
/// the root failed. Collective.
///
/// # Errors
/// If `result` is a failure on at least one rank.
pub fn agree<T>(world: &World, result: Result<T, Failure>) -> Result<T, Failure> {
    let code = result.as_ref().map_or_else(|failure| failure.code, |_| SUCCESS);
    let code = world.broadcast(|| Ok::<_, String>(code))?;
    let code = if code == SUCCESS { SYSTEM } else { code };
    world.agree(result).map_err(|error| Failure { code, message: Plain(&error).to_string() })
}

/// Displays a message without the number of its rank if only rank 0 reported one: only rank 0 reads
/// and writes most files.
pub struct Plain<'a>(pub &'a Disagreement);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.reports.as_slice() {
            [report] if report.ranks == [0] => f.write_str(&report.message),
            _ => self.0.fmt(f),
        }
    }
}
