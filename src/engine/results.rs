//! The results of a configuration, from the records in a journal.

use crate::analysis::statistics::{Analysis, DistanceRequest, FailedPart};
use crate::config::compatibility::{CLASSES, DATASETS, IMAGE_SHAPE};
use crate::config::{
    Config, DistanceConfig, ImportConfig, KpcaConfig, LandscapeConfig, StageSection, TrainingConfig,
};
use crate::data::{ImageShape, Split};
use crate::engine::console::is;
use crate::engine::spanning::Rounds;
use crate::engine::stage::source_of;
use crate::engine::stages::STAGES;
use crate::engine::store::{Contents, StoredAnalysis};
use crate::network::Symmetry;
use crate::optimizer::minimize::{MinimizationResult, distinct};
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun};
use crate::path::{PathSet, PathStop, Track};
use crate::report::CertifiedPaths;
use crate::report::notes::{self, Note, NotedMinima, NotedTraining, Topic};
use crate::solutions::{
    EndpointSets, LandscapeName, SetName, SolutionSet, draw_pairs, draw_pairs_between, select,
};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The key under which the number of points in `landscape.points` is stored.
pub const POINTS_VECTORS: &str = "minimum.vectors";

/// The key under which their checksum is stored.
pub const POINTS_CHECKSUM: &str = "minimum.checksum";

/// The key under which the box of random starts is stored, if a process gives one.
pub const START_REGION: &str = "minimum.start_region";

/// Two minima count as one if their values and all identifying numbers differ by less than this.
pub const DISTINCT: f64 = 1e-4;

/// The records of a journal that belong to a configuration. A directory may have more, such as
/// paths between solutions that better ones have replaced.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The records.
    pub contents: &'a Contents,
}

/// The sets of the endpoints of paths, with their vectors.
#[derive(Clone, Debug)]
pub struct PathEndpoints<'s> {
    /// Their names.
    pub sets: EndpointSets,
    /// The set of ω^a.
    pub a: &'s SolutionSet,
    /// The set of ω^b; mostly the same.
    pub b: &'s SolutionSet,
}

/// The result of one task that yields a solution, or why it failed. `None` if it has not ended.
pub type Ended<'a, T> = Option<Result<&'a T, &'a str>>;

/// The origin of a solution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SolutionSource {
    /// A training run.
    TrainingRun,
    /// A vector read from a file.
    ImportedVector,
    /// A search for a local minimum of a landscape that is not that of a network.
    Start,
}

impl SolutionSource {
    /// In words, in the singular.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrainingRun => "training run",
            Self::ImportedVector => "imported vector",
            Self::Start => "start",
        }
    }
}

