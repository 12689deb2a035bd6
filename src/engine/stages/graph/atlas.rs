//! `/graph`: nodes, edges, merges and minimax heights.

use super::landscape_graph::{LandscapeGraph, graphs_of};
use crate::config::reader::Choice;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec};
use crate::solutions::SetName;
use ndarray::Array2;

/// The names of its groups, each of which may exist only once.
pub(super) fn groups(atlas: &Atlas<'_>) -> Vec<String> {
    let group =
        |graph: LandscapeGraph| format!("/graph/{}/on_{}", graph.config.name, graph.landscape);
    graphs_of(&atlas.results, atlas.sets, atlas.paths).into_iter().map(group).collect()
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let graphs = graphs_of(&atlas.results, atlas.sets, atlas.paths);
    if graphs.is_empty() {
        return Ok(());
    }
    let root =
        root.group("graph", "solutions as nodes and paths as edges, by name and landscape")?;
    for graph in &graphs {
        let named = root.group(&graph.config.name, "a graph of the solutions in some sets")?;
        let on = format!("on_{}", graph.landscape);
        let node = named.group(&on, "the graph on the landscape of these images")?;
        node.text("landscape", graph.landscape.name())?;
        node.text("heights", graph.config.heights.word())?;
        let sets: Vec<&str> = graph.config.sets.iter().map(SetName::as_str).collect();
        node.text("sets", &sets.join(", "))?;
        node.number("left_out", graph.left_out as u32)?;
        write_nodes(&node, graph, atlas.loss_unit)?;
        write_edges(&node, graph, atlas.loss_unit)?;
        write_merges(&node, graph, atlas.loss_unit)?;
    }
    Ok(())
}

fn write_nodes(node: &AtlasGroup, graph: &LandscapeGraph, unit: &str) -> Result<(), AtlasError> {
    let count = graph.nodes.len();
    node.axis("node", "number of each node", count)?;
    let sets: Vec<&str> = (0..count).map(|node| graph.set(node)).collect();
    node.texts(
        &DatasetSpec::new("node_set", "node", "set of each node, GROUP/MEMBER; or minimum"),
        &sets,
    )?;
    let numbers: Vec<u32> = graph.nodes.iter().map(|node| node.number).collect();
    let words = "number of the random initialization that the node grew from; minima count from 0";
    node.numbers(&DatasetSpec::new("node_initialization", "node", words), &numbers)?;
    let words = "height of each node on this landscape: birth of its component";
    let label = DatasetSpec::new("node_height", "node", words).units(unit);
    node.numbers(&label, graph.graph.nodes())?;
    let mut component = vec![0u32; count];
    for (number, nodes) in (0..).zip(graph.merges.components()) {
        nodes.iter().for_each(|&node| component[node] = number);
    }
    let words = "connected component of each node: 0 has the lowest node";
    node.numbers(&DatasetSpec::new("node_component", "node", words), &component)?;
    let merges = graph.merges.merges();
    let deaths = graph.merges.deaths();
    let height = |death: &Option<(usize, usize)>| {
        death.map_or(f64::INFINITY, |(merge, _)| merges[merge].height)
    };
    let heights: Vec<f64> = deaths.iter().map(height).collect();
    let words = "height at which the component of each node is joined to one with a lower node; \
                 infinite for the lowest node of a connected component";
    node.numbers(&DatasetSpec::new("node_death", "node", words).units(unit), &heights)?;
    let elder = |(node, death): (usize, &Option<(usize, usize)>)| {
        death.map_or(node, |(_, elder)| elder) as u32
    };
    let elders: Vec<u32> = deaths.iter().enumerate().map(elder).collect();
    let words = "the lowest node of the component that it is joined to there; itself if none";
    node.numbers(&DatasetSpec::new("node_elder", "node", words), &elders)
}

fn write_edges(node: &AtlasGroup, graph: &LandscapeGraph, unit: &str) -> Result<(), AtlasError> {
    let edges = graph.graph.edges();
    node.axis("edge", "number of each edge", edges.len())?;
    node.axis("end", "the endpoints of an edge: 0 at t = 0, 1 at t = 1", 2)?;
    let ends: Vec<[u32; 2]> = edges.iter().map(|edge| edge.nodes.map(|node| node as u32)).collect();
    let words = "numbers of the nodes that each edge joins";
    node.numbers(&DatasetSpec::new("edge_nodes", "edge, end", words), &Array2::from(ends))?;
    let heights: Vec<f64> = edges.iter().map(|edge| edge.height).collect();
    let kinds: Vec<&str> = graph.kinds.iter().map(|kind| kind.name()).collect();
    let words = "path, or pass: one that a refinement has found";
    node.texts(&DatasetSpec::new("edge_kind", "edge", words), &kinds)?;
    let words = "height of each edge, the attribute heights says which; never below its nodes";
    node.numbers(&DatasetSpec::new("edge_height", "edge", words).units(unit), &heights)?;
    let words = "how far each edge lies above the minimax height of its nodes: above 0 there is a \
                 detour that is lower";
    let label = DatasetSpec::new("edge_above_minimax", "edge", words).units(unit);
    node.numbers(&label, &graph.above_minimax)
}

fn write_merges(node: &AtlasGroup, graph: &LandscapeGraph, unit: &str) -> Result<(), AtlasError> {
    let merges = graph.merges.merges();
    node.axis("merge", "number of each merge, by ascending height", merges.len())?;
    let edges: Vec<u32> = merges.iter().map(|merge| merge.edge as u32).collect();
    let words = "the edge of each merge: together the minimum spanning tree";
    node.numbers(&DatasetSpec::new("tree", "merge", words), &edges)?;
    node.axis("linkage_column", "columns of linkage: cluster, cluster, height, size", 4)?;
    let mut linkage = Array2::zeros((merges.len(), 4));
    for (mut row, merge) in linkage.outer_iter_mut().zip(merges) {
        let [a, b] = merge.clusters.map(|cluster| cluster as f64);
        row.assign(&ndarray::arr1(&[a, b, merge.height, merge.size as f64]));
    }
    let words = "the merges as scipy.cluster.hierarchy.linkage returns them: numbers from the \
                 number of nodes on are merges; complete if there is one component";
    node.numbers(&DatasetSpec::new("linkage", "merge, linkage_column", words), &linkage)?;
    node.axis("pair", "number of each pair of nodes: (0, 1), (0, 2), …", graph.minimax.len())?;
    let words = "minimax height of each pair of nodes, condensed as by scipy.spatial.distance; \
                 infinite in different components";
    node.numbers(&DatasetSpec::new("minimax", "pair", words).units(unit), &graph.minimax)
}
