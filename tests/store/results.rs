//! Results of every kind and outcome.

use lossatlas::analysis::kernel_pca::Kernel;
use lossatlas::analysis::statistics::{
    Analysis, AnalysisPart, DistanceResult, FailedPart, KernelPcaResult, Moments,
};
use lossatlas::config::Config;
use lossatlas::engine::curves::{KeptCurves, PathPlace};
use lossatlas::engine::results::Results as RunResults;
use lossatlas::engine::stages::refinement::{RefineFrom, RefinedPath};
use lossatlas::engine::store::atlas::{Atlas, AtlasError, Curves, Provenance};
use lossatlas::engine::store::{
    ConfigurationRecord, Contents, CurveFiles, CurveNumbers, KeptPrecision, PathStates, Record,
    write_atlas,
};
use lossatlas::network::{Exchange, SignedPermutation, Tensor};
use lossatlas::optimizer::{
    MinimizationResult, MinimizationStop, OptimizerName, Snapshot, TrainingRun, TrainingStop,
};
use lossatlas::path::refine::{
    Certificate, Condition, Destination, Eigenvalue, EvaluationCounts, HeightAfter, KnownGraph,
    Side, Verdict,
};
use lossatlas::path::{AccuracyProfiles, PathResult, PathSet, PathStop, Track};
use lossatlas::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet, select};
use ndarray::{Array2, array};
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::TempDir;

/// A NaN whose bits are not those of `f64::NAN`, to see that bits and not just values arrive.
pub fn odd_nan() -> f64 {
    f64::from_bits(0x7ff8_0000_dead_beef)
}

pub fn name(name: &str) -> SetName {
    SetName::parse(name).expect("a valid name")
}

fn run(first: f32, curve: &[f64], stop: TrainingStop) -> TrainingRun {
    let snapshot = |epoch, sign: f32| Snapshot {
        epoch,
        theta: (0..8).map(|component| sign * (first + component as f32 / 3.0)).collect(),
        loss_train: curve[curve.len() - 1],
        loss_test: odd_nan(),
        accuracy_train: 1.0 / 3.0,
        accuracy_test: -0.0,
    };
    let curve_test = curve.iter().map(|loss| loss * 1.1).collect();
    TrainingRun {
        train: snapshot(2, 1.0),
        test: snapshot(1, -1.0),
        curve_train: curve.to_vec(),
        curve_test,
        memory_dropped: 4,
        stop,
    }
}

pub fn path(loss: [f64; 3], stop: PathStop) -> PathResult {
    PathResult {
        loss: loss.to_vec(),
        straight_loss: loss.map(|loss| loss + 1.0).to_vec(),
        barrier: loss[1],
        fine_barrier: loss[1] + 0.125,
        straight_barrier: loss[1] + 1.0,
        length: 4.5,
        length_straight: 4.0,
        steps: 100,
        best_step: 42,
        stop,
        accuracy: None,
    }
}

/// Results of every kind and outcome; what borrows from them is in [`Results::atlas`].
pub struct Results {
    pub layout: Vec<Tensor>,
    pub runs: Vec<TrainingRun>,
    pub sets: Vec<SolutionSet>,
    pub paths: Vec<PathSet>,
    /// The points of the paths of the first set that have some.
    pub tracks: [Track; 2],
    pub analysis: Analysis,
    pub failed_parts: Vec<FailedPart>,
    pub configuration: String,
    contents: Contents,
    config: Config,
    curves: KeptFiles,
}

/// The curves that a run directory keeps: that of the first path, and a damaged one of the third.
struct KeptFiles {
    root: TempDir,
    states: PathStates,
}

impl KeptFiles {
    fn new(config: &Config, contents: &Contents) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let states = PathStates::list(root.path()).expect("a directory without states");
        let files = CurveFiles::of(root.path());
        let kept = KeptCurves { paths: &config.paths, contents, files: &files, states: &states };
        let sets = EndpointSets::within(name("sgd/train"));
        for pair in [(7, 3), (7, 7)] {
            let place = PathPlace { sets: &sets, landscape: LandscapeName::Train, pair };
            let (path, steps) = kept.place(place).expect("a path that was found");
            files.save(&path, steps, &f32::keep(curve())).expect("space for a small file");
            if pair == (7, 7) {
                let file = root.path().join(format!("curves/{path}.{steps}.curve"));
                std::fs::write(file, "damaged").expect("a file of this test");
            }
        }
        Self { root, states }
    }
}

