//! The surfaces that a configuration asks for, with what the results so far determine.

use super::STAGE;
use super::anchor::{Anchor, Obstacle, directions_key, plane_key, tile_key};
use super::directions::FoundDirections;
use super::section::{PlaneKind, SECTION, SurfaceConfig};
use super::tiles::TILE;
use crate::analysis::surface::{PlaneBasis, SurfaceGrid};
use crate::config::{Config, Subject};
use crate::engine::results::Results;
use crate::kernels::norm;
use crate::solutions::{LandscapeName, SolutionSet};

/// A surface with its anchor.
pub(super) struct WantedSurface<'a> {
    pub config: &'a SurfaceConfig,
    /// Its place in the configuration.
    pub index: usize,
    pub landscapes: Vec<LandscapeName>,
    pub anchor: Result<Anchor, Obstacle>,
    /// The part of the keys of results that identifies its plane; empty without an anchor.
    pub plane: String,
}

/// A plane with the grid on it.
pub(super) struct GridOnPlane {
    pub basis: PlaneBasis,
    /// The directions.
    pub found: FoundDirections,
    pub grid: SurfaceGrid,
    /// The coordinates of the solutions that determine the plane.
    pub anchors: Vec<[f64; 2]>,
}

/// The landscapes of a surface: its own, or those of the paths.
pub(super) fn landscapes_of(
    config: &Config,
    surface: &SurfaceConfig,
    of_paths: &[LandscapeName],
) -> Vec<LandscapeName> {
    let named = |name: &String| match (&config.subject, &name[..]) {
        (Subject::Network(_), "train") => LandscapeName::Train,
        (Subject::Network(_), _) => LandscapeName::Test,
        (Subject::Landscape(_), name) => LandscapeName::named(name),
    };
    let own: Vec<LandscapeName> = surface.landscapes.iter().map(named).collect();
    if own.is_empty() { of_paths.to_vec() } else { own }
}

/// All surfaces.
pub(super) fn wanted<'a>(results: &Results<'a>, sets: &[SolutionSet]) -> Vec<WantedSurface<'a>> {
    let configs: &'a Vec<SurfaceConfig> = results.config.section(&SECTION);
    let of_paths = results.landscapes();
    let one = |(index, config): (usize, &'a SurfaceConfig)| {
        let landscapes = landscapes_of(results.config, config, &of_paths);
        let anchor = Anchor::of(results, sets, config);
        let key = |anchor: &Anchor| plane_key(results, config, anchor, &landscapes);
        let plane = anchor.as_ref().map_or_else(|_| String::new(), key);
        WantedSurface { config, index, landscapes, anchor, plane }
    };
    configs.iter().enumerate().map(one).collect()
}

impl WantedSurface<'_> {
    /// The outcome for its directions. `None` if they have not been computed.
    pub fn directions_ended<'r>(&self, results: &Results<'r>) -> Option<Result<(), &'r str>> {
        results.contents.task_ended(STAGE, &directions_key(&self.plane))
    }

    /// Tiles on each landscape.
    pub fn tiles(&self) -> usize {
        tiles(self.config)
    }

    /// The outcome for a tile. `None` if it has not been computed.
    pub fn tile_ended<'r>(
        &self,
        results: &Results<'r>,
        number: usize,
        landscape: LandscapeName,
    ) -> Option<Result<(), &'r str>> {
        let key = tile_key(&self.plane, self.config, number, landscape);
        results.contents.task_ended(STAGE, &key)
    }

    /// Why this surface cannot be computed yet, or cannot be computed at all.
    pub fn obstacle(&self, results: &Results) -> Option<Obstacle> {
        if let Err(obstacle) = &self.anchor {
            return Some(obstacle.clone());
        }
        let reason = self.directions_ended(results)?.err()?.to_owned();
        Some(Obstacle { reason, may_pass: false })
    }

    /// Its plane. `None` if its directions have not been computed.
    ///
    /// # Errors
    /// Why there is none.
    pub fn plane(
        &self,
        results: &Results,
        sets: &[SolutionSet],
    ) -> Result<Option<GridOnPlane>, String> {
        let anchor = self.anchor.as_ref().map_err(|obstacle| obstacle.reason.clone())?;
        let vectors = anchor.vectors(results, sets);
        let key = directions_key(&self.plane);
        let Some(outcome) = results.contents.task::<FoundDirections>(STAGE, &key) else {
            return Ok(None);
        };
        let found = outcome.result?;
        let basis = if self.config.plane == PlaneKind::Solutions {
            PlaneBasis::through(&vectors)
        } else {
            let origin = found.origin.clone().or_else(|| vectors.first().cloned());
            let origin = origin.ok_or("its solution is gone")?;
            PlaneBasis::new(origin, found.directions.clone())
        };
        let basis = basis.map_err(|error| error.to_string())?;
        let anchors: Vec<[f64; 2]> =
            vectors.iter().map(|vector| basis.place_of(vector).coordinates).collect();
        let extent = self.config.extent.clone();
        let extent = extent.unwrap_or_else(|| self.automatic(&basis, &found));
        let grid = self.config.grid(extent);
        Ok(Some(GridOnPlane { basis, found, grid, anchors }))
    }

    /// The automatic extent.
    fn automatic(&self, basis: &PlaneBasis, found: &FoundDirections) -> Vec<[f64; 2]> {
        let dimensions = self.config.dimensions;
        match self.config.plane {
            PlaneKind::Random => vec![[-1.0, 1.0]; dimensions],
            PlaneKind::Hessian => {
                let length = 0.1 * norm(basis.origin());
                let length = if length > 0.0 { length } else { 1.0 };
                vec![[-length, length]; dimensions]
            }
            PlaneKind::Solutions | PlaneKind::Path | PlaneKind::Trajectory => {
                let places: Vec<[f64; 2]> = found.points.iter().map(|&[x, y, _]| [x, y]).collect();
                SurfaceGrid::around(&places, dimensions)
            }
        }
    }
}

impl GridOnPlane {
    /// The points of the grid, then the solutions that determine the plane.
    pub fn places(&self) -> Vec<[f64; 2]> {
        let mut places = self.grid.places();
        places.extend(&self.anchors);
        places
    }
}

/// Tiles of a surface on each landscape.
pub(super) fn tiles(config: &SurfaceConfig) -> usize {
    (config.points.pow(config.dimensions as u32) + config.solutions()).div_ceil(TILE)
}
