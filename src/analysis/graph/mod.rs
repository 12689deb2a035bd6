//! The graph of a landscape: solutions or minima joined by paths, and the minimax heights of all
//! pairs.
//!
//! A node is a point of the landscape with its height. An edge is a path between two of them with
//! its height, the highest value on it. It is at least as high as its endpoints.
//!
//! The *minimax height* of two nodes is the lowest c at which they are joined: the smallest, over
//! all ways through the graph, of the highest edge on the way. It is found on the minimum spanning
//! tree (single linkage), and is never above the height of the direct path. [`Merges`] has the
//! spanning tree in the order of its heights. This is also the disconnectivity graph (O. M. Becker,
//! M. Karplus, J. Chem. Phys. 106, 1495, 1997, [doi](https://doi.org/10.1063/1.473299)) and the
//! 0-dimensional persistence of the sublevel sets.
//!
//! All heights are upper bounds, only as good as the paths: a path that was not searched for may be
//! lower.

mod height_graph;
mod levels;
mod merges;
mod rounds;
mod tree;

pub use height_graph::{GraphError, HeightEdge, HeightGraph};
pub use levels::{Level, above_minimax, levels};
pub use merges::{Merge, Merges, condensed};
pub use rounds::{Candidate, Candidates};
pub use tree::MergeTree;
