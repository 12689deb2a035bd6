//! Sets of parameter vectors: the selection of training runs, the names of sets, and the pairs of
//! vectors that get a path.

pub mod landscape;
pub mod pairs;
pub mod selection;
pub mod set;

pub use landscape::{DatasetName, LandscapeName};
pub use pairs::{EndpointSets, Pairs, directed, draw_pairs, draw_pairs_between};
pub use selection::{SelectedNumbers, Selection};
pub use set::{SetName, SolutionSet, select};
