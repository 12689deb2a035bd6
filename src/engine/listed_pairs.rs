//! `paths.list`: pairs of initialization numbers from a file.

use crate::config::{PairList, PathsConfig, check_list};
use crate::engine::problem::Problem;
use crate::solutions::{SetName, SolutionSet};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A longer list is a mistake.
const MAX_PAIRS: usize = 10_000_000;

/// Reads the file of `paths.list`, if it names one.
///
/// # Errors
/// The problem with the file, with its line.
pub fn read(paths: &PathsConfig) -> Result<Option<PairList>, String> {
    let Some(PairList::File(name)) = &paths.list else { return Ok(paths.list.clone()) };
    let refuse = |problem: String| format!("paths.list: {name}: {problem}");
    let text = fs::read_to_string(name).map_err(|error| refuse(error.to_string()))?;
    let pairs = parse(&text).map_err(refuse)?;
    check_list(&pairs, !paths.sets.is_empty()).map_err(refuse)?;
    Ok(Some(PairList::Pairs(pairs)))
}

/// Refuses initialization numbers that cannot be in a set, as far as this is known before any work.
///
/// # Errors
/// A line for each set, with these numbers.
pub fn check(problem: &Problem) -> Result<(), String> {
    let last = |set: &SetName| problem.numbers_in(set);
    refuse_missing(&problem.config.paths, |set, number| number >= last(set)).map_err(|sets| {
        let line = |(set, numbers): (SetName, String)| {
            let most = last(&set).saturating_sub(1);
            format!("paths.list: {set} has no {numbers}: its numbers go from 0 to {most}")
        };
        sets.into_iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// Refuses initialization numbers that have no solution in a set.
///
/// # Errors
/// A line for each set, with these numbers.
pub fn check_solutions(paths: &PathsConfig, sets: &[SolutionSet]) -> Result<(), String> {
    let of = |name: &SetName| sets.iter().find(|set| set.name == *name);
    refuse_missing(paths, |set, number| {
        of(set).is_none_or(|set| !set.initialization.contains(&number))
    })
    .map_err(|missing| {
        let line = |(set, numbers): (SetName, String)| {
            let mut there = of(&set).map_or_else(Vec::new, |set| set.initialization.clone());
            there.sort_unstable();
            let there: Vec<String> = there.iter().map(u32::to_string).collect();
            let there = there.join(", ");
            format!("paths.list: {set} has no {numbers}; its solutions are {there}")
        };
        missing.into_iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// The listed numbers that are missing, set by set.
fn refuse_missing(
    paths: &PathsConfig,
    is_missing: impl Fn(&SetName, u32) -> bool,
) -> Result<(), Vec<(SetName, String)>> {
    let pairs = paths.list.as_ref().map_or(&[][..], PairList::pairs);
    let mut missing: BTreeMap<SetName, BTreeSet<u32>> = BTreeMap::new();
    for sets in paths.endpoint_sets() {
        for &(a, b) in pairs {
            for (set, number) in [(&sets.a, a), (&sets.b, b)] {
                if is_missing(set, number) {
                    missing.entry(set.clone()).or_default().insert(number);
                }
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let words = |numbers: BTreeSet<u32>| -> String {
        numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    };
    Err(missing.into_iter().map(|(set, numbers)| (set, words(numbers))).collect())
}

/// Parses two columns, separated by a comma, a semicolon or white space. The first line may be a
/// heading. Empty lines and lines that begin with `#` are ignored.
fn parse(text: &str) -> Result<Vec<(u32, u32)>, String> {
    let mut pairs = Vec::new();
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = text.lines().enumerate().filter(|(_, line)| is_content(line));
    for (index, (number, line)) in lines.enumerate() {
        let separators = |c: char| c == ',' || c == ';' || c.is_whitespace();
        let cells: Vec<&str> = line.split(separators).filter(|cell| !cell.is_empty()).collect();
        let numbers: Vec<Option<u32>> = cells.iter().map(|cell| cell.parse().ok()).collect();
        match numbers[..] {
            [Some(a), Some(b)] => pairs.push((a, b)),
            _ if index == 0 && numbers.iter().all(Option::is_none) => {}
            _ => {
                return Err(format!(
                    "line {}: must be two initialization numbers, as in 0,3, is {:?}",
                    number + 1,
                    line.trim()
                ));
            }
        }
        if pairs.len() > MAX_PAIRS {
            return Err(format!("more than {MAX_PAIRS} pairs"));
        }
    }
    if pairs.is_empty() { Err("holds no pair".to_owned()) } else { Ok(pairs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_however_they_are_separated() {
        for text in ["0,3\n2,5\n", "a,b\n0, 3\n\n2 ;5", "# mine\n0\t3\r\n2   5\r\n"] {
            assert_eq!(parse(text), Ok(vec![(0, 3), (2, 5)]), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_pair_is_named_with_its_line() {
        for (text, problem) in [
            ("", "holds no pair"),
            ("a,b\n", "holds no pair"),
            ("0,3\n2\n", "line 2: must be two initialization numbers, as in 0,3, is \"2\""),
            ("0,-3\n", "line 1: must be"),
            ("a,b\nc,d\n", "line 2: must be"),
            ("0,3,4\n", "line 1: must be"),
            ("0,4294967296\n", "line 1: must be"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(problem), "{text:?}: {found}");
        }
    }
}
