//! `[[graph]]`.

use crate::config::available::Available;
use crate::config::named::read_name;
use crate::config::reader::{Choice, Read, Section};
use crate::config::schema::{
    Derived, Invalidates, Key, Multiplicity, OneOf, Required, SectionSpec, SetNames, Text,
};
use crate::config::stages::OfStage;
use crate::solutions::SetName;

/// A graph, which is computed on every landscape of the paths.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphConfig {
    /// Its name in the results.
    pub name: String,
    /// The sets whose vectors are its nodes.
    pub sets: Vec<SetName>,
    /// The height of a path.
    pub heights: EdgeHeights,
}

/// The height of a path as an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeHeights {
    /// The lowest known height of a curve between the two solutions.
    Lowest,
    /// The barrier H on the grid of the search.
    Grid,
    /// The straight-line barrier, on the same grid.
    Straight,
}

impl Choice for EdgeHeights {
    const ALL: &'static [Self] = &[Self::Lowest, Self::Grid, Self::Straight];
    fn word(self) -> &'static str {
        match self {
            Self::Lowest => "lowest",
            Self::Grid => "grid",
            Self::Straight => "straight",
        }
    }
}

static NAME: Key<Text, Required> = Key::new("name", Text)
    .meaning("name of the group in `atlas.h5`: letters, digits, `-`, `_`, `.`")
    .note("no two are the same")
    .required("\"all\"");

static SETS: Key<SetNames, Derived> = Key::new("sets", SetNames)
    .meaning(
        "the sets whose vectors are the nodes; the paths within and between them are the edges",
    )
    .derived("all sets there are", "[\"sgd/train\", \"lbfgs/train\"]");

static HEIGHTS: Key<OneOf<EdgeHeights>> = Key::new("heights", OneOf::NEW)
    .meaning(
        "the height of a path: `\"lowest\"`, the refined barrier if there is one, otherwise the \
         barrier on the fine grid; `\"grid\"`, the barrier on the grid of the search; \
         `\"straight\"`, the straight-line barrier",
    )
    .default(EdgeHeights::Lowest);

static SPEC: SectionSpec = SectionSpec {
    name: "graph",
    title: "Graphs of solutions and paths: any number of entries, each of the union of some sets",
    shape: Multiplicity::Named,
    keys: &[&NAME, &SETS, &HEIGHTS],
    choices: None,
    // A graph is computed from the stored paths whenever it is needed.
    invalidates: Invalidates::Nothing,
};

/// The section.
pub static SECTION: OfStage<Vec<GraphConfig>> = OfStage {
    spec: &SPEC,
    documentation: "Solutions are nodes, paths are edges. For any two solutions, the graph gives the\n\
                    minimax height: the lowest known height at which they are joined, directly or through\n\
                    other solutions. There is a graph on each landscape of `[paths]`. It takes little time\n\
                    and is computed again whenever paths are added. `paths.between` joins different sets;\n\
                    sets without paths between them are separate components. [methods.md](methods.md#graph)\n\
                    explains the disconnectivity graph, persistence, and `paths.pairs = \"spanning\"`, with\n\
                    which n solutions need at most 2n paths.",
    read,
};

fn read(root: &Section<'_>, available: &Available) -> Read<Vec<GraphConfig>> {
    let mut names = Vec::new();
    root.sections(&SPEC, |section| {
        let name = read_name(section, &NAME, &names, "graph", "graph");
        names.push(name.clone().ok());
        if let Ok(name) = &name {
            section.record_as(format!("graph.{name}"));
        }
        let sets = available.read_sets(section, &SETS);
        let heights = section.key(&HEIGHTS).value();
        Ok(GraphConfig { name: name?, sets: sets?, heights: heights? })
    })
}