impl<'a> Results<'a> {
    /// The training runs of a network.
    pub fn training(&self) -> Option<&'a TrainingConfig> {
        self.config.subject.network().map(|network| &network.training)
    }

    /// The optimizers in use.
    pub fn optimizers(&self) -> &'a [OptimizerName] {
        self.training().map_or(&[], |training| &training.optimizers)
    }

    /// The training runs of an optimizer by initialization.
    pub fn runs(&self, optimizer: &OptimizerName) -> Vec<Ended<'a, TrainingRun>> {
        let contents = self.contents;
        let count = self.training().map_or(0, |training| training.initializations);
        (0..count)
            .map(|number| {
                Some(contents.training(optimizer, number)?.result.as_ref().map_err(String::as_str))
            })
            .collect()
    }

    /// The imported sets with the vectors that have been evaluated, by row.
    pub fn imports(&self) -> Vec<(&'a SetName, Vec<Ended<'a, Snapshot>>)> {
        let contents = self.contents;
        let vectors = |name: &'a SetName| {
            let rows = (0..self.imported_rows(name)).map(|number| {
                Some(contents.imported(name, number)?.result.as_ref().map_err(String::as_str))
            });
            (name, rows.collect())
        };
        self.import_configs().iter().map(|import| vectors(&import.name)).collect()
    }

    /// The sets that are read from files.
    fn import_configs(&self) -> &'a [ImportConfig] {
        let subject = &self.config.subject;
        subject.either(|network| &network.imports, |landscape| &landscape.imports)
    }

    /// The value of a key that was derived from the subject, now or when the configuration was
    /// stored.
    fn found_out(&self, key: &str) -> Option<&'a str> {
        let stored = || self.contents.configuration()?.effective.get(key);
        self.config.effective.get(key).or_else(stored).map(String::as_str)
    }

    /// Number of vectors in an imported file when the configuration was stored.
    fn imported_rows(&self, name: &SetName) -> u32 {
        self.found_out(&vectors_key(name)).and_then(|rows| rows.parse().ok()).unwrap_or(0)
    }

    /// Points from which minima are searched.
    fn starts(&self, landscape: &LandscapeConfig) -> u32 {
        let of_file = || self.found_out(POINTS_VECTORS)?.parse().ok();
        landscape.starts().or_else(of_file).unwrap_or(0)
    }

    /// The landscapes of a `[landscape]` section. For a process, the chosen data sets, or all.
    fn mapped_landscapes(
        &self,
        landscape: &LandscapeConfig,
        chosen: &[LandscapeName],
    ) -> Vec<LandscapeName> {
        if landscape.landscape.process().is_none() {
            return vec![LandscapeName::Analytic];
        }
        if !chosen.is_empty() {
            return chosen.to_vec();
        }
        let list = self.found_out(DATASETS).and_then(|list| {
            format!("names = {list}").parse::<toml::Table>().ok()?.remove("names")
        });
        let names = list.and_then(|list| list.try_into::<Vec<String>>().ok()).unwrap_or_default();
        names.iter().map(|name| LandscapeName::named(name)).collect()
    }

    /// The local minima of a landscape by number of their start.
    pub fn minima(&self) -> Vec<Ended<'a, MinimizationResult>> {
        let Some(landscape) = self.config.subject.landscape() else { return Vec::new() };
        let contents = self.contents;
        (0..self.starts(landscape))
            .map(|number| Some(contents.minimum(number)?.result.as_ref().map_err(String::as_str)))
            .collect()
    }

    /// Number of training runs, imported vectors or starts.
    pub fn wanted_runs(&self) -> usize {
        let trained = self.training().map_or(0, |training| training.initializations as usize)
            * self.optimizers().len();
        trained
            + self.imports().iter().map(|(_, rows)| rows.len()).sum::<usize>()
            + self.minima().len()
    }

    /// Number of these that have not ended.
    pub fn missing_runs(&self) -> usize {
        let runs: usize =
            self.optimizers().iter().map(|optimizer| missing(&self.runs(optimizer))).sum();
        let imports: usize = self.imports().iter().map(|(_, rows)| missing(rows)).sum();
        runs + imports + missing(&self.minima())
    }

    /// A sentence if solutions are missing, with the remedy.
    pub fn missing_solutions(&self, directory: &Path) -> Option<String> {
        self.missing_found(directory).or_else(|| {
            let directory = directory.display();
            let stage = STAGES.iter().find(|stage| stage.derived_sets_are_missing(self))?;
            let heading = stage.section().map(StageSection::heading).unwrap_or_default();
            let command = stage.command();
            Some(format!(
                "{directory}: the sets of {heading} are missing; run `lossatlas {command}` first"
            ))
        })
    }

    /// The same for solutions outside the derived sets.
    pub fn missing_found(&self, directory: &Path) -> Option<String> {
        let (missing, directory) = (self.missing_runs(), directory.display());
        let wanted = self.wanted_runs();
        (missing > 0).then(|| {
            let are = is(missing);
            format!(
                "{directory}: {missing} of {wanted} solutions {are} missing; run `lossatlas train` \
                 first"
            )
        })
    }

    /// The origins of the solutions, and how many tasks of each origin ended without a solution.
    pub fn failed_sources(&self) -> Vec<(SolutionSource, usize)> {
        let runs = self.optimizers().iter().flat_map(|optimizer| self.runs(optimizer)).flatten();
        let diverged =
            runs.filter(|run| run.as_ref().map_or(true, |run| run.stop.diverged())).count();
        let imports = self.imports();
        let imported = imports.iter().map(|(_, rows)| failed(rows)).sum();
        let trained =
            (!self.optimizers().is_empty()).then_some((SolutionSource::TrainingRun, diverged));
        let minima = self.config.subject.landscape().and_then(LandscapeConfig::set);
        let minima = minima.map(|_| (SolutionSource::Start, failed(&self.minima())));
        trained
            .into_iter()
            .chain(minima)
            .chain((!imports.is_empty()).then_some((SolutionSource::ImportedVector, imported)))
            .collect()
    }

    /// The origin of the solutions of a set.
    pub fn source(&self, set: &SetName) -> SolutionSource {
        let set = source_of(self.config, set);
        if self.import_configs().iter().any(|import| import.name == set) {
            return SolutionSource::ImportedVector;
        }
        self.config.subject.either(|_| SolutionSource::TrainingRun, |_| SolutionSource::Start)
    }

    /// The sets of solutions found so far, followed by the derived sets.
    pub fn sets(&self) -> Vec<SolutionSet> {
        let found = self.found_sets();
        let derived: Vec<_> = STAGES.iter().flat_map(|stage| stage.derive(self, &found)).collect();
        found.into_iter().chain(derived).collect()
    }

    /// The symmetry of the network, if the configuration uses it.
    pub fn symmetry(&self) -> Option<Symmetry> {
        let network = self.config.subject.network()?;
        let shape = format!("shape = {}", self.found_out(IMAGE_SHAPE)?);
        let shape = shape.parse::<toml::Table>().ok()?.remove("shape")?;
        let [channels, rows, columns]: [usize; 3] = shape.try_into().ok()?;
        let classes = self.found_out(CLASSES).and_then(|classes| classes.parse().ok());
        let shape = ImageShape { channels, rows, columns };
        // Without classes the network does not depend on their number.
        let built = network.architecture.build::<f32>(shape, classes.unwrap_or(1));
        built.ok().map(|network| network.symmetry())
    }

    /// The sets of solutions found so far, without the derived sets.
    pub fn found_sets(&self) -> Vec<SolutionSet> {
        let landscape = self.config.subject.landscape();
        let minima = landscape.and_then(|landscape| self.minima_set(landscape));
        let trained = self.optimizers().iter().flat_map(|optimizer| {
            let runs = self.runs(optimizer);
            let ended: Vec<_> = (0..)
                .zip(&runs)
                .filter_map(|(number, run)| Some((number, run.as_ref()?.ok()?)))
                .collect();
            select(optimizer, &ended, self.training().map_or(0, |training| training.keep))
        });
        let imported = self.imports().into_iter().map(|(name, rows)| {
            let there =
                (0..).zip(&rows).filter_map(|(number, row)| Some((number, row.as_ref()?.ok()?)));
            SolutionSet::of(name.clone(), &there.collect::<Vec<_>>())
        });
        trained.chain(minima).chain(imported).collect()
    }

    /// The lowest distinct minima. Points that are used as given stay in their order.
    fn minima_set(&self, landscape: &LandscapeConfig) -> Option<SolutionSet> {
        let name = landscape.set()?;
        let (numbers, found): (Vec<u32>, Vec<MinimizationResult>) = (0..)
            .zip(self.minima())
            .filter_map(|(number, minimum)| Some((number, minimum?.ok()?.clone())))
            .unzip();
        let chosen = if landscape.set_is_given() {
            (0..found.len()).collect()
        } else {
            distinct(&found, DISTINCT, &|theta| landscape.landscape.identify(theta))
        };
        let kept = chosen.into_iter().take(landscape.keep);
        let snapshots: Vec<(u32, Snapshot)> = kept
            .map(|index| {
                let number = numbers[index];
                let loss_test = self.contents.minimum_on_test(number).unwrap_or(f64::NAN);
                (number, snapshot(&found[index], loss_test))
            })
            .collect();
        let snapshots: Vec<_> = snapshots.iter().map(|(number, found)| (*number, found)).collect();
        Some(SolutionSet::of(name, &snapshots))
    }

    /// The pairs of vectors of two sets, or of one, that get a path on a landscape. With
    /// `paths.pairs = "spanning"`, those of all rounds that follow from the results so far.
    pub fn pairs(&self, ends: &PathEndpoints, landscape: LandscapeName) -> Vec<(u32, u32)> {
        let paths = &self.config.paths;
        let numbers = [ends.a, ends.b].map(|set| set.initialization.as_slice());
        if let Some(list) = &paths.list {
            let there = |&(a, b): &(u32, u32)| numbers[0].contains(&a) && numbers[1].contains(&b);
            return list.pairs().iter().copied().filter(there).collect();
        }
        if paths.is_spanning() {
            return Rounds::of(self, &self.sets(), landscape).pairs(&ends.sets);
        }
        match ends.sets.single() {
            Some(_) => draw_pairs(self.config.seed, numbers[0], paths.pairs),
            None => draw_pairs_between(self.config.seed, numbers, paths.pairs),
        }
    }

    /// The number of pairs between the vectors of these sets that get a path on a landscape.
    pub fn drawn_pairs(
        &self,
        of: &EndpointSets,
        landscape: LandscapeName,
        sets: &[SolutionSet],
    ) -> usize {
        let find = |name: &SetName| sets.iter().find(|set| set.name == *name);
        let ends =
            find(&of.a).zip(find(&of.b)).map(|(a, b)| PathEndpoints { sets: of.clone(), a, b });
        ends.map_or(0, |ends| self.pairs(&ends, landscape).len())
    }

    /// The landscapes with paths.
    pub fn landscapes(&self) -> Vec<LandscapeName> {
        self.chosen_landscapes(&self.config.paths.landscapes, &self.config.paths.datasets)
    }

    /// The landscapes of a network that are in `splits`, or the data sets of a process that are in
    /// `datasets`; all data sets if there are none.
    pub fn chosen_landscapes(
        &self,
        splits: &[Split],
        datasets: &[LandscapeName],
    ) -> Vec<LandscapeName> {
        self.config.subject.either(
            |_| splits.iter().map(|&split| split.into()).collect(),
            |landscape| self.mapped_landscapes(landscape, datasets),
        )
    }

    /// The sets that get paths, each on every landscape.
    pub fn path_sets<'s>(
        &self,
        sets: &'s [SolutionSet],
    ) -> Vec<(PathEndpoints<'s>, LandscapeName)> {
        let (paths, landscapes) = (&self.config.paths, self.landscapes());
        let find = |name: &SetName| sets.iter().find(|set| set.name == *name);
        let ends = paths.endpoint_sets().into_iter().filter_map(|of| {
            let (a, b) = (find(&of.a)?, find(&of.b)?);
            Some(PathEndpoints { sets: of, a, b })
        });
        ends.flat_map(|ends| {
            landscapes.iter().map(move |&landscape| (ends.clone(), landscape)).collect::<Vec<_>>()
        })
        .collect()
    }

    /// The paths whose search has ended.
    pub fn paths(&self, sets: &[SolutionSet]) -> Vec<PathSet> {
        let ended = |(ends, landscape): (PathEndpoints, LandscapeName)| {
            let ended = self.pairs(&ends, landscape).into_iter().filter_map(|pair| {
                let outcome = self.contents.path(&ends.sets, landscape, pair)?;
                Some((pair, outcome.result.clone()))
            });
            let (pairs, results) = ended.unzip();
            PathSet { set: ends.sets, landscape, pairs, results }
        };
        self.path_sets(sets).into_iter().map(ended).collect()
    }

    /// For each pair of each set, the points of its path if they were kept.
    pub fn tracks(&self, paths: &[PathSet]) -> Vec<Vec<Option<&'a Track>>> {
        let contents = self.contents;
        let of_set = |paths: &PathSet| {
            let track = |&pair| contents.track(&paths.set, paths.landscape, pair);
            paths.pairs.iter().map(track).collect()
        };
        paths.iter().map(of_set).collect()
    }

    /// Number of paths between the vectors of these sets if no search for a solution fails. 0 if
    /// pairs are chosen in rounds: see [`Self::pairs_to_choose`].
    pub fn planned_pairs(&self, sets: &EndpointSets) -> usize {
        if self.config.paths.is_spanning() {
            return 0;
        }
        let [a, b] = sets.both().map(|set| self.planned_vectors(set));
        self.config.paths.count(sets, [a, b])
    }

    /// With `paths.pairs = "spanning"`: maximum number of pairs that may still be chosen on a
    /// landscape.
    pub fn pairs_to_choose(&self, sets: &[SolutionSet], landscape: LandscapeName) -> usize {
        let paths = &self.config.paths;
        if !paths.is_spanning() {
            0
        } else if self.missing_runs() > 0 {
            paths.most(|set| self.planned_vectors(set))
        } else {
            Rounds::of(self, sets, landscape).left
        }
    }

    fn planned_vectors(&self, set: &SetName) -> usize {
        let set = source_of(self.config, set);
        let import = self.import_configs().iter().find(|import| import.name == set);
        let made = || {
            self.config.subject.either(
                |network| network.training.keep,
                |landscape| landscape.keep.min(self.starts(landscape) as usize),
            )
        };
        import.map_or_else(made, |import| self.imported_rows(&import.name) as usize)
    }

    /// Remarks on results that need an explanation beside their numbers. `certified` are those of
    /// the paths whose refined barrier is certified.
    pub fn notes(&self, paths: &[PathSet], certified: &CertifiedPaths) -> Vec<Note> {
        let chosen = self.training().into_iter().flat_map(|training| &training.chosen);
        let training = self.optimizers().iter().zip(chosen).map(|(name, optimizer)| {
            let solutions = self
                .runs(name)
                .into_iter()
                .filter_map(|run| run?.ok().filter(|run| !run.stop.diverged()));
            NotedTraining { name, optimizer, runs: solutions.collect() }
        });
        let minima = self.config.subject.landscape().map(|config| {
            let minima = (0..).zip(self.minima());
            let found =
                minima.filter_map(|(number, minimum)| Some((number, minimum?.ok()?))).collect();
            NotedMinima { config, found, distinct: DISTINCT }
        });
        let path_learning_rate = Some(self.config.paths.parameters.learning_rate);
        let training = training.collect();
        let exchanges = self.config.paths.align;
        let certified = certified.clone();
        let noted = notes::NotedResults {
            training,
            minima,
            paths,
            exchanges,
            certified,
            path_learning_rate,
        }
        .notes();
        let of_paths = self.note_on_chosen_pairs(paths).into_iter().chain(self.longer_paths(paths));
        noted.into_iter().chain(of_paths).collect()
    }

    /// A remark if the pairs are no random sample.
    fn note_on_chosen_pairs(&self, paths: &[PathSet]) -> Option<Note> {
        let found = paths.iter().any(|paths| paths.found().next().is_some());
        let text = "With `paths.pairs = \"spanning\"` pairs are chosen for low expected barriers. \
                    So their barriers are no random sample, and medians of different sets cannot \
                    be compared.";
        let note = Note { topic: Topic::Paths, text: text.to_owned(), concerns_all: false };
        (found && self.config.paths.is_spanning()).then_some(note)
    }

    /// A remark if the run has longer searches of paths that are shown after fewer steps.
    fn longer_paths(&self, paths: &[PathSet]) -> Option<Note> {
        let longer = |of: &PathSet, pair: &(u32, u32)| {
            let path = self.contents.path(&of.set, of.landscape, *pair)?.result.as_ref().ok()?;
            // A search that ended early is the same with more steps.
            let ended = path.stop != PathStop::Completed;
            let steps = self.contents.longer_path(&of.set, of.landscape, *pair);
            steps.filter(|_| !ended)
        };
        let all =
            paths.iter().flat_map(|of| of.pairs.iter().filter_map(move |pair| longer(of, pair)));
        let steps: Vec<usize> = all.collect();
        let most = steps.iter().max()?;
        let text = format!(
            "{} of these paths {} known after more steps too, up to {most}: `paths.steps = {most}` \
             shows them.",
            steps.len(),
            is(steps.len())
        );
        Some(Note { topic: Topic::Paths, text, concerns_all: false })
    }

    /// The stored analysis, if it is that of these sets.
    pub fn analysis(&self, sets: &[SolutionSet]) -> Option<&'a Analysis> {
        self.stored_analysis(sets).map(|stored| &stored.analysis)
    }

    /// The parts of that analysis that could not be computed.
    pub fn failed_parts(&self, sets: &[SolutionSet]) -> &'a [FailedPart] {
        self.stored_analysis(sets).map_or(&[], |stored| &stored.failed)
    }

    fn stored_analysis(&self, sets: &[SolutionSet]) -> Option<&'a StoredAnalysis> {
        self.contents.analysis().filter(|stored| stored.digest == self.analysis_digest(sets))
    }

    /// Identifies an analysis by the vectors in the sets and by the requests.
    pub fn analysis_digest(&self, sets: &[SolutionSet]) -> String {
        let mut hash = Sha256::new();
        for set in sets {
            hash.update(format!("{} {:?} {:?};", set.name, set.initialization, set.epoch));
            if source_of(self.config, &set.name) != set.name {
                hash.update(format!("{};", self.contents.dependencies().solutions(&set.name)));
            }
        }
        // The notation of `{:?}`, which version 0.1.0 hashed.
        let kpca: Vec<_> = self.config.kpca.iter().map(KpcaConfig::identity).collect();
        hash.update(format!("[{}] {:?}", kpca.join(", "), self.distance_requests()));
        format!("{:x}", hash.finalize())
    }

    /// The comparisons of distances: for every pair of optimizers their train sets. For the pair
    /// SGD and L-BFGS, L-BFGS train with SGD test and both test sets instead, as published. With
    /// more than `MAX_COMPARED` (6) optimizers each is compared with the first one only. Then those of
    /// `[[distance]]`.
    pub fn distance_requests(&self) -> Vec<DistanceRequest> {
        let optimizers = self.optimizers();
        let published = [OptimizerName::sgd(), OptimizerName::lbfgs()];
        let first_only = optimizers.len() > MAX_COMPARED;
        let mut requests = Vec::new();
        for (place, a) in optimizers.iter().enumerate() {
            for b in &optimizers[place + 1..] {
                if [a, b] == published.each_ref() {
                    requests.extend(
                        [Split::Train, Split::Test]
                            .map(|split| distance_request((b, split), (a, Split::Test))),
                    );
                } else if place == 0 || !first_only {
                    requests.push(distance_request((a, Split::Train), (b, Split::Train)));
                }
            }
        }
        let own = self.config.distances.iter().map(|own| {
            let DistanceConfig { name, sets } = own.clone();
            DistanceRequest { name, sets }
        });
        // An entry of the configuration may repeat one of these comparisons.
        requests.retain(|made| self.config.distances.iter().all(|own| own.name != made.name));
        requests.extend(own);
        requests
    }
}

