//! `[curvature]`: closed forms through the whole program, restarts, and what a change computes anew.

use crate::atlas::{assert_all_same, contents, script};
use crate::interrupt::{in_background, ranks_of, signal};
use crate::start::{Ended, lossatlas, on_tiny, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use tempfile::tempdir;

/// Little of everything.
const SMALL: [&str; 5] = [
    "curvature.solutions=2",
    "curvature.images=50",
    "curvature.eigenvalues=2",
    "curvature.products=12",
    "curvature.probes=2",
];

/// The rows of a table of the report, each by the names of its columns.
fn rows(directory: &Path, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(directory.join("report").join(table)).expect("a table");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<String> = lines.next().expect("a header").collect();
    lines.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is {:?}", row[column]))
}

fn run_file(ranks: usize, command: &str, file: &Path, out: &Path, settings: &[&str]) -> Ended {
    let mut arguments = vec![command, text(file), "--out", text(out)];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    lossatlas(ranks, &arguments)
}

/// Without hidden layers the network is a linear softmax model, whose Hessian is known.
#[test]
fn linear_models_have_the_curvature_of_the_closed_form() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    let settings = [
        "network.hidden=[]",
        "curvature.images=80",
        "curvature.solutions=2",
        "curvature.eigenvalues=3",
        "curvature.tolerance=1e-6",
        "curvature.probes=20",
        "curvature.probe_steps=40",
    ];
    let ended = on_tiny(2, "run", &out, &settings).with_code(0);
    assert!(ended.stdout.contains("Curvature: medians"), "{}", ended.stdout);
    let images = root.path().join("images.npz");
    lossatlas(1, &["export", text(&out), "--images", "--to", text(&images)]).with_code(0);
    let checked = script("check_curvature.py", &out, &[text(&images), "80"]);
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    for figure in ["curvature.svg", "spectral-density.svg"] {
        assert!(out.join("report").join(figure).exists(), "{figure}");
    }
    assert!(!out.join("report/curvature-along-paths.svg").exists());
}

/// Σ (xᵢ² − 1)² has the Hessian 8 in its wells; a diagonal one leaves the trace no error.
#[test]
fn wells_have_the_curvature_of_their_formula() {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("study.toml"), root.path().join("out"));
    let written = "seed = 3\n[landscape]\nkind = \"double-well\"\ndimension = 20\nstarts = 6\n\
                   keep = 3\n[curvature]\neigenvalues = 4\nlowest = 2\n";
    fs::write(&file, written).expect("a writable directory");
    run_file(2, "run", &file, &out, &[]).with_code(0);
    let rows = rows(&out, "curvature.csv");
    assert_eq!(rows.len(), 3);
    for row in &rows {
        let close = |column: &str, expected: f64| {
            let error = (number(row, column) - expected).abs();
            assert!(error < 1e-6 * expected.max(1.0), "{column}: {row:?}");
        };
        close("largest", 8.0);
        close("lowest", 8.0);
        close("trace", 160.0);
        close("trace_error", 0.0);
        // All of θ is one filter: λ |θ|², with |θ|² = 20.
        close("filter_normalized", 160.0);
        close("scaled_by_norm", 160.0);
        assert_eq!((row["not_converged"].as_str(), row["status"].as_str()), ("0", "done"));
    }
}

/// The Hessian of the Müller–Brown formula: its eigenvalues, ascending.
fn mueller_brown(x: f64, y: f64) -> [f64; 2] {
    let terms = [
        (-200.0, [-1.0, 0.0, -10.0], [1.0, 0.0]),
        (-100.0, [-1.0, 0.0, -10.0], [0.0, 0.5]),
        (-170.0, [-6.5, 11.0, -6.5], [-0.5, 1.5]),
        (15.0, [0.7, 0.6, 0.7], [-1.0, 1.0]),
    ];
    let [mut xx, mut xy, mut yy] = [0.0; 3];
    for (amplitude, [a, b, c], [x0, y0]) in terms {
        let (u, v) = (x - x0, y - y0);
        let height: f64 = amplitude * f64::exp(a * u * u + b * u * v + c * v * v);
        let (du, dv) = (2.0 * a * u + b * v, b * u + 2.0 * c * v);
        xx += height * (du * du + 2.0 * a);
        xy += height * (du * dv + b);
        yy += height * (dv * dv + 2.0 * c);
    }
    let (middle, half) = (f64::midpoint(xx, yy), f64::hypot(0.5 * (xx - yy), xy));
    [middle - half, middle + half]
}

