//! The table of the main numbers, a row for each set on each landscape.

use super::number::{percent, typeset_height};
use super::run::Run;
use super::style::{endpoint_sets, set_name};
use crate::analysis::statistics::Summary;
use crate::path::{PathResult, PathSet, PathStop};
use crate::solutions::{EndpointSets, LandscapeName, SolutionSet};

/// A column of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexColumn {
    /// What it belongs to, above the names of neighboring columns: `Refined`.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its numbers are, in a sentence.
    pub about: &'static str,
    /// Its cells.
    pub cells: Vec<IndexCell>,
}

/// A number of a set or of its paths.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexCell {
    /// The set, or the sets of the endpoints of paths.
    pub sets: EndpointSets,
    /// The landscape; `None` for a number that belongs to the set alone.
    pub landscape: Option<LandscapeName>,
    /// The number, by which rows are sorted; NaN comes last.
    pub value: f64,
    /// As it is written.
    pub text: String,
}

/// A row of the table.
pub struct IndexRow {
    /// The sets.
    pub sets: EndpointSets,
    /// The landscape; `None` for a set without paths.
    pub landscape: Option<LandscapeName>,
}

/// Before a number that is an upper bound.
pub const BOUND: &str = "≤\u{a0}";
/// After a number that would fall with more steps.
pub const FALLING: &str = "\u{a0}↓";

impl IndexCell {
    /// The median of the numbers that are finite; `None` if none is.
    pub fn median(
        sets: &EndpointSets,
        landscape: LandscapeName,
        numbers: impl IntoIterator<Item = f64>,
    ) -> Option<Self> {
        let finite: Vec<f64> = numbers.into_iter().filter(|number| number.is_finite()).collect();
        let value = Summary::of(&finite).ok()?.median;
        let text = typeset_height(value);
        Some(Self { sets: sets.clone(), landscape: Some(landscape), value, text })
    }

    /// A number of tasks or solutions.
    pub fn count(sets: &EndpointSets, landscape: LandscapeName, count: usize) -> Self {
        let (value, text) = (count as f64, count.to_string());
        Self { sets: sets.clone(), landscape: Some(landscape), value, text }
    }

    /// The same with a mark.
    #[must_use]
    pub fn marked(mut self, before: &str, after: &str) -> Self {
        self.text = format!("{before}{}{after}", self.text);
        self
    }

    /// Of a set, on whatever landscape.
    fn of_set(set: &SolutionSet, value: f64, text: String) -> Self {
        Self { sets: EndpointSets::within(set.name.clone()), landscape: None, value, text }
    }
}

impl IndexRow {
    /// The printed name of its sets.
    pub fn name(&self) -> String {
        self.sets.single().map_or_else(|| endpoint_sets(&self.sets), set_name)
    }

    /// The cell of a column in this row.
    pub fn cell<'c>(&self, column: &'c IndexColumn) -> Option<&'c IndexCell> {
        let is_here = |cell: &&IndexCell| {
            cell.sets == self.sets && (cell.landscape.is_none() || cell.landscape == self.landscape)
        };
        column.cells.iter().find(is_here)
    }
}

/// The rows of a run: every set on every landscape of its paths.
pub fn rows(run: &Run<'_>) -> Vec<IndexRow> {
    let mut rows: Vec<IndexRow> = Vec::new();
    let mut add = |sets: EndpointSets, landscape| {
        if !rows.iter().any(|row| row.sets == sets && row.landscape == landscape) {
            rows.push(IndexRow { sets, landscape });
        }
    };
    let (with_paths, more) = (|| run.paths.iter().filter(|of| !of.pairs.is_empty()), &run.index);
    let more = || more.iter().flat_map(|column| &column.cells);
    for set in run.sets.iter().filter(|set| set.theta.nrows() > 0) {
        let sets = EndpointSets::within(set.name.clone());
        let of_paths = with_paths().filter(|of| of.set == sets).map(|of| Some(of.landscape));
        let of_cells = more().filter(|cell| cell.sets == sets).map(|cell| cell.landscape);
        let mut landscapes: Vec<_> = of_paths.chain(of_cells).flatten().collect();
        landscapes.sort_unstable();
        landscapes.dedup();
        if landscapes.is_empty() {
            add(sets.clone(), None);
        }
        landscapes.into_iter().for_each(|landscape| add(sets.clone(), Some(landscape)));
    }
    with_paths().for_each(|of| add(of.set.clone(), Some(of.landscape)));
    rows
}

