//! Paths that are kept: in `curves.h5` or `atlas.h5`, and as points in a NumPy file.

use crate::atlas::assert_same;
use crate::interrupt::{in_background, signal, wait_for};
use crate::start::{TINY, lossatlas, on_tiny, text};
use hdf5::{File, H5Type};
use lossatlas::landscape::TwoWells;
use lossatlas::path::{ChosenMethod, PathParameters, find_path_for};
use ndarray::{Array1, Array2, Array3, Axis};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::tempdir;

const ALL: &str = "paths.store=all";

/// Searches that can be killed in their middle.
const LONG: [&str; 3] = ["paths.steps=150", ALL, "paths.keep_states=false"];

/// The curves of a set on a landscape.
struct Curves<A> {
    file: PathBuf,
    path: Vec<u32>,
    t: Array1<f64>,
    shape: Array2<f64>,
    endpoint: Array3<A>,
    coefficient: Array3<A>,
}

impl<A: H5Type + Clone + Into<f64>> Curves<A> {
    /// From the file that `atlas.h5` names, or from `atlas.h5`.
    fn read(directory: &Path, group: &str) -> Self {
        let atlas = File::open(directory.join("atlas.h5")).expect("an atlas");
        let in_atlas = atlas.group(group).expect("the paths");
        let apart = in_atlas.attr("curve_file").and_then(|attribute| {
            attribute.read_scalar::<hdf5::types::VarLenUnicode>().map(|name| name.to_string())
        });
        let name = apart.unwrap_or_else(|_| "atlas.h5".to_owned());
        let file = directory.join(name);
        let opened = File::open(&file).expect("the file that atlas.h5 names");
        let group = opened.group(&format!("{group}/curve")).expect("the curves");
        let dataset = |name: &str| group.dataset(name).expect("a dataset");
        Self {
            path: dataset("path").read_raw().expect("numbers"),
            t: dataset("t").read().expect("numbers"),
            shape: dataset("shape").read().expect("numbers"),
            endpoint: dataset("endpoint").read().expect("numbers"),
            coefficient: dataset("coefficient").read().expect("numbers"),
            file,
        }
    }

    /// θ at each t, `(M, P)`, as docs/format.md says.
    fn points(&self, index: usize) -> Array2<f64> {
        let wide = |array: &Array3<A>| array.index_axis(Axis(0), index).mapv(Into::into);
        let (endpoint, terms): (Array2<f64>, Array2<f64>) =
            (wide(&self.endpoint), wide(&self.coefficient));
        let column = |t: f64| self.t.mapv(|at| if t == 0.0 { 1.0 - at } else { at });
        let line = |end: usize, factor: Array1<f64>| {
            let factor = factor.insert_axis(Axis(1));
            factor.dot(&endpoint.row(end).insert_axis(Axis(0)))
        };
        line(0, column(0.0)) + line(1, column(1.0)) + self.shape.dot(&terms)
    }
}

fn read<A: H5Type, D: ndarray::Dimension>(directory: &Path, dataset: &str) -> ndarray::Array<A, D> {
    let atlas = File::open(directory.join("atlas.h5")).expect("an atlas");
    atlas.dataset(dataset).and_then(|dataset| dataset.read()).expect("a dataset")
}

/// The bytes of all curves in `curves/`, by name.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory.join("curves")).expect("curves");
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("still there").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(path).expect("a file"))
    };
    let mut all: Vec<_> = entries.map(file).collect();
    all.sort();
    all
}

