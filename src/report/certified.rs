//! Which paths have a certified refined barrier.

use crate::path::{PathResult, PathSet};

/// Which paths have a refined barrier that is a certified pass, by set and place of the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertifiedPaths(Vec<Vec<bool>>);

impl CertifiedPaths {
    /// From a list for each set, in the order of its paths.
    pub fn new(sets: Vec<Vec<bool>>) -> Self {
        Self(sets)
    }

    /// The paths of the set at this place that were found, each with whether it is one of them.
    /// Paths beyond the lists are not.
    pub fn found<'s>(
        &'s self,
        place: usize,
        set: &'s PathSet,
    ) -> impl Iterator<Item = (&'s PathResult, bool)> {
        let certified = self.0.get(place).map_or(&[][..], Vec::as_slice);
        let rows = set.results.iter().enumerate();
        rows.filter_map(move |(row, path)| {
            Some((path.as_ref().ok()?, certified.get(row).copied().unwrap_or(false)))
        })
    }

    /// The paths of all sets.
    pub fn all_found<'s>(
        &'s self,
        sets: &'s [PathSet],
    ) -> impl Iterator<Item = (&'s PathResult, bool)> {
        sets.iter().enumerate().flat_map(|(place, set)| self.found(place, set))
    }
}
