//! How long a main thread sleeps between two looks at the network.

use std::time::Duration;

/// Sleeps that grow by a quarter from 20 µs to a longest one while nothing happens.
///
/// On a cluster a rank is bound to one core, which its main thread shares with its compute thread:
/// what the main thread spends is missing there. MPI offers no wait that sleeps (its blocking calls
/// spin), so the main thread looks and sleeps. A look every s seconds that costs c seconds takes
/// c/s of the core and answers s/2 late on average. c is mostly the two switches between the
/// threads: about 5 µs, in a virtual machine, where setting a timer is slow, up to 25 µs. How much
/// delay is worth it depends on what the rank is doing, hence three longest sleeps.
///
/// The end of a task of the own rank interrupts a sleep. Growing by a quarter, a sleep lasts a
/// fifth of the time since the last message: what follows soon, like the parts of a large transfer
/// or the end of a short task, is late by a tenth of that time on average, and 28 looks lead to 10
/// ms.
pub struct Pace {
    next: Duration,
}

const SHORTEST: Duration = Duration::from_micros(20);

impl Pace {
    /// There is no task here, or a message is on its way: little or no computing is disturbed, and
    /// others may wait.
    pub const WAITING: Duration = Duration::from_millis(1);
    /// Rank 0 computes, and hears of the ends of the tasks of the others. Those ranks stand idle
    /// meanwhile, 5 ms for each task: 0.05 % of a task that lasts 10 s, and tasks mostly last
    /// longer. The looks take 0.05 % of the core, 0.25 % in a slow virtual machine; with sleeps of
    /// 1 ms they would take 0.5 % and 2.5 %.
    pub const LISTENING: Duration = Duration::from_millis(10);
    /// A rank computes, and nothing but a request to stop can arrive.
    pub const WORKING: Duration = Duration::from_millis(20);

    /// Starts with the shortest sleep.
    pub fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// How long to sleep: not at all if something has just happened, since more may come with it.
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
        let mut pace = Pace::new();
        let longest = Duration::from_micros(35);
        let sleeps = [false, false, false, false, false, true, false]
            .map(|active| pace.wait(active, longest).as_micros());
        assert_eq!(sleeps, [20, 25, 31, 35, 35, 0, 20]);
    }
}
