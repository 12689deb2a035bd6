//! The tables at the end of a run.

use super::barriers::{self, AlignedBarriers};
use super::{AlignedSet, Alignment, alignment};
use crate::analysis::statistics::Summary;
use crate::engine::results::Results;
use crate::path::PathResult;
use crate::report::SummaryTable;
use crate::report::number::{percent, short};

pub(super) fn tables(results: &Results<'_>) -> Vec<SummaryTable> {
    let Some(found) = alignment(results, &results.found_sets()) else { return Vec::new() };
    let mut tables = vec![distances(&found)];
    let barriers = barriers::of_all(results, &results.paths(&results.sets()));
    if !barriers.is_empty() {
        tables.push(SummaryTable {
            title: "Barriers after alignment",
            about: "medians over the pairs that have a path in both sets, before the alignment \
                    and after it: of the straight line, and of the path that was found."
                .to_owned(),
            header: vec![
                "set",
                "on",
                "pairs",
                "straight",
                "aligned straight",
                "path",
                "aligned path",
            ],
            texts: 2,
            rows: barriers.iter().map(barrier_row).collect(),
            remarks: Vec::new(),
        });
    }
    tables
}

fn distances(found: &Alignment) -> SummaryTable {
    SummaryTable {
        title: "Alignment",
        about: "the median distance between two solutions of a set, before and after the exchange \
                of hidden units, and how far it has fallen."
            .to_owned(),
        header: vec!["set", "solutions", "before", "after", "lower by"],
        texts: 1,
        rows: found.sets.iter().map(distance_row).collect(),
        remarks: std::iter::once(spread(found)).chain(open(found)).collect(),
    }
}

fn spread(found: &Alignment) -> String {
    let (Some(&before), Some(&after)) = (found.spreads.first(), found.spreads.last()) else {
        return String::new();
    };
    let [before, after] = [before, after].map(short);
    format!("Root mean square distance from the common mean: {before} before, {after} after.")
}

/// That the alignment has not converged, if so.
pub(super) fn open(found: &Alignment) -> Option<String> {
    (!found.converged).then(|| {
        "The alignment of sets has not converged: its last round still exchanged units. Increase \
         `align.rounds`."
            .to_owned()
    })
}

fn distance_row(set: &AlignedSet) -> Vec<String> {
    let [before, after] = set.distances.each_ref().map(|distances| median(distances));
    let lower = 1.0 - after / before;
    vec![
        set.source.to_string(),
        set.initialization.len().to_string(),
        shown(before),
        shown(after),
        if lower.is_finite() { percent(lower) } else { "–".to_owned() },
    ]
}

fn barrier_row(of: &AlignedBarriers) -> Vec<String> {
    let median = |which: usize, height: fn(&PathResult) -> f64| {
        let heights: Vec<f64> = of.pairs.iter().map(|(_, paths)| height(&paths[which])).collect();
        shown(median(&heights))
    };
    vec![
        of.sets.to_string(),
        of.landscape.to_string(),
        of.pairs.len().to_string(),
        median(0, |path| path.straight_barrier),
        median(1, |path| path.straight_barrier),
        median(0, |path| path.barrier),
        median(1, |path| path.barrier),
    ]
}

/// Of the finite ones; NaN if there are none.
fn median(numbers: &[f64]) -> f64 {
    let finite: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
    Summary::of(&finite).map_or(f64::NAN, |summary| summary.median)
}

fn shown(number: f64) -> String {
    if number.is_nan() { "–".to_owned() } else { short(number) }
}
