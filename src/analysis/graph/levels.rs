//! Connected components at a level, and paths that another way avoids.

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

/// The direct paths between two nodes, compared with the lowest way through the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Detours {
    /// How far each edge lies above the minimax height of its ends: positive if there is a detour
    /// that is lower.
    pub below: Vec<f64>,
}

/// Compares each edge with the minimax height of its ends.
pub fn detours(graph: &HeightGraph, minimax: &[f64]) -> Detours {
    let nodes = graph.nodes().len();
    let edges = graph.edges().iter();
    let below = edges.map(|edge| edge.height - minimax[condensed(nodes, edge.nodes)]);
    Detours { below: below.collect() }
}

impl Detours {
    /// By how much the detours are lower, in ascending order; edges without one are left out.
    pub fn found(&self) -> Vec<f64> {
        let mut found: Vec<f64> = self.below.iter().copied().filter(|&by| by > 0.0).collect();
        found.sort_by(f64::total_cmp);
        found
    }
}
