//! From stored paths to a graph.

use super::passes::{Further, RefinedPaths, identities};
use super::section::{EdgeHeights, GraphConfig, SECTION};
use crate::analysis::graph::{HeightEdge, HeightGraph, Merges, above_minimax, condensed};
use crate::config::Config;
use crate::data::Split;
use crate::engine::results::Results;
use crate::path::{PathResult, PathSet};
use crate::solutions::{LandscapeName, SetName, SolutionSet};
use std::collections::BTreeMap;

/// The origin of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeOrigin {
    /// A solution in this set, by its place among those of the graph.
    Set(usize),
    /// A minimum that a refinement has found.
    Refinement,
}

/// A solution as a node, or a minimum that a refinement has found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphNode {
    /// Its set, if it is a solution.
    pub origin: NodeOrigin,
    /// Number of the initialization it was trained from; minima are counted from 0.
    pub number: u32,
}

/// The kind of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// A pass that a refinement has found: a transition state between two nodes.
    Pass,
    /// A path between two solutions.
    Path,
}

impl EdgeKind {
    /// As in `atlas.h5`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Path => "path",
        }
    }
}

/// A graph on one landscape, with its minimum spanning tree and minimax heights.
pub struct LandscapeGraph<'a> {
    /// Its section of the configuration.
    pub config: &'a GraphConfig,
    /// The landscape.
    pub landscape: LandscapeName,
    /// The nodes: solutions, set by set, by ascending number, then minima, the lowest first.
    pub nodes: Vec<GraphNode>,
    /// The kinds of the edges. Passes come first, so that they count among equally high edges.
    pub kinds: Vec<EdgeKind>,
    /// Their heights and those of the edges.
    pub graph: HeightGraph,
    /// The minimum spanning tree.
    pub merges: Merges,
    /// The minimax heights of all pairs, condensed.
    pub minimax: Vec<f64>,
    /// How far each path lies above the minimax height of its endpoints.
    pub above_minimax: Vec<f64>,
    /// Number of solutions without a path, whose height on this landscape is unknown. They are no
    /// nodes.
    pub left_out: usize,
}

/// Differences of heights below this fraction of the climb are rounding errors: two refinements
/// found the same pass.
const ACCURACY: f64 = 1e-6;

/// All graphs that a configuration asks for, on every landscape of its paths.
pub fn graphs<'a>(results: &Results<'a>) -> Vec<LandscapeGraph<'a>> {
    if results.config.section(&SECTION).is_empty() {
        return Vec::new();
    }
    let sets = results.sets();
    graphs_of(results, &sets, &results.paths(&sets))
}

/// The same from sets and paths of the results that are known already.
pub fn graphs_of<'a>(
    results: &Results<'a>,
    sets: &[SolutionSet],
    paths: &[PathSet],
) -> Vec<LandscapeGraph<'a>> {
    let configs: &'a Vec<GraphConfig> = results.config.section(&SECTION);
    let landscapes = results.landscapes();
    let on = |config| {
        let of = move |&landscape: &LandscapeName| {
            LandscapeGraph::of(config, landscape, sets, paths, results)
        };
        landscapes.iter().map(of)
    };
    configs.iter().flat_map(on).collect()
}

impl<'a> LandscapeGraph<'a> {
    fn of(
        config: &'a GraphConfig,
        landscape: LandscapeName,
        sets: &[SolutionSet],
        paths: &[PathSet],
        results: &Results,
    ) -> Self {
        let belongs = |name: &SetName| config.sets.contains(name);
        let paths: Vec<&PathSet> = paths
            .iter()
            .filter(|paths| {
                paths.landscape == landscape && paths.set.both().into_iter().all(belongs)
            })
            .collect();
        let ends = ends(config, &paths);
        let (mut nodes, mut heights, mut left_out) = (Vec::new(), Vec::new(), 0);
        for (place, name) in config.sets.iter().enumerate() {
            let set = sets.iter().find(|set| set.name == *name);
            for (row, number) in by_number(set) {
                let node = GraphNode { origin: NodeOrigin::Set(place), number };
                let stored = || stored_loss(results.config, set?, row, landscape);
                match ends.get(&node).copied().or_else(stored).filter(|loss| loss.is_finite()) {
                    Some(height) => {
                        nodes.push(node);
                        heights.push(height);
                    }
                    None => left_out += 1,
                }
            }
        }
        let mut refined = RefinedPaths::default();
        if config.heights == EdgeHeights::Lowest {
            for paths in &paths {
                refined.add(results, paths, |pair| nodes_of(config, paths, pair));
            }
        }
        let edges = edges(config, &paths, &nodes, &refined);
        let mut further = Further::default();
        if !refined.is_empty() {
            let find = |name: &SetName| sets.iter().find(|set| set.name == *name);
            let sets: Vec<_> = config.sets.iter().map(find).collect();
            let known = identities(results, &sets, &nodes, &heights);
            further = refined.further(results, &nodes, &known);
        }
        nodes.extend(
            (0..)
                .zip(&further.minima)
                .map(|(number, _)| GraphNode { origin: NodeOrigin::Refinement, number }),
        );
        heights.extend(further.minima);
        let kinds = [(EdgeKind::Pass, further.passes.len()), (EdgeKind::Path, edges.len())];
        let kinds = kinds.into_iter().flat_map(|(kind, count)| std::iter::repeat_n(kind, count));
        let edges = further.passes.into_iter().chain(edges).collect();
        let graph = HeightGraph::new(heights, edges).expect("heights and ends have been checked");
        let merges = Merges::of(&graph);
        let minimax = merges.minimax();
        let above_minimax = above_minimax(&graph, &minimax);
        Self {
            config,
            landscape,
            nodes,
            kinds: kinds.collect(),
            graph,
            merges,
            minimax,
            above_minimax,
            left_out,
        }
    }

