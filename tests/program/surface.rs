//! `[[surface]]`: heights on planes against formulas and numpy, on any number of ranks, killed and
//! resumed, added to a finished run.

use crate::atlas::assert_same;
use crate::interrupt::{in_background, signal, wait_for};
use crate::python::python;
use crate::start::{Ended, lossatlas, on_tiny, text};
use hdf5::{File, H5Type};
use lossatlas::landscape::{AnalyticLandscape, MuellerBrown, TwoWells};
use ndarray::{Array, Array1, Array2, Dimension};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

fn read<A: H5Type, D: Dimension>(directory: &Path, dataset: &str) -> Array<A, D> {
    let atlas = File::open(directory.join("atlas.h5")).expect("an atlas");
    let found = atlas.dataset(dataset).and_then(|dataset| dataset.read());
    found.unwrap_or_else(|error| panic!("{dataset}: {error}"))
}

/// Runs a configuration in a directory.
fn run(ranks: usize, directory: &Path, configuration: &str) -> Ended {
    let file = directory.with_extension("toml");
    fs::write(&file, configuration).expect("a temporary file");
    lossatlas(ranks, &["run", text(&file), "--out", text(directory)]).with_code(0)
}

/// The largest error of a surface, relative to 1 or to the height, against a formula.
fn largest_error(directory: &Path, name: &str, formula: &dyn AnalyticLandscape) -> f64 {
    let dataset = |part: &str| format!("surface/{name}/{part}");
    let loss: Array2<f64> = read(directory, &dataset("on_formula/loss"));
    let x: Array1<f64> = read(directory, &dataset("x"));
    let y: Array1<f64> = read(directory, &dataset("y"));
    let origin: Array1<f64> = read(directory, &dataset("origin"));
    let directions: Array2<f64> = read(directory, &dataset("directions"));
    assert_eq!(loss.dim(), (y.len(), x.len()));
    let error = |((row, column), &height): ((usize, usize), &f64)| {
        let theta = &origin + &(x[column] * &directions.row(0)) + y[row] * &directions.row(1);
        let expected = formula.value(theta.as_slice().expect("contiguous"));
        (height - expected).abs() / expected.abs().max(1.0)
    };
    loss.indexed_iter().map(error).fold(0.0, f64::max)
}

#[test]
fn maps_of_analytic_landscapes_are_their_formulas() {
    let root = tempdir().expect("a temporary directory");
    let [wells, passes] = ["wells", "passes"].map(|name| root.path().join(name));
    let two_wells = "seed = 3\n[landscape]\nkind = \"two-wells\"\nstarts = 20\n[paths]\nsteps = 5\n\
                     [[surface]]\nname = \"random\"\nplane = \"random\"\npoints = 31\n\
                     through = [\"minima/relaxed:best\"]\n\
                     [[surface]]\nname = \"hessian\"\nplane = \"hessian\"\npoints = 9\n\
                     through = [\"minima/relaxed:best\"]\nextent = [-0.5, 0.5, -0.25, 0.25]\n";
    let ended = run(1, &wells, two_wells);
    assert!(ended.stdout.contains("Surfaces: height on a grid"), "{}", ended.stdout);
    for name in ["random", "hessian"] {
        let error = largest_error(&wells, name, &TwoWells);
        assert!(error < 1e-12, "{name}: {error}");
    }
    // Three minima, by their numbers, and the path between the first two.
    let mueller_brown = "seed = 3\n[landscape]\nkind = \"mueller-brown\"\n\
                         [[minimum]]\nat = [-0.558223634633024, 1.441725841804669]\n\
                         [[minimum]]\nat = [0.623499404930877, 0.028037758528718]\n\
                         [[minimum]]\nat = [-0.050010822998206, 0.466694104871972]\n\
                         [paths]\npairs = \"all\"\nsteps = 20\nstore = \"all\"\n\
                         [[surface]]\nname = \"three\"\npoints = 41\n\
                         through = [\"minima/relaxed:0\", \"minima/relaxed:1\", \"minima/relaxed:2\"]\n";
    run(2, &passes, mueller_brown);
    let error = largest_error(&passes, "three", &MuellerBrown);
    assert!(error < 1e-12, "{error}");
    let heights: Array1<f64> = read(&passes, "surface/three/on_formula/anchor_loss");
    for (height, expected) in
        heights.iter().zip([-146.699_517_21, -108.166_724_117, -80.767_818_13])
    {
        assert!((height - expected).abs() < 1e-6, "{heights}");
    }
    // A path in two dimensions lies in every plane.
    let distance: Array2<f64> = read(&passes, "surface/three/curves/distance");
    assert_eq!(distance.nrows(), 3);
    let off =
        distance.iter().filter(|distance| !distance.is_nan()).fold(0.0, |a: f64, &b| a.max(b));
    assert!(off < 1e-12, "{off}");
}

