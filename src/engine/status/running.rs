//! What a run that is going on is doing.

use crate::engine::progress::{self, ProgressSnapshot, RunningTask};
use jiff::{Span, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// Longer than this without a report is worth a word. A rank reports every second, with thousands
/// of ranks every half minute, unless one step takes longer.
const SILENCE: Duration = Duration::from_mins(1);

/// The stage of a run that is going on.
#[derive(Serialize)]
pub struct RunningStage {
    /// Name of the stage.
    #[serde(rename = "stage")]
    pub name: String,
    updated: Timestamp,
    seconds_left: Option<f64>,
    /// When the stage will end, to the second.
    ends: Option<Timestamp>,
    /// Until the known tasks of all stages of the command end; `None` in the last stage.
    seconds_left_in_all: Option<f64>,
    /// Later stages whose tasks are not known yet, so that they are not counted there.
    not_counted: Vec<String>,
    /// Seconds by which it should have ended.
    overdue: Option<f64>,
    /// Tasks that end in a second, on average since the start; `None` before the first has ended.
    pub tasks_per_second: Option<f64>,
    /// The tasks that ranks work on.
    pub tasks: Vec<RunningTask>,
}

impl RunningStage {
    /// What a run says of itself.
    pub fn of(snapshot: ProgressSnapshot) -> Self {
        let tasks_per_second = tasks_per_second(&snapshot);
        let ProgressSnapshot {
            updated,
            stage,
            seconds_left,
            seconds_left_in_all,
            not_counted,
            overdue,
            running,
            ..
        } = snapshot;
        let seconds_left_in_all = seconds_left_in_all.filter(|_| overdue.is_none());
        // A stage that should have ended has no time left to tell.
        let seconds_left = seconds_left.filter(|_| overdue.is_none());
        let ends = seconds_left.and_then(|seconds| {
            updated.checked_add(Span::new().try_seconds(seconds.round() as i64).ok()?).ok()
        });
        let ends = ends.and_then(|end| Timestamp::from_second(end.as_second()).ok());
        Self {
            name: stage,
            updated,
            seconds_left,
            ends,
            seconds_left_in_all,
            not_counted,
            overdue,
            tasks_per_second,
            tasks: running,
        }
    }

    /// Tasks that end in a second. `None` also if the tasks left differ so much from those that
    /// have ended that the rate would contradict the time left.
    pub fn rate_for(&self, left: usize) -> Option<f64> {
        // Running tasks are counted as a whole, so short times need not agree.
        const SHORT: f64 = 60.0;
        let rate = self.tasks_per_second?;
        let by_rate = left as f64 / rate;
        let agrees =
            |seconds: f64| by_rate <= 2.0 * seconds + SHORT && seconds <= 2.0 * by_rate + SHORT;
        self.seconds_left.is_none_or(agrees).then_some(rate)
    }

    /// `3 minutes left`; `None` while too little is known.
    pub fn remaining(&self) -> Option<String> {
        progress::time_left(self.seconds_left, self.overdue)
    }

    /// `, 3 minutes left in this stage, which ends at about …`; empty while too little is known.
    pub fn time_left(&self) -> String {
        let Some(left) = self.remaining() else { return String::new() };
        match self.ends.filter(|_| left.ends_with(" left")) {
            Some(ends) => format!(", {left} in this stage, which ends at about {ends}"),
            None => format!(", {left}"),
        }
    }

    /// `all stages: about 2 hours left`; with stages that are not counted `at least`. `None` in the
    /// last stage, and while too little is known.
    pub fn time_left_in_all(&self) -> Option<String> {
        let left = progress::duration(self.seconds_left_in_all?);
        if self.not_counted.is_empty() {
            return Some(format!("all stages: about {left} left"));
        }
        let stages = self.not_counted.join(", ");
        Some(format!("all stages: at least {left} left; the time of {stages} is not known yet"))
    }
}

fn tasks_per_second(snapshot: &ProgressSnapshot) -> Option<f64> {
    let seconds = snapshot.updated.duration_since(snapshot.began?).as_secs_f64();
    (snapshot.ended > 0 && seconds > 0.0).then(|| snapshot.ended as f64 / seconds)
}

/// A task that runs, in one line; the time when it has begun only if there is room for it.
pub fn task_line(task: &RunningTask, has_room: bool) -> String {
    let RunningTask { name, rank, since, fraction, loss, reported } = task;
    let begun = if has_room { format!(", since {since:.0}") } else { String::new() };
    let running = progress::duration(seconds_since(*since));
    let done = fraction.map_or_else(String::new, |done| format!(" {:.0} %", 100.0 * done));
    let loss = loss.map_or_else(String::new, |loss| format!(", loss {loss:.4e}"));
    // Nobody expects a report from work without parts.
    let silence = fraction.map_or(0.0, |_| seconds_since(reported.unwrap_or(*since)));
    let silent = silence > SILENCE.as_secs_f64();
    let silence = if silent {
        format!(", no report for {}", progress::duration(silence))
    } else {
        String::new()
    };
    format!("rank {rank}: {name},{done} after {running}{begun}{loss}{silence}")
}

/// Until now.
pub fn seconds_since(time: Timestamp) -> f64 {
    Timestamp::now().duration_since(time).as_secs_f64()
}