    /// The minimax height of two nodes.
    pub fn minimax_of(&self, pair: [usize; 2]) -> f64 {
        self.minimax[condensed(self.nodes.len(), pair)]
    }

    /// The set of a node, or `minimum`.
    pub fn set(&self, node: usize) -> &'a str {
        match self.nodes[node].origin {
            NodeOrigin::Set(set) => self.config.sets[set].as_str(),
            NodeOrigin::Refinement => "minimum",
        }
    }

    /// The name of a node: `sgd/train 3`, `minimum 0`.
    pub fn node_name(&self, node: usize) -> String {
        format!("{} {}", self.set(node), self.nodes[node].number)
    }

    /// The numbers of the edges of a kind.
    pub fn edges_of(&self, kind: EdgeKind) -> impl Iterator<Item = usize> {
        let kinds = self.kinds.iter().enumerate();
        kinds.filter(move |(_, of)| **of == kind).map(|(edge, _)| edge)
    }

    /// By how much detours are lower than the direct paths, in ascending order. Paths without a
    /// lower detour are left out.
    pub fn lower_by(&self) -> Vec<f64> {
        let is_lower = |&edge: &usize| {
            let HeightEdge { nodes, height } = self.graph.edges()[edge];
            let low = nodes.map(|node| self.graph.nodes()[node]).into_iter().reduce(f64::min);
            self.above_minimax[edge] > ACCURACY * (height - low.unwrap_or(height))
        };
        let lower = self.edges_of(EdgeKind::Path).filter(is_lower);
        let mut found: Vec<f64> = lower.map(|edge| self.above_minimax[edge]).collect();
        found.sort_by(f64::total_cmp);
        found
    }
}

/// The rows of a set by ascending number of the initialization.
fn by_number(set: Option<&SolutionSet>) -> Vec<(usize, u32)> {
    let numbers = set.map_or(&[][..], |set| &set.initialization);
    let mut rows: Vec<(usize, u32)> = numbers.iter().copied().enumerate().collect();
    rows.sort_by_key(|&(_, number)| number);
    rows
}

/// The endpoints of a path as nodes, if both sets belong to the graph.
fn nodes_of(config: &GraphConfig, paths: &PathSet, (a, b): (u32, u32)) -> Option<[GraphNode; 2]> {
    let place = |name: &SetName| config.sets.iter().position(|set| set == name);
    let node = |name, number| Some(GraphNode { origin: NodeOrigin::Set(place(name)?), number });
    Some([node(&paths.set.a, a)?, node(&paths.set.b, b)?])
}

/// The paths that were found, each with its endpoints.
fn found<'p>(
    config: &'p GraphConfig,
    paths: &'p [&PathSet],
) -> impl Iterator<Item = ([GraphNode; 2], &'p PathResult)> {
    paths.iter().flat_map(move |paths| {
        let ended = paths.pairs.iter().zip(&paths.results);
        ended.filter_map(move |(&pair, path)| {
            Some((nodes_of(config, paths, pair)?, path.as_ref().ok()?))
        })
    })
}

/// The losses of the endpoints on the landscape of the paths. The loss of a solution may differ in
/// the last bits between its paths; the lowest counts.
fn ends(config: &GraphConfig, paths: &[&PathSet]) -> BTreeMap<GraphNode, f64> {
    let mut ends = BTreeMap::new();
    for (nodes, path) in found(config, paths) {
        for (node, &loss) in
            nodes.into_iter().zip([path.loss.first(), path.loss.last()].iter().flatten())
        {
            let known = ends.entry(node).or_insert(*loss);
            *known = known.min(*loss);
        }
    }
    ends
}

/// The stored loss of a solution, if it is the loss on the landscape of the paths.
fn stored_loss(
    config: &Config,
    set: &SolutionSet,
    row: usize,
    landscape: LandscapeName,
) -> Option<f64> {
    let all_images = |split| config.paths.images(split).is_none();
    match landscape {
        LandscapeName::Train if all_images(Split::Train) => set.loss_train.get(row).copied(),
        LandscapeName::Test if all_images(Split::Test) => set.loss_test.get(row).copied(),
        LandscapeName::Analytic => set.loss_train.get(row).copied(),
        _ => None,
    }
}

fn edges(
    config: &GraphConfig,
    paths: &[&PathSet],
    nodes: &[GraphNode],
    refined: &RefinedPaths,
) -> Vec<HeightEdge> {
    let place: BTreeMap<&GraphNode, usize> = nodes.iter().zip(0..).collect();
    let edge = |(ends, path): ([GraphNode; 2], &PathResult)| {
        let [a, b] = ends.each_ref().map(|end| place.get(end).copied());
        let height = height(config.heights, path);
        let height = refined.height(&ends).map_or(height, |refined| refined.min(height));
        let edge = HeightEdge { nodes: [a?, b?], height };
        (a != b && height.is_finite()).then_some(edge)
    };
    found(config, paths).filter_map(edge).collect()
}

/// The barrier H on the grid of the search may miss the highest point of the path, so it is no
/// upper bound. The barrier on the fine grid is.
fn height(heights: EdgeHeights, path: &PathResult) -> f64 {
    match heights {
        EdgeHeights::Lowest => path.fine_barrier,
        EdgeHeights::Grid => path.barrier,
        EdgeHeights::Straight => path.straight_barrier,
    }
}
