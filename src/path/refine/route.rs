//! The route whose missing connections are searched for next.

use super::graph::PathGraph;
use super::vectors::distance;
use std::collections::HashMap;

/// The factor by which each try of a gap multiplies its cost.
const COST_OF_A_TRY: f64 = 4.0;

/// A sequence of links and gaps from the first to the second node.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Pairs of nodes between which no path is joined.
    pub gaps: Vec<[usize; 2]>,
    /// The highest value on the links and at the endpoints. A path across a gap need not be lower.
    pub target: f64,
}

impl PathGraph {
    /// The cheapest route that stays below a height. `None` if there is none.
    ///
    /// Joined links cost nothing. A gap costs the square of its length, so that many short gaps are
    /// better than a long one: J. M. Carr, S. A. Trygubenko, D. J. Wales, J. Chem. Phys. 122,
    /// 234903 (2005), doi:10.1063/1.1931587. It costs four times as much after every try, and
    /// cannot be used after `tries`.
    pub fn route(&self, below: f64, tries: u32) -> Option<Route> {
        let known = self.known(below);
        let from = self.cheapest(|pair| self.cost(pair, &known, below, tries))?;
        let higher_endpoint = self.nodes[0].value.max(self.nodes[1].value);
        let mut route = Route { gaps: Vec::new(), target: higher_endpoint };
        let mut node = 1;
        while node != 0 {
            match known.get(&ordered([from[node], node])).and_then(|known| known.lowest) {
                Some(height) => route.target = route.target.max(height),
                None => route.gaps.push([from[node], node]),
            }
            node = from[node];
        }
        Some(route)
    }

    /// What is known between pairs of nodes.
    fn known(&self, below: f64) -> HashMap<[usize; 2], KnownPair> {
        let mut all: HashMap<[usize; 2], KnownPair> = HashMap::new();
        for link in &self.links {
            let known = all.entry(ordered(link.ends)).or_default();
            if link.is_joined && link.height < below {
                known.lowest = Some(known.lowest.map_or(link.height, |low| low.min(link.height)));
            }
            if link.saddle.is_none() {
                known.tries += link.tries;
            }
        }
        all
    }

    /// For each node, the one before it on the cheapest route from the first (Dijkstra's
    /// algorithm). `None` if the second node cannot be reached.
    fn cheapest(&self, cost: impl Fn([usize; 2]) -> f64) -> Option<Vec<usize>> {
        let count = self.nodes.len();
        let (mut costs, mut from) = (vec![f64::INFINITY; count], vec![0; count]);
        let mut open: Vec<usize> = (0..count).collect();
        costs[0] = 0.0;
        while let Some(place) =
            (0..open.len()).min_by(|&a, &b| costs[open[a]].total_cmp(&costs[open[b]]))
        {
            let node = open.remove(place);
            if node == 1 || costs[node].is_infinite() {
                break;
            }
            for &next in &open {
                let sum = costs[node] + cost([node, next]);
                if sum < costs[next] {
                    (costs[next], from[next]) = (sum, node);
                }
            }
        }
        costs[1].is_finite().then_some(from)
    }

    fn cost(
        &self,
        [a, b]: [usize; 2],
        known: &HashMap<[usize; 2], KnownPair>,
        below: f64,
        tries: u32,
    ) -> f64 {
        let known = known.get(&ordered([a, b])).copied().unwrap_or_default();
        if known.lowest.is_some() {
            return 0.0;
        }
        if known.tries >= tries || [a, b].iter().any(|&node| self.nodes[node].value >= below) {
            return f64::INFINITY;
        }
        let length = distance(&self.nodes[a].theta, &self.nodes[b].theta);
        length * length * COST_OF_A_TRY.powf(f64::from(known.tries))
    }
}

/// What is known between two nodes.
#[derive(Clone, Copy, Debug, Default)]
struct KnownPair {
    /// The height of the lowest joined link.
    lowest: Option<f64>,
    /// How often a saddle was searched for.
    tries: u32,
}

fn ordered([a, b]: [usize; 2]) -> [usize; 2] {
    [a.min(b), a.max(b)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::refine::graph::RouteNode;

    #[test]
    fn short_gaps_are_preferred_and_tried_ones_avoided() {
        let mut graph = PathGraph::default();
        for x in [0.0, 3.0, 1.0, 2.0] {
            let node = RouteNode { theta: vec![x], value: 0.1 * x, slope: 0.0, is_minimum: true };
            graph.node(node, 0.1, 0.1);
        }
        graph.record([2, 3], 0.7, Vec::new(), true, 0);
        let route = graph.route(f64::INFINITY, 2).unwrap();
        assert_eq!(route, Route { gaps: vec![[3, 1], [0, 2]], target: 0.7 });
        // The link is too high: three gaps are left.
        assert_eq!(graph.route(0.5, 2).unwrap().gaps.len(), 3);
        for _ in 0..2 {
            graph.record([0, 2], 9.0, Vec::new(), false, 1);
        }
        assert_eq!(graph.route(f64::INFINITY, 2).unwrap().gaps, [[3, 1], [0, 3]]);
        assert_eq!(graph.route(0.3, 2), None, "the second end is not below 0.3");
    }
}
