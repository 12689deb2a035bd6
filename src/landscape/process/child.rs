//! A running process, its three pipes, and its end.

use super::log::ErrorLog;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a wait checks whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// Maximum time from the closing of the pipes by a process to its end.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// Requested capacity of a pipe. A path of 51 points of 10⁵ numbers takes 40 MB; 64 kB at a time
/// would need hundreds of switches between the two processes.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// Bytes of one read.
const READ_BYTES: usize = 1 << 20;

/// Maximum number of successive reads of standard error. A full pipe needs one or a few.
const MAX_READS: usize = 64;

/// A process in a group of its own, so that Ctrl-C in the terminal reaches only this program.
pub(super) struct RunningProcess {
    child: Child,
    /// `None` once it is closed.
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// `None` once it has ended.
    errors: Option<ChildStderr>,
    /// The bytes read from standard output: the answer to the last request, as far as it has
    /// arrived.
    received: Vec<u8>,
    buffer: Vec<u8>,
}

/// Why a wait ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The work should stop.
    Interrupted,
    /// The time limit was reached.
    TimeLimit,
    /// The process has ended, or has closed its standard output or input.
    Closed,
    /// The bytes are not a valid answer.
    Broken(String),
    /// A pipe failed.
    System(io::Error),
}

impl From<Errno> for Stop {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

/// The conditions that end a wait early.
pub(super) struct Patience<'a> {
    pub deadline: Instant,
    pub interrupt: &'a dyn Fn() -> bool,
}

