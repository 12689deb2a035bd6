//! Graphs in the formats of other programs, each format in its own file.

mod graphml;
mod min_ts;
mod newick;

use super::landscape_graph::{LandscapeGraph, graphs};
use crate::engine::results::Results;
use crate::engine::stored::StoredRun;

/// The format of an exported graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// Nodes and edges in XML: networkx, igraph, Gephi, Cytoscape.
    GraphMl,
    /// The disconnectivity graph as a tree: tree viewers, Biopython, ete.
    Newick,
    /// `min.data` and `ts.data`: PATHSAMPLE and disconnectionDPS.
    MinTs,
}

impl GraphFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::GraphMl, Self::Newick, Self::MinTs];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::GraphMl => "graphml",
            Self::Newick => "newick",
            Self::MinTs => "min-ts",
        }
    }
}

/// A graph as files, each with its name in a folder and its content. The name is empty for a single
/// file.
///
/// # Errors
/// If there is no such graph, with the names of those that exist.
pub fn export(
    run: &StoredRun,
    name: &str,
    landscape: Option<&str>,
    format: GraphFormat,
) -> Result<Vec<(&'static str, String)>, String> {
    let results = run.results();
    let graph = find(&results, name, landscape)?;
    Ok(match format {
        GraphFormat::GraphMl => vec![("", graphml::text(&graph))],
        GraphFormat::Newick => vec![("", newick::text(&graph))],
        GraphFormat::MinTs => min_ts::files(&graph).into(),
    })
}

/// The graph of this name. Without `landscape` it must exist on one landscape only.
fn find<'a>(
    results: &Results<'a>,
    name: &str,
    landscape: Option<&str>,
) -> Result<LandscapeGraph<'a>, String> {
    let graphs = graphs(results);
    let there = |graph: &LandscapeGraph| format!("{} on {}", graph.config.name, graph.landscape);
    let list = graphs.iter().map(there).collect::<Vec<_>>().join(", ");
    if graphs.is_empty() {
        return Err(format!(
            "there is no graph \"{name}\": the configuration of the run has none; add one, for \
             instance with --set 'graph=[{{name=\"{name}\"}}]'"
        ));
    }
    let mut found: Vec<LandscapeGraph> = graphs
        .into_iter()
        .filter(|graph| graph.config.name == name)
        .filter(|graph| landscape.is_none_or(|on| graph.landscape.name() == on))
        .collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(format!("there is no such graph; there are {list}")),
        _ => {
            Err(format!("the graph is on several landscapes; choose one with --landscape: {list}"))
        }
    }
}
