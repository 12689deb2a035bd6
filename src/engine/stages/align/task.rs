//! The alignment of all sets as a task.

use super::{AlignConfig, AlignMethod, AlignedSet, Alignment, STAGE, sources, stored, vectors};
use crate::analysis::alignment::{
    OutputAlignment, SetAligner, SetAlignment, SetParameters, align_outputs, spread,
};
use crate::data::Split;
use crate::engine::parallel::Control;
use crate::engine::plan::{Planned, Work};
use crate::engine::problem::{Problem, Trained};
use crate::engine::resume::{Ended, decode, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::kernels::norm;
use crate::landscape::{Interrupt, Interrupted};
use crate::network::{Exchange, Symmetry, UnitGroup};
use crate::solutions::{SetName, SolutionSet};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Bytes of the vectors of all sets, at most: they travel between the ranks.
const MAX_BYTES: usize = 1 << 30;

/// The one task.
pub(super) struct Alignments<'a> {
    pub(super) problem: &'a Problem,
    pub(super) trained: &'a Trained,
    pub(super) section: &'a AlignConfig,
}

/// The vectors of all sets.
#[derive(Serialize, Deserialize)]
pub(super) struct AlignTask {
    sets: Vec<SourceSet>,
}

#[derive(Serialize, Deserialize)]
struct SourceSet {
    name: SetName,
    initialization: Vec<u32>,
    theta: Array2<f32>,
}

impl Computation for Alignments<'_> {
    /// Its key in the journal.
    type Key = String;
    /// All sets.
    type Source = Vec<SolutionSet>;
    type Task = AlignTask;
    type Outcome = Result<Alignment, String>;

    fn pending(
        &self,
        directory: &RunDirectory,
    ) -> Result<Pending<String, Vec<SolutionSet>>, String> {
        let results = directory.results(self.problem);
        if let Some(missing) = results.missing_found(&directory.directory) {
            return Err(missing);
        }
        let found = results.found_sets();
        let numbers: usize = sources(self.section, &found).iter().map(|set| set.theta.len()).sum();
        if numbers.saturating_mul(size_of::<f32>()) > MAX_BYTES {
            return Err("align.sets: the vectors of all sets together have more than 1 GiB; name \
                        fewer sets"
                .to_owned());
        }
        let key = stored(self.section, &found);
        let is_done = directory.contents.has_task(STAGE, &key);
        let work = work(self.problem, self.trained, self.section).passes();
        let task = PendingTask {
            name: "of all sets".to_owned(),
            planned: Planned { kind: 0, work, left: 1.0 },
            checkpoint: Some(TaskKey::Task { stage: STAGE.to_owned(), key: key.clone() }),
            key,
        };
        let tasks = if is_done { Vec::new() } else { vec![task] };
        Ok(Pending { done: usize::from(is_done), tasks, source: found })
    }

    fn task(&self, _: &String, found: &Vec<SolutionSet>) -> AlignTask {
        let source = |set: &SolutionSet| SourceSet {
            name: set.name.clone(),
            initialization: set.initialization.clone(),
            theta: set.theta.clone(),
        };
        AlignTask { sets: sources(self.section, found).into_iter().map(source).collect() }
    }

    fn perform(
        &self,
        task: &AlignTask,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        let rows = task.sets.iter().flat_map(|set| set.theta.outer_iter());
        let vectors: Vec<Vec<f64>> =
            rows.map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect();
        let symmetry = self.trained.network.symmetry();
        let found = match self.section.method {
            AlignMethod::Weights { orders } => {
                let views: Vec<&[f64]> = vectors.iter().map(Vec::as_slice).collect();
                let parameters = SetParameters { orders, rounds: self.section.rounds };
                let seed = self.problem.config.seed;
                let state = decode(state);
                drive(SetAligner::new(&symmetry, &views, parameters, seed, state), control)
            }
            AlignMethod::Activations { images } => {
                Ended::of(self.by_outputs(&symmetry, (task, &vectors), images, control))
            }
        };
        found.map(|found| {
            let found = found.ok_or_else(|| "a vector is not finite".to_owned())?;
            Ok(alignment(&symmetry, task, vectors, found))
        })
    }

    fn record(&self, key: &String, seconds: f64, outcome: Result<Self::Outcome, String>) -> Record {
        Record::task(STAGE, key, seconds, outcome.flatten())
    }
}

