use super::*;
use crate::analysis::graph::{HeightEdge, MergeTree, above_minimax, levels};

fn graph(nodes: &[f64], edges: &[(usize, usize, f64)]) -> HeightGraph {
    let edge = |&(a, b, height): &(usize, usize, f64)| HeightEdge { nodes: [a, b], height };
    HeightGraph::new(nodes.to_vec(), edges.iter().map(edge).collect()).unwrap()
}

/// Two deep wells with a shallow one beside each, and a detour: 0–3 is direct at 9, but 0–1–3 is
/// lower.
fn wells() -> HeightGraph {
    graph(&[0.0, 1.0, 3.0, 0.5], &[(0, 3, 9.0), (0, 1, 4.0), (1, 3, 6.0), (2, 3, 3.5), (0, 2, 8.0)])
}

#[test]
fn a_tree_by_hand() {
    let merges = Merges::of(&wells());
    let found: Vec<_> = merges
        .merges()
        .iter()
        .map(|merge| (merge.edge, merge.clusters, merge.height, merge.size, merge.lowest))
        .collect();
    assert_eq!(
        found,
        [(3, [2, 3], 3.5, 2, [2, 3]), (1, [0, 1], 4.0, 2, [0, 1]), (2, [4, 5], 6.0, 4, [3, 0]),]
    );
    assert_eq!(merges.minimax(), [4.0, 6.0, 6.0, 6.0, 6.0, 3.5]);
    assert_eq!(merges.components(), [[0, 1, 2, 3]]);
}

#[test]
fn the_younger_of_two_components_ends_where_they_meet() {
    let merges = Merges::of(&wells());
    // 2 ends in 3 at 3.5, 1 in 0 at 4, 3 in 0 at 6; 0 stays.
    assert_eq!(merges.deaths(), [None, Some((1, 0)), Some((0, 3)), Some((2, 0))]);
    // Of two nodes of one height the first is the elder.
    let same = Merges::of(&graph(&[1.0, 1.0], &[(1, 0, 2.0)]));
    assert_eq!(same.deaths(), [None, Some((0, 0))]);
}

#[test]
fn components_at_every_level() {
    let found: Vec<_> = levels(&Merges::of(&wells()))
        .into_iter()
        .map(|level| (level.height, level.nodes, level.components))
        .collect();
    assert_eq!(
        found,
        [(0.0, 1, 1), (0.5, 2, 2), (1.0, 3, 3), (3.0, 4, 4), (3.5, 4, 3), (4.0, 4, 2), (6.0, 4, 1),]
    );
}

#[test]
fn a_detour_is_lower_than_the_direct_path() {
    let graph = wells();
    let above = above_minimax(&graph, &Merges::of(&graph).minimax());
    assert_eq!(above, [3.0, 0.0, 0.0, 0.0, 2.0]);
}

#[test]
fn what_no_path_joins_stays_apart() {
    let merges = Merges::of(&graph(&[2.0, 1.0, 0.0, 5.0], &[(0, 1, 3.0), (1, 0, 2.5)]));
    assert_eq!(merges.components(), [vec![2], vec![0, 1], vec![3]]);
    let apart = f64::INFINITY;
    assert_eq!(merges.minimax(), [2.5, apart, apart, apart, apart, apart]);
    assert_eq!(merges.merges().len(), 1);
    assert_eq!(merges.merges()[0].edge, 1, "the lower one of two paths between the same nodes");
    let trees = MergeTree::of(&merges);
    let leaves: Vec<_> = trees.iter().map(MergeTree::leaves).collect();
    assert_eq!(leaves, [vec![2], vec![1, 0], vec![3]]);
}

#[test]
fn merges_at_one_height_are_one_with_many_branches() {
    let graph = graph(&[0.0, 0.2, 0.1, 0.0], &[(0, 1, 1.0), (1, 2, 1.0), (2, 3, 2.0)]);
    let [tree] = &MergeTree::of(&Merges::of(&graph))[..] else { panic!("one tree") };
    assert_eq!((tree.height, tree.size, tree.lowest), (2.0, 4, 0));
    let [left, right] = &tree.branches[..] else { panic!("two branches") };
    assert_eq!((right.leaf, left.height, left.branches.len()), (Some(3), 1.0, 3));
    // From left to right by height.
    assert_eq!(tree.leaves(), [0, 2, 1, 3]);
}

#[test]
fn nothing_and_a_single_node() {
    let nothing = Merges::of(&graph(&[], &[]));
    assert!(nothing.minimax().is_empty() && nothing.components().is_empty());
    assert!(MergeTree::of(&nothing).is_empty() && levels(&nothing).is_empty());
    let one = Merges::of(&graph(&[7.0], &[]));
    assert_eq!((one.components(), one.deaths()), (&[vec![0]][..], vec![None]));
}

#[test]
fn places_of_pairs_are_those_of_scipy() {
    let places: Vec<_> = (0..5)
        .flat_map(|a| (a + 1..5).map(move |b| [a, b]))
        .map(|pair| condensed(5, pair))
        .collect();
    assert_eq!(places, (0..10).collect::<Vec<_>>());
    assert_eq!(condensed(5, [3, 1]), condensed(5, [1, 3]));
}
