//! Surfaces as far as they have been computed, with the solutions and curves in them.

use super::STAGE;
use super::anchor::{superposed, tile_key, vector};
use super::projections::{ended, paths_of, place, projection, sets_of};
use super::section::SurfaceConfig;
use super::tiles::{TILE, TileValues};
use super::wanted::{GridOnPlane, WantedSurface, wanted};
use crate::analysis::surface::{PlaneBasis, SurfaceGrid};
use crate::engine::results::Results;
use crate::engine::stages::trajectory;
use crate::path::PathSet;
use crate::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet};

/// A surface.
pub(super) struct Surface<'a> {
    pub config: &'a SurfaceConfig,
    /// What determines its plane, in words: `sgd/train:0, lbfgs/train:1`.
    pub through: String,
    pub basis: PlaneBasis,
    /// Eigenvalues of the Hessian, or fractions of the variance; otherwise empty.
    pub numbers: Vec<f64>,
    pub grid: SurfaceGrid,
    /// The coordinates of the solutions that determine the plane.
    pub anchors: Vec<[f64; 2]>,
    pub fields: Vec<Field>,
    pub solutions: Vec<DrawnSolution>,
    pub curves: Vec<DrawnCurve>,
}

/// Heights over the plane on one landscape.
pub(super) struct Field {
    pub landscape: LandscapeName,
    /// Losses at the points of the grid, x fastest; NaN where a tile is missing.
    pub loss: Vec<f64>,
    /// Likewise; empty without classes.
    pub accuracy: Vec<f64>,
    /// Losses at the solutions that determine the plane.
    pub anchor_loss: Vec<f64>,
    /// Likewise; empty without classes.
    pub anchor_accuracy: Vec<f64>,
}

/// A solution with its place.
pub(super) struct DrawnSolution {
    pub set: SetName,
    pub number: u32,
    /// x, y and the distance from the plane.
    pub place: [f64; 3],
}

/// A path or a trajectory.
pub(super) struct DrawnCurve {
    pub what: CurveName,
    /// x, y and the distance from the plane of each point.
    pub points: Vec<[f64; 3]>,
}

/// Which curve.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CurveName {
    Path { sets: EndpointSets, landscape: LandscapeName, pair: (u32, u32) },
    Trajectory { optimizer: String, initialization: u32 },
}

impl CurveName {
    /// As it is written in a configuration.
    pub fn name(&self) -> String {
        match self {
            Self::Path { sets, pair: (a, b), .. } => match sets.single() {
                Some(set) => format!("{set}:{a}-{b}"),
                None => format!("{}~{}:{a}-{b}", sets.a, sets.b),
            },
            Self::Trajectory { optimizer, initialization } => {
                format!("{optimizer}:{initialization}")
            }
        }
    }

    /// The landscape of a path; empty for a trajectory.
    pub fn landscape(&self) -> &'static str {
        match self {
            Self::Path { landscape, .. } => landscape.name(),
            Self::Trajectory { .. } => "",
        }
    }
}

/// All surfaces whose planes are known.
pub(super) fn surfaces<'a>(
    results: &Results<'a>,
    sets: &[SolutionSet],
    paths: &[PathSet],
) -> Vec<Surface<'a>> {
    let of = |one: WantedSurface<'a>| Surface::of(results, sets, paths, &one);
    wanted(results, sets).into_iter().filter_map(of).collect()
}

/// The same, with the sets and paths of the results.
pub(super) fn all<'a>(results: &Results<'a>) -> Vec<Surface<'a>> {
    if results.config.section(&super::section::SECTION).is_empty() {
        return Vec::new();
    }
    let sets = results.sets();
    surfaces(results, &sets, &results.paths(&sets))
}

impl<'a> Surface<'a> {
    fn of(
        results: &Results<'a>,
        sets: &[SolutionSet],
        paths: &[PathSet],
        one: &WantedSurface<'a>,
    ) -> Option<Self> {
        let GridOnPlane { basis, found, grid, anchors } =
            one.plane(results, sets).ok().flatten()?;
        let fields = one
            .landscapes
            .iter()
            .map(|&landscape| Field::of(results, one, landscape, [grid.len(), anchors.len()]));
        let fields = fields.collect();
        let numbers = found.numbers;
        let curves = curves(results, paths, one, &basis, found.points);
        let solutions = solutions(results, sets, one, &basis);
        let through = one.anchor.as_ref().map_or_else(|_| String::new(), ToString::to_string);
        let config = one.config;
        Some(Self { config, through, basis, numbers, grid, anchors, fields, solutions, curves })
    }
}

