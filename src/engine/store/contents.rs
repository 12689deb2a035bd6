//! The records of a journal, indexed.

use super::checkpoints::TaskKey;
use super::record::{ConfigurationRecord, Record, SessionRecord};
use super::retention::Retention;
use crate::analysis::statistics::{Analysis, FailedPart};
use crate::config::dependencies::{Dependencies, KeyDigest};
use crate::engine::stage::{self, TaskSolutions};
use crate::optimizer::minimize::MinimizationResult;
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun};
use crate::path::{PathResult, PathStop, Track};
use crate::solutions::{EndpointSets, LandscapeName, SetName};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The outcome of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<T> {
    /// Wall time in s.
    pub seconds: f64,
    /// The result, or why the task failed.
    pub result: Result<T, String>,
}

/// An analysis as far as it could be computed.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnalysis {
    /// Identifies the sets and the settings of the analysis.
    pub digest: String,
    /// The parts that were computed.
    pub analysis: Analysis,
    /// The others, with their reasons.
    pub failed: Vec<FailedPart>,
}

/// The name of a stage under which commands are stored. They have no dependencies.
pub const COMMANDS: &str = "command";

type StoredPathKey = (KeyDigest, LandscapeName, (u32, u32));

/// The outcomes of one task, each with the keys that it was computed with.
type TaskOutcomes = BTreeMap<KeyDigest, Outcome<Vec<u8>>>;

/// A stored path.
#[derive(Clone, Debug, PartialEq)]
struct StoredPath {
    outcome: Outcome<PathResult>,
    /// Its points, on an analytic landscape of few dimensions.
    track: Option<Track>,
}

/// All results of a journal, by key.
///
/// Results are indexed by the digest of the keys that they depend on, from the configuration before
/// them in the journal. Queries return the results of the configuration in force. So a new
/// configuration hides results, and the former configuration finds them again.
///
/// Of two records with the same key the first one counts: results are deterministic, so the second
/// one is a repetition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    configurations: Vec<ConfigurationRecord>,
    /// The dependencies of the configuration in force.
    dependencies: Dependencies,
    sessions: Vec<SessionRecord>,
    // Nested, so that a look-up needs no copies of the names.
    trainings: BTreeMap<OptimizerName, BTreeMap<(KeyDigest, u32), Outcome<TrainingRun>>>,
    /// The last key is the requested number of steps.
    paths: BTreeMap<EndpointSets, BTreeMap<StoredPathKey, BTreeMap<usize, StoredPath>>>,
    imported: BTreeMap<SetName, BTreeMap<(KeyDigest, u32), Outcome<Snapshot>>>,
    minima: BTreeMap<(KeyDigest, u32), Outcome<MinimizationResult>>,
    /// The values of minima on the data set `test` of a process.
    minima_on_test: BTreeMap<(KeyDigest, u32), f64>,
    /// By name of the stage, then by key; also those of stages that this program does not have.
    tasks: BTreeMap<String, BTreeMap<String, TaskOutcomes>>,
    /// The latest of each digest of all solutions.
    analyses: BTreeMap<KeyDigest, StoredAnalysis>,
    /// Checksums of the files `atlas.h5` that were assembled from these records.
    atlases: BTreeSet<String>,
    retention: Option<Retention>,
}

impl Contents {
    /// Empty contents. Only the training runs that `retention` selects will keep their vectors.
    pub fn holding(retention: Retention) -> Self {
        Self { retention: Some(retention), ..Self::default() }
    }

