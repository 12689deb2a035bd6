//! Signals and time limits: when a run should put its work down.

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Watches for the end: SIGUSR1 (the usual warning of a batch system), SIGTERM, SIGINT (Ctrl-C), and a time
/// limit. Each rank has its own; a farm tells all ranks what one has noticed.
///
/// A second SIGINT or SIGTERM ends the process at once, with the exit code of a shell for that signal.
#[derive(Debug)]
pub struct Interruption {
    signal: Arc<AtomicUsize>,
    started: Instant,
    limit: Option<Duration>,
}

/// What has put an end to the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A signal, by its name.
    Signal(&'static str),
    /// The time limit is near.
    TimeLimit(Duration),
}

const SIGNALS: [(i32, &str); 3] = [(SIGUSR1, "SIGUSR1"), (SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")];

/// A batch system repeats its warning; only these insist.
const INSISTENT: [i32; 2] = [SIGINT, SIGTERM];

impl Interruption {
    /// Begins to watch. The work has to be put down so long before the limit, counted from now, that it
    /// can be stored: a twentieth of it, at most a minute.
    ///
    /// # Errors
    /// If the system refuses a signal handler.
    pub fn watch(limit: Option<Duration>) -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        let second = Arc::new(AtomicBool::new(false));
        for number in INSISTENT {
            // The order counts: the first signal finds the flag down and raises it.
            flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&second))?;
        }
        for number in INSISTENT {
            flag::register(number, Arc::clone(&second))?;
        }
        for (number, _) in SIGNALS {
            flag::register_usize(number, Arc::clone(&signal), number.unsigned_abs() as usize)?;
        }
        Ok(Self { signal, started: Instant::now(), limit })
    }

    /// Why to stop, if there is a reason.
    pub fn cause(&self) -> Option<Cause> {
        let number = self.signal.load(Ordering::Relaxed);
        let signal = SIGNALS.iter().find(|(signal, _)| signal.unsigned_abs() as usize == number);
        let limit = self.limit.filter(|&limit| self.started.elapsed() >= working_time(limit));
        signal.map(|&(_, name)| Cause::Signal(name)).or(limit.map(Cause::TimeLimit))
    }
}

/// How long to compute before the end must be prepared.
fn working_time(limit: Duration) -> Duration {
    limit.saturating_sub((limit / 20).min(Duration::from_mins(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_leaves_time_to_store() {
        let seconds = Duration::from_secs;
        assert_eq!(working_time(seconds(3600)), seconds(3540));
        assert_eq!(working_time(seconds(100)), seconds(95));
        let watch = |limit| Interruption::watch(Some(limit)).expect("handlers").cause();
        assert_eq!(watch(Duration::ZERO), Some(Cause::TimeLimit(Duration::ZERO)));
        assert_eq!(watch(seconds(3600)), None);
    }

    #[test]
    fn a_warning_is_noticed() {
        let interruption = Interruption::watch(None).expect("handlers");
        assert_eq!(interruption.cause(), None);
        signal_hook::low_level::raise(SIGUSR1).expect("a signal to this process");
        assert_eq!(interruption.cause(), Some(Cause::Signal("SIGUSR1")));
    }
}