impl RunningProcess {
    /// Starts a command whose working directory and environment are set.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        for pipe in [input.as_fd(), output.as_fd(), errors.as_fd()] {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        #[cfg(target_os = "linux")]
        for pipe in [input.as_fd(), output.as_fd()] {
            // A pipe of the usual size works as well, only slower.
            rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES).ok();
        }
        let (received, buffer) = (Vec::new(), vec![0; READ_BYTES]);
        Ok(Self { child, input: Some(input), output, errors: Some(errors), received, buffer })
    }

    /// Writes `request` and reads until `complete` returns true; see [`Self::answer`]. `complete`
    /// gets the bytes so far, and returns an error if they are not a valid answer. Standard error
    /// is read meanwhile, so that the process never waits for a full pipe.
    pub fn exchange(
        &mut self,
        request: &[u8],
        log: &mut ErrorLog,
        patience: &Patience<'_>,
        complete: impl Fn(&[u8]) -> Result<bool, String>,
    ) -> Result<(), Stop> {
        self.received.clear();
        let mut left = request;
        let mut closed = false;
        loop {
            if complete(&self.received).map_err(Stop::Broken)? && left.is_empty() {
                return Ok(());
            }
            if closed {
                return Err(Stop::Closed);
            }
            if (patience.interrupt)() {
                return Err(Stop::Interrupted);
            }
            let now = Instant::now();
            if now >= patience.deadline {
                return Err(Stop::TimeLimit);
            }
            let ready = self.wait(!left.is_empty(), LOOK.min(patience.deadline - now))?;
            if ready.errors {
                self.read_errors(log);
            }
            if ready.output {
                closed = self.read_output()?;
            }
            if ready.input {
                left = self.write(left)?;
            }
        }
    }

    /// The answer of the last exchange.
    pub fn answer(&self) -> &[u8] {
        &self.received
    }

    /// Drops the last answer. Returns whether further bytes have arrived without a request.
    pub fn is_out_of_step(&mut self) -> bool {
        self.received.clear();
        // The next exchange reports an end of the process.
        self.read_output().is_ok() && !self.received.is_empty()
    }

    fn wait(&self, writes: bool, time: Duration) -> Result<Ready, Stop> {
        let input = self.input.as_ref().filter(|_| writes);
        let mut pipes = vec![PollFd::new(&self.output, PollFlags::IN)];
        pipes.extend(input.map(|input| PollFd::new(input, PollFlags::OUT)));
        pipes.extend(self.errors.as_ref().map(|errors| PollFd::new(errors, PollFlags::IN)));
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let time = Timespec { tv_sec: seconds, tv_nsec: i64::from(time.subsec_nanos()) };
        match poll(&mut pipes, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |index: usize| !pipes[index].revents().is_empty();
        let has_input = usize::from(input.is_some());
        Ok(Ready {
            output: ready(0),
            input: input.is_some() && ready(1),
            errors: self.errors.is_some() && ready(1 + has_input),
        })
    }

    /// Writes a part of the request and returns the rest. A closed standard input means the end of
    /// the process, but its earlier output may explain it.
    fn write<'r>(&mut self, left: &'r [u8]) -> Result<&'r [u8], Stop> {
        let Some(input) = &mut self.input else { return Err(Stop::Closed) };
        match input.write(left) {
            Ok(count) => Ok(&left[count..]),
            Err(error) if is_later(&error) => Ok(left),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Stop::Closed),
            Err(error) => Err(Stop::System(error)),
        }
    }

    /// Reads the available bytes. Returns whether standard output has ended.
    fn read_output(&mut self) -> Result<bool, Stop> {
        match self.output.read(&mut self.buffer) {
            Ok(0) => Ok(true),
            Ok(count) => {
                self.received.extend_from_slice(&self.buffer[..count]);
                Ok(false)
            }
            Err(error) if is_later(&error) => Ok(false),
            Err(error) => Err(Stop::System(error)),
        }
    }

    /// Reads the available bytes, with a limit: a process may write faster than it is read, and the
    /// time limit must still be checked.
    fn read_errors(&mut self, log: &mut ErrorLog) {
        for _ in 0..MAX_READS {
            let Some(errors) = &mut self.errors else { return };
            match errors.read(&mut self.buffer) {
                Ok(0) => self.errors = None,
                Ok(count) => log.write(&self.buffer[..count]),
                Err(error) if is_later(&error) => return,
                Err(_) => self.errors = None,
            }
        }
    }

    /// Ends the process: closes its standard input, waits for its end, and kills it after the grace
    /// period.
    pub fn close(mut self, log: &mut ErrorLog, grace: Duration) {
        self.input = None;
        self.wait_for_end(log, grace);
        self.kill(log).ok();
    }

    /// For a process that has closed its pipes: how it ended, in words, and whether by a signal
    /// that asks programs to end. If it continues, it is killed.
    pub fn bury(mut self, log: &mut ErrorLog) -> (String, bool) {
        self.input = None;
        let ended = self.wait_for_end(log, LAST_BREATH);
        match self.kill(log) {
            Ok(status) if ended => {
                let asked = status.signal().is_some_and(|signal| ASKING.contains(&signal));
                (in_words(status), asked)
            }
            Ok(_) => ("closed its standard output and was killed".to_owned(), false),
            Err(error) => (format!("is lost: {error}"), false),
        }
    }

    /// Waits for its end without collecting its status, so that its process number is not reused.
    fn wait_for_end(&mut self, log: &mut ErrorLog, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            self.read_errors(log);
            // Unread output must not block its end.
            if self.read_output().is_ok() {
                self.received.clear();
            }
            if self.has_ended() {
                self.read_errors(log);
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn has_ended(&self) -> bool {
        let id = WaitId::Pid(self.pid());
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(id, options).is_ok_and(|status| status.is_some())
    }

    /// Kills the whole process group, including children of an ended process, and collects its
    /// status.
    pub fn kill(&mut self, log: &mut ErrorLog) -> io::Result<ExitStatus> {
        kill_process_group(self.pid(), Signal::KILL).ok();
        let status = self.child.wait();
        self.read_errors(log);
        status
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

/// SIGHUP, SIGINT, SIGUSR1 and SIGTERM: Slurm sends the signals that are meant for this program to
/// all processes of a job step.
const ASKING: [i32; 4] = [1, 2, 10, 15];

struct Ready {
    output: bool,
    input: bool,
    errors: bool,
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// `"ended with exit code 1"`, `"was ended by signal 9 (SIGKILL)"`.
fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}{}", name(signal)),
        (None, None) => "ended".to_owned(),
    }
}

fn name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}
