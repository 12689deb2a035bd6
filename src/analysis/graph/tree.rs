//! The disconnectivity graph as a tree with an order of its leaves.

use super::Merges;

/// The tree of one connected component. Its leaves are nodes, its inner nodes are merges.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeTree {
    /// Height of the node or of the merge.
    pub height: f64,
    /// The node, for a leaf.
    pub leaf: Option<usize>,
    /// The branches that the merge joins; empty for a leaf. Merges at equal height are one merge of
    /// many branches.
    pub branches: Vec<MergeTree>,
    /// Nodes below, itself for a leaf.
    pub size: usize,
    /// The lowest node below, itself for a leaf.
    pub lowest: usize,
}

impl MergeTree {
    /// A tree for each connected component, in their order. The branches of a merge are ordered by
    /// their lowest nodes, the lowest first.
    pub fn of(merges: &Merges) -> Vec<Self> {
        let leaf = |(node, &height): (usize, &f64)| {
            Some(Self { height, leaf: Some(node), branches: Vec::new(), size: 1, lowest: node })
        };
        let mut clusters: Vec<Option<Self>> = merges.nodes().iter().enumerate().map(leaf).collect();
        for merge in merges.merges() {
            let joined = merge.clusters.map(|cluster| clusters[cluster].take());
            let branches = joined.into_iter().flatten();
            let branches = branches.flat_map(|branch| branch.opened_at(merge.height));
            clusters.push(Some(Self::joining(merge.height, branches.collect(), merges.nodes())));
        }
        let mut trees: Vec<Self> = clusters.into_iter().flatten().collect();
        trees.sort_by(|a, b| order(merges.nodes(), a, b));
        trees
    }

    /// Its branches, if it is a merge at this height; otherwise itself.
    fn opened_at(self, height: f64) -> Vec<Self> {
        let same = self.leaf.is_none() && self.height.total_cmp(&height).is_eq();
        if same { self.branches } else { vec![self] }
    }

    fn joining(height: f64, mut branches: Vec<Self>, nodes: &[f64]) -> Self {
        branches.sort_by(|a, b| order(nodes, a, b));
        let (size, lowest) = (branches.iter().map(|branch| branch.size).sum(), branches[0].lowest);
        Self { height, leaf: None, branches, size, lowest }
    }

    /// Its nodes from left to right. Not recursive, so a deep tree cannot overflow the stack.
    pub fn leaves(&self) -> Vec<usize> {
        let (mut leaves, mut left) = (Vec::with_capacity(self.size), vec![self]);
        while let Some(tree) = left.pop() {
            leaves.extend(tree.leaf);
            left.extend(tree.branches.iter().rev());
        }
        leaves
    }
}

/// Orders trees by their lowest nodes.
fn order(nodes: &[f64], a: &MergeTree, b: &MergeTree) -> std::cmp::Ordering {
    nodes[a.lowest].total_cmp(&nodes[b.lowest]).then(a.lowest.cmp(&b.lowest))
}
