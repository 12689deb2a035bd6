//! The directions of planes as tasks. The directions of a plane through solutions follow from the
//! solutions; its task checks that they span a plane.

use super::anchor::{Anchor, directions_key};
use super::projections::place;
use super::section::PlaneKind;
use super::wanted::{WantedSurface, wanted};
use super::{STAGE, kinds};
use crate::analysis::curvature::{Eigenvalues, SpectrumParameters, hessian_at};
use crate::analysis::surface::{PlaneBasis, PlaneError, principal_plane, random_direction};
use crate::engine::parallel::Control;
use crate::engine::plan::Planned;
use crate::engine::problem::Problem;
use crate::engine::resume::{Ended, decode, drive};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stages::paths::curve::{self, CurveKey, CurveSource, CurveTask};
use crate::engine::stages::trajectory;
use crate::engine::store::{Record, TaskKey};
use crate::engine::task::{Computation, Pending, PendingTask};
use crate::landscape::{Interrupt, Landscape};
use crate::solutions::{LandscapeName, SolutionSet};
use serde::{Deserialize, Serialize};

/// Maximum number of products of the Hessian with a vector for its two leading eigenvectors.
pub(super) const MAX_PRODUCTS: usize = 300;

/// Accuracy of the eigenvectors: residuals as a fraction of the largest eigenvalue. The error of a
/// direction is this divided by the relative distance to the next eigenvalue.
const TOLERANCE: f64 = 1e-5;

/// Directions that were computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FoundDirections {
    /// θ(0, 0). `None`: the solution is the origin.
    pub origin: Option<Vec<f64>>,
    /// `(1 or 2, P)`; empty for a plane through solutions.
    pub directions: Vec<Vec<f64>>,
    /// Eigenvalues of the Hessian, or the fractions of the variance of principal directions.
    pub numbers: Vec<f64>,
    /// Coordinates and distance from the plane of the points of a path or trajectory.
    pub points: Vec<[f64; 3]>,
}

/// Computes the directions of all planes.
pub(super) struct Directions<'a> {
    pub problem: &'a Problem,
}

/// A plane, and the input of its task.
pub(super) struct DirectionsKey {
    stored: String,
    dimensions: usize,
    from: From<CurveKey>,
}

/// The input of a computation of directions. `C` is the type of a curve.
#[derive(Clone, Serialize, Deserialize)]
enum From<C> {
    /// The solutions of the plane, each with its name.
    Solutions(Vec<(String, Vec<f64>)>),
    /// Random numbers, and the norms of the filters of a solution.
    Random { theta: Vec<f64>, name: String },
    /// The Hessian at a solution.
    Hessian { theta: Vec<f64>, landscape: LandscapeName, images: Option<usize> },
    /// The points of a trajectory.
    Points(Vec<Vec<f32>>),
    /// The points of a path.
    Curve(C),
}

/// A task as it is sent to a rank.
#[derive(Serialize, Deserialize)]
pub(super) struct DirectionsTask {
    dimensions: usize,
    from: From<CurveTask>,
}

