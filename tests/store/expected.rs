//! What h5py must find in the atlas of [`Results`], written down value by value.

use super::results::{Results, curve, odd_nan, surface_directions, trajectory_points};
use lossatlas::engine::store::CurveNumbers;
use lossatlas::optimizer::{Snapshot, TrainingRun, initial};
use lossatlas::random::MasterSeed;
use serde_json::{Map, Value, json};

/// What the datasets must hold, by path.
#[derive(Default)]
pub struct Expected(pub Map<String, Value>);

impl Expected {
    fn add(&mut self, path: &str, kind: &str, shape: &[usize], bytes: &[u8]) {
        let entry = json!({ "type": kind, "shape": shape, "bytes": bytes });
        assert!(self.0.insert(path.to_owned(), entry).is_none(), "{path} is there twice");
    }

    fn f64(&mut self, path: &str, shape: &[usize], values: &[f64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(path, "float64", shape, &bytes);
    }

    fn f32(&mut self, path: &str, shape: &[usize], values: &[f32]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(path, "float32", shape, &bytes);
    }

    fn u32(&mut self, path: &str, shape: &[usize], values: &[u32]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(path, "uint32", shape, &bytes);
    }

    pub fn u64(&mut self, path: &str, shape: &[usize], values: &[u64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(path, "uint64", shape, &bytes);
    }

    /// An axis whose coordinates count from 1.
    fn axis_from_1(&mut self, path: &str, length: u32) {
        self.u32(path, &[length as usize], &(1..=length).collect::<Vec<_>>());
    }

    /// An axis: its coordinates count from 0.
    pub fn axis(&mut self, path: &str, length: u32) {
        self.u32(path, &[length as usize], &(0..length).collect::<Vec<_>>());
    }

    pub fn texts(&mut self, path: &str, shape: &[usize], texts: &[&str]) {
        self.0.insert(path.to_owned(), json!({ "type": "text", "shape": shape, "texts": texts }));
    }

    fn set(&mut self, path: &str, snapshots: &[(u32, &Snapshot)]) {
        let n = snapshots.len();
        self.axis(&format!("{path}/vector"), n as u32);
        let theta: Vec<f32> =
            snapshots.iter().flat_map(|(_, snapshot)| snapshot.theta.clone()).collect();
        self.f32(&format!("{path}/theta"), &[n, 8], &theta);
        let column = |number: fn(&Snapshot) -> f64| {
            snapshots.iter().map(|(_, s)| number(s)).collect::<Vec<_>>()
        };
        self.f64(&format!("{path}/loss_train"), &[n], &column(|snapshot| snapshot.loss_train));
        self.f64(&format!("{path}/loss_test"), &[n], &column(|snapshot| snapshot.loss_test));
        self.f64(
            &format!("{path}/accuracy_train"),
            &[n],
            &column(|snapshot| snapshot.accuracy_train),
        );
        self.f64(
            &format!("{path}/accuracy_test"),
            &[n],
            &column(|snapshot| snapshot.accuracy_test),
        );
        let epochs: Vec<u32> = snapshots.iter().map(|(_, snapshot)| snapshot.epoch).collect();
        self.u32(&format!("{path}/epoch"), &[n], &epochs);
        let initializations: Vec<u32> =
            snapshots.iter().map(|&(initialization, _)| initialization).collect();
        self.u32(&format!("{path}/initialization"), &[n], &initializations);
    }

    /// Two vectors, of which the second has exchanged its two units.
    fn alignment(&mut self) {
        self.axis("/align/round", 2);
        self.f64("/align/spread", &[2], &[1.0, 0.25]);
        let path = |name: &str| format!("/align/sgd/train/{name}");
        self.axis(&path("vector"), 2);
        self.u32(&path("initialization"), &[2], &[3, 7]);
        self.axis(&path("fc1/unit"), 2);
        self.u32(&path("fc1/source"), &[2, 2], &[0, 1, 1, 0]);
        self.u32(&path("fc1/negated"), &[2, 2], &[0; 4]);
        self.axis(&path("pair"), 1);
        self.u32(&path("first"), &[1], &[0]);
        self.u32(&path("second"), &[1], &[1]);
        self.f64(&path("distance_before"), &[1], &[2.0]);
        self.f64(&path("distance_after"), &[1], &[0.5]);
    }

    fn solutions(&mut self, [done, stationary, diverged]: [&TrainingRun; 3]) {
        // The lower training loss first.
        self.set("/solutions/sgd/train", &[(3, &stationary.train), (7, &done.train)]);
        self.set("/solutions/sgd/test", &[(3, &stationary.test), (7, &done.test)]);
        self.set("/solutions/torch/final.1", &[(3, &stationary.train), (7, &done.train)]);
        self.set("/solutions/lbfgs/train", &[]);
        self.set("/solutions/lbfgs/test", &[]);

        for (method, runs, epochs) in [("sgd", 5, 3), ("lbfgs", 0, 4)] {
            self.axis(&format!("/solutions/{method}/curves/initialization"), runs);
            self.axis(&format!("/solutions/{method}/curves/epoch"), epochs);
        }
        let nan = f64::NAN;
        let tail = [nan; 7];
        let train =
            [&[2.5, 0.25, nan, 2.5, 0.75, 0.1 + 0.2, 2.5, f64::INFINITY][..], &tail].concat();
        self.f64("/solutions/sgd/curves/train_loss", &[5, 3], &train);
        let (first, second, third) =
            (&stationary.curve_test, &done.curve_test, &diverged.curve_test);
        let test = [&first[..], &[nan], &second[..], &third[..], &tail].concat();
        self.f64("/solutions/sgd/curves/test_loss", &[5, 3], &test);
        let status = ["done", "done", "diverged", "failed", "missing"];
        self.texts("/solutions/sgd/curves/status", &[5], &status);
        let reasons = [
            "converged: zero gradient in iteration 1",
            "completed",
            "diverged: the loss was not finite in epoch 1",
            r"no\ufffdmemory",
            "",
        ];
        self.texts("/solutions/sgd/curves/stop_reason", &[5], &reasons);
        self.u32("/solutions/sgd/curves/epochs_run", &[5], &[1, 2, 1, 0, 0]);
        self.u32("/solutions/sgd/curves/memory_dropped", &[5], &[4, 4, 4, 0, 0]);
        self.f64("/solutions/lbfgs/curves/train_loss", &[0, 4], &[]);
        self.f64("/solutions/lbfgs/curves/test_loss", &[0, 4], &[]);
        self.texts("/solutions/lbfgs/curves/status", &[0], &[]);
        self.texts("/solutions/lbfgs/curves/stop_reason", &[0], &[]);
        self.u32("/solutions/lbfgs/curves/epochs_run", &[0], &[]);
        self.u32("/solutions/lbfgs/curves/memory_dropped", &[0], &[]);
        self.starts();
    }

    fn starts(&mut self) {
        self.axis("/solutions/minima/starts/start", 3);
        self.f64("/solutions/minima/starts/height", &[3], &[2.5, f64::NAN, f64::NAN]);
        self.f64("/solutions/minima/starts/gradient_norm", &[3], &[1e-300, f64::NAN, f64::NAN]);
        self.u32("/solutions/minima/starts/iterations", &[3], &[3, 0, 0]);
        self.texts("/solutions/minima/starts/status", &[3], &["done", "failed", "missing"]);
        let saddle = "not a minimum but a saddle: the gradient is zero, and some directions curve \
                      down";
        self.texts("/solutions/minima/starts/stop_reason", &[3], &[saddle, "no memory", ""]);
    }

    fn paths(&mut self) {
        let nan = f64::NAN;
        let on = "/paths/sgd/train/on_train";
        self.axis(&format!("{on}/path"), 3);
        self.axis(&format!("{on}/end"), 2);
        self.u32(&format!("{on}/pair"), &[3, 2], &[1, 0, 0, 1, 1, 1]);
        self.u32(&format!("{on}/pair_initialization"), &[3, 2], &[7, 3, 3, 7, 7, 7]);
        self.f64(&format!("{on}/t"), &[3], &[0.0, 0.5, 1.0]);
        self.f64(
            &format!("{on}/loss"),
            &[3, 3],
            &[0.5, 0.75, 0.25, nan, nan, nan, 0.25, odd_nan(), 0.5],
        );
        let straight = [1.5, 1.75, 1.25, nan, nan, nan, 1.25, 1.875, 1.5];
        self.f64(&format!("{on}/straight_loss"), &[3, 3], &straight);
        let accuracy = [0.75, 0.5, 1.0, nan, nan, nan, nan, nan, nan];
        self.f64(&format!("{on}/accuracy"), &[3, 3], &accuracy);
        let accuracy = [0.75, 0.125, 1.0, nan, nan, nan, nan, nan, nan];
        self.f64(&format!("{on}/straight_accuracy"), &[3, 3], &accuracy);
        self.f64(&format!("{on}/height"), &[3], &[0.75, nan, 0.875]);
        self.f64(&format!("{on}/height_dense"), &[3], &[0.875, nan, 1.0]);
        self.f64(&format!("{on}/height_straight"), &[3], &[1.75, nan, 1.875]);
        self.f64(&format!("{on}/length"), &[3], &[4.5, nan, 4.5]);
        self.f64(&format!("{on}/length_straight"), &[3], &[4.0, nan, 4.0]);
        self.u32(&format!("{on}/steps"), &[3], &[100, 0, 100]);
        self.u32(&format!("{on}/best_step"), &[3], &[42, 0, 42]);
        self.texts(&format!("{on}/status"), &[3], &["done", "failed", "done"]);
        let not_finite =
            "stopped: the loss was not finite in step 9; the result is the best path before it";
        self.texts(
            &format!("{on}/stop_reason"),
            &[3],
            &["completed", r"the loss is not finite at \u03c9^a", not_finite],
        );

        self.curves(on);

        let points = format!("{on}/points");
        self.axis(&format!("{points}/coordinate"), 3);
        self.f64(&format!("{points}/t"), &[2], &[0.0, 1.0]);
        let first = [0.0, 0.5, -1.0, 0.25, odd_nan(), 2.0];
        let third = [1.0, 0.5, -1.0, 0.25, odd_nan(), 2.0];
        self.f64(&format!("{points}/point"), &[3, 2, 3], &[first, [nan; 6], third].concat());
        self.f64(&format!("{points}/height"), &[3, 2], &[0.5, 0.75, nan, nan, 1.5, 0.75]);
        self.f64(&format!("{points}/straight_height"), &[3, 2], &[1.5, 0.0, nan, nan, 1.5, 1.0]);

        self.paths_without_points("/paths/sgd/train/on_test", &[], &[]);
        self.paths_without_points("/paths/torch/final.1/on_test", &[[1, 0]], &["no memory"]);
        let between = "/paths/between/sgd-train_torch-final.1/on_train";
        self.paths_without_points(between, &[[1, 1]], &["no memory"]);
        self.texts(&format!("{between}/end_set"), &[2], &["sgd/train", "torch/final.1"]);
    }

    fn curves(&mut self, on: &str) {
        let CurveNumbers { endpoints, free } = curve();
        let group = format!("{on}/curve");
        self.u32(&format!("{group}/path"), &[2], &[0, 2]);
        self.axis_from_1(&format!("{group}/term"), 2);
        self.f64(&format!("{group}/t"), &[3], &[0.0, 0.5, 1.0]);
        let at_the_middle = [1.0, 2.0].map(|n| (n * std::f64::consts::PI * 0.5).sin());
        let shape = [[0.0; 2], at_the_middle, [0.0; 2]];
        self.f64(&format!("{group}/shape"), &[3, 2], shape.as_flattened());
        let damaged = [f32::NAN; 16];
        let endpoints = [endpoints.concat(), damaged.to_vec()].concat();
        self.f32(&format!("{group}/endpoint"), &[2, 2, 8], &endpoints);
        self.f32(&format!("{group}/coefficient"), &[2, 2, 8], &[free, damaged.to_vec()].concat());
    }

    fn paths_without_points(&mut self, on: &str, pairs: &[[u32; 2]], reasons: &[&str]) {
        let n = pairs.len();
        self.axis(&format!("{on}/path"), n as u32);
        self.axis(&format!("{on}/end"), 2);
        self.u32(&format!("{on}/pair"), &[n, 2], pairs.as_flattened());
        let initializations: Vec<u32> =
            pairs.as_flattened().iter().map(|&row| [3, 7][row as usize]).collect();
        self.u32(&format!("{on}/pair_initialization"), &[n, 2], &initializations);
        self.f64(&format!("{on}/t"), &[0], &[]);
        for profile in ["loss", "straight_loss"] {
            self.f64(&format!("{on}/{profile}"), &[n, 0], &[]);
        }
        for number in ["height", "height_dense", "height_straight", "length", "length_straight"] {
            self.f64(&format!("{on}/{number}"), &[n], &vec![f64::NAN; n]);
        }
        for count in ["steps", "best_step"] {
            self.u32(&format!("{on}/{count}"), &[n], &vec![0; n]);
        }
        self.texts(&format!("{on}/status"), &[n], &vec!["failed"; n]);
        self.texts(&format!("{on}/stop_reason"), &[n], reasons);
    }

    fn the_rest(&mut self, configuration: &str) {
        self.texts("/configuration", &[], &[&configuration.replace('µ', r"\u00b5")]);
        for (path, length) in [
            ("/parameter", 8),
            ("/network/tensor", 2),
            ("/network/axis", 4),
            ("/kpca/rbf union/vector", 3),
            ("/statistics/distances/train/member", 2),
            ("/statistics/distances/train/first_vector", 2),
            ("/statistics/distances/train/second_vector", 0),
        ] {
            self.axis(path, length);
        }
        self.axis_from_1("/kpca/rbf union/component", 2);
        self.axis_from_1("/kpca/rbf union/eigenvalue", 3);
        self.texts("/network/name", &[2], &["layer.weight", "layer.bias"]);
        self.u64("/network/shape", &[2, 4], &[2, 3, 0, 0, 2, 0, 0, 0]);
        self.u64("/network/offset", &[2], &[0, 6]);
        self.f64("/kpca/rbf union/eigenvalues", &[3], &[0.5, 0.25, -1e-17]);
        self.f64("/kpca/rbf union/explained", &[3], &[2.0 / 3.0, 1.0 / 3.0, 0.0]);
        self.f64("/kpca/rbf union/projection", &[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        self.texts("/kpca/rbf union/set", &[3], &["sgd/train", "sgd/train", "torch/final.1"]);
        self.u32("/kpca/rbf union/initialization", &[3], &[3, 7, 0]);
        self.f64("/statistics/moments/sgd/train/mean", &[], &[-1.44e-3]);
        self.f64("/statistics/moments/sgd/train/standard_deviation", &[], &[0.139]);
        self.texts("/statistics/distances/train/set", &[2], &["sgd/train", "lbfgs/train"]);
        self.f64("/statistics/distances/train/distance_first", &[2], &[1.5, 2.5]);
        self.f64("/statistics/distances/train/distance_second", &[0], &[]);
        self.f64("/statistics/distances/train/centroid_to_origin", &[], &[0.25]);
        self.f64("/statistics/distances/train/centroid_distance", &[], &[0.5]);
    }
}

impl Expected {
    /// The loss of the vectors on the test images is NaN, and they have no path there: no nodes.
    fn graphs(&mut self) {
        let [train, test] = ["train", "test"].map(|on| format!("/graph/union/on_{on}"));
        for (on, nodes, edges) in [(&train, 2, 1), (&test, 0, 0)] {
            self.axis(&format!("{on}/node"), nodes);
            self.axis(&format!("{on}/edge"), edges);
            self.axis(&format!("{on}/end"), 2);
            self.axis(&format!("{on}/merge"), edges);
            self.axis(&format!("{on}/linkage_column"), 4);
            self.axis(&format!("{on}/pair"), edges);
        }
        self.graph(&train, &["sgd/train", "sgd/train"], &[3, 7], &[1, 0]);
        self.graph(&test, &[], &[], &[]);
    }

    /// All heights are 0.25, or 0.5: the refined barrier, below the path.
    fn graph(&mut self, on: &str, sets: &[&str], numbers: &[u32], edge: &[u32]) {
        let (nodes, edges) = (numbers.len(), edge.len() / 2);
        self.texts(&format!("{on}/node_set"), &[nodes], sets);
        self.u32(&format!("{on}/node_initialization"), &[nodes], numbers);
        self.f64(&format!("{on}/node_height"), &[nodes], &[0.25, 0.25][..nodes]);
        self.u32(&format!("{on}/node_component"), &[nodes], &[0, 0][..nodes]);
        self.f64(&format!("{on}/node_death"), &[nodes], &[f64::INFINITY, 0.5][..nodes]);
        self.u32(&format!("{on}/node_elder"), &[nodes], &[0, 0][..nodes]);
        self.u32(&format!("{on}/edge_nodes"), &[edges, 2], edge);
        self.texts(&format!("{on}/edge_kind"), &[edges], &["path"][..edges]);
        self.f64(&format!("{on}/edge_height"), &[edges], &[0.5][..edges]);
        self.f64(&format!("{on}/edge_above_minimax"), &[edges], &[0.0][..edges]);
        self.u32(&format!("{on}/tree"), &[edges], &[0][..edges]);
        self.f64(&format!("{on}/linkage"), &[edges, 4], &[0.0, 1.0, 0.5, 2.0][..4 * edges]);
        self.f64(&format!("{on}/minimax"), &[edges], &[0.5][..edges]);
    }

    /// A plane with all of its values, and a line without any. Neither has a solution of its sets.
    fn surfaces(&mut self, results: &Results) {
        let nan = f64::NAN;
        let (bowl, way) = ("/surface/bowl", "/surface/way");
        let solution = results.sets[0].theta.row(0);
        let origin: Vec<f64> = solution.iter().map(|&x| f64::from(x)).collect();
        self.f64(&format!("{bowl}/origin"), &[8], &origin);
        self.f64(&format!("{way}/origin"), &[8], &[0.5; 8]);
        self.f64(&format!("{bowl}/x"), &[2], &[-1.0, 1.0]);
        self.f64(&format!("{bowl}/y"), &[2], &[-1.0, 1.0]);
        self.f64(&format!("{way}/x"), &[3], &[-2.0, 0.0, 2.0]);
        self.f64(&format!("{way}/y"), &[1], &[0.0]);
        for (path, count) in [(bowl, 2), (way, 1)] {
            self.axis(&format!("{path}/direction"), count as u32);
            let directions = surface_directions(count).concat();
            self.f64(&format!("{path}/directions"), &[count, 8], &directions);
            self.axis(&format!("{path}/solutions/solution"), 0);
            self.texts(&format!("{path}/solutions/set"), &[0], &[]);
            self.u32(&format!("{path}/solutions/initialization"), &[0], &[]);
            self.f64(&format!("{path}/solutions/coordinates"), &[0, count], &[]);
            self.f64(&format!("{path}/solutions/distance"), &[0], &[]);
        }
        self.f64(&format!("{bowl}/eigenvalue"), &[2], &[4.0, 0.5]);
        self.f64(&format!("{way}/explained"), &[1], &[0.75]);
        let on = format!("{bowl}/on_train");
        self.f64(&format!("{on}/loss"), &[2, 2], &[1.0, 2.0, 3.0, odd_nan()]);
        self.f64(&format!("{on}/accuracy"), &[2, 2], &[0.0, 0.25, 0.5, 0.75]);
        self.axis(&format!("{on}/anchor"), 1);
        self.f64(&format!("{on}/anchor_loss"), &[1], &[0.5]);
        self.f64(&format!("{on}/anchor_accuracy"), &[1], &[1.0]);
        self.f64(&format!("{way}/on_test/loss"), &[1, 3], &[nan; 3]);
        for (path, curves, points, count) in [(bowl, 0, 0, 2), (way, 1, 2, 1)] {
            let path = format!("{path}/curves");
            self.axis(&format!("{path}/curve"), curves as u32);
            self.axis(&format!("{path}/point"), points as u32);
            self.texts(&format!("{path}/kind"), &[curves], &["trajectory"][..curves]);
            self.texts(&format!("{path}/name"), &[curves], &["sgd:1"][..curves]);
            self.texts(&format!("{path}/landscape"), &[curves], &[""][..curves]);
            let shape = [curves, points, count];
            self.f64(&format!("{path}/coordinates"), &shape, &[-1.0, 1.0][..points]);
            self.f64(&format!("{path}/distance"), &[curves, points], &[0.5, 0.25][..points]);
        }
    }

    /// One path is refined, one failed, one is missing.
    fn refined(&mut self) {
        let on = "/paths/sgd/train/on_train";
        let nan = f64::NAN;
        let mut numbers = |name: &str, value: f64| {
            self.f64(&format!("{on}/{name}"), &[3], &[value, nan, nan]);
        };
        numbers("height_refined", 0.5);
        numbers("refined/t_top", 0.75);
        numbers("refined/slope", 0.125);
        numbers("refined/typical_slope", 2.0);
        numbers("refined/slope_noise", 1e-7);
        // Three values and two products.
        numbers("refined/evaluations", 20.0 + 1.0 + 4.0);
        let theta: Vec<f64> = (0..24).map(|i| if i < 8 { f64::from(i) } else { nan }).collect();
        self.f64(&format!("{on}/refined/theta_top"), &[3, 8], &theta);
        self.axis_from_1(&format!("{on}/refined/eigenvalue_number"), 2);
        let mut pairs = |name: &str, [first, second]: [f64; 2]| {
            let values = [first, second, nan, nan, nan, nan];
            self.f64(&format!("{on}/refined/{name}"), &[3, 2], &values);
        };
        pairs("eigenvalue", [-1.5, 0.25]);
        pairs("residual", [1e-3, 1e-2]);
        pairs("side_height", [0.25, 0.125]);
        pairs("evaluations_after", [6.0, 14.0]);
        pairs("height_after", [0.875, 0.5]);
        self.axis(&format!("{on}/refined/improvement"), 2);
        for (name, value) in [("negative", 1), ("saddles", 1), ("at_endpoint", 0)] {
            self.u32(&format!("{on}/refined/{name}"), &[3], &[value, 0, 0]);
        }
        let failed = "the gradient at the top is not zero; the descents from the top do not lead \
                      to the endpoints";
        for (name, text) in [
            ("certificate", "upper bound"),
            ("refined/side_a", "second endpoint"),
            ("refined/side_b", "point"),
            ("refined/failed_conditions", failed),
        ] {
            self.texts(&format!("{on}/{name}"), &[3], &[text, "", ""]);
        }
        let status = ["done", "failed: no memory", "missing"];
        self.texts(&format!("{on}/refined/status"), &[3], &status);
    }

    /// At one solution all is known but an eigenvalue; at the other nothing. At each point of the
    /// path the same.
    fn curvature(&mut self) {
        let on = "/curvature/sgd/train/on_train";
        let nan = f64::NAN;
        self.axis(&format!("{on}/vector"), 2);
        self.u32(&format!("{on}/initialization"), &[2], &[3, 7]);
        let status = ["done", "failed: no memory"];
        self.texts(&format!("{on}/status"), &[2], &status);
        self.curvature_of(on, &[2], &[1.0, nan]);
        let on = "/curvature/sgd/train/on_train/paths";
        for (name, length) in [("path", 1), ("end", 2), ("point", 3)] {
            self.axis(&format!("{on}/{name}"), length);
        }
        self.u32(&format!("{on}/pair_initialization"), &[1, 2], &[7, 3]);
        self.f64(&format!("{on}/t"), &[1, 3], &[0.0, 1.0, 0.75]);
        self.u32(&format!("{on}/top_is_refined"), &[1], &[1]);
        self.texts(&format!("{on}/status"), &[1], &["done"]);
        self.curvature_of(on, &[1, 3], &[1.0; 3]);
    }

    /// `known` is 1 for a point where it is known, NaN for another one.
    fn curvature_of(&mut self, on: &str, shape: &[usize], known: &[f64]) {
        let nan = f64::NAN;
        self.axis_from_1(&format!("{on}/eigenvalue_number"), 2);
        self.axis_from_1(&format!("{on}/lowest_number"), 1);
        self.axis(&format!("{on}/probe"), 2);
        self.axis(&format!("{on}/node"), 2);
        let mut rows = |name: &str, axes: &[usize], values: &[f64]| {
            let all: Vec<f64> =
                known.iter().flat_map(|known| values.iter().map(move |x| known * x)).collect();
            self.f64(&format!("{on}/{name}"), &[shape, axes].concat(), &all);
        };
        rows("eigenvalues", &[2], &[2.0, nan]);
        rows("residuals", &[2], &[1e-3, nan]);
        rows("lowest", &[1], &[-1.0]);
        rows("lowest_residuals", &[1], &[1e-2]);
        rows("density_nodes", &[2, 2], &[-1.0, 2.0, 0.0, 1.0]);
        rows("density_weights", &[2, 2], &[0.25, 0.75, 0.5, 0.5]);
        for (name, value) in [
            ("loss", 0.5),
            ("slope", 0.25),
            ("norm", 2.0),
            ("filter_normalized", 3.0),
            ("filter_normalized_residual", 1e-4),
            ("scaled_by_norm", 8.0),
            ("doubling_distance", 0.5_f64.sqrt()),
            // 8 times the means 1.25 and 0.5 of the two probes.
            ("trace", 7.0),
            ("trace_error", 3.0),
        ] {
            rows(name, &[], &[value]);
        }
        // Counts are 0 where nothing is known.
        let count = |value: f64| move |known: &f64| if known.is_nan() { 0.0 } else { value };
        for (name, value) in [("not_converged", 1.0), ("products", 7.0 + 5.0 + 4.0)] {
            let all: Vec<f64> = known.iter().map(count(value)).collect();
            self.f64(&format!("{on}/{name}"), shape, &all);
        }
    }

    fn trajectories(&mut self, results: &Results) {
        self.axis("/trajectory/initial/initialization", 2);
        let initial: Vec<f32> =
            (0..2).flat_map(|number| initial(MasterSeed(1), number, &results.layout)).collect();
        self.f32("/trajectory/initial/theta", &[2, 8], &initial);
        let path = "/trajectory/sgd/1";
        self.axis(&format!("{path}/point"), 2);
        self.axis_from_1(&format!("{path}/component"), 2);
        self.u32(&format!("{path}/epoch"), &[2], &[0, 3]);
        let theta: Vec<f32> = trajectory_points().into_iter().collect();
        self.f32(&format!("{path}/theta"), &[2, 8], &theta);
        self.f64(&format!("{path}/loss_train"), &[2], &[2.5, odd_nan()]);
        self.f64(&format!("{path}/loss_test"), &[2], &[1.5, 0.5]);
        self.f64(&format!("{path}/projection"), &[2, 2], &[-1.0, 0.0, 1.0, 0.0]);
        self.f64(&format!("{path}/explained"), &[2], &[1.0, 0.0]);
    }
}

pub fn expectation(results: &Results) -> Value {
    let mut expected = Expected::default();
    let [done, stationary, diverged] = &results.runs[..] else { unreachable!("three runs") };
    expected.alignment();
    expected.solutions([done, stationary, diverged]);
    expected.paths();
    expected.the_rest(&results.configuration);
    expected.trajectories(results);
    expected.graphs();
    expected.surfaces(results);
    expected.refined();
    expected.curvature();
    json!({
        "loss_unit": "nat",
        "attributes": {
            "/": {
                "format_version": 2, "program_version": "0.1.0", "commit": "abc123", "configuration": results.configuration,
                "dataset": "digits seed 7", "dataset_checksum": "00ff", "run": "f00d", "ranks": 64, "host": "node1",
                "started": "2026-01-02T03:04:05Z", "finished": "",
            },
            "/network": { "layout": "layer.weight [2, 3], layer.bias [2]" },
            "/paths/sgd/train/on_test": {
                "set": "sgd/train", "landscape": "test",
                "protocol": "published, with fourier_terms = 2, points = 3",
            },
            "/paths/sgd/train/on_train/curve": { "method": "fourier" },
            "/paths/between/sgd-train_torch-final.1/on_train": {
                "set_a": "sgd/train", "set_b": "torch/final.1", "landscape": "train",
            },
            "/graph/union/on_train": {
                "landscape": "train", "heights": "lowest", "sets": "sgd/train", "left_out": 0,
            },
            "/graph/union/on_test": { "landscape": "test", "left_out": 2 },
            "/surface/bowl": { "plane": "hessian", "through": "sgd/train:3", "images": "all" },
            "/surface/bowl/on_train": { "landscape": "train" },
            "/surface/way": { "plane": "trajectory", "through": "sgd:1", "images": "5" },
            "/paths/sgd/train/on_train/refined": { "from": "path" },
            "/align": { "failed": "", "converged": 1 },
            "/align/sgd/train": { "aligned_set": "sgd-aligned/train" },
            "/curvature/sgd/train/on_train": { "landscape": "train", "images": "5000", "tolerance": 1e-4 },
            "/trajectory": { "failed": "sgd initialization 0: no memory" },
            "/trajectory/sgd/1": { "stop_reason": "completed", "repeats_run": 0 },
            "/kpca": { "failed": "kernel PCA steep: |θ| is too large" },
            "/statistics": { "failed": "" },
            "/kpca/rbf union": { "kernel": "rbf", "two_sigma_squared": 8.0, "negative_share": 0.125, "standardized": 1 },
        },
        "datasets": expected.0,
    })
}
