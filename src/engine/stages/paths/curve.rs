//! The curves of paths that were found, for stages that go on from them.

use super::{
    PathKey, PathSearches, PathSource, PathTask, SearchSettings, continuation, find, found_minima,
};
use crate::config::Subject;
use crate::data::Split;
use crate::engine::console::say;
use crate::engine::parallel::Control;
use crate::engine::problem::Problem;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{PathEnd, PathName, PathStates, TaskKey};
use crate::engine::task::Computation;
use crate::landscape::{Interrupt, Landscape};
use crate::path::refine::Widened;
use crate::path::{Batches, Curve, CurvePrecision, FoundPath, equally_spaced};
use crate::solutions::{EndSets, LandscapeName};
use serde::{Deserialize, Serialize};

/// Which path, and where its curve is.
pub struct CurveKey {
    path: PathKey,
    /// The end of its search, if it was kept.
    kept: Option<(PathName, usize)>,
    /// Why it cannot be searched for once more: its initial curve is lost.
    lost: Option<String>,
}

/// What the tasks are made from, on the root.
pub struct CurveSource {
    paths: PathSource,
    states: PathStates,
}

/// What a rank needs for a curve.
#[derive(Serialize, Deserialize)]
pub struct CurveTask {
    path: PathTask,
    /// The end of its search; `None`: it is searched for once more.
    end: Option<PathEnd>,
    /// Why neither is possible.
    lost: Option<String>,
}

impl CurveKey {
    /// The endpoints of a path alone.
    pub fn endpoints(sets: EndSets, landscape: LandscapeName, pair: (u32, u32)) -> Self {
        Self { path: PathKey { sets, landscape, pair, start: None }, kept: None, lost: None }
    }
}

impl CurveSource {
    /// The solutions and curves of a run directory.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn of(problem: &Problem, directory: &RunDirectory) -> Result<Self, String> {
        let sets = directory.solutions(problem)?;
        let curves = continuation::curves(problem, directory)?;
        let minima = found_minima(&directory.results(problem));
        let states = directory.path_states.clone();
        Ok(Self { paths: PathSource { sets, minima, curves }, states })
    }

    /// The curve of a path that was found.
    pub fn key(
        &self,
        sets: EndSets,
        landscape: LandscapeName,
        pair: (u32, u32),
        directory: &RunDirectory,
    ) -> CurveKey {
        let mut path = PathKey { sets, landscape, pair, start: None };
        let kept = kept(&path, directory);
        let mut lost = None;
        if kept.is_none() {
            let initial = self.paths.curves.as_ref();
            let initial = initial
                .map(|curves| curves.curve(&path.sets, landscape, pair, &directory.contents));
            match initial.transpose() {
                Ok(start) => path.start = start,
                Err(reason) => lost = Some(format!("its initial curve: {reason}")),
            }
        }
        CurveKey { path, kept, lost }
    }

    /// What a rank needs for this curve.
    pub fn task(&self, problem: &Problem, key: &CurveKey) -> CurveTask {
        let path = PathSearches { problem }.task(&key.path, &self.paths);
        let load = |(name, steps): &(PathName, usize)| {
            let end = self.states.load(name, *steps);
            let lost = |problem| say(format_args!("{problem}; the path is searched for once more"));
            end.map_err(lost).ok()
        };
        CurveTask { path, end: key.kept.as_ref().and_then(load), lost: key.lost.clone() }
    }
}

/// The file with the end of the search for a path that was found.
fn kept(path: &PathKey, directory: &RunDirectory) -> Option<(PathName, usize)> {
    let contents = &directory.contents;
    let known = contents.dependencies();
    let asked = contents.steps_asked(known, &path.sets, path.landscape, path.pair)?;
    let task: TaskKey = path.task();
    let name = PathName::of(&path.sets, path.landscape, path.pair, contents.digest_of(&task));
    (directory.path_states.steps(&name, asked) == Some(asked)).then_some((name, asked))
}

/// A path on its landscape, in double precision.
pub struct OnLandscape<'a> {
    /// The landscape.
    pub landscape: &'a dyn Landscape<f64>,
    /// ω^a and ω^b.
    pub endpoints: [Vec<f64>; 2],
    points: &'a PointsOfCurve<'a>,
}

type PointsOfCurve<'a> = dyn Fn(Option<&[u8]>) -> Ended<Result<Vec<Vec<f64>>, String>> + 'a;

