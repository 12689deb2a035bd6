//! Connected components at a level, and edges with a lower detour.

use super::{HeightGraph, Merges, condensed};

/// The part of a landscape up to some height, as far as the graph knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The height.
    pub height: f64,
    /// Nodes that are no higher.
    pub nodes: usize,
    /// Connected components of these nodes and of the edges that are no higher.
    pub components: usize,
}

/// The levels at which something changes, from the lowest node to the highest merge.
pub fn levels(merges: &Merges) -> Vec<Level> {
    let births = merges.nodes().iter().map(|&height| (height, true));
    let deaths = merges.merges().iter().map(|merge| (merge.height, false));
    let mut events: Vec<(f64, bool)> = births.chain(deaths).collect();
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut nodes, mut merged) = (0, 0);
    let at_one_height = events.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let level = |events: &[(f64, bool)]| {
        let born = events.iter().filter(|(_, born)| *born).count();
        nodes += born;
        merged += events.len() - born;
        Level { height: events[0].0, nodes, components: nodes - merged }
    };
    at_one_height.map(level).collect()
}

/// How far each edge lies above the minimax height of its nodes. If this is above 0, a lower detour
/// exists. `minimax` are the minimax heights of all pairs, condensed.
pub fn above_minimax(graph: &HeightGraph, minimax: &[f64]) -> Vec<f64> {
    let nodes = graph.nodes().len();
    let edges = graph.edges().iter();
    edges.map(|edge| edge.height - minimax[condensed(nodes, edge.nodes)]).collect()
}
