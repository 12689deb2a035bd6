//! Signals and time limits that stop a run.

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The signals that ask a run to stop: SIGUSR1 (the usual warning of a batch system), SIGTERM, and
/// SIGINT (Ctrl-C). With `default()` no signal is caught.
///
/// A program catches them first of all. An earlier signal, while MPI starts or the data are read,
/// would end the process.
#[derive(Clone, Debug, Default)]
pub struct Signals(Arc<AtomicUsize>);

/// Stops a run at a signal or near a time limit. Each rank has its own; a farm passes the request
/// on to all ranks.
#[derive(Debug)]
pub struct Interruption {
    signals: Signals,
    started: Instant,
    limit: Option<Duration>,
    working_time: Option<Duration>,
}

/// The cause of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A signal, by its name.
    Signal(&'static str),
    /// The time limit is near.
    TimeLimit(Duration),
}

const SIGNALS: [(i32, &str); 3] = [(SIGUSR1, "SIGUSR1"), (SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")];

/// A second one of these ends the process. SIGUSR1 is not among them, because a batch system
/// repeats it.
const INSISTENT: [i32; 2] = [SIGINT, SIGTERM];

impl Signals {
    /// Catches the signals from now on. A second SIGINT or SIGTERM ends the process at once, with
    /// the exit code of a shell for that signal.
    ///
    /// # Errors
    /// If the system refuses a signal handler.
    pub fn catch() -> io::Result<Self> {
        let signals = Self::default();
        let second = Arc::new(AtomicBool::new(false));
        for number in INSISTENT {
            // The order matters: the first signal finds the flag cleared, and then sets it.
            flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&second))?;
        }
        for number in INSISTENT {
            flag::register(number, Arc::clone(&second))?;
        }
        for (number, _) in SIGNALS {
            flag::register_usize(number, Arc::clone(&signals.0), number.unsigned_abs() as usize)?;
        }
        Ok(signals)
    }

    /// Name of the last signal received, if any.
    pub fn received(&self) -> Option<&'static str> {
        let number = self.0.load(Ordering::Relaxed);
        let signal = SIGNALS.iter().find(|(signal, _)| signal.unsigned_abs() as usize == number);
        signal.map(|&(_, name)| name)
    }
}

impl Interruption {
    /// Watches the signals and a time limit that counts from now. The work stops before the limit,
    /// so that all checkpoints can be written: by a twentieth of the limit, at most a minute, plus
    /// 10 ms for each of the `ranks`, whose states rank 0 writes one after the other. This margin
    /// is at most half of the limit.
    pub fn watch(signals: Signals, limit: Option<Duration>, ranks: usize) -> Self {
        let working_time = limit.map(|limit| working_time(limit, ranks));
        Self { signals, started: Instant::now(), limit, working_time }
    }

    /// The cause to stop, if there is one.
    pub fn cause(&self) -> Option<Cause> {
        let over = self.working_time.is_some_and(|time| self.started.elapsed() >= time);
        let limit = self.limit.filter(|_| over).map(Cause::TimeLimit);
        self.signals.received().map(Cause::Signal).or(limit)
    }
}

/// Time to write the state of one rank. Measured: 1 ms for a training run of 42 200 parameters, 9
/// ms for a path (docs/scaling.md).
const STATE: Duration = Duration::from_millis(10);

/// The time for computing, before checkpoints must be written.
fn working_time(limit: Duration, ranks: usize) -> Duration {
    let states = STATE.saturating_mul(u32::try_from(ranks).unwrap_or(u32::MAX));
    let margin = (limit / 20).min(Duration::from_mins(1)).saturating_add(states);
    limit.saturating_sub(margin.min(limit / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_leaves_time_to_store() {
        let seconds = Duration::from_secs;
        assert_eq!(working_time(seconds(3600), 0), seconds(3540));
        assert_eq!(working_time(seconds(100), 0), seconds(95));
        assert_eq!(working_time(seconds(3600), 16_000), seconds(3540 - 160));
        assert_eq!(working_time(seconds(100), 1_000_000), seconds(50));
        assert_eq!(working_time(Duration::ZERO, usize::MAX), Duration::ZERO);
        let watch = |limit| Interruption::watch(Signals::default(), Some(limit), 2).cause();
        assert_eq!(watch(Duration::ZERO), Some(Cause::TimeLimit(Duration::ZERO)));
        assert_eq!(watch(seconds(3600)), None);
    }

    #[test]
    fn a_warning_is_noticed() {
        let signals = Signals::catch().expect("handlers");
        let interruption = Interruption::watch(signals, None, 1);
        assert_eq!(interruption.cause(), None);
        signal_hook::low_level::raise(SIGUSR1).expect("a signal to this process");
        assert_eq!(interruption.cause(), Some(Cause::Signal("SIGUSR1")));
    }
}
