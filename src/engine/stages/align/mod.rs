//! `[align]`: exchanges of hidden units that bring sets of solutions together.
//!
//! One task aligns all sets, because they share one reference. The journal stores the exchanges
//! alone. The vectors of the set `GROUP-aligned/MEMBER` follow from those of `GROUP/MEMBER`, and so
//! do their losses, which an exchange leaves as they are.

mod atlas;
mod barriers;
mod figure;
mod section;
mod table;
mod task;

use crate::config::{Config, StageSection};
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::plan::Work;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskSolutions, TaskState};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::network::{Exchange, Symmetry};
use crate::report::figure::Figure;
use crate::report::{Run, SummaryTable};
use crate::solutions::{SetName, SolutionSet};
use section::{AlignConfig, AlignMethod, SECTION};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use task::Alignments;

/// Its name in the journal, in the log and in `status`.
const STAGE: &str = "align";

/// Aligns sets of solutions.
pub struct Align;

/// What an alignment comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Alignment {
    sets: Vec<AlignedSet>,
    /// √(Σᵢ |θᵢ − mean|² / n) over the vectors of all sets, before the first round and after each
    /// one; with activations only before and after all rounds.
    spreads: Vec<f64>,
    /// Whether the last round changed nothing.
    converged: bool,
}

/// The exchanges of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AlignedSet {
    /// The set before the alignment.
    source: SetName,
    /// The numbers of its initializations.
    initialization: Vec<u32>,
    /// One for each vector.
    exchanges: Vec<Exchange>,
    /// The distances between its vectors, rows (0, 1), (0, 2), … (1, 2), …, before and after.
    distances: [Vec<f64>; 2],
}

fn section(config: &Config) -> Option<&AlignConfig> {
    config.section(&SECTION.section).as_ref()
}

/// A set after its exchanges. Losses and accuracies are those of the same functions.
fn exchanged(symmetry: &Symmetry, of: &AlignedSet, source: &SolutionSet) -> SolutionSet {
    let mut set = SolutionSet { name: source.name.aligned(), ..source.clone() };
    // Who needs no vectors reads the journal without them.
    if set.theta.ncols() > 0 {
        for (mut theta, exchange) in set.theta.outer_iter_mut().zip(&of.exchanges) {
            let theta = theta.as_slice_mut().expect("rows are contiguous");
            symmetry.apply(exchange, theta);
        }
    }
    set
}

/// The alignment of these sets, if it has been found.
fn alignment(results: &Results<'_>, found: &[SolutionSet]) -> Option<Alignment> {
    let key = stored(section(results.config)?, found);
    results.contents.task(STAGE, &key)?.result.ok()
}

/// The sets that an alignment starts from, in its order.
fn sources<'s>(section: &AlignConfig, found: &'s [SolutionSet]) -> Vec<&'s SolutionSet> {
    let of = |name: &SetName| found.iter().find(|set| set.name == *name);
    section.sets.iter().filter_map(of).collect()
}

/// The key of the task in the journal: the version, the sets, and what tells their vectors from
/// others. An alignment depends on all vectors.
fn stored(section: &AlignConfig, found: &[SolutionSet]) -> String {
    let mut hash = Sha256::new();
    for set in sources(section, found) {
        hash.update(format!("{} {:?} {:?};", set.name, set.initialization, set.epoch));
    }
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let names: Vec<&str> = section.sets.iter().map(SetName::as_str).collect();
    format!("v1 {} {hash}", names.join(" "))
}

/// Vectors in all sets of the section, at most.
fn vectors(problem: &Problem, section: &AlignConfig) -> usize {
    section.sets.iter().map(|set| problem.solutions_in(set)).sum()
}

impl Stage for Align {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "train"
    }

    fn applies(&self, config: &Config) -> bool {
        section(config).is_some()
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let problem = context.problem;
        match (problem.trained(), section(&problem.config)) {
            (Some(trained), Some(section)) => {
                context.run(self, rank, &Alignments { problem, trained, section })
            }
            _ => Ok(()),
        }
    }

    fn section(&self) -> Option<StageSection> {
        Some(SECTION.section())
    }

    fn derived_sets(&self, config: &Config) -> Vec<(SetName, SetName)> {
        let sources = section(config).into_iter().flat_map(|section| &section.sets);
        sources.map(|source| (source.aligned(), source.clone())).collect()
    }

    fn derive(&self, results: &Results, found: &[SolutionSet]) -> Vec<SolutionSet> {
        let Some(alignment) = alignment(results, found) else { return Vec::new() };
        let Some(symmetry) = results.symmetry() else { return Vec::new() };
        let aligned = |of: &AlignedSet| {
            let source = found.iter().find(|set| set.name == of.source)?;
            Some(exchanged(&symmetry, of, source))
        };
        alignment.sets.iter().filter_map(aligned).collect()
    }

    fn derived_sets_are_missing(&self, results: &Results) -> bool {
        let Some(section) = section(results.config) else { return false };
        let key = stored(section, &results.found_sets());
        results.contents.task_ended(STAGE, &key).is_none()
    }

    fn uses_symmetry(&self, config: &Config) -> bool {
        section(config).is_some()
    }

    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        if let Some(section) = section(results.config) {
            let ended = results.contents.task_ended(STAGE, &stored(section, sets));
            let task = TaskState::new("alignment".to_owned(), ended);
            counts.add(0, "alignment", "alignment".to_owned(), &[task]);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let of = |section: &AlignConfig| PlannedTasks {
            what: format!("alignment of {}", count(vectors(problem, section), "vector")),
            count: 1,
            work: Some(self.work(problem, 0)),
        };
        section(&problem.config).map(of).into_iter().collect()
    }

    fn work(&self, problem: &Problem, _: usize) -> Work {
        match (problem.trained(), section(&problem.config)) {
            (Some(trained), Some(section)) => task::work(problem, trained, section),
            _ => Work::default(),
        }
    }

    /// The key has the names of the sets.
    fn task_solutions(&self, key: &str) -> TaskSolutions {
        let names = key.split(' ').skip(1);
        TaskSolutions::Sets(names.filter_map(|name| SetName::parse(name).ok()).collect())
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let Some(section) = section(&problem.config) else { return StageMemory::default() };
        let numbers = vectors(problem, section) as f64 * problem.layout().parameters() as f64;
        // As they are sent; and in double precision, as they were and as they are exchanged.
        let task = numbers * (size_of::<f32>() + 2 * size_of::<f64>()) as f64;
        let root = numbers * size_of::<f32>() as f64;
        let keys = "align.sets or training.keep";
        StageMemory {
            task: vec![MemoryUse::new(task, "the alignment of sets", keys)],
            root: vec![MemoryUse::new(root, "the aligned sets", keys)],
        }
    }

    fn missing(&self, results: &Results) -> Vec<String> {
        let Some(section) = section(results.config) else { return Vec::new() };
        let found = results.found_sets();
        let missing = match results.contents.task_ended(STAGE, &stored(section, &found)) {
            None => None,
            Some(Err(_)) => {
                Some("The alignment of sets failed; `lossatlas status` says why.".to_owned())
            }
            Some(Ok(())) => alignment(results, &found).and_then(|found| table::open(&found)),
        };
        missing.into_iter().collect()
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        atlas::check(atlas)
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }

    fn summary(&self, results: &Results) -> Vec<SummaryTable> {
        table::tables(results)
    }

    fn figures(&self, runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        let asked = runs.iter().any(|(_, results)| section(results.config).is_some());
        if asked { vec![figure::figure(runs)] } else { Vec::new() }
    }
}
