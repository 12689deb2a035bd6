//! `[[surface]]`.

use super::section_parts::{check_extent, extents, read_through};
use crate::analysis::surface::SurfaceGrid;
use crate::config::available::Available;
use crate::config::named::read_name;
use crate::config::reader::{Choice, Read, Section};
use crate::config::schema::{
    Count, CountOrAll, Derived, Invalidates, Key, Multiplicity, NumbersOrAuto, OneOf, Required,
    SectionSpec, SetNames, Text, Texts,
};
use crate::config::stages::OfStage;
use crate::engine::path_points::PathSelection;
use crate::optimizer::OptimizerName;
use crate::solutions::SetName;

/// A plane or line through the landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceConfig {
    /// Its name in the results.
    pub name: String,
    /// How the plane is chosen.
    pub plane: PlaneKind,
    /// The solutions, the path or the trajectory that determine it.
    pub through: PlanePoints,
    /// 1: a line, 2: a plane.
    pub dimensions: usize,
    /// Points along each side.
    pub points: usize,
    /// [low, high] of each coordinate; `None`: automatic.
    pub extent: Option<Vec<[f64; 2]>>,
    /// The names of the landscapes; empty: those of the paths.
    pub landscapes: Vec<String>,
    /// Images of each landscape, from the front; `None`: all.
    pub images: Option<usize>,
    /// The sets whose solutions, paths and trajectories are drawn in.
    pub sets: Vec<SetName>,
}

/// How a plane is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaneKind {
    /// Through three solutions; a line through two.
    Solutions,
    /// Random directions at a solution, normalized filter by filter.
    Random,
    /// The leading eigenvectors of the Hessian at a solution.
    Hessian,
    /// The principal plane of a path.
    Path,
    /// The principal plane of a trajectory.
    Trajectory,
}

impl Choice for PlaneKind {
    const ALL: &'static [Self] =
        &[Self::Solutions, Self::Random, Self::Hessian, Self::Path, Self::Trajectory];
    fn word(self) -> &'static str {
        match self {
            Self::Solutions => "solutions",
            Self::Random => "random",
            Self::Hessian => "hessian",
            Self::Path => "path",
            Self::Trajectory => "trajectory",
        }
    }
}

/// The solutions, the path or the trajectory that determine a plane.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanePoints {
    /// Solutions.
    Solutions(Vec<SolutionChoice>),
    /// A path.
    Path(PathSelection),
    /// The trajectory of the run of this optimizer from the initialization of this number.
    Trajectory(OptimizerName, u32),
}

/// A solution of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct SolutionChoice {
    /// The set.
    pub set: SetName,
    /// The number of its initialization; `None`: the first of the set, which has the lowest loss.
    pub number: Option<u32>,
}

impl SurfaceConfig {
    /// The grid with this extent.
    pub fn grid(&self, extent: Vec<[f64; 2]>) -> SurfaceGrid {
        SurfaceGrid { extent, points: self.points }
    }

    /// Number of solutions that are evaluated in addition to the points of the grid.
    pub fn solutions(&self) -> usize {
        match &self.through {
            PlanePoints::Solutions(solutions) => solutions.len(),
            PlanePoints::Path(_) | PlanePoints::Trajectory(..) => 0,
        }
    }
}

static NAME: Key<Text, Required> = Key::new("name", Text)
    .meaning("name of the group in `atlas.h5`: letters, digits, `-`, `_`, `.`")
    .note("no two are the same; random directions depend on it")
    .required("\"all\"");

static PLANE: Key<OneOf<PlaneKind>> = Key::new("plane", OneOf::NEW)
    .meaning(
        "the plane: through three `\"solutions\"`; at a solution, along `\"random\"` directions or \
         the leading eigenvectors of the `\"hessian\"`; the principal plane of a `\"path\"` or a \
         `\"trajectory\"`",
    )
    .default(PlaneKind::Solutions);

pub(super) static THROUGH: Key<Texts, Required> = Key::new("through", Texts)
    .meaning(
        "what determines the plane: solutions as SET:INITIALIZATION, or SET:best for the lowest \
         loss; a path between initializations a and b as SET:a-b or SET1~SET2:a-b; a trajectory as \
         OPTIMIZER:INITIALIZATION",
    )
    .note("with `\"solutions\"` three for a plane, two for a line; otherwise one entry")
    .required("[\"sgd/train:best\", \"sgd/test:best\", \"lbfgs/train:best\"]");

pub(super) static DIMENSIONS: Key<Count> =
    Key::new("dimensions", Count::between(1, 2)).meaning("1: a line, 2: a plane").default(2);

