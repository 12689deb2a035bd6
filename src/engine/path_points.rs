//! Points on a path of a run directory, for `export --path`.

use crate::config::Subject;
use crate::engine::curves::{KeptCurves, NoCurve, PathPlace};
use crate::engine::results::Results;
use crate::engine::stages::paths::{aligned, aligned_units};
use crate::engine::store::{
    Contents, CurveFiles, CurveNumbers, KeptPrecision, PathStates, Retention,
};
use crate::engine::stored::StoredRun;
use crate::path::{PathResult, equally_spaced_points};
use crate::solutions::{EndpointSets, LandscapeName, SelectedNumbers, Selection, SetName};
use ndarray::Array2;
use std::fmt;
use std::path::Path;

/// Maximum number of pairs in a message.
const MAX_NAMED: usize = 12;

/// A path as a user names it: `SET:a-b`, or `SET1~SET2:a-b` between two sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSelection {
    sets: String,
    pair: (u32, u32),
}

impl PathSelection {
    /// Reads `SET:a-b`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(Selection { name, numbers: SelectedNumbers::Pair(a, b) }) =
            Selection::parse(text)
        {
            return Ok(Self { sets: name.to_owned(), pair: (a, b) });
        }
        Err(format!(
            "\"{text}\" is not a path; write SET:a-b with the initialization numbers of its \
             endpoints, for instance lbfgs/train:0-3, or SET1~SET2:a-b between two sets"
        ))
    }

    /// The sets of its endpoints, as they were written.
    pub fn sets(&self) -> &str {
        &self.sets
    }

    /// The initialization numbers of its endpoints.
    pub fn pair(&self) -> (u32, u32) {
        self.pair
    }

    /// Whether these are its sets, in any notation that the program prints.
    pub fn is_between(&self, sets: &EndpointSets) -> bool {
        let joined = |between: &str| format!("{}{between}{}", sets.a, sets.b);
        [sets.to_string(), sets.path(), joined("~")].contains(&self.sets)
    }
}

impl fmt::Display for PathSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}", self.sets, self.pair.0, self.pair.1)
    }
}

/// Points on a path.
#[derive(Clone, Debug)]
pub struct PathPoints {
    /// `(points, P)`, in the precision of the landscape.
    pub points: Subject<Array2<f32>, Array2<f64>>,
    /// The landscape that the path was found on.
    pub landscape: LandscapeName,
    /// The path.
    pub path: PathResult,
}

/// The points of a path at equally spaced t. Without `landscape`, the path on the first landscape
/// that has it.
///
/// # Errors
/// If there is no such path, with the paths that exist. If its curve was not kept, with the remedy.
pub fn of_path(
    directory: &Path,
    selection: &PathSelection,
    landscape: Option<&str>,
    points: usize,
) -> Result<PathPoints, String> {
    let without_vectors = Contents::holding(Retention::best(0, 0));
    let run = StoredRun::read(directory, without_vectors).map_err(|failure| failure.message)?;
    let sets = find_sets(&run, directory, selection)?;
    let landscape = find_landscape(&run, directory, (selection, &sets), landscape)?;
    let place = PathPlace { sets: &sets, landscape, pair: selection.pair };
    let path = run.contents.path(&sets, landscape, selection.pair);
    let path = path.and_then(|path| path.result.as_ref().ok()).ok_or("there is no path")?.clone();
    let found = if run.config.subject.network().is_some() {
        sample::<f32>(&run, directory, place, points).map(Subject::Network)
    } else {
        sample::<f64>(&run, directory, place, points).map(Subject::Landscape)
    };
    let points = found.map_err(|reason| {
        let shown = directory.display();
        match reason {
            NoCurve::Unusable(problem) => problem,
            reason => format!(
                "{shown}: {selection} on {landscape}: {reason}; `lossatlas resume {shown} --set \
                 paths.store=all` keeps it if the state of its search is there, and with \
                 --replace it finds the path again, to the same bits"
            ),
        }
    })?;
    Ok(PathPoints { points, landscape, path })
}

