//! `[landscape] kind = "process"`: a landscape that another program computes.

use super::expand::expand_path;
use super::reader::{Read, Reported, Section};
use super::schema::{
    Count, Derived, Flag, Invalidates, Key, KeySpec, Number, NumberInterval, Required, Text, Texts,
    TimeSpan,
};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A command that computes a landscape, and how it is run.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessConfig {
    /// The program and its arguments, at least one word.
    pub command: Vec<OsString>,
    /// Maximum time from a request to its answer.
    pub time_limit: Duration,
    /// Maximum time from the start of the command to its handshake.
    pub start_limit: Duration,
    /// Whether the same point always has the same value and gradient, to the bit.
    pub deterministic: bool,
    /// [low, high] of every component of random starts; `None`: the `start_region` of the process.
    pub start: Option<[f64; 2]>,
    /// Maximum number of iterations of a minimization, ≥ 1.
    pub iterations: usize,
    /// |∇f| at which a minimization has converged, > 0.
    pub tolerance: f64,
}

static COMMAND: Key<Texts, Required> = Key::new("command", Texts)
    .meaning(
        "the program that computes the landscape, and its arguments; one runs beside every rank \
         that has tasks",
    )
    .note("a program without a slash is looked up in `PATH`")
    .required("[\"python3\", \"model.py\"]");

static TIME_LIMIT: Key<TimeSpan> = Key::new("time_limit", TimeSpan)
    .meaning("maximum time for the answer to a request, which may contain all points of a path")
    .note(
        "a process that takes longer is killed and its task fails; the next task starts a new \
         process",
    )
    .invalidates(Invalidates::Nothing)
    .default("10m");

static START_LIMIT: Key<TimeSpan> = Key::new("start_limit", TimeSpan)
    .meaning("maximum time from the start of the command to its handshake")
    .note("many ranks that import a large library at the same time need longer")
    .invalidates(Invalidates::Nothing)
    .default("10m");

static DETERMINISTIC: Key<Flag> = Key::new("deterministic", Flag)
    .meaning("whether the same point always has the same value and gradient, to the bit")
    .note(
        "checked once at the start; with `false`, a resumed run may differ from an uninterrupted \
         one, and the report says so",
    )
    .invalidates(Invalidates::Nothing)
    .default(true);

static START: Key<NumberInterval, Derived> = Key::new("start", NumberInterval)
    .meaning("every component of a random start is uniform in [low, high]")
    .invalidates(super::landscape::MINIMA)
    .derived("the `start_region` of the process", "[-1.0, 1.0]");

static ITERATIONS: Key<Count> = Key::new("iterations", Count::at_least(1))
    .unit("iterations")
    .meaning("maximum number of iterations of L-BFGS from a start")
    .note("a start that needs more gives no minimum")
    .invalidates(super::landscape::MINIMA)
    .default(5000);

static TOLERANCE: Key<Number> = Key::new("tolerance", Number::POSITIVE)
    .meaning("length of the gradient at which a minimization has converged")
    .note("it has also converged if rounding prevents any lower point")
    .invalidates(super::landscape::MINIMA)
    .default(1e-6);

pub(super) static POINTS: Key<Text, Derived> = Key::new("points", Text)
    .meaning(
        "a file of points in place of `[[minimum]]`, as in `[[import]]`: `\"file.npy\"`, one point \
         a row, or a group of an HDF5 file",
    )
    .invalidates(super::landscape::MINIMA)
    .derived("random starts, or none if there are sets of `[[import]]`", "\"points.npy\"");

/// The keys of this kind.
pub(super) fn keys() -> Vec<&'static dyn KeySpec> {
    vec![
        &COMMAND,
        &TIME_LIMIT,
        &START_LIMIT,
        &DETERMINISTIC,
        &POINTS,
        &START,
        &ITERATIONS,
        &TOLERANCE,
    ]
}

pub(super) fn read(section: &Section<'_>) -> Read<ProcessConfig> {
    let command = read_command(section);
    let time_limit = section.key(&TIME_LIMIT).value();
    let start_limit = section.key(&START_LIMIT).value();
    let deterministic = section.key(&DETERMINISTIC).value();
    let start = section.key(&START).or_unset();
    let iterations = section.key(&ITERATIONS).value();
    let tolerance = section.key(&TOLERANCE).value();
    Ok(ProcessConfig {
        command: command?,
        time_limit: time_limit?,
        start_limit: start_limit?,
        deterministic: deterministic?,
        start: start?,
        iterations: iterations?,
        tolerance: tolerance?,
    })
}

/// The effective value stays as written, because `$TMPDIR` names another directory in every job.
fn read_command(section: &Section<'_>) -> Read<Vec<OsString>> {
    let written = section.key(&COMMAND).value()?;
    let words = written.iter().map(|word| {
        if word.is_empty() { Ok(OsString::new()) } else { expand_path(word).map(PathBuf::into) }
    });
    let words: Result<Vec<OsString>, String> = words.collect();
    let refuse = |message: String| {
        section.problem(COMMAND.name, message);
        Reported
    };
    let words = words.map_err(refuse)?;
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err(refuse("its first word, the program, must not be empty".to_owned())),
    }
}