/// Optimizers of which every pair is compared: 15 comparisons.
const MAX_COMPARED: usize = 6;

/// `lbfgs-train_sgd-test`.
fn distance_request(
    (a, split_a): (&OptimizerName, Split),
    (b, split_b): (&OptimizerName, Split),
) -> DistanceRequest {
    let sets = [SetName::of(a, split_a), SetName::of(b, split_b)];
    DistanceRequest { name: format!("{a}-{split_a}_{b}-{split_b}"), sets }
}

/// The key under which the number of vectors in an imported file is stored.
pub fn vectors_key(name: &SetName) -> String {
    format!("import.{name}.vectors")
}

fn missing<T>(tasks: &[Ended<T>]) -> usize {
    tasks.iter().filter(|task| task.is_none()).count()
}

fn failed<T>(tasks: &[Ended<T>]) -> usize {
    tasks.iter().flatten().filter(|task| task.is_err()).count()
}

/// A minimum as a solution: its height stands for the training loss, and its value on the data set
/// `test` of a process for the test loss.
fn snapshot(minimum: &MinimizationResult, loss_test: f64) -> Snapshot {
    Snapshot {
        epoch: minimum.iterations,
        theta: minimum.theta.iter().map(|&x| x as f32).collect(),
        loss_train: minimum.value,
        loss_test,
        accuracy_train: f64::NAN,
        accuracy_test: f64::NAN,
    }
}
