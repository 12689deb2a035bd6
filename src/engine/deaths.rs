//! Tasks that failed because the process of their landscape died.

use std::collections::BTreeSet;

/// Number of such tasks in a row, on any ranks, after which the run ends: the fault is then with
/// the process and not with a task. A task that dies twice counts once.
const MAX_DEATHS: usize = 3;

/// A task whose process died.
#[derive(Clone, Debug, PartialEq)]
pub struct Death {
    /// The task.
    pub task: usize,
    /// Where it ran.
    pub rank: usize,
    /// How long.
    pub seconds: f64,
    /// The last words of the process.
    pub reason: String,
}

/// The deaths since a task last ended in another way.
#[derive(Debug, Default)]
pub struct Deaths {
    /// Their tasks.
    in_a_row: BTreeSet<usize>,
    last: Option<Death>,
    /// The deaths that will not be retried and have not been stored.
    held: Vec<Death>,
}

impl Deaths {
    /// Adds a death. It is `held` unless its task will be retried.
    pub fn add(&mut self, death: Death, held: bool) {
        self.in_a_row.insert(death.task);
        if held {
            self.held.push(death.clone());
        }
        self.last = Some(death);
    }

    /// Records that a task ended in another way. Returns the deaths that were held.
    pub fn clear(&mut self) -> Vec<Death> {
        self.in_a_row.clear();
        self.last = None;
        std::mem::take(&mut self.held)
    }

    /// Why the run ends. `None` while there are few deaths.
    pub fn verdict(&self) -> Option<String> {
        let last = self.last.as_ref().filter(|_| self.in_a_row.len() >= MAX_DEATHS)?;
        let Death { rank, reason, .. } = last;
        Some(format!(
            "the processes of {} tasks in a row have died; the last one, on rank {rank}: {reason}",
            self.in_a_row.len()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn death(task: usize) -> Death {
        Death { task, rank: 1, seconds: 0.5, reason: format!("death {task}") }
    }

    #[test]
    fn three_deaths_in_a_row_are_too_many_and_a_living_process_clears_them() {
        let mut deaths = Deaths::default();
        deaths.add(death(0), true);
        deaths.add(death(1), false);
        assert_eq!(deaths.verdict(), None);
        assert_eq!(deaths.clear(), [death(0)]);
        for task in 2..5 {
            assert_eq!(deaths.verdict(), None);
            deaths.add(death(task), true);
        }
        let verdict = deaths.verdict().expect("three in a row");
        assert!(verdict.contains("of 3 tasks in a row") && verdict.ends_with("death 4"));
    }

    #[test]
    fn a_task_that_dies_again_and_again_fails_and_does_not_end_the_run() {
        let mut deaths = Deaths::default();
        (0..3).for_each(|_| deaths.add(death(7), false));
        deaths.add(death(7), true);
        assert_eq!(deaths.verdict(), None);
        assert_eq!(deaths.clear(), [death(7)]);
    }
}