    /// Adds a record. Returns `false` for a result that is known already.
    pub fn insert(&mut self, record: Record) -> bool {
        match record {
            Record::Configuration(configuration) => {
                self.dependencies = configuration.dependencies();
                self.configurations.push(configuration);
            }
            Record::Session(session) => self.sessions.push(session),
            Record::Training { optimizer, initialization, seconds, outcome } => {
                let key = (self.dependencies.training(optimizer.name()), initialization);
                let runs = self.trainings.entry(optimizer.clone()).or_default();
                let new = insert_first(runs, key, seconds, outcome);
                if new {
                    self.release_vectors(&optimizer, key);
                }
                return new;
            }
            Record::FirstAnalysis { digest, analysis } => {
                let analysis =
                    StoredAnalysis { digest, analysis: analysis.into(), failed: Vec::new() };
                self.analyses.insert(self.dependencies.all_solutions(), analysis);
            }
            Record::Analysis { digest, analysis, failed } => {
                let analysis = StoredAnalysis { digest, analysis, failed };
                self.analyses.insert(self.dependencies.all_solutions(), analysis);
            }
            Record::Imported { set, number, seconds, outcome } => {
                let key = (self.dependencies.import(&set), number);
                return insert_first(self.imported.entry(set).or_default(), key, seconds, outcome);
            }
            Record::Atlas { checksum } => return self.atlases.insert(checksum),
            Record::Minimum { number, seconds, outcome } => {
                let key = (self.dependencies.minima(), number);
                return insert_first(&mut self.minima, key, seconds, outcome);
            }
            Record::MinimumWithTest { number, seconds, minimum, value_on_test } => {
                let key = (self.dependencies.minima(), number);
                let new = insert_first(&mut self.minima, key, seconds, Ok(minimum));
                if new {
                    self.minima_on_test.insert(key, value_on_test);
                }
                return new;
            }
            Record::Task { stage, key, seconds, outcome } => {
                let digest = task_digest(&self.dependencies, &stage, &key);
                let tasks = self.tasks.entry(stage).or_default().entry(key).or_default();
                return insert_first(tasks, digest, seconds, outcome);
            }
            Record::Path { set, landscape, pair, seconds, outcome } => {
                let outcome = Outcome { seconds, result: outcome };
                let path = StoredPath { outcome, track: None };
                return self.insert_path(EndpointSets::within(set), landscape, pair, path);
            }
            Record::PathWithPoints { set, landscape, pair, seconds, path, track } => {
                let outcome = Outcome { seconds, result: Ok(path) };
                let path = StoredPath { outcome, track: Some(track) };
                return self.insert_path(EndpointSets::within(set), landscape, pair, path);
            }
            Record::PathBetween { sets, landscape, pair, seconds, outcome } => {
                let (result, track) = match outcome {
                    Ok((path, track)) => (Ok(path), track),
                    Err(reason) => (Err(reason), None),
                };
                let path = StoredPath { outcome: Outcome { seconds, result }, track };
                return self.insert_path(sets, landscape, pair, path);
            }
            Record::PathWithAccuracy { sets, landscape, pair, seconds, path, accuracy } => {
                let result = Ok(PathResult { accuracy: Some(accuracy), ..path });
                let path = StoredPath { outcome: Outcome { seconds, result }, track: None };
                return self.insert_path(sets, landscape, pair, path);
            }
        }
        true
    }

    fn insert_path(
        &mut self,
        sets: EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
        path: StoredPath,
    ) -> bool {
        let digest = self.dependencies.paths(sets.both(), landscape.name());
        let steps = self.dependencies.steps();
        let paths = self.paths.entry(sets).or_default();
        let of_pair = paths.entry((digest, landscape, pair)).or_default();
        let new = !of_pair.contains_key(&steps);
        of_pair.entry(steps).or_insert(path);
        new
    }

    /// Drops the vectors that are not needed after a new run, perhaps those of the new run.
    fn release_vectors(&mut self, optimizer: &OptimizerName, key: (KeyDigest, u32)) {
        let Some(runs) = self.trainings.get_mut(optimizer) else { return };
        let run = runs.get(&key).and_then(|outcome| outcome.result.as_ref().ok());
        let (digest, number) = key;
        let superfluous = self
            .retention
            .as_mut()
            .zip(run)
            .and_then(|(retention, run)| retention.admit((digest, optimizer), number, run));
        let run = superfluous.and_then(|number| runs.get_mut(&(digest, number)));
        if let Some(outcome) = run {
            drop_vectors(outcome);
        }
    }