/// A quadratic form of 12 variables with eigenvalues 1 to 12, turned, about (1, …, 1).
const QUADRATIC: &str = "import sys
import numpy as np
from lossatlas_landscape import serve
turn = np.linalg.qr(np.random.default_rng(1).normal(size=(12, 12)))[0]
hessian = turn * np.arange(1.0, 13.0) @ turn.T
def f(theta):
    slope = hessian @ (theta - 1)
    return 0.5 * (theta - 1) @ slope, slope
serve(f, dimension=12, start_region=(-2, 2))
";

#[test]
fn a_quadratic_form_of_a_process_has_its_ellipses() {
    let root = tempdir().expect("a temporary directory");
    let script = root.path().join("quadratic.py");
    let module = include_str!("../../python/lossatlas_landscape.py");
    fs::write(root.path().join("lossatlas_landscape.py"), module).expect("a temporary file");
    fs::write(&script, QUADRATIC).expect("a temporary file");
    let directory = root.path().join("run");
    let configuration = format!(
        "seed = 5\n[landscape]\nkind = \"process\"\ncommand = [\"{}\", \"{}\"]\nstarts = 3\n\
         [[surface]]\nname = \"bowl\"\nplane = \"hessian\"\npoints = 15\nextent = 2.0\n\
         through = [\"minima/relaxed:best\"]\n\
         [[surface]]\nname = \"valley\"\nplane = \"hessian\"\ndimensions = 1\npoints = 15\n\
         through = [\"minima/relaxed:best\"]\n",
        python(),
        text(&script)
    );
    let file = root.path().join("quadratic.toml");
    fs::write(&file, configuration).expect("a temporary file");
    // A single minimum has no path, which the exit code says.
    lossatlas(1, &["run", text(&file), "--out", text(&directory)]).with_code(3);
    let loss: Array2<f64> = read(&directory, "surface/bowl/on_value/loss");
    let axis: Array1<f64> = read(&directory, "surface/bowl/x");
    for ((row, column), height) in loss.indexed_iter() {
        let (x, y) = (axis[column], axis[row]);
        // The error of a direction counts in second order, that of the minimum too.
        let expected = 0.5 * (12.0 * x * x + 11.0 * y * y);
        assert!((height - expected).abs() < 1e-6, "{x}, {y}: {height}, not {expected}");
    }
    let eigenvalues: Array1<f64> = read(&directory, "surface/bowl/eigenvalue");
    assert!((eigenvalues[0] - 12.0).abs() < 1e-6 && (eigenvalues[1] - 11.0).abs() < 1e-6);
    // Automatic: a tenth of |(1, …, 1)|.
    let x: Array1<f64> = read(&directory, "surface/valley/x");
    assert!((x[14] - 0.1 * 12.0_f64.sqrt()).abs() < 1e-6, "{x}");
    let loss: Array2<f64> = read(&directory, "surface/valley/on_value/loss");
    assert_eq!(loss.dim(), (1, 15));
    assert!(loss.iter().zip(&x).all(|(f, x)| (f - 6.0 * x * x).abs() < 1e-6), "{loss}");
}

const RUN: [&str; 5] = [
    "trajectory.runs=1",
    "trajectory.every=2",
    "paths.store=all",
    "paths.landscapes=[\"train\"]",
    "network.biases=true",
];

