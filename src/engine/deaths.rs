//! Tasks that have ended by the death of the process that computes their landscape.

/// Deaths in a row, on any ranks, that end the run: then the process is at fault, and not a task.
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
    in_a_row: usize,
    last: Option<Death>,
    /// Those that are not tried again, and not stored yet.
    held: Vec<Death>,
}

impl Deaths {
    /// One more; it is `held` unless its task is tried again.
    pub fn add(&mut self, death: Death, held: bool) {
        self.in_a_row += 1;
        if held {
            self.held.push(death.clone());
        }
        self.last = Some(death);
    }

    /// A task has ended in another way. Returns those that were held.
    pub fn clear(&mut self) -> Vec<Death> {
        self.in_a_row = 0;
        self.last = None;
        std::mem::take(&mut self.held)
    }

    /// Why the run ends, once there are too many.
    pub fn verdict(&self) -> Option<String> {
        let last = self.last.as_ref().filter(|_| self.in_a_row >= MAX_DEATHS)?;
        let Death { rank, reason, .. } = last;
        Some(format!(
            "{} tasks in a row have ended by the death of their process; the last one, on rank \
             {rank}: {reason}",
            self.in_a_row
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
}