/// The columns of a run: solutions, paths, and what the stages add.
pub fn columns(run: &Run<'_>) -> Vec<IndexColumn> {
    let all = of_solutions(run).into_iter().chain(of_paths(run)).chain(run.index.iter().cloned());
    all.filter(|column| column.cells.iter().any(|cell| !cell.text.is_empty())).collect()
}

fn of_solutions(run: &Run<'_>) -> Vec<IndexColumn> {
    let sets = || run.sets.iter().filter(|set| set.theta.nrows() > 0);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let column = |name, about, cell: &dyn Fn(&SolutionSet) -> (f64, String)| {
        let cell = |set: &SolutionSet| {
            let (value, text) = cell(set);
            IndexCell::of_set(set, value, text)
        };
        let cells = sets().map(cell).filter(|cell| !cell.value.is_nan()).collect();
        IndexColumn { group: "Solutions, means", name, about, cells }
    };
    let loss = |values: &[f64]| (mean(values), typeset_height(mean(values)));
    let accuracy = |values: &[f64]| {
        let text = percent(mean(values));
        (mean(values), text.trim_end_matches(" %").to_owned())
    };
    let [train, test] = match (run.network().is_some(), run.is_process()) {
        (true, _) => [
            ("training loss", "Loss on the training images."),
            ("test loss", "Loss on the test images."),
        ],
        (false, true) => [
            ("height", "Height on the data set `train`, or on the only one."),
            ("height on test", "Height on the data set `test`."),
        ],
        (false, false) => {
            [("height", "Height of the solutions."), ("height on test", "Height on `test`.")]
        }
    };
    vec![
        column("count", "Number of solutions.", &|set| {
            (set.theta.nrows() as f64, set.theta.nrows().to_string())
        }),
        column(train.0, train.1, &|set| loss(&set.loss_train)),
        column(test.0, test.1, &|set| loss(&set.loss_test)),
        column("training acc. (%)", "Share of the training images classified correctly.", &|set| {
            accuracy(&set.accuracy_train)
        }),
        column("test acc. (%)", "Share of the test images classified correctly.", &|set| {
            accuracy(&set.accuracy_test)
        }),
    ]
}

type PathNumber = fn(&PathResult) -> f64;

