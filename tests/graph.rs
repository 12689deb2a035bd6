//! The graph of a landscape against SciPy's single linkage, and against what is true of it in
//! general.
//!
//! The reference results are those of `fixtures/graph/generate.py`.

use lossatlas::analysis::graph::{
    HeightEdge, HeightGraph, MergeTree, Merges, above_minimax, condensed,
};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Fixture {
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    heights: Vec<f64>,
    linkage: Vec<[f64; 4]>,
    minimax: Vec<f64>,
}

fn pairs(nodes: usize) -> Vec<[usize; 2]> {
    (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| [a, b])).collect()
}

#[test]
fn merges_and_minimax_heights_are_those_of_scipy() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("fixtures/graph/linkage.json")).unwrap();
    assert_eq!(fixture.cases.len(), 4);
    for (name, case) in fixture.cases {
        let nodes = case.linkage.len() + 1;
        let edges = pairs(nodes).into_iter().zip(&case.heights);
        let edges = edges.map(|(nodes, &height)| HeightEdge { nodes, height }).collect();
        let graph = HeightGraph::new(vec![0.0; nodes], edges).unwrap();
        let merges = Merges::of(&graph);
        assert_eq!(merges.minimax(), case.minimax, "{name}");
        let row = |merge: &lossatlas::analysis::graph::Merge| {
            let [a, b] = merge.clusters.map(|cluster| cluster as f64);
            [a, b, merge.height, merge.size as f64]
        };
        let linkage: Vec<_> = merges.merges().iter().map(row).collect();
        if name == "ties" {
            let heights =
                |linkage: &[[f64; 4]]| linkage.iter().map(|row| row[2]).collect::<Vec<_>>();
            assert_eq!(heights(&linkage), heights(&case.linkage));
        } else {
            assert_eq!(linkage, case.linkage, "{name}");
        }
    }
}

/// Up to 12 nodes, some pairs of them joined. Few values, so that many heights are equal.
fn graphs() -> impl Strategy<Value = HeightGraph> {
    (1usize..12).prop_flat_map(|nodes| {
        let heights = prop::collection::vec((0u8..8).prop_map(|h| f64::from(h) - 2.0), nodes);
        let pairs = pairs(nodes);
        let edges = prop::collection::vec(prop::option::of(0u8..20), pairs.len());
        (heights, edges).prop_map(move |(heights, edges)| {
            let edge = |(&nodes, height): (&[usize; 2], Option<u8>)| {
                Some(HeightEdge { nodes, height: f64::from(height?) - 3.0 })
            };
            let edges = pairs.iter().zip(edges).filter_map(edge).collect();
            HeightGraph::new(heights, edges).unwrap()
        })
    })
}

/// Minimax heights by the method of Floyd and Warshall.
fn by_floyd_and_warshall(graph: &HeightGraph) -> Vec<f64> {
    let nodes = graph.nodes().len();
    let mut heights = vec![vec![f64::INFINITY; nodes]; nodes];
    for edge in graph.edges() {
        let [a, b] = edge.nodes;
        heights[a][b] = edge.height.min(heights[a][b]);
        heights[b][a] = heights[a][b];
    }
    for over in 0..nodes {
        for [a, b] in pairs(nodes) {
            let around = heights[a][over].max(heights[over][b]);
            heights[a][b] = heights[a][b].min(around);
            heights[b][a] = heights[a][b];
        }
    }
    pairs(nodes).into_iter().map(|[a, b]| heights[a][b]).collect()
}

/// Births and deaths of all components, whatever the nodes are called.
fn diagram(merges: &Merges) -> Vec<(i64, i64)> {
    let deaths = merges.deaths();
    let death = |death: &Option<(usize, usize)>| {
        death.map_or(i64::MAX, |(merge, _)| merges.merges()[merge].height as i64)
    };
    let births = merges.nodes().iter().map(|&birth| birth as i64);
    let mut lives: Vec<(i64, i64)> = births.zip(deaths.iter().map(death)).collect();
    lives.sort_unstable();
    lives
}

proptest! {
    #[test]
    fn minimax_heights_are_those_of_all_ways(graph in graphs()) {
        let merges = Merges::of(&graph);
        prop_assert_eq!(merges.minimax(), by_floyd_and_warshall(&graph));
    }

    #[test]
    fn minimax_heights_are_an_ultrametric_no_higher_than_direct_paths(graph in graphs()) {
        let nodes = graph.nodes().len();
        let minimax = Merges::of(&graph).minimax();
        let height = |a, b| minimax[condensed(nodes, [a, b])];
        for [a, b] in pairs(nodes) {
            prop_assert!(height(a, b) >= graph.nodes()[a].max(graph.nodes()[b]));
            for c in (0..nodes).filter(|&c| c != a && c != b) {
                prop_assert!(height(a, b) <= height(a, c).max(height(c, b)));
            }
        }
        prop_assert!(above_minimax(&graph, &minimax).iter().all(|&above| above >= 0.0));
    }

    #[test]
    fn the_order_of_the_nodes_does_not_matter(graph in graphs(), turn in 0usize..12) {
        let nodes = graph.nodes().len();
        let renamed = |node: usize| (node * if nodes % 5 == 0 { 3 } else { 5 } + turn) % nodes;
        let mut heights = vec![0.0; nodes];
        (0..nodes).for_each(|node| heights[renamed(node)] = graph.nodes()[node]);
        let names: BTreeSet<usize> = (0..nodes).map(renamed).collect();
        prop_assume!(names.len() == nodes);
        let edges = graph.edges().iter().rev();
        let edges = edges.map(|edge| HeightEdge { nodes: edge.nodes.map(renamed), ..*edge });
        let other = HeightGraph::new(heights, edges.collect()).unwrap();
        let [here, there] = [&graph, &other].map(Merges::of);
        let [first, second] = [&here, &there].map(Merges::minimax);
        for pair in pairs(nodes) {
            let (here, there) = (condensed(nodes, pair), condensed(nodes, pair.map(renamed)));
            prop_assert_eq!(first[here].to_bits(), second[there].to_bits());
        }
        prop_assert_eq!(diagram(&here), diagram(&there));
    }

    #[test]
    fn a_component_is_lost_with_every_merge_and_every_leaf_has_its_place(graph in graphs()) {
        let merges = Merges::of(&graph);
        let nodes = graph.nodes().len();
        prop_assert_eq!(merges.merges().len() + merges.components().len(), nodes);
        prop_assert!(merges.merges().windows(2).all(|two| two[0].height <= two[1].height));
        let trees = MergeTree::of(&merges);
        let mut leaves: Vec<_> = trees.iter().flat_map(MergeTree::leaves).collect();
        leaves.sort_unstable();
        prop_assert_eq!(leaves, (0..nodes).collect::<Vec<_>>());
        let lasting = merges.deaths().iter().filter(|death| death.is_none()).count();
        prop_assert_eq!(lasting, merges.components().len());
    }
}
