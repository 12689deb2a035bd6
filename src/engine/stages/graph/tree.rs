//! Disconnectivity graphs: each leaf is a solution, each fork the height at which the lowest known
//! paths join solutions.

use super::landscape_graph::{LandscapeGraph, NodeOrigin, graphs_of};
use crate::analysis::graph::MergeTree;
use crate::engine::results::Results;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, Ink, Marker, Panel, Shape};
use crate::report::style::{BLACK, Color, DrawingStyle, GRAY, set_name};
use crate::report::words::Words;
use crate::solutions::{LandscapeName, SetName};

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let mut table = Table::new("graph-merges", &MERGES);
    let mut panels = Vec::new();
    for (run, results) in runs {
        for graph in graphs_of(results, &run.sets, &run.paths) {
            panels.extend(of_graph(run, runs.len() > 1, &graph, &draw));
            fill(&mut table, run, &graph);
        }
    }
    let loss = Words::of(runs.iter().map(|(run, _)| *run)).loss();
    Figure {
        key: "graph",
        title: "Disconnectivity graphs",
        about: format!(
            "Each line from below is a solution; it begins at its {loss}. Two lines join at the \
             lowest {loss} at which known paths connect the two solutions, directly or over other \
             solutions. Colored branches contain solutions of one set; black branches contain \
             several sets. Trees side by side are not joined by any path. Every fork is an upper \
             bound, only as low as the paths that were found. The file graph-merges.csv has the \
             merges, which are the minimum spanning tree."
        ),
        notes: Vec::new(),
        panels,
        tables: vec![table],
    }
}

