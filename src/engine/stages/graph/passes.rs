//! Minima and passes that refinements have found, as further nodes and edges.
//!
//! Each refinement has a graph of its own, whose first two points are the endpoints of its path.
//! Another of its minima is the same as a solution, or as a minimum of another refinement, if
//! values and identifying numbers agree. For exchangeable atoms these numbers are the distances of
//! all pairs.
//!
//! A refinement ends its descents as soon as it knows where they lead. On a built-in landscape they
//! are continued here to the minimum, which takes milliseconds. On other landscapes two points are
//! the same if they are close compared with the path and its climb.

use super::landscape_graph::{GraphNode, NodeOrigin};
use crate::analysis::graph::{HeightEdge, HeightGraph, Merges, condensed};
use crate::config::LandscapeConfig;
use crate::engine::results::{DISTINCT, Results};
use crate::engine::stages::refinement::refined;
use crate::landscape::BuiltIn;
use crate::optimizer::minimize::{MinimizationParameters, minimize};
use crate::path::PathSet;
use crate::path::refine::{Certificate, Destination, KnownGraph, KnownPass};
use crate::solutions::SolutionSet;
use std::collections::{BTreeMap, BTreeSet};

/// The refined paths of a landscape.
#[derive(Default)]
pub(super) struct RefinedPaths(Vec<RefinedEdge>);

/// A refined path as an edge of the graph, with its endpoints.
struct RefinedEdge {
    ends: [GraphNode; 2],
    certificate: Certificate,
}

/// Minima and passes that refinements add to a graph.
#[derive(Default)]
pub(super) struct Further {
    /// Values of the minima that are no solutions, in ascending order.
    pub minima: Vec<f64>,
    /// Passes between nodes; minima come after all solutions.
    pub passes: Vec<HeightEdge>,
}

impl Further {
    /// Keeps only the minima that a pass leads to. As nodes they come after all `solutions`.
    fn joined(self, solutions: usize) -> Self {
        let Self { minima, mut passes } = self;
        let ends: BTreeSet<usize> = passes.iter().flat_map(|pass| pass.nodes).collect();
        let kept: Vec<usize> =
            (0..minima.len()).filter(|minimum| ends.contains(&(solutions + minimum))).collect();
        let place = |node: usize| match node.checked_sub(solutions) {
            Some(minimum) => solutions + kept.partition_point(|&kept| kept < minimum),
            None => node,
        };
        passes.iter_mut().for_each(|pass| pass.nodes = pass.nodes.map(place));
        Self { minima: kept.iter().map(|&minimum| minima[minimum]).collect(), passes }
    }
}

