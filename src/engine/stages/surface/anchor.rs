//! The solutions, the path or the trajectory that determine a plane, and the keys of results.

use super::section::{PlaneKind, PlanePoints, SurfaceConfig};
use crate::config::LandscapeConfig;
use crate::config::reader::Choice;
use crate::engine::path_points::PathSelection;
use crate::engine::results::Results;
use crate::engine::stage::TaskSolutions;
use crate::engine::stages::paths::{Paths, aligned};
use crate::engine::stages::trajectory::{TrajectoryKey, every};
use crate::engine::{stage::Stage, stages::trajectory};
use crate::optimizer::OptimizerName;
use crate::solutions::{EndpointSets, LandscapeName, Selection, SetName, SolutionSet};
use std::fmt;

/// What determines a plane: solutions by their numbers, a path on its landscape, or a trajectory.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Anchor {
    Solutions(Vec<(SetName, u32)>),
    Path { sets: EndpointSets, landscape: LandscapeName, pair: (u32, u32) },
    Trajectory(TrajectoryKey),
}

/// Why a plane cannot be made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Obstacle {
    /// In words.
    pub reason: String,
    /// Whether further results may remove it.
    pub may_pass: bool,
}

/// Maximum number of solutions in a message.
const MAX_NAMED: usize = 12;

impl Anchor {
    /// Finds the anchor of a surface among the results.
    pub fn of(
        results: &Results,
        sets: &[SolutionSet],
        config: &SurfaceConfig,
    ) -> Result<Self, Obstacle> {
        match &config.through {
            PlanePoints::Solutions(choices) => {
                let may_pass = results.missing_runs() > 0;
                let chosen: Result<Vec<_>, String> = choices
                    .iter()
                    .map(|choice| solution(sets, &choice.set, choice.number))
                    .collect();
                let chosen = chosen.map_err(|reason| Obstacle { reason, may_pass })?;
                let repeated = (1..chosen.len()).find(|&k| chosen[..k].contains(&chosen[k]));
                match repeated.map(|k| &chosen[k]) {
                    Some((set, number)) => {
                        let reason = format!("the solution {set}:{number} is named twice");
                        Err(Obstacle { reason, may_pass: false })
                    }
                    None => Ok(Self::Solutions(chosen)),
                }
            }
            PlanePoints::Path(selection) => path(results, sets, selection),
            PlanePoints::Trajectory(optimizer, number) => run(results, optimizer, *number),
        }
    }

    /// The vectors of the solutions, in double precision; empty for a path or a trajectory.
    /// Clusters are moved and rotated close to the first one.
    pub fn vectors(&self, results: &Results, sets: &[SolutionSet]) -> Vec<Vec<f64>> {
        let Self::Solutions(chosen) = self else { return Vec::new() };
        let vectors = chosen.iter().filter_map(|(set, number)| {
            vector(results, sets.iter().find(|known| known.name == *set)?, *number)
        });
        let vectors: Vec<Vec<f64>> = vectors.collect();
        let Some(first) = vectors.first().cloned() else { return vectors };
        vectors.into_iter().map(|vector| superposed(results, &first, vector)).collect()
    }
}

/// As it is written in a configuration.
impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Solutions(chosen) => {
                let names: Vec<String> =
                    chosen.iter().map(|(set, number)| format!("{set}:{number}")).collect();
                f.write_str(&names.join(", "))
            }
            Self::Path { sets, pair: (a, b), .. } => match sets.single() {
                Some(set) => write!(f, "{set}:{a}-{b}"),
                None => write!(f, "{}~{}:{a}-{b}", sets.a, sets.b),
            },
            Self::Trajectory(TrajectoryKey { optimizer, initialization }) => {
                write!(f, "{optimizer}:{initialization}")
            }
        }
    }
}

/// A vector of a set in the precision of the journal: minima in double precision.
pub(super) fn vector(results: &Results, set: &SolutionSet, number: u32) -> Option<Vec<f64>> {
    let minima = results.config.subject.landscape().and_then(LandscapeConfig::set);
    if minima.as_ref() == Some(&set.name) {
        let minimum = results.contents.minimum(number)?;
        return minimum.result.as_ref().ok().map(|minimum| minimum.theta.clone());
    }
    Some(set.theta.row(set.row_of(number)?).iter().map(|&x| f64::from(x)).collect())
}

/// Moves and rotates a cluster close to another one, without exchanging atoms. Any other vector
/// stays unchanged.
pub(super) fn superposed(results: &Results, near: &[f64], vector: Vec<f64>) -> Vec<f64> {
    match results.config.subject.landscape() {
        Some(landscape) => {
            let [_, superposed] = aligned(landscape, false, [near.to_vec(), vector]);
            superposed
        }
        None => vector,
    }
}

