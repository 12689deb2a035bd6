//! The graph of the landscape: solutions, the paths between them, and the minimax heights of all
//! pairs.
//!
//! The journal stores no graph. A graph is computed from the paths in the journal, faster than
//! these are read. So it is always up to date. The mathematics is in [`crate::analysis::graph`].

mod atlas;
mod export;
mod landscape_graph;
mod passes;
mod persistence;
mod section;
mod summary;
mod tree;

pub use export::{GraphFormat, export};

use crate::config::{Config, StageSection};
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::failure::Failure;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::stage::{Context, Stage, StageCounts};
use crate::engine::stages::paths;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::report::figure::Figure;
use crate::report::{IndexColumn, Run, SummaryTable};
use crate::solutions::SolutionSet;
use landscape_graph::graphs;
use section::{GraphConfig, SECTION};

/// Makes graphs of the solutions and paths.
pub struct Graphs;

impl Stage for Graphs {
    fn name(&self) -> &'static str {
        "graphs"
    }

    fn command(&self) -> &'static str {
        "paths"
    }

    fn applies(&self, config: &Config) -> bool {
        !config.section(&SECTION).is_empty()
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    /// There are no tasks: see the module.
    fn run(&self, _: &Context, _: &mut Rank) -> Result<(), Failure> {
        Ok(())
    }

    fn section(&self) -> Option<StageSection> {
        Some(SECTION.section())
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let graphs = problem.config.section(&SECTION);
        let nodes = |graph: &GraphConfig| {
            graph.sets.iter().map(|set| problem.solutions_in(set) as f64).sum::<f64>()
        };
        let most = graphs.iter().map(nodes).fold(0.0, f64::max);
        // The minimax heights of all pairs, and in the worst case, a tree like a comb, as many
        // members of clusters.
        let part = MemoryUse::new(8.0 * most * most, "a graph", problem.keep_key());
        StageMemory { task: Vec::new(), root: vec![part] }
    }

    /// It is done when all paths are.
    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        if !self.applies(results.config) {
            return StageCounts::default();
        }
        StageCounts { whole: Some(!paths::are_left(results, sets)), ..StageCounts::default() }
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        Ok(atlas::groups(atlas))
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn summary(&self, results: &Results) -> Vec<SummaryTable> {
        summary::tables(&graphs(results))
    }

    fn index(&self, results: &Results) -> Vec<IndexColumn> {
        summary::index(&graphs(results))
    }

    fn figures(&self, runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        let asked = runs.iter().any(|(_, results)| self.applies(results.config));
        if asked { vec![tree::figure(runs), persistence::figure(runs)] } else { Vec::new() }
    }
}
