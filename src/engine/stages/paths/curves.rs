//! `paths.store`: the curves that are kept, from the search to `curves/`.

use super::{
    Endpoints, Outcome, PathKey, PathSource, endpoints, landscape_endpoints_of,
    network_endpoints_of,
};
use crate::config::{PathsConfig, StoredCurves, Subject};
use crate::engine::capacity::{MemoryUse, size};
use crate::engine::console::{count, is, say};
use crate::engine::curve_forecast::CurveForecast;
use crate::engine::curves::{KeptCurves, NoCurve, PathPlace};
use crate::engine::problem::Problem;
use crate::engine::results::Results;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{
    CurveFiles, CurveNumbers, KeptCurve, KeptPrecision, Outcome as StoredOutcome,
};
use crate::path::{FoundPath, PathResult, PathSet};

/// The curve of a path to keep. `None` if `paths.store` is `"none"` or if it is too large.
pub(super) fn to_keep<A: KeptPrecision>(
    paths: &PathsConfig,
    found: &FoundPath<A>,
    endpoints: &[Vec<A>; 2],
) -> Option<KeptCurve> {
    let free = found.curve.free();
    let bytes = size_of::<A>() * (free.len() + 2 * endpoints[0].len());
    if paths.store == StoredCurves::None || bytes > CurveFiles::MAX_BYTES {
        return None;
    }
    Some(A::keep(CurveNumbers { endpoints: endpoints.clone(), free: free.to_vec() }))
}

/// Takes the curve of a path out of its outcome and stores it. With `"best"`, a curve is stored if
/// it is lower than all stored before it, so that the best one is stored in any order.
pub(super) fn keep(
    key: &PathKey,
    directory: &RunDirectory,
    paths: &PathsConfig,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let (Some(curve), Ok((path, _))) = (outcome.curve.take(), &outcome.path) else {
        return Ok(());
    };
    // The journal will report that the directory was moved.
    if directory.check_place().is_err() {
        return Ok(());
    }
    let (kept, contents) = (directory.kept_curves(paths), &directory.contents);
    // A path is searched for again only if its curve is the best one.
    let is_known = contents.path(&key.sets, key.landscape, key.pair).is_some();
    let is_lower_and_kept = |(pair, other): ((u32, u32), &StoredOutcome<PathResult>)| {
        let place = PathPlace { sets: &key.sets, landscape: key.landscape, pair };
        let is_lower = other.result.as_ref().is_ok_and(|other| other.barrier < path.barrier);
        pair != key.pair && is_lower && kept.has_file(place)
    };
    let is_best = paths.store == StoredCurves::Best;
    if is_best && !is_known && contents.paths(&key.sets, key.landscape).any(is_lower_and_kept) {
        return Ok(());
    }
    let (name, steps) = (key.name(directory), contents.dependencies().steps());
    directory.curve_files.save(&name, steps, &curve).map_err(|error| error.to_string())
}

/// Stores the curves of existing paths, as far as their states have them. Returns the paths whose
/// curves are wanted and missing.
pub(super) fn adopt(
    problem: &Problem,
    directory: &RunDirectory,
    source: &PathSource,
) -> Vec<PathKey> {
    let paths = &problem.config.paths;
    let kept = directory.kept_curves(paths);
    let mut missing = Vec::new();
    if CurveForecast::of(problem).is_none_or(|forecast| forecast.is_too_large()) {
        return missing;
    }
    for set in directory.results(problem).paths(&source.sets) {
        for row in kept.wanted(&set) {
            let (sets, landscape, pair) = (set.set.clone(), set.landscape, set.pairs[row]);
            let key = PathKey { sets, landscape, pair, start: None };
            if kept.has_file(key.place()) {
                continue;
            }
            match adopt_one(problem, directory, source, &key) {
                Ok(()) => {}
                Err(NoCurve::Unusable(reason)) => {
                    say(format_args!("paths: a curve is not kept: {reason}"));
                    missing.push(key);
                }
                Err(_) => missing.push(key),
            }
        }
    }
    missing
}