#[test]
fn kept_paths_have_the_losses_and_accuracies_that_are_stored() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(2, "run", root.path(), &[ALL]).with_code(0);
    for (landscape, column) in [("train", 0), ("test", 1)] {
        let group = format!("paths/lbfgs/train/on_{landscape}");
        let curves = Curves::<f32>::read(root.path(), &group);
        assert!(curves.file.ends_with("curves.h5"), "four times as large as the solutions");
        assert_eq!((&curves.path[..], curves.coefficient.dim()), (&[0, 1][..], (2, 3, 42_200)));
        let name = |dataset: &str| format!("{group}/{dataset}");
        let pairs: Array2<u32> = read(root.path(), &name("pair_initialization"));
        let losses: Array2<f64> = read(root.path(), &name("loss"));
        let accuracies: Array2<f64> = read(root.path(), &name("accuracy"));
        let straight: Array2<f64> = read(root.path(), &name("straight_accuracy"));
        for row in 0..2 {
            let file = root.path().join(format!("{landscape}-{row}.npy"));
            let path = format!("lbfgs/train:{}-{}", pairs[(row, 0)], pairs[(row, 1)]);
            let export = ["export", text(root.path()), "--path", &path, "--landscape", landscape];
            let to = ["--points", "7", "-o", text(&file)];
            let ended = lossatlas(1, &[&export[..], &to].concat()).with_code(0);
            assert!(ended.stdout.contains("7 points of 42200 components"), "{}", ended.stdout);
            let points: Array2<f32> = ndarray_npy::read_npy(&file).expect("an array");
            let largest = (points.mapv(f64::from) - curves.points(row)).mapv(f64::abs);
            assert!(largest.iter().all(|&difference| difference < 1e-6));
            let evaluate = ["evaluate", TINY, "--csv", "--weights", text(&file)];
            let csv = lossatlas(2, &evaluate).with_code(0).stdout;
            let rows: Vec<Vec<f64>> = csv
                .lines()
                .skip(1)
                .map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect())
                .collect();
            assert_eq!(rows.len(), 7);
            for (m, numbers) in rows.iter().enumerate() {
                let (loss, accuracy) = (numbers[1 + column], numbers[3 + column]);
                assert!((loss / losses[(row, m)] - 1.0).abs() < 1e-5, "{loss} at {m}");
                // An image between two classes may fall to either.
                let image = if landscape == "train" { 1.0 / 200.0 } else { 1.0 / 100.0 };
                assert!((accuracy - accuracies[(row, m)]).abs() < 1.5 * image, "{accuracy} at {m}");
            }
            for end in [0, 6] {
                assert_eq!(straight[(row, end)].to_bits(), accuracies[(row, end)].to_bits());
            }
        }
    }
}

/// The best path alone; of every set on each landscape.
#[test]
fn the_best_path_is_that_with_the_lowest_barrier() {
    let root = tempdir().expect("a temporary directory");
    let best = ["paths.store=best", "paths.keep_states=false"];
    let more = [best[0], best[1], "paths.pairs=3"];
    on_tiny(1, "run", root.path(), &best).with_code(0);
    on_tiny(2, "run", root.path(), &more).with_code(0);
    for set in ["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test"] {
        for landscape in ["train", "test"] {
            let group = format!("paths/{set}/on_{landscape}");
            let heights: Array1<f64> = read(root.path(), &format!("{group}/height"));
            assert_eq!(heights.len(), 3);
            let lowest = heights.iter().copied().fold(f64::INFINITY, f64::min);
            let curves = Curves::<f32>::read(root.path(), &group);
            assert_eq!(curves.path.len(), 1);
            let height = heights[curves.path[0] as usize];
            assert_eq!(height.to_bits(), lowest.to_bits(), "{set} on {landscape}");
        }
    }
    let expected = "there are 3 of this set on train: ";
    let missing = ["export", text(root.path()), "--path", "sgd/train:7-9", "-o", "x.npy"];
    let ended = lossatlas(1, &missing).with_code(2);
    assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
}

#[test]
fn curves_outlive_a_kill_without_states() {
    let root = tempdir().expect("a temporary directory");
    let [once, killed] = ["once", "killed"].map(|name| root.path().join(name));
    on_tiny(2, "run", &once, &LONG).with_code(0);
    for (results_there, ranks) in [(8 + 3, 2), (8 + 9, 1)] {
        let run = in_background(ranks, "run", &killed, &LONG);
        let processes = wait_for(results_there, ranks, &killed, &run);
        assert!(signal("KILL", &processes));
        run.join().expect("the program could be started");
    }
    on_tiny(2, "run", &killed, &LONG).with_code(0);
    assert_same(&once, &killed);
    let (one, other) = (files(&once), files(&killed));
    assert_eq!(one.len(), 16);
    assert!(one == other, "the same curves to the bit");
    let group = "paths/sgd/test/on_test";
    let [one, other] = [&once, &killed].map(|place| Curves::<f32>::read(place, group));
    assert!(one.coefficient == other.coefficient && one.endpoint == other.endpoint);
}

