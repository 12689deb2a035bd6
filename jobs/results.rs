//! What a configuration makes of the records in a journal.

use lossatlas::config::{Config, NetworkConfig};
use lossatlas::optimizer::{Method, TrainingRun};
use lossatlas::path::PathSet;
use lossatlas::solutions::{Pairs, SetName, SolutionSet, Split, draw_pairs, select};
use lossatlas::statistics::{Analysis, DistanceRequest};
use lossatlas::store::Contents;
use sha2::{Digest, Sha256};

/// The records of a journal as a configuration asks for them: a directory may hold more, such as
/// the paths between solutions that have since been replaced by better ones.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    pub config: &'a Config,
    pub subject: &'a NetworkConfig,
    pub contents: &'a Contents,
}

impl<'a> Results<'a> {
    /// The training runs of a method by initialization.
    pub fn runs(&self, method: Method) -> Vec<Option<Result<&'a TrainingRun, &'a str>>> {
        let contents = self.contents;
        (0..self.subject.training.initializations)
            .map(|number| Some(contents.training(method, number)?.result.as_ref().map_err(String::as_str)))
            .collect()
    }

    /// Number of training runs that have not ended.
    pub fn missing_runs(&self) -> usize {
        self.subject.training.methods.iter().map(|&method| self.runs(method).iter().filter(|run| run.is_none()).count()).sum()
    }

    /// Number of training runs that ended without a solution.
    pub fn failed_runs(&self) -> usize {
        let runs = self.subject.training.methods.iter().flat_map(|&method| self.runs(method)).flatten();
        runs.filter(|run| run.as_ref().map_or(true, |run| run.stop.diverged())).count()
    }

    /// The best of the runs that have ended.
    pub fn sets(&self) -> Vec<SolutionSet> {
        let training = &self.subject.training;
        let select = |&method| {
            let runs = self.runs(method);
            let ended: Vec<_> = (0..).zip(&runs).filter_map(|(number, run)| Some((number, run.as_ref()?.ok()?))).collect();
            select(method, &ended, training.keep)
        };
        training.methods.iter().flat_map(select).collect()
    }

    /// The pairs of a set that get a path.
    pub fn pairs(&self, set: &SolutionSet) -> Vec<(u32, u32)> {
        draw_pairs(self.config.seed, &set.initialization, self.config.paths.pairs)
    }

    /// The sets that get paths, each on every landscape.
    pub fn path_sets<'s>(&self, sets: &'s [SolutionSet]) -> Vec<(&'s SolutionSet, Split)> {
        let paths = &self.config.paths;
        let chosen = paths.sets.iter().filter_map(|name| sets.iter().find(|set| set.name == *name));
        chosen.flat_map(|set| paths.landscapes.iter().map(move |&landscape| (set, landscape))).collect()
    }

    /// The paths of the pairs that have ended.
    pub fn paths(&self, sets: &[SolutionSet]) -> Vec<PathSet> {
        let ended = |(set, landscape): (&SolutionSet, Split)| {
            let ended = self.pairs(set).into_iter().filter_map(|pair| {
                let outcome = self.contents.path(&set.name, landscape, pair)?;
                Some((pair, outcome.result.clone()))
            });
            let (pairs, results) = ended.unzip();
            PathSet { set: set.name.clone(), landscape, pairs, results }
        };
        self.path_sets(sets).into_iter().map(ended).collect()
    }

    /// The stored analysis, if it is that of these sets.
    pub fn analysis(&self, sets: &[SolutionSet]) -> Option<&'a Analysis> {
        let (digest, analysis) = self.contents.analysis()?;
        (*digest == self.analysis_digest(sets)).then_some(analysis)
    }

    /// Tells one analysis from another: by the vectors in the sets and by what is asked of them.
    pub fn analysis_digest(&self, sets: &[SolutionSet]) -> String {
        let mut hash = Sha256::new();
        for set in sets {
            hash.update(format!("{} {:?} {:?};", set.name, set.initialization, set.epoch));
        }
        hash.update(format!("{:?} {:?}", self.config.kpca, distance_requests(self.subject)));
        format!("{:x}", hash.finalize())
    }
}

/// The paper's two comparisons (Fig. 5 and S3): L-BFGS train with SGD test, and both test sets.
pub fn distance_requests(network: &NetworkConfig) -> Vec<DistanceRequest> {
    if Method::ALL.iter().any(|method| !network.training.methods.contains(method)) {
        return Vec::new();
    }
    [Split::Train, Split::Test]
        .map(|split| {
            let sets = [SetName::of(Method::Lbfgs, split), SetName::of(Method::Sgd, Split::Test)];
            DistanceRequest { name: format!("lbfgs-{split}_sgd-test"), sets }
        })
        .into()
}

/// Paths of each set on each landscape if no training run fails.
pub fn planned_pairs(config: &Config, network: &NetworkConfig) -> usize {
    let all = network.training.keep * network.training.keep.saturating_sub(1) / 2;
    match config.paths.pairs {
        Pairs::All => all,
        Pairs::Count(count) => count.min(all),
    }
}
