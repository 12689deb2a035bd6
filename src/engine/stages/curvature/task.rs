//! The tasks: a part of the curvature at a solution, or all of it along a path.

use super::along::{Along, AlongState, Points};
use super::key::{CurvatureKey, CurvaturePart, CurvaturePlace};
use super::outcome::{CurvatureOutcome, Normalized};
use super::point::{Point, StepDriver};
use super::section::CurvatureConfig;
use super::{STAGE, ended, wanted, work_of};
use crate::analysis::curvature::CurvatureError;
use crate::data::ImageView;
use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::problem::{Problem, Trained};
use crate::engine::results::Results;
use crate::engine::resume::{Ended, decode, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stages::paths::curve::{self, CurveKey, CurveSource, CurveTask, OnLandscape};
use crate::engine::stages::paths::{PathSource, landscape_vector, network_vector};
use crate::engine::stages::refinement;
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::landscape::{ImageLandscape, Interrupt, Interrupted, Landscape};
use crate::path::equally_spaced;
use crate::path::finder::REFINEMENT;
use crate::solutions::LandscapeName;
use crate::solver::Solver;
use serde::{Deserialize, Serialize};

/// The computations.
pub(super) struct Curvatures<'a> {
    pub problem: &'a Problem,
    pub section: &'a CurvatureConfig,
}

/// A pending task. Along a path, also the places of its curve and of its top.
pub(super) struct PendingCurvature {
    key: CurvatureKey,
    path: Option<(CurveKey, PathTop)>,
}

/// The data from which tasks are built.
pub(super) struct Source {
    solutions: PathSource,
    /// The curves, if curvature is computed along paths.
    curves: Option<CurveSource>,
}

/// The highest known point of a path.
#[derive(Clone, Serialize, Deserialize)]
enum PathTop {
    /// The top of its refinement: the fraction of the length, and θ.
    Refined(f64, Vec<f64>),
    /// The highest point of the grid of the search lies at this t; the neighbors are this far.
    Grid { t: f64, step: f64 },
}

/// The task as it is sent to a rank.
#[derive(Serialize, Deserialize)]
pub(super) struct CurvatureTask {
    part: CurvaturePart,
    indices: Vec<u64>,
    at: At,
}

/// The place, with its vectors.
#[derive(Serialize, Deserialize)]
enum At {
    Solution(LandscapeName, Vec<f64>),
    Path(LandscapeName, Box<CurveTask>, PathTop),
}

impl Computation for Curvatures<'_> {
    type Key = PendingCurvature;
    type Source = Source;
    type Task = CurvatureTask;
    type Outcome = Result<CurvatureOutcome, String>;

    /// The tasks of most work come first.
    fn pending(
        &self,
        directory: &RunDirectory,
    ) -> Result<Pending<PendingCurvature, Source>, String> {
        let sets = directory.solutions(self.problem)?;
        let results = directory.results(self.problem);
        let work = |key: &CurvatureKey| {
            work_of(self.problem, self.section, key.part, key.landscape).passes()
        };
        let mut wanted = wanted(&results, &sets);
        wanted.sort_by(|a, b| work(b).total_cmp(&work(a)));
        let (done, left): (Vec<CurvatureKey>, Vec<CurvatureKey>) =
            wanted.into_iter().partition(|key| ended(&results, key).is_some());
        let has_paths = left.iter().any(|key| key.part == CurvaturePart::Path);
        let curves = has_paths.then(|| CurveSource::of(self.problem, directory)).transpose()?;
        let source = Source { solutions: PathSource::of(&results, sets), curves };
        let task = |key: CurvatureKey| PendingTask {
            name: key.name(),
            planned: Planned { kind: key.part.kind(key.landscape), work: work(&key), left: 1.0 },
            checkpoint: Some(TaskKey::Task {
                stage: STAGE.to_owned(),
                key: key.stored(self.section),
            }),
            key: self.pending_key(key, &source, directory),
        };
        let tasks = left.into_iter().map(task).collect();
        Ok(Pending { done: done.len(), tasks, source })
    }

    fn task(
        &self,
        PendingCurvature { key, path }: &PendingCurvature,
        source: &Source,
    ) -> CurvatureTask {
        let landscape = key.landscape;
        let at = match (&key.place, path, &source.curves) {
            (CurvaturePlace::Solution { set, number }, ..) => {
                let theta = if let Some(mapped) = self.problem.landscape() {
                    landscape_vector(mapped, &source.solutions, set, *number)
                } else {
                    let theta = network_vector(&source.solutions, set, *number);
                    theta.into_iter().map(f64::from).collect()
                };
                At::Solution(landscape, theta)
            }
            (CurvaturePlace::Path { .. }, Some((curve, top)), Some(curves)) => {
                At::Path(landscape, Box::new(curves.task(self.problem, curve)), top.clone())
            }
            (CurvaturePlace::Path { .. }, ..) => unreachable!("keys of paths have their curves"),
        };
        CurvatureTask { part: key.part, indices: key.indices(), at }
    }

    fn perform(
        &self,
        task: &CurvatureTask,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        match &task.at {
            At::Solution(name, theta) => self.on(*name, control, |landscape| {
                self.at_solution(landscape, (task, theta), state, control)
            }),
            At::Path(name, curve, top) => curve::on_landscape(self.problem, curve, control, |on| {
                self.along(&on, *name, (&task.indices, top), state, control)
            }),
        }
    }

    fn record(
        &self,
        PendingCurvature { key, .. }: &PendingCurvature,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        Record::task(STAGE, &key.stored(self.section), seconds, outcome.flatten())
    }
}

