//! The curves of paths that a run directory keeps: for `atlas.h5`, for `export --path`, and for
//! stages that start from them.
//!
//! A curve is in `curves/` if `paths.store` asked for it, and in the last state of its search if
//! `paths.keep_states` kept that. Either has the curve whose barrier is reported.

use crate::config::{PathsConfig, StoredCurves};
use crate::engine::resume;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::{
    Contents, CurveFiles, KeptCurve, KeptPrecision, PathEnd, PathName, PathStates,
};
use crate::path::{CurvePrecision, PathSet, PathState};
use crate::solutions::{EndpointSets, LandscapeName};
use thiserror::Error;

/// Identifies a path of a run directory.
#[derive(Clone, Copy, Debug)]
pub struct PathPlace<'a> {
    /// The sets of its endpoints.
    pub sets: &'a EndpointSets,
    /// Its landscape.
    pub landscape: LandscapeName,
    /// The initialization numbers of its endpoints.
    pub pair: (u32, u32),
}

impl<'a> PathPlace<'a> {
    /// The path of this row.
    pub fn of(paths: &'a PathSet, row: usize) -> Self {
        Self { sets: &paths.set, landscape: paths.landscape, pair: paths.pairs[row] }
    }
}

/// Why there is no curve.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoCurve {
    /// The search failed or has not ended.
    #[error("there is no path")]
    NoPath,
    /// Neither its curve nor its state was kept.
    #[error("its curve was not kept")]
    NotKept,
    /// A file cannot be used.
    #[error("{0}")]
    Unusable(String),
}

/// Reads the curves of the paths that a configuration asks for.
#[derive(Clone, Copy)]
pub struct KeptCurves<'a> {
    /// The configuration.
    pub paths: &'a PathsConfig,
    /// The records of the journal.
    pub contents: &'a Contents,
    /// `curves/`.
    pub files: &'a CurveFiles,
    /// `path-states/`.
    pub states: &'a PathStates,
}

impl RunDirectory {
    /// The curves that are kept. `paths` is the configuration in force.
    pub fn kept_curves<'a>(&'a self, paths: &'a PathsConfig) -> KeptCurves<'a> {
        let Self { contents, curve_files, path_states, .. } = self;
        KeptCurves { paths, contents, files: curve_files, states: path_states }
    }
}

impl KeptCurves<'_> {
    /// The rows of the paths whose curves `paths.store` asks for.
    pub fn wanted(&self, paths: &PathSet) -> Vec<usize> {
        let found = paths.results.iter().enumerate();
        let found = found.filter_map(|(row, path)| Some((row, path.as_ref().ok()?.barrier)));
        match self.paths.store {
            StoredCurves::None => Vec::new(),
            StoredCurves::Best => {
                found.min_by(|a, b| a.1.total_cmp(&b.1)).into_iter().map(|(row, _)| row).collect()
            }
            StoredCurves::All => found.map(|(row, _)| row).collect(),
        }
    }

    /// Those of the same rows whose curves are in `curves/`.
    pub fn wanted_and_there(&self, paths: &PathSet) -> Vec<usize> {
        let mut rows = self.wanted(paths);
        rows.retain(|&row| self.has_file(PathPlace::of(paths, row)));
        rows
    }

    /// The curve with its endpoints as `curves/` has it; `None` if it is not there.
    ///
    /// # Errors
    /// [`NoCurve`], but not [`NoCurve::NotKept`].
    pub fn file(&self, path: PathPlace<'_>) -> Result<Option<KeptCurve>, NoCurve> {
        let (name, steps) = self.place(path)?;
        self.files.load(&name, steps).map_err(NoCurve::Unusable)
    }

    /// Whether `curves/` has the curve of this path.
    pub fn has_file(&self, path: PathPlace<'_>) -> bool {
        self.place(path).is_ok_and(|(name, steps)| self.files.has(&name, steps))
    }

    /// The free parameters from the last state of the search.
    ///
    /// # Errors
    /// [`NoCurve`].
    pub fn of_state<A: CurvePrecision>(&self, path: PathPlace<'_>) -> Result<Vec<A>, NoCurve> {
        let (name, steps) = self.place(path)?;
        if !self.states.has(&name, steps) {
            return Err(NoCurve::NotKept);
        }
        free_of_state(self.states, &name, steps).map_err(NoCurve::Unusable)
    }

    /// Where the free parameters of a path are stored. `None` if neither its curve nor its state
    /// was kept.
    pub fn kept(&self, path: PathPlace<'_>) -> Option<(PathName, usize)> {
        let (name, steps) = self.place(path).ok()?;
        let is_there = self.files.has(&name, steps) || self.states.has(&name, steps);
        is_there.then_some((name, steps))
    }

    /// The name of its files, and the number of steps that were requested for the path.
    pub fn place(
        &self,
        PathPlace { sets, landscape, pair }: PathPlace<'_>,
    ) -> Result<(PathName, usize), NoCurve> {
        let found = self.contents.path(sets, landscape, pair);
        if found.is_none_or(|path| path.result.is_err()) {
            return Err(NoCurve::NoPath);
        }
        let dependencies = self.contents.dependencies();
        let asked = self.contents.steps_asked(dependencies, sets, landscape, pair);
        let digest = dependencies.paths(sets.both(), landscape.name());
        Ok((PathName::of(sets, landscape, pair, digest), asked.ok_or(NoCurve::NoPath)?))
    }
}

/// The free parameters of a curve: b_1, …, b_N, for
/// [`ChosenMethod::curve`](crate::path::ChosenMethod::curve). From `curves/`, otherwise from the
/// last state of the search.
///
/// # Errors
/// Why neither can be used.
pub fn free<A: KeptPrecision>(
    files: &CurveFiles,
    states: &PathStates,
    name: &PathName,
    steps: usize,
) -> Result<Vec<A>, String> {
    match files.load(name, steps)? {
        Some(kept) => A::numbers(kept).map(|numbers| numbers.free).ok_or_else(|| {
            "the precision of its curve differs from that of its \
                            landscape"
                .to_owned()
        }),
        None => free_of_state(states, name, steps),
    }
}

fn free_of_state<A: CurvePrecision>(
    states: &PathStates,
    name: &PathName,
    steps: usize,
) -> Result<Vec<A>, String> {
    best_free(&states.load(name, steps)?)
}

/// A state as it was stored. Those of version 0.1.0 lack the last byte.
pub fn decode_state<A: CurvePrecision>(bytes: Option<&[u8]>) -> Option<PathState<'static, A>> {
    let bytes = bytes?;
    let former = || postcard::from_bytes(&[bytes, &[0]].concat()).ok();
    postcard::from_bytes(bytes).ok().or_else(former).or_else(|| resume::decode(Some(bytes)))
}

/// The free parameters of the best curve that a search has found.
///
/// # Errors
/// If the state cannot be decoded.
pub fn best_free<A: CurvePrecision>(end: &PathEnd) -> Result<Vec<A>, String> {
    let state: PathState<A> =
        decode_state(Some(&end.state)).ok_or("the state of the search cannot be decoded")?;
    Ok(state.best(end.best_is_last).to_vec())
}
