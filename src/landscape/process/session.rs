//! The process of a rank. It is started when it is needed, and again after its death.

use super::child::{Patience, RunningProcess, Stop};
use super::handshake::{Handshake, MAX_LINE, not_a_landscape};
use super::log::{ErrorLog, ErrorSink};
use super::wire::{self, Answer, RequestShape, WantedNumbers};
use crate::landscape::Interrupted;
use std::ffi::OsString;
use std::fmt;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Maximum time from closing the standard input of a process to its end.
const GRACE: Duration = Duration::from_secs(5);

/// Maximum delay between the end of a process by a signal and the arrival of the same signal in
/// this program. Ranks pass signals on a few times a second.
const SAME_SIGNAL: Duration = Duration::from_secs(2);

/// A command and its time limits.
#[derive(Clone, Debug)]
pub struct ProcessSettings {
    /// The program and its arguments, at least one word. The program is looked up in `PATH` unless
    /// it contains a slash. Relative names start at the working directory.
    pub command: Vec<OsString>,
    /// Environment variables that it gets in addition to those of this program.
    pub environment: Vec<(String, String)>,
    /// Maximum time until the handshake.
    pub start_limit: Duration,
    /// Maximum time from a request to its answer.
    pub time_limit: Duration,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFailure {
    /// The reason in words.
    pub message: String,
    /// Whether the process died, was killed, or could not be started. Otherwise it answered with an
    /// error and is still running.
    pub died: bool,
}

impl fmt::Display for ProcessFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn death(message: String) -> ProcessFailure {
    ProcessFailure { message, died: true }
}

/// A process that computes a landscape.
///
/// An evaluation can only be [`Interrupted`]. If the reason is a failure of the process,
/// [`Self::take_failure`] returns it. Until it is taken, all evaluations are interrupted, so that
/// the failed task ends at once.
pub struct Process {
    settings: ProcessSettings,
    handshake: Handshake,
    state: Mutex<State>,
    failure: Mutex<Option<ProcessFailure>>,
}

#[derive(Default)]
struct State {
    running: Option<RunningProcess>,
    log: ErrorLog,
    request: Vec<u8>,
}

impl Process {
    /// Starts the command and reads its handshake. `None` if it was interrupted.
    ///
    /// # Errors
    /// If the command cannot be started or computes no landscape: a sentence that begins with the
    /// command.
    pub fn start(
        settings: ProcessSettings,
        interrupt: &dyn Fn() -> bool,
    ) -> Result<Option<Self>, String> {
        let mut state = State::default();
        match state.start(&settings, interrupt) {
            Err(NoStart::Interrupted) => Ok(None),
            Err(NoStart::Failed(message)) => Err(message),
            Ok(handshake) => {
                let (state, failure) = (Mutex::new(state), Mutex::default());
                Ok(Some(Self { settings, handshake, state, failure }))
            }
        }
    }

    /// A process that starts with the first request. It is refused if its handshake differs from
    /// this one.
    pub fn later(settings: ProcessSettings, handshake: Handshake) -> Self {
        Self { settings, handshake, state: Mutex::default(), failure: Mutex::default() }
    }

    /// The description of the landscape.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Sends its standard error to this sink, including earlier output.
    pub fn log_to(&self, sink: ErrorSink) {
        self.state().log.pass_to(sink);
    }

    /// The failure that interrupted evaluations since the last call.
    pub fn take_failure(&self) -> Option<ProcessFailure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, failure: ProcessFailure) -> Interrupted {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        Interrupted
    }

    fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests values, and gradients if wanted, of `points` points in as few requests as possible.
    /// `point` writes a point; `take` gets its number, its value and the bytes of its gradient.
    pub(super) fn ask(
        &self,
        question: &Question<'_>,
        points: usize,
        point: &mut dyn FnMut(usize, &mut [f64]),
        take: &mut dyn FnMut(usize, f64, &[u8]),
    ) -> Result<(), Interrupted> {
        let mut state = self.state();
        if self.has_failed() {
            return Err(Interrupted);
        }
        let mut theta = vec![0.0; self.handshake.dimension];
        let chunk = self.handshake.chunk();
        for first in (0..points).step_by(chunk) {
            let count = chunk.min(points - first);
            let shape = self.shape(question.wanted, count);
            wire::begin(&mut state.request, &shape, question.dataset);
            for m in first..first + count {
                point(m, &mut theta);
                wire::append(&mut state.request, &theta, shape.precision);
            }
            self.request(&mut state, &shape, question)?;
            let answer = state.running.as_ref().map_or(&[][..], RunningProcess::answer);
            match shape.parse(answer) {
                Answer::Error(message) => {
                    let message = format!("the process answered with an error: {message}");
                    return Err(self.fail(ProcessFailure { message, died: false }));
                }
                Answer::Numbers { values, gradients } => {
                    let size = shape.gradient();
                    for m in 0..count {
                        let mut value = [0.0];
                        wire::read(&values[8 * m..], wire::VALUES, &mut value);
                        let gradient = gradients.get(m * size..(m + 1) * size);
                        take(first + m, value[0], gradient.unwrap_or_default());
                    }
                }
            }
        }
        Ok(())
    }

    fn shape(&self, wanted: WantedNumbers, points: usize) -> RequestShape {
        let Handshake { dimension, precision, .. } = self.handshake;
        RequestShape { wanted, points, dimension, precision }
    }

    /// Sends the prepared request and waits for its answer.
    fn request(
        &self,
        state: &mut State,
        shape: &RequestShape,
        question: &Question<'_>,
    ) -> Result<(), Interrupted> {
        self.prepare(state, question)?;
        let State { running, log, request } = state;
        let Some(process) = running else { return Err(Interrupted) };
        let deadline = Instant::now() + self.settings.time_limit;
        let patience = Patience { deadline, interrupt: question.interrupt };
        let complete = |answer: &[u8]| shape.is_complete(answer);
        let Err(stop) = process.exchange(request, log, &patience, complete) else { return Ok(()) };
        let ended = running.take().and_then(|process| {
            end(process, stop, log, Expected::Answer, &self.settings, question.interrupt)
        });
        match ended {
            Some(message) => Err(self.fail(death(format!("the process {message}")))),
            None => Err(Interrupted),
        }
    }

    /// Ensures that a process is running and ready for a request.
    fn prepare(&self, state: &mut State, question: &Question<'_>) -> Result<(), Interrupted> {
        if let Some(mut process) = state.running.take() {
            if process.is_out_of_step() {
                process.kill(&mut state.log).ok();
                let message = "the process wrote to its standard output without being asked, and \
                               was killed";
                return Err(self.fail(death(message.to_owned())));
            }
            state.running = Some(process);
            return Ok(());
        }
        match state.start(&self.settings, question.interrupt) {
            Err(NoStart::Interrupted) => Err(Interrupted),
            Err(NoStart::Failed(message)) => Err(self.fail(death(message))),
            Ok(handshake) => match handshake.difference(&self.handshake) {
                None => Ok(()),
                Some(difference) => {
                    state.end();
                    let message = format!(
                        "the process describes its landscape differently from that of rank 0 at \
                         the start: {difference}"
                    );
                    Err(self.fail(death(message)))
                }
            },
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.state().end();
    }
}

/// A question to a process.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub wanted: WantedNumbers,
    /// Index of the data set.
    pub dataset: usize,
    pub interrupt: &'a (dyn Fn() -> bool + Sync),
}

enum NoStart {
    Interrupted,
    Failed(String),
}

