//! Chooses the pairs of solutions that get a path, in rounds: pairs whose path may still lower a
//! merge.
//!
//! The first round is the minimum spanning tree of cheap estimates, such as the heights of straight
//! lines. Its paths give a merge tree. Every pair of solutions meets at one merge of this tree. A
//! path between the two that is lower than this merge lowers it; any other path changes nothing. So
//! the tree equals that of all pairs as soon as no remaining path could be lower than its merge. No
//! path is lower than its higher endpoint, which excludes many pairs.
//!
//! A later round first takes pairs whose route through the graph has its highest value on two paths
//! or more. If all paths were exact, no other pair could be lower than its merge: of three exact
//! heights between three solutions, the two largest are equal. One pair represents all pairs
//! between the same two clusters. Then come pairs that are lower only if the search for a path has
//! missed the pass. Merges are taken in the order of how far they could fall, each with the pair of
//! the lowest estimate, then the second lowest, and so on until the round is full. A merge could
//! fall at most to the higher of the lowest nodes of the two clusters. This is the persistence of
//! the cluster that ends there.

use super::{HeightEdge, HeightGraph, Merge, Merges, condensed};
use petgraph::unionfind::UnionFind;
use std::collections::{BTreeMap, BTreeSet};

/// A pair of nodes that may get a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The numbers of both endpoints.
    pub nodes: [usize; 2],
    /// An estimate of the height of the path. Only the order of the estimates matters.
    pub estimate: f64,
}

/// All pairs that may get a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates {
    nodes: usize,
    pairs: Vec<Candidate>,
    /// The pairs by ascending estimate.
    order: Vec<usize>,
}

impl Candidates {
    /// These pairs, whose nodes have numbers below `nodes`.
    ///
    /// # Panics
    /// If a pair names a node that does not exist, or the same one twice.
    pub fn new(nodes: usize, pairs: Vec<Candidate>) -> Self {
        let is_pair = |&[a, b]: &[usize; 2]| a != b && a.max(b) < nodes;
        assert!(pairs.iter().all(|pair| is_pair(&pair.nodes)), "two of the nodes");
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        let estimate = |pair: usize| pairs[pair].estimate;
        order.sort_by(|&a, &b| estimate(a).total_cmp(&estimate(b)).then(a.cmp(&b)));
        Self { nodes, pairs, order }
    }

    /// Maximum number of pairs that get a path: two for each node.
    pub fn most(&self) -> usize {
        (2 * self.nodes).min(self.pairs.len())
    }

    /// The pairs of the next round. Empty if no merge can fall any further, or if [`Self::most`]
    /// pairs have been tried.
    ///
    /// `heights` are those of the nodes, as far as they are known. `tried` has an entry for each
    /// pair: `None` if it has no path yet, otherwise the height of its path, which is infinite or
    /// NaN if the search has failed.
    ///
    /// # Panics
    /// If there are fewer entries than nodes or pairs.
    pub fn next_round(&self, heights: &[Option<f64>], tried: &[Option<f64>]) -> Vec<usize> {
        let known = |pair: &usize| tried[*pair].is_some_and(f64::is_finite);
        let done = tried.iter().flatten().count();
        let left = self.most().saturating_sub(done);
        let missing = self.joining(tried, known);
        // The first round joins all nodes. Later ones join the components that failed searches have
        // left.
        if done == 0 || missing.len() >= left {
            return missing.into_iter().take(left).collect();
        }
        let lowest = self.lowering(heights, tried, known);
        let size = self.nodes.div_ceil(4).max(missing.len());
        // Avoid a small last round, in which most ranks would be idle.
        let size = if left < 2 * size { left } else { size };
        missing.into_iter().chain(lowest).take(size).collect()
    }

    /// Untried pairs of lowest estimate that join different components of the known paths.
    fn joining(&self, tried: &[Option<f64>], known: impl Fn(&usize) -> bool) -> Vec<usize> {
        let mut joined = UnionFind::<usize>::new(self.nodes);
        for pair in (0..self.pairs.len()).filter(known) {
            let [a, b] = self.pairs[pair].nodes;
            joined.union(a, b);
        }
        let untried = self.order.iter().copied().filter(|&pair| tried[pair].is_none());
        untried
            .filter(|&pair| {
                let [a, b] = self.pairs[pair].nodes;
                joined.union(a, b)
            })
            .collect()
    }