/// A surface of every kind. SGD needs more than two epochs for a snapshot of each loss.
fn surfaces() -> String {
    let three = "[\"sgd/train:best\", \"lbfgs/train:best\", \"lbfgs/test:best\"]";
    let both = "landscapes=[\"train\", \"test\"]";
    let first = "through=[\"sgd/train:best\"]";
    [
        format!("surface=[{{name=\"three\", through={three}, points=6, {both}}}"),
        format!("{{name=\"random\", plane=\"random\", {first}, points=4, {both}}}"),
        format!("{{name=\"hessian\", plane=\"hessian\", {first}, points=3, {both}}}"),
        "{name=\"path\", plane=\"path\", through=[\"PATH\"], points=4}".to_owned(),
        "{name=\"trajectory\", plane=\"trajectory\", through=[\"lbfgs:0\"], points=4}".to_owned(),
        "{name=\"line\", dimensions=1, points=9, \
         through=[\"sgd/train:best\", \"lbfgs/train:best\"]}]"
            .to_owned(),
    ]
    .join(", ")
}

/// A path of the L-BFGS training set, as users name it.
fn a_path(directory: &Path) -> (String, [u32; 2]) {
    let pairs: Array2<u32> = read(directory, "paths/lbfgs/train/on_train/pair_initialization");
    let pair = [pairs[(0, 0)], pairs[(0, 1)]];
    (format!("lbfgs/train:{}-{}", pair[0], pair[1]), pair)
}

#[test]
fn surfaces_of_a_network_are_what_numpy_finds_on_any_ranks_at_any_time() {
    let root = tempdir().expect("a temporary directory");
    let [later, at_once, killed] =
        ["later", "at-once", "killed"].map(|name| root.path().join(name));
    on_tiny(1, "run", &later, &RUN).with_code(0);
    let (path, [a, b]) = a_path(&later);
    // The other way round, a path spans the same plane.
    let reversed = format!("lbfgs/train:{b}-{a}");
    // A run in the background outlives this function, as far as the compiler knows.
    let surfaces: &'static str = surfaces().replace("PATH", &reversed).leak();
    let all = [&RUN[..], &[surfaces]].concat();
    on_tiny(1, "run", &later, &all).with_code(0);
    let threads = [&all[..], &["run.threads_per_rank=2"]].concat();
    let ended = on_tiny(3, "run", &at_once, &threads).with_code(0);
    assert!(ended.stdout.contains("the leading eigenvalues of the Hessian"), "{}", ended.stdout);
    for results in [28, 40] {
        let run = in_background(1, "run", &killed, &all);
        let ranks = wait_for(results, 1, &killed, &run);
        signal("KILL", &ranks);
        run.join().expect("the program could be started");
    }
    on_tiny(2, "run", &killed, &all).with_code(0);
    assert_same(&later, &killed);
    for name in ["three", "random", "hessian", "path", "trajectory"] {
        let dataset = format!("surface/{name}/on_train/loss");
        let [one, other]: [Array2<f64>; 2] =
            [&later, &at_once].map(|directory| read(directory, &dataset));
        assert!(one.iter().zip(&other).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}");
    }

    // Directions, heights, places: everything once more in Python.
    let [images, points] = ["images.npz", "points.npy"].map(|name| root.path().join(name));
    let export = |arguments: &[&str]| {
        let arguments = [&["export", text(&later)], arguments].concat();
        lossatlas(1, &arguments).with_code(0)
    };
    export(&["--images", "--to", text(&images)]);
    let grid = ["--path", &path, "--landscape", "train", "--points", "7"];
    export(&[&grid[..], &["--to", text(&points)]].concat());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/check_surface.py");
    let checked = Command::new(python())
        .arg(script)
        .args([later.join("atlas.h5"), images, path.clone().into(), points])
        .output()
        .expect("a Python to run");
    let said = [checked.stdout, checked.stderr].concat();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&said));

    let status = lossatlas(1, &["status", text(&later)]).with_code(0);
    assert!(status.stdout.contains("tiles of three on train"), "{}", status.stdout);
    assert!(later.join("report/surfaces.svg").exists());
    let table = fs::read_to_string(later.join("report/surfaces.csv")).expect("the table");
    // Points of the planes on one or two landscapes, and of the line.
    assert_eq!(table.lines().count(), 1 + 2 * (36 + 16 + 9) + 16 + 16 + 9, "{table}");
    paraview(&later, root.path());
}

