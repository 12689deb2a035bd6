//! That a run is not finished, and how much of it is left.

use crate::engine::overview::Overview;
use crate::engine::results::Results;

/// What is left of a run, in sentences; `None` if it is finished. `runs` tells whether it goes on.
pub fn unfinished(results: &Results, runs: bool) -> Option<String> {
    let overview = Overview::of(results);
    if overview.is_finished() {
        return None;
    }
    let nothing = overview.kinds().all(|kind| kind.done + kind.failed == 0);
    let parts = left(&overview);
    let state = if runs { "It was running when this report was made." } else { "" };
    let begun = if nothing { "Nothing has been computed yet." } else { "" };
    let left = format!("Left: {}.", parts.join("; "));
    let sentences = ["This run is unfinished.", begun, &left, state];
    let sentences: Vec<&str> = sentences.into_iter().filter(|part| !part.is_empty()).collect();
    Some(sentences.join(" "))
}

/// Each stage of which something is left, with numbers.
fn left(overview: &Overview) -> Vec<String> {
    let of_stage = overview.stages.iter().filter_map(|(stage, counts)| {
        let name = stage.name();
        let left: usize = counts.kinds.iter().map(|kind| kind.left).sum();
        let all: usize = counts.kinds.iter().map(|kind| kind.done + kind.failed + kind.left).sum();
        match counts.whole {
            Some(false) => Some(name.to_owned()),
            _ if left > 0 => Some(format!("{name}, {left} of {all} tasks")),
            _ => None,
        }
    });
    of_stage.collect()
}
