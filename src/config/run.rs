//! `[run]`: how the machine is used.

use super::reader::{Read, Section};
use super::schema::{Count, Invalidates, Key, Lower, Number, SectionSpec, Upper};
use std::time::Duration;

/// How the machine is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunConfig {
    /// Threads of a rank, ≥ 1. Results do not depend on it.
    pub threads_per_rank: usize,
    /// Time between two checkpoints of a running task.
    pub checkpoint: Duration,
    /// How often a task that panicked, or whose result was lost, is repeated: 0 or 1.
    pub retries: usize,
}

static THREADS: Key<Count> =
    // The limit only prevents a typo from requesting millions of threads.
    Key::new("threads_per_rank", Count::between(1, 4096))
        .unit("threads")
        .meaning(
            "threads of a rank, which share the images of an evaluation; results do not \
                  depend on it",
        )
        .invalidates(Invalidates::Nothing)
        .default(1);

static CHECKPOINT: Key<Number> =
    // A year is as good as never, and sums of times cannot overflow.
    Key::new("checkpoint_minutes", Number::between(Lower::Above(0.0), Upper::UpTo(525_600.0)))
            .unit("min")
            .meaning("time between two checkpoints of a running task")
            .invalidates(Invalidates::Nothing)
            // A crash costs at most this much work. Storing hundreds of checkpoints takes seconds.
            .default(10.0);

static RETRIES: Key<Count> = Key::new("retries", Count::between(0, 1))
    .meaning(
        "1: a task that stopped on a defect of the program (a panic), or whose result was lost, is \
         repeated once",
    )
    .invalidates(Invalidates::Nothing)
    .default(0);

pub(super) static SECTION: SectionSpec = SectionSpec::single(
    "run",
    "Machine",
    Invalidates::Everything,
    &[&THREADS, &CHECKPOINT, &RETRIES],
);

pub(super) fn read(section: &Section<'_>) -> Read<RunConfig> {
    let threads = section.key(&THREADS).value();
    let minutes = section.key(&CHECKPOINT).value();
    let retries = section.key(&RETRIES).value();
    let checkpoint = Duration::from_secs_f64(60.0 * minutes?);
    Ok(RunConfig { threads_per_rank: threads?, checkpoint, retries: retries? })
}
