//! Checks whether a study fits into the memory of the machine. The prediction follows from its
//! sizes, before anything is allocated.

use crate::data::ChosenFormat;
use crate::engine::failure::Failure;
use crate::engine::memory::{self, Limit};
use crate::engine::parallel::World;
use crate::engine::problem::Problem;
use crate::engine::stages::STAGES;
use std::borrow::Cow;
use std::path::Path;

/// A part of the memory.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryUse {
    /// A lower bound, in bytes.
    pub bytes: f64,
    /// What uses it.
    pub what: &'static str,
    /// The keys that make it smaller.
    pub keys: Cow<'static, str>,
}

impl MemoryUse {
    /// A part that these keys of the configuration make smaller.
    pub fn new(bytes: f64, what: &'static str, keys: impl Into<Cow<'static, str>>) -> Self {
        Self { bytes, what, keys: keys.into() }
    }
}

/// A lower bound of the memory that a stage uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageMemory {
    /// The memory of a rank for one task of each kind: a rank performs one task at a time.
    pub task: Vec<MemoryUse>,
    /// The additional memory of the root.
    pub root: Vec<MemoryUse>,
}

/// Refuses a study that does not fit into this machine with a single rank. On rank 0, returns a
/// warning if it does not fit with all ranks of this machine. Collective.
pub fn check(world: &World, file: &Path, problem: &Problem) -> Result<Option<String>, Failure> {
    let rank: Vec<MemoryUse> =
        largest_task(problem, 0).into_iter().chain(problem.memory()).collect();
    let ranks = world.ranks_on_this_machine();
    let limit = world.agree(memory::limit())?;
    let root = || STAGES.iter().flat_map(|stage| stage.memory(problem, 0).root).collect();
    let root: Vec<MemoryUse> = if world.is_root() { root() } else { Vec::new() };
    let refused = limit.as_ref().and_then(|limit| refusal(&rank, &root, limit));
    let refused = refused.map(|problem| format!("{}: {problem}", file.display()));
    world.agree(refused.map_or(Ok(()), Err))?;
    let bytes = sum(&root) + ranks as f64 * sum(&rank);
    let warning = limit.and_then(|limit| warning(bytes, ranks, &limit));
    Ok(warning.filter(|_| world.is_root()))
}

/// The memory of the task that needs most; `line` as for
/// [`Stage::memory`](crate::engine::stage::Stage::memory).
pub fn largest_task(problem: &Problem, line: usize) -> Option<MemoryUse> {
    let tasks = STAGES.iter().flat_map(|stage| stage.memory(problem, line).task);
    tasks.max_by(|a, b| a.bytes.total_cmp(&b.bytes))
}

/// Refuses images that do not fit into memory, before they are loaded, if their sizes are known.
pub fn check_dataset(dataset: &ChosenFormat) -> Result<(), String> {
    let Some(outline) = dataset.outline() else { return Ok(()) };
    let images = [images_part(outline.bytes)];
    memory::limit()?.and_then(|limit| refusal(&images, &[], &limit)).map_or(Ok(()), Err)
}

/// A warning if this many ranks need more memory than the machine has.
pub fn warning(bytes: f64, ranks: usize, limit: &Limit) -> Option<String> {
    let Limit { bytes: there, source } = limit;
    (bytes > *there).then(|| {
        let (who, remedy) = if ranks == 1 {
            let remedy = "use a machine or a job with more memory, or reduce paths.points and, for a \
                          network, dataset.train and dataset.test";
            ("1 rank needs".to_owned(), remedy)
        } else {
            (format!("{ranks} ranks need"), "start fewer ranks on each machine")
        };
        format!(
            "warning: memory: {who} about {} on this machine, which has {} ({source}); {remedy}",
            size(bytes),
            size(*there)
        )
    })
}

fn refusal(rank: &[MemoryUse], root: &[MemoryUse], limit: &Limit) -> Option<String> {
    let bytes = sum(rank) + sum(root);
    if bytes <= limit.bytes {
        return None;
    }
    let largest = rank.iter().chain(root).max_by(|a, b| a.bytes.total_cmp(&b.bytes))?;
    let who = if sum(rank) > limit.bytes { "a rank" } else { "rank 0" };
    Some(format!(
        "memory: {who} needs at least {}, most of it for {}, but this machine has {} ({}); reduce \
         {}, or set {}=SIZE to check for a machine with more",
        size(bytes),
        largest.what,
        size(limit.bytes),
        limit.source,
        largest.keys,
        memory::VARIABLE
    ))
}

fn sum(parts: &[MemoryUse]) -> f64 {
    parts.iter().map(|part| part.bytes).sum()
}

/// The images in memory.
pub fn images_part(bytes: f64) -> MemoryUse {
    MemoryUse::new(bytes, "the images", "dataset.train and dataset.test")
}

/// Bytes in words, to two digits or more.
pub fn size(bytes: f64) -> String {
    let units = [(1e18, "EB"), (1e15, "PB"), (1e12, "TB"), (1e10, "GB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let number = bytes / if name == "GB" { 1e9 } else { unit };
            if number < 10.0 {
                format!("{number:.1} {name}")
            } else {
                format!("{number:.0} {name}")
            }
        }
        None if bytes < 1e4 => format!("{:.1} kB", bytes / 1e3),
        None if bytes < 1e6 => format!("{:.0} kB", bytes / 1e3),
        None if bytes < 1e7 => format!("{:.1} MB", bytes / 1e6),
        None => format!("{:.0} MB", bytes / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { bytes: 8e9, source: "physical memory" };

    #[test]
    fn what_does_not_fit_is_refused_with_what_takes_most_and_the_keys_that_change_it() {
        let (small, large) =
            (MemoryUse::new(1e9, "the images", "a"), MemoryUse::new(9e9, "a path", "b"));
        assert_eq!(refusal(&[small], &[], &LIMIT), None);
        let refused =
            refusal(&[large], &[MemoryUse::new(1e6, "c", "c")], &LIMIT).expect("too much");
        for words in
            ["a rank needs at least 9001 MB", "a path", "has 8000 MB (physical", "reduce b"]
        {
            assert!(refused.contains(words), "{refused}");
        }
        let refused =
            refusal(&[], &[MemoryUse::new(f64::MAX, "c", "d")], &LIMIT).expect("too much");
        assert!(refused.contains("rank 0 needs") && refused.contains("reduce d"), "{refused}");
    }

    #[test]
    fn sizes_have_two_digits_or_more() {
        let sizes = [2016.0, 99_000.0, 2.4e6, 2.4e7, 3e10].map(size);
        assert_eq!(sizes, ["2.0 kB", "99 kB", "2.4 MB", "24 MB", "30 GB"]);
    }

    #[test]
    fn ranks_that_do_not_fit_together_are_warned_of() {
        assert_eq!(warning(8e9, 2, &LIMIT), None);
        let of = |ranks| warning(9.5e10, ranks, &LIMIT).expect("too much");
        let several = of(12);
        assert!(several.contains("12 ranks need about 95 GB"), "{several}");
        assert!(several.ends_with("; start fewer ranks on each machine"), "{several}");
        let one = of(1);
        assert!(one.contains("1 rank needs about 95 GB") && !one.contains("fewer"), "{one}");
        assert!(one.contains("; use a machine or a job with more memory, or reduce "), "{one}");
    }
}
