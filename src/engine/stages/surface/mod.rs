//! `[[surface]]`: heights on planes and lines through the landscape.
//!
//! First the directions of each plane are computed (`directions`). Then its points are evaluated in
//! tiles (`tiles`), and kept paths are projected on it (`projections`). The coordinates of
//! solutions and trajectories are computed whenever they are shown. The mathematics is in
//! [`crate::analysis::surface`].

mod anchor;
mod atlas;
mod directions;
mod export;
mod figure;
mod found;
mod projections;
mod section;
mod section_parts;
mod summary;
mod tiles;
mod wanted;

pub use export::export;

use crate::config::{Config, StageSection};
use crate::data::{ImageView, Split};
use crate::engine::capacity::{MemoryUse, StageMemory};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::plan::memory::later_bytes;
use crate::engine::plan::{Work, path_work};
use crate::engine::problem::{Problem, Trained};
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::stage::{
    Context, FailedTask, KindCounts, PlannedTasks, Stage, StageCounts, TaskSolutions, TaskState,
};
use crate::engine::stages::trajectory;
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::report::figure::Figure;
use crate::report::{Run, SummaryTable};
use crate::solutions::{LandscapeName, SolutionSet};
use directions::{Directions, MAX_PRODUCTS};
use projections::Projections;
use section::{PlaneKind, PlanePoints, SECTION, SurfaceConfig};
use tiles::{TILE, TileValues, Tiles};
use wanted::{WantedSurface, landscapes_of, wanted};

/// Its name in the journal, in the log and in `status`.
const STAGE: &str = "surfaces";

/// Computes surfaces.
pub struct Surfaces;

/// The numbers of the kinds of tasks.
mod kinds {
    use crate::solutions::LandscapeName;

    /// Maximum number of kinds of one surface.
    const MANY: usize = 32;

    pub fn directions(surface: usize) -> usize {
        surface * MANY
    }

    pub fn projections(surface: usize) -> usize {
        surface * MANY + 1
    }

    pub fn tiles(surface: usize, landscape: LandscapeName) -> usize {
        surface * MANY + 2 + landscape.number().min(MANY - 3)
    }

    pub fn surface(kind: usize) -> usize {
        kind / MANY
    }
}

/// The first images of a landscape, at most `most`.
fn images_of(trained: &Trained, split: Split, most: Option<usize>) -> ImageView<'_> {
    let images = trained.images(split);
    images.first(most.map_or(images.len(), |most| most.min(images.len())))
}

/// Images of a landscape; 1 for a landscape without images.
fn images(problem: &Problem, config: &SurfaceConfig, landscape: LandscapeName) -> usize {
    let split = landscape.split();
    problem.trained().map_or(1, |trained| images_of(trained, split, config.images).len())
}

/// The landscapes of a surface that are known without results.
fn landscapes(problem: &Problem, config: &SurfaceConfig) -> Vec<LandscapeName> {
    let paths = &problem.config.paths;
    let of_paths = problem.subject.either(
        |_| paths.landscapes.iter().map(|&split| split.into()).collect(),
        |landscape| {
            if paths.datasets.is_empty() { landscape.names() } else { paths.datasets.clone() }
        },
    );
    landscapes_of(&problem.config, config, &of_paths)
}

/// Maximum work of a tile.
fn tile_work(problem: &Problem, config: &SurfaceConfig, landscape: LandscapeName) -> Work {
    let points = TILE.min(config.points.pow(config.dimensions as u32) + config.solutions());
    let path_losses = (points * images(problem, config, landscape)) as f64;
    Work { path_losses, ..Work::default() }
}

/// Maximum work of the directions. A product of the Hessian is two gradients in double precision,
/// which take twice as long. A path that was not kept is searched for again.
fn directions_work(problem: &Problem, config: &SurfaceConfig) -> Work {
    let first = landscapes(problem, config).first().copied();
    let images = first.map_or(0, |landscape| images(problem, config, landscape));
    match config.plane {
        PlaneKind::Hessian => {
            let products = MAX_PRODUCTS.min(problem.layout().parameters());
            Work { gradients: (4 * products * images) as f64, ..Work::default() }
        }
        PlaneKind::Path => {
            let paths = &problem.config.paths;
            path_work(&paths.parameters, images, paths.batch)
        }
        PlaneKind::Solutions | PlaneKind::Random | PlaneKind::Trajectory => Work::default(),
    }
}

