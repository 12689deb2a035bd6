//! The records of a journal, indexed.

use super::record::{ConfigurationRecord, Record, SessionRecord};
use super::retention::Retention;
use crate::analysis::statistics::{Analysis, FailedPart};
use crate::optimizer::minimize::MinimizationResult;
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun};
use crate::path::{PathResult, Track};
use crate::solutions::{LandscapeName, SetName};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What a training run or a path computation came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<T> {
    /// Wall time in s.
    pub seconds: f64,
    /// The result, or why there is none.
    pub result: Result<T, String>,
}

/// An analysis as far as it could be computed.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnalysis {
    /// Tells it from an analysis of other sets or with other settings.
    pub digest: String,
    /// The parts that were computed.
    pub analysis: Analysis,
    /// The others, with their reasons.
    pub failed: Vec<FailedPart>,
}

type PathKey = (LandscapeName, (u32, u32));

/// All that is known, by key.
///
/// Of two records with one key the first stays: results are deterministic, so a second one can only
/// repeat it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    configurations: Vec<ConfigurationRecord>,
    sessions: Vec<SessionRecord>,
    // Nested, so that a look-up by a borrowed name needs no copy of it.
    trainings: BTreeMap<OptimizerName, BTreeMap<u32, Outcome<TrainingRun>>>,
    paths: BTreeMap<SetName, BTreeMap<PathKey, Outcome<PathResult>>>,
    /// The points of paths of analytic landscapes of few dimensions.
    tracks: BTreeMap<SetName, BTreeMap<PathKey, Track>>,
    imported: BTreeMap<SetName, BTreeMap<u32, Outcome<Snapshot>>>,
    minima: BTreeMap<u32, Outcome<MinimizationResult>>,
    /// The values of minima on the data set `test` of a process.
    minima_on_test: BTreeMap<u32, f64>,
    /// By name of the stage, then by key; also those of stages that this program does not have.
    tasks: BTreeMap<String, BTreeMap<String, Outcome<Vec<u8>>>>,
    analysis: Option<StoredAnalysis>,
    /// Checksums of the files `atlas.h5` that were assembled from these records.
    atlases: BTreeSet<String>,
    retention: Option<Retention>,
}

impl Contents {
    /// Nothing yet; of the training runs only some will hold their vectors, those of the others are
    /// empty.
    pub fn holding(retention: Retention) -> Self {
        Self { retention: Some(retention), ..Self::default() }
    }

    /// Adds a record. Returns whether it is new, that is, not a training run or path already known.
    pub fn insert(&mut self, record: Record) -> bool {
        match record {
            Record::Configuration(configuration) => self.configurations.push(configuration),
            Record::Session(session) => self.sessions.push(session),
            Record::Training { optimizer, initialization, seconds, outcome } => {
                let runs = self.trainings.entry(optimizer.clone()).or_default();
                let new = insert_first(runs, initialization, seconds, outcome);
                if new {
                    self.release_vectors(&optimizer, initialization);
                }
                return new;
            }
            Record::FirstAnalysis { digest, analysis } => {
                self.analysis =
                    Some(StoredAnalysis { digest, analysis: analysis.into(), failed: Vec::new() });
            }
            Record::Analysis { digest, analysis, failed } => {
                self.analysis = Some(StoredAnalysis { digest, analysis, failed });
            }
            Record::Imported { set, number, seconds, outcome } => {
                return insert_first(
                    self.imported.entry(set).or_default(),
                    number,
                    seconds,
                    outcome,
                );
            }
            Record::Atlas { checksum } => return self.atlases.insert(checksum),
            Record::Minimum { number, seconds, outcome } => {
                return insert_first(&mut self.minima, number, seconds, outcome);
            }
            Record::MinimumWithTest { number, seconds, minimum, value_on_test } => {
                let new = insert_first(&mut self.minima, number, seconds, Ok(minimum));
                if new {
                    self.minima_on_test.insert(number, value_on_test);
                }
                return new;
            }
            Record::Task { stage, key, seconds, outcome } => {
                return insert_first(self.tasks.entry(stage).or_default(), key, seconds, outcome);
            }
            Record::Path { set, landscape, pair, seconds, outcome } => {
                return insert_first(
                    self.paths.entry(set).or_default(),
                    (landscape, pair),
                    seconds,
                    outcome,
                );
            }
            Record::PathWithPoints { set, landscape, pair, seconds, path, track } => {
                let paths = self.paths.entry(set.clone()).or_default();
                let new = insert_first(paths, (landscape, pair), seconds, Ok(path));
                if new {
                    self.tracks.entry(set).or_default().insert((landscape, pair), track);
                }
                return new;
            }
        }
        true
    }

    /// Lets go of the vectors that a new run makes superfluous, perhaps its own.
    fn release_vectors(&mut self, optimizer: &OptimizerName, initialization: u32) {
        let Some(runs) = self.trainings.get_mut(optimizer) else { return };
        let run = runs.get(&initialization).and_then(|outcome| outcome.result.as_ref().ok());
        let superfluous = self
            .retention
            .as_mut()
            .zip(run)
            .and_then(|(retention, run)| retention.admit(optimizer, initialization, run));
        let run = superfluous.and_then(|number| runs.get_mut(&number));
        if let Some(Outcome { result: Ok(run), .. }) = run {
            (run.train.theta, run.test.theta) = (Vec::new(), Vec::new());
        }
    }

    /// The configuration in force: the latest.
    pub fn configuration(&self) -> Option<&ConfigurationRecord> {
        self.configurations.last()
    }

