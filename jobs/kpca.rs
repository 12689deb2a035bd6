//! `lossatlas kpca`: kernel PCA and statistics, on rank 0.

use crate::archive::Archive;
use crate::console::say;
use crate::failure::{self, Failure, Plain};
use crate::problem::Problem;
use crate::results::Results;
use crate::stage::Context;
use crate::{log, progress};
use lossatlas::config::KpcaConfig;
use lossatlas::solutions::{SetName, SolutionSet};
use lossatlas::statistics::{Analysis, KernelPcaRequest};
use lossatlas::store::Record;
use std::time::Instant;

/// What the log and `status` call it.
const STAGE: &str = "kernel PCA";

/// Analyzes the sets, unless that is done, and writes the results.
pub fn stage(context: &Context, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let &Context { world, problem, interruption } = context;
    let sets = Archive::solutions(world, problem, archive.as_ref())?;
    let missing = archive.as_ref().is_some_and(|archive| archive.results(problem).analysis(&sets).is_none());
    if world.broadcast(|| Ok::<_, String>(missing && interruption.cause().is_some()))? {
        let message = "stopped before the kernel PCA; the same command continues".to_owned();
        return Err(Failure { code: failure::TRY_AGAIN, message });
    }
    if missing {
        log::stage_started(STAGE, 1);
    }
    let start = Instant::now();
    let analyzed = archive.as_mut().map(|archive| analyze(problem, archive, sets)).transpose();
    if missing && analyzed.is_ok() {
        log::stage_ended(STAGE, 1, 0, 1, start.elapsed().as_secs_f64());
    }
    world.agree(analyzed).map_err(|error| Failure::system(Plain(&error)))?;
    Archive::write_atlas(world, problem, archive.as_mut())
}

fn analyze(problem: &Problem, archive: &mut Archive, sets: Vec<SolutionSet>) -> Result<(), String> {
    let results = archive.results(problem);
    if results.analysis(&sets).is_some() {
        return Ok(());
    }
    let (digest, distances) = (results.analysis_digest(&sets), results.distance_requests());
    // Where runs diverged there may be nothing to compare; the rest is analyzed all the same.
    let (usable, empty): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| set.theta.nrows() > 0);
    for set in &empty {
        let source = results.source(&set.name).name();
        say(format_args!("kpca: the set {} is empty: every {source} failed; what needs it is left out", set.name));
    }
    let kernel_pca: Vec<_> =
        kernel_pca_requests(problem).into_iter().filter(|request| possible(request, &usable, &results)).collect();
    let there = |name: &SetName| usable.iter().any(|set| set.name == *name);
    let distances: Vec<_> = distances.into_iter().filter(|request| request.sets.iter().all(there)).collect();
    let analysis = progress::during(STAGE, &archive.directory, || Analysis::of(&usable, &kernel_pca, &distances));
    let analysis = analysis.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    archive.store(Record::Analysis { digest, analysis }).map_err(|error| error.to_string())
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

/// Whether all sets are there and hold two vectors together, without which nothing varies.
fn possible(request: &KernelPcaRequest, usable: &[SolutionSet], results: &Results<'_>) -> bool {
    let found: Option<Vec<_>> = request.sets.iter().map(|name| usable.iter().find(|set| set.name == *name)).collect();
    let Some(found) = found else { return false };
    let vectors: usize = found.iter().map(|set| set.theta.nrows()).sum();
    if vectors < 2 {
        let mut sources: Vec<_> = request.sets.iter().map(|set| format!("{}s", results.source(set).name())).collect();
        sources.dedup();
        let sources = sources.join(" and ");
        say(format_args!("kpca: {} is left out: failed {sources} have left its sets {vectors} vector", request.name));
    }
    vectors >= 2
}
