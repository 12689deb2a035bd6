//! `paths.start`: the paths of another run, or of the same run with other settings, as initial
//! curves.

use crate::config::PathsConfig;
use crate::config::dependencies::Dependencies;
use crate::engine::failure::Failure;
use crate::engine::store::{
    ConfigurationRecord, Contents, PathName, PathStates, Retention, journal,
};
use crate::solutions::{EndpointSets, LandscapeName};
use std::fs;
use std::path::{Path, PathBuf};

/// The key under which a journal has the settings of the initial curves. A configuration cannot set
/// it: it is derived from the journal of `paths.start`.
pub const START_CURVES: &str = "paths.start_curves";

/// The paths of a run directory that serve as initial curves.
pub struct InitialCurves {
    states: PathStates,
    dependencies: Dependencies,
    /// The records of the other run. `None`: the curves are those of the run itself.
    source: Option<Contents>,
}

impl InitialCurves {
    /// The initial curves that `paths.start` names. `own` is the directory of the run, with its
    /// records and its new configuration.
    ///
    /// # Errors
    /// If the directory holds no paths, or if its subject or path method differs.
    pub fn find(
        start: &Path,
        own: &Path,
        contents: &Contents,
        record: &ConfigurationRecord,
    ) -> Result<Self, Failure> {
        let (source, other) = if is_same(start, own) {
            (former_configuration(start, contents, record)?, None)
        } else {
            let read = journal::read(start, Contents::holding(Retention::best(0, 0)));
            let (contents, _) = read.map_err(|error| refuse(start, &error.to_string()))?;
            let source = contents
                .configuration()
                .cloned()
                .ok_or_else(|| refuse(start, "has no configuration; no run has started there"))?;
            (source, Some(contents))
        };
        let method = |record: &ConfigurationRecord| -> Vec<(String, String)> {
            let keys = ["paths.method", "paths.fourier_terms", "paths.knots"];
            let values =
                keys.map(|key| record.effective.get(key).map(|v| (key.to_owned(), v.clone())));
            values.into_iter().flatten().collect()
        };
        // Results of versions without this key were computed without alignment.
        let aligns = |record: &ConfigurationRecord| {
            record.effective.get("paths.align").is_some_and(|align| align == "true")
        };
        if aligns(&source) != aligns(record) {
            return Err(refuse(start, "paths.align differs, so the endpoints of its paths differ"));
        }
        if method(&source) != method(record) {
            return Err(refuse(
                start,
                "its paths have another method or number of coefficients; paths.start needs equal \
                 paths.method and paths.fourier_terms (paths.knots)",
            ));
        }
        let (dependencies, wanted) = (source.dependencies(), record.dependencies());
        if !dependencies.same_subject(&wanted) {
            return Err(refuse(
                start,
                "its network, its landscape, its images or its seed differ, so its endpoints \
                 differ, too",
            ));
        }
        Ok(Self { states: PathStates::list(start)?, dependencies, source: other })
    }

    /// The settings with which the curves were found.
    pub fn identity(&self) -> String {
        self.dependencies.search().to_string()
    }

    /// The file of the curve of a pair, with its number of steps. `own` are the records of the run
    /// itself.
    ///
    /// # Errors
    /// Why there is none: its endpoints differ, its search has not ended, or it was not kept.
    pub fn curve(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
        own: &Contents,
    ) -> Result<(PathName, usize), &'static str> {
        let wanted = own.dependencies();
        let differs =
            sets.both().iter().any(|set| self.dependencies.solutions(set) != wanted.solutions(set));
        if differs {
            return Err("its endpoints are different solutions there");
        }
        // Only the state of the path itself has its curve.
        let source = self.source.as_ref().unwrap_or(own);
        let asked = source
            .steps_asked(&self.dependencies, sets, landscape, pair)
            .ok_or("its search has not ended there; finish that run first")?;
        let digest = self.dependencies.paths(sets.both(), landscape.name());
        let name = PathName::of(sets, landscape, pair, digest);
        let kept = self.states.steps(&name, asked).filter(|&steps| steps == asked);
        kept.map(|steps| (name, steps)).ok_or("its state was not kept there")
    }

    /// The files.
    pub fn states(&self) -> &PathStates {
        &self.states
    }
}

/// What the paths of a configuration with `paths.start` depend on in addition to its own keys.
///
/// # Errors
/// As for [`InitialCurves::find`].
pub fn start_curves(
    start: &Path,
    own: &Path,
    contents: &Contents,
    record: &ConfigurationRecord,
) -> Result<String, Failure> {
    Ok(InitialCurves::find(start, own, contents, record)?.identity())
}

/// Refuses a directory that does not exist, before any work starts.
///
/// # Errors
/// The key with the directory.
pub fn check(paths: &PathsConfig) -> Result<(), String> {
    match &paths.start {
        Some(start) if !start.is_dir() => {
            Err(format!("paths.start: {}: there is no such run directory", start.display()))
        }
        _ => Ok(()),
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    let resolved =
        |path: &Path| -> PathBuf { fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()) };
    resolved(a) == resolved(b)
}

/// The last configuration before the first one with the same search for paths as this one.
fn former_configuration(
    start: &Path,
    contents: &Contents,
    record: &ConfigurationRecord,
) -> Result<ConfigurationRecord, Failure> {
    let search = |record: &ConfigurationRecord| {
        let mut keys = record.effective.clone();
        keys.remove(START_CURVES);
        let dependencies = Dependencies::of(&keys, &record.dataset_checksum);
        (dependencies.search_of_any_length(), keys.remove("paths.start"))
    };
    let (wanted, all) = (search(record), contents.configurations());
    let first = all.iter().position(|known| search(known) == wanted).unwrap_or(all.len());
    let former = first.checked_sub(1).map(|before| all[before].clone());
    former.ok_or_else(|| {
        refuse(start, "is the run itself, and has no paths from before its present settings")
    })
}

fn refuse(start: &Path, problem: &str) -> Failure {
    Failure::input(format_args!("paths.start: {}: {problem}", start.display()))
}