    /// All configurations, the first of them first; more than one if it was extended.
    pub fn configurations(&self) -> &[ConfigurationRecord] {
        &self.configurations
    }

    /// The starts of the program, in order.
    pub fn sessions(&self) -> &[SessionRecord] {
        &self.sessions
    }

    /// What tells the run of this directory from others: 32 hexadecimal digits, the beginning of
    /// the SHA-256 of the first configuration and the first session as the journal holds them. It
    /// exists as soon as they do and never changes.
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
        self.trainings.get(optimizer)?.get(&initialization)
    }

    /// The training runs of `optimizer` that have ended, by ascending number of the initialization.
    pub fn trainings(
        &self,
        optimizer: &OptimizerName,
    ) -> impl Iterator<Item = (u32, &Outcome<TrainingRun>)> + use<'_> {
        let runs = self.trainings.get(optimizer).into_iter().flatten();
        runs.map(|(&initialization, outcome)| (initialization, outcome))
    }

    /// The path of this pair, direction included, if its computation has ended.
    pub fn path(
        &self,
        set: &SetName,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<&Outcome<PathResult>> {
        self.paths.get(set)?.get(&(landscape, pair))
    }

    /// The points of the path of this pair, if they were kept: on an analytic landscape of few
    /// dimensions, and not by version 0.1.0.
    pub fn track(
        &self,
        set: &SetName,
        landscape: LandscapeName,
        pair: (u32, u32),
    ) -> Option<&Track> {
        self.tracks.get(set)?.get(&(landscape, pair))
    }

    /// The paths of a set on a landscape whose computation has ended, by ascending pair.
    pub fn paths(
        &self,
        set: &SetName,
        landscape: LandscapeName,
    ) -> impl Iterator<Item = ((u32, u32), &Outcome<PathResult>)> {
        let keys = (landscape, (0, 0))..=(landscape, (u32::MAX, u32::MAX));
        self.paths
            .get(set)
            .into_iter()
            .flat_map(move |paths| paths.range(keys.clone()))
            .map(|(&(_, pair), outcome)| (pair, outcome))
    }

    /// Vector `number` of an imported set, if it has been evaluated.
    pub fn imported(&self, set: &SetName, number: u32) -> Option<&Outcome<Snapshot>> {
        self.imported.get(set)?.get(&number)
    }

    /// The minimization from this start, if it has ended.
    pub fn minimum(&self, number: u32) -> Option<&Outcome<MinimizationResult>> {
        self.minima.get(&number)
    }

    /// Its value on the data set `test` of a process, if there is one.
    pub fn minimum_on_test(&self, number: u32) -> Option<f64> {
        self.minima_on_test.get(&number).copied()
    }

    /// The task of this stage with this key, decoded, if it has ended. A result that another
    /// version of the stage has encoded differently counts as a failure that says so.
    pub fn task<T: DeserializeOwned>(&self, stage: &str, key: &str) -> Option<Outcome<T>> {
        self.tasks.get(stage)?.get(key).map(decode)
    }

    /// Whether the task of this stage with this key has a result or failed, and why; `None` if it
    /// has not ended. The result itself is not decoded.
    pub fn task_ended(&self, stage: &str, key: &str) -> Option<Result<(), &str>> {
        let outcome = self.tasks.get(stage)?.get(key)?;
        Some(outcome.result.as_ref().map(|_| ()).map_err(String::as_str))
    }

    /// The tasks of this stage that have ended, by ascending key, decoded as by [`Self::task`].
    pub fn tasks<T: DeserializeOwned>(
        &self,
        stage: &str,
    ) -> impl Iterator<Item = (&str, Outcome<T>)> {
        let tasks = self.tasks.get(stage).into_iter().flatten();
        tasks.map(|(key, outcome)| (key.as_str(), decode(outcome)))
    }

    /// Whether the task of this stage with this key has ended.
    pub fn has_task(&self, stage: &str, key: &str) -> bool {
        self.tasks.get(stage).is_some_and(|tasks| tasks.contains_key(key))
    }

    /// The latest analysis.
    pub fn analysis(&self) -> Option<&StoredAnalysis> {
        self.analysis.as_ref()
    }

    /// The sets that have paths, by name.
    pub fn path_sets(&self) -> impl Iterator<Item = &SetName> {
        self.paths.keys()
    }
}

/// All bytes must belong to the result: a shorter type would read the beginning of a longer one.
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
            let set = SetName::parse(set).expect("a valid name");
            contents.paths(&set, landscape).map(|(pair, _)| pair).collect::<Vec<_>>()
        };
        assert_eq!(pairs("sgd/train", LandscapeName::Train), [(1, 2), (2, 1)]);
        assert_eq!(pairs("sgd/train", LandscapeName::Test), [(1, 2)]);
        assert_eq!(pairs("sgd/test", LandscapeName::Test), []);
        assert_eq!(pairs("other/set", LandscapeName::Train), []);
    }

    #[test]
    fn the_latest_configuration_is_in_force() {
        let configuration = |text: &str| ConfigurationRecord {
            effective: BTreeMap::new(),
            text: text.to_owned(),
            overrides: Vec::new(),
            version: String::new(),
            dataset_name: String::new(),
            dataset_checksum: String::new(),
        };
        let mut contents = Contents::default();
        assert_eq!(contents.configuration(), None);
        contents.insert(Record::Configuration(configuration("first")));
        contents.insert(Record::Configuration(configuration("extended")));
        assert_eq!(contents.configuration(), Some(&configuration("extended")));
        assert_eq!(contents.configurations().len(), 2);
    }
}
