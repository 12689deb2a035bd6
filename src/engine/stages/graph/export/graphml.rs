//! GraphML, <http://graphml.graphdrawing.org>.

use super::LandscapeGraph;
use std::fmt::Write;

/// A key of nodes or edges: name and type.
const NODE_KEYS: &[(&str, &str)] =
    &[("set", "string"), ("initialization", "int"), ("height", "double"), ("component", "int")];
const EDGE_KEYS: &[(&str, &str)] = &[
    ("kind", "string"),
    ("height", "double"),
    ("minimax", "double"),
    ("above_minimax", "double"),
    ("in_tree", "boolean"),
];

/// The graph. Names of sets are letters, digits, `-`, `_`, `.` and `/`: nothing needs escaping.
pub(super) fn text(graph: &LandscapeGraph) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
    );
    for (kind, keys) in [("node", NODE_KEYS), ("edge", EDGE_KEYS)] {
        for (name, of_type) in keys {
            let id = format!("{kind}_{name}");
            let _ = writeln!(
                text,
                "  <key id=\"{id}\" for=\"{kind}\" attr.name=\"{name}\" attr.type=\"{of_type}\"/>"
            );
        }
    }
    let name = &graph.config.name;
    let _ = writeln!(text, "  <graph id=\"{name}\" edgedefault=\"undirected\">");
    write_nodes(&mut text, graph);
    write_edges(&mut text, graph);
    text + "  </graph>\n</graphml>\n"
}

fn write_nodes(text: &mut String, graph: &LandscapeGraph) {
    let mut component = vec![0; graph.nodes.len()];
    for (number, nodes) in graph.merges.components().iter().enumerate() {
        nodes.iter().for_each(|&node| component[node] = number);
    }
    for (number, node) in graph.nodes.iter().enumerate() {
        let values = [
            graph.set(number).to_string(),
            node.number.to_string(),
            format!("{:?}", graph.graph.nodes()[number]),
            component[number].to_string(),
        ];
        let _ = writeln!(text, "    <node id=\"n{number}\">");
        write_data(text, "node", NODE_KEYS, &values);
        text.push_str("    </node>\n");
    }
}

fn write_edges(text: &mut String, graph: &LandscapeGraph) {
    let edges = graph.graph.edges();
    let mut in_tree = vec![false; edges.len()];
    graph.merges.merges().iter().for_each(|merge| in_tree[merge.edge] = true);
    for (number, edge) in edges.iter().enumerate() {
        let [a, b] = edge.nodes;
        let minimax = graph.minimax_of(edge.nodes);
        let above = graph.above_minimax[number];
        let numbers = [edge.height, minimax, above].map(|number| format!("{number:?}"));
        let [height, minimax, above] = numbers;
        let (kind, in_tree) = (graph.kinds[number].name().to_owned(), in_tree[number].to_string());
        let _ = writeln!(text, "    <edge source=\"n{a}\" target=\"n{b}\">");
        write_data(text, "edge", EDGE_KEYS, &[kind, height, minimax, above, in_tree]);
        text.push_str("    </edge>\n");
    }
}

fn write_data(text: &mut String, kind: &str, keys: &[(&str, &str)], values: &[String]) {
    for ((name, _), value) in keys.iter().zip(values) {
        let _ = writeln!(text, "      <data key=\"{kind}_{name}\">{value}</data>");
    }
}