impl Computation for Directions<'_> {
    type Key = DirectionsKey;
    /// The curves, if a path is among the planes.
    type Source = Option<CurveSource>;
    type Task = DirectionsTask;
    type Outcome = Result<FoundDirections, String>;

    fn pending(
        &self,
        directory: &RunDirectory,
    ) -> Result<Pending<DirectionsKey, Self::Source>, String> {
        let sets = directory.solutions(self.problem)?;
        let results = directory.results(self.problem);
        let all = wanted(&results, &sets);
        let mut all: Vec<&WantedSurface> = all.iter().filter(|one| one.anchor.is_ok()).collect();
        // Several surfaces may have the same plane.
        all.sort_by(|a, b| (&a.plane, a.index).cmp(&(&b.plane, b.index)));
        all.dedup_by(|a, b| a.plane == b.plane);
        all.sort_by_key(|one| one.index);
        let (done, left): (Vec<&WantedSurface>, Vec<&WantedSurface>) =
            all.into_iter().partition(|one| one.directions_ended(&results).is_some());
        let with_curves = left.iter().any(|one| one.config.plane == PlaneKind::Path);
        let source = with_curves.then(|| CurveSource::of(self.problem, directory)).transpose()?;
        let mut tasks = Vec::new();
        for one in left {
            let from = self.from(one, &sets, directory, source.as_ref())?;
            let stored = directions_key(&one.plane);
            let work = super::directions_work(self.problem, one.config).passes().max(1.0);
            tasks.push(PendingTask {
                name: format!("directions of {}", one.config.name),
                planned: Planned { kind: kinds::directions(one.index), work, left: 1.0 },
                checkpoint: Some(TaskKey::Task { stage: STAGE.to_owned(), key: stored.clone() }),
                key: DirectionsKey { stored, dimensions: one.config.dimensions, from },
            });
        }
        Ok(Pending { done: done.len(), tasks, source })
    }

    fn task(&self, key: &DirectionsKey, source: &Self::Source) -> DirectionsTask {
        let from = match &key.from {
            From::Solutions(solutions) => From::Solutions(solutions.clone()),
            From::Random { theta, name } => {
                From::Random { theta: theta.clone(), name: name.clone() }
            }
            From::Hessian { theta, landscape, images } => {
                From::Hessian { theta: theta.clone(), landscape: *landscape, images: *images }
            }
            From::Points(points) => From::Points(points.clone()),
            From::Curve(curve) => {
                let source = source.as_ref().expect("there is one if a plane is that of a path");
                From::Curve(source.task(self.problem, curve))
            }
        };
        DirectionsTask { dimensions: key.dimensions, from }
    }

    fn perform(
        &self,
        task: &DirectionsTask,
        state: Option<&[u8]>,
        control: &Control,
    ) -> Ended<Self::Outcome> {
        let dimensions = task.dimensions;
        match &task.from {
            From::Solutions(solutions) => Ended::Finished(through(solutions)),
            From::Random { theta, name } => Ended::Finished(self.random(theta, name, dimensions)),
            From::Hessian { theta, landscape, images } => {
                let on = OnImages { landscape: *landscape, images: *images };
                self.hessian(theta, &on, dimensions, (state, control))
            }
            From::Points(points) => {
                let widened = |point: &Vec<f32>| point.iter().map(|&x| f64::from(x)).collect();
                let points: Vec<Vec<f64>> = points.iter().map(widened).collect();
                Ended::Finished(principal(&points, dimensions))
            }
            From::Curve(curve) => {
                let points = |on: curve::OnLandscape<'_>| on.points(state);
                let points = curve::on_landscape(self.problem, curve, control, points);
                points.map(|points| principal(&points?, dimensions))
            }
        }
    }

    fn record(
        &self,
        key: &DirectionsKey,
        seconds: f64,
        outcome: Result<Self::Outcome, String>,
    ) -> Record {
        Record::task(STAGE, &key.stored, seconds, outcome.flatten())
    }
}

/// The images of a landscape.
struct OnImages {
    landscape: LandscapeName,
    images: Option<usize>,
}

