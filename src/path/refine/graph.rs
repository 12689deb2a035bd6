//! Known points and the known paths between them.

use super::certificate::Destination;
use super::saddle::Saddle;
use super::vectors::distance;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A point at which paths begin and end. The first two nodes are the endpoints of the path to
/// refine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteNode {
    /// `(P,)`.
    pub theta: Vec<f64>,
    /// f.
    pub value: f64,
    /// |∇f|.
    pub slope: f64,
    /// Whether a descent ended here because the gradient is zero.
    pub is_minimum: bool,
}

impl RouteNode {
    /// The kind of the node with this index.
    pub fn place(&self, index: usize) -> Destination {
        match index {
            0 | 1 => Destination::Endpoint(index),
            _ if self.is_minimum => Destination::Minimum,
            _ => Destination::Point,
        }
    }
}

/// A path between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The nodes at which it begins and ends.
    pub ends: [usize; 2],
    /// Its highest value.
    pub height: f64,
    /// Its points.
    pub path: Vec<Vec<f64>>,
    /// Its highest point, if this is a saddle.
    pub saddle: Option<Saddle>,
    /// Whether it may be part of the result: its highest point is a saddle, or it is lower than the
    /// other saddles of its route.
    pub is_joined: bool,
    /// Whether the height includes values between the points.
    pub is_sampled: bool,
    /// How often a saddle was searched for along it.
    pub tries: u32,
}

/// All known nodes and links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PathGraph {
    pub nodes: Vec<RouteNode>,
    pub links: Vec<Link>,
}

/// A sequence of links from the first to the second node.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// Its highest value.
    pub height: f64,
    /// Links in order, each with the node at which it is entered.
    pub links: Vec<(usize, usize)>,
}

impl PathGraph {
    /// The index of a node within a distance `near` and a difference of values `close`, or that of
    /// the new node.
    pub fn node(&mut self, node: RouteNode, near: f64, close: f64) -> usize {
        let is_same = |old: &RouteNode| {
            (old.value - node.value).abs() <= close && distance(&old.theta, &node.theta) <= near
        };
        self.nodes.iter().position(is_same).unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }

    /// The link between two nodes that is not joined.
    pub fn open(&self, pair: [usize; 2]) -> Option<&Link> {
        self.links.iter().find(|link| !link.is_joined && link.is_between(pair))
    }

    /// Records a sampled path between two nodes after one more try.
    pub fn record(
        &mut self,
        pair: [usize; 2],
        height: f64,
        path: Vec<Vec<f64>>,
        is_joined: bool,
        tries: u32,
    ) {
        let known = self.links.iter_mut().find(|link| !link.is_joined && link.is_between(pair));
        let Some(link) = known else {
            let (ends, saddle, is_sampled) = (pair, None, true);
            self.links.push(Link { ends, height, path, saddle, is_joined, is_sampled, tries });
            return;
        };
        link.tries += tries;
        link.is_joined = is_joined;
        if height <= link.height || is_joined {
            (link.ends, link.height, link.path) = (pair, height, path);
        }
    }

    /// The chain with the lowest maximum. Of equally high ones, that with the fewest links.
    pub fn minimax(&self, joined_only: bool) -> Option<Chain> {
        let usable = |link: &Link| link.is_joined || !joined_only;
        let mut heights: Vec<f64> =
            self.links.iter().filter(|link| usable(link)).map(|link| link.height).collect();
        heights.sort_by(f64::total_cmp);
        heights.dedup();
        heights.into_iter().find_map(|height| {
            let links = self.shortest(|link| usable(link) && link.height <= height)?;
            Some(Chain { height, links })
        })
    }

    /// The chain of the fewest links.
    fn shortest(&self, usable: impl Fn(&Link) -> bool) -> Option<Vec<(usize, usize)>> {
        let mut entered: Vec<Option<(usize, usize)>> = vec![None; self.nodes.len()];
        let mut queue = VecDeque::from([0]);
        while let Some(node) = queue.pop_front() {
            for (index, link) in self.links.iter().enumerate().filter(|(_, link)| usable(link)) {
                let Some(next) = link.from(node).filter(|&next| next != 0) else { continue };
                if entered[next].is_none() {
                    entered[next] = Some((index, node));
                    queue.push_back(next);
                }
            }
        }
        let (mut node, mut links) = (1, Vec::new());
        while node != 0 {
            let (link, before) = entered[node]?;
            links.push((link, before));
            node = before;
        }
        links.reverse();
        Some(links)
    }
}

impl Link {
    /// Whether it joins these nodes, in either order.
    pub fn is_between(&self, [a, b]: [usize; 2]) -> bool {
        self.ends == [a, b] || self.ends == [b, a]
    }

    /// Its points, beginning at a node.
    pub fn path_from(&self, node: usize) -> Vec<Vec<f64>> {
        let mut path = self.path.clone();
        if self.ends[0] != node {
            path.reverse();
        }
        path
    }

    /// The node at the other end.
    fn from(&self, node: usize) -> Option<usize> {
        match self.ends {
            [a, b] if a == node => Some(b),
            [a, b] if b == node => Some(a),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimax_chain_goes_around_a_high_link() {
        let node = |x: f64| RouteNode { theta: vec![x], value: 0.0, slope: 0.0, is_minimum: true };
        let mut graph = PathGraph::default();
        for x in [0.0, 3.0, 1.0, 2.0] {
            graph.node(node(x), 0.1, 0.1);
        }
        assert_eq!(graph.node(node(2.05), 0.1, 0.1), 3, "an equal node is not added");
        let mut record = |pair, height, is_joined| {
            graph.record(pair, height, Vec::new(), is_joined, 1);
        };
        record([0, 1], 5.0, true);
        record([0, 2], 1.0, true);
        record([3, 2], 2.0, true);
        record([3, 1], 0.5, false);
        let chain = graph.minimax(false).unwrap();
        assert_eq!((chain.height, chain.links), (2.0, vec![(1, 0), (2, 2), (3, 3)]));
        let joined = graph.minimax(true).unwrap();
        assert_eq!((joined.height, joined.links), (5.0, vec![(0, 0)]));
    }
}
