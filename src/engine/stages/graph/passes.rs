//! Minima and passes that refinements have come across, as further nodes and edges.
//!
//! Each refinement has a graph of its own, whose first two points are the endpoints of its path.
//! Its other minima are the same as solutions or as minima of other refinements, if values and
//! identities agree: of atoms that can be exchanged, the distances of all pairs.

use super::landscape_graph::{GraphNode, Origin};
use crate::analysis::graph::{HeightEdge, HeightGraph, Merges, condensed};
use crate::engine::results::{DISTINCT, Results};
use crate::engine::stages::refinement::refined;
use crate::path::PathSet;
use crate::path::refine::{Certificate, KnownGraph, Place};
use crate::solutions::SolutionSet;

/// The refined paths of a landscape.
#[derive(Default)]
pub(super) struct RefinedPaths(Vec<RefinedEnds>);

/// A refined path, with its endpoints.
struct RefinedEnds {
    ends: [GraphNode; 2],
    certificate: Certificate,
}

/// What refinements add to a graph.
#[derive(Default)]
pub(super) struct Further {
    /// Values of the minima that are no solutions, in ascending order.
    pub minima: Vec<f64>,
    /// Passes between nodes; minima come after all solutions.
    pub passes: Vec<HeightEdge>,
}

impl RefinedPaths {
    /// Adds the refined paths among these, whose endpoints `nodes` finds.
    pub fn add(
        &mut self,
        results: &Results,
        paths: &PathSet,
        nodes: impl Fn((u32, u32)) -> Option<[GraphNode; 2]>,
    ) {
        let found = paths.pairs.iter().filter_map(|&pair| {
            let refined = refined(results, &paths.set, paths.landscape, pair)?.ok()?;
            Some(RefinedEnds { ends: nodes(pair)?, certificate: refined.certificate })
        });
        self.0.extend(found);
    }

    /// The lowest known height between two solutions that have been refined directly: along the
    /// passes, where all points between them are minima.
    pub fn height(&self, ends: &[GraphNode; 2]) -> Option<f64> {
        let refined = self.0.iter().find(|refined| refined.ends == *ends)?;
        let known = &refined.certificate.known;
        Some(along_passes(known).unwrap_or(refined.certificate.height))
    }

    /// Further minima and passes. `solutions` are the nodes so far, each with its identity.
    pub fn further(
        &self,
        results: &Results,
        solutions: &[GraphNode],
        known: &[Option<(f64, Vec<f64>)>],
    ) -> Further {
        let points = self.points(results);
        let mut minima: Vec<&(f64, Vec<f64>)> = Vec::new();
        let mut by_height: Vec<&KnownMinimum> = points.iter().collect();
        by_height.sort_by(|a, b| a.point.0.total_cmp(&b.point.0));
        let mut node_of = std::collections::BTreeMap::new();
        for KnownMinimum { path, index, point } in by_height {
            let solution = known
                .iter()
                .position(|known| known.as_ref().is_some_and(|known| same(known, point)));
            let minimum = || minima.iter().position(|known| same(known, point));
            let node = solution.or_else(|| Some(solutions.len() + minimum()?));
            let node = node.unwrap_or_else(|| {
                minima.push(point);
                solutions.len() + minima.len() - 1
            });
            node_of.insert((*path, *index), node);
        }
        let mut passes = Vec::new();
        for (path, RefinedEnds { ends, certificate }) in self.0.iter().enumerate() {
            let node = |index: usize| match ends.get(index) {
                Some(end) => solutions.iter().position(|node| node == end),
                None => node_of.get(&(path, index)).copied(),
            };
            passes.extend(certificate.known.passes.iter().filter_map(|pass| {
                let [a, b] = pass.between.map(node);
                let edge = HeightEdge { nodes: [a?, b?], height: pass.height };
                (edge.nodes[0] != edge.nodes[1] && edge.height.is_finite()).then_some(edge)
            }));
        }
        Further { minima: minima.iter().map(|(value, _)| *value).collect(), passes }
    }

    /// All minima besides the endpoints.
    fn points(&self, results: &Results) -> Vec<KnownMinimum> {
        let of_path = |(path, refined): (usize, &RefinedEnds)| {
            let points = refined.certificate.known.points.iter().enumerate().skip(2);
            let minima = points.filter(|(_, point)| point.place == Place::Minimum);
            let known = minima.filter_map(|(index, point)| {
                let identity = identity(results, point.theta.as_deref()?)?;
                Some(KnownMinimum { path, index, point: (point.value, identity) })
            });
            known.collect::<Vec<_>>()
        };
        self.0.iter().enumerate().flat_map(of_path).collect()
    }

    /// Whether there is anything to add.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|refined| refined.certificate.known.passes.is_empty())
    }
}

struct KnownMinimum {
    path: usize,
    index: usize,
    /// Its value and its identity.
    point: (f64, Vec<f64>),
}

fn same((value, numbers): &(f64, Vec<f64>), (other, others): &(f64, Vec<f64>)) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= DISTINCT;
    close(*value, *other) && numbers.iter().zip(others).all(|(&a, &b)| close(a, b))
}

/// The numbers that identify a point of the landscape.
fn identity(results: &Results, theta: &[f64]) -> Option<Vec<f64>> {
    let landscape = results.config.subject.landscape();
    landscape.map_or_else(|| Some(theta.to_vec()), |config| config.landscape.identify(theta))
}

/// The value and the identity of each solution: minima of a landscape as they were found.
pub(super) fn identities(
    results: &Results,
    sets: &[Option<&SolutionSet>],
    nodes: &[GraphNode],
    heights: &[f64],
) -> Vec<Option<(f64, Vec<f64>)>> {
    let minima_set = results.config.subject.landscape().and_then(|config| config.set());
    let of_node = |(node, &height): (&GraphNode, &f64)| {
        let Origin::Set(place) = node.origin else { return None };
        let set = sets.get(place).copied().flatten()?;
        let minimum = || results.contents.minimum(node.number)?.result.as_ref().ok();
        let exact = minima_set.as_ref().filter(|name| **name == set.name).and_then(|_| minimum());
        let theta = match exact {
            Some(minimum) => minimum.theta.clone(),
            None => {
                let row = set.theta.row(set.row_of(node.number)?);
                row.iter().map(|&x| f64::from(x)).collect()
            }
        };
        Some((height, identity(results, &theta)?))
    };
    nodes.iter().zip(heights).map(of_node).collect()
}

/// The minimax height between the two endpoints of a refinement, over minima only.
fn along_passes(known: &KnownGraph) -> Option<f64> {
    let usable = |index: usize| {
        let point = &known.points[index];
        index < 2 || point.place == Place::Minimum && point.theta.is_some()
    };
    let edges = known.passes.iter().filter(|pass| pass.between.into_iter().all(usable));
    let edges = edges.map(|pass| HeightEdge { nodes: pass.between, height: pass.height });
    let heights = known.points.iter().map(|point| point.value).collect();
    let graph = HeightGraph::new(heights, edges.collect()).ok()?;
    let count = known.points.len();
    let minimax = Merges::of(&graph).minimax();
    let height = *minimax.get((count > 1).then(|| condensed(count, [0, 1]))?)?;
    height.is_finite().then_some(height)
}
