//! `[curvature]`: second derivatives of the landscape at solutions and along paths.
//!
//! A task computes a part of the curvature at a solution on a landscape: the eigenvalues, the
//! filter-normalized one, or a random probe. Along a path a task computes all parts, point by
//! point, so that the points of the path are computed once. The mathematics is in
//! [`crate::analysis::curvature`].

mod along;
mod atlas;
mod density;
mod figure;
mod key;
mod known;
mod outcome;
mod path_figure;
mod point;
mod section;
mod table;
mod task;

use crate::analysis::curvature::{Sharpness, SpectrumEnd, state_bytes};
use crate::config::{Config, StageSection};
use crate::engine::capacity::{MemoryUse as MemoryPart, StageMemory};
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::plan::Work;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::stage::{Context, PlannedTasks, Stage, StageCounts, TaskSolutions, TaskState};
use crate::engine::stages::paths;
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::report::figure::Figure;
use crate::report::number::short;
use crate::report::run::SetSharpness;
use crate::report::{IndexColumn, Run, SummaryTable};
use crate::solutions::{LandscapeName, SolutionSet};
use key::{CurvatureKey, CurvaturePart};
use known::{ended, of_sets, wanted};
use outcome::CurvatureOutcome;
use section::{CurvatureConfig, SECTION};
use task::Curvatures;

/// Its name in the journal, in the log and in `status`.
const STAGE: &str = "curvature";

/// Computes curvature.
pub struct Curvature;

/// The time of a gradient in double precision, relative to single precision: FCP 4.0, autoencoder
/// 4.4, LeNet 5.3.
const DOUBLE_PRECISION: f64 = 4.0;

fn section(config: &Config) -> Option<&CurvatureConfig> {
    config.section(&SECTION).as_ref()
}

/// Maximum work of a task. A landscape without images counts as one image.
fn work_of(
    problem: &Problem,
    section: &CurvatureConfig,
    part: CurvaturePart,
    landscape: LandscapeName,
) -> Work {
    let images =
        problem.trained().map_or(1, |trained| task::images(trained, section, landscape).len());
    let products = products(problem, section, part) as f64;
    let factor = if problem.trained().is_some() { DOUBLE_PRECISION } else { 1.0 };
    Work { gradients: 2.0 * factor * products * images as f64, ..Work::default() }
}

/// Maximum number of products of a task.
fn products(problem: &Problem, section: &CurvatureConfig, part: CurvaturePart) -> usize {
    let dimension = problem.layout().parameters();
    let asked = section.asked;
    let spectrum = asked.products.min(dimension);
    let probe = asked.steps.min(dimension);
    match part {
        CurvaturePart::Eigenvalues | CurvaturePart::Normalized => spectrum,
        CurvaturePart::Probe(_) => probe,
        CurvaturePart::Path => {
            let point = asked.probes.saturating_mul(probe).saturating_add(2 * spectrum);
            (section.path_points + 1).saturating_mul(point)
        }
    }
}

/// The landscapes on which curvature will be computed.
fn landscapes(problem: &Problem, section: &CurvatureConfig) -> Vec<LandscapeName> {
    problem.subject.either(
        |_| section.landscapes.iter().map(|&split| split.into()).collect(),
        |mapped| {
            if section.datasets.is_empty() { mapped.names() } else { section.datasets.clone() }
        },
    )
}

/// Maximum number of tasks of each part on one landscape.
fn planned(problem: &Problem, section: &CurvatureConfig) -> [(CurvaturePart, usize); 4] {
    let most = section.solutions.unwrap_or(usize::MAX);
    let of_set = |set| problem.solutions_in(set).min(most);
    let solutions: usize = section.sets.iter().map(of_set).sum();
    let paths = &problem.config.paths;
    let is_asked = |sets: &&crate::solutions::EndpointSets| {
        sets.both().into_iter().all(|set| section.sets.contains(set))
    };
    let of_sets = paths.endpoint_sets();
    let of_paths = of_sets.iter().filter(is_asked).map(|sets| {
        paths.count(sets, sets.both().map(|set| problem.solutions_in(set))).min(section.paths)
    });
    [
        (CurvaturePart::Eigenvalues, solutions),
        (CurvaturePart::Normalized, solutions),
        (CurvaturePart::Probe(0), solutions.saturating_mul(section.asked.probes)),
        (CurvaturePart::Path, of_paths.sum()),
    ]
}

