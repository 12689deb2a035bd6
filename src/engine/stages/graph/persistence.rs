//! 0-dimensional persistence: the losses at which a component begins and at which it joins another.

use super::landscape_graph::{LandscapeGraph, graphs_of};
use super::tree::{kinds, of_graph, with_nodes};
use crate::engine::console::count;
use crate::engine::results::Results;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, AxisScale, Ink, Panel, Shape};
use crate::report::style::GRAY;
use crate::report::words::Words;

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let header = ["run", "graph", "landscape", "set", "initialization", "birth", "death", "elder"];
    let mut table = Table::new("persistence", &header);
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    for (run, results) in runs {
        for graph in graphs_of(results, &run.sets, &run.paths) {
            panels.extend(of_graph(run, runs.len() > 1, &graph, &draw));
            fill(&mut table, run, &graph);
            let lasting = graph.merges.components().len();
            notes.push(format!(
                "{} on {}: {} with paths between its solutions. The component of the lowest \
                 solution of each never ends and is not drawn.",
                graph.config.name,
                graph.landscape,
                count(lasting, "component")
            ));
        }
    }
    let loss = Words::of(runs.iter().map(|(run, _)| *run)).loss();
    Figure {
        key: "persistence",
        title: "Persistence of the components",
        about: format!(
            "The connected components of the landscape below some {loss}, as far as paths are \
             known. Each solution begins a component at its own {loss} (birth). The component ends \
             where a path joins it to one with a lower solution (death). The distance from the \
             diagonal is the climb to a lower solution: points near the diagonal are no separate \
             basins. Deaths are upper bounds, only as low as the paths that were found."
        ),
        notes,
        panels,
        tables: vec![table],
    }
}

fn draw(run: &Run<'_>, graph: &LandscapeGraph, height: Axis, title: String) -> Panel {
    let name = |what: &str| format!("{what}: {}", height.label);
    let axis = |what: &str| match height.scale {
        AxisScale::Linear => Axis::linear(name(what)),
        AxisScale::Log => Axis::log(name(what)),
    };
    let mut panel = Panel::new(title, axis("birth"), axis("death"));
    let merges = graph.merges.merges();
    let deaths = graph.merges.deaths();
    let point = |node: usize| {
        let (merge, _) = deaths[node]?;
        Some([graph.graph.nodes()[node], merges[merge].height])
    };
    let births = graph.graph.nodes().iter().copied();
    let all = births.chain(merges.iter().map(|merge| merge.height));
    let (low, high) =
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if merges.is_empty() {
        return panel;
    }
    let diagonal = vec![[low, low], [high, high]];
    panel = panel.with(Shape::Lines(vec![diagonal]), Ink::line(GRAY).width(16), None);
    for (origin, name, look) in kinds(run, graph) {
        let of_set = (0..graph.nodes.len()).filter(|&node| graph.nodes[node].origin == origin);
        let (nodes, points): (Vec<usize>, Vec<[f64; 2]>) =
            of_set.filter_map(|node| Some((node, point(node)?))).unzip();
        if !points.is_empty() {
            let shape = Shape::Points(points, look.marker);
            panel = panel.with(shape, Ink::marker(look.color), Some(name));
            panel = with_nodes(panel, run, graph, origin, &nodes);
        }
    }
    panel
}

fn fill(table: &mut Table, run: &Run<'_>, graph: &LandscapeGraph) {
    let merges = graph.merges.merges();
    for (node, death) in graph.merges.deaths().into_iter().enumerate() {
        let ends = death.map_or(f64::NAN, |(merge, _)| merges[merge].height);
        table.push([
            run.label.clone(),
            graph.config.name.clone(),
            graph.landscape.to_string(),
            graph.set(node).to_string(),
            graph.nodes[node].number.to_string(),
            exact(graph.graph.nodes()[node]),
            exact(ends),
            death.map_or_else(String::new, |(_, elder)| graph.node_name(elder)),
        ]);
    }
}