/// Reads an exported surface as its format says.
fn paraview(directory: &Path, root: &Path) {
    let file = root.join("three.vti");
    let export = ["export", text(directory), "--surface"];
    let arguments = [&export[..], &["three", "--to", text(&file)]].concat();
    lossatlas(1, &arguments).with_code(0);
    let refused = lossatlas(1, &arguments).with_code(2);
    assert!(refused.stderr.contains("exists"), "{}", refused.stderr);
    let other = root.join("other.vti");
    let arguments = [&export[..], &["four", "--to", text(&other)]].concat();
    let refused = lossatlas(1, &arguments).with_code(2);
    assert!(refused.stderr.contains("there are three, random"), "{}", refused.stderr);
    let check = "
import sys, h5py, numpy as np, xml.etree.ElementTree as xml
image = xml.parse(sys.argv[2]).getroot().find('ImageData')
extent = [int(n) for n in image.get('WholeExtent').split()]
assert extent == [0, 5, 0, 5, 0, 0], extent
origin, spacing = ([float(n) for n in image.get(name).split()] for name in ('Origin', 'Spacing'))
arrays = {a.get('Name'): np.array(a.text.split(), float) for a in image.iter('DataArray')}
group = h5py.File(sys.argv[1])['surface/three']
for axis, name in enumerate('xy'):
    found = origin[axis] + spacing[axis] * np.arange(6)
    np.testing.assert_allclose(found, group[name][:], atol=1e-12)
for on in ('train', 'test'):
    loss = group[f'on_{on}/loss'][:].ravel()
    assert (arrays[f'loss on {on}'] == loss).all()
    np.testing.assert_allclose(arrays[f'log10 of loss on {on}'], np.log10(loss), atol=1e-14)
    assert (arrays[f'accuracy on {on}'] == group[f'on_{on}/accuracy'][:].ravel()).all()
assert len(arrays) == 6, list(arrays)
";
    let output = Command::new(python())
        .args(["-c", check, text(&directory.join("atlas.h5")), text(&file)])
        .output()
        .expect("a Python to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_surface_that_cannot_be_made_says_why_and_stops_nothing_else() {
    let root = tempdir().expect("a temporary directory");
    // Of a plane through one point and of a path that there is not.
    let surfaces = "surface=[{name=\"one\", through=[\"sgd/train:best\", \"sgd/test:best\", \
                    \"sgd/train:0\"], points=3}, {name=\"none\", plane=\"path\", points=3, \
                    through=[\"sgd/train:0-0\"]}, {name=\"fine\", plane=\"random\", points=3, \
                    through=[\"lbfgs/test:best\"]}]";
    // Every run is kept, and the best one of SGD is the only one.
    let few = ["training.initializations=1", "training.keep=1", "kpca=[]", "paths.sets=[]"];
    let between = "paths.between=[[\"sgd/train\", \"lbfgs/train\"]]";
    let ended = on_tiny(1, "run", root.path(), &[&few[..], &[between, surfaces]].concat());
    let ended = ended.with_code(3);
    assert!(ended.stdout.contains("failed: 2 surfaces"), "{}", ended.stdout);
    assert_eq!(ended.said("surfaces: one cannot be made"), 1, "{}", ended.stderr);
    let status = lossatlas(1, &["status", text(root.path())]);
    assert!(status.stdout.contains("is named twice"), "{}", status.stdout);
    assert!(status.stdout.contains("there are no paths of sgd/train"), "{}", status.stdout);
    let loss: Array2<f64> = read(root.path(), "surface/fine/on_test/loss");
    assert!(loss.iter().all(|loss| loss.is_finite()));
}
