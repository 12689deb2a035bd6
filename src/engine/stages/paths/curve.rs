//! The curves of paths that were found, for stages that start from them.

use super::{
    PathKey, PathSearches, PathSource, PathTask, SearchSettings, continuation, find, found_minima,
    landscape_endpoints_of, network_endpoints_of,
};
use crate::config::Subject;
use crate::data::Split;
use crate::engine::console::say;
use crate::engine::curves;
use crate::engine::parallel::Control;
use crate::engine::problem::Problem;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{CurveFiles, PathName, PathStates};
use crate::engine::task::Computation;
use crate::landscape::{Interrupt, Landscape};
use crate::path::refine::Widened;
use crate::path::{Batches, Curve, CurvePrecision, FoundPath, equally_spaced, points_at};
use crate::solutions::{EndpointSets, LandscapeName};
use serde::{Deserialize, Serialize};

/// A path, and where its curve is stored.
pub struct CurveKey {
    path: PathKey,
    /// Where it was kept.
    kept: Option<(PathName, usize)>,
    /// Why it cannot be searched for again: its initial curve is missing.
    lost: Option<String>,
}

/// The data from which tasks are built, on the root.
pub struct CurveSource {
    paths: PathSource,
    files: CurveFiles,
    states: PathStates,
}

/// A curve as it is sent to a rank.
#[derive(Serialize, Deserialize)]
pub struct CurveTask {
    path: PathTask,
    /// Its free parameters; `None`: it is searched for again.
    free: Option<Subject<Vec<f32>, Vec<f64>>>,
    /// Why it can neither be read nor searched for again.
    lost: Option<String>,
}

impl CurveKey {
    /// The endpoints of a path alone.
    pub fn endpoints(sets: EndpointSets, landscape: LandscapeName, pair: (u32, u32)) -> Self {
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
        let (files, states) = (directory.curve_files.clone(), directory.path_states.clone());
        Ok(Self { paths: PathSource { sets, minima, curves }, files, states })
    }

    /// The curve of a path that was found.
    pub fn key(
        &self,
        problem: &Problem,
        directory: &RunDirectory,
        (sets, landscape, pair): (EndpointSets, LandscapeName, (u32, u32)),
    ) -> CurveKey {
        let mut path = PathKey { sets, landscape, pair, start: None };
        let kept = directory.kept_curves(&problem.config.paths).kept(path.place());
        let initial = self.paths.curves.as_ref();
        let initial =
            initial.map(|curves| curves.curve(&path.sets, landscape, pair, &directory.contents));
        let mut lost = None;
        match initial.transpose() {
            Ok(start) => path.start = start,
            Err(reason) => lost = Some(format!("its initial curve: {reason}")),
        }
        CurveKey { path, kept, lost }
    }

    /// This curve as it is sent to a rank.
    pub fn task(&self, problem: &Problem, key: &CurveKey) -> CurveTask {
        let free = key.kept.as_ref().and_then(|(name, steps)| self.free(problem, name, *steps));
        // A stored curve needs no initial curve.
        let start = key.path.start.clone().filter(|_| free.is_none());
        let PathKey { sets, landscape, pair, .. } = &key.path;
        let path = PathKey { sets: sets.clone(), landscape: *landscape, pair: *pair, start };
        let path = PathSearches { problem }.task(&path, &self.paths);
        CurveTask { path, free, lost: key.lost.clone() }
    }

    fn free(
        &self,
        problem: &Problem,
        name: &PathName,
        steps: usize,
    ) -> Option<Subject<Vec<f32>, Vec<f64>>> {
        let (files, states) = (&self.files, &self.states);
        let free = match problem.landscape() {
            Some(_) => curves::free(files, states, name, steps).map(Subject::Landscape),
            None => curves::free(files, states, name, steps).map(Subject::Network),
        };
        let lost = |problem| say(format_args!("{problem}; the path is searched for once more"));
        free.map_err(lost).ok()
    }
}

/// A path on its landscape, in double precision.
pub struct OnLandscape<'a> {
    /// The landscape.
    pub landscape: &'a dyn Landscape<f64>,
    /// ω^a and ω^b.
    pub endpoints: [Vec<f64>; 2],
    /// The t of the grid of the search.
    grid: &'a [f64],
    points: &'a PointsOfCurve<'a>,
}

type PointsOfCurve<'a> = dyn Fn(&[f64], Option<&[u8]>) -> Ended<Result<Vec<Vec<f64>>, String>> + 'a;

