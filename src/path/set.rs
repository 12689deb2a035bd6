//! The paths of one set of solutions on one landscape.

use super::PathResult;
use crate::solutions::{SetName, Split};

/// The paths between pairs of one set, on the training or on the test landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSet {
    /// The set both ends come from.
    pub set: SetName,
    /// The images whose mean loss is the landscape.
    pub landscape: Split,
    /// `(n,)` initialization numbers of the ends ω^a and ω^b.
    pub pairs: Vec<(u32, u32)>,
    /// `(n,)` the path of each pair, or why there is none.
    pub results: Vec<Result<PathResult, String>>,
}
