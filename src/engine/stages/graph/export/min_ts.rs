//! `min.data` and `ts.data`, which PATHSAMPLE and disconnectionDPS of the Wales group read
//! (<https://www-wales.ch.cam.ac.uk/PATHSAMPLE>).
//!
//! A line of `min.data` is a minimum: energy, logarithm of the product of the positive eigenvalues
//! of its Hessian, order of its point group, three principal moments of inertia. A line of `ts.data`
//! is a transition state: energy, logarithm, order, the numbers of the two minima that it joins,
//! counted from 1 in the order of `min.data`, three moments. What is not known or does not exist,
//! as moments of a network, is 0; the order is then 1.

use super::LandscapeGraph;
use std::fmt::Write;

pub(super) fn files(graph: &LandscapeGraph) -> [(&'static str, String); 2] {
    let (mut minima, mut states) = (String::new(), String::new());
    for height in graph.graph.nodes() {
        let _ = writeln!(minima, "{} 0.0 1 0.0 0.0 0.0", fixed(*height));
    }
    for edge in graph.graph.edges() {
        let [a, b] = edge.nodes.map(|node| node + 1);
        let _ = writeln!(states, "{} 0.0 1 {a} {b} 0.0 0.0 0.0", fixed(edge.height));
    }
    [("min.data", minima), ("ts.data", states)]
}

/// A number that Fortran reads in list-directed input, in full precision.
fn fixed(number: f64) -> String {
    format!("{number:.17e}")
}
