//! The time left until all tasks of a stage are done, predicted from the events so far.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The expected cost of a task before it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// Tasks of one kind have the same pace, and end early to the same degree.
    pub kind: usize,
    /// Its cost on one rank in image passes, as [`Work::passes`](super::Work::passes), because the
    /// pace of a stage also predicts later stages.
    pub work: f64,
    /// The fraction of it that is left, below 1 for a task that resumes from a checkpoint.
    pub left: f64,
}

/// The tasks of a stage, handed out in their order to free ranks, with their progress.
///
/// A pure function of its arguments. Times are seconds of one clock; its origin does not matter.
///
/// The pace of a kind, in seconds for a unit of work, is measured on the tasks that have ended,
/// which also show how early tasks end. Before any has ended, the reports of running tasks are
/// used. An unknown kind takes the pace of all others. The further a task is, the more its own pace
/// counts. The remaining tasks are then scheduled as they will be in the run, so idle ranks at the
/// end are taken into account.
#[derive(Clone, Debug)]
pub struct Forecast {
    ranks: usize,
    planned: Vec<Planned>,
    states: Vec<TaskProgress>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum TaskProgress {
    Waiting,
    Running {
        /// Its start, moved as if it had not been suspended in between.
        began: f64,
        /// Its latest report: the fraction that was done, and when.
        report: Option<(f64, f64)>,
    },
    Ended {
        seconds: f64,
        /// The fraction that was done by its reports: less than 1 if it ended early.
        fraction: f64,
    },
}

/// Seconds, and the work done in them.
#[derive(Clone, Copy, Debug, Default)]
struct Observed {
    seconds: f64,
    work: f64,
}

impl Observed {
    fn add(&mut self, seconds: f64, work: f64) {
        self.seconds += seconds;
        self.work += work;
    }

    fn pace(self) -> Option<f64> {
        (self.work > 0.0).then(|| self.seconds / self.work)
    }
}

impl Forecast {
    /// The state before the first task.
    pub fn new(ranks: usize, planned: Vec<Planned>) -> Self {
        let states = vec![TaskProgress::Waiting; planned.len()];
        Self { ranks: ranks.max(1), planned, states }
    }

    /// Records that a task begins. `before` are the seconds that it had taken when it was
    /// suspended, 0 for a new task.
    pub fn start(&mut self, task: usize, now: f64, before: f64) {
        self.states[task] = TaskProgress::Running { began: now - before, report: None };
    }

    /// Records the fraction of a running task that is done, 0 to 1.
    pub fn report(&mut self, task: usize, now: f64, fraction: f64) {
        if let TaskProgress::Running { report, .. } = &mut self.states[task]
            && fraction > 0.0
        {
            *report = Some((fraction.min(1.0), now));
        }
    }

    /// Records that a task has ended or failed, after `seconds` in total.
    pub fn finish(&mut self, task: usize, seconds: f64) {
        let fraction = match self.states[task] {
            TaskProgress::Running { began, report: Some((fraction, at)) } => {
                (fraction * seconds / (at - began)).min(1.0)
            }
            _ => 1.0,
        };
        self.states[task] = TaskProgress::Ended { seconds, fraction };
    }

    /// Records that a task was suspended and waits again.
    pub fn put_back(&mut self, task: usize) {
        self.states[task] = TaskProgress::Waiting;
    }

    /// Seconds from now to the end of the last task. `None` until a pace is known.
    pub fn seconds_left(&self, now: f64) -> Option<f64> {
        let general = self.observed(|_| true, true).pace()?;
        let kinds = 1 + self.planned.iter().map(|planned| planned.kind).max().unwrap_or(0);
        let paces: Vec<WorkRate> = (0..kinds).map(|kind| self.pace(kind, general)).collect();
        let running: Vec<f64> = self
            .tasks()
            .filter_map(|(planned, state)| left(planned, state, paces[planned.kind], now))
            .collect();
        let waiting = self.tasks().filter(|(_, state)| matches!(state, TaskProgress::Waiting));
        let waiting: Vec<f64> = waiting
            .map(|(planned, _)| paces[planned.kind].expected * planned.work * planned.left)
            .collect();
        Some(makespan(self.ranks, &running, &waiting))
    }

    /// Seconds in which all ranks together do this much work of later stages, at the pace of this
    /// one. `None` until a pace is known.
    pub fn seconds_for(&self, work: f64) -> Option<f64> {
        Some(work * self.observed(|_| true, true).pace()? / self.ranks as f64)
    }

