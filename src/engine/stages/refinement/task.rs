//! A refinement as a task.

use super::{RefineConfig, RefineFrom, RefinedPath, RefinementKey, STAGE, ended, wanted, work_on};
use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::problem::Problem;
use crate::engine::resume::{Ended, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stages::paths::curve::{self, CurveKey, CurveSource, CurveTask, OnLandscape};
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::landscape::Interrupted;
use crate::path::refine::{Certificate, Refine, RefineError, RefineState};
use crate::solver::{Solver, SolverStep};
use serde::Serialize;

/// The refinements, one for each path.
pub(super) struct Refinements<'a> {
    pub(super) problem: &'a Problem,
    pub(super) section: &'a RefineConfig,
}

/// The path, and the source of its curve.
pub(super) struct PendingRefinement {
    key: RefinementKey,
    curve: CurveKey,
}

impl Computation for Refinements<'_> {
    type Key = PendingRefinement;
    type Source = CurveSource;
    type Task = CurveTask;
    type Outcome = Result<RefinedPath, String>;

    /// The paths on the larger landscape come first.
    fn pending(
        &self,
        directory: &RunDirectory,
    ) -> Result<Pending<PendingRefinement, CurveSource>, String> {
        let sets = directory.solutions(self.problem)?;
        let results = directory.results(self.problem);
        let work = |key: &RefinementKey| work_on(self.problem, key.landscape).passes();
        let mut wanted = wanted(&results, &sets);
        wanted.sort_by(|a, b| work(b).total_cmp(&work(a)));
        let (done, left): (Vec<RefinementKey>, Vec<RefinementKey>) =
            wanted.into_iter().partition(|key| ended(&results, key).is_some());
        let source = CurveSource::of(self.problem, directory)?;
        let task = |key: RefinementKey| PendingTask {
            name: key.name(),
            planned: Planned { kind: key.landscape.number(), work: work(&key), left: 1.0 },
            checkpoint: Some(TaskKey::Task {
                stage: STAGE.to_owned(),
                key: key.stored(self.section.from),
            }),
            key: self.pending_key(key, &source, directory),
        };
        let tasks = left.into_iter().map(task).collect();
        Ok(Pending { done: done.len(), tasks, source })
    }

    fn task(&self, key: &PendingRefinement, source: &CurveSource) -> CurveTask {
        source.task(self.problem, &key.curve)
    }

    fn perform(
        &self,
        task: &CurveTask,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        curve::on_landscape(self.problem, task, control, |on| self.refine(&on, state, control))
    }

    fn record(
        &self,
        PendingRefinement { key, .. }: &PendingRefinement,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        Record::task(STAGE, &key.stored(self.section.from), seconds, outcome.flatten())
    }
}

impl Refinements<'_> {
    fn pending_key(
        &self,
        key: RefinementKey,
        source: &CurveSource,
        directory: &RunDirectory,
    ) -> PendingRefinement {
        let RefinementKey { sets, landscape, pair } = key.clone();
        let curve = match self.section.from {
            RefineFrom::Path => source.key(self.problem, directory, (sets, landscape, pair)),
            RefineFrom::Straight => CurveKey::endpoints(sets, landscape, pair),
        };
        PendingRefinement { key, curve }
    }

    /// Refines the path. Searches for it again first if its curve was not kept.
    fn refine(
        &self,
        on: &OnLandscape,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Result<RefinedPath, String>> {
        let parameters = &self.section.parameters;
        let marked = state.and_then(|state| postcard::from_bytes(state).ok());
        let marked = marked.filter(|(mark, _): &(u64, RefineState)| *mark == MARK);
        let (curve, state) = match (marked, self.section.from) {
            // The state has the path that it needs.
            (Some((_, state)), _) => (on.endpoints.to_vec(), Some(state)),
            (None, RefineFrom::Straight) => (on.endpoints.to_vec(), None),
            (None, RefineFrom::Path) => match on.points(state) {
                Ended::Finished(Ok(points)) => (points, None),
                Ended::Finished(Err(reason)) => return Ended::Finished(Err(reason)),
                Ended::Suspended(state) => return Ended::Suspended(state),
                Ended::Failed { reason, died } => return Ended::Failed { reason, died },
            },
        };
        let refinement = Marked(Refine::new(on.landscape, curve, parameters, state));
        drive(refinement, control).map(|found| {
            let found = found.map_err(|error| error.to_string());
            found.map(|certificate| RefinedPath { from: self.section.from, certificate })
        })
    }
}

/// A refinement whose checkpoints are marked, to distinguish them from those of a search for a
/// path, with which its task may begin. The latter begin with the number of coefficients, which is
/// never as large as the mark.
struct Marked<'a>(Refine<'a>);

const MARK: u64 = u64::from_be_bytes(*b"refining");

impl Solver for Marked<'_> {
    type Output = Result<Certificate, RefineError>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        self.0.step()
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        self.0.state().map(|state| (MARK, state))
    }

    fn progress(&self) -> (f64, f64) {
        self.0.progress()
    }
}
