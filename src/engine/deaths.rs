//! Tasks that have ended by the death of the process that computes their landscape.

use std::collections::BTreeSet;

/// Tasks in a row, on any ranks, that end the run by their death: then the process is at fault, and
/// not a task. A task that is tried again and dies again counts once, so that it can fail.
const MAX_DEATHS: usize = 3;

/// A task that ended by the death of its process.
#[derive(Clone, Debug, PartialEq)]
pub struct Death {
    /// The task.
    pub task: usize,
    /// Where it ran.
    pub rank: usize,
    /// How long.
    pub seconds: f64,
    /// What the process has said last.
    pub reason: String,
}

/// The deaths since a task has ended in another way.
#[derive(Debug, Default)]
pub struct Deaths {
    /// Their tasks.
    in_a_row: BTreeSet<usize>,
    last: Option<Death>,
    /// Those that are not tried again, and not stored yet.
    held: Vec<Death>,
}

impl Deaths {
    /// One more; it is `held` unless its task is tried again.
    pub fn add(&mut self, death: Death, held: bool) {
        self.in_a_row.insert(death.task);
        if held {
            self.held.push(death.clone());
        }
        self.last = Some(death);
    }

    /// A task has ended in another way. Returns those that were held.
    pub fn clear(&mut self) -> Vec<Death> {
        self.in_a_row.clear();
        self.last = None;
        std::mem::take(&mut self.held)
    }

    /// Why the run ends, once there are too many.
    pub fn verdict(&self) -> Option<String> {
        let last = self.last.as_ref().filter(|_| self.in_a_row.len() >= MAX_DEATHS)?;
        let Death { rank, reason, .. } = last;
        Some(format!(
            "{} tasks in a row have ended by the death of their process; the last one, on rank \
             {rank}: {reason}",
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
        assert!(verdict.starts_with("3 tasks in a row") && verdict.ends_with("death 4"));
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