impl State {
    fn start(
        &mut self,
        settings: &ProcessSettings,
        interrupt: &dyn Fn() -> bool,
    ) -> Result<Handshake, NoStart> {
        let words: Vec<_> = settings.command.iter().map(|word| word.to_string_lossy()).collect();
        let shown = words.join(" ");
        let fail = |message: String| NoStart::Failed(format!("{shown}: {message}"));
        let Some((program, arguments)) = settings.command.split_first() else {
            return Err(fail("there is no program".to_owned()));
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(settings.environment.iter().cloned());
        without_launcher(&mut command);
        self.log.begin();
        let mut process = RunningProcess::start(&mut command)
            .map_err(|error| fail(format!("cannot be started: {error}")))?;
        let deadline = Instant::now() + settings.start_limit;
        let patience = Patience { deadline, interrupt };
        let read = process.exchange(&[], &mut self.log, &patience, line_is_complete);
        if let Err(stop) = read {
            let ended = end(process, stop, &mut self.log, Expected::Handshake, settings, interrupt);
            return Err(ended.map_or(NoStart::Interrupted, fail));
        }
        let line = process.answer().strip_suffix(b"\n").unwrap_or_default();
        match Handshake::parse(line) {
            Ok(handshake) => {
                self.running = Some(process);
                Ok(handshake)
            }
            Err(problem) => {
                process.kill(&mut self.log).ok();
                Err(fail(problem))
            }
        }
    }

    /// Ends the process regularly.
    fn end(&mut self) {
        if let Some(process) = self.running.take() {
            process.close(&mut self.log, GRACE);
        }
    }
}

/// Whether the line of the handshake has arrived. Further bytes are an error.
fn line_is_complete(received: &[u8]) -> Result<bool, String> {
    match received.iter().position(|&byte| byte == b'\n') {
        Some(end) if end + 1 == received.len() => Ok(true),
        Some(end) => match Handshake::parse(&received[..end]) {
            Ok(_) => Err("wrote to its standard output after its handshake, without being asked; \
                          it must print to standard error only"
                .to_owned()),
            Err(problem) => Err(problem),
        },
        None if received.len() > MAX_LINE => Err(not_a_landscape(received)),
        None => Ok(false),
    }
}

/// The message that a process was expected to write.
#[derive(Clone, Copy)]
enum Expected {
    Handshake,
    Answer,
}

/// Ends a process that is no longer usable. Returns the reason in words that follow "the process";
/// `None` if it made no error.
fn end(
    mut process: RunningProcess,
    stop: Stop,
    log: &mut ErrorLog,
    expected: Expected,
    settings: &ProcessSettings,
    interrupt: &dyn Fn() -> bool,
) -> Option<String> {
    let ((what, when), limit) = match expected {
        Expected::Handshake => (("handshake", " before its handshake"), settings.start_limit),
        Expected::Answer => (("answer", ""), settings.time_limit),
    };
    let message = match stop {
        Stop::Closed => {
            let (words, asked) = process.bury(log);
            if asked && comes(interrupt) {
                return None;
            }
            format!("{words}{when}")
        }
        other => {
            // Its computation is not needed any more.
            process.kill(log).ok();
            match other {
                Stop::Interrupted | Stop::Closed => return None,
                Stop::TimeLimit => {
                    let limit = humantime::format_duration(limit);
                    format!("gave no {what} within the time limit of {limit} and was killed")
                }
                Stop::Broken(problem) => problem,
                Stop::System(error) => format!("cannot be spoken to: {error}"),
            }
        }
    };
    Some(format!("{message}{}", log.quote()))
}

/// Whether this program is asked to stop, too. The request may arrive a moment later.
fn comes(interrupt: &dyn Fn() -> bool) -> bool {
    let deadline = Instant::now() + SAME_SIGNAL;
    while !interrupt() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Removes the variables of the launcher. An MPI library in the process would take itself for the
/// rank that started it, and wait for the other ranks.
fn without_launcher(command: &mut Command) {
    const PREFIXES: [&str; 5] = ["OMPI_", "PMIX_", "PMI_", "PRTE_", "MPI_LOCAL"];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}