impl OnLandscape<'_> {
    /// `(M, P)` the points of the curve on the grid of the search, which is repeated if the curve
    /// was not kept, from the state with which it was suspended.
    pub fn points(&self, state: Option<&[u8]>) -> Ended<Result<Vec<Vec<f64>>, String>> {
        (self.points)(state)
    }
}

/// Does something with the path of a task on its landscape.
pub fn on_landscape<T>(
    problem: &Problem,
    task: &CurveTask,
    control: &Control,
    work: impl FnOnce(OnLandscape<'_>) -> Ended<Result<T, String>>,
) -> Ended<Result<T, String>> {
    let failed = |reason: &str| Ended::Finished(Err(reason.to_owned()));
    if let Some(reason) = &task.lost {
        return failed(reason);
    }
    let start = match &task.path.start {
        Some(Err(reason)) if task.end.is_none() => {
            return failed(&format!("the initial curve cannot be read: {reason}"));
        }
        Some(Ok(start)) => Some(start),
        _ => None,
    };
    let paths = &problem.config.paths;
    let (search, end) = (SearchSettings { paths, start, keeps: false }, task.end.as_ref());
    let interrupt: &Interrupt<'_> = &|| control.stop_requested();
    match problem.subject.zip(&task.path.endpoints) {
        Some(Subject::Network((trained, endpoints))) => {
            let is_test = task.path.landscape == LandscapeName::Test;
            let split = if is_test { Split::Test } else { Split::Train };
            let landscape = trained.landscape(trained.path_images(split)).interruptible(interrupt);
            let size = paths.batch.filter(|&size| size < landscape.samples());
            let batches = size.map(|size| landscape.batches(size, problem.config.seed));
            let batches = batches.as_ref().map(|batches| batches as &dyn Batches<f32>);
            let again = |state: Option<&[u8]>| {
                find(&landscape, batches, endpoints, &search, state, control)
            };
            let points = |state: Option<&[u8]>| points(endpoints, end, &search, state, &again);
            let endpoints = endpoints.each_ref().map(|end| widened(end));
            work(OnLandscape { landscape: &Widened(&landscape), endpoints, points: &points })
        }
        Some(Subject::Landscape((mapped, endpoints))) => {
            let name = task.path.landscape;
            let Some(landscape) = mapped.landscape(name, interrupt) else {
                return failed(&format!("no data set \"{name}\""));
            };
            let landscape = landscape.as_ref();
            let again =
                |state: Option<&[u8]>| find(landscape, None, endpoints, &search, state, control);
            let points = |state: Option<&[u8]>| points(endpoints, end, &search, state, &again);
            work(OnLandscape { landscape, endpoints: endpoints.clone(), points: &points })
        }
        None => failed("the endpoints belong to another landscape"),
    }
}

type Again<'a, A> = dyn Fn(Option<&[u8]>) -> Ended<Result<FoundPath<A>, String>> + 'a;

/// The points of a curve that was kept, or that is searched for once more.
fn points<A: CurvePrecision>(
    endpoints: &[Vec<A>; 2],
    end: Option<&PathEnd>,
    search: &SearchSettings,
    state: Option<&[u8]>,
    again: &Again<'_, A>,
) -> Ended<Result<Vec<Vec<f64>>, String>> {
    let parameters = &search.paths.parameters;
    let Some(end) = end else {
        let points = |found: FoundPath<A>| on_grid(found.curve.as_ref(), parameters.points);
        return again(state).map(|found| found.map(points));
    };
    let best = continuation::best_curve(end, endpoints[0].len(), search.paths);
    Ended::Finished(best.map(|coefficients| {
        let mut curve = parameters.method.straight(endpoints.each_ref().map(|end| &end[..]));
        curve.free_mut().copy_from_slice(&coefficients);
        on_grid(curve.as_ref(), parameters.points)
    }))
}

/// The points of a curve at equally spaced t.
fn on_grid<A: CurvePrecision>(curve: &dyn Curve<A>, points: usize) -> Vec<Vec<f64>> {
    let grid = curve.grid(&equally_spaced(points));
    let (combinations, mut theta) = (curve.points(&grid), vec![A::zero(); curve.dimension()]);
    let point = |m: usize| {
        combinations.point(m, &mut theta);
        widened(&theta)
    };
    (0..points).map(point).collect()
}

fn widened<A: CurvePrecision>(theta: &[A]) -> Vec<f64> {
    theta.iter().map(|&x| x.wide()).collect()
}