/// Both eigenvalues at the minima, and at the tops of refined paths, which are saddles.
#[test]
fn minima_and_saddles_have_the_eigenvalues_of_the_formula() {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("study.toml"), root.path().join("out"));
    let written = "seed = 3\n[landscape]\nkind = \"mueller-brown\"\nstarts = 40\nkeep = 3\n\
                   [paths]\nfourier_terms = 4\nsteps = 30\n[paths.refine]\n\
                   [curvature]\npaths = 9\npath_points = 5\n";
    fs::write(&file, written).expect("a writable directory");
    let ended = run_file(1, "run", &file, &out, &[]).with_code(0);
    assert!(ended.stdout.contains("Curvature along paths: "), "{}", ended.stdout);
    let minima = [[-0.558_223_635, 1.441_725_842], [0.623_499_405, 0.028_037_759]];
    let minima = [minima[0], minima[1], [-0.050_010_823, 0.466_694_105]];
    let saddles = [[-0.822_001_559, 0.624_312_803], [0.212_486_582, 0.292_988_325]];
    let is_of = |row: &BTreeMap<String, String>, points: &[[f64; 2]]| {
        points.iter().any(|&[x, y]| {
            let [low, high] = mueller_brown(x, y);
            let close =
                |column: &str, expected: f64| (number(row, column) - expected).abs() < 1e-5 * high;
            close("lowest", low) && close("largest", high)
        })
    };
    let solutions = rows(&out, "curvature.csv");
    assert_eq!(solutions.len(), 3);
    assert!(solutions.iter().all(|row| is_of(row, &minima)), "{solutions:?}");
    let along = rows(&out, "curvature-along-paths.csv");
    assert_eq!(along.len(), 3 * 6);
    let tops: Vec<_> = along.iter().filter(|row| row["top"] == "refined").collect();
    assert_eq!(tops.len(), 3);
    assert!(tops.iter().all(|row| is_of(row, &saddles)), "{tops:?}");
    let ends: Vec<_> = along.iter().filter(|row| ["0", "4"].contains(&&row["point"][..])).collect();
    assert!(ends.len() == 6 && ends.iter().all(|row| is_of(row, &minima)), "{ends:?}");

    // Without the refinement the top is that of the fine grid: no point is higher.
    let other = root.path().join("other");
    let text = written.replace("[paths.refine]\n", "");
    fs::write(&file, text).expect("a writable directory");
    run_file(1, "run", &file, &other, &[]).with_code(0);
    let along = rows(&other, "curvature-along-paths.csv");
    for of_path in along.chunk_by(|a, b| (&a["a"], &a["b"]) == (&b["a"], &b["b"])) {
        let top = of_path.last().expect("points");
        assert_eq!(top["top"], "fine grid");
        assert!(
            of_path.iter().all(|row| number(row, "loss") <= number(top, "loss")),
            "{of_path:?}"
        );
    }
}

#[test]
fn networks_on_any_number_of_ranks_and_after_interruptions_have_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let place = |name: &str| root.path().join(name);
    let [one, three, later, killed, threads] =
        ["one", "three", "later", "killed", "threads"].map(place);
    let along = ["curvature.paths=1", "curvature.path_points=2"];
    let settings = [&SMALL[..], &along].concat();
    on_tiny(1, "run", &one, &settings).with_code(0);
    on_tiny(3, "run", &three, &settings).with_code(0);
    // Asked for later: nothing else is computed.
    on_tiny(2, "run", &later, &[]).with_code(0);
    let ended = on_tiny(2, "analyze", &later, &settings).with_code(0);
    // 4 sets of 2 solutions on 2 landscapes, 4 tasks each; 8 paths.
    assert_eq!(ended.said("curvature: 72 tasks\n"), 1, "{}", ended.stderr);
    assert_eq!((ended.said("paths: "), ended.said("training: ")), (0, 0), "{}", ended.stderr);
    let frequent = [&settings[..], &["run.checkpoint_minutes=0.0001"]].concat();
    for milliseconds in [200, 500, 900, 1400] {
        let run = in_background(1, "run", &killed, &frequent);
        sleep(Duration::from_millis(milliseconds));
        signal("KILL", &ranks_of(&killed));
        run.join().expect("the program could be started");
    }
    on_tiny(2, "run", &killed, &settings).with_code(0);
    assert_all_same(&[&one, &three, &later, &killed]);
    let two = [&settings[..], &["run.threads_per_rank=2"]].concat();
    on_tiny(1, "run", &threads, &two).with_code(0);
    let (atlas, threaded) = (contents(&one), contents(&threads));
    let differ = |path: &&String| atlas[*path] != threaded[*path];
    assert!(!atlas.keys().filter(|path| path.starts_with("/curvature")).any(|path| differ(&path)));
    let on = "/curvature/sgd/train/on_train";
    assert_eq!(atlas[&format!("{on}/eigenvalues")][1], serde_json::json!([2, 2]));
    assert!(atlas.contains_key("/curvature/lbfgs/test/on_test/paths/eigenvalues"));
}