fn solution(
    sets: &[SolutionSet],
    name: &SetName,
    number: Option<u32>,
) -> Result<(SetName, u32), String> {
    let numbers = sets.iter().find(|set| set.name == *name).map(|set| &set.initialization[..]);
    let numbers = numbers.unwrap_or_default();
    let found = match number {
        None => numbers.first().copied(),
        Some(number) => numbers.contains(&number).then_some(number),
    };
    found.map(|number| (name.clone(), number)).ok_or_else(|| {
        if numbers.is_empty() {
            return format!("the set {name} has no solutions");
        }
        let wanted = number.unwrap_or_default();
        format!("there is no solution {name}:{wanted}; the set has {}", list(numbers))
    })
}

fn list(numbers: &[u32]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let more = if sorted.len() > MAX_NAMED { ", …" } else { "" };
    let named: Vec<String> = sorted.iter().take(MAX_NAMED).map(u32::to_string).collect();
    format!("{}{more}", named.join(", "))
}

fn path(
    results: &Results,
    sets: &[SolutionSet],
    selection: &PathSelection,
) -> Result<Anchor, Obstacle> {
    let ends = results.config.paths.endpoint_sets();
    let Some(ends) = ends.iter().find(|ends| selection.is_between(ends)).cloned() else {
        let names: Vec<String> = ends.iter().map(EndpointSets::to_string).collect();
        let reason = format!(
            "there are no paths of {}, only of {}; see paths.sets and paths.between",
            selection.sets(),
            names.join(", ")
        );
        return Err(Obstacle { reason, may_pass: false });
    };
    let landscapes = results.landscapes();
    // A plane has no direction, so within a set the reverse of the path is accepted.
    let (a, b) = selection.pair();
    let is_there = |pair| {
        landscapes.iter().any(|&landscape| results.contents.path(&ends, landscape, pair).is_some())
    };
    let is_reversed = ends.single().is_some() && !is_there((a, b)) && is_there((b, a));
    let pair = if is_reversed { (b, a) } else { (a, b) };
    let outcome = |landscape| results.contents.path(&ends, landscape, pair);
    let found = landscapes
        .iter()
        .copied()
        .find(|&landscape| outcome(landscape).is_some_and(|path| path.result.is_ok()));
    if let Some(landscape) = found {
        return Ok(Anchor::Path { sets: ends, landscape, pair });
    }
    let failed = landscapes.iter().find_map(|&landscape| outcome(landscape)?.result.as_ref().err());
    if let Some(reason) = failed {
        let reason = format!("the path {selection} failed: {reason}");
        return Err(Obstacle { reason, may_pass: false });
    }
    let there: Vec<String> = landscapes.first().map_or_else(Vec::new, |&landscape| {
        let paths = results.contents.paths(&ends, landscape);
        paths.take(MAX_NAMED).map(|((a, b), _)| format!("{a}-{b}")).collect()
    });
    let there = if there.is_empty() { "none yet".to_owned() } else { there.join(", ") };
    let reason = format!("there is no path {selection}; those of its sets are {there}");
    let left = Paths.counts(results, sets).kinds.iter().any(|kind| kind.left > 0);
    Err(Obstacle { reason, may_pass: left || results.missing_runs() > 0 })
}

fn run(results: &Results, optimizer: &OptimizerName, number: u32) -> Result<Anchor, Obstacle> {
    let key = TrajectoryKey { optimizer: optimizer.clone(), initialization: number };
    match trajectory::ended(results, &key) {
        Some(Ok(())) => Ok(Anchor::Trajectory(key)),
        Some(Err(reason)) => {
            let reason = format!("the trajectory {optimizer}:{number} failed: {reason}");
            Err(Obstacle { reason, may_pass: false })
        }
        None => {
            let reason = format!("there is no trajectory {optimizer}:{number} yet");
            Err(Obstacle { reason, may_pass: true })
        }
    }
}

/// The version of the stored results.
const VERSION: &str = "v1";

/// Separates the parts of a key, which may contain spaces.
const TAB: char = '\t';

/// The part of a key that identifies a plane without its name: its anchor, and the settings that
/// its directions depend on.
pub(super) fn plane_key(
    results: &Results,
    config: &SurfaceConfig,
    anchor: &Anchor,
    landscapes: &[LandscapeName],
) -> String {
    let images = || config.images.map_or("all".to_owned(), |images| images.to_string());
    let (landscape, more) = match (config.plane, anchor) {
        (PlaneKind::Random, _) => (String::new(), config.name.clone()),
        (PlaneKind::Hessian, _) => {
            let first = landscapes.first().map_or("", |landscape| landscape.name());
            (first.to_owned(), images())
        }
        (_, Anchor::Path { landscape, .. }) => (landscape.to_string(), String::new()),
        (_, Anchor::Trajectory(_)) => (String::new(), format!("every {}", every(results.config))),
        _ => (String::new(), String::new()),
    };
    let kind = config.plane.word();
    format!("{kind} {}{TAB}{anchor}{TAB}{landscape}{TAB}{more}", config.dimensions)
}

