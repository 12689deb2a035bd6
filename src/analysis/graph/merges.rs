//! Single linkage: the minimum spanning tree in the order of its heights.

use super::HeightGraph;
use petgraph::unionfind::UnionFind;

/// Two clusters that an edge joins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// The edge, which belongs to the minimum spanning tree.
    pub edge: usize,
    /// Numbers of both clusters, the smaller first, in SciPy's numbering: numbers below the number
    /// of nodes are nodes, larger ones are merges in their order.
    pub clusters: [usize; 2],
    /// The height of the edge.
    pub height: f64,
    /// Nodes in the cluster that results.
    pub size: usize,
    /// The lowest node of each cluster before, in the order of `clusters`.
    pub lowest: [usize; 2],
}

/// The merges of a graph by ascending height: its minimum spanning tree, or a tree for each of its
/// connected components.
#[derive(Clone, Debug, PartialEq)]
pub struct Merges {
    nodes: Vec<f64>,
    by_height: Vec<Merge>,
    /// The nodes of each component by ascending number, the component of the lowest node first.
    components: Vec<Vec<usize>>,
}

impl Merges {
    /// Joins the nodes along the edges from the lowest to the highest (Kruskal's method). Of two
    /// edges with equal heights the first one comes first. Of two nodes with equal heights the
    /// first one counts as the lower.
    pub fn of(graph: &HeightGraph) -> Self {
        let nodes = graph.nodes();
        let mut order: Vec<usize> = (0..graph.edges().len()).collect();
        let height = |edge: usize| graph.edges()[edge].height;
        order.sort_by(|&a, &b| height(a).total_cmp(&height(b)).then(a.cmp(&b)));
        let mut joined = UnionFind::<usize>::new(nodes.len());
        // By the representative of each cluster: its number, its size, its lowest node.
        let mut known: Vec<(usize, usize, usize)> = (0..nodes.len()).map(|n| (n, 1, n)).collect();
        let mut merges = Vec::new();
        for edge in order {
            let both = graph.edges()[edge].nodes.map(|node| joined.find(node));
            if !joined.union(both[0], both[1]) {
                continue;
            }
            let [mut a, mut b] = both.map(|cluster| known[cluster]);
            if a.0 > b.0 {
                (a, b) = (b, a);
            }
            let size = a.1 + b.1;
            let lowest = lower(nodes, a.2, b.2);
            known[joined.find(both[0])] = (nodes.len() + merges.len(), size, lowest);
            let (clusters, lowest) = ([a.0, b.0], [a.2, b.2]);
            merges.push(Merge { edge, clusters, height: height(edge), size, lowest });
        }
        let components = components(nodes, &mut joined);
        Self { nodes: nodes.to_vec(), by_height: merges, components }
    }

    /// The merges, by ascending height.
    pub fn merges(&self) -> &[Merge] {
        &self.by_height
    }

    /// The nodes of each connected component, the component of the lowest node first.
    pub fn components(&self) -> &[Vec<usize>] {
        &self.components
    }

    /// The heights of the nodes.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The nodes of each cluster, in SciPy's numbering: those of a node, then those of each merge.
    fn members(&self) -> Vec<Vec<usize>> {
        let mut members: Vec<Vec<usize>> = (0..self.nodes.len()).map(|node| vec![node]).collect();
        for merge in &self.by_height {
            let [a, b] = merge.clusters.map(|cluster| members[cluster].clone());
            members.push(a.into_iter().chain(b).collect());
        }
        members
    }

    /// Calls `f` for every pair of nodes in one component, with the number of the merge that
    /// joins the two.
    pub fn for_each_pair(&self, mut f: impl FnMut(usize, [usize; 2])) {
        let members = self.members();
        for (number, merge) in self.by_height.iter().enumerate() {
            let [first, second] = merge.clusters.map(|cluster| &members[cluster]);
            for &a in first {
                second.iter().for_each(|&b| f(number, [a, b]));
            }
        }
    }

    /// The minimax heights of all pairs, condensed as by SciPy ([`condensed`]); infinite for two
    /// nodes in different components.
    pub fn minimax(&self) -> Vec<f64> {
        let count = self.nodes.len();
        let mut heights = vec![f64::INFINITY; count * count.saturating_sub(1) / 2];
        self.for_each_pair(|merge, pair| {
            heights[condensed(count, pair)] = self.by_height[merge].height;
        });
        heights
    }

    /// For each node the merge at which its component is joined to one with a lower node (the
    /// elder rule of persistence): the number of the merge, and that lower node. `None` for the
    /// lowest node of each connected component.
    pub fn deaths(&self) -> Vec<Option<(usize, usize)>> {
        let mut deaths = vec![None; self.nodes.len()];
        for (number, merge) in self.by_height.iter().enumerate() {
            let [a, b] = merge.lowest;
            let elder = lower(&self.nodes, a, b);
            deaths[if elder == a { b } else { a }] = Some((number, elder));
        }
        deaths
    }
}

/// The index of a pair of n = `nodes` nodes among all n (n − 1) / 2 pairs, in the order (0, 1), (0,
/// 2), …, (1, 2), …
///
/// # Panics
/// If both are the same.
pub fn condensed(nodes: usize, [a, b]: [usize; 2]) -> usize {
    assert!(a != b && a.max(b) < nodes, "two of the nodes");
    let (i, j) = (a.min(b), a.max(b));
    i * (2 * nodes - i - 1) / 2 + j - i - 1
}

/// The lower of two nodes; the first one if their heights are equal.
fn lower(nodes: &[f64], a: usize, b: usize) -> usize {
    if nodes[a].total_cmp(&nodes[b]).then(a.cmp(&b)).is_le() { a } else { b }
}

fn components(nodes: &[f64], joined: &mut UnionFind<usize>) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by(|&a, &b| nodes[a].total_cmp(&nodes[b]).then(a.cmp(&b)));
    let mut place = vec![None; nodes.len()];
    let mut components: Vec<Vec<usize>> = Vec::new();
    for node in order {
        let component = *place[joined.find(node)].get_or_insert_with(|| {
            components.push(Vec::new());
            components.len() - 1
        });
        components[component].push(node);
    }
    components.iter_mut().for_each(|nodes| nodes.sort_unstable());
    components
}

#[cfg(test)]
mod tests;