fn adopt_one(
    problem: &Problem,
    directory: &RunDirectory,
    source: &PathSource,
    key: &PathKey,
) -> Result<(), NoCurve> {
    let kept = directory.kept_curves(&problem.config.paths);
    let (name, steps) = kept.place(key.place())?;
    if !directory.path_states.has(&name, steps) {
        return Err(NoCurve::NotKept);
    }
    let endpoints: Endpoints = endpoints(problem, source, key);
    let curve = match endpoints {
        Subject::Network(endpoints) => {
            let trained = problem.trained().ok_or(NoCurve::NotKept)?;
            let endpoints = network_endpoints_of(problem, trained, &endpoints);
            of_state::<f32>(&kept, key, endpoints.into_owned())
        }
        Subject::Landscape(endpoints) => {
            let mapped = problem.landscape().ok_or(NoCurve::NotKept)?;
            of_state::<f64>(&kept, key, landscape_endpoints_of(problem, mapped, &endpoints))
        }
    };
    let saved = directory.curve_files.save(&name, steps, &curve?);
    saved.map_err(|error| NoCurve::Unusable(error.to_string()))
}

fn of_state<A: KeptPrecision>(
    kept: &KeptCurves<'_>,
    key: &PathKey,
    endpoints: [Vec<A>; 2],
) -> Result<KeptCurve, NoCurve> {
    Ok(A::keep(CurveNumbers { free: kept.of_state(key.place())?, endpoints }))
}

/// The number of wanted curves that are missing, with the remedy; `None` if there are none.
pub(super) fn missing(missing: usize, of: usize) -> Option<String> {
    (missing > 0).then(|| {
        format!(
            "paths: the curves of {missing} of {} that paths.store asks for {} not kept, because \
             the paths were found before without them and their states are not there; add \
             --replace to find these paths again, to the same bits",
            count(of, "path"),
            is(missing)
        )
    })
}

/// The same before a run. On the root.
pub(super) fn remark(results: &Results<'_>, kept: &KeptCurves<'_>) -> Option<String> {
    let paths = results.paths(&results.sets());
    let is_missing = |place: PathPlace<'_>| {
        let place = kept.place(place);
        !place.is_ok_and(|(name, steps)| {
            kept.files.has(&name, steps) || kept.states.has(&name, steps)
        })
    };
    let of_set = |set: &PathSet| {
        let wanted = kept.wanted(set).into_iter();
        wanted.filter(|&row| is_missing(PathPlace::of(set, row))).count()
    };
    let found = paths.iter().map(|set| set.pairs.len()).sum();
    missing(paths.iter().map(of_set).sum(), found)
}

/// Place and size of the curves, for `check`.
pub(super) fn disk(problem: &Problem) -> Option<String> {
    let forecast = CurveForecast::of(problem)?;
    if forecast.stored == 0 {
        return None;
    }
    if forecast.is_too_large() {
        let (bytes, most) = (size(forecast.file_bytes), size(CurveFiles::MAX_BYTES as f64));
        return Some(format!("curves     are not kept: each has {bytes}, the maximum is {most}"));
    }
    let why = if forecast.is_apart() {
        ", because they are larger than all other results together"
    } else {
        ""
    };
    Some(format!(
        "curves     {} in {}: about {}{why}\n           and about {} in curves/ of the run \
         directory",
        count(forecast.stored, "curve"),
        forecast.place(),
        size(forecast.stored_bytes),
        size(forecast.files as f64 * forecast.file_bytes),
    ))
}

/// Bytes of a curve and of its copy while it is sent or read.
pub(super) fn bytes(problem: &Problem) -> f64 {
    2.0 * CurveForecast::of(problem).map_or(0.0, |forecast| forecast.file_bytes)
}

/// The memory of the root while it writes curves into an HDF5 file, one at a time.
pub(super) fn root_part(problem: &Problem) -> Option<MemoryUse> {
    let forecast = CurveForecast::of(problem)?;
    Some(MemoryUse::new(3.0 * forecast.file_bytes, "the curve of a path", "paths.store"))
}
