//! `[align]` and `paths.align`: copies of one solution under exchanges of hidden units meet, and
//! nothing else changes.

use crate::atlas::{assert_same, contents};
use crate::interrupt::{in_background, ranks_of, signal, wait_until};
use crate::start::{TINY, lossatlas, on_tiny, text};
use crate::stopping::STATES;
use hdf5::{File, H5Type};
use lossatlas::data::ImageShape;
use lossatlas::network::{Architecture, fcp};
use lossatlas::random::MasterSeed;
use ndarray::{Array, Array1, Array2, Axis};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

const ALIGN: &str = "align.rounds=20";

const SETS: &str = "paths.sets=[\"lbfgs/train\", \"lbfgs-aligned/train\"]";

fn read<A: H5Type, D: ndarray::Dimension>(directory: &Path, dataset: &str) -> Array<A, D> {
    let atlas = File::open(directory.join("atlas.h5")).expect("an atlas");
    atlas.dataset(dataset).and_then(|dataset| dataset.read()).expect(dataset)
}

/// A trained solution and copies of it under random exchanges, in a NumPy file, with a
/// configuration that imports them.
struct Copies {
    configuration: PathBuf,
}

const COPIES: usize = 4;

impl Copies {
    fn new(root: &Path) -> Self {
        let trained = root.join("trained");
        on_tiny(1, "train", &trained, &["training.lbfgs.iterations=25"]).with_code(0);
        let solutions: Array2<f32> = read(&trained, "solutions/lbfgs/train/theta");
        let network = Architecture::with_defaults(&fcp::DESCRIPTOR);
        let network = network.build::<f32>(ImageShape::gray(28, 28), 10).expect("a network");
        let symmetry = network.symmetry();
        let mut copies = Array2::zeros((COPIES, solutions.ncols()));
        for (number, mut copy) in copies.axis_iter_mut(Axis(0)).enumerate() {
            copy.assign(&solutions.row(0));
            if number > 0 {
                let mut random = MasterSeed(5).stream("copies", &[number as u64]);
                let exchange = symmetry.random(&mut random);
                symmetry.apply(&exchange, copy.as_slice_mut().expect("a row"));
            }
        }
        let file = root.join("copies.npy");
        ndarray_npy::write_npy(&file, &copies).expect("a writable directory");
        let configuration = root.join("copies.toml");
        let written = format!(
            "seed = 7\n[dataset]\nkind = \"digits\"\ntrain = 200\ntest = 100\n\
             [network]\nkind = \"fcp\"\n\
             [[import]]\nname = \"copy/all\"\nfile = \"{}\"\n\
             [paths]\npairs = \"all\"\nfourier_terms = 2\npoints = 7\nsteps = 2\n\
             learning_rate = 1e-9\nlandscapes = [\"train\"]\n",
            file.display()
        );
        fs::write(&configuration, written).expect("a writable directory");
        Self { configuration }
    }

    fn run(&self, ranks: usize, directory: &Path, overrides: &[&str]) -> String {
        let mut arguments = vec!["run", text(&self.configuration), "--out", text(directory)];
        arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
        lossatlas(ranks, &arguments).with_code(0).stdout
    }
}

/// The straight-line barriers of a set, and the losses of the higher endpoint.
fn straight(directory: &Path, set: &str) -> [Vec<f64>; 2] {
    let loss: Array2<f64> = read(directory, &format!("paths/{set}/on_train/straight_loss"));
    let last = loss.ncols() - 1;
    let rows = loss.outer_iter();
    let both = rows.map(|row| {
        let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (highest, row[0].max(row[last]))
    });
    let (highest, end) = both.unzip();
    [highest, end]
}

fn assert_meet(directory: &Path, set: &str) {
    let [highest, end] = straight(directory, set);
    for (highest, end) in highest.into_iter().zip(end) {
        assert!((highest / end - 1.0).abs() < 1e-5, "{set}: {highest} above {end}");
    }
}