impl RefinedPaths {
    /// Adds the refined paths among these. `nodes` returns the endpoints of a path as nodes.
    pub fn add(
        &mut self,
        results: &Results,
        paths: &PathSet,
        nodes: impl Fn((u32, u32)) -> Option<[GraphNode; 2]>,
    ) {
        let found = paths.pairs.iter().filter_map(|&pair| {
            let mut certificate =
                refined(results, &paths.set, paths.landscape, pair)?.ok()?.certificate;
            // The graph does not use these, and there may be many paths.
            certificate.theta.clear();
            certificate.path.clear();
            Some(RefinedEdge { ends: nodes(pair)?, certificate })
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
        known: &[Option<Identified>],
    ) -> Further {
        let points = self.points(results);
        let mut minima: Vec<&Identified> = Vec::new();
        let mut by_height: Vec<&KnownMinimum> = points.iter().collect();
        by_height.sort_by(|a, b| a.point.value.total_cmp(&b.point.value));
        let mut node_of = BTreeMap::new();
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
        for (path, RefinedEdge { ends, certificate }) in self.0.iter().enumerate() {
            let node = |index: usize| match ends.get(index) {
                Some(end) => solutions.iter().position(|node| node == end),
                None => node_of.get(&(path, index)).copied(),
            };
            passes.extend(saddles(&certificate.known).filter_map(|pass| {
                let [a, b] = pass.between.map(node);
                let edge = HeightEdge { nodes: [a?, b?], height: pass.height };
                (edge.nodes[0] != edge.nodes[1] && edge.height.is_finite()).then_some(edge)
            }));
        }
        let minima: Vec<f64> = minima.iter().map(|minimum| minimum.value).collect();
        let passes = distinct_passes(passes);
        Further { minima, passes }.joined(solutions.len())
    }

    /// All minima besides the endpoints.
    fn points(&self, results: &Results) -> Vec<KnownMinimum> {
        let of_path = |(path, refined): (usize, &RefinedEdge)| {
            let points = refined.certificate.known.points.iter().enumerate().skip(2);
            let minima = points.filter(|(_, point)| point.place == Destination::Minimum);
            let tolerance = Tolerance::of(results, &refined.certificate);
            let known = minima.filter_map(|(index, point)| {
                let (value, theta) = settled(results, point.value, point.theta.as_deref()?);
                let numbers = identity(results, &theta)?;
                Some(KnownMinimum { path, index, point: Identified { value, numbers, tolerance } })
            });
            known.collect::<Vec<_>>()
        };
        self.0.iter().enumerate().flat_map(of_path).collect()
    }

    /// Whether no refinement found a pass.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|refined| refined.certificate.known.passes.is_empty())
    }
}

/// Removes repeated passes, between the same nodes at the same height: several refinements may find
/// one saddle.
fn distinct_passes(passes: Vec<HeightEdge>) -> Vec<HeightEdge> {
    let mut kept: Vec<HeightEdge> = Vec::new();
    for pass in passes {
        let [a, b] = pass.nodes;
        let is_known = |known: &HeightEdge| {
            let apart = (known.height - pass.height).abs();
            let same_nodes = known.nodes == [a, b] || known.nodes == [b, a];
            same_nodes && apart <= SAME_PASS * pass.height.abs().max(1.0)
        };
        if !kept.iter().any(is_known) {
            kept.push(pass);
        }
    }
    kept
}

struct KnownMinimum {
    path: usize,
    index: usize,
    point: Identified,
}

/// A point with its identifying numbers.
pub(super) struct Identified {
    value: f64,
    numbers: Vec<f64>,
    tolerance: Tolerance,
}

/// Maximum differences of values and of identifying numbers between two equal points.
#[derive(Clone, Copy)]
struct Tolerance {
    value: f64,
    number: f64,
}

/// Passes between two nodes are the same if the relative difference of their heights is smaller.
const SAME_PASS: f64 = 1e-6;

/// For fully minimized minima.
const SETTLED: Tolerance = Tolerance { value: DISTINCT, number: DISTINCT };

/// For other minima: fractions of the climb of the path and of the distance of its endpoints.
const CLOSE: Tolerance = Tolerance { value: 1e-3, number: 1e-2 };

impl Tolerance {
    fn of(results: &Results, certificate: &Certificate) -> Self {
        let points = certificate.known.points.get(..2);
        let Some([a, b]) = points.filter(|_| built_in(results).is_none()) else { return SETTLED };
        let climb = certificate.height - a.value.min(b.value);
        let apart = a.theta.iter().flatten().zip(b.theta.iter().flatten());
        let distance = apart.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        Self { value: CLOSE.value * climb, number: CLOSE.number * distance }
    }
}

fn same(a: &Identified, b: &Identified) -> bool {
    let value = a.tolerance.value.max(b.tolerance.value);
    let number = a.tolerance.number.max(b.tolerance.number);
    let numbers = a.numbers.iter().zip(&b.numbers);
    (a.value - b.value).abs() <= value && numbers.into_iter().all(|(a, b)| (a - b).abs() <= number)
}

/// A built-in landscape.
fn built_in<'a>(results: &Results<'a>) -> Option<&'a BuiltIn> {
    results.config.subject.landscape()?.landscape.built_in()
}

/// The minimum of a built-in landscape to which a point descends; on other landscapes the point
/// itself.
fn settled(results: &Results, value: f64, theta: &[f64]) -> (f64, Vec<f64>) {
    let minimum = built_in(results).and_then(|built_in| {
        let found = minimize(&built_in.build(), theta, &MinimizationParameters::default()).ok()?;
        found.stop.is_minimum().then_some((found.value, found.theta))
    });
    minimum.unwrap_or_else(|| (value, theta.to_vec()))
}

/// The numbers that identify a point of the landscape.
fn identity(results: &Results, theta: &[f64]) -> Option<Vec<f64>> {
    let landscape = results.config.subject.landscape();
    landscape.map_or_else(|| Some(theta.to_vec()), |config| config.landscape.identify(theta))
}

