//! How long a main thread sleeps between two polls of MPI.

use std::time::Duration;

/// Sleeps that grow by a quarter from 20 µs to a maximum while nothing happens.
///
/// On a cluster a rank is bound to one core, so its main thread takes time from its compute thread.
/// Blocking calls of MPI spin, so the main thread polls and sleeps. A poll every s seconds that
/// takes c seconds uses c/s of the core, and reacts s/2 late on average. c is mostly the two
/// context switches: about 5 µs, and up to 25 µs in a virtual machine, where timers are slow. The
/// acceptable delay depends on what the rank does, so there are three maxima.
///
/// The end of a task on the same rank interrupts a sleep. With growth by a quarter, a sleep lasts a
/// fifth of the time since the last message. A message that follows soon, such as the next part of
/// a large transfer, is late by a tenth of that time on average. After 28 polls a sleep lasts 10
/// ms.
pub struct PollPace {
    next: Duration,
}

const SHORTEST: Duration = Duration::from_micros(20);

impl PollPace {
    /// For a rank without a task, or with a message in transit: polling disturbs little
    /// computation, and others may be waiting.
    pub const WAITING: Duration = Duration::from_millis(1);
    /// For rank 0 while it computes and other ranks finish tasks. A rank then idles for 5 ms on
    /// average after each task: 0.05 % of a task of 10 s, and most tasks are longer. Polling takes
    /// 0.05 % of the core, 0.25 % in a slow virtual machine. With sleeps of 1 ms it would take 0.5
    /// % and 2.5 %.
    pub const LISTENING: Duration = Duration::from_millis(10);
    /// For another rank while it computes: only a request to stop can arrive.
    pub const WORKING: Duration = Duration::from_millis(20);

    /// Starts with the shortest sleep.
    pub fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// How long to sleep: not at all after an event, because more may follow.
    pub fn wait(&mut self, active: bool, longest: Duration) -> Duration {
        if active {
            self.next = SHORTEST;
            return Duration::ZERO;
        }
        let now = self.next.min(longest);
        self.next = now + now / 4;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_grow_to_the_longest_and_start_over() {
        let mut pace = PollPace::new();
        let longest = Duration::from_micros(35);
        let sleeps = [false, false, false, false, false, true, false]
            .map(|active| pace.wait(active, longest).as_micros());
        assert_eq!(sleeps, [20, 25, 31, 35, 35, 0, 20]);
    }
}