/// Maximum number of points of the trajectory of a plane.
fn trajectory_points(problem: &Problem, config: &SurfaceConfig) -> usize {
    let PlanePoints::Trajectory(optimizer, _) = &config.through else { return 0 };
    let every = trajectory::every(&problem.config);
    problem.trained().map_or(0, |trained| {
        trained.config.training.optimizer(optimizer).epochs().div_ceil(every) + 1
    })
}

fn configs(config: &Config) -> &Vec<SurfaceConfig> {
    config.section(&SECTION)
}

impl Stage for Surfaces {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "paths"
    }

    fn applies(&self, config: &Config) -> bool {
        !configs(config).is_empty()
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let problem = context.problem;
        context.run(self, rank, &Directions { problem })?;
        context.run(self, rank, &Tiles { problem })?;
        context.run(self, rank, &Projections { problem })
    }

    fn section(&self) -> Option<StageSection> {
        Some(SECTION.section())
    }

    fn datasets(&self, config: &Config) -> Vec<LandscapeName> {
        if config.subject.network().is_some() {
            return Vec::new();
        }
        let names = configs(config).iter().flat_map(|surface| &surface.landscapes);
        names.map(|name| LandscapeName::named(name)).collect()
    }

    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        if !self.applies(results.config) {
            return counts;
        }
        let paths = results.paths(sets);
        for one in wanted(results, sets) {
            match one.obstacle(results) {
                Some(obstacle) => {
                    add_obstacle(&mut counts, &one, obstacle.may_pass, &obstacle.reason);
                }
                None => add_tasks(&mut counts, results, &one),
            }
            let state = |path| {
                let ended = projections::ended(results, &one, path)?;
                Some(TaskState::new(format!("{} {}–{}", path.0, path.2.0, path.2.1), Some(ended)))
            };
            let of_paths = projections::paths_of(&one, &paths);
            let ended: Vec<TaskState> = of_paths.iter().filter_map(state).collect();
            if !ended.is_empty() {
                let name = format!("paths projected on {}", one.config.name);
                counts.add(kinds::projections(one.index), "projection", name, &ended);
            }
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let mut planned = Vec::new();
        for config in configs(&problem.config) {
            let name = &config.name;
            let predicted = |work: Work| problem.trained().map(|_| work);
            if config.plane == PlaneKind::Hessian {
                planned.push(PlannedTasks {
                    what: format!("eigenvectors for {name}, at most {MAX_PRODUCTS} products"),
                    count: 1,
                    work: predicted(directions_work(problem, config)),
                });
            }
            let tiles = wanted::tiles(config);
            for landscape in landscapes(problem, config) {
                let images = images(problem, config, landscape);
                let what = if problem.trained().is_some() {
                    format!("tiles of {name} on {images} {landscape} images, {TILE} points each")
                } else {
                    format!("{} of {name} on {landscape}", count(tiles, "tile"))
                };
                let work = predicted(tile_work(problem, config, landscape));
                planned.push(PlannedTasks { what, count: tiles, work });
            }
        }
        planned
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let Some(config) = configs(&problem.config).get(kinds::surface(kind)) else {
            return Work::default();
        };
        let index = kinds::surface(kind);
        if kind == kinds::directions(index) {
            return directions_work(problem, config);
        }
        let landscapes = landscapes(problem, config);
        let landscape = landscapes.into_iter().find(|&one| kinds::tiles(index, one) == kind);
        landscape.map_or_else(Work::default, |landscape| tile_work(problem, config, landscape))
    }

    fn task_solutions(&self, key: &str) -> TaskSolutions {
        anchor::origin(key).unwrap_or(TaskSolutions::All)
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let all = configs(&problem.config);
        let vector = 8.0 * problem.layout().parameters() as f64;
        // The later layers at the points of a tile; one point in double precision needs less.
        let later = |trained: &Trained| later_bytes(trained.network.as_ref(), TILE, 3);
        let threads = problem.config.run.threads_per_rank as f64;
        let evaluation = problem.trained().map_or(0.0, later) * threads;
        let task = all.iter().map(|config| {
            let products = MAX_PRODUCTS.min(problem.layout().parameters()) as f64;
            let (vectors, keys) = match config.plane {
                // The basis and its copy in a checkpoint.
                PlaneKind::Hessian => (2.0 * products, "surface.plane"),
                PlaneKind::Path => {
                    (3.0 * problem.config.paths.parameters.points as f64, "paths.points")
                }
                // The points in single precision, in double precision, and without their mean.
                PlaneKind::Trajectory => {
                    (2.5 * trajectory_points(problem, config) as f64, "surface.plane")
                }
                PlaneKind::Solutions | PlaneKind::Random => (9.0, "the sizes in [network]"),
            };
            // For the Hessian, an evaluator in double precision for each thread.
            let evaluators =
                problem.trained().map_or(0.0, |trained| trained.network.evaluator_bytes());
            let double =
                if config.plane == PlaneKind::Hessian { 2.0 * threads * evaluators } else { 0.0 };
            MemoryUse::new(vectors * vector + evaluation.max(double), "a surface", keys)
        });
        // Origin and directions: in the journal, decoded, and as a basis. Three solutions.
        let root = 12.0 * vector * all.len() as f64;
        let points = |config: &SurfaceConfig| config.points.pow(config.dimensions as u32) as f64;
        let points: f64 = all.iter().map(points).sum::<f64>() * 2.0 * 8.0 * 4.0;
        let root = vec![
            MemoryUse::new(root, "the planes of the surfaces", "the number of surfaces"),
            MemoryUse::new(points, "the points of the surfaces", "surface.points"),
        ];
        StageMemory { task: task.collect(), root: if all.is_empty() { Vec::new() } else { root } }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Task { key, outcome: Ok(bytes), .. } = record else {
            return KeyNumbers::default();
        };
        if !key.starts_with("v1 tile") {
            return KeyNumbers::default();
        }
        let lowest = postcard::from_bytes::<TileValues>(bytes).ok();
        let lowest = lowest.and_then(|tile| found::range(&tile.loss)).map(|[low, _]| low);
        KeyNumbers { height: lowest, ..KeyNumbers::default() }
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        Ok(atlas::groups(atlas))
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn missing(&self, results: &Results) -> Vec<String> {
        if !self.applies(results.config) {
            return Vec::new();
        }
        summary::missing(results, &wanted(results, &results.sets()))
    }

    fn summary(&self, results: &Results) -> Vec<SummaryTable> {
        summary::tables(&found::all(results), results.config.subject.network().is_some())
    }

    fn figures(&self, runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        let asked = runs.iter().any(|(_, results)| self.applies(results.config));
        if asked { vec![figure::figure(runs)] } else { Vec::new() }
    }
}