/// The value and the identifying numbers of each solution. Minima of a landscape have double
/// precision.
pub(super) fn identities(
    results: &Results,
    sets: &[Option<&SolutionSet>],
    nodes: &[GraphNode],
    heights: &[f64],
) -> Vec<Option<Identified>> {
    let minima_set = results.config.subject.landscape().and_then(LandscapeConfig::set);
    let of_node = |(node, &height): (&GraphNode, &f64)| -> Option<Identified> {
        let NodeOrigin::Set(place) = node.origin else { return None };
        let set = sets.get(place).copied().flatten()?;
        let minimum = || results.contents.minimum(node.number)?.result.as_ref().ok();
        let exact = minima_set.as_ref().filter(|name| **name == set.name).and_then(|_| minimum());
        let theta = if let Some(minimum) = exact {
            minimum.theta.clone()
        } else {
            let row = set.theta.row(set.row_of(node.number)?);
            row.iter().map(|&x| f64::from(x)).collect()
        };
        let numbers = identity(results, &theta)?;
        Some(Identified { value: height, numbers, tolerance: SETTLED })
    };
    nodes.iter().zip(heights).map(of_node).collect()
}

/// The passes whose top is a saddle. Other passes are curves that are known at some points only,
/// and may be higher between these.
fn saddles(known: &KnownGraph) -> impl Iterator<Item = &KnownPass> {
    known.passes.iter().filter(|pass| pass.is_saddle)
}

/// The minimax height between the two endpoints of a refinement, over minima only.
fn along_passes(known: &KnownGraph) -> Option<f64> {
    let usable = |index: usize| {
        let point = &known.points[index];
        index < 2 || point.place == Destination::Minimum && point.theta.is_some()
    };
    let edges = saddles(known).filter(|pass| pass.between.into_iter().all(usable));
    let edges = edges.map(|pass| HeightEdge { nodes: pass.between, height: pass.height });
    let heights = known.points.iter().map(|point| point.value).collect();
    let graph = HeightGraph::new(heights, edges.collect()).ok()?;
    let count = known.points.len();
    let minimax = Merges::of(&graph).minimax();
    let height = *minimax.get((count > 1).then(|| condensed(count, [0, 1]))?)?;
    height.is_finite().then_some(height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::refine::KnownPoint;

    fn known(places: &[(Destination, f64)], passes: &[([usize; 2], f64)]) -> KnownGraph {
        let point = |&(place, value): &(Destination, f64)| {
            let theta = Some(vec![value; 2]);
            KnownPoint { place, value, theta }
        };
        let pass = |&(between, height): &([usize; 2], f64)| KnownPass {
            between,
            height,
            is_saddle: true,
            theta: None,
        };
        KnownGraph {
            points: places.iter().map(point).collect(),
            passes: passes.iter().map(pass).collect(),
        }
    }

    #[test]
    fn a_refined_path_is_as_high_as_the_lowest_way_over_minima() {
        let ends = [(Destination::Endpoint(0), 0.0), (Destination::Endpoint(1), 1.0)];
        let direct = ([0, 1], 9.0);
        let over = [([0, 2], 4.0), ([2, 1], 5.0)];
        let minimum = [&ends[..], &[(Destination::Minimum, 2.0)]].concat();
        let point = [&ends[..], &[(Destination::Point, 2.0)]].concat();
        let height = |places: &[_], passes: &[_]| along_passes(&known(places, passes));
        assert_eq!(height(&minimum, &[&[direct][..], &over].concat()), Some(5.0));
        assert_eq!(height(&point, &[&[direct][..], &over].concat()), Some(9.0));
        assert_eq!(height(&point, &over), None, "only the certificate knows its height");
        assert_eq!(height(&[], &[]), None);
        let mut sampled = known(&ends, &[direct]);
        sampled.passes[0].is_saddle = false;
        assert_eq!(along_passes(&sampled), None, "a curve without a saddle is no upper bound");
    }

    #[test]
    fn minima_that_no_pass_leads_to_are_left_out() {
        let pass = |nodes| HeightEdge { nodes, height: 5.0 };
        let passes = vec![pass([0, 3]), pass([3, 5])];
        let further = Further { minima: vec![1.0, 2.0, 3.0, 4.0], passes }.joined(2);
        assert_eq!(further.minima, [2.0, 4.0]);
        let ends: Vec<_> = further.passes.iter().map(|pass| pass.nodes).collect();
        assert_eq!(ends, [[0, 2], [2, 3]]);
    }

    #[test]
    fn points_are_the_same_within_the_larger_tolerance() {
        let at = |value: f64, tolerance| Identified { value, numbers: vec![value; 3], tolerance };
        let loose = Tolerance { value: 0.1, number: 0.1 };
        assert!(same(&at(0.0, SETTLED), &at(0.05, loose)));
        assert!(!same(&at(0.0, SETTLED), &at(0.05, SETTLED)));
        let near = Tolerance { value: 0.1, number: 0.01 };
        assert!(!same(&at(0.0, near), &at(0.05, near)), "another place of almost the same height");
    }
}