    /// Drops the vectors of all solutions that the configuration in force hides.
    pub fn release_hidden_vectors(&mut self) {
        let Self { dependencies, trainings, imported, .. } = self;
        for (optimizer, runs) in trainings {
            let current = dependencies.training(optimizer.name());
            let hidden = runs.iter_mut().filter(|((digest, _), _)| *digest != current);
            hidden.for_each(|(_, outcome)| drop_vectors(outcome));
        }
        for (set, vectors) in imported {
            let current = dependencies.import(set);
            let hidden = vectors.iter_mut().filter(|((digest, _), _)| *digest != current);
            for (_, outcome) in hidden {
                if let Ok(vector) = &mut outcome.result {
                    vector.theta = Vec::new();
                }
            }
        }
    }

    /// The configuration in force: the latest.
    pub fn configuration(&self) -> Option<&ConfigurationRecord> {
        self.configurations.last()
    }

    /// The dependencies of the configuration in force.
    pub fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    /// Shows the results of another configuration.
    pub fn show(&mut self, dependencies: Dependencies) {
        self.dependencies = dependencies;
    }

    /// The digest under which the result of a task is stored.
    pub fn digest_of(&self, task: &TaskKey) -> KeyDigest {
        let known = &self.dependencies;
        match task {
            TaskKey::Training { optimizer, .. } => known.training(optimizer.name()),
            TaskKey::Path { set, landscape, .. } => known.paths([set, set], landscape.name()),
            TaskKey::PathBetween { sets, landscape, .. } => {
                known.paths(sets.both(), landscape.name())
            }
            TaskKey::Task { stage, key } => task_digest(known, stage, key),
            TaskKey::Under { digest, .. } => *digest,
        }
    }

    /// Wall time in s of the results of one configuration that another one would have to compute
    /// anew.
    pub fn seconds_hidden(&self, before: &Dependencies, after: &Dependencies) -> f64 {
        let mut seconds = 0.0;
        for (optimizer, runs) in &self.trainings {
            let [before, after] = [before, after].map(|of| of.training(optimizer.name()));
            let hidden = runs.iter().filter(|((digest, number), _)| {
                *digest == before && !runs.contains_key(&(after, *number))
            });
            seconds += hidden.map(|(_, outcome)| outcome.seconds).sum::<f64>();
        }
        for (&(digest, number), outcome) in &self.minima {
            if digest == before.minima() && !self.minima.contains_key(&(after.minima(), number)) {
                seconds += outcome.seconds;
            }
        }
        for (sets, paths) in &self.paths {
            for (&(digest, landscape, pair), by_steps) in paths {
                let [old, new] = [before, after].map(|of| of.paths(sets.both(), landscape.name()));
                let kept = paths.get(&(new, landscape, pair));
                let there = kept.is_some_and(|paths| for_steps(paths, after.steps()).is_some());
                if digest == old
                    && !there
                    && let Some((_, path)) = for_steps(by_steps, before.steps())
                {
                    seconds += path.outcome.seconds;
                }
            }
        }
        seconds
    }

    /// All configurations, the first of them first; more than one if it was extended.
    pub fn configurations(&self) -> &[ConfigurationRecord] {
        &self.configurations
    }

    /// The starts of the program, in order.
    pub fn sessions(&self) -> &[SessionRecord] {
        &self.sessions
    }

