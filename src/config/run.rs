//! `[run]`: how the machine is used.

use super::reader::{Read, Section};
use std::time::Duration;

/// How the machine is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunConfig {
    /// Threads that a rank computes with, ≥ 1; results do not depend on it.
    pub threads_per_rank: usize,
    /// Time after which a task under way stores its state, and again after each such time.
    pub checkpoint: Duration,
    /// How often a task that panicked, or whose result was lost, is tried again, 0 or 1.
    pub retries: usize,
}

/// Ten minutes: what a crash may cost, against the seconds that hundreds of states take to be stored.
const CHECKPOINT_MINUTES: f64 = 10.0;

pub(super) fn read(section: &Section<'_>) -> Read<RunConfig> {
    // The limit only keeps a slip of the finger from asking the system for millions of threads.
    let threads = section.key("threads_per_rank").integer(1, 4096).map(|threads| threads as usize).or(1);
    // A year is as good as never, and no sum of times overflows.
    let minutes = section
        .key("checkpoint_minutes")
        .number("a number above 0, at most 525600", |minutes| minutes > 0.0 && minutes <= 525_600.0);
    let minutes = minutes.or(CHECKPOINT_MINUTES);
    let retries = section.key("retries").integer(0, 1).map(|retries| retries as usize).or(0);
    Ok(RunConfig { threads_per_rank: threads?, checkpoint: Duration::from_secs_f64(60.0 * minutes?), retries: retries? })
}