fn find_sets(
    run: &StoredRun,
    directory: &Path,
    selection: &PathSelection,
) -> Result<EndpointSets, String> {
    let known: Vec<&EndpointSets> = run.contents.path_sets().collect();
    let found = known.iter().find(|sets| selection.is_between(sets));
    found.map(|&sets| sets.clone()).ok_or_else(|| {
        let shown = directory.display();
        let name = |sets: &&EndpointSets| match sets.single() {
            Some(set) => set.to_string(),
            None => format!("{}~{}", sets.a, sets.b),
        };
        let known: Vec<String> = known.iter().map(name).collect();
        if known.is_empty() {
            return format!("{shown}: has no paths yet; find them with `lossatlas paths`");
        }
        format!("{shown}: there are no paths of {}, only of {}", selection.sets, known.join(", "))
    })
}

/// The landscape of this name, or the first one, on which the path was found.
fn find_landscape(
    run: &StoredRun,
    directory: &Path,
    (selection, sets): (&PathSelection, &EndpointSets),
    wanted: Option<&str>,
) -> Result<LandscapeName, String> {
    let shown = directory.display();
    let all = run.results().landscapes();
    let asked = |landscape: &&LandscapeName| wanted.is_none_or(|name| landscape.name() == name);
    let candidates: Vec<LandscapeName> = all.iter().filter(asked).copied().collect();
    if candidates.is_empty() {
        let names: Vec<&str> = all.iter().map(|landscape| landscape.name()).collect();
        let (wanted, names) = (wanted.unwrap_or_default(), names.join(", "));
        return Err(format!("{shown}: there are no paths on {wanted:?}, only on {names}"));
    }
    let outcome = |landscape: LandscapeName| {
        run.contents.path(sets, landscape, selection.pair).map(|path| &path.result)
    };
    let found = candidates.iter().find(|&&landscape| matches!(outcome(landscape), Some(Ok(_))));
    found.copied().ok_or_else(|| {
        let failed = candidates.iter().find_map(|&landscape| outcome(landscape)?.as_ref().err());
        if let Some(reason) = failed {
            return format!("{shown}: {selection}: the path failed: {reason}");
        }
        let pairs: Vec<String> =
            run.contents.paths(sets, candidates[0]).map(|((a, b), _)| format!("{a}-{b}")).collect();
        let more = if pairs.len() > MAX_NAMED { ", …" } else { "" };
        let named = pairs[..pairs.len().min(MAX_NAMED)].join(", ");
        format!(
            "{shown}: there is no path {selection}; there are {} of this set on {}: {named}{more}",
            pairs.len(),
            candidates[0],
        )
    })
}

/// The points, from the file of the curve or from the state of its search.
fn sample<A: KeptPrecision + EndpointPrecision>(
    run: &StoredRun,
    directory: &Path,
    path: PathPlace<'_>,
    points: usize,
) -> Result<Array2<A>, NoCurve> {
    let states = PathStates::list(directory);
    let states = states.map_err(|error| NoCurve::Unusable(error.to_string()))?;
    let files = CurveFiles::of(directory);
    let (paths, contents) = (&run.config.paths, &run.contents);
    let kept = KeptCurves { paths, contents, files: &files, states: &states };
    let CurveNumbers { endpoints, free } = if let Some(curve) = kept.file(path)? {
        A::numbers(curve).ok_or(NoCurve::NotKept)?
    } else {
        let free = kept.of_state::<A>(path)?;
        CurveNumbers { endpoints: stored_endpoints(run, directory, path)?, free }
    };
    let [a, b] = &endpoints;
    let curve = paths.parameters.method.curve([&a[..], b], &free);
    let curve = curve.ok_or_else(|| NoCurve::Unusable("its method differs".to_owned()))?;
    Ok(equally_spaced_points(curve.as_ref(), points))
}

