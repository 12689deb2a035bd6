//! From stored paths to a graph.

use super::section::{EdgeHeights, GraphConfig, SECTION};
use crate::analysis::graph::{Detours, HeightEdge, HeightGraph, Merges, condensed, detours};
use crate::config::Config;
use crate::data::Split;
use crate::engine::results::Results;
use crate::path::{PathResult, PathSet};
use crate::solutions::{LandscapeName, SetName, SolutionSet};
use std::collections::BTreeMap;

/// A solution as a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphNode {
    /// Its set, by its place among those of the graph.
    pub set: usize,
    /// Number of the initialization it was trained from.
    pub initialization: u32,
}

/// A graph on one landscape with what follows from it.
pub struct LandscapeGraph<'a> {
    /// What was asked for.
    pub config: &'a GraphConfig,
    /// The landscape.
    pub landscape: LandscapeName,
    /// The nodes, set by set, by ascending number.
    pub nodes: Vec<GraphNode>,
    /// Their heights and those of the edges.
    pub graph: HeightGraph,
    /// The minimum spanning tree and all that follows from it.
    pub merges: Merges,
    /// The minimax heights of all pairs, condensed.
    pub minimax: Vec<f64>,
    /// How far each path lies above the minimax height of its endpoints.
    pub detours: Detours,
    /// Solutions that are no nodes: their height on this landscape is unknown, as they have no
    /// path.
    pub left_out: usize,
}

/// All graphs that a configuration asks for, on every landscape of its paths.
pub fn graphs<'a>(results: &Results<'a>) -> Vec<LandscapeGraph<'a>> {
    let configs: &'a Vec<GraphConfig> = results.config.section(&SECTION);
    if configs.is_empty() {
        return Vec::new();
    }
    let sets = results.sets();
    let paths = results.paths(&sets);
    let mut landscapes: Vec<LandscapeName> = Vec::new();
    for of_set in &paths {
        if !landscapes.contains(&of_set.landscape) {
            landscapes.push(of_set.landscape);
        }
    }
    let on = |config| {
        let (sets, paths, known) = (&sets, &paths, results.config);
        let of = move |&landscape: &LandscapeName| {
            LandscapeGraph::of(config, landscape, sets, paths, known)
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
        known: &Config,
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
            for (row, initialization) in by_number(set) {
                let node = GraphNode { set: place, initialization };
                let stored = || stored_loss(known, set?, row, landscape);
                match ends.get(&node).copied().or_else(stored).filter(|loss| loss.is_finite()) {
                    Some(height) => {
                        nodes.push(node);
                        heights.push(height);
                    }
                    None => left_out += 1,
                }
            }
        }
        let edges = edges(config, &paths, &nodes);
        let graph = HeightGraph::new(heights, edges).expect("heights and ends have been checked");
        let merges = Merges::of(&graph);
        let minimax = merges.minimax();
        let detours = detours(&graph, &minimax);
        Self { config, landscape, nodes, graph, merges, minimax, detours, left_out }
    }

    /// The minimax height of two nodes.
    pub fn minimax_of(&self, pair: [usize; 2]) -> f64 {
        self.minimax[condensed(self.nodes.len(), pair)]
    }

    /// The set of a node.
    pub fn set(&self, node: usize) -> &'a SetName {
        &self.config.sets[self.nodes[node].set]
    }

    /// The name of a node: `sgd/train 3`.
    pub fn node_name(&self, node: usize) -> String {
        format!("{} {}", self.set(node), self.nodes[node].initialization)
    }
}

/// The rows of a set by ascending number of the initialization.
fn by_number(set: Option<&SolutionSet>) -> Vec<(usize, u32)> {
    let numbers = set.map_or(&[][..], |set| &set.initialization);
    let mut rows: Vec<(usize, u32)> = numbers.iter().copied().enumerate().collect();
    rows.sort_by_key(|&(_, number)| number);
    rows
}

/// The endpoints of a path as nodes, where both sets belong to the graph.
fn nodes_of(config: &GraphConfig, paths: &PathSet, (a, b): (u32, u32)) -> Option<[GraphNode; 2]> {
    let place = |name: &SetName| config.sets.iter().position(|set| set == name);
    let node = |name, initialization| Some(GraphNode { set: place(name)?, initialization });
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

/// The losses of the endpoints on the landscape of the paths. The last bits of one solution's loss
/// may differ between its paths: the lowest counts.
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

/// The loss of a solution as it was found, if this is its loss on the landscape of the paths.
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

fn edges(config: &GraphConfig, paths: &[&PathSet], nodes: &[GraphNode]) -> Vec<HeightEdge> {
    let place: BTreeMap<&GraphNode, usize> = nodes.iter().zip(0..).collect();
    let edge = |(ends, path): ([GraphNode; 2], &PathResult)| {
        let [a, b] = ends.each_ref().map(|end| place.get(end).copied());
        let height = height(config.heights, path);
        Some(HeightEdge { nodes: [a?, b?], height }).filter(|_| height.is_finite())
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
