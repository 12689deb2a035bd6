//! The paths of one set of solutions on one landscape.

use super::PathResult;
use crate::solutions::{LandscapeName, SetName};
use serde::{Deserialize, Serialize};

/// Paths between pairs of one set on one landscape, also those that could not be computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathSet {
    /// The set the ends come from.
    pub set: SetName,
    /// The images whose loss is the landscape.
    pub landscape: LandscapeName,
    /// Initialization numbers of the ends (a, b) of each path.
    pub pairs: Vec<(u32, u32)>,
    /// What came of each pair: its path, or in words why there is none.
    pub results: Vec<Result<PathResult, String>>,
}

impl PathSet {
    /// Number of pairs for which there is no path.
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.is_err()).count()
    }

    /// The paths that were found, in the order of the pairs.
    pub fn found(&self) -> impl Iterator<Item = &PathResult> {
        self.results.iter().filter_map(|result| result.as_ref().ok())
    }
}
