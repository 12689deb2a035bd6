//! The table at the end of a run.

use super::of_paths;
use crate::engine::console;
use crate::engine::results::Results;
use crate::path::refine::{Certificate, Condition, Verdict};
use crate::path::{PathResult, PathSet};
use crate::report::index::BOUND;
use crate::report::number::median;
use crate::report::{IndexCell, IndexColumn, SummaryTable};

const ABOUT: &str = "the lowest maximum found between the endpoints, medians over the paths. excess: \
                     refined barrier − higher endpoint. Every path is in one of four columns. \
                     saddle: certified, the path leads over a saddle. at endpoint: certified, it \
                     is no higher than its higher endpoint. bound: the pass is not higher. open: \
                     not converged. gradients: evaluations.";

/// A path with its certificate.
type Pair<'a> = (&'a PathResult, Certificate);

pub(super) fn table(results: &Results) -> Option<SummaryTable> {
    super::section(results.config)?;
    let sets = results.paths(&results.sets());
    let refined: Vec<(&PathSet, Vec<Pair>)> = sets
        .iter()
        .map(|paths| (paths, refined(results, paths)))
        .filter(|(_, pairs)| !pairs.is_empty())
        .collect();
    if refined.is_empty() {
        return None;
    }
    let header =
        ["set", "on", "refined", "excess", "saddle", "at endpoint", "bound", "open", "gradients"];
    Some(SummaryTable {
        title: "Refined barriers",
        about: ABOUT.to_owned(),
        header: header.to_vec(),
        texts: 2,
        rows: refined.iter().map(|(paths, pairs)| row(paths, pairs)).collect(),
        remarks: conditions(&refined),
    })
}

fn refined<'a>(results: &Results, paths: &'a PathSet) -> Vec<Pair<'a>> {
    let outcomes = of_paths(results, paths).into_iter();
    let pairs = paths
        .results
        .iter()
        .zip(outcomes)
        .filter_map(|(path, refined)| Some((path.as_ref().ok()?, refined?.ok()?.certificate)));
    pairs.collect()
}

fn row(paths: &PathSet, pairs: &[Pair]) -> Vec<String> {
    let median = |number: &dyn Fn(&Pair) -> f64| median(pairs.iter().map(number));
    let count = |verdict| pairs.iter().filter(|(_, found)| found.verdict == verdict).count();
    let at_endpoint = pairs.iter().filter(|(_, found)| is_pass_at_endpoint(found)).count();
    vec![
        paths.set.to_string(),
        paths.landscape.to_string(),
        median(&|(_, found)| found.height),
        median(&|(path, found)| found.height - path.higher_endpoint()),
        (count(Verdict::Pass) - at_endpoint).to_string(),
        at_endpoint.to_string(),
        count(Verdict::UpperBound).to_string(),
        count(Verdict::NotConverged).to_string(),
        median(&|(_, found)| found.work.in_gradients()),
    ]
}

/// Whether a path is certified because it is no higher than its higher endpoint.
fn is_pass_at_endpoint(found: &Certificate) -> bool {
    found.verdict == Verdict::Pass && found.is_at_endpoint
}

/// The columns of the report's table of the main numbers.
pub(super) fn index(results: &Results) -> Vec<IndexColumn> {
    if super::section(results.config).is_none() {
        return Vec::new();
    }
    let sets = results.paths(&results.sets());
    let all: Vec<(&PathSet, Vec<Pair>)> = sets
        .iter()
        .map(|paths| (paths, refined(results, paths)))
        .filter(|(_, pairs)| !pairs.is_empty())
        .collect();
    let median = |number: &dyn Fn(&Pair) -> f64| {
        let cell = |(paths, pairs): &(&PathSet, Vec<Pair>)| {
            let numbers = pairs.iter().map(number);
            let cell = IndexCell::median(&paths.set, paths.landscape, numbers)?;
            let certified = pairs.iter().all(|(_, found)| found.verdict == Verdict::Pass);
            Some(if certified { cell } else { cell.marked(BOUND, "") })
        };
        all.iter().filter_map(cell).collect()
    };
    let certified = |(paths, pairs): &(&PathSet, Vec<Pair>)| {
        let passes = pairs.iter().filter(|(_, found)| found.verdict == Verdict::Pass).count();
        IndexCell::count(&paths.set, paths.landscape, passes)
            .marked("", &format!("/{}", pairs.len()))
    };
    let column = |name, about, cells| IndexColumn { group: "Refined, medians", name, about, cells };
    vec![
        column(
            "refined",
            "Lowest maximum between the endpoints.",
            median(&|(_, found)| found.height),
        ),
        column(
            "excess",
            "Refined barrier less the higher endpoint.",
            median(&|(path, found)| found.height - path.higher_endpoint()),
        ),
        column(
            "certified",
            "Refined barriers that are certified passes (a saddle or the higher endpoint), of all \
             refined ones.",
            all.iter().map(certified).collect(),
        ),
    ]
}

/// How many refined barriers are bounds, and why.
fn conditions(refined: &[(&PathSet, Vec<Pair>)]) -> Vec<String> {
    let all = refined.iter().flat_map(|(_, pairs)| pairs).map(|(_, found)| found);
    let open: Vec<&Certificate> = all.filter(|found| found.verdict != Verdict::Pass).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let conditions = [
        Condition::Stationary,
        Condition::OneDescendingDirection,
        Condition::Connected,
        Condition::HighestPoint,
    ];
    let lines = conditions.iter().filter_map(|condition| {
        let count = open.iter().filter(|found| found.failed.contains(condition)).count();
        (count > 0).then(|| format!("{}: {condition}", console::count(count, "barrier")))
    });
    let total: usize = refined.iter().map(|(_, pairs)| pairs.len()).sum();
    let first = format!(
        "Upper bounds, not certified as passes: {} of {total} refined barriers. Conditions that do \
         not hold:",
        open.len(),
    );
    std::iter::once(first).chain(lines).collect()
}
