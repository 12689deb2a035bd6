//! The tasks of the curvature, and the results of those that have ended.

use super::STAGE;
use super::key::{CurvatureKey, CurvaturePart, CurvaturePlace};
use super::outcome::{AlongPath, CurvatureOutcome, PointCurvature};
use super::section::{CurvatureConfig, SECTION};
use crate::analysis::curvature::Sharpness;
use crate::engine::results::{PathEndpoints, Results};
use crate::engine::stages::refinement;
use crate::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet};

/// The curvature at the solutions of a set on a landscape.
pub(super) struct SetCurvature {
    pub set: SetName,
    pub landscape: LandscapeName,
    /// Numbers of the initializations.
    pub numbers: Vec<u32>,
    /// The results at each.
    pub points: Vec<PointCurvature>,
    /// `done`, `missing`, or `failed` with the reason.
    pub status: Vec<String>,
}

/// The curvature along the paths of a set on a landscape.
pub(super) struct PathsCurvature {
    pub sets: EndpointSets,
    pub landscape: LandscapeName,
    pub pairs: Vec<(u32, u32)>,
    /// `None` if it has not been computed.
    pub paths: Vec<Option<Result<AlongPath, String>>>,
}

pub(super) fn section<'a>(results: &Results<'a>) -> Option<&'a CurvatureConfig> {
    results.config.section(&SECTION).as_ref()
}

/// The landscapes on which curvature is computed.
pub(super) fn landscapes(results: &Results, section: &CurvatureConfig) -> Vec<LandscapeName> {
    results.chosen_landscapes(&section.landscapes, &section.datasets)
}

/// The numbers of the chosen solutions of a set.
fn numbers<'s>(section: &CurvatureConfig, set: &'s SolutionSet) -> &'s [u32] {
    let all = &set.initialization;
    &all[..section.solutions.unwrap_or(usize::MAX).min(all.len())]
}

/// The chosen sets, each on every landscape.
fn sets_on<'s>(
    results: &Results,
    section: &CurvatureConfig,
    sets: &'s [SolutionSet],
) -> Vec<(&'s SolutionSet, LandscapeName)> {
    let landscapes = landscapes(results, section);
    let there = section.sets.iter().filter_map(|name| sets.iter().find(|set| set.name == *name));
    there.flat_map(|set| landscapes.iter().map(move |&landscape| (set, landscape))).collect()
}

/// The sets of the endpoints of paths, their landscape, and the chosen pairs.
type ChosenPaths = (EndpointSets, LandscapeName, Vec<(u32, u32)>);

/// The chosen sets of paths, each with its pairs.
fn paths_on(
    results: &Results,
    section: &CurvatureConfig,
    sets: &[SolutionSet],
) -> Vec<ChosenPaths> {
    if section.paths == 0 {
        return Vec::new();
    }
    let landscapes = landscapes(results, section);
    let is_asked = |(ends, landscape): &(PathEndpoints, LandscapeName)| {
        let both = ends.sets.both().into_iter().all(|set| section.sets.contains(set));
        both && landscapes.contains(landscape)
    };
    let of_set = |(ends, landscape): (PathEndpoints, LandscapeName)| {
        // Paths are taken in the order of their pairs, not in the order in which they end.
        let ended = |pair: &(u32, u32)| results.contents.path(&ends.sets, landscape, *pair);
        let pairs = results.pairs(&ends, landscape).into_iter();
        let known = pairs.map_while(|pair| Some((pair, ended(&pair)?.result.is_ok())));
        let found = known.filter(|(_, is_found)| *is_found).map(|(pair, _)| pair);
        let first = found.take(section.paths).collect();
        (ends.sets, landscape, first)
    };
    results.path_sets(sets).into_iter().filter(is_asked).map(of_set).collect()
}

/// The place of a path, with the height of its refined top if it has one.
fn path_place(
    results: &Results,
    sets: &EndpointSets,
    landscape: LandscapeName,
    pair: (u32, u32),
) -> CurvaturePlace {
    let refined = refinement::refined(results, sets, landscape, pair);
    let refined = refined.and_then(Result::ok).map(|path| path.certificate.height.to_bits());
    CurvaturePlace::Path { sets: sets.clone(), pair, refined }
}

/// The parts of the curvature at a solution.
fn parts(section: &CurvatureConfig) -> impl Iterator<Item = CurvaturePart> + use<> {
    let probes = (0..section.asked.probes).map(CurvaturePart::Probe);
    [CurvaturePart::Eigenvalues, CurvaturePart::Normalized].into_iter().chain(probes)
}