#[test]
fn permuted_copies_of_a_solution_meet() {
    let root = tempdir().expect("a temporary directory");
    let copies = Copies::new(root.path());
    let sets = "paths.sets=[\"copy/all\", \"copy-aligned/all\"]";
    for (name, method) in [("w", "align.method=weights"), ("a", "align.method=activations")] {
        let out = root.path().join(name);
        let stdout = copies.run(2, &out, &[method, sets]);
        assert!(stdout.contains("Alignment: the median distance"), "{stdout}");
        assert!(stdout.contains("Barriers after alignment"), "{stdout}");
        let before: Array1<f64> = read(&out, "align/copy/all/distance_before");
        let after: Array1<f64> = read(&out, "align/copy/all/distance_after");
        assert_eq!(before.len(), COPIES * (COPIES - 1) / 2);
        assert!(before.iter().all(|&distance| distance > 1.0), "{before}");
        assert!(after.iter().all(|&distance| distance <= 0.0), "{method}: {after}");
        // All vectors of the aligned set are one.
        let theta: Array2<f32> = read(&out, "solutions/copy-aligned/all/theta");
        for row in theta.outer_iter() {
            assert_eq!(row, theta.row(0), "{method}");
        }
        let [highest, end] = straight(&out, "copy/all");
        for (highest, end) in highest.iter().zip(&end) {
            assert!(*highest > end + 0.05, "copies are apart before: {highest} and {end}");
        }
        assert_meet(&out, "copy-aligned/all");
        // The stored exchanges make the aligned vectors.
        let sources: Array2<u32> = read(&out, "align/copy/all/fc1/source");
        assert_eq!(sources.nrows(), COPIES);
        let table = fs::read_to_string(out.join("report/alignment.csv")).expect("the table");
        assert_eq!(table.lines().count(), 1 + before.len(), "{table}");
        let barriers = fs::read_to_string(out.join("report/alignment-barriers.csv"));
        assert_eq!(barriers.expect("the table").lines().count(), 1 + before.len());
        let page = fs::read_to_string(out.join("report/index.html")).expect("a page");
        assert!(page.contains("The scatter plots") && page.contains("alignment-barriers.csv"));
    }
}

#[test]
fn an_aligned_set_has_the_losses_of_its_source() {
    let root = tempdir().expect("a temporary directory");
    let copies = Copies::new(root.path());
    let out = root.path().join("out");
    copies.run(1, &out, &[ALIGN, "paths.sets=[\"copy/all\"]"]);
    // Without paths after the alignment there are no barriers to compare.
    let page = fs::read_to_string(out.join("report/index.html")).expect("a page");
    assert!(page.contains("alignment.csv") && !page.contains("alignment-barriers.csv"));
    assert!(!page.contains("scatter plots") && !out.join("report/alignment-barriers.csv").exists());
    let file = root.path().join("aligned.npy");
    let export = ["export", text(&out), "--set", "copy-aligned/all", "-o", text(&file)];
    lossatlas(1, &export).with_code(0);
    let evaluate = ["evaluate", TINY, "--csv", "--weights", text(&file)];
    let csv = lossatlas(1, &evaluate).with_code(0).stdout;
    let stored: Array1<f64> = read(&out, "solutions/copy/all/loss_train");
    let again: Array1<f64> = read(&out, "solutions/copy-aligned/all/loss_train");
    assert_eq!(stored, again);
    for (line, stored) in csv.lines().skip(1).zip(&stored) {
        let loss: f64 = line.split(',').nth(1).and_then(|cell| cell.parse().ok()).expect("a loss");
        assert!((loss / stored - 1.0).abs() < 1e-5, "{loss} and {stored}");
    }
    assert_eq!(csv.lines().count(), 1 + COPIES);
}

