//! That a run is not finished, and how much of it is left.

use crate::engine::overview::Overview;
use crate::engine::results::Results;
use crate::engine::stage::{KindCounts, StageCounts};
use crate::report::{LeftStage, Unfinished};

/// What is left of a run; `None` if it is finished. `is_running` tells whether it goes on.
pub fn unfinished(results: &Results, is_running: bool) -> Option<Unfinished> {
    let overview = Overview::of(results);
    if overview.is_finished() {
        return None;
    }
    let is_empty = overview.kinds().all(|kind| kind.done + kind.failed == 0);
    let sets = results.sets();
    let mut is_any_left = false;
    let mut left = Vec::new();
    for (stage, counts) in &overview.stages {
        let is_unknown = stage.applies(results.config) && !counts.are_known(*stage);
        let words = if is_any_left && is_unknown {
            Some("of which the number is not known yet".to_owned())
        } else {
            let may_grow = stage.may_get_more_tasks(results, &sets);
            let so_far = if may_grow { " known so far" } else { "" };
            left_of(counts).map(|left| left + so_far)
        };
        is_any_left |= words.is_some();
        left.extend(words.map(|left| LeftStage { name: stage.name(), left, kinds: kinds(counts) }));
    }
    Some(Unfinished { is_running, is_empty, left })
}

/// The number of tasks of a stage that are left; empty for a stage as a whole. `None` if nothing is
/// left.
fn left_of(counts: &StageCounts) -> Option<String> {
    let left: usize = counts.kinds.iter().map(|kind| kind.left).sum();
    match counts.whole {
        Some(false) => Some(String::new()),
        _ if left > 0 => {
            let all: usize = counts.kinds.iter().map(KindCounts::all).sum();
            Some(format!("{left} of {all} tasks"))
        }
        _ => None,
    }
}

/// Each kind of task of which some are left, with numbers.
fn kinds(counts: &StageCounts) -> Vec<String> {
    let left = counts.kinds.iter().filter(|kind| kind.left > 0);
    left.map(|kind| format!("{}: {} of {}", kind.name, kind.left, kind.all())).collect()
}