#[test]
fn a_change_computes_what_it_adds_and_finds_former_results_again() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    let run = |more: &[&str]| {
        let settings = [&SMALL[..], more].concat();
        on_tiny(1, "run", &out, &settings).with_code(0)
    };
    let tasks = |ended: &Ended, all: usize, before: usize| {
        ended.said(&format!("curvature: {all} tasks, {before} of them done before\n"))
    };
    assert_eq!(run(&[]).said("curvature: 64 tasks\n"), 1);
    // A probe at each of 16 points; then a solution in each of 4 sets on 2 landscapes.
    assert_eq!(tasks(&run(&["curvature.probes=3"]), 80, 64), 1);
    assert_eq!(tasks(&run(&["curvature.solutions=3"]), 96, 64), 1);
    // Other eigenvalues; then the former ones again.
    assert_eq!(tasks(&run(&["curvature.eigenvalues=1"]), 64, 48), 1);
    assert_eq!(run(&[]).said("curvature: "), 0);
    // A change of the solutions changes their curvature: those of SGD.
    let mut arguments = vec!["run", crate::start::TINY, "--out", text(&out), "--replace"];
    let changed = [&SMALL[..], &["training.sgd.epochs=3"]].concat();
    arguments.extend(changed.iter().flat_map(|setting| ["--set", setting]));
    let ended = lossatlas(1, &arguments).with_code(0);
    assert_eq!(tasks(&ended, 64, 32), 1, "{}", ended.stderr);
}

#[test]
fn what_does_not_converge_is_said_and_not_shown() {
    let root = tempdir().expect("a temporary directory");
    let few = [&SMALL[..3], &["curvature.products=2", "curvature.probes=2"]].concat();
    let ended = on_tiny(1, "run", root.path(), &few).with_code(0);
    // Two of the largest, the lowest and the filter-normalized one at 16 points.
    let said = "64 eigenvalues did not converge and are left out";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    let rows = rows(root.path(), "curvature.csv");
    assert!(rows.iter().all(|row| row["largest"].is_empty() && row["not_converged"] == "4"));
    let page = fs::read_to_string(root.path().join("report/index.html")).expect("a page");
    assert!(page.contains(said));
}

#[test]
fn check_predicts_the_tasks_and_nothing_is_computed_unasked() {
    let root = tempdir().expect("a temporary directory");
    let ended = on_tiny(1, "run", root.path(), &[]).with_code(0);
    assert!(!ended.stdout.contains("Curvature") && ended.said("curvature") == 0);
    let settings = SMALL.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = ["check", crate::start::TINY].into_iter().chain(settings).collect();
    let planned = lossatlas(1, &arguments).with_code(0);
    let said = "eigenvalues of at most 12 products on 50 train images";
    assert!(planned.stdout.contains(said), "{}", planned.stdout);
    let said =
        "analyze: the configuration has no section [curvature], so there is nothing to compute";
    assert_eq!(on_tiny(2, "analyze", root.path(), &[]).with_code(0).said(said), 1);
    let status = lossatlas(1, &["status", text(root.path())]).with_code(0);
    assert!(!status.stdout.contains("eigenvalues"), "{}", status.stdout);
}

#[test]
fn bad_input_is_refused_with_the_remedy() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("study.toml");
    let written = "seed = 3\n[landscape]\nkind = \"two-wells\"\n[curvature]\nimages = 5\n\
                   sets = [\"sgd/train\"]\nlandscapes = [\"train\"]\ntolerance = 0.5\n";
    fs::write(&file, written).expect("a writable directory");
    let ended = lossatlas(1, &["check", text(&file)]).with_code(2);
    for said in [
        ":5: curvature.images: belongs to a network, not to [landscape]",
        ":6: curvature.sets: there is no set \"sgd/train\"",
        ":7: curvature.landscapes: belongs to a network, not to [landscape]",
        ":8: curvature.tolerance: must be",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}