    /// Untried pairs that may lower a merge of the known paths, the most promising first.
    fn lowering(
        &self,
        heights: &[Option<f64>],
        tried: &[Option<f64>],
        known: impl Fn(&usize) -> bool,
    ) -> Vec<usize> {
        let edges = (0..self.pairs.len()).filter(known).filter_map(|pair| {
            Some(HeightEdge { nodes: self.pairs[pair].nodes, height: tried[pair]? })
        });
        // A node of unknown height counts as −∞, so it excludes no pair.
        let heights = heights[..self.nodes].iter().map(|height| height.unwrap_or(f64::MIN));
        let Ok(graph) = HeightGraph::new(heights.collect(), edges.collect()) else {
            return Vec::new();
        };
        let merges = Merges::of(&graph);
        let mut meetings = self.meetings(&graph, &merges, tried);
        meetings.sort_by(|a, b| b.gap.total_cmp(&a.gap).then(b.merge.cmp(&a.merge)));
        let open = meetings.iter().flat_map(|meeting| meeting.open(self, &graph, &merges, tried));
        let open: Vec<usize> = open.collect();
        let longest = meetings.iter().map(|meeting| meeting.pairs.len()).max().unwrap_or(0);
        let turn = |turn: usize| meetings.iter().filter_map(move |found| found.pairs.get(turn));
        let others = (0..longest.min(self.most())).flat_map(turn).copied();
        let first: BTreeSet<usize> = open.iter().copied().collect();
        let others = others.filter(|pair| !first.contains(pair)).collect::<Vec<_>>();
        open.into_iter().chain(others).collect()
    }

    /// The merges that untried pairs may lower, each with these pairs.
    fn meetings(
        &self,
        graph: &HeightGraph,
        merges: &Merges,
        tried: &[Option<f64>],
    ) -> Vec<UncertainMerge> {
        let mut merge_of = vec![None; self.nodes * self.nodes.saturating_sub(1) / 2];
        merges.for_each_pair(|merge, pair| merge_of[condensed(self.nodes, pair)] = Some(merge));
        let mut meetings: BTreeMap<usize, UncertainMerge> = BTreeMap::new();
        for &pair in self.order.iter().filter(|&&pair| tried[pair].is_none()) {
            let [a, b] = self.pairs[pair].nodes;
            let Some(merge) = merge_of[condensed(self.nodes, [a, b])] else { continue };
            let end = graph.nodes()[a].max(graph.nodes()[b]);
            if end < merges.merges()[merge].height {
                let gap = gap(merges, merge);
                let meeting = UncertainMerge { merge, gap, pairs: Vec::new() };
                meetings.entry(merge).or_insert(meeting).pairs.push(pair);
            }
        }
        meetings.into_values().filter(|meeting| meeting.gap > 0.0).collect()
    }
}

/// A merge that an untried pair may lower.
struct UncertainMerge {
    merge: usize,
    /// Maximum distance by which it could fall.
    gap: f64,
    /// The untried pairs that meet there, by ascending estimate.
    pairs: Vec<usize>,
}

impl UncertainMerge {
    /// Pairs whose route through the graph has two highest paths or more. If all paths are exact,
    /// only these can be lower than the merge. One pair represents all pairs between the same two
    /// clusters below the merge. Clusters with a path between them are left out.
    fn open(
        &self,
        candidates: &Candidates,
        graph: &HeightGraph,
        merges: &Merges,
        tried: &[Option<f64>],
    ) -> Vec<usize> {
        let height = merges.merges()[self.merge].height;
        let mut below = UnionFind::<usize>::new(candidates.nodes);
        let lower = |merge: &&Merge| merge.height < height - SAME * self.gap;
        for merge in merges.merges().iter().filter(lower) {
            let [a, b] = graph.edges()[merge.edge].nodes;
            below.union(a, b);
        }
        let mut clusters = |pair: usize| {
            let [a, b] = candidates.pairs[pair].nodes.map(|node| below.find_mut(node));
            [a.min(b), a.max(b)]
        };
        let all = 0..tried.len();
        let mut known: BTreeSet<[usize; 2]> =
            all.filter(|&pair| tried[pair].is_some()).map(&mut clusters).collect();
        self.pairs.iter().copied().filter(|&pair| known.insert(clusters(pair))).collect()
    }
}

/// Two heights are equal if they differ by less than this fraction of the possible gain.
const SAME: f64 = 1e-3;

/// Maximum distance by which a merge could fall: to the higher of the lowest nodes of its clusters.
fn gap(merges: &Merges, merge: usize) -> f64 {
    let merge = &merges.merges()[merge];
    let [a, b] = merge.lowest.map(|node| merges.nodes()[node]);
    merge.height - a.max(b)
}

#[cfg(test)]
mod tests;
