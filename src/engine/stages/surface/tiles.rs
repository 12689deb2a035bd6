//! Tiles of points on a plane as tasks.

use super::anchor::tile_key;
use super::wanted::{GridOnPlane, wanted};
use super::{STAGE, images_of, kinds};
use crate::combinations::Combinations;
use crate::config::Subject;
use crate::engine::console::say;
use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::problem::Problem;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::Record;
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::kernels::Real;
use crate::landscape::{Interrupt, Interrupted, Landscape};
use crate::solutions::LandscapeName;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Points of a tile. The first layer of a network is computed for three vectors and not for every
/// point, so larger tiles would not be faster. A tile takes minutes at most.
pub(super) const TILE: usize = 64;

/// Heights and accuracies at the points of a tile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TileValues {
    pub loss: Vec<f64>,
    /// Empty without classes.
    pub accuracy: Vec<f64>,
}

/// Evaluates all tiles of all surfaces.
pub(super) struct Tiles<'a> {
    pub problem: &'a Problem,
}

/// A tile of a surface.
pub(super) struct TileTaskKey {
    stored: String,
    surface: usize,
    number: usize,
    landscape: LandscapeName,
    images: Option<usize>,
}

/// The points of a tile as combinations of a few vectors.
#[derive(Serialize, Deserialize)]
pub(super) struct TileTask {
    landscape: LandscapeName,
    images: Option<usize>,
    vectors: Subject<Vec<Vec<f32>>, Vec<Vec<f64>>>,
    coefficients: Vec<Vec<f64>>,
}

impl Computation for Tiles<'_> {
    type Key = TileTaskKey;
    /// The planes of the surfaces, by their place in the configuration.
    type Source = Vec<Option<GridOnPlane>>;
    type Task = TileTask;
    type Outcome = Result<TileValues, String>;

    fn pending(
        &self,
        directory: &RunDirectory,
    ) -> Result<Pending<TileTaskKey, Self::Source>, String> {
        let sets = directory.solutions(self.problem)?;
        let results = directory.results(self.problem);
        let (mut done, mut tasks, mut source) = (0, Vec::new(), Vec::new());
        // Surfaces that differ only in the drawn solutions and curves have the same tiles.
        let mut begun = BTreeSet::new();
        for one in wanted(&results, &sets) {
            let name = &one.config.name;
            let plane = one.plane(&results, &sets).unwrap_or_else(|reason| {
                say(format_args!("surfaces: {name} cannot be made: {reason}"));
                None
            });
            let there = plane.is_some();
            source.push(plane);
            if !there {
                continue;
            }
            for &landscape in &one.landscapes {
                let work = super::tile_work(self.problem, one.config, landscape).passes();
                for number in 0..one.tiles() {
                    if one.tile_ended(&results, number, landscape).is_some() {
                        done += 1;
                        continue;
                    }
                    let stored = tile_key(&one.plane, one.config, number, landscape);
                    if !begun.insert(stored.clone()) {
                        continue;
                    }
                    let kind = kinds::tiles(one.index, landscape);
                    tasks.push(PendingTask {
                        name: format!("{name} tile {number} on {landscape}"),
                        planned: Planned { kind, work, left: 1.0 },
                        checkpoint: None,
                        key: TileTaskKey {
                            stored,
                            surface: one.index,
                            number,
                            landscape,
                            images: one.config.images,
                        },
                    });
                }
            }
        }
        tasks.sort_by(|a, b| b.planned.work.total_cmp(&a.planned.work));
        Ok(Pending { done, tasks, source })
    }

    fn task(&self, key: &TileTaskKey, source: &Self::Source) -> TileTask {
        let plane = source[key.surface].as_ref().expect("surfaces without a plane have no tasks");
        let vectors = plane.basis.vectors();
        let narrowed = |vector: &&[f64]| vector.iter().map(|&x| x as f32).collect();
        let vectors = match self.problem.landscape() {
            None => Subject::Network(vectors.iter().map(narrowed).collect()),
            Some(_) => Subject::Landscape(vectors.iter().map(|vector| vector.to_vec()).collect()),
        };
        let places = plane.places();
        let places = places.into_iter().skip(key.number * TILE).take(TILE);
        let coefficients = places.map(|place| plane.basis.coefficients(place)).collect();
        TileTask { landscape: key.landscape, images: key.images, vectors, coefficients }
    }

    fn perform(
        &self,
        task: &TileTask,
        _: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        let interrupt: &Interrupt<'_> = &|| control.stop_requested();
        let values = match self.problem.subject.zip(&task.vectors) {
            Some(Subject::Network((trained, vectors))) => {
                let split = task.landscape.split();
                let images = images_of(trained, split, task.images);
                let landscape = trained.landscape(images).interruptible(interrupt);
                values(&landscape, vectors, &task.coefficients)
            }
            Some(Subject::Landscape((mapped, vectors))) => {
                let Some(landscape) = mapped.landscape(task.landscape, interrupt) else {
                    let names: Vec<&str> = mapped.names().iter().map(|name| name.name()).collect();
                    return Ended::Finished(Err(format!(
                        "there is no data set \"{}\"; there are {}",
                        task.landscape,
                        names.join(", ")
                    )));
                };
                values(landscape.as_ref(), vectors, &task.coefficients)
            }
            None => {
                let reason = "the plane belongs to another landscape".to_owned();
                return Ended::Finished(Err(reason));
            }
        };
        Ended::of(values).map(Ok)
    }

    fn record(
        &self,
        key: &TileTaskKey,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        Record::task(STAGE, &key.stored, seconds, outcome.flatten())
    }
}

fn values<A: Real>(
    landscape: &dyn Landscape<A>,
    vectors: &[Vec<A>],
    coefficients: &[Vec<f64>],
) -> Result<TileValues, Interrupted> {
    let dimension = vectors.first().map_or(0, Vec::len);
    let vectors = Array2::from_shape_fn((vectors.len(), dimension), |(k, i)| vectors[k][i]);
    let shape = (coefficients.len(), vectors.nrows());
    let coefficients = Array2::from_shape_fn(shape, |(m, k)| A::of(coefficients[m][k]));
    let points = Combinations { vectors: vectors.view(), coefficients: coefficients.view() };
    if !landscape.has_accuracy() {
        return Ok(TileValues { loss: landscape.values_at(&points)?, accuracy: Vec::new() });
    }
    let (loss, accuracy) = landscape.values_and_accuracies_at(&points)?;
    Ok(TileValues { loss, accuracy })
}
