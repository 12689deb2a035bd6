//! The tables at the end of a run.

use super::landscape_graph::{EdgeKind, LandscapeGraph, NodeOrigin};
use crate::analysis::graph::{Level, levels};
use crate::engine::console::count;
use crate::report::number::{number, short};
use crate::report::{IndexCell, IndexColumn, SummaryTable};
use crate::solutions::{EndpointSets, SetName};

pub(super) fn tables(graphs: &[LandscapeGraph]) -> Vec<SummaryTable> {
    if graphs.is_empty() {
        return Vec::new();
    }
    let mut header = vec!["graph", "on", "solutions"];
    // Refinements found these.
    let refined = graphs.iter().any(|graph| graph.edges_of(EdgeKind::Pass).next().is_some());
    header.extend(refined.then_some(["minima", "passes"]).into_iter().flatten());
    header.extend(["paths", "components", "with a detour", "lower by"]);
    let about = "solutions are nodes, paths are edges. A detour is a route through the graph that \
                 is lower than the direct path. The difference is shown as median [lowest, \
                 highest].";
    let further = " Minima and passes are further nodes and edges that refinements found.";
    let joined = SummaryTable {
        title: "Graphs",
        about: if refined { format!("{about}{further}") } else { about.to_owned() },
        header,
        texts: 2,
        rows: graphs.iter().map(|graph| row(graph, refined)).collect(),
        remarks: graphs.iter().filter_map(left_out).collect(),
    };
    let of_levels = SummaryTable {
        title: "Connected components",
        about: "the nodes up to a height, and the number of components that the edges up to this \
                height join them to."
            .to_owned(),
        header: vec!["graph", "on", "up to", "nodes", "components"],
        texts: 2,
        rows: graphs.iter().flat_map(level_rows).collect(),
        remarks: Vec::new(),
    };
    vec![joined, of_levels]
}

/// The column of the report's table of the main numbers. A set in several graphs has the number of
/// the first.
pub(super) fn index(graphs: &[LandscapeGraph]) -> Vec<IndexColumn> {
    let cells = graphs.iter().flat_map(|graph| {
        let count = graph.merges.components().len();
        // Solutions without a path may be no nodes of the graph.
        let is_there = |place| graph.nodes.iter().any(|node| node.origin == NodeOrigin::Set(place));
        let sets = graph.config.sets.iter().enumerate().filter(|&(place, _)| is_there(place));
        let sets: Vec<&SetName> = sets.map(|(_, set)| set).collect();
        let several = if sets.len() > 1 { "\u{a0}†" } else { "" };
        let cell = move |set: &SetName| {
            let cell = IndexCell::count(&EndpointSets::within(set.clone()), graph.landscape, count);
            cell.marked("", several)
        };
        sets.into_iter().map(cell)
    });
    vec![IndexColumn {
        group: "Graph",
        name: "parts",
        about: "Connected components: parts of the graph that no path joins. †: of all sets of the \
                graph together.",
        cells: cells.collect(),
    }]
}

fn row(graph: &LandscapeGraph, refined: bool) -> Vec<String> {
    let detours = graph.lower_by();
    let lower = match (detours.first(), detours.get(detours.len() / 2), detours.last()) {
        (Some(&least), Some(_), Some(&most)) => {
            let median = median(&detours);
            format!("{} [{}, {}]", short(median), short(least), short(most))
        }
        _ => String::new(),
    };
    let number = |kind| graph.edges_of(kind).count().to_string();
    let minima = graph.nodes.iter().filter(|node| node.origin == NodeOrigin::Refinement).count();
    let mut row = vec![graph.config.name.clone(), graph.landscape.to_string()];
    row.push((graph.nodes.len() - minima).to_string());
    row.extend(refined.then(|| [minima.to_string(), number(EdgeKind::Pass)]).into_iter().flatten());
    row.extend([number(EdgeKind::Path), graph.merges.components().len().to_string()]);
    row.extend([detours.len().to_string(), lower]);
    row
}

/// The median of numbers in ascending order, at least one.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// Levels of the table besides the lowest and the highest: after each quarter of the merges.
const QUARTERS: usize = 4;

fn level_rows(graph: &LandscapeGraph) -> Vec<Vec<String>> {
    let row = |level: Level| {
        vec![
            graph.config.name.clone(),
            graph.landscape.to_string(),
            number(level.height),
            level.nodes.to_string(),
            level.components.to_string(),
        ]
    };
    let mut rows: Vec<Vec<String>> = chosen_levels(graph).into_iter().map(row).collect();
    // Of levels that print alike, the last one counts.
    rows.reverse();
    rows.dedup_by(|a, b| a[2] == b[2]);
    rows.reverse();
    rows
}

/// The lowest node, the levels up to which a quarter, half, three quarters and all of the merges
/// have happened, and the highest level.
pub(super) fn chosen_levels(graph: &LandscapeGraph) -> Vec<Level> {
    let merges = graph.merges.merges();
    let after = |quarter: usize| {
        Some(merges.get((merges.len() * quarter).div_ceil(QUARTERS).checked_sub(1)?)?.height)
    };
    let all = levels(&graph.merges);
    let mut heights: Vec<f64> = (1..=QUARTERS).filter_map(after).collect();
    // The last level has every node, also those without edges.
    heights.extend([all.first(), all.last()].into_iter().flatten().map(|level| level.height));
    heights.sort_by(f64::total_cmp);
    heights.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let at =
        |height: f64| all.iter().copied().find(|level| level.height.total_cmp(&height).is_eq());
    heights.into_iter().filter_map(at).collect()
}

/// A sentence if some solutions are no nodes.
fn left_out(graph: &LandscapeGraph) -> Option<String> {
    (graph.left_out > 0).then(|| {
        format!(
            "The graph {} on {} leaves out {} without a path, whose loss on this landscape is \
             unknown.",
            graph.config.name,
            graph.landscape,
            count(graph.left_out, "solution")
        )
    })
}