/// Found before anyone asked for its curve.
#[test]
fn curves_come_from_the_states_of_former_searches_or_from_a_second_one() {
    let root = tempdir().expect("a temporary directory");
    let [asked, states, nothing] =
        ["asked", "states", "nothing"].map(|name| root.path().join(name));
    on_tiny(1, "run", &asked, &[ALL]).with_code(0);
    let expected = files(&asked);
    assert_eq!(expected.len(), 16);

    on_tiny(2, "run", &states, &[]).with_code(0);
    let [a, b] = ["a", "b"].map(|name| root.path().join(name));
    let pairs: Array2<u32> = read(&asked, "paths/sgd/test/on_test/pair_initialization");
    let path = format!("sgd/test:{}-{}", pairs[(0, 0)], pairs[(0, 1)]);
    let export = |directory: &Path, to: &Path| {
        let arguments = ["export", text(directory), "--path", &path, "--landscape", "test"];
        lossatlas(1, &[&arguments[..], &["-o", text(to)]].concat())
    };
    export(&asked, &a).with_code(0);
    export(&states, &b).with_code(0);
    let [a, b] = [a, b].map(|file| fs::read(file).expect("an array"));
    assert!(a == b && a.len() > 101 * 42_200 * 4, "the state has the same curve");
    let ended = lossatlas(2, &["resume", text(&states), "--set", ALL]).with_code(0);
    assert_eq!(ended.said("paths: "), 0, "nothing is computed: {}", ended.stderr);
    assert!(files(&states) == expected);

    on_tiny(1, "run", &nothing, &["paths.keep_states=false"]).with_code(0);
    let refused = export(&nothing, &root.path().join("c")).with_code(2);
    assert_eq!(refused.said("its curve was not kept; `lossatlas resume "), 1, "{}", refused.stderr);
    let ask = ["resume", text(&nothing), "--set", ALL];
    let ended = lossatlas(1, &ask).with_code(0);
    let said = "paths: the curves of 16 of 16 paths that paths.store asks for are not kept";
    assert_eq!(ended.said(said), 1, "{}", ended.stderr);
    assert!(!nothing.join("curves").exists());
    let ended = lossatlas(2, &[&ask[..], &["--replace"]].concat()).with_code(0);
    assert_eq!(ended.said("paths: 16 tasks\n"), 1, "{}", ended.stderr);
    assert!(files(&nothing) == expected);
    let again = lossatlas(1, &["resume", text(&nothing), "--replace"]).with_code(0);
    assert_eq!(again.said("paths: "), 0, "all are kept: {}", again.stderr);
}

/// Against the library.
#[test]
fn curves_of_an_analytic_landscape_are_those_of_find_path() {
    let root = tempdir().expect("a temporary directory");
    let methods = [
        ("fourier_terms = 4", ChosenMethod::fourier(4)),
        ("method = \"polyline\"\nknots = 3", ChosenMethod::polyline(3)),
    ];
    for (number, (keys, method)) in methods.into_iter().enumerate() {
        let (out, file) = (root.path().join(format!("{number}")), root.path().join("wells.toml"));
        let configuration = format!(
            "seed = 3\n[landscape]\nkind = \"two-wells\"\nstarts = 20\n[paths]\n{keys}\n\
             points = 21\nsteps = 40\nlearning_rate = 0.01\nlambda = 0.5\nstore = \"all\"\n"
        );
        fs::write(&file, configuration).expect("a temporary file");
        lossatlas(2, &["run", text(&file), "--out", text(&out)]).with_code(0);
        let group = "paths/minima/relaxed/on_formula";
        let losses: Array2<f64> = read(&out, &format!("{group}/loss"));
        let curves = Curves::<f64>::read(&out, group);
        assert!(!curves.path.is_empty());
        let parameters = PathParameters {
            method,
            points: 21,
            lambda: 0.5,
            steps: 40,
            learning_rate: 0.01,
            ..PathParameters::default()
        };
        for (index, &row) in curves.path.iter().enumerate() {
            let endpoints = curves.endpoint.index_axis(Axis(0), index);
            let [a, b] = [0, 1].map(|end| endpoints.row(end).to_vec());
            let ends: [&[f64]; 2] = [&a, &b];
            let found = find_path_for(&TwoWells, &TwoWells, ends, &parameters, &mut |_, _| true);
            let found = found.expect("a path").expect("nobody stops it");
            let stored: Vec<f64> =
                curves.coefficient.index_axis(Axis(0), index).iter().copied().collect();
            assert_eq!(stored, found.curve.free());
            let points = curves.points(index);
            for (m, point) in points.outer_iter().enumerate() {
                let point = point.to_vec();
                let height = lossatlas::landscape::AnalyticLandscape::value(&TwoWells, &point);
                assert!((height - losses[(row as usize, m)]).abs() < 1e-12, "{height} at {m}");
            }
        }
    }
}

