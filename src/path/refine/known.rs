//! The points of the graph of a refinement, and the passes between them.

use super::certificate::Destination;
use super::graph::PathGraph;
use serde::{Deserialize, Serialize};

/// Up to this dimension points are kept, above it only their values.
pub const MAX_KEPT_DIMENSION: usize = 1000;

/// The graph of a refinement, which contains more than the resulting path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownGraph {
    /// The points. The first two are the endpoints of the path.
    pub points: Vec<KnownPoint>,
    /// The passes between them. Each is a saddle above two descents, or a path that is lower than
    /// the other saddles of its route.
    pub passes: Vec<KnownPass>,
}

/// A point where descents have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownPoint {
    /// An endpoint, a minimum, or neither. Only minima and endpoints are drawn.
    pub place: Destination,
    /// f there.
    pub value: f64,
    /// `(P,)` up to [`MAX_KEPT_DIMENSION`].
    pub theta: Option<Vec<f64>>,
}

/// The lowest known path between two of the points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownPass {
    /// Indices of the two points.
    pub between: [usize; 2],
    /// The highest value on the path.
    pub height: f64,
    /// Whether its top is a saddle with one descending direction.
    pub is_saddle: bool,
    /// `(P,)` the saddle, up to [`MAX_KEPT_DIMENSION`].
    pub theta: Option<Vec<f64>>,
}

impl KnownGraph {
    /// The joined part of a graph.
    pub(super) fn of(graph: &PathGraph) -> Self {
        let dimension = graph.nodes.first().map_or(0, |node| node.theta.len());
        let kept = |theta: &Vec<f64>| (dimension <= MAX_KEPT_DIMENSION).then(|| theta.clone());
        let points = graph.nodes.iter().enumerate().map(|(index, node)| KnownPoint {
            place: node.place(index),
            value: node.value,
            theta: kept(&node.theta),
        });
        let joined = graph.links.iter().filter(|link| link.is_joined);
        let passes = joined.map(|link| KnownPass {
            between: link.ends,
            height: link.height,
            is_saddle: link.saddle.is_some(),
            theta: link.saddle.as_ref().and_then(|saddle| kept(&saddle.point.theta)),
        });
        Self { points: points.collect(), passes: passes.collect() }
    }
}