impl Directions<'_> {
    fn from(
        &self,
        one: &WantedSurface,
        sets: &[SolutionSet],
        directory: &RunDirectory,
        curves: Option<&CurveSource>,
    ) -> Result<From<CurveKey>, String> {
        let results = directory.results(self.problem);
        let anchor = one.anchor.as_ref().map_err(|obstacle| obstacle.reason.clone())?;
        let vectors = anchor.vectors(&results, sets);
        let theta = vectors.first().cloned().unwrap_or_default();
        Ok(match anchor {
            Anchor::Path { sets, landscape, pair } => {
                let curves = curves.ok_or("the curves were not read")?;
                let path = (sets.clone(), *landscape, *pair);
                From::Curve(curves.key(self.problem, directory, path))
            }
            Anchor::Trajectory(key) => {
                let found = trajectory::trajectory(&results, key);
                let found = found.ok_or("the trajectory is not there")??;
                From::Points(found.theta.outer_iter().map(|row| row.to_vec()).collect())
            }
            Anchor::Solutions(_) if one.config.plane == PlaneKind::Solutions => {
                let names = anchor.to_string();
                From::Solutions(names.split(", ").map(str::to_owned).zip(vectors).collect())
            }
            Anchor::Solutions(_) if one.config.plane == PlaneKind::Random => {
                From::Random { theta, name: one.config.name.clone() }
            }
            Anchor::Solutions(_) => {
                let landscape = one.landscapes.first().copied();
                let landscape = landscape.ok_or("the surface has no landscape")?;
                From::Hessian { theta, landscape, images: one.config.images }
            }
        })
    }

    fn random(
        &self,
        theta: &[f64],
        name: &str,
        dimensions: usize,
    ) -> Result<FoundDirections, String> {
        let (layout, seed) = (self.problem.layout(), self.problem.config.seed);
        let direction =
            |number| random_direction(layout.tensors(), theta, seed, (name, number as u64));
        let directions: Vec<Vec<f64>> = (0..dimensions).map(direction).collect();
        let basis = PlaneBasis::new(theta.to_vec(), directions);
        let basis = basis.map_err(|error| error.to_string())?;
        let directions = basis.directions().to_vec();
        Ok(FoundDirections { origin: None, directions, numbers: Vec::new(), points: Vec::new() })
    }

    fn hessian(
        &self,
        theta: &[f64],
        on: &OnImages,
        dimensions: usize,
        (state, control): (Option<&[u8]>, &Control),
    ) -> Ended<Result<FoundDirections, String>> {
        let failed = |reason: String| Ended::Finished(Err(reason));
        let interrupt: &Interrupt<'_> = &|| control.stop_requested();
        let Some(trained) = self.problem.trained() else {
            let mapped = self.problem.landscape();
            let landscape = mapped.and_then(|mapped| mapped.landscape(on.landscape, interrupt));
            return match landscape {
                // Symmetric landscapes have equal eigenvalues.
                Some(landscape) => {
                    let search = EigenvectorSearch { dimensions, repeats: true };
                    self.leading(landscape.as_ref(), theta, &search, (state, control))
                }
                None => failed(format!("no data set \"{}\"", on.landscape)),
            };
        };
        let network = match trained.in_double_precision() {
            Ok(network) => network,
            Err(reason) => return failed(reason),
        };
        let split = on.landscape.split();
        let images = super::images_of(trained, split, on.images);
        let landscape = trained.landscape_of(network.as_ref(), images).interruptible(interrupt);
        self.leading(
            &landscape,
            theta,
            &EigenvectorSearch { dimensions, repeats: false },
            (state, control),
        )
    }

    /// The leading eigenvectors of the Hessian of a landscape.
    fn leading(
        &self,
        landscape: &dyn Landscape<f64>,
        theta: &[f64],
        &EigenvectorSearch { dimensions, repeats }: &EigenvectorSearch,
        (state, control): (Option<&[u8]>, &Control),
    ) -> Ended<Result<FoundDirections, String>> {
        if theta.len() < dimensions {
            return Ended::Finished(Err("there are fewer parameters than directions".to_owned()));
        }
        let parameters = SpectrumParameters {
            largest: dimensions,
            lowest: 0,
            tolerance: TOLERANCE,
            products: MAX_PRODUCTS,
            repeats,
        };
        let mut product = hessian_at(landscape, theta);
        // A stream of its own makes the start vectors independent of other computations.
        let (seed, indices) = (self.problem.config.seed, [u64::MAX]);
        let state = decode(state);
        let solver = Eigenvalues::new(&mut product, theta.len(), parameters, seed, &indices, state);
        drive(solver, control).map(|spectrum| {
            let found = spectrum.map_err(|error| error.to_string())?;
            if found.largest.len() < dimensions {
                return Err(format!(
                    "{} of {dimensions} eigenvectors of the Hessian have converged after {} \
                     products",
                    found.largest.len(),
                    found.products
                ));
            }
            let numbers = found.largest.iter().map(|pair| pair.value).collect();
            let directions = found.largest.into_iter().map(|pair| pair.vector).collect();
            Ok(FoundDirections { origin: None, directions, numbers, points: Vec::new() })
        })
    }
}

/// The number of eigenvectors, and whether multiple eigenvalues are expected.
struct EigenvectorSearch {
    dimensions: usize,
    repeats: bool,
}

/// Checks that the solutions span a plane or a line.
fn through(solutions: &[(String, Vec<f64>)]) -> Result<FoundDirections, String> {
    let (names, solutions): (Vec<&String>, Vec<Vec<f64>>) =
        solutions.iter().map(|(name, theta)| (name, theta.clone())).unzip();
    let basis = PlaneBasis::through(&solutions).map_err(|error| match error {
        PlaneError::NoLength { number } => {
            format!("{} is the same point as {}", names[number], names[0])
        }
        PlaneError::Parallel => {
            "the three solutions lie on one line, or two of them are equal; with dimensions = 1 \
             two are enough"
                .to_owned()
        }
    })?;
    let points = solutions.iter().map(|theta| place(&basis, theta)).collect();
    Ok(FoundDirections { origin: None, directions: Vec::new(), numbers: Vec::new(), points })
}

fn principal(points: &[Vec<f64>], dimensions: usize) -> Result<FoundDirections, String> {
    if points.is_empty() {
        return Err("there are no points".to_owned());
    }
    let found = principal_plane(points, dimensions);
    let found = found.map_err(|error| format!("the principal plane: {error}"))?;
    Ok(FoundDirections {
        points: points.iter().map(|point| place(&found.basis, point)).collect(),
        origin: Some(found.basis.origin().to_vec()),
        directions: found.basis.directions().to_vec(),
        numbers: found.explained,
    })
}