/// Finds solutions in the precision of their landscape.
pub trait EndpointPrecision: Sized {
    /// The solution of this number in a set, if it is stored in this precision.
    fn solution(results: &Results<'_>, set: &SetName, number: u32) -> Option<Vec<Self>>;

    /// The endpoints as the search used them. `None` if that is not known here.
    fn align(results: &Results<'_>, endpoints: [Vec<Self>; 2]) -> Option<[Vec<Self>; 2]>;
}

impl EndpointPrecision for f32 {
    fn solution(results: &Results<'_>, set: &SetName, number: u32) -> Option<Vec<f32>> {
        let sets = results.sets();
        let set = sets.iter().find(|known| known.name == *set)?;
        Some(set.theta.row(set.row_of(number)?).to_vec())
    }

    fn align(results: &Results<'_>, endpoints: [Vec<f32>; 2]) -> Option<[Vec<f32>; 2]> {
        if !results.config.paths.align {
            return Some(endpoints);
        }
        Some(aligned_units(&results.symmetry()?, results.config.seed, endpoints))
    }
}

impl EndpointPrecision for f64 {
    /// The journal has minima in double precision, imported points in single precision.
    fn solution(results: &Results<'_>, set: &SetName, number: u32) -> Option<Vec<f64>> {
        let is_minimum = results.config.subject.landscape()?.set().as_ref() == Some(set);
        let minimum = results.contents.minimum(number).filter(|_| is_minimum)?;
        Some(minimum.result.as_ref().ok()?.theta.clone())
    }

    fn align(results: &Results<'_>, endpoints: [Vec<f64>; 2]) -> Option<[Vec<f64>; 2]> {
        Some(match results.config.subject.landscape() {
            Some(landscape) => aligned(landscape, results.config.paths.align, endpoints),
            None => endpoints,
        })
    }
}

/// The endpoints of a path from the journal, which is read again with its vectors.
fn stored_endpoints<A: EndpointPrecision>(
    run: &StoredRun,
    directory: &Path,
    path: PathPlace<'_>,
) -> Result<[Vec<A>; 2], NoCurve> {
    let retention =
        run.config.subject.network().map(|network| {
            Retention::best(network.training.keep, network.training.initializations)
        });
    let contents = retention.map_or_else(Contents::default, Contents::holding);
    let run = StoredRun::read(directory, contents);
    let run = run.map_err(|failure| NoCurve::Unusable(failure.message))?;
    let results = run.results();
    let solution = |set, number| A::solution(&results, set, number).ok_or(NoCurve::NotKept);
    let endpoints = [solution(&path.sets.a, path.pair.0)?, solution(&path.sets.b, path.pair.1)?];
    A::align(&results, endpoints).ok_or(NoCurve::NotKept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_as_the_program_prints_it() {
        let set = |name: &str| SetName::parse(name).unwrap();
        let within = EndpointSets::within(set("sgd/train"));
        let between = EndpointSets { a: set("sgd/train"), b: set("lbfgs/test") };
        let is_of = |text: &str, sets: &EndpointSets| {
            let selection = PathSelection::parse(text).unwrap();
            assert_eq!(selection.pair, (12, 3));
            selection.is_between(sets)
        };
        assert!(is_of("sgd/train:12-3", &within) && is_of("sgd/train:12–3", &within));
        for name in ["sgd/train~lbfgs/test", "sgd/train – lbfgs/test"] {
            assert!(is_of(&format!("{name}:12-3"), &between), "{name}");
        }
        assert!(is_of("between/sgd-train_lbfgs-test:12-3", &between));
        assert!(!is_of("sgd/train:12-3", &between) && !is_of("sgd/test:12-3", &within));
        assert_eq!(PathSelection::parse("a/b:0-3").unwrap().to_string(), "a/b:0-3");
        for text in ["", "sgd/train", "sgd/train:3", "sgd/train:a-b", "sgd/train:1-2-3"] {
            let refused = PathSelection::parse(text).unwrap_err();
            assert!(refused.contains("lbfgs/train:0-3"), "{refused}");
        }
    }
}