/// The known sharpness of the solutions of each set on each landscape.
pub fn sharpness(results: &Results, sets: &[SolutionSet]) -> Vec<SetSharpness> {
    let of_set = |known: known::SetCurvature| {
        let (numbers, points): (Vec<u32>, Vec<Sharpness>) = known.sharpness();
        SetSharpness { set: known.set, landscape: known.landscape, numbers, points }
    };
    of_sets(results, sets).into_iter().map(of_set).collect()
}

impl Stage for Curvature {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "analyze"
    }

    fn applies(&self, config: &Config) -> bool {
        section(config).is_some()
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn may_get_more_tasks(&self, results: &Results, sets: &[SolutionSet]) -> bool {
        let has_paths = section(results.config).is_some_and(|section| section.paths > 0);
        results.missing_runs() > 0 || (has_paths && paths::are_left(results, sets))
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let Some(section) = section(&context.problem.config) else { return Ok(()) };
        context.run(self, rank, &Curvatures { problem: context.problem, section })
    }

    fn section(&self) -> Option<StageSection> {
        Some(SECTION.section())
    }

    fn datasets(&self, config: &Config) -> Vec<LandscapeName> {
        section(config).map_or_else(Vec::new, |section| section.datasets.clone())
    }

    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        let mut wanted = wanted(results, sets);
        let kind = |key: &CurvatureKey| key.part.kind(key.landscape);
        wanted.sort_by_key(kind);
        for of_kind in wanted.chunk_by(|a, b| kind(a) == kind(b)) {
            let part = of_kind[0].part;
            let state = |key: &CurvatureKey| {
                let name = format!("{} of {key}", part.noun());
                TaskState::new(name, ended(results, key))
            };
            let tasks: Vec<_> = of_kind.iter().map(state).collect();
            let name = format!("{} on {}", part.title(), of_kind[0].landscape);
            counts.add(kind(&of_kind[0]), part.noun(), name, &tasks);
        }
        counts
    }

    fn plan(&self, problem: &Problem) -> Vec<PlannedTasks> {
        let Some(section) = section(&problem.config) else { return Vec::new() };
        let mut plan = Vec::new();
        for (part, all) in planned(problem, section).into_iter().filter(|(_, all)| *all > 0) {
            let most = count(products(problem, section, part), "product");
            let title = part.title();
            let Some(trained) = problem.trained() else {
                let all = all.saturating_mul(landscapes(problem, section).len());
                let what = format!("at most {all} {title} of at most {most}");
                plan.push(PlannedTasks { what, count: all, work: None });
                continue;
            };
            for landscape in landscapes(problem, section) {
                let images = task::images(trained, section, landscape).len();
                let what = format!("{title} of at most {most} on {images} {landscape} images");
                let work = Some(work_of(problem, section, part, landscape));
                plan.push(PlannedTasks { what, count: all, work });
            }
        }
        plan
    }

    fn work(&self, problem: &Problem, kind: usize) -> Work {
        let (part, number) = CurvaturePart::of_kind(kind);
        let Some(section) = section(&problem.config) else { return Work::default() };
        let mut all = landscapes(problem, section).into_iter();
        let landscape = all.find(|landscape| landscape.number() == number);
        landscape.map_or_else(Work::default, |landscape| work_of(problem, section, part, landscape))
    }

    fn task_solutions(&self, key: &str) -> TaskSolutions {
        key::origin(key).unwrap_or(TaskSolutions::All)
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let Some(section) = section(&problem.config) else { return StageMemory::default() };
        let dimension = problem.layout().parameters();
        let most = section.asked.products.max(section.asked.steps).min(dimension);
        // The basis, and a copy when it is sent or combined to eigenvectors.
        let basis = 2.0 * state_bytes(dimension, most);
        let points =
            if section.paths > 0 { 2.0 * (section.path_points as f64 + 22.0) } else { 0.0 };
        let vectors = 8.0 * dimension as f64 * (points + 6.0);
        let keys = "curvature.products or curvature.probe_steps (or the sizes in [network] or \
                    [landscape])";
        // An evaluator in double precision for each thread.
        let threads = problem.config.run.threads_per_rank as f64;
        let evaluators = problem.trained().map_or(0.0, |trained| trained.network.evaluator_bytes());
        let bytes = basis + vectors + 2.0 * threads * evaluators;
        let task = vec![MemoryPart::new(bytes, "eigenvalues of the Hessian", keys)];
        let tasks = planned(problem, section);
        let (of_paths, others) =
            tasks.iter().partition::<Vec<_>, _>(|(part, _)| *part == CurvaturePart::Path);
        let sum = |tasks: Vec<&(CurvaturePart, usize)>| {
            tasks.iter().map(|(_, all)| *all as f64).sum::<f64>()
        };
        let on = landscapes(problem, section).len() as f64;
        let tops = sum(of_paths) * on * 8.0 * dimension as f64;
        let tasks = crate::engine::plan::memory::task_bytes(sum(others) * on);
        let keys = "curvature.solutions, curvature.probes or curvature.paths";
        StageMemory {
            task,
            root: vec![MemoryPart::new(tops + tasks, "the tasks of the curvature", keys)],
        }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Task { outcome: Ok(bytes), .. } = record else { return KeyNumbers::default() };
        let Ok(outcome) = postcard::from_bytes::<CurvatureOutcome>(bytes) else {
            return KeyNumbers::default();
        };
        match outcome {
            CurvatureOutcome::Eigenvalues(found) => {
                let largest = found.largest.first();
                let largest = largest.map_or_else(|| "–".to_owned(), |found| short(found.value));
                let end = match found.end {
                    SpectrumEnd::Converged => "converged",
                    SpectrumEnd::Complete => "all eigenvalues",
                    SpectrumEnd::Products => "limit of products",
                };
                KeyNumbers {
                    height: Some(found.loss),
                    steps: Some(found.products),
                    stop: Some(format!("{end}; largest eigenvalue {largest}")),
                    ..KeyNumbers::default()
                }
            }
            CurvatureOutcome::Normalized(found) => KeyNumbers {
                steps: Some(found.products),
                stop: Some(found.largest.map_or_else(
                    || "limit of products".to_owned(),
                    |found| format!("largest eigenvalue {}", short(found.value)),
                )),
                ..KeyNumbers::default()
            },
            CurvatureOutcome::Probe(_, found) => {
                KeyNumbers { steps: Some(found.nodes.len() as u32), ..KeyNumbers::default() }
            }
            CurvatureOutcome::Path(path) => {
                let products: usize =
                    path.points.iter().map(outcome::PointCurvature::products).sum();
                KeyNumbers { steps: Some(products as u32), ..KeyNumbers::default() }
            }
        }
    }

    fn check_atlas(&self, _: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        Ok(Vec::new())
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn missing(&self, results: &Results) -> Vec<String> {
        let states: Vec<_> =
            wanted(results, &results.sets()).iter().map(|key| ended(results, key)).collect();
        let failed = states.iter().flatten().filter(|state| state.is_err()).count();
        let failures = count(failed, "task");
        let failed = (failed > 0)
            .then(|| format!("{failures} of the curvature failed; `lossatlas status` says why."));
        failed.into_iter().collect()
    }

    fn summary(&self, results: &Results) -> Vec<SummaryTable> {
        table::tables(results)
    }

    fn index(&self, results: &Results) -> Vec<IndexColumn> {
        table::index(results)
    }

    fn figures(&self, runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        let any = |is_asked: &dyn Fn(&CurvatureConfig) -> bool| {
            runs.iter().any(|(_, results)| section(results.config).is_some_and(is_asked))
        };
        let mut figures = Vec::new();
        if any(&|_| true) {
            figures.push(figure::figure(runs));
        }
        if any(&|section| section.asked.probes > 0 && section.asked.steps > 1) {
            figures.push(density::figure(runs));
        }
        if any(&|section| section.paths > 0) {
            figures.push(path_figure::figure(runs));
        }
        figures
    }
}