    /// The identity of the run: 32 hexadecimal digits, the beginning of the SHA-256 of the first
    /// configuration and the first session in the journal. It never changes. `None` before the
    /// first session.
    pub fn run_identity(&self) -> Option<String> {
        let first = (self.configurations.first()?, self.sessions.first()?);
        let hash = Sha256::digest(postcard::to_allocvec(&first).ok()?);
        Some(hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether a file `atlas.h5` with this checksum was assembled from these records, or from the
    /// first of them.
    pub fn has_made(&self, atlas_checksum: &str) -> bool {
        self.atlases.contains(atlas_checksum)
    }

    /// The training run of `optimizer` from this initialization, if it has ended.
    pub fn training(
        &self,
        optimizer: &OptimizerName,
        initialization: u32,
    ) -> Option<&Outcome<TrainingRun>> {
        let digest = self.dependencies.training(optimizer.name());
        self.trainings.get(optimizer)?.get(&(digest, initialization))
    }

    /// The training runs of `optimizer` that have ended, by ascending number of the initialization.
    pub fn trainings(
        &self,
        optimizer: &OptimizerName,
    ) -> impl Iterator<Item = (u32, &Outcome<TrainingRun>)> + use<'_> {
        let digest = self.dependencies.training(optimizer.name());
        let runs = self.trainings.get(optimizer).into_iter();
        let runs = runs.flat_map(move |runs| runs.range((digest, 0)..=(digest, u32::MAX)));
        runs.map(|(&(_, initialization), outcome)| (initialization, outcome))
    }

    fn stored_path(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<&StoredPath> {
        let paths = self.paths_of(sets, landscape, pair)?;
        for_steps(paths, self.dependencies.steps()).map(|(_, path)| path)
    }

    /// The paths of this pair by the requested number of steps.
    fn paths_of(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<&BTreeMap<usize, StoredPath>> {
        let digest = self.dependencies.paths(sets.both(), landscape.name());
        self.paths.get(sets)?.get(&(digest, landscape, pair))
    }

    /// The path of this pair in this direction, if its search has ended.
    pub fn path(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<&Outcome<PathResult>> {
        Some(&self.stored_path(sets, landscape, pair)?.outcome)
    }

    /// The requested number of steps of the path of this pair under another configuration, if its
    /// search has ended.
    pub fn steps_asked(
        &self,
        dependencies: &Dependencies,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<usize> {
        let key = (dependencies.paths(sets.both(), landscape.name()), landscape, pair);
        let (asked, _) = for_steps(self.paths.get(sets)?.get(&key)?, dependencies.steps())?;
        Some(asked)
    }

    /// The steps of the longest path of this pair that took all of its steps, if they are fewer
    /// than requested.
    pub fn shorter_path(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<usize> {
        let shorter = self.paths_of(sets, landscape, pair)?.range(..self.dependencies.steps());
        let mut shorter = shorter.rev();
        shorter.find(|(_, path)| path.is_completed()).map(|(&steps, _)| steps)
    }

    /// The largest number of steps of a path of this pair, if it is larger than requested.
    pub fn longer_path(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<usize> {
        let longer = self.paths_of(sets, landscape, pair)?.range(self.dependencies.steps() + 1..);
        let mut longer = longer.rev();
        longer.find(|(_, path)| path.outcome.result.is_ok()).map(|(&steps, _)| steps)
    }

    /// The points of the path of this pair, if they were kept: on an analytic landscape of few
    /// dimensions, by versions after 0.1.0.
    pub fn track(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<&Track> {
        self.stored_path(sets, landscape, pair)?.track.as_ref()
    }

    /// The paths between the vectors of these sets on a landscape whose search has ended, by
    /// ascending pair.
    pub fn paths(
        &self,
        sets: &EndpointSets,
        landscape: LandscapeName,
    ) -> impl Iterator<Item = ((u32, u32), &Outcome<PathResult>)> {
        let digest = self.dependencies.paths(sets.both(), landscape.name());
        let keys = (digest, landscape, (0, 0))..=(digest, landscape, (u32::MAX, u32::MAX));
        let paths = self.paths.get(sets).into_iter();
        let steps = self.dependencies.steps();
        paths.flat_map(move |paths| paths.range(keys.clone())).filter_map(
            move |(&(_, _, pair), by_steps)| Some((pair, &for_steps(by_steps, steps)?.1.outcome)),
        )
    }

    /// Vector `number` of an imported set, if it has been evaluated.
    pub fn imported(&self, set: &SetName, number: u32) -> Option<&Outcome<Snapshot>> {
        self.imported.get(set)?.get(&(self.dependencies.import(set), number))
    }

    /// The minimization from this start, if it has ended.
    pub fn minimum(&self, number: u32) -> Option<&Outcome<MinimizationResult>> {
        self.minima.get(&(self.dependencies.minima(), number))
    }

    fn stored_task(&self, stage: &str, key: &str) -> Option<&Outcome<Vec<u8>>> {
        let digest = task_digest(&self.dependencies, stage, key);
        self.tasks.get(stage)?.get(key)?.get(&digest)
    }

    /// Its value on the data set `test` of a process, if there is one.
    pub fn minimum_on_test(&self, number: u32) -> Option<f64> {
        self.minima_on_test.get(&(self.dependencies.minima(), number)).copied()
    }

    /// The task of this stage with this key, decoded, if it has ended. A result in the encoding of
    /// another version of the stage counts as a failure with this reason.
    pub fn task<T: DeserializeOwned>(&self, stage: &str, key: &str) -> Option<Outcome<T>> {
        self.stored_task(stage, key).map(decode)
    }

    /// Whether the task of this stage with this key has a result, or why it failed. `None` if it
    /// has not ended. The result is not decoded.
    pub fn task_ended(&self, stage: &str, key: &str) -> Option<Result<(), &str>> {
        let outcome = self.stored_task(stage, key)?;
        Some(outcome.result.as_ref().map(|_| ()).map_err(String::as_str))
    }

    /// The tasks of this stage that have ended, by ascending key, decoded as by [`Self::task`].
    pub fn tasks<T: DeserializeOwned>(
        &self,
        stage: &str,
    ) -> impl Iterator<Item = (&str, Outcome<T>)> {
        let keys = self.tasks.get(stage).into_iter().flat_map(BTreeMap::keys);
        let found = keys.filter_map(move |key| {
            let digest = task_digest(&self.dependencies, stage, key);
            Some((key.as_str(), self.tasks.get(stage)?.get(key)?.get(&digest)?))
        });
        found.map(|(key, outcome)| (key, decode(outcome))).collect::<Vec<_>>().into_iter()
    }

    /// Number of the tasks of this stage that have ended.
    pub fn ended_tasks(&self, stage: &str) -> usize {
        let keys = self.tasks.get(stage).into_iter().flat_map(BTreeMap::keys);
        keys.filter(|key| self.has_task(stage, key)).count()
    }

    /// Whether the task of this stage with this key has ended.
    pub fn has_task(&self, stage: &str, key: &str) -> bool {
        self.stored_task(stage, key).is_some()
    }

    /// The latest analysis of these solutions.
    pub fn analysis(&self) -> Option<&StoredAnalysis> {
        self.analyses.get(&self.dependencies.all_solutions())
    }

    /// The sets of the endpoints of all paths, by name.
    pub fn path_sets(&self) -> impl Iterator<Item = &EndpointSets> {
        self.paths.keys()
    }
}

impl StoredPath {
    /// Whether it took all of its steps.
    fn is_completed(&self) -> bool {
        self.outcome.result.as_ref().is_ok_and(|path| path.stop == PathStop::Completed)
    }

    /// Whether it ended early, before both numbers of steps, so that it is the same for both.
    fn ended_before(&self, asked: usize, steps: usize) -> bool {
        let stop = self.outcome.result.as_ref().map(|path| &path.stop);
        match stop {
            Ok(
                &(PathStop::Converged { step }
                | PathStop::NotFinite { step }
                | PathStop::AtEndpoint { step }),
            ) => (step as usize) < asked.min(steps),
            _ => false,
        }
    }
}

/// The path of this number of steps among those of a pair, with the requested number.
fn for_steps(paths: &BTreeMap<usize, StoredPath>, steps: usize) -> Option<(usize, &StoredPath)> {
    let ended = || paths.iter().find(|(asked, path)| path.ended_before(**asked, steps));
    paths.get_key_value(&steps).or_else(ended).map(|(&asked, path)| (asked, path))
}

fn task_digest(dependencies: &Dependencies, stage: &str, key: &str) -> KeyDigest {
    if stage == COMMANDS {
        return KeyDigest::default();
    }
    let (solutions, section) = stage::task_origin(stage, key);
    dependencies.task(solutions_digest(dependencies, &solutions), section)
}

fn solutions_digest(dependencies: &Dependencies, solutions: &TaskSolutions) -> KeyDigest {
    match solutions {
        TaskSolutions::All => dependencies.all_solutions(),
        TaskSolutions::Trained(optimizer) => dependencies.training(optimizer),
        TaskSolutions::Sets(sets) => {
            let digests: Vec<_> = sets.iter().map(|set| dependencies.solutions(set)).collect();
            KeyDigest::join(&digests)
        }
        TaskSolutions::Paths(sets, landscape) => dependencies.found_paths(sets.both(), landscape),
        TaskSolutions::Endpoints(sets, landscape) => dependencies.endpoints(sets.both(), landscape),
        TaskSolutions::Several(parts) => {
            let digests: Vec<_> =
                parts.iter().map(|part| solutions_digest(dependencies, part)).collect();
            KeyDigest::join(&digests)
        }
    }
}

fn drop_vectors(outcome: &mut Outcome<TrainingRun>) {
    if let Ok(run) = &mut outcome.result {
        (run.train.theta, run.test.theta) = (Vec::new(), Vec::new());
    }
}

/// All bytes must belong to the result, because a shorter type would accept the beginning of a
/// longer one.
fn decode<T: DeserializeOwned>(outcome: &Outcome<Vec<u8>>) -> Outcome<T> {
    let decoded = outcome.result.as_ref().map_err(Clone::clone).and_then(|bytes| {
        match postcard::take_from_bytes(bytes) {
            Ok((result, [])) => Ok(result),
            Ok((_, rest)) => {
                Err(format!("the stored result cannot be read: {} bytes too many", rest.len()))
            }
            Err(error) => Err(format!("the stored result cannot be read: {error}")),
        }
    });
    Outcome { seconds: outcome.seconds, result: decoded }
}

fn insert_first<K: Ord, T>(
    map: &mut BTreeMap<K, Outcome<T>>,
    key: K,
    seconds: f64,
    result: Result<T, String>,
) -> bool {
    let mut new = false;
    map.entry(key).or_insert_with(|| {
        new = true;
        Outcome { seconds, result }
    });
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training(optimizer: OptimizerName, initialization: u32, reason: &str) -> Record {
        Record::Training {
            optimizer,
            initialization,
            seconds: 1.0,
            outcome: Err(reason.to_owned()),
        }
    }

    fn path(set: &str, landscape: LandscapeName, pair: (u32, u32)) -> Record {
        let set = SetName::parse(set).expect("a valid name");
        Record::Path { set, landscape, pair, seconds: 1.0, outcome: Err(String::new()) }
    }

    #[test]
    fn the_first_record_of_a_task_stays_and_is_decoded_as_its_stage_asks() {
        let mut contents = Contents::default();
        let task =
            |stage: &str, key: &str, numbers: Vec<f64>| Record::task(stage, key, 2.0, Ok(numbers));
        assert!(contents.insert(task("trajectory", "sgd 1", vec![0.1, -0.0])));
        assert!(!contents.insert(task("trajectory", "sgd 1", vec![7.0])));
        assert!(contents.insert(task("trajectory", "sgd 0", Vec::new())));
        assert!(contents.insert(task("of a later version", "sgd 1", vec![3.0])));
        assert!(contents.insert(Record::task(
            "trajectory",
            "lbfgs 0",
            1.0,
            Err::<(), _>("no memory".to_owned())
        )));
        let first: Option<Outcome<Vec<f64>>> = contents.task("trajectory", "sgd 1");
        assert_eq!(first, Some(Outcome { seconds: 2.0, result: Ok(vec![0.1, -0.0]) }));
        assert_eq!(contents.task::<Vec<f64>>("trajectory", "sgd 2"), None);
        assert_eq!(contents.task::<Vec<f64>>("paths", "sgd 1"), None);
        let failed = contents.task::<Vec<f64>>("trajectory", "lbfgs 0").expect("it has ended");
        assert_eq!(failed.result, Err("no memory".to_owned()));
        let keys: Vec<_> =
            contents.tasks::<Vec<f64>>("trajectory").map(|(key, _)| key.to_owned()).collect();
        assert_eq!(keys, ["lbfgs 0", "sgd 0", "sgd 1"]);
        assert!(
            contents.has_task("of a later version", "sgd 1")
                && !contents.has_task("paths", "sgd 1")
        );
    }

    #[test]
    fn a_result_of_another_type_is_a_failure_that_says_so() {
        let mut contents = Contents::default();
        contents.insert(Record::task("trajectory", "sgd 1", 2.0, Ok((1u8, 2u8))));
        let short = contents.task::<u8>("trajectory", "sgd 1").expect("it has ended").result;
        assert_eq!(short, Err("the stored result cannot be read: 1 bytes too many".to_owned()));
        let long =
            contents.task::<(u8, u8, f64)>("trajectory", "sgd 1").expect("it has ended").result;
        assert!(long.expect_err("too short").starts_with("the stored result cannot be read: "));
    }

    #[test]
    fn the_first_of_two_records_with_one_key_stays() {
        let mut contents = Contents::default();
        assert!(contents.insert(training(OptimizerName::sgd(), 3, "first")));
        assert!(!contents.insert(training(OptimizerName::sgd(), 3, "second")));
        let reason = contents
            .training(&OptimizerName::sgd(), 3)
            .and_then(|outcome| outcome.result.as_ref().err());
        assert_eq!(reason.map(String::as_str), Some("first"));
    }

    #[test]
    fn methods_sets_landscapes_and_directions_are_kept_apart() {
        let mut contents = Contents::default();
        for (optimizer, number) in [
            (OptimizerName::lbfgs(), 0),
            (OptimizerName::sgd(), u32::MAX),
            (OptimizerName::sgd(), 0),
        ] {
            contents.insert(training(optimizer, number, ""));
        }
        let numbers = |optimizer: &OptimizerName| {
            contents.trainings(optimizer).map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&OptimizerName::sgd()), [0, u32::MAX]);
        assert_eq!(numbers(&OptimizerName::lbfgs()), [0]);

        for (set, landscape, pair) in [
            ("sgd/train", LandscapeName::Train, (1, 2)),
            ("sgd/train", LandscapeName::Test, (1, 2)),
            ("sgd/train", LandscapeName::Train, (2, 1)),
            ("sgd/test", LandscapeName::Train, (7, 8)),
        ] {
            assert!(contents.insert(path(set, landscape, pair)));
        }
        let pairs = |set: &str, landscape| {
            let set = EndpointSets::within(SetName::parse(set).expect("a valid name"));
            contents.paths(&set, landscape).map(|(pair, _)| pair).collect::<Vec<_>>()
        };
        assert_eq!(pairs("sgd/train", LandscapeName::Train), [(1, 2), (2, 1)]);
        assert_eq!(pairs("sgd/train", LandscapeName::Test), [(1, 2)]);
        assert_eq!(pairs("sgd/test", LandscapeName::Test), []);
        assert_eq!(pairs("other/set", LandscapeName::Train), []);
    }

    fn configuration(keys: &[(&str, &str)]) -> Record {
        let effective = keys.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Record::Configuration(ConfigurationRecord {
            effective: effective.collect(),
            text: String::new(),
            overrides: Vec::new(),
            version: String::new(),
            dataset_name: String::new(),
            dataset_checksum: String::new(),
        })
    }

    #[test]
    fn results_belong_to_the_configuration_before_them() {
        let keys = |lambda, rate| {
            [
                ("seed", "1"),
                ("paths.steps", "3"),
                ("paths.lambda", lambda),
                ("training.sgd.learning_rate", rate),
            ]
        };
        let mut contents = Contents::default();
        let sets = EndpointSets::within(SetName::parse("sgd/train").expect("a valid name"));
        let (on, pair) = (LandscapeName::Train, (1, 2));
        contents.insert(configuration(&keys("1e-4", "0.1")));
        assert!(contents.insert(training(OptimizerName::sgd(), 3, "first")));
        assert!(contents.insert(path("sgd/train", on, pair)));
        let before = contents.dependencies().clone();

        contents.insert(configuration(&keys("0.5", "0.1")));
        assert!(contents.path(&sets, on, pair).is_none());
        assert!(contents.training(&OptimizerName::sgd(), 3).is_some(), "no key of it has changed");
        assert!(
            contents.insert(path("sgd/train", on, pair)) && contents.paths(&sets, on).count() == 1
        );

        contents.insert(configuration(&keys("0.5", "0.2")));
        assert!(contents.training(&OptimizerName::sgd(), 3).is_none());
        assert!(contents.path(&sets, on, pair).is_none(), "its ends are others");
        let hidden = contents.seconds_hidden(&before, contents.dependencies());
        assert_eq!(hidden.to_bits(), 2f64.to_bits(), "a training run and a path");

        contents.insert(configuration(&keys("1e-4", "0.1")));
        assert!(contents.path(&sets, on, pair).is_some(), "going back");
        assert!(!contents.insert(path("sgd/train", on, pair)));
        assert!(contents.training(&OptimizerName::sgd(), 3).is_some());
    }

    #[test]
    fn paths_that_ended_by_themselves_do_not_depend_on_the_steps_asked_for() {
        let result = |stop: PathStop| PathResult {
            loss: vec![0.0; 3],
            straight_loss: vec![0.0; 3],
            barrier: 0.0,
            fine_barrier: 0.0,
            straight_barrier: 0.0,
            length: 1.0,
            length_straight: 1.0,
            steps: 30,
            best_step: 1,
            stop,
            accuracy: None,
        };
        let set = SetName::parse("sgd/train").expect("a valid name");
        let (sets, on, pair) = (EndpointSets::within(set.clone()), LandscapeName::Train, (1, 2));
        let found = |stop: &PathStop, steps: &str| {
            let mut contents = Contents::default();
            contents.insert(configuration(&[("paths.steps", "30")]));
            let outcome = Ok(result(stop.clone()));
            let set = set.clone();
            contents.insert(Record::Path { set, landscape: on, pair, seconds: 1.0, outcome });
            contents.insert(configuration(&[("paths.steps", steps)]));
            let there = contents.path(&sets, on, pair).is_some();
            (there, contents.shorter_path(&sets, on, pair))
        };
        for (stop, steps, expected) in [
            (PathStop::Completed, "30", (true, None)),
            (PathStop::Completed, "60", (false, Some(30))),
            (PathStop::Completed, "20", (false, None)),
            (PathStop::Converged { step: 25 }, "60", (true, None)),
            (PathStop::Converged { step: 25 }, "26", (true, None)),
            (PathStop::Converged { step: 25 }, "25", (false, None)),
            (PathStop::NotFinite { step: 25 }, "60", (true, None)),
            // In the evaluation after the last step. A longer search evaluates this point in
            // another way.
            (PathStop::NotFinite { step: 30 }, "60", (false, None)),
        ] {
            assert_eq!(found(&stop, steps), expected, "{stop:?} and then {steps}");
        }
    }

    #[test]
    fn the_latest_configuration_is_in_force() {
        let stored = |text: &str| ConfigurationRecord {
            effective: BTreeMap::new(),
            text: text.to_owned(),
            overrides: Vec::new(),
            version: String::new(),
            dataset_name: String::new(),
            dataset_checksum: String::new(),
        };
        let mut contents = Contents::default();
        assert_eq!(contents.configuration(), None);
        contents.insert(Record::Configuration(stored("first")));
        contents.insert(Record::Configuration(stored("extended")));
        assert_eq!(contents.configuration(), Some(&stored("extended")));
        assert_eq!(contents.configurations().len(), 2);
    }
}
