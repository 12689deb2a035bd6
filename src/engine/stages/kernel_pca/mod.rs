//! `lossatlas kpca`: kernel PCA and statistics, on rank 0.

mod atlas;

use crate::analysis::statistics::{Analysis, AnalysisPart, FailedPart, KernelPcaRequest};
use crate::config::{Config, KpcaConfig};
use crate::engine::capacity::{MemoryUse as MemoryPart, StageMemory};
use crate::engine::console::say;
use crate::engine::failure::{self, Failure};
use crate::engine::plan::memory::kernel_pca_bytes;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::{Results, SolutionSource};
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, FailedTask, Stage, StageCounts};
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::engine::{log, progress};
use crate::solutions::{SetName, SolutionSet};
use std::time::Instant;

/// Its name in the log and in `status`.
const STAGE: &str = "kernel PCA";

/// Kernel PCA and statistics of the solutions.
pub struct KernelPca;

impl Stage for KernelPca {
    fn name(&self) -> &'static str {
        STAGE
    }

    fn command(&self) -> &'static str {
        "kpca"
    }

    fn applies(&self, _: &Config) -> bool {
        true
    }

    fn needs_solutions(&self) -> bool {
        true
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        let &Context { world, problem, interruption } = context;
        let solutions = rank.root().map(|directory| directory.solutions(problem)).transpose();
        let sets = world.agree(solutions)?.unwrap_or_default();
        let missing =
            |directory: &RunDirectory| directory.results(problem).analysis(&sets).is_none();
        let missing = rank.ask_root(world, missing)?;
        if missing && rank.ask_root(world, |_| interruption.cause().is_some())? {
            let message = "stopped before the kernel PCA; rerun the command to resume".to_owned();
            return Err(Failure { code: failure::TRY_AGAIN, message });
        }
        rank.on_root(
            world,
            |directory| {
                if missing { analyze(problem, directory, sets) } else { Ok(()) }
            },
        )
    }

    fn memory(&self, problem: &Problem, _: usize) -> StageMemory {
        let vectors = |set| problem.solutions_in(set) as f64;
        let each = problem.config.kpca.iter().map(|kpca| kpca.sets.iter().map(vectors).sum());
        let bytes = each.map(kernel_pca_bytes).fold(0.0, f64::max);
        let root = vec![MemoryPart::new(bytes, "a kernel PCA", problem.keep_key())];
        StageMemory { task: Vec::new(), root }
    }

    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts {
        let failed = |part: &FailedPart| FailedTask {
            noun: match part.part {
                AnalysisPart::KernelPca(_) => "kernel PCA",
                _ => "statistic",
            },
            task: part.part.to_string(),
            reason: part.reason.clone(),
        };
        let failures = results.failed_parts(sets).iter().map(failed).collect();
        let done = results.missing_runs() == 0 && results.analysis(sets).is_some();
        StageCounts { kinds: Vec::new(), failures, whole: Some(done) }
    }

    fn check_atlas(&self, atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        atlas::check(atlas)
    }

    fn format(&self) -> &'static str {
        include_str!("format.md")
    }

    fn write_atlas(&self, root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        atlas::write(root, atlas)
    }
}

/// Computes each part of the analysis separately, and stores its result or its failure.
fn analyze(
    problem: &Problem,
    directory: &mut RunDirectory,
    sets: Vec<SolutionSet>,
) -> Result<(), String> {
    log::stage_started(STAGE, 1);
    let start = Instant::now();
    let results = directory.results(problem);
    let (digest, distances) = (results.analysis_digest(&sets), results.distance_requests());
    // A set may be empty because its runs diverged. The other sets are still analyzed.
    let (usable, empty): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| set.theta.nrows() > 0);
    for set in &empty {
        let source = results.source(&set.name).name();
        say(format_args!(
            "kpca: the set {} is empty because every {source} failed; analyses of it are left out",
            set.name
        ));
    }
    let mut failed = Vec::new();
    let mut possible = Vec::new();
    for request in kernel_pca_requests(problem) {
        match too_few(&request, &usable, &results) {
            None => possible.push(request),
            Some(reason) => {
                say(format_args!("kpca: {} is left out: {reason}", request.name));
                failed.push(FailedPart { part: AnalysisPart::KernelPca(request.name), reason });
            }
        }
    }
    let there = |name: &SetName| usable.iter().any(|set| set.name == *name);
    let (distances, apart): (Vec<_>, Vec<_>) =
        distances.into_iter().partition(|request| request.sets.iter().all(there));
    failed.extend(apart.into_iter().map(|request| {
        let lacking = request.sets.iter().filter(|&name| !there(name)).map(SetName::as_str);
        let reason = format!("no vectors in {}", lacking.collect::<Vec<_>>().join(" and "));
        FailedPart { part: AnalysisPart::Distances(request.name), reason }
    }));
    let (analysis, errors) = progress::during(STAGE, &directory.directory, || {
        Analysis::parts(&usable, &possible, &distances)
    });
    for (part, error) in errors {
        let reason = error.reason();
        say(format_args!("kpca: {part} failed: {reason}"));
        failed.push(FailedPart { part, reason });
    }
    for FailedPart { part, reason } in &failed {
        log::part_failed(STAGE, &part.to_string(), reason);
    }
    directory
        .store(Record::Analysis { digest, analysis, failed })
        .map_err(|error| error.to_string())?;
    log::stage_ended(STAGE, 1, 0, 1, start.elapsed().as_secs_f64());
    Ok(())
}

fn kernel_pca_requests(problem: &Problem) -> Vec<KernelPcaRequest> {
    let dimension = problem.layout().parameters();
    let request = |kpca: &KpcaConfig| KernelPcaRequest {
        name: kpca.name.clone(),
        kernel: kpca.kernel_of(dimension),
        standardize: kpca.standardize,
        sets: kpca.sets.clone(),
        components: kpca.components,
    };
    problem.config.kpca.iter().map(request).collect()
}

/// The reason if a kernel PCA has fewer than two vectors.
fn too_few(
    request: &KernelPcaRequest,
    usable: &[SolutionSet],
    results: &Results<'_>,
) -> Option<String> {
    let vectors = |name: &SetName| {
        usable.iter().find(|set| set.name == *name).map_or(0, |set| set.theta.nrows())
    };
    let empty: Vec<_> =
        request.sets.iter().filter(|&set| vectors(set) == 0).map(SetName::as_str).collect();
    if !empty.is_empty() {
        return Some(format!("no vectors in {}", empty.join(" and ")));
    }
    let total: usize = request.sets.iter().map(vectors).sum();
    if total >= 2 {
        return None;
    }
    let failed = results.failed_sources();
    let failed = |source: &SolutionSource| {
        failed.iter().any(|(failed, count)| failed == source && *count > 0)
    };
    let mut sources: Vec<_> =
        request.sets.iter().map(|set| results.source(set)).filter(failed).collect();
    sources.dedup();
    let sources: Vec<_> = sources.into_iter().map(|source| format!("{}s", source.name())).collect();
    Some(if sources.is_empty() {
        format!("its sets have {total} vector, but a kernel PCA needs two; add a set")
    } else {
        format!("failed {} have left its sets {total} vector", sources.join(" and "))
    })
}