impl OnLandscape<'_> {
    /// `(M, P)` the points of the curve on the grid of the search, as [`Self::points_at`].
    pub fn points(&self, state: Option<&[u8]>) -> Ended<Result<Vec<Vec<f64>>, String>> {
        self.points_at(self.grid, state)
    }

    /// `(M, P)` the points of the curve at these t, ascending. The search is repeated if the curve
    /// was not kept, from the state with which it was suspended.
    pub fn points_at(
        &self,
        t: &[f64],
        state: Option<&[u8]>,
    ) -> Ended<Result<Vec<Vec<f64>>, String>> {
        (self.points)(t, state)
    }
}

/// Calls a function with the path of a task on its landscape.
pub fn on_landscape<T>(
    problem: &Problem,
    task: &CurveTask,
    control: &Control,
    work: impl FnOnce(OnLandscape<'_>) -> Ended<Result<T, String>>,
) -> Ended<Result<T, String>> {
    let failed = |reason: &str| Ended::Finished(Err(reason.to_owned()));
    if let (None, Some(reason)) = (&task.free, &task.lost) {
        return failed(reason);
    }
    let start = match &task.path.start {
        Some(Err(reason)) => {
            return failed(&format!("the initial curve cannot be read: {reason}"));
        }
        Some(Ok(start)) => Some(start),
        _ => None,
    };
    let paths = &problem.config.paths;
    let search = SearchSettings { paths, start, keeps: false };
    let grid = equally_spaced(paths.parameters.points);
    let interrupt: &Interrupt<'_> = &|| control.stop_requested();
    match problem.subject.zip(&task.path.endpoints) {
        Some(Subject::Network((trained, endpoints))) => {
            let endpoints = &*network_endpoints_of(problem, trained, endpoints);
            let is_test = task.path.landscape == LandscapeName::Test;
            let split = if is_test { Split::Test } else { Split::Train };
            let landscape = trained.landscape(trained.path_images(split)).interruptible(interrupt);
            let size = paths.batch.filter(|&size| size < landscape.samples());
            let batches = size.map(|size| landscape.batches(size, problem.config.seed));
            let batches = batches.as_ref().map(|batches| batches as &dyn Batches<f32>);
            let again = |state: Option<&[u8]>| {
                find(&landscape, batches, endpoints, &search, state, control)
            };
            let free = task.free.as_ref().and_then(Subject::network).map(Vec::as_slice);
            let points = |t: &[f64], state: Option<&[u8]>| {
                points((endpoints, free), t, &search, state, &again)
            };
            let endpoints = endpoints.each_ref().map(|end| widened(end));
            let landscape = &Widened(&landscape);
            work(OnLandscape { landscape, endpoints, grid: &grid, points: &points })
        }
        Some(Subject::Landscape((mapped, endpoints))) => {
            let endpoints = &landscape_endpoints_of(problem, mapped, endpoints);
            let name = task.path.landscape;
            let Some(landscape) = mapped.landscape(name, interrupt) else {
                return failed(&format!("no data set \"{name}\""));
            };
            let landscape = landscape.as_ref();
            let again =
                |state: Option<&[u8]>| find(landscape, None, endpoints, &search, state, control);
            let free = task.free.as_ref().and_then(Subject::landscape).map(Vec::as_slice);
            let points = |t: &[f64], state: Option<&[u8]>| {
                points((endpoints, free), t, &search, state, &again)
            };
            let endpoints = endpoints.clone();
            work(OnLandscape { landscape, endpoints, grid: &grid, points: &points })
        }
        None => failed("the endpoints belong to another landscape"),
    }
}

type Again<'a, A> = dyn Fn(Option<&[u8]>) -> Ended<Result<FoundPath<A>, String>> + 'a;

/// The points at these t of a curve that was kept, or that is searched for again.
fn points<A: CurvePrecision>(
    (endpoints, free): (&[Vec<A>; 2], Option<&[A]>),
    t: &[f64],
    search: &SearchSettings,
    state: Option<&[u8]>,
    again: &Again<'_, A>,
) -> Ended<Result<Vec<Vec<f64>>, String>> {
    let parameters = &search.paths.parameters;
    let Some(free) = free else {
        let points = |found: FoundPath<A>| points_of(found.curve.as_ref(), t);
        return again(state).map(|found| found.map(points));
    };
    let curve = parameters.method.curve(endpoints.each_ref().map(|end| &end[..]), free);
    let curve = curve.ok_or_else(|| "its curve is that of another method".to_owned());
    Ended::Finished(curve.map(|curve| points_of(curve.as_ref(), t)))
}

/// The points of a curve at these t.
fn points_of<A: CurvePrecision>(curve: &dyn Curve<A>, t: &[f64]) -> Vec<Vec<f64>> {
    let rows = points_at(curve, t);
    rows.outer_iter().map(|row| row.iter().map(|&x| x.wide()).collect()).collect()
}

fn widened<A: CurvePrecision>(theta: &[A]) -> Vec<f64> {
    theta.iter().map(|&x| x.wide()).collect()
}