/// The key of the directions of a plane.
pub(super) fn directions_key(plane: &str) -> String {
    format!("{VERSION} directions{TAB}{plane}")
}

/// The key of a tile of a surface on a landscape.
pub(super) fn tile_key(
    plane: &str,
    config: &SurfaceConfig,
    number: usize,
    landscape: LandscapeName,
) -> String {
    let numbers = |extent: &Vec<[f64; 2]>| format!("{extent:?}").replace(' ', "");
    let extent = config.extent.as_ref().map_or("auto".to_owned(), numbers);
    let images = config.images.map_or("all".to_owned(), |images| images.to_string());
    let (points, tile) = (config.points, super::tiles::TILE);
    let what = format!("{VERSION} tile {number} of {tile}: {points} points {extent} {images}");
    format!("{what}{TAB}{plane}{TAB}{landscape}")
}

/// The key of the projection of a path on a plane.
pub(super) fn projection_key(
    plane: &str,
    sets: &EndpointSets,
    landscape: LandscapeName,
    (a, b): (u32, u32),
) -> String {
    let path = Anchor::Path { sets: sets.clone(), landscape, pair: (a, b) };
    format!("{VERSION} projection{TAB}{plane}{TAB}{path}{TAB}{landscape}")
}

/// The dependencies of the result with this key.
pub(super) fn origin(key: &str) -> Option<TaskSolutions> {
    let mut parts = key.split(TAB);
    let what = parts.next()?;
    let kind = parts.next()?;
    let (through, landscape) = (parts.next()?, parts.next()?);
    let plane = if kind.starts_with(PlaneKind::Path.word()) {
        path_origin(through, landscape)?
    } else if kind.starts_with(PlaneKind::Trajectory.word()) {
        TaskSolutions::Trained(Selection::parse(through)?.name.to_owned())
    } else {
        let set = |solution: &str| SetName::parse(Selection::parse(solution)?.name).ok();
        let mut sets: Vec<SetName> = through.split(", ").map(set).collect::<Option<_>>()?;
        sets.sort();
        sets.dedup();
        TaskSolutions::Sets(sets)
    };
    if !what.ends_with("projection") {
        return Some(plane);
    }
    let (path, landscape) = (parts.nth(1)?, parts.next()?);
    Some(TaskSolutions::Several(vec![plane, path_origin(path, landscape)?]))
}

fn path_origin(path: &str, landscape: &str) -> Option<TaskSolutions> {
    let mut sets = Selection::parse(path)?.name.split('~').map(SetName::parse);
    let a = sets.next()?.ok()?;
    let b = sets.next().unwrap_or_else(|| Ok(a.clone())).ok()?;
    Some(TaskSolutions::Paths(EndpointSets { a, b }, landscape.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str) -> SetName {
        SetName::parse(name).unwrap()
    }

    #[test]
    fn a_key_says_what_its_result_depends_on() {
        let within = EndpointSets::within(set("sgd/train"));
        let paths = TaskSolutions::Paths(within.clone(), "a test".to_owned());
        let solutions = "solutions 2\tsgd/train:0, a/b:3, sgd/train:1\t\t";
        let sets = TaskSolutions::Sets(vec![set("a/b"), set("sgd/train")]);
        assert_eq!(origin(&directions_key(solutions)), Some(sets.clone()));
        let path = "path 2\tsgd/train:0-12\ta test\t";
        assert_eq!(origin(&directions_key(path)), Some(paths.clone()));
        let trajectory = "trajectory 2\tslow-sgd:4\t\tevery 10";
        let trained = TaskSolutions::Trained("slow-sgd".to_owned());
        assert_eq!(origin(&directions_key(trajectory)), Some(trained));
        let landscape = LandscapeName::named("a test");
        let key = projection_key(solutions, &within, landscape, (0, 12));
        assert_eq!(origin(&key), Some(TaskSolutions::Several(vec![sets, paths])));
        let between = EndpointSets { a: set("sgd/train"), b: set("a/b") };
        let key = projection_key(path, &between, LandscapeName::Test, (1, 2));
        let Some(TaskSolutions::Several(parts)) = origin(&key) else { panic!("two parts") };
        assert_eq!(parts[1], TaskSolutions::Paths(between, "test".to_owned()));
        assert_eq!(origin("v1 something else"), None);
    }
}