type Found = Ended<Result<CurvatureOutcome, String>>;

impl Curvatures<'_> {
    fn pending_key(
        &self,
        key: CurvatureKey,
        source: &Source,
        directory: &RunDirectory,
    ) -> PendingCurvature {
        let path = match (&key.place, &source.curves) {
            (CurvaturePlace::Path { sets, pair, .. }, Some(curves)) => {
                let of = (sets.clone(), key.landscape, *pair);
                let top = top(&directory.results(self.problem), &key);
                Some((curves.key(self.problem, directory, of), top))
            }
            _ => None,
        };
        PendingCurvature { key, path }
    }

    /// Calls a function with the landscape of this name, in double precision.
    fn on(
        &self,
        name: LandscapeName,
        control: &Control,
        work: impl FnOnce(&dyn Landscape<f64>) -> Found,
    ) -> Found {
        let interrupt: &Interrupt<'_> = &|| control.stop_requested();
        match (self.problem.trained(), self.problem.landscape()) {
            (Some(trained), _) => {
                let network = match trained.in_double_precision() {
                    Ok(network) => network,
                    Err(reason) => return Ended::Finished(Err(reason)),
                };
                let images = images(trained, self.section, name);
                let landscape: ImageLandscape<f64> =
                    trained.landscape_of(network.as_ref(), images).interruptible(interrupt);
                work(&landscape)
            }
            (None, Some(mapped)) => match mapped.landscape(name, interrupt) {
                Some(landscape) => work(landscape.as_ref()),
                None => Ended::Finished(Err(format!("no data set \"{name}\""))),
            },
            (None, None) => Ended::Finished(Err("there is no landscape".to_owned())),
        }
    }

    fn at_solution(
        &self,
        landscape: &dyn Landscape<f64>,
        (task, theta): (&CurvatureTask, &[f64]),
        state: Option<&[u8]>,
        control: &Control,
    ) -> Found {
        let layout = self.problem.layout();
        let point = Point {
            landscape,
            tensors: layout.tensors(),
            theta,
            asked: self.section.asked,
            seed: self.problem.config.seed,
            indices: &task.indices,
        };
        let by = Controlled(control);
        match task.part {
            CurvaturePart::Probe(number) => {
                let found = point.probe(&by, number, decode(state));
                let dimension = theta.len() as u64;
                found.map(|found| {
                    solved(found.map(|probe| CurvatureOutcome::Probe(dimension, probe)))
                })
            }
            CurvaturePart::Normalized => {
                let found = point.normalized(&by, decode(state));
                found.map(|found| {
                    solved(found.map(|found| CurvatureOutcome::Normalized(Normalized::of(&found))))
                })
            }
            CurvaturePart::Eigenvalues | CurvaturePart::Path => {
                let Ok(measures) = point.measures() else {
                    return Ended::Suspended(state.map(<[u8]>::to_vec));
                };
                let found = point.spectrum(&by, decode(state));
                found.map(|found| {
                    let stored =
                        |found| CurvatureOutcome::Eigenvalues(point.eigenvalues(&found, measures));
                    solved(found.map(stored))
                })
            }
        }
    }

    /// Finds the points of a path, and computes the curvature there.
    fn along(
        &self,
        on: &OnLandscape,
        name: LandscapeName,
        (indices, top): (&[u64], &PathTop),
        state: Option<&[u8]>,
        control: &Control,
    ) -> Found {
        let begun = match state.and_then(AlongState::decode) {
            Some(state) => state,
            None => match self.points(on, top, state) {
                Ended::Finished(Ok(points)) => AlongState::new(points),
                Ended::Finished(Err(reason)) => return Ended::Finished(Err(reason)),
                Ended::Suspended(state) => return Ended::Suspended(state),
                Ended::Failed { reason, died } => return Ended::Failed { reason, died },
            },
        };
        let layout = self.problem.layout();
        self.on(name, control, |landscape| {
            let along = Along {
                landscape,
                tensors: layout.tensors(),
                asked: self.section.asked,
                seed: self.problem.config.seed,
                indices,
                state: begun,
            };
            drive(along, control).map(|found| found.map(CurvatureOutcome::Path))
        })
    }

    /// Equally spaced points of a path, and its top. Searches for the path again if its curve was
    /// not kept.
    fn points(
        &self,
        on: &OnLandscape,
        top: &PathTop,
        state: Option<&[u8]>,
    ) -> Ended<Result<Points, String>> {
        let spaced = equally_spaced(self.section.path_points);
        let fine = match top {
            PathTop::Refined(..) => Vec::new(),
            PathTop::Grid { t, step } => fine_grid(*t, *step),
        };
        let mut all = [&spaced[..], &fine].concat();
        all.sort_by(f64::total_cmp);
        let found = match on.points_at(&all, state) {
            Ended::Finished(Ok(found)) => found,
            Ended::Finished(Err(reason)) => return Ended::Finished(Err(reason)),
            Ended::Suspended(state) => return Ended::Suspended(state),
            Ended::Failed { reason, died } => return Ended::Failed { reason, died },
        };
        let at = |t: f64| found[all.partition_point(|&other| other < t)].clone();
        let mut theta: Vec<Vec<f64>> = spaced.iter().map(|&t| at(t)).collect();
        let mut t = spaced;
        match top {
            PathTop::Refined(place, point) => {
                t.push(*place);
                theta.push(point.clone());
            }
            PathTop::Grid { .. } => {
                let Ok(highest) = highest(on.landscape, fine.iter().map(|&t| (t, at(t)))) else {
                    return Ended::Suspended(None);
                };
                t.push(highest.0);
                theta.push(highest.1);
            }
        }
        Ended::Finished(Ok(Points { t, theta, is_refined: matches!(top, PathTop::Refined(..)) }))
    }
}