/// A median of paths.
struct PathMedian {
    name: &'static str,
    /// For a network, and for other landscapes.
    about: [&'static str; 2],
    number: PathNumber,
    /// The least that more steps can come to; `None` if they do not change the number.
    least: Option<PathNumber>,
}

const MEDIANS: [PathMedian; 4] = [
    PathMedian {
        name: "straight line",
        about: ["Highest loss on the straight line.", "Greatest height on the straight line."],
        number: |path| path.straight_barrier,
        least: None,
    },
    PathMedian {
        name: "barrier H",
        about: [
            "Highest loss on the path, at the points where the search evaluates it.",
            "Greatest height on the path, at the points where the search evaluates it.",
        ],
        number: |path| path.barrier,
        least: Some(PathResult::higher_endpoint),
    },
    PathMedian {
        name: "fine grid",
        about: [
            "Highest loss along the path, also between the points of its grid.",
            "Greatest height along the path, also between the points of its grid.",
        ],
        number: highest,
        least: Some(PathResult::higher_endpoint),
    },
    PathMedian {
        name: "excess",
        about: [
            "The column before, less the loss of the higher endpoint.",
            "The column before, less the height of the higher endpoint.",
        ],
        number: |path| highest(path) - path.higher_endpoint(),
        least: Some(|_| 0.0),
    },
];

impl PathMedian {
    /// The median over the paths, marked if more steps can lower it.
    fn cell(&self, paths: &PathSet) -> Option<IndexCell> {
        let median = |number: &dyn Fn(&PathResult) -> f64| {
            IndexCell::median(&paths.set, paths.landscape, paths.found().map(number))
        };
        let cell = median(&self.number)?;
        let least = median(&|path| match self.least {
            Some(least) if path.was_improving() => least(path),
            _ => (self.number)(path),
        })?;
        Some(if least.value < cell.value { cell.marked("", FALLING) } else { cell })
    }
}

/// The highest loss that is known on a path: between the points of its grid it may be far above H.
fn highest(path: &PathResult) -> f64 {
    path.fine_barrier.max(path.barrier)
}

type PathCount = fn(&PathSet) -> usize;

/// The meaning of a converged search.
const CONVERGED: &str = "Searches that ended before their last step: the objective no longer \
                         fell, or the path came down to its higher endpoint.";

/// The meaning of a falling path, and of the number of one without a mark.
const IMPROVING: &str = "Paths that were still improving at the last step. ↓ marks the numbers that \
                         more steps can lower: not those at the higher endpoints already.";

/// How searches ended: name, meaning, number of paths.
const COUNTS: [(&str, &str, PathCount); 4] = [
    ("paths", "Paths that were found.", |paths| paths.found().count()),
    ("converged", CONVERGED, |paths| {
        let ended = |path: &&PathResult| {
            matches!(path.stop, PathStop::Converged { .. } | PathStop::AtEndpoint { .. })
        };
        paths.found().filter(ended).count()
    }),
    ("falling", IMPROVING, falling),
    (FAILED, "Pairs without a path.", PathSet::failed),
];

const FAILED: &str = "failed";

fn falling(paths: &PathSet) -> usize {
    paths.found().filter(|path| path.was_improving()).count()
}

fn of_paths(run: &Run<'_>) -> Vec<IndexColumn> {
    let all = || run.paths.iter().filter(|paths| !paths.pairs.is_empty());
    let medians = MEDIANS.iter().map(|median| {
        let cells = all().filter_map(|paths| median.cell(paths)).collect();
        let about = median.about[usize::from(run.network().is_none())];
        IndexColumn { group: "Paths, medians", name: median.name, about, cells }
    });
    // A column of zeros says nothing.
    let any_failed = all().any(|paths| paths.failed() > 0);
    let counts = COUNTS.iter().filter(|(name, ..)| *name != FAILED || any_failed).map(
        |&(name, about, number)| {
            let cell =
                |paths: &PathSet| IndexCell::count(&paths.set, paths.landscape, number(paths));
            let cells = all().map(cell).collect();
            IndexColumn { group: "Paths, numbers", name, about, cells }
        },
    );
    medians.chain(counts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::notes::tests::{path, path_set};

    #[test]
    fn a_median_is_marked_only_if_more_steps_can_lower_it() {
        let falling = |loss: &[f64]| path(loss, 9, PathStop::Completed);
        let (high, low) = ([0.0, 3.0, 1.0], [0.0, 0.5, 1.0]);
        let marks = |paths: Vec<PathResult>| {
            let paths = path_set("a/b", paths);
            MEDIANS.each_ref().map(|of| of.cell(&paths).expect("paths").text.ends_with(FALLING))
        };
        assert_eq!(marks(vec![falling(&high)]), [false, true, true, true]);
        // At its higher endpoint nothing is left, whatever another path does.
        assert_eq!(marks(vec![falling(&low), falling(&low), falling(&high)]), [false; 4]);
        assert_eq!(marks(vec![path(&high, 4, PathStop::Completed)]), [false; 4]);
    }
}
