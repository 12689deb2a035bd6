//! `min.data` and `ts.data`, which PATHSAMPLE and disconnectionDPS of the Wales group read
//! (<https://www-wales.ch.cam.ac.uk/PATHSAMPLE>).
//!
//! A line of `min.data` is a minimum: energy, logarithm of the product of the positive eigenvalues
//! of its Hessian, order of its point group, three principal moments of inertia. A line of
//! `ts.data` is a transition state: energy, logarithm, order, the numbers of the two minima that it
//! joins, counted from 1 in the order of `min.data`, three moments. Unknown numbers, and those that
//! do not exist, such as the moments of a network, are 0; the order is then 1.
//!
//! The energy of a path that was not refined is an upper bound, and its highest point is no
//! stationary point.

use super::LandscapeGraph;
use crate::engine::stages::graph::landscape_graph::EdgeKind;
use std::fmt::Write;

pub(super) fn files(graph: &LandscapeGraph) -> [(&'static str, String); 2] {
    let (mut minima, mut states) = (String::new(), String::new());
    for height in graph.graph.nodes() {
        let _ = writeln!(minima, "{} 0.0 1 0.0 0.0 0.0", fixed(*height));
    }
    for edge in states_of(graph).map(|edge| &graph.graph.edges()[edge]) {
        let [a, b] = edge.nodes.map(|node| node + 1);
        let _ = writeln!(states, "{} 0.0 1 {a} {b} 0.0 0.0 0.0", fixed(edge.height));
    }
    [("min.data", minima), ("ts.data", states)]
}

/// The passes that were found, and the paths of the minimum spanning tree. A path with a lower
/// detour is no transition state.
fn states_of(graph: &LandscapeGraph) -> impl Iterator<Item = usize> {
    let tree = graph.merges.merges().iter().map(|merge| merge.edge);
    let paths = tree.filter(|&edge| graph.kinds[edge] == EdgeKind::Path);
    graph.edges_of(EdgeKind::Pass).chain(paths)
}

/// A number that Fortran reads in list-directed input, in full precision.
fn fixed(number: f64) -> String {
    format!("{number:.17e}")
}