/// Points ten times as fine as the grid of the search, from one neighbor of its highest point to
/// the other.
fn fine_grid(t: f64, step: f64) -> Vec<f64> {
    let around = (0..=2 * REFINEMENT).map(|k| t + step * (k as f64 / REFINEMENT as f64 - 1.0));
    around.filter(|t| (0.0..=1.0).contains(t)).collect()
}

/// The highest of some points, at least one.
fn highest(
    landscape: &dyn Landscape<f64>,
    points: impl Iterator<Item = (f64, Vec<f64>)>,
) -> Result<(f64, Vec<f64>), Interrupted> {
    let mut best = (f64::NEG_INFINITY, (0.0, Vec::new()));
    for (t, theta) in points {
        let height = landscape.value(&theta)?;
        if best.1.1.is_empty() || height > best.0 {
            best = (height, (t, theta));
        }
    }
    Ok(best.1)
}

/// The highest known point of a path that was found.
fn top(results: &Results, key: &CurvatureKey) -> PathTop {
    let CurvaturePlace::Path { sets, pair, .. } = &key.place else {
        unreachable!("only paths have a top");
    };
    let refined = refinement::refined(results, sets, key.landscape, *pair);
    if let Some(Ok(path)) = refined {
        return PathTop::Refined(path.certificate.t, path.certificate.theta);
    }
    let path = results.contents.path(sets, key.landscape, *pair);
    let profile = path.and_then(|path| path.result.as_ref().ok()).map(|path| &path.loss[..]);
    let profile = profile.unwrap_or_default();
    let step = 1.0 / profile.len().saturating_sub(1).max(1) as f64;
    let place = (0..profile.len()).max_by(|&a, &b| profile[a].total_cmp(&profile[b]));
    PathTop::Grid { t: place.unwrap_or(0) as f64 * step, step }
}

/// The images of a landscape on which curvature is computed.
pub(super) fn images<'a>(
    trained: &'a Trained,
    section: &CurvatureConfig,
    landscape: LandscapeName,
) -> ImageView<'a> {
    let split = landscape.split();
    let all = trained.images(split);
    all.first(section.images.unwrap_or(usize::MAX).min(all.len()))
}

/// A numerical failure is a result of the task.
fn solved<T>(result: Result<T, CurvatureError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Takes steps until the end or until a stop is requested.
struct Controlled<'a>(&'a Control);

impl StepDriver for Controlled<'_> {
    type Ended<T> = Ended<T>;
    fn drive<S: Solver>(&self, solver: S) -> Ended<S::Output> {
        drive(solver, self.0)
    }
}