/// The second endpoint alone is exchanged; whatever follows the path has the same one.
#[test]
fn endpoints_are_aligned_before_the_straight_line_is_drawn() {
    let root = tempdir().expect("a temporary directory");
    let copies = Copies::new(root.path());
    let [kept, state] = ["kept", "state"].map(|name| root.path().join(name));
    let align = "paths.align=true";
    let stdout = copies.run(2, &kept, &[align, "paths.store=all"]);
    assert!(stdout.replace('\n', " ").contains("align = true"), "{stdout}");
    assert_meet(&kept, "copy/all");
    copies.run(1, &state, &[align]);
    let pairs: Array2<u32> = read(&kept, "paths/copy/all/on_train/pair_initialization");
    let path = format!("copy/all:{}-{}", pairs[(0, 0)], pairs[(0, 1)]);
    let points = [&kept, &state].map(|directory| {
        let file = directory.join("points.npy");
        let export = ["export", text(directory), "--path", &path, "-o", text(&file)];
        lossatlas(1, &export).with_code(0);
        ndarray_npy::read_npy::<_, Array2<f32>>(&file).expect("an array")
    });
    assert_eq!(points[0], points[1], "from the curve, and from the state of the search");
    let ends = &points[0].row(0) - &points[0].row(points[0].nrows() - 1);
    assert!(ends.iter().all(|difference| difference.abs() < 1e-6));

    // Estimates and refinements start from the same endpoints. A refinement says so.
    let spanning = root.path().join("spanning");
    let mut arguments = vec!["run", text(&copies.configuration), "--out", text(&spanning)];
    let keys = ["paths.pairs=spanning", "paths.refine.from=straight", "paths.refine.pairs=1"];
    arguments.extend(keys.iter().chain([&align]).flat_map(|change| ["--set", change]));
    let ended = lossatlas(1, &arguments).with_code(3);
    assert_eq!(ended.said("failed: both endpoints are the same point"), 1, "{}", ended.stderr);
    assert_meet(&spanning, "copy/all");

    // Without the key, another directory keeps its bits; with it, former paths are others.
    let plain = root.path().join("plain");
    copies.run(1, &plain, &[]);
    let arguments = ["run", text(&copies.configuration), "--out", text(&plain), "--set", align];
    let refused = lossatlas(1, &arguments).with_code(2);
    let said = "paths.align: was false, now true; invalidates the paths";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
}

#[test]
fn a_finished_run_is_aligned_later_on_any_number_of_ranks() {
    let root = tempdir().expect("a temporary directory");
    let [at_once, later] = ["at-once", "later"].map(|name| root.path().join(name));
    let kpca = "kpca.0.sets=[\"lbfgs-aligned/train\", \"sgd-aligned/test\"]";
    on_tiny(3, "run", &at_once, &[ALIGN, SETS, kpca]).with_code(0);
    on_tiny(1, "run", &later, &["paths.sets=[\"lbfgs/train\"]"]).with_code(0);
    let ended = on_tiny(1, "run", &later, &[ALIGN, SETS, kpca]).with_code(0);
    assert_eq!(ended.said("align: 1 task\n"), 1, "{}", ended.stderr);
    assert_eq!(ended.said("paths: 8 tasks, 4 of them done before"), 1, "{}", ended.stderr);
    assert_same(&at_once, &later);
    let atlas = contents(&at_once);
    for expected in [
        "/solutions/lbfgs-aligned/train/theta",
        "/solutions/sgd-aligned/test/theta",
        "/paths/lbfgs-aligned/train/on_test/loss",
        "/align/spread",
        "/align/sgd/test/fc1/negated",
    ] {
        assert!(atlas.contains_key(expected), "{expected}");
    }
    let spread: Array1<f64> = read(&at_once, "align/spread");
    assert!(spread[spread.len() - 1] <= spread[0], "{spread}");

    // The same reference for other sets, and another number of rounds, are other alignments.
    for change in ["align.sets=[\"lbfgs/train\", \"sgd/train\"]", "align.rounds=19"] {
        let changed = [change, "paths.sets=[\"lbfgs/train\"]", "kpca=[]"];
        let refused = on_tiny(1, "run", &later, &changed).with_code(2);
        assert_eq!(refused.said("; invalidates the aligned sets"), 1, "{}", refused.stderr);
        assert_eq!(refused.said("compute anew: alignment (1)"), 1, "{}", refused.stderr);
    }

    // The reference is the mean of all vectors.
    let more = [ALIGN, SETS, kpca, "training.keep=4"];
    let refused = on_tiny(1, "run", &later, &more).with_code(2);
    let said = "training.keep: was 3, now 4; invalidates the aligned sets, because their reference \
                depends on it";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    assert_eq!(refused.said("paths lbfgs-aligned/train on train (2)"), 1, "{}", refused.stderr);
    assert_eq!(refused.said("paths lbfgs/train on train"), 0, "{}", refused.stderr);
}

