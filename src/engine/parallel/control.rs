//! Communication between a running task and the main thread of its rank.

use super::cadence::Cadence;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Through this a task learns whether to stop, reports its progress, and hands in its state.
///
/// `Control::default()` belongs to no farm: nothing stops the task, its reports are dropped, and
/// its state is never due.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    latest: Mutex<Latest>,
    cadence: Cadence,
}

/// The progress of a task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    pub task: usize,
    pub fraction: f64,
    pub loss: f64,
}

#[derive(Debug, Default)]
struct Latest {
    progress: Option<TaskReport>,
    /// The running task, and when it began or when its report was last sent.
    task: Option<(usize, Instant)>,
    /// When the task is to hand in its state.
    save: Option<Instant>,
    state: Option<Checkpoint>,
}

/// The state of a running task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub task: usize,
    pub state: Vec<u8>,
}

impl Control {
    /// Whether the task should end as soon as possible. Its return value is delivered like any
    /// other result, so the type of the result must distinguish an interrupted task from a finished
    /// one.
    pub fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reports the `fraction` of the task that is done (0 to 1), and the current loss.
    ///
    /// This is cheap enough for every epoch or step: it stores two numbers under a lock that is
    /// never held for long. The latest report goes to rank 0 about once a second, less often on
    /// thousands of ranks.
    pub fn report(&self, fraction: f64, loss: f64) {
        let mut latest = self.latest();
        if let Some((task, _)) = latest.task {
            latest.progress = Some(TaskReport { task, fraction, loss });
        }
    }

    /// Whether it is time to [hand in](Self::save) the state of the task.
    pub fn save_due(&self) -> bool {
        let latest = self.latest();
        // A state that has not been sent yet is enough.
        latest.save.is_some_and(|due| Instant::now() >= due) && latest.state.is_none()
    }

    /// Hands in the state of the task, for rank 0 to store.
    pub fn save(&self, state: Vec<u8>) {
        let mut latest = self.latest();
        if let Some((task, _)) = latest.task {
            latest.state = Some(Checkpoint { task, state });
            latest.save = self.cadence.save.map(|every| Instant::now() + every);
        }
    }

    pub(super) fn with(cadence: Cadence) -> Self {
        Self { cadence, ..Self::default() }
    }

    pub(super) fn request_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn begin(&self, task: usize) {
        let now = Instant::now();
        *self.latest() = Latest {
            task: Some((task, now)),
            save: self.cadence.first_save.map(|first| now + first),
            ..Latest::default()
        };
    }

    /// Ends the task: none of its reports or states is sent any more.
    pub(super) fn end(&self) {
        *self.latest() = Latest::default();
    }

    /// The latest report, if one is due.
    pub(super) fn take_due(&self) -> Option<TaskReport> {
        let mut latest = self.latest();
        let (task, last) = latest.task?;
        if last.elapsed() < self.cadence.report {
            return None;
        }
        let progress = latest.progress.take()?;
        latest.task = Some((task, Instant::now()));
        Some(progress)
    }

    /// The state that was handed in, if it has not been taken yet.
    pub(super) fn take_checkpoint(&self) -> Option<Checkpoint> {
        self.latest().state.take()
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const INTERVAL: Duration = Duration::from_hours(1);

    /// Lets this time pass for a task. A test that sleeps would depend on the speed of the machine.
    fn pass(control: &Control, time: Duration) {
        let earlier = |at: Instant| at.checked_sub(time).expect("the clock knows earlier times");
        let mut latest = control.latest();
        latest.task = latest.task.map(|(task, last)| (task, earlier(last)));
        latest.save = latest.save.map(earlier);
    }

    #[test]
    fn a_state_is_due_after_the_interval_and_not_before_the_last_one_has_left() {
        let control = Control::with(Cadence::new(0, 1, Some(INTERVAL)));
        assert!(!control.save_due(), "no task");
        control.begin(3);
        assert!(!control.save_due(), "too early");
        pass(&control, INTERVAL);
        assert!(control.save_due());
        control.save(vec![1]);
        pass(&control, INTERVAL);
        assert!(!control.save_due(), "the last one is still here");
        assert_eq!(control.take_checkpoint(), Some(Checkpoint { task: 3, state: vec![1] }));
        assert!(control.save_due());
        control.save(vec![2]);
        control.end();
        assert_eq!(control.take_checkpoint(), None, "the task is over");
        let never = Control::default();
        never.begin(0);
        assert!(!never.save_due());
    }

    #[test]
    fn reports_are_passed_on_after_the_interval_and_only_while_the_task_runs() {
        let cadence = Cadence { report: INTERVAL, ..Cadence::default() };
        let control = Control::with(cadence);
        control.report(0.5, 1.0);
        assert_eq!(control.take_due(), None, "belongs to no task");
        control.begin(7);
        control.report(0.1, 3.0);
        assert_eq!(control.take_due(), None, "too early");
        pass(&control, INTERVAL);
        control.report(0.2, 2.0);
        assert_eq!(control.take_due(), Some(TaskReport { task: 7, fraction: 0.2, loss: 2.0 }));
        control.report(0.3, 2.0);
        assert_eq!(control.take_due(), None, "too early again");
        pass(&control, INTERVAL);
        control.end();
        assert_eq!(control.take_due(), None, "the task is over");
    }
}
