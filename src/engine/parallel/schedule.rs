//! The assignment of tasks to ranks.

use std::collections::VecDeque;

/// One task for one rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Number of the task.
    pub task: usize,
    /// The rank that works on it.
    pub rank: usize,
}

/// List scheduling: the next task in line goes to the rank that has been free for longest.
///
/// Tasks are handed out in the order 0, 1, 2, …. With m ranks no run takes longer than
/// Σp/m + (1 − 1/m) max p, p the durations of the tasks (R. L. Graham, Bell System Technical
/// Journal 45 (1966) 1563). If the longest come first, it takes at most 4/3 − 1/(3m) times as long
/// as the best schedule there is (R. L. Graham, SIAM Journal on Applied Mathematics 17 (1969) 416).
///
/// A rank gets its next task only after the end of the one before; there is no prefetching. Tasks
/// take seconds to hours and the round trip to rank 0 a few milliseconds, so prefetching could save
/// a thousandth at most. It would break the bounds above, because a prefetched task may wait behind
/// a long one while other ranks are idle. Every waiting task would also hold its parameter vectors
/// in memory.
///
/// The schedule has no notion of messages or time.
#[derive(Clone, Debug)]
pub struct TaskSchedule {
    count: usize,
    next: usize,
    idle: VecDeque<usize>,
    running: Vec<Option<usize>>,
    busy: usize,
}

impl TaskSchedule {
    /// `count` tasks for `ranks` ranks, all of them free.
    pub fn new(count: usize, ranks: usize) -> Self {
        Self { count, next: 0, idle: (0..ranks).collect(), running: vec![None; ranks], busy: 0 }
    }

    /// Takes the next task and a free rank. `None` if there is no task or no free rank.
    pub fn assign(&mut self) -> Option<Assignment> {
        if self.next >= self.count {
            return None;
        }
        let rank = self.idle.pop_front()?;
        let task = self.next;
        self.next += 1;
        self.running[rank] = Some(task);
        self.busy += 1;
        Some(Assignment { task, rank })
    }

    /// Records that `rank` has ended its task and is free again. Returns the task.
    ///
    /// # Panics
    /// If there is no such rank or it has no task.
    pub fn release(&mut self, rank: usize) -> usize {
        let task =
            self.running[rank].take().expect("a rank reports the task it was given, and once");
        self.busy -= 1;
        self.idle.push_back(rank);
        task
    }

    /// Drops all tasks that have not been handed out.
    pub fn close(&mut self) {
        self.count = self.next;
    }

    /// Whether `rank` has no task.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn is_idle(&self, rank: usize) -> bool {
        self.running[rank].is_none()
    }

    /// The tasks being worked on.
    pub fn running(&self) -> impl Iterator<Item = Assignment> + '_ {
        self.running
            .iter()
            .enumerate()
            .filter_map(|(rank, task)| task.map(|task| Assignment { task, rank }))
    }

    /// Whether nothing runs and nothing is left to hand out.
    pub fn is_over(&self) -> bool {
        self.busy == 0 && self.next >= self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::MasterSeed;
    use rand::RngExt;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// Runs tasks of these durations on simulated ranks. Returns the time at which the last one
    /// ends, and how often each was handed out.
    fn simulate(durations: &[u64], ranks: usize) -> (u64, Vec<u32>) {
        let mut schedule = TaskSchedule::new(durations.len(), ranks);
        let mut handed_out = vec![0; durations.len()];
        let mut ends = BinaryHeap::new();
        let mut now = 0;
        while !schedule.is_over() {
            while let Some(Assignment { task, rank }) = schedule.assign() {
                handed_out[task] += 1;
                ends.push(Reverse((now + durations[task], rank)));
            }
            let Reverse((end, rank)) =
                ends.pop().expect("a schedule that is not over has a task running");
            now = end;
            schedule.release(rank);
        }
        (now, handed_out)
    }

    fn durations(seed: u64, count: usize) -> Vec<u64> {
        let mut random = MasterSeed(seed).stream("durations", &[]);
        // Most tasks short, a few long: the hard case for balance.
        (0..count).map(|_| 1000 + random.random_range(0..100_u64).pow(3)).collect()
    }

    #[test]
    fn every_task_runs_once_and_within_the_bound_of_list_scheduling() {
        for (seed, ranks) in [1, 2, 3, 64, 1024, 16_384].into_iter().enumerate() {
            let durations = durations(seed as u64, 20_000);
            let (end, handed_out) = simulate(&durations, ranks);
            assert!(handed_out.iter().all(|&times| times == 1));
            let longest = durations.iter().max().copied().unwrap_or(0) as f64;
            let mean = durations.iter().sum::<u64>() as f64 / ranks as f64;
            assert!(
                end as f64 <= mean + (1.0 - 1.0 / ranks as f64) * longest,
                "{ranks} ranks end at {end}"
            );
            assert!(end as f64 >= mean.max(longest), "{ranks} ranks end at {end}");
        }
    }

    #[test]
    fn equal_tasks_are_shared_evenly() {
        let (end, _) = simulate(&[7; 30], 10);
        assert_eq!(end, 21);
    }

    #[test]
    fn a_rank_that_ends_gets_the_next_task_in_line() {
        let mut schedule = TaskSchedule::new(4, 2);
        assert_eq!(schedule.assign(), Some(Assignment { task: 0, rank: 0 }));
        assert_eq!(schedule.assign(), Some(Assignment { task: 1, rank: 1 }));
        assert_eq!(schedule.assign(), None);
        assert_eq!(schedule.release(1), 1);
        assert_eq!(schedule.assign(), Some(Assignment { task: 2, rank: 1 }));
        assert_eq!(
            schedule.running().collect::<Vec<_>>(),
            [Assignment { task: 0, rank: 0 }, Assignment { task: 2, rank: 1 }]
        );
    }

    #[test]
    fn a_closed_schedule_waits_for_what_runs_and_hands_out_nothing() {
        let mut schedule = TaskSchedule::new(9, 2);
        schedule.assign();
        assert!(!schedule.is_idle(0) && schedule.is_idle(1));
        schedule.close();
        assert_eq!(schedule.assign(), None);
        assert!(!schedule.is_over());
        schedule.release(0);
        assert_eq!(schedule.assign(), None);
        assert!(schedule.is_over());
    }

    #[test]
    fn no_task_is_over_at_once() {
        assert!(TaskSchedule::new(0, 3).is_over());
    }
}