impl Alignments<'_> {
    /// Compares the outputs of the units on some of the training images.
    fn by_outputs(
        &self,
        symmetry: &Symmetry,
        (task, vectors): (&AlignTask, &[Vec<f64>]),
        images: usize,
        control: &Control,
    ) -> Result<Option<SetAlignment>, Interrupted> {
        let interrupt: &Interrupt<'_> = &|| control.stop_requested();
        let all = self.trained.images(Split::Train);
        let some = all.first(images.min(all.len()));
        let landscape = self.trained.landscape(some).interruptible(interrupt);
        let rows: Vec<Vec<f32>> = task
            .sets
            .iter()
            .flat_map(|set| set.theta.outer_iter())
            .map(|row| row.to_vec())
            .collect();
        let mut outputs = |number: usize| landscape.unit_outputs(&rows[number]);
        let found = align_outputs(symmetry, rows.len(), self.section.rounds, &mut outputs)?;
        Ok(found.map(|OutputAlignment { exchanges, converged, .. }| {
            let moved = all_exchanged(symmetry, vectors.to_vec(), &exchanges);
            SetAlignment { exchanges, spreads: vec![spread(vectors), spread(&moved)], converged }
        }))
    }
}

fn all_exchanged(
    symmetry: &Symmetry,
    mut vectors: Vec<Vec<f64>>,
    exchanges: &[Exchange],
) -> Vec<Vec<f64>> {
    let pairs = vectors.iter_mut().zip(exchanges);
    pairs.for_each(|(vector, exchange)| symmetry.apply(exchange, vector));
    vectors
}

/// The exchanges set by set, with the distances within each.
fn alignment(
    symmetry: &Symmetry,
    task: &AlignTask,
    vectors: Vec<Vec<f64>>,
    found: SetAlignment,
) -> Alignment {
    let mut first = 0;
    let ranges: Vec<_> = task
        .sets
        .iter()
        .map(|set| {
            let range = first..first + set.initialization.len();
            first = range.end;
            range
        })
        .collect();
    let before: Vec<Vec<f64>> =
        ranges.iter().map(|range| distances(&vectors[range.clone()])).collect();
    let moved = all_exchanged(symmetry, vectors, &found.exchanges);
    let sets = task.sets.iter().zip(ranges).zip(before);
    let sets = sets.map(|((set, range), before)| AlignedSet {
        source: set.name.clone(),
        initialization: set.initialization.clone(),
        exchanges: found.exchanges[range.clone()].to_vec(),
        distances: [before, distances(&moved[range])],
    });
    Alignment { sets: sets.collect(), spreads: found.spreads, converged: found.converged }
}

/// |θᵢ − θⱼ| of rows (0, 1), (0, 2), … (1, 2), ….
fn distances(vectors: &[Vec<f64>]) -> Vec<f64> {
    let mut distances = Vec::new();
    for (number, a) in vectors.iter().enumerate() {
        for b in &vectors[number + 1..] {
            distances.push(norm(&a.iter().zip(b).map(|(x, y)| x - y).collect::<Vec<_>>()));
        }
    }
    distances
}

/// Sweeps over the groups until nothing changes, as they are counted for a prediction.
const SWEEPS: f64 = 8.0;

/// Rounds that are seldom exceeded.
const ROUNDS: usize = 6;

/// What an alignment takes, in passes of an image through the network: a comparison of all units of
/// a layer with each other is about one pass for each unit.
pub(super) fn work(problem: &Problem, trained: &Trained, section: &AlignConfig) -> Work {
    let count = vectors(problem, section) as f64;
    let rounds = section.rounds.min(ROUNDS) as f64;
    let passes = match section.method {
        AlignMethod::Weights { orders } => {
            let symmetry = trained.network.symmetry();
            let units = symmetry.groups().iter().map(UnitGroup::units).max().unwrap_or(0);
            // Two starts.
            2.0 * (orders + 2) as f64 * SWEEPS * units as f64
        }
        AlignMethod::Activations { images } => {
            images.min(trained.images(Split::Train).len()) as f64
        }
    };
    Work { losses: count * rounds * passes, ..Work::default() }
}
