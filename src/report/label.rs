//! What runs are called when a report has several.

use super::Run;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Numbers runs, and labels them by their networks or landscapes. Runs with the same one also get the shortest ends
/// of their directories that differ.
pub fn set(runs: &mut [Run<'_>], directories: &[PathBuf]) {
    let subjects: Vec<String> = runs.iter().map(Run::subject).collect();
    for (number, (run, label)) in runs.iter_mut().zip(labels(&subjects, directories)).enumerate() {
        run.label = label;
        run.number = number;
    }
}

fn labels(subjects: &[String], directories: &[PathBuf]) -> Vec<String> {
    let label = |(index, subject): (usize, &String)| {
        let same: Vec<usize> =
            (0..subjects.len()).filter(|&other| subjects[other] == *subject).collect();
        if same.len() == 1 {
            return subject.clone();
        }
        let place = same.iter().position(|&other| other == index).unwrap_or(0);
        let paths: Vec<&Path> = same.iter().map(|&other| directories[other].as_path()).collect();
        format!("{subject} ({})", distinct_ends(&paths)[place])
    };
    subjects.iter().enumerate().map(label).collect()
}

/// The shortest ends of different paths that differ from each other, as they are shown: `a/out` and
/// `b/out`. Paths that look the same, as those that are not UTF-8 may, are numbered.
fn distinct_ends(paths: &[&Path]) -> Vec<String> {
    let names: Vec<Vec<String>> = paths.iter().map(|path| names(path)).collect();
    let longest = names.iter().map(Vec::len).max().unwrap_or(0);
    let ends = |length: usize| -> Vec<String> {
        names.iter().map(|names| names[names.len().saturating_sub(length)..].join("/")).collect()
    };
    let differ = |ends: &Vec<String>| ends.iter().collect::<BTreeSet<_>>().len() == ends.len();
    (1..=longest).map(ends).find(differ).unwrap_or_else(|| {
        (1..).zip(ends(longest)).map(|(number, end)| format!("{end}, {number}")).collect()
    })
}

/// The names that a path consists of, without the root.
fn names(path: &Path) -> Vec<String> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(paths: &[&str]) -> Vec<String> {
        distinct_ends(&paths.iter().map(Path::new).collect::<Vec<_>>())
    }

    #[test]
    fn runs_go_by_the_shortest_ends_that_differ() {
        assert_eq!(ends(&["/s1/a", "/s2/b"]), ["a", "b"]);
        assert_eq!(ends(&["/x/s1/out", "/x/s2/out"]), ["s1/out", "s2/out"]);
        assert_eq!(ends(&["/x/s1/out", "/y/s1/out", "/z"]), ["x/s1/out", "y/s1/out", "z"]);
        assert_eq!(ends(&["/out", "/s1/out"]), ["out", "s1/out"]);
        assert_eq!(ends(&["/same", "/same"]), ["same, 1", "same, 2"]);
    }

    #[test]
    fn only_runs_of_the_same_network_or_landscape_get_their_directories() {
        let subjects = ["FCP", "LeNet", "FCP"].map(str::to_owned);
        let directories = ["/a/out", "/b/out", "/c/out"].map(PathBuf::from);
        assert_eq!(labels(&subjects, &directories), ["FCP (a/out)", "LeNet", "FCP (c/out)"]);
    }
}
