//! `lossatlas kpca`: kernel PCA and statistics, on rank 0.

use crate::archive::Archive;
use crate::cli;
use crate::failure::{Failure, Plain};
use crate::session::Problem;
use lossatlas::optimizer::Method;
use lossatlas::parallel::World;
use lossatlas::solutions::{SetName, SolutionSet, Split};
use lossatlas::statistics::{Analysis, DistanceRequest, KernelPcaRequest};
use lossatlas::store::Record;
use sha2::{Digest, Sha256};

pub fn run(world: &World, job: &cli::Job) -> Result<u8, Failure> {
    let problem = Problem::load(world, &job.input)?;
    let mut archive = Archive::open(world, &problem, &job.out)?;
    stage(world, &problem, &mut archive)?;
    Archive::conclude(world, &problem, archive.as_ref())
}

/// Analyzes the sets, unless that is done, and writes the results.
pub fn stage(world: &World, problem: &Problem, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let sets = Archive::solutions(world, problem, archive.as_ref())?;
    let analyzed = archive.as_mut().map(|archive| analyze(problem, archive, &sets)).transpose();
    world.agree(analyzed).map_err(|error| Failure::system(Plain(&error)))?;
    Archive::write_atlas(world, problem, archive.as_ref())
}

fn analyze(problem: &Problem, archive: &mut Archive, sets: &[SolutionSet]) -> Result<(), String> {
    let digest = digest(problem, sets);
    if archive.contents.analysis().is_some_and(|(known, _)| *known == digest) {
        return Ok(());
    }
    // Where all runs diverged there is nothing to compare; the others are analyzed all the same.
    let (usable, empty): (Vec<_>, Vec<_>) = sets.iter().cloned().partition(|set| set.theta.nrows() > 0);
    for set in &empty {
        eprintln!("kpca: the set {} is empty: every training run failed; what needs it is left out", set.name);
    }
    let there = |names: &[SetName]| names.iter().all(|name| usable.iter().any(|set| set.name == *name));
    let kernel_pca: Vec<_> = kernel_pca_requests(problem).into_iter().filter(|request| there(&request.sets)).collect();
    let distances: Vec<_> = distance_requests(problem).into_iter().filter(|request| there(&request.sets)).collect();
    let analysis = Analysis::of(&usable, &kernel_pca, &distances).map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    archive.store(Record::Analysis { digest, analysis }).map_err(|error| error.to_string())
}

fn kernel_pca_requests(problem: &Problem) -> Vec<KernelPcaRequest> {
    let dimension = problem.network.layout().parameters();
    let request = |kpca: &lossatlas::config::KpcaConfig| KernelPcaRequest {
        name: kpca.name.clone(),
        kernel: kpca.kernel.with_defaults(dimension),
        sets: kpca.sets.clone(),
        components: kpca.components,
    };
    problem.config.kpca.iter().map(request).collect()
}

/// The paper's two comparisons (Fig. 5 and S3): L-BFGS train with SGD test, and both test sets.
fn distance_requests(problem: &Problem) -> Vec<DistanceRequest> {
    if Method::ALL.iter().any(|method| !problem.config.training.methods.contains(method)) {
        return Vec::new();
    }
    [Split::Train, Split::Test]
        .map(|split| {
            let sets = [SetName::of(Method::Lbfgs, split), SetName::of(Method::Sgd, Split::Test)];
            DistanceRequest { name: format!("lbfgs-{split}_sgd-test"), sets }
        })
        .into()
}

/// Tells one analysis from another: by the vectors in the sets and by what is asked of them.
pub fn digest(problem: &Problem, sets: &[SolutionSet]) -> String {
    let mut hash = Sha256::new();
    for set in sets {
        hash.update(format!("{} {:?} {:?};", set.name, set.initialization, set.epoch));
    }
    hash.update(format!("{:?} {:?}", kernel_pca_requests(problem), distance_requests(problem)));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
