//! The projections of kept paths on planes as tasks.

use super::anchor::{Anchor, projection_key};
use super::wanted::{WantedSurface, wanted};
use super::{STAGE, kinds};
use crate::analysis::surface::PlaneBasis;
use crate::engine::curves::PathPlace;
use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::problem::Problem;
use crate::engine::results::Results;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::stages::paths::curve::{self, CurveKey, CurveSource, CurveTask};
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::path::PathSet;
use crate::solutions::{EndpointSets, LandscapeName, SolutionSet};
use serde::{Deserialize, Serialize};

/// Coordinates and distance from the plane of the points of a path.
pub(super) type ProjectedPoints = Vec<[f64; 3]>;

/// Projects kept paths.
pub(super) struct Projections<'a> {
    pub problem: &'a Problem,
}

/// A path and a plane.
pub(super) struct ProjectionKey {
    stored: String,
    surface: usize,
    curve: CurveKey,
}

/// The data from which tasks are built, on the root.
pub(super) struct ProjectionSource {
    bases: Vec<Option<PlaneBasis>>,
    curves: Option<CurveSource>,
}

/// A path and a plane, as sent to a rank.
#[derive(Serialize, Deserialize)]
pub(super) struct ProjectionTask {
    origin: Vec<f64>,
    directions: Vec<Vec<f64>>,
    curve: CurveTask,
}

/// The paths that a surface may show: between its sets, but not the one that it is made from.
pub(super) fn paths_of(
    one: &WantedSurface,
    paths: &[PathSet],
) -> Vec<(EndpointSets, LandscapeName, (u32, u32))> {
    let shown = |of: &&PathSet| of.set.both().iter().all(|set| one.config.sets.contains(set));
    let found = paths.iter().filter(shown).flat_map(|of| {
        let ended = of.pairs.iter().zip(&of.results).filter(|(_, path)| path.is_ok());
        ended.map(|(&pair, _)| (of.set.clone(), of.landscape, pair))
    });
    let own = |(sets, landscape, pair): &(EndpointSets, LandscapeName, (u32, u32))| {
        let path = Anchor::Path { sets: sets.clone(), landscape: *landscape, pair: *pair };
        one.anchor.as_ref() == Ok(&path)
    };
    found.filter(|path| !own(path)).collect()
}

/// The outcome for a projection. `None` if it has not been computed.
pub(super) fn ended<'a>(
    results: &Results<'a>,
    one: &WantedSurface,
    (sets, landscape, pair): &(EndpointSets, LandscapeName, (u32, u32)),
) -> Option<Result<(), &'a str>> {
    let key = projection_key(&one.plane, sets, *landscape, *pair);
    results.contents.task_ended(STAGE, &key)
}

impl Computation for Projections<'_> {
    type Key = ProjectionKey;
    type Source = ProjectionSource;
    type Task = ProjectionTask;
    type Outcome = Result<ProjectedPoints, String>;

    fn pending(
        &self,
        directory: &RunDirectory,
    ) -> Result<Pending<ProjectionKey, ProjectionSource>, String> {
        let sets = directory.solutions(self.problem)?;
        let results = directory.results(self.problem);
        let all = wanted(&results, &sets);
        let paths = results.paths(&sets);
        let kept = directory.kept_curves(&self.problem.config.paths);
        let mut bases: Vec<Option<PlaneBasis>> = Vec::new();
        let (mut done, mut left) = (0, Vec::new());
        for one in &all {
            // The tiles report why there is no plane.
            let basis = one.plane(&results, &sets).ok().flatten().map(|plane| plane.basis);
            let there = basis.is_some();
            bases.push(basis);
            for path in if there { paths_of(one, &paths) } else { Vec::new() } {
                let (sets, landscape, pair) = &path;
                let place = PathPlace { sets, landscape: *landscape, pair: *pair };
                if ended(&results, one, &path).is_some() {
                    done += 1;
                } else if kept.kept(place).is_some() {
                    left.push((one, path));
                }
            }
        }
        let curves = (!left.is_empty()).then(|| CurveSource::of(self.problem, directory));
        let curves = curves.transpose()?;
        let mut tasks = Vec::new();
        for (one, (sets, landscape, pair)) in left {
            let Some(source) = &curves else { break };
            let stored = projection_key(&one.plane, &sets, landscape, pair);
            let name =
                format!("{sets} {}–{} on {landscape} in {}", pair.0, pair.1, one.config.name);
            let path = (sets, landscape, pair);
            let curve = source.key(self.problem, directory, path);
            tasks.push(PendingTask {
                name,
                planned: Planned { kind: kinds::projections(one.index), work: 1.0, left: 1.0 },
                checkpoint: Some(TaskKey::Task { stage: STAGE.to_owned(), key: stored.clone() }),
                key: ProjectionKey { stored, surface: one.index, curve },
            });
        }
        Ok(Pending { done, tasks, source: ProjectionSource { bases, curves } })
    }

    fn task(&self, key: &ProjectionKey, source: &ProjectionSource) -> ProjectionTask {
        let basis = source.bases[key.surface].as_ref().expect("only planes that are there");
        let curves = source.curves.as_ref().expect("there are tasks");
        ProjectionTask {
            origin: basis.origin().to_vec(),
            directions: basis.directions().to_vec(),
            curve: curves.task(self.problem, &key.curve),
        }
    }

    fn perform(
        &self,
        task: &ProjectionTask,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        let basis = PlaneBasis::new(task.origin.clone(), task.directions.clone());
        let basis = match basis {
            Ok(basis) => basis,
            Err(error) => return Ended::Finished(Err(error.to_string())),
        };
        let points = |on: curve::OnLandscape<'_>| on.points(state);
        let points = curve::on_landscape(self.problem, &task.curve, control, points);
        points.map(|points| Ok(points?.iter().map(|point| place(&basis, point)).collect()))
    }

    fn record(
        &self,
        key: &ProjectionKey,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        Record::task(STAGE, &key.stored, seconds, outcome.flatten())
    }
}

/// x, y and the distance from a plane.
pub(super) fn place(basis: &PlaneBasis, theta: &[f64]) -> [f64; 3] {
    let place = basis.place_of(theta);
    [place.coordinates[0], place.coordinates[1], place.distance]
}

/// The projection of a path, if it is there.
pub(super) fn projection(
    results: &Results,
    one: &WantedSurface,
    (sets, landscape, pair): &(EndpointSets, LandscapeName, (u32, u32)),
) -> Option<ProjectedPoints> {
    let key = projection_key(&one.plane, sets, *landscape, *pair);
    results.contents.task(STAGE, &key)?.result.ok()
}

/// The sets of a surface's solutions.
pub(super) fn sets_of<'s>(one: &WantedSurface, sets: &'s [SolutionSet]) -> Vec<&'s SolutionSet> {
    sets.iter().filter(|set| one.config.sets.contains(&set.name)).collect()
}
