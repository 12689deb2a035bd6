//! Newick, <https://phylipweb.github.io/phylip/newicktree.html>: the disconnectivity graph.

use super::LandscapeGraph;
use crate::analysis::graph::MergeTree;
use std::fmt::Write;

/// A tree for each connected component, one a line. The length of a branch is the difference in
/// height from its lower end to the fork above. The name of a leaf is its set and number, in
/// quotes.
pub(super) fn text(graph: &LandscapeGraph) -> String {
    let mut text = String::new();
    for tree in MergeTree::of(&graph.merges) {
        write_tree(&mut text, graph, &tree);
        text.push_str(";\n");
    }
    text
}

fn write_tree(text: &mut String, graph: &LandscapeGraph, tree: &MergeTree) {
    if let Some(leaf) = tree.leaf {
        let _ = write!(text, "'{}'", graph.node_name(leaf));
        return;
    }
    for (number, branch) in tree.branches.iter().enumerate() {
        text.push(if number == 0 { '(' } else { ',' });
        write_tree(text, graph, branch);
        // Not `{:?}`, because some readers do not understand exponents.
        let _ = write!(text, ":{}", tree.height - branch.height);
    }
    text.push(')');
}
