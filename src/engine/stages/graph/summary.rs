//! The tables at the terminal.

use super::landscape_graph::LandscapeGraph;
use crate::analysis::graph::{Level, levels};
use crate::engine::console::count;
use crate::report::number::{number, short};
use crate::report::render;

pub(super) fn summary(graphs: &[LandscapeGraph]) -> String {
    let joined = render(
        "Graphs: solutions are nodes, paths are edges. A detour is a way through the graph that is\n\
         lower than the direct path; by how much: median [lowest, highest]",
        &["graph", "on", "solutions", "paths", "components", "with a detour", "lower by"],
        2,
        graphs.iter().map(row),
    );
    let of_levels = render(
        "Connected components of the solutions up to a loss, joined by paths up to this loss",
        &["graph", "on", "up to", "solutions", "components"],
        2,
        graphs.iter().flat_map(level_rows),
    );
    joined + &graphs.iter().filter_map(left_out).collect::<String>() + "\n" + &of_levels
}

fn row(graph: &LandscapeGraph) -> Vec<String> {
    let detours = graph.detours.found();
    let paths = graph.graph.edges().len();
    let lower = match (detours.first(), detours.get(detours.len() / 2), detours.last()) {
        (Some(&least), Some(_), Some(&most)) => {
            let median = median(&detours);
            format!("{} [{}, {}]", short(median), short(least), short(most))
        }
        _ => String::new(),
    };
    vec![
        graph.config.name.clone(),
        graph.landscape.to_string(),
        graph.nodes.len().to_string(),
        paths.to_string(),
        graph.merges.components().len().to_string(),
        detours.len().to_string(),
        lower,
    ]
}

/// Of numbers in ascending order, at least one.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// Levels that the table has: of the lowest node, and after each quarter of the merges.
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
    chosen_levels(graph).into_iter().map(row).collect()
}

/// The lowest node, and the levels up to which a quarter, half, three quarters and all of the
/// merges have happened.
pub(super) fn chosen_levels(graph: &LandscapeGraph) -> Vec<Level> {
    let merges = graph.merges.merges();
    let after = |quarter: usize| {
        Some(merges.get((merges.len() * quarter).div_ceil(QUARTERS).checked_sub(1)?)?.height)
    };
    let all = levels(&graph.merges);
    let mut heights: Vec<f64> = (1..=QUARTERS).filter_map(after).collect();
    heights.extend(all.first().map(|level| level.height));
    heights.sort_by(f64::total_cmp);
    heights.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let at =
        |height: f64| all.iter().copied().find(|level| level.height.total_cmp(&height).is_eq());
    heights.into_iter().filter_map(at).collect()
}

/// That some solutions are no nodes, if so.
fn left_out(graph: &LandscapeGraph) -> Option<String> {
    (graph.left_out > 0).then(|| {
        format!(
            "{} of {} on {} have no path, so that their loss on this landscape is unknown: they \
             are left out.\n",
            count(graph.left_out, "solution"),
            graph.config.name,
            graph.landscape
        )
    })
}
