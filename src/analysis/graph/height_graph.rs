//! Nodes and edges with their heights.

use thiserror::Error;

/// A path between two nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeightEdge {
    /// The numbers of its nodes.
    pub nodes: [usize; 2],
    /// The highest value on it.
    pub height: f64,
}

/// Why nodes and edges make no graph.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum GraphError {
    /// NaN or infinite.
    #[error("node {node} has the height {height}")]
    NodeHeight {
        /// The node.
        node: usize,
        /// Its height.
        height: f64,
    },
    /// NaN or infinite.
    #[error("edge {edge} has the height {height}")]
    EdgeHeight {
        /// The edge.
        edge: usize,
        /// Its height.
        height: f64,
    },
    /// A node of the edge does not exist, or both are the same.
    #[error("edge {edge} joins node {a} and node {b} of {nodes}")]
    Ends {
        /// The edge.
        edge: usize,
        /// One node.
        a: usize,
        /// The other node.
        b: usize,
        /// The number of nodes.
        nodes: usize,
    },
}

/// Nodes and edges. All heights are finite, and no edge is lower than one of its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct HeightGraph {
    nodes: Vec<f64>,
    edges: Vec<HeightEdge>,
}

impl HeightGraph {
    /// The graph of nodes with these heights and of these edges. An edge that is lower than one of
    /// its nodes is raised to the height of that node: the samples of a path may miss it. Two nodes
    /// may be joined by several edges.
    ///
    /// # Errors
    /// [`GraphError`] for heights that are not finite, for nodes that do not exist, and for an edge
    /// from a node to itself.
    pub fn new(nodes: Vec<f64>, edges: Vec<HeightEdge>) -> Result<Self, GraphError> {
        for (node, &height) in nodes.iter().enumerate() {
            if !height.is_finite() {
                return Err(GraphError::NodeHeight { node, height });
            }
        }
        let mut raised = edges;
        for (index, edge) in raised.iter_mut().enumerate() {
            let [a, b] = edge.nodes;
            if a == b || a.max(b) >= nodes.len() {
                return Err(GraphError::Ends { edge: index, a, b, nodes: nodes.len() });
            }
            if !edge.height.is_finite() {
                return Err(GraphError::EdgeHeight { edge: index, height: edge.height });
            }
            edge.height = edge.height.max(nodes[a]).max(nodes[b]);
        }
        Ok(Self { nodes, edges: raised })
    }

    /// The heights of the nodes.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The edges, in the order in which they were given.
    pub fn edges(&self) -> &[HeightEdge] {
        &self.edges
    }

    /// The height of the higher node of an edge.
    pub fn higher_endpoint(&self, edge: &HeightEdge) -> f64 {
        let [a, b] = edge.nodes.map(|node| self.nodes[node]);
        a.max(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(a: usize, b: usize, height: f64) -> HeightEdge {
        HeightEdge { nodes: [a, b], height }
    }

    #[test]
    fn an_edge_is_at_least_as_high_as_its_ends() {
        let graph = HeightGraph::new(vec![1.0, 3.0], vec![edge(0, 1, 2.0), edge(1, 0, 4.0)]);
        let graph = graph.unwrap();
        let heights: Vec<f64> = graph.edges().iter().map(|edge| edge.height).collect();
        assert_eq!(heights, [3.0, 4.0]);
        assert_eq!(graph.higher_endpoint(&graph.edges()[0]).to_bits(), 3.0f64.to_bits());
    }

    #[test]
    fn what_is_no_graph_is_refused_with_its_place() {
        let error = |nodes: &[f64], edges| HeightGraph::new(nodes.to_vec(), edges).unwrap_err();
        assert_eq!(error(&[0.0, f64::NAN], vec![]).to_string(), "node 1 has the height NaN");
        assert_eq!(
            error(&[0.0, 0.0], vec![edge(0, 1, 1.0), edge(0, 1, f64::INFINITY)]).to_string(),
            "edge 1 has the height inf"
        );
        for ends in [(0, 2), (1, 1)] {
            let found = error(&[0.0, 0.0], vec![edge(ends.0, ends.1, 1.0)]).to_string();
            assert_eq!(found, format!("edge 0 joins node {} and node {} of 2", ends.0, ends.1));
        }
    }
}
