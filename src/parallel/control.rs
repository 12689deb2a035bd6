//! What a running task and the main thread of its rank tell each other.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lets a task ask whether to stop and report how far it is.
///
/// `Control::default()` belongs to no farm: nothing stops the task and nobody reads its reports.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    latest: Mutex<Latest>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub task: usize,
    pub fraction: f64,
    pub loss: f64,
}

#[derive(Debug, Default)]
struct Latest {
    progress: Option<Progress>,
    /// The task that runs, and when it began or was last passed on.
    task: Option<(usize, Instant)>,
}

/// The time between two reports of one task to rank 0. Counted from the beginning of the task, so
/// short tasks, which may be many, send none.
const INTERVAL: Duration = Duration::from_secs(1);

impl Control {
    /// Whether the task should end as soon as it can. What it returns then is delivered like any
    /// other result, so the type of the result has to tell a task cut short from a whole one.
    pub fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reports that `fraction` (0 to 1) of the task is done and the loss at present.
    ///
    /// Cheap enough for every epoch or step: it stores two numbers under a lock nobody holds for
    /// long. The latest report goes to rank 0 about once a second.
    pub fn report(&self, fraction: f64, loss: f64) {
        let mut latest = self.latest();
        if let Some((task, _)) = latest.task {
            latest.progress = Some(Progress { task, fraction, loss });
        }
    }

    pub(super) fn request_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn begin(&self, task: usize) {
        *self.latest() = Latest { progress: None, task: Some((task, Instant::now())) };
    }

    /// No report of the task is passed on after this.
    pub(super) fn end(&self) {
        *self.latest() = Latest::default();
    }

    /// The latest report, if it is time to pass one on.
    pub(super) fn take_due(&self) -> Option<Progress> {
        let mut latest = self.latest();
        let (task, last) = latest.task?;
        if last.elapsed() < INTERVAL {
            return None;
        }
        let progress = latest.progress.take()?;
        latest.task = Some((task, Instant::now()));
        Some(progress)
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_passed_on_once_a_second_and_only_while_the_task_runs() {
        let control = Control::default();
        control.report(0.5, 1.0);
        assert_eq!(control.take_due(), None, "belongs to no task");
        control.begin(7);
        control.report(0.1, 3.0);
        assert_eq!(control.take_due(), None, "too early");
        std::thread::sleep(INTERVAL);
        control.report(0.2, 2.0);
        assert_eq!(control.take_due(), Some(Progress { task: 7, fraction: 0.2, loss: 2.0 }));
        control.report(0.3, 2.0);
        assert_eq!(control.take_due(), None, "too early again");
        std::thread::sleep(INTERVAL);
        control.end();
        assert_eq!(control.take_due(), None, "the task is over");
    }
}