static POINTS: Key<Count> = Key::new("points", Count::between(2, 1001))
    .unit("points")
    .meaning("points along each side")
    .default(41);

static EXTENT: Key<NumbersOrAuto> = Key::new("extent", NumbersOrAuto)
    .meaning(
        "the range of the grid: a number r for −r to r, `[low, high]` for every direction, or \
         `[x_low, x_high, y_low, y_high]`",
    )
    .note(
        "`\"auto\"`: the solutions, the path or the trajectory with a margin; −1 to 1 with \
         `\"random\"`; a tenth of the length of θ to both sides with `\"hessian\"`",
    )
    .default(None);

static LANDSCAPES: Key<Texts, Derived> = Key::new("landscapes", Texts)
    .meaning("the landscapes: `\"train\"`, `\"test\"`, or data sets of a process")
    .derived("those of `[paths]`", "[\"train\"]");

static IMAGES: Key<CountOrAll> = Key::new("images", CountOrAll)
    .unit("images")
    .meaning("images of each landscape, from the front")
    .note("if there are fewer, all of them")
    .default(None);

static SETS: Key<SetNames, Derived> = Key::new("sets", SetNames)
    .meaning(
        "the sets whose solutions are drawn, with the kept paths between them and the trajectories \
         of their optimizers, each with its distance from the plane",
    )
    .derived("all sets there are", "[\"sgd/train\", \"lbfgs/train\"]");

static SPEC: SectionSpec = SectionSpec {
    name: "surface",
    title: "Surfaces: any number of entries, each a plane or a line through the landscape",
    shape: Multiplicity::Named,
    keys: &[&NAME, &PLANE, &THROUGH, &DIMENSIONS, &POINTS, &EXTENT, &LANDSCAPES, &IMAGES, &SETS],
    choices: None,
    // Each result is stored under the keys that it depends on.
    invalidates: Invalidates::Nothing,
};

/// The section.
pub static SECTION: OfStage<Vec<SurfaceConfig>> =
    OfStage { spec: &SPEC, documentation: include_str!("section.md"), read };

fn read(root: &Section<'_>, available: &Available) -> Read<Vec<SurfaceConfig>> {
    let mut names = Vec::new();
    let runs = root.integer_in("trajectory", "runs").unwrap_or(0);
    root.sections(&SPEC, |section| {
        let name = read_name(section, &NAME, &names, "surface", "surface");
        names.push(name.clone().ok());
        if let Ok(name) = &name {
            section.record_as(format!("surface.{name}"));
        }
        let plane = section.key(&PLANE).value();
        let dimensions = section.key(&DIMENSIONS).value();
        let choice = plane.as_ref().ok().zip(dimensions.as_ref().ok());
        let choice = choice.map(|(&plane, &dimensions)| (plane, dimensions));
        let through = read_through(section, available, choice, runs);
        let points = section.key(&POINTS).value();
        let sides = dimensions.as_ref().map_or(2, |&dimensions| dimensions);
        let extent = section.key(&EXTENT).check(|extent| check_extent(extent.as_deref(), sides));
        let extent = extent.value();
        let landscapes = read_landscapes(section, available);
        let images = if available.analytic {
            let words = "belongs to a network, not to [landscape], which has no images; remove it";
            section.refuse(IMAGES.name, words);
            Ok(None)
        } else {
            section.key(&IMAGES).value()
        };
        let sets = available.read_sets(section, &SETS);
        Ok(SurfaceConfig {
            name: name?,
            plane: plane?,
            through: through?,
            dimensions: dimensions?,
            points: points?,
            extent: extent?.map(|numbers| extents(&numbers, sides)),
            landscapes: landscapes?,
            images: images?,
            sets: sets?,
        })
    })
}

/// Whether a process has a data set of this name is known only after its start.
fn read_landscapes(section: &Section<'_>, available: &Available) -> Read<Vec<String>> {
    let known = |names: &Vec<String>| {
        if available.analytic && !available.process {
            return Err("an analytic landscape is the only one; remove it".to_owned());
        }
        if let Some(twice) = (1..names.len()).find(|&i| names[..i].contains(&names[i])) {
            return Err(format!("{:?} is there twice", names[twice]));
        }
        let is_unknown = |name: &&String| !["train", "test"].contains(&name.as_str());
        let unknown: Vec<String> = names
            .iter()
            .filter(|name| !available.process && is_unknown(name))
            .map(|name| format!("{name:?}"))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(format!("must be \"train\" or \"test\", is {}", unknown.join(", ")))
    };
    Ok(section.key(&LANDSCAPES).check(known).or_unset()?.unwrap_or_default())
}