#[test]
fn check_predicts_the_place_and_the_size_of_the_curves() {
    let root = tempdir().expect("a temporary directory");
    for (store, file) in [("all", "curves.h5"), ("best", "curves.h5")] {
        let out = root.path().join(store);
        let store = format!("paths.store={store}");
        let steps = "paths.steps=60";
        let planned =
            lossatlas(1, &["check", TINY, "--set", &store, "--set", steps]).with_code(0).stdout;
        on_tiny(2, "run", &out, &[&store, steps]).with_code(0);
        let line = planned.lines().find(|line| line.starts_with("curves ")).expect("a line");
        assert!(line.contains(&format!("in {file}: about ")), "{line}");
        let words: Vec<&str> = line.split("about ").nth(1).expect("a size").split(' ').collect();
        let predicted: f64 = words[0].parse().expect("a number");
        assert!(words[1].starts_with("MB"), "{line}");
        let bytes = fs::metadata(out.join(file)).expect("the file").len() as f64 / 1e6;
        println!("{predicted} MB predicted, {bytes} MB");
        assert!((predicted / bytes - 1.0).abs() < 0.1, "{predicted} MB predicted, {bytes} MB");
    }
    // Many solutions and few paths: the curves are the smaller part.
    let keys = ["--set", "paths.store=best", "--set", "paths.sets=[\"sgd/train\"]"];
    let planned = lossatlas(1, &[&["check", TINY][..], &keys].concat()).with_code(0).stdout;
    assert!(planned.contains("curves     2 curves in atlas.h5: about 1.5 MB\n"), "{planned}");
    let out = root.path().join("inside");
    on_tiny(1, "run", &out, &[keys[1], keys[3]]).with_code(0);
    let curves = Curves::<f32>::read(&out, "paths/sgd/train/on_test");
    assert!(curves.file.ends_with("atlas.h5") && !out.join("curves.h5").exists());
}

/// What the summary of a run prints can be typed.
#[test]
fn paths_that_were_still_improving_are_continued_by_the_command_that_is_printed() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("it's a run");
    let continuation = |stdout: &str| {
        let said = "16 of 16 paths were still improving at the last step. This command continues \
                    them:\n";
        let after = stdout.split(said).nth(1).unwrap_or_else(|| panic!("{stdout}"));
        after.lines().next().expect("a line").trim().to_owned()
    };
    let rate = "paths.learning_rate=1e-4";
    let ended = on_tiny(2, "run", &out, &[rate]).with_code(0);
    let line = continuation(&ended.stdout);
    let without_ranks = line.strip_prefix("mpirun -n 2 ").unwrap_or_else(|| panic!("{line}"));
    assert!(without_ranks.ends_with("'\\''s a run' --set paths.steps=6"), "{line}");
    let shell = |line: &str| {
        let output = Command::new("sh").args(["-c", line]).output().expect("a shell");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    shell(without_ranks);
    let steps = |directory: &Path| {
        let steps: Array1<u32> = read(directory, "paths/sgd/train/on_train/steps");
        steps.to_vec()
    };
    assert_eq!(steps(&out), [6, 6]);
    // After another command than one that finds paths.
    let ended = on_tiny(1, "kpca", &out, &[rate, "paths.steps=6"]).with_code(0);
    let line = continuation(&ended.stdout);
    assert!(line.contains(" --command paths "), "{line}");
    shell(&line);
    assert_eq!(steps(&out), [12, 12]);
    let page = fs::read_to_string(out.join("report/index.html")).expect("a page");
    let command = "<code>lossatlas resume DIR --set paths.steps=12</code>";
    assert!(page.contains(command), "{page}");
}