/// The panels of a graph, with a linear axis and, if all heights are above 0, a logarithmic one.
pub(super) fn of_graph(
    run: &Run<'_>,
    several: bool,
    graph: &LandscapeGraph,
    draw: &dyn Fn(&Run<'_>, &LandscapeGraph, Axis, String) -> Panel,
) -> Vec<Panel> {
    let label = if several { format!("{}: ", run.label) } else { String::new() };
    let on = match graph.landscape {
        LandscapeName::Train => ", training landscape".to_owned(),
        LandscapeName::Test => ", test landscape".to_owned(),
        LandscapeName::Named(name) => format!(", data set {}", name.as_str()),
        LandscapeName::Analytic => String::new(),
    };
    let title = format!("{label}{}{on}", graph.config.name);
    let height = run.height_label();
    let mut linear = draw(run, graph, Axis::linear(&height), title.clone());
    let mut panels = Vec::new();
    if graph.graph.nodes().iter().all(|&height| height > 0.0) {
        let log = draw(run, graph, Axis::log(&height), title);
        linear.other = Some(Box::new(log.clone()));
        panels.push(Panel { only_in_files: true, ..log });
    }
    panels.insert(0, linear);
    panels.into_iter().filter(|panel| !panel.is_empty()).collect()
}

/// The kinds of nodes, each with its name and look: those of a set as everywhere, minima that
/// refinements have found in gray.
pub(super) fn kinds(
    run: &Run<'_>,
    graph: &LandscapeGraph,
) -> Vec<(NodeOrigin, String, DrawingStyle)> {
    let kind =
        |(place, set): (usize, &SetName)| (NodeOrigin::Set(place), set_name(set), run.look(set));
    let further = DrawingStyle { color: GRAY, marker: Marker::Cross };
    let further = (NodeOrigin::Refinement, "further minima".to_owned(), further);
    graph.config.sets.iter().enumerate().map(kind).chain([further]).collect()
}

/// A panel whose last layer has these nodes as points: its set and its marks.
pub(super) fn with_nodes(
    panel: Panel,
    run: &Run<'_>,
    graph: &LandscapeGraph,
    origin: NodeOrigin,
    nodes: &[usize],
) -> Panel {
    let NodeOrigin::Set(place) = origin else { return panel };
    let set = &graph.config.sets[place];
    let mark = |&node: &usize| run.solution(set, graph.nodes[node].number);
    panel.of_sets([set]).marked(nodes.iter().map(mark).collect())
}

/// The lines of a tree, by the set that all solutions below belong to; `None`: several.
type Branches = Vec<(Option<NodeOrigin>, Vec<[f64; 2]>)>;

fn draw(run: &Run<'_>, graph: &LandscapeGraph, height: Axis, title: String) -> Panel {
    let mut panel = Panel::new(title, Axis::linear("solutions, one line each").whole(), height);
    let mut branches = Branches::new();
    let (mut places, mut next) = (vec![0.0; graph.nodes.len()], 1.0);
    for tree in MergeTree::of(&graph.merges) {
        for leaf in tree.leaves() {
            places[leaf] = next;
            next += 1.0;
        }
        grow(&tree, graph, &places, &mut branches);
        // A gap between trees.
        next += 1.0;
    }
    let lines = |set: Option<NodeOrigin>| {
        let of_set = branches.iter().filter(|(of, _)| *of == set);
        Shape::Lines(of_set.map(|(_, line)| line.clone()).collect())
    };
    let ink = |color: Color| Ink::line(color).width(24);
    panel = panel.with(lines(None), ink(BLACK), None);
    for (origin, name, look) in kinds(run, graph) {
        let of_set = (0..graph.nodes.len()).filter(|&node| graph.nodes[node].origin == origin);
        let of_set: Vec<usize> = of_set.collect();
        let ends: Vec<[f64; 2]> =
            of_set.iter().map(|&node| [places[node], graph.graph.nodes()[node]]).collect();
        if ends.is_empty() {
            continue;
        }
        let marker = Ink::marker(look.color).opacity(1.0).width(40);
        panel = panel.with(lines(Some(origin)), ink(look.color), None).with(
            Shape::Points(ends, look.marker),
            marker,
            Some(name),
        );
        panel = with_nodes(panel, run, graph, origin, &of_set);
    }
    panel
}

/// Draws a tree. Returns its place from left to right, and the set of all its leaves, if it is one.
fn grow(
    tree: &MergeTree,
    graph: &LandscapeGraph,
    places: &[f64],
    branches: &mut Branches,
) -> (f64, Option<NodeOrigin>) {
    if let Some(leaf) = tree.leaf {
        return (places[leaf], Some(graph.nodes[leaf].origin));
    }
    let grown: Vec<(f64, Option<NodeOrigin>)> =
        tree.branches.iter().map(|branch| grow(branch, graph, places, branches)).collect();
    for ((place, set), branch) in grown.iter().zip(&tree.branches) {
        branches.push((*set, vec![[*place, branch.height], [*place, tree.height]]));
    }
    let set = grown[0].1.filter(|set| grown.iter().all(|(_, other)| *other == Some(*set)));
    let (first, last) = (grown[0].0, grown[grown.len() - 1].0);
    branches.push((set, vec![[first, tree.height], [last, tree.height]]));
    (f64::midpoint(first, last), set)
}

const MERGES: [&str; 9] = [
    "run",
    "graph",
    "landscape",
    "merge",
    "height",
    "size",
    "node_a",
    "node_b",
    "lowest_of_the_higher",
];

fn fill(table: &mut Table, run: &Run<'_>, graph: &LandscapeGraph) {
    let heights = graph.graph.nodes();
    for (number, merge) in graph.merges.merges().iter().enumerate() {
        let [a, b] = graph.graph.edges()[merge.edge].nodes.map(|node| graph.node_name(node));
        let [lowest, other] = merge.lowest.map(|node| heights[node]);
        table.push([
            run.label.clone(),
            graph.config.name.clone(),
            graph.landscape.to_string(),
            number.to_string(),
            exact(merge.height),
            merge.size.to_string(),
            a,
            b,
            exact(lowest.max(other)),
        ]);
    }
}