/// All tasks, for the solutions so far.
pub(super) fn wanted(results: &Results, sets: &[SolutionSet]) -> Vec<CurvatureKey> {
    let Some(section) = section(results) else { return Vec::new() };
    let mut keys = Vec::new();
    for (set, landscape) in sets_on(results, section, sets) {
        for &number in numbers(section, set) {
            let place = CurvaturePlace::Solution { set: set.name.clone(), number };
            let key = |part| CurvatureKey { place: place.clone(), landscape, part };
            keys.extend(parts(section).map(key));
        }
    }
    for (sets, landscape, pairs) in paths_on(results, section, sets) {
        let place = |&pair| path_place(results, &sets, landscape, pair);
        let places = pairs.iter().map(place);
        keys.extend(places.map(|place| CurvatureKey {
            place,
            landscape,
            part: CurvaturePart::Path,
        }));
    }
    keys
}

/// Whether a task has a result or failed, and why; `None` if it has not ended.
pub(super) fn ended<'a>(results: &Results<'a>, key: &CurvatureKey) -> Option<Result<(), &'a str>> {
    results.contents.task_ended(STAGE, &key.stored(section(results)?))
}

fn outcome(results: &Results, key: &CurvatureKey) -> Option<Result<CurvatureOutcome, String>> {
    Some(results.contents.task(STAGE, &key.stored(section(results)?))?.result)
}

/// The results at the solutions. Sets without results are left out.
pub(super) fn of_sets(results: &Results, sets: &[SolutionSet]) -> Vec<SetCurvature> {
    let Some(section) = section(results) else { return Vec::new() };
    let of_set = |(set, landscape): (&SolutionSet, LandscapeName)| {
        let numbers = numbers(section, set).to_vec();
        let at = |&number: &u32| {
            let place = CurvaturePlace::Solution { set: set.name.clone(), number };
            at_solution(results, section, &place, landscape)
        };
        let (points, status) = numbers.iter().map(at).unzip();
        SetCurvature { set: set.name.clone(), landscape, numbers, points, status }
    };
    let all = sets_on(results, section, sets).into_iter().map(of_set);
    all.filter(SetCurvature::is_known).collect()
}

fn at_solution(
    results: &Results,
    section: &CurvatureConfig,
    place: &CurvaturePlace,
    landscape: LandscapeName,
) -> (PointCurvature, String) {
    let mut point = PointCurvature::default();
    let (mut is_missing, mut reason) = (false, None);
    for part in parts(section) {
        let key = CurvatureKey { place: place.clone(), landscape, part };
        match outcome(results, &key) {
            Some(Ok(CurvatureOutcome::Eigenvalues(found))) => point.eigenvalues = Some(found),
            Some(Ok(CurvatureOutcome::Normalized(found))) => point.normalized = Some(found),
            Some(Ok(CurvatureOutcome::Probe(dimension, found))) => point.push(dimension, found),
            Some(Ok(CurvatureOutcome::Path(_))) | None => is_missing = true,
            Some(Err(failure)) => reason = Some(failure),
        }
    }
    let status = match reason {
        Some(reason) => format!("failed: {reason}"),
        None if is_missing => "missing".to_owned(),
        None => "done".to_owned(),
    };
    (point, status)
}

/// The results along the paths.
pub(super) fn of_paths(results: &Results, sets: &[SolutionSet]) -> Vec<PathsCurvature> {
    let Some(section) = section(results) else { return Vec::new() };
    let of_set = |(sets, landscape, pairs): ChosenPaths| {
        let of_pair = |&pair: &(u32, u32)| {
            let place = path_place(results, &sets, landscape, pair);
            let found =
                outcome(results, &CurvatureKey { place, landscape, part: CurvaturePart::Path })?;
            Some(match found {
                Ok(CurvatureOutcome::Path(path)) => Ok(path),
                Ok(_) => Err("its result is that of another task".to_owned()),
                Err(reason) => Err(reason),
            })
        };
        let paths = pairs.iter().map(of_pair).collect();
        PathsCurvature { sets, landscape, pairs, paths }
    };
    let all = paths_on(results, section, sets).into_iter().map(of_set);
    all.filter(|of_set| of_set.paths.iter().any(Option::is_some)).collect()
}

impl SetCurvature {
    fn is_known(&self) -> bool {
        self.status.iter().any(|status| status != "missing")
            || self.points.iter().any(|point| *point != PointCurvature::default())
    }

    /// The sharpness of the solutions for which it is known, with their numbers.
    pub fn sharpness(&self) -> (Vec<u32>, Vec<Sharpness>) {
        let known = self.numbers.iter().zip(&self.points);
        known.filter_map(|(&number, point)| Some((number, point.sharpness()?))).unzip()
    }

    /// Number of eigenvalues that have not converged.
    pub fn open(&self) -> usize {
        self.points.iter().map(PointCurvature::open).sum()
    }
}

impl PathsCurvature {
    /// Those that were computed, with their pairs.
    pub fn found(&self) -> impl Iterator<Item = ((u32, u32), &AlongPath)> {
        let paths = self.pairs.iter().zip(&self.paths);
        paths.filter_map(|(&pair, path)| Some((pair, path.as_ref()?.as_ref().ok()?)))
    }
}