impl Field {
    fn of(
        results: &Results,
        one: &WantedSurface,
        landscape: LandscapeName,
        [points, anchors]: [usize; 2],
    ) -> Self {
        let (mut loss, mut accuracy) = (Vec::new(), Vec::new());
        let size = |number: usize| TILE.min(points + anchors - number * TILE);
        for number in 0..one.tiles() {
            let key = tile_key(&one.plane, one.config, number, landscape);
            let tile = results.contents.task::<TileValues>(STAGE, &key);
            let missing = || vec![f64::NAN; size(number)];
            let tile = tile.and_then(|tile| tile.result.ok());
            let tile = tile.filter(|tile| tile.loss.len() == size(number));
            accuracy.extend(tile.as_ref().map_or_else(missing, |tile| {
                if tile.accuracy.is_empty() { missing() } else { tile.accuracy.clone() }
            }));
            loss.extend(tile.map_or_else(missing, |tile| tile.loss));
        }
        let anchor_loss = loss.split_off(points);
        let mut anchor_accuracy = accuracy.split_off(points);
        if accuracy.iter().chain(&anchor_accuracy).all(|accuracy| accuracy.is_nan()) {
            accuracy.clear();
            anchor_accuracy.clear();
        }
        Self { landscape, loss, accuracy, anchor_loss, anchor_accuracy }
    }

    /// Number of points of the grid with a value.
    pub fn known(&self) -> usize {
        self.loss.iter().filter(|loss| !loss.is_nan()).count()
    }

    /// The lowest and the highest finite loss on the grid; `None` if there is none.
    pub fn range(&self) -> Option<[f64; 2]> {
        range(&self.loss)
    }
}

/// The lowest and the highest finite number; `None` if there is none.
pub(super) fn range(numbers: &[f64]) -> Option<[f64; 2]> {
    let finite = || numbers.iter().copied().filter(|number| number.is_finite());
    Some([finite().reduce(f64::min)?, finite().reduce(f64::max)?])
}

fn solutions(
    results: &Results,
    sets: &[SolutionSet],
    one: &WantedSurface,
    basis: &PlaneBasis,
) -> Vec<DrawnSolution> {
    let of_set = |set: &SolutionSet| {
        let drawn = set.initialization.iter().filter_map(|&number| {
            let theta = superposed(results, basis.origin(), vector(results, set, number)?);
            Some(DrawnSolution { set: set.name.clone(), number, place: place(basis, &theta) })
        });
        drawn.collect::<Vec<_>>()
    };
    sets_of(one, sets).into_iter().flat_map(of_set).collect()
}

/// The path or trajectory that the plane was made from, the kept paths and the trajectories.
fn curves(
    results: &Results,
    paths: &[PathSet],
    one: &WantedSurface,
    basis: &PlaneBasis,
    own: Vec<[f64; 3]>,
) -> Vec<DrawnCurve> {
    let mut curves = Vec::new();
    let own_name = match one.anchor.clone() {
        Ok(super::anchor::Anchor::Path { sets, landscape, pair }) => {
            Some(CurveName::Path { sets, landscape, pair })
        }
        Ok(super::anchor::Anchor::Trajectory(key)) => Some(CurveName::Trajectory {
            optimizer: key.optimizer.to_string(),
            initialization: key.initialization,
        }),
        _ => None,
    };
    curves.extend(own_name.clone().map(|what| DrawnCurve { what, points: own }));
    for path in paths_of(one, paths) {
        if !matches!(ended(results, one, &path), Some(Ok(()))) {
            continue;
        }
        let Some(points) = projection(results, one, &path) else { continue };
        let (sets, landscape, pair) = path;
        curves.push(DrawnCurve { what: CurveName::Path { sets, landscape, pair }, points });
    }
    for (key, found) in trajectory::found(results) {
        let is_shown = one.config.sets.iter().any(|set| set.group() == key.optimizer.name());
        let optimizer = key.optimizer.to_string();
        let what = CurveName::Trajectory { optimizer, initialization: key.initialization };
        if !is_shown || own_name.as_ref() == Some(&what) {
            continue;
        }
        let wide = |row: ndarray::ArrayView1<'_, f32>| -> Vec<f64> {
            row.iter().map(|&x| f64::from(x)).collect()
        };
        let points = found.theta.outer_iter().map(|row| place(basis, &wide(row))).collect();
        curves.push(DrawnCurve { what, points });
    }
    curves
}