#[test]
fn paths_of_aligned_sets_wait_for_the_alignment() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(1, "train", root.path(), &[]).with_code(0);
    let refused = on_tiny(1, "paths", root.path(), &[ALIGN, SETS]).with_code(2);
    let said = ": the sets of [align] are missing; run `lossatlas train` first";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    on_tiny(2, "train", root.path(), &[ALIGN, SETS]).with_code(0);
    on_tiny(2, "paths", root.path(), &[ALIGN, SETS]).with_code(0);
}

#[test]
fn a_killed_alignment_comes_to_the_same_bits() {
    const SLOW: [&str; 3] =
        ["align.orders=40", "run.checkpoint_minutes=0.0001", "paths.sets=[\"sgd-aligned/train\"]"];
    let root = tempdir().expect("a temporary directory");
    let [whole, killed] = ["whole", "killed"].map(|name| root.path().join(name));
    on_tiny(1, "run", &whole, &SLOW).with_code(0);
    on_tiny(1, "train", &killed, &[]).with_code(0);
    let run = in_background(1, "run", &killed, &SLOW);
    wait_until("a checkpoint", &run, || {
        fs::metadata(killed.join(STATES)).is_ok_and(|file| file.len() > 100)
            && !ranks_of(&killed).is_empty()
    });
    signal("KILL", &ranks_of(&killed));
    run.join().expect("it was waited for");
    on_tiny(2, "run", &killed, &SLOW).with_code(0);
    assert_same(&whole, &killed);
}

/// Of two clusters, atoms are exchanged. Otherwise they pass through each other: the lowest pass
/// between minima of seven atoms is at −15.44.
#[test]
fn paths_between_clusters_exchange_equal_atoms() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("cluster.toml");
    let written = "seed = 1\n[landscape]\nkind = \"lennard-jones\"\natoms = 7\nstarts = 60\n\
                   keep = 4\n[paths]\npoints = 51\nsteps = 300\nlearning_rate = 1e-2\n";
    fs::write(&file, written).expect("a writable directory");
    let run = |ranks: usize, directory: &Path, arguments: &[&str]| {
        let mut all = vec!["run", text(&file), "--out", text(directory)];
        all.extend(arguments);
        lossatlas(ranks, &all).with_code(0)
    };
    let [numbered, exchanged, three] =
        ["numbered", "exchanged", "three"].map(|name| root.path().join(name));
    run(1, &numbered, &[]);
    let ended = run(1, &exchanged, &["--set", "paths.align=true"]);
    assert_eq!(ended.stdout.matches("(paths.align)").count(), 1, "{}", ended.stdout);
    run(3, &three, &["--set", "paths.align=true"]);
    assert_same(&exchanged, &three);
    let barriers = |directory: &Path| -> Array1<f64> {
        read(directory, "paths/minima/relaxed/on_formula/height_dense")
    };
    let [numbered, exchanged] = [&numbered, &exchanged].map(|directory| barriers(directory));
    assert_eq!((numbered.len(), exchanged.len()), (6, 6));
    let highest = |barriers: &Array1<f64>| barriers.iter().copied().fold(f64::MIN, f64::max);
    assert!(highest(&exchanged) < -10.0 && highest(&numbered) > 0.0, "{numbered} {exchanged}");
    assert!(exchanged.iter().all(|&barrier| barrier > -15.444_735), "{exchanged}");

    // Without a reference that all minima share, sets of clusters are not aligned.
    let written = "seed = 1\n[landscape]\nkind = \"lennard-jones\"\natoms = 7\n[align]\n";
    fs::write(&file, written).expect("a writable directory");
    let said = lossatlas(1, &["check", text(&file)]).with_code(2).stderr;
    let expected = ":5: align: only networks have hidden units that can be exchanged; ";
    assert!(said.contains(expected) && said.lines().count() == 1, "{said}");
}