/// Endpoints, and the coefficients of two terms.
pub fn curve() -> CurveNumbers<f32> {
    let numbers = |from: f32, count: u8| (0..count).map(|i| from - f32::from(i) / 7.0).collect();
    CurveNumbers { endpoints: [numbers(1.0, 8), numbers(-2.0, 8)], free: numbers(0.125, 16) }
}

impl Results {
    pub fn new() -> Self {
        let runs = vec![
            run(0.5, &[2.5, 0.75, 0.1 + 0.2], TrainingStop::Completed),
            run(f32::MIN_POSITIVE / 4.0, &[2.5, 0.25], TrainingStop::Stationary { iteration: 1 }),
            run(9.0, &[2.5, f64::INFINITY], TrainingStop::Diverged { epoch: 1 }),
        ];
        let solutions = [(7, &runs[0]), (3, &runs[1])];
        let mut sets: Vec<SolutionSet> = select(&OptimizerName::sgd(), &solutions, 2).into();
        sets.extend(select(&OptimizerName::lbfgs(), &[], 2));
        let imported = SolutionSet { name: name("torch/final.1"), ..sets[0].clone() };
        sets.push(imported);
        let config = Config::parse("x", CONFIGURATION, &[]).expect("a valid configuration");
        let contents = tasks();
        Self {
            curves: KeptFiles::new(&config, &contents),
            layout: vec![
                Tensor { name: "layer.weight".into(), shape: vec![2, 3], offset: 0, bound: 0.5 },
                Tensor { name: "layer.bias".into(), shape: vec![2], offset: 6, bound: 0.5 },
            ],
            runs,
            sets,
            paths: paths(),
            tracks: [0.0, 1.0].map(track),
            failed_parts: vec![FailedPart {
                part: AnalysisPart::KernelPca("steep".into()),
                reason: "|θ| is too large".into(),
            }],
            analysis: Analysis {
                kernel_pca: vec![KernelPcaResult {
                    name: "rbf union".into(),
                    kernel: Kernel::Rbf { two_sigma_squared: 8.0 },
                    standardized: true,
                    eigenvalues: vec![0.5, 0.25, -1e-17],
                    explained: vec![2.0 / 3.0, 1.0 / 3.0, 0.0],
                    negative_share: 0.125,
                    // Columns first in memory: what is written is the array, not its memory.
                    projection: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].reversed_axes(),
                    set: vec![0, 0, 1],
                    sets: vec![name("sgd/train"), name("torch/final.1")],
                    initialization: vec![3, 7, 0],
                }],
                moments: vec![(
                    name("sgd/train"),
                    Moments { mean: -1.44e-3, standard_deviation: 0.139, count: 16 },
                )],
                distances: vec![DistanceResult {
                    name: "train".into(),
                    sets: [name("sgd/train"), name("lbfgs/train")],
                    distances: [vec![1.5, 2.5], Vec::new()],
                    centroid_to_origin: 0.25,
                    centroid_distance: 0.5,
                }],
            },
            // Longer than the 64 KiB that HDF5 allows other attributes.
            configuration: format!("seed = 1 # µ\n{}", "# a long comment\n".repeat(10_000)),
            contents,
            config,
        }
    }

    /// The stages that read their own tasks find none here.
    pub fn run_results(&self) -> RunResults<'_> {
        RunResults { config: &self.config, contents: &self.contents }
    }

    /// Of a configuration without training runs, and without any task.
    pub fn without_tasks() -> Self {
        let landscape = "seed = 1\n[landscape]\nkind = \"two-wells\"\n";
        Self {
            contents: Contents::default(),
            config: Config::parse("x", landscape, &[]).expect("a valid configuration"),
            ..Self::new()
        }
    }

    fn curves(&self) -> [Curves<'_>; 2] {
        let [done, stationary, diverged] = &self.runs[..] else { unreachable!("three runs") };
        let sgd = vec![
            Some(Ok(stationary)),
            Some(Ok(done)),
            Some(Ok(diverged)),
            Some(Err("no\0memory")),
            None,
        ];
        [
            Curves { optimizer: OptimizerName::sgd(), epochs: 2, runs: sgd },
            Curves { optimizer: OptimizerName::lbfgs(), epochs: 3, runs: Vec::new() },
        ]
    }

    fn atlas<'a>(
        &'a self,
        curves: &'a [Curves<'a>],
        minima: &'a [Option<Result<&'a MinimizationResult, &'a str>>],
        tracks: &'a [Vec<Option<&'a Track>>],
        files: &'a CurveFiles,
    ) -> Atlas<'a> {
        Atlas {
            provenance: Provenance {
                program_version: "0.1.0".into(),
                commit: "abc123".into(),
                configuration: self.configuration.clone(),
                dataset: "digits seed 7".into(),
                dataset_checksum: "00ff".into(),
                run: "f00d".into(),
                ranks: 64,
                host: "node1".into(),
                started: "2026-01-02T03:04:05Z".into(),
                finished: String::new(),
            },
            loss_unit: "nat",
            layout: &self.layout,
            sets: &self.sets,
            curves,
            minima,
            paths: &self.paths,
            tracks,
            kept_curves: Some(KeptCurves {
                paths: &self.config.paths,
                contents: &self.contents,
                files,
                states: &self.curves.states,
            }),
            curves_are_apart: false,
            analysis: &self.analysis,
            failed_parts: &self.failed_parts,
            results: self.run_results(),
        }
    }

    pub fn write(&self, directory: &Path) -> Result<(), AtlasError> {
        let saddle = MinimizationResult {
            theta: vec![0.0; 8],
            value: 2.5,
            gradient_norm: 1e-300,
            iterations: 3,
            stop: MinimizationStop::Saddle,
        };
        let minima = [Some(Ok(&saddle)), Some(Err("no memory")), None];
        let [first, second] = &self.tracks;
        let tracks = [vec![Some(first), None, Some(second)], Vec::new()];
        let (curves, files) = (self.curves(), CurveFiles::of(self.curves.root.path()));
        let atlas = self.atlas(&curves, &minima, &tracks, &files);
        write_atlas(directory, &atlas, |_| true, |_| Ok(()))
            .map(|written| assert_eq!(written.file, directory.join("atlas.h5")))
    }
}