/// Counts all tiles of a surface whose plane is not known.
fn add_obstacle(counts: &mut StageCounts, one: &WantedSurface, may_pass: bool, reason: &str) {
    let all = one.tiles();
    for &landscape in &one.landscapes {
        let (failed, left) = if may_pass { (0, all) } else { (all, 0) };
        let name = format!("tiles of {} on {landscape}", one.config.name);
        let kind = kinds::tiles(one.index, landscape);
        counts.kinds.push(KindCounts { kind, name, done: 0, failed, left });
    }
    if !may_pass {
        let task = format!("surface {}", one.config.name);
        counts.failures.push(FailedTask { noun: "surface", task, reason: reason.to_owned() });
    }
}

fn add_tasks(counts: &mut StageCounts, results: &Results, one: &WantedSurface) {
    let name = &one.config.name;
    let directions = format!("directions of {name}");
    let state = TaskState::new(directions.clone(), one.directions_ended(results));
    counts.add(kinds::directions(one.index), "plane", directions, &[state]);
    for &landscape in &one.landscapes {
        let state = |number| {
            let task = format!("{name} tile {number} on {landscape}");
            TaskState::new(task, one.tile_ended(results, number, landscape))
        };
        let states: Vec<TaskState> = (0..one.tiles()).map(state).collect();
        let kind = kinds::tiles(one.index, landscape);
        counts.add(kind, "tile", format!("tiles of {name} on {landscape}"), &states);
    }
}
