//! Barriers of the same pairs before and after the alignment.

use super::section;
use crate::engine::results::Results;
use crate::path::{PathResult, PathSet};
use crate::solutions::{EndpointSets, LandscapeName};

/// The paths of one set on one landscape that were found before and after the alignment.
pub(super) struct AlignedBarriers {
    /// The sets before the alignment.
    pub sets: EndpointSets,
    /// The landscape.
    pub landscape: LandscapeName,
    /// Each pair, its path between the vectors as they are, and the one between the aligned ones.
    pub pairs: Vec<((u32, u32), [PathResult; 2])>,
}

/// Those of all sets that have paths before and after. Pairs of which one path is missing are left
/// out, so that the same solutions are compared.
pub(super) fn of_all(results: &Results<'_>, paths: &[PathSet]) -> Vec<AlignedBarriers> {
    let Some(section) = section(results.config) else { return Vec::new() };
    let is_source = |of: &&PathSet| of.set.both().iter().all(|set| section.sets.contains(set));
    let of_set = |before: &PathSet| {
        let aligned = EndpointSets { a: before.set.a.aligned(), b: before.set.b.aligned() };
        let is_same = |of: &&PathSet| of.set == aligned && of.landscape == before.landscape;
        let after = paths.iter().find(is_same)?;
        let pairs: Vec<_> = found(before)
            .filter_map(|(pair, path)| {
                let (_, aligned) = found(after).find(|(other, _)| *other == pair)?;
                Some((pair, [path.clone(), aligned.clone()]))
            })
            .collect();
        let (sets, landscape) = (before.set.clone(), before.landscape);
        (!pairs.is_empty()).then_some(AlignedBarriers { sets, landscape, pairs })
    };
    paths.iter().filter(is_source).filter_map(of_set).collect()
}

fn found(paths: &PathSet) -> impl Iterator<Item = ((u32, u32), &PathResult)> {
    let all = paths.pairs.iter().zip(&paths.results);
    all.filter_map(|(&pair, path)| Some((pair, path.as_ref().ok()?)))
}