    /// Seconds by which the last running tasks exceed their expected time, if no other task is
    /// waiting: the time left is then unknown. `None` while the excess is within a tenth of that
    /// time, or 10 s.
    pub fn overdue(&self, now: f64) -> Option<f64> {
        if self.seconds_left(now)? > 0.0 {
            return None;
        }
        let general = self.observed(|_| true, true).pace()?;
        let late = |(planned, state): (&Planned, &TaskProgress)| {
            let TaskProgress::Running { began, .. } = *state else { return None };
            let total = expected(planned, state, self.pace(planned.kind, general))?;
            let late = now - began - total;
            (late > f64::max(10.0, 0.1 * total)).then_some(late)
        };
        self.tasks().filter_map(late).reduce(f64::max)
    }

    fn pace(&self, kind: usize, general: f64) -> WorkRate {
        let ended = self.observed(|planned| planned.kind == kind, false).pace();
        let seen = self.observed(|planned| planned.kind == kind, true).pace();
        let fractions: Vec<f64> = self
            .tasks()
            .filter(|(planned, _)| planned.kind == kind)
            .filter_map(|(_, state)| {
                if let TaskProgress::Ended { fraction, .. } = state {
                    Some(*fraction)
                } else {
                    None
                }
            })
            .collect();
        let latest = fractions.iter().copied().reduce(f64::max);
        let ends = latest.map(|latest| EndFractions {
            mean: fractions.iter().sum::<f64>() / fractions.len() as f64,
            latest,
        });
        WorkRate { expected: ended.or(seen).unwrap_or(general), ends }
    }

    /// Observations of the tasks that have ended, and of running tasks if `with_running`.
    fn observed(&self, belongs: impl Fn(&Planned) -> bool, with_running: bool) -> Observed {
        let mut observed = Observed::default();
        for (planned, state) in self.tasks().filter(|(planned, _)| belongs(planned)) {
            match *state {
                TaskProgress::Ended { seconds, .. } => observed.add(seconds, planned.work),
                TaskProgress::Running { began, report: Some((fraction, at)) } if with_running => {
                    observed.add(at - began, fraction * planned.work);
                }
                _ => {}
            }
        }
        observed
    }

    fn tasks(&self) -> impl Iterator<Item = (&Planned, &TaskProgress)> {
        self.planned.iter().zip(&self.states)
    }
}

/// The measured pace of a kind.
#[derive(Clone, Copy, Debug)]
struct WorkRate {
    /// Seconds for a unit of work.
    expected: f64,
    ends: Option<EndFractions>,
}

/// The fractions of their planned work that the ended tasks of a kind needed.
#[derive(Clone, Copy, Debug)]
struct EndFractions {
    mean: f64,
    latest: f64,
}

/// The time left of a running task.
fn left(planned: &Planned, state: &TaskProgress, pace: WorkRate, now: f64) -> Option<f64> {
    let TaskProgress::Running { began, .. } = *state else { return None };
    Some((expected(planned, state, pace)? - (now - began)).max(0.0))
}

/// The expected total time of a running task.
fn expected(planned: &Planned, state: &TaskProgress, pace: WorkRate) -> Option<f64> {
    let TaskProgress::Running { began, report } = *state else { return None };
    let of_kind = pace.expected * planned.work;
    Some(match report {
        None => of_kind,
        Some((fraction, at)) => {
            let own = (at - began) / fraction;
            match pace.ends {
                // The further it is, the more its own pace counts.
                Some(EndFractions { mean, .. }) if fraction < mean => {
                    fraction * own + (1.0 - fraction / mean) * of_kind
                }
                Some(EndFractions { latest, .. }) if fraction < latest => own * latest,
                _ => own,
            }
        }
    })
}

/// The time at which the last task ends, if running tasks take these times and waiting tasks go in
/// order to the rank that is free first.
pub fn makespan(ranks: usize, running: &[f64], waiting: &[f64]) -> f64 {
    let idle = std::iter::repeat_n(0.0, ranks.saturating_sub(running.len()));
    let mut free: BinaryHeap<Reverse<Seconds>> =
        running.iter().copied().chain(idle).map(|end| Reverse(Seconds(end))).collect();
    let mut last = running.iter().copied().fold(0.0, f64::max);
    for seconds in waiting {
        let Some(Reverse(Seconds(begin))) = free.pop() else { break };
        let end = begin + seconds;
        last = last.max(end);
        free.push(Reverse(Seconds(end)));
    }
    last
}

/// Times with a total order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seconds(f64);

impl Eq for Seconds {}

impl PartialOrd for Seconds {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Seconds {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests;
