//! Claims about solutions leave out vectors that are still the initialization of their run.

use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{SetName, SolutionSet};

/// The rows of a set that are solutions.
pub(super) fn rows(run: &Run<'_>, set: &SolutionSet) -> Vec<usize> {
    let initial = run.at_initialization(&set.name);
    let numbers = set.initialization.iter().enumerate();
    numbers.filter(|(_, number)| !initial.contains(number)).map(|(row, _)| row).collect()
}

/// How many vectors of these sets are left out; `None` if none is left out.
pub(super) fn left_out(run: &Run<'_>, sets: &[SetName; 2]) -> Option<String> {
    let counts = sets.iter().filter_map(|name| Some((name, run.set(name)?)));
    let words = counts.filter_map(|(name, set)| {
        let all = set.initialization.len();
        let count = all - rows(run, set).len();
        (count > 0).then(|| format!("{count} of {all} vectors of {}", set_name(name)))
    });
    let words: Vec<String> = words.collect();
    let why = "never below the loss of their initialization";
    (!words.is_empty()).then(|| format!("left out are {}, {why}", words.join(" and ")))
}