/// What the stages read that write from their own tasks.
const CONFIGURATION: &str = "seed = 1
[dataset]
kind = \"digits\"
[network]
kind = \"fcp\"
hidden = [2]
[training]
initializations = 2
[training.sgd]
learning_rate = 0.1
epochs = 3
[trajectory]
runs = 2
[align]
sets = [\"sgd/train\"]
[[graph]]
name = \"union\"
sets = [\"sgd/train\"]
[[surface]]
name = \"bowl\"
plane = \"hessian\"
through = [\"sgd/train:best\"]
points = 2
extent = 1.0
landscapes = [\"train\"]
sets = [\"lbfgs/train\"]
[[surface]]
name = \"way\"
plane = \"trajectory\"
dimensions = 1
through = [\"sgd:1\"]
points = 3
extent = 2.0
landscapes = [\"test\"]
images = 5
sets = [\"lbfgs/train\"]
[paths]
points = 3
fourier_terms = 2
store = \"all\"
[paths.refine]
[curvature]
sets = [\"sgd/train\"]
landscapes = [\"train\"]
eigenvalues = 2
probes = 2
probe_steps = 2
paths = 1
path_points = 2
";

/// The shape of the images and the number of classes of a network of eight parameters, and the keys
/// on which tasks depend.
fn configuration() -> ConfigurationRecord {
    let keys = [("dataset.image_shape", "[1, 1, 2]"), ("dataset.classes", "2")];
    ConfigurationRecord {
        effective: keys.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        text: String::new(),
        overrides: Vec::new(),
        version: String::new(),
        dataset_name: String::new(),
        dataset_checksum: String::new(),
    }
}

/// Of the two solutions of one set; the second has exchanged its two units.
fn alignment() -> Record {
    let exchange = |source: [usize; 2]| Exchange {
        groups: vec![SignedPermutation { source: source.to_vec(), negated: vec![false; 2] }],
    };
    let set = (
        name("sgd/train"),
        vec![3u32, 7],
        vec![exchange([0, 1]), exchange([1, 0])],
        [vec![2.0], vec![0.5]],
    );
    let found = (vec![set], vec![1.0, 0.25], true);
    let vectors = Sha256::digest("sgd/train [3, 7] [2, 2];");
    let vectors: String = vectors.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Record::task("align", &format!("v1 sgd/train {vectors}"), 1.0, Ok(found))
}

/// A trajectory of two points of the eight parameters, and one that failed.
fn tasks() -> Contents {
    let theta: Array2<f32> = trajectory_points();
    let losses = [vec![2.5, odd_nan()], vec![1.5, 0.5]];
    let projection: Array2<f64> = array![[-1.0, 0.0], [1.0, 0.0]];
    let [train, test] = losses;
    let found = (vec![0u32, 3], train, test, "completed", projection, vec![1.0, 0.0], theta);
    let stage = "trajectories";
    let mut contents = Contents::default();
    contents.insert(Record::Configuration(configuration()));
    contents.insert(alignment());
    contents.insert(Record::task(stage, "sgd 1 every 10 v1", 1.0, Ok(found)));
    let failed = Err::<(), _>("no memory".to_owned());
    contents.insert(Record::task(stage, "sgd 0 every 10 v1", 1.0, failed.clone()));
    for set in paths() {
        for (pair, result) in set.pairs.into_iter().zip(set.results) {
            let (sets, landscape, seconds) = (set.set.clone(), set.landscape, 1.0);
            let outcome = result.map(|path| (path, None));
            contents.insert(Record::PathBetween { sets, landscape, pair, seconds, outcome });
        }
    }
    surfaces().into_iter().for_each(|record| _ = contents.insert(record));
    let refined = RefinedPath { from: RefineFrom::Path, certificate: certificate() };
    let stage = "refinement";
    let key = |pair: &str| format!("v1 path sgd/train sgd/train {pair} train");
    contents.insert(Record::task(stage, &key("7 3"), 1.0, Ok(refined)));
    contents.insert(Record::task(stage, &key("3 7"), 1.0, failed.clone()));
    for record in curvature() {
        contents.insert(record);
    }
    contents
}

/// The curvature at one solution and along one path; at another solution it failed. Each result is
/// a variant of an enumeration by its number, and its fields.
fn curvature() -> Vec<Record> {
    let stage = "curvature";
    let key = |part: &str, number| format!("v1 {part} sgd/train {number} 5000 train");
    let pair = |value: f64, residual: f64| (value, residual);
    // Loss, slope, norm, the largest and the lowest that have converged, one that has not, products;
    // the limit of products was reached.
    let (largest, lowest) = (vec![pair(2.0, 1e-3)], vec![pair(-1.0, 1e-2)]);
    let eigenvalues = ((0.5, 0.25, 2.0), largest, lowest, (1u32, 7u32, 2u32));
    let normalized = (Some(pair(3.0, 1e-4)), 5u32);
    let first = (vec![-1.0, 2.0], vec![0.25, 0.75]);
    let second = (vec![0.0, 1.0], vec![0.5, 0.5]);
    let probes = vec![first.clone(), second.clone()];
    let point = (Some(eigenvalues.clone()), Some(normalized), 8u64, probes);
    let along = (3u32, vec![0.0, 1.0, 0.75], vec![point; 3], true);
    let spectrum = "eigenvalues:2:1:1e-4:200";
    let probe = |number: u32| key(&format!("probe:{number}:2"), 3);
    let on_path = "v1 path:2:2:1:1e-4:200:2:2 sgd/train sgd/train 7 3 3fe0000000000000 5000 train";
    vec![
        Record::task(stage, &key(spectrum, 3), 1.0, Ok((0u32, eigenvalues))),
        Record::task(stage, &key("normalized:1e-4:200", 3), 1.0, Ok((1u32, normalized))),
        Record::task(stage, &probe(0), 1.0, Ok((2u32, 8u64, first))),
        Record::task(stage, &probe(1), 1.0, Ok((2u32, 8u64, second))),
        Record::task(stage, &key(spectrum, 7), 1.0, Err::<(), _>("no memory".to_owned())),
        Record::task(stage, on_path, 1.0, Ok(along)),
    ]
}

/// A plane at a solution with the values on it, and a line through a trajectory without any.
fn surfaces() -> Vec<Record> {
    let task = |key: &str, found| Record::task("surfaces", key, 1.0, Ok::<Directions, _>(found));
    let bowl = "hessian 2\tsgd/train:3\ttrain\tall";
    let way = "trajectory 1\tsgd:1\t\tevery 10";
    let on_bowl = (None, surface_directions(2), vec![4.0, 0.5], Vec::new());
    let points = vec![[-1.0, 0.0, 0.5], [1.0, 0.0, 0.25]];
    let on_way = (Some(vec![0.5; 8]), surface_directions(1), vec![0.75], points);
    let tile = format!("v1 tile 0 of 64: 2 points [[-1.0,1.0],[-1.0,1.0]] all\t{bowl}\ttrain");
    let values = (vec![1.0, 2.0, 3.0, odd_nan(), 0.5], vec![0.0, 0.25, 0.5, 0.75, 1.0]);
    vec![
        task(&format!("v1 directions\t{bowl}"), on_bowl),
        task(&format!("v1 directions\t{way}"), on_way),
        Record::task("surfaces", &tile, 1.0, Ok(values)),
    ]
}

/// Origin, directions, numbers, and the points of a curve, as the stage stores them.
type Directions = (Option<Vec<f64>>, Vec<Vec<f64>>, Vec<f64>, Vec<[f64; 3]>);

/// Twice the first unit vectors.
pub fn surface_directions(count: usize) -> Vec<Vec<f64>> {
    let unit = |k: usize| (0..8).map(|i| if i == k { 2.0 } else { 0.0 }).collect();
    (0..count).map(unit).collect()
}

/// A top with one descending direction, from which one descent did not end in an endpoint.
fn certificate() -> Certificate {
    let work = |gradients| EvaluationCounts { values: 3, gradients, products: 2 };
    let side = |place, value| Side { place, value, slope: 0.25 };
    Certificate {
        verdict: Verdict::UpperBound,
        is_at_endpoint: false,
        failed: vec![Condition::Stationary, Condition::Connected],
        height: 0.5,
        t: 0.75,
        theta: (0..8).map(f64::from).collect(),
        slope: 0.125,
        typical_slope: 2.0,
        slope_noise: 1e-7,
        eigenvalues: vec![
            Eigenvalue { value: -1.5, residual: 1e-3 },
            Eigenvalue { value: 0.25, residual: 1e-2 },
        ],
        descending: 1,
        sides: [side(Destination::Endpoint(1), 0.25), side(Destination::Point, 0.125)],
        saddles: vec![0.5],
        work: work(20),
        heights: vec![
            HeightAfter { work: work(1), height: 0.875 },
            HeightAfter { work: work(9), height: 0.5 },
        ],
        path: Vec::new(),
        known: KnownGraph::default(),
    }
}

/// The points of the trajectory.
pub fn trajectory_points() -> Array2<f32> {
    Array2::from_shape_fn((2, 8), |(point, component)| point as f32 - component as f32 / 3.0)
}

/// Two points in three dimensions.
fn track(first: f64) -> Track {
    let points = array![[first, 0.5, -1.0], [0.25, odd_nan(), 2.0]];
    Track { points, heights: vec![first + 0.5, 0.75], straight_heights: vec![1.5, first] }
}

fn paths() -> Vec<PathSet> {
    let results = vec![
        Ok(PathResult {
            accuracy: Some(AccuracyProfiles {
                path: vec![0.75, 0.5, 1.0],
                straight: vec![0.75, 0.125, 1.0],
            }),
            ..path([0.5, 0.75, 0.25], PathStop::Completed)
        }),
        Err("the loss is not finite at ω^a".into()),
        Ok(PathResult {
            loss: vec![0.25, odd_nan(), 0.5],
            ..path([0.25, 0.875, 0.5], PathStop::NotFinite { step: 9 })
        }),
    ];
    let set = |set: &str, landscape, results: Vec<_>| PathSet {
        set: name(set).into(),
        landscape,
        pairs: [(7, 3), (3, 7), (7, 7)][..results.len()].to_vec(),
        results,
    };
    vec![
        set("sgd/train", LandscapeName::Train, results),
        set("sgd/train", LandscapeName::Test, Vec::new()),
        set("torch/final.1", LandscapeName::Test, vec![Err("no memory".into())]),
        PathSet {
            set: EndpointSets { a: name("sgd/train"), b: name("torch/final.1") },
            landscape: LandscapeName::Train,
            pairs: vec![(7, 7)],
            results: vec![Err("no memory".into())],
        },
    ]
}
