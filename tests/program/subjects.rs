//! What can be mapped: every network, vectors from files, and formulas that are no network.

use crate::atlas::{assert_same, contents};
use crate::idx::idx;
use crate::images::write;
use crate::start::{lossatlas, on_tiny, text};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Everything but the network, as small as it gets.
const REST: &str = r#"
[training]
initializations = 3
keep = 2
sgd = { learning_rate = 0.05, epochs = 2, batch_size = 16 }
lbfgs = { iterations = 3 }
[paths]
pairs = "all"
points = 5
fourier_terms = 2
steps = 2
[[kpca]]
name = "all"
sets = ["lbfgs/train", "sgd/test"]
components = 2
"#;

fn networks() -> [(&'static str, &'static str); 4] {
    [
        ("fcp", "kind = \"fcp\"\nhidden = [5]\nactivation = \"relu\""),
        ("lenet", "kind = \"lenet\"\nchannels = [2, 3]\nkernel = 3\ndense = [7]"),
        ("autoencoder", "kind = \"autoencoder\"\nhidden = [4, 3]"),
        ("lstm", "kind = \"lstm\"\nhidden = 5"),
    ]
}

#[test]
fn each_network_gives_the_same_bits_on_one_rank_and_on_two() {
    let root = tempdir().expect("a temporary directory");
    for (name, network) in networks() {
        let file = root.path().join(format!("{name}.toml"));
        let written = format!(
            "seed = 3\n[dataset]\nkind = \"digits\"\ntrain = 70\ntest = \
             30\n[network]\n{network}\n{REST}"
        );
        fs::write(&file, written).expect("a writable directory");
        let [one, two] = ["1", "2"].map(|ranks| root.path().join(format!("{name}-{ranks}")));
        lossatlas(1, &["run", text(&file), "--out", text(&one)]).with_code(0);
        lossatlas(2, &["run", text(&file), "--out", text(&two)]).with_code(0);
        assert_same(&one, &two);
    }
}

/// A run without training on sets of an earlier one, as NumPy and as HDF5 files.
fn import(root: &Path) -> String {
    let (first, earlier, npy) =
        (root.join("first.toml"), root.join("earlier"), root.join("weights.npy"));
    let head = "seed = 3\n[dataset]\nkind = \"digits\"\ntrain = 70\ntest = 30\n[network]\nkind = \
                \"fcp\"\nhidden = [5]\n";
    fs::write(&first, format!("{head}{REST}")).expect("a writable directory");
    lossatlas(2, &["run", text(&first), "--out", text(&earlier)]).with_code(0);
    lossatlas(1, &["export", text(&earlier), "--set", "lbfgs/train", "--to", text(&npy)])
        .with_code(0);
    format!(
        "{head}[[import]]\nname = \"published/train\"\nfile = \"{}\"\n\
         [[import]]\nname = \"earlier/test\"\nfile = \"{}:/solutions/sgd/test\"\n\
         [paths]\npairs = \"all\"\npoints = 5\nfourier_terms = 2\nsteps = 2\n\
         [[kpca]]\nname = \"both\"\nsets = [\"published/train\", \"earlier/test\"]\ncomponents = \
                            2\n",
        npy.display(),
        earlier.join("atlas.h5").display()
    )
}

#[test]
fn imported_sets_are_evaluated_and_mapped_without_training() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("import.toml");
    fs::write(&file, import(root.path())).expect("a writable directory");
    let [one, two] = ["1", "2"].map(|ranks| root.path().join(format!("imported-{ranks}")));
    lossatlas(1, &["run", text(&file), "--out", text(&one)]).with_code(0);
    lossatlas(2, &["run", text(&file), "--out", text(&two)]).with_code(0);
    assert_same(&one, &two);

    let (earlier, imported) = (contents(&root.path().join("earlier")), contents(&one));
    for (trained, import) in [("lbfgs/train", "published/train"), ("sgd/test", "earlier/test")] {
        for dataset in ["theta", "loss_train", "loss_test", "accuracy_test"] {
            let [was, is] = [(&earlier, trained), (&imported, import)]
                .map(|(atlas, set)| &atlas[&format!("/solutions/{set}/{dataset}")]);
            assert_eq!(was, is, "{import}/{dataset}");
        }
    }
    assert!(imported.contains_key("/paths/published/train/on_train/height_dense"));
    assert!(imported.contains_key("/kpca/both/projection"));
    let status = lossatlas(1, &["status", text(&one)]).with_code(0);
    assert!(status.stdout.contains("import published/train"), "{}", status.stdout);

    // Another file under the same name is another set.
    let npy = root.path().join("weights.npy");
    let other = root.path().join("earlier");
    lossatlas(1, &["export", text(&other), "--set", "lbfgs/test", "--to", text(&npy), "--force"])
        .with_code(0);
    let refused = lossatlas(2, &["run", text(&file), "--out", text(&one)]).with_code(2);
    assert_eq!(refused.said("import.published/train.checksum"), 1, "{}", refused.stderr);
}

#[test]
fn bad_imports_get_one_message_each() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("import.toml");
    let good = import(root.path());
    let out = root.path().join("out");
    let cases = [
        ("hidden = [5]", "hidden = [6]", "import.published/train: "),
        ("hidden = [5]", "hidden = [6]", "import.earlier/test: "),
        ("weights.npy", "nowhere.npy", "nowhere.npy"),
        ("/solutions/sgd/test", "/solutions/sgd/curves", "/solutions/sgd/curves"),
    ];
    for (right, wrong, message) in cases {
        fs::write(&file, good.replace(right, wrong)).expect("a writable directory");
        for ranks in [1, 2] {
            let refused = lossatlas(ranks, &["run", text(&file), "--out", text(&out)]).with_code(2);
            assert_eq!(refused.said(message), 1, "{wrong} on {ranks} ranks: {}", refused.stderr);
        }
        assert!(!out.exists(), "nothing is begun");
    }
}

/// Vectors so large that the loss overflows.
#[test]
fn imported_vectors_without_a_loss_are_called_that() {
    let root = tempdir().expect("a temporary directory");
    let (file, weights, out) =
        (root.path().join("import.toml"), root.path().join("huge.npy"), root.path().join("out"));
    ndarray_npy::write_npy(&weights, &ndarray::Array2::from_elem((3, 784 * 5 + 5 * 10), 3e38_f32))
        .expect("a file");
    let written = format!(
        "seed = 3\n[dataset]\nkind = \"digits\"\ntrain = 70\ntest = 30\n\
         [network]\nkind = \"fcp\"\nhidden = [5]\n\
         [[import]]\nname = \"huge/train\"\nfile = \"{}\"\n[paths]\npairs = \"all\"\n\
         [[kpca]]\nname = \"huge\"\n",
        weights.display()
    );
    fs::write(&file, written).expect("a writable directory");
    let ended = lossatlas(2, &["run", text(&file), "--out", text(&out)]).with_code(3);
    assert!(ended.stdout.contains("failed: 3 imported vectors"), "{}", ended.stdout);
    assert_eq!(
        ended.said("the set huge/train is empty because every imported vector failed"),
        1,
        "{}",
        ended.stderr
    );
    assert!(
        !format!("{}{}", ended.stdout, ended.stderr).contains("training run"),
        "{}\n{}",
        ended.stdout,
        ended.stderr
    );
    let page = fs::read_to_string(out.join("report/index.html")).expect("a page");
    assert!(page.contains("3 imported vectors ended without a solution"));
}

#[test]
fn two_formulas_run_through_the_pipeline_to_the_heights_known_for_them() {
    let root = tempdir().expect("a temporary directory");
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let cases: [(_, _, f64); 2] = [
        ("fig3", "minima/given", 0.624_393_347_2),
        ("mueller-brown", "minima/relaxed", -72.248_940_112),
    ];
    for (name, set, pass) in cases {
        let file = configs.join(format!("{name}.toml"));
        let [one, two] = ["1", "2"].map(|ranks| root.path().join(format!("{name}-{ranks}")));
        lossatlas(1, &["run", text(&file), "--out", text(&one)]).with_code(0);
        lossatlas(2, &["run", text(&file), "--out", text(&two)]).with_code(0);
        assert_same(&one, &two);
        let table = lossatlas(1, &["run", text(&file), "--out", text(&one)]).with_code(0).stdout;
        // The command that continues the paths has the name of the program.
        let lines = table.lines().filter(|line| !line.contains(" resume "));
        let table: String = lines.map(|line| format!("{line}\n")).collect();
        assert!(
            table.contains("Heights: ") && !table.contains("loss") && !table.contains("accurac"),
            "{table}"
        );
        let row = table.lines().find(|line| line.contains("formula")).expect("a row of barriers");
        let dense: f64 = row
            .split_whitespace()
            .nth_back(1)
            .and_then(|number| number.parse().ok())
            .expect("a dense height");
        // Behind it stands the higher end. The lowest pass between any two minima; heights are
        // printed with three digits.
        assert!(dense > pass - 0.005 * pass.abs(), "{name}: {dense} is below the pass {pass}");
        assert!(contents(&one).contains_key(&format!("/paths/{set}/on_formula/height_dense")));
    }
}

/// A formula in so many dimensions, its minima searched for on two ranks and on one; the atlas.
fn minima_and_paths(root: &Path, name: &str, landscape: &str) -> Map<String, Value> {
    let file = root.join(format!("{name}.toml"));
    let paths = "[paths]\npairs = 3\npoints = 21\nsteps = 50\nlearning_rate = 0.01\n";
    let written = format!(
        "seed = 5\n[landscape]\nkind = \"{name}\"\n{landscape}\n{paths}[[kpca]]\nname = \
         \"minima\"\ncomponents = 2\n"
    );
    fs::write(&file, written).expect("a writable directory");
    let [one, two] = ["1", "2"].map(|ranks| root.join(format!("{name}-{ranks}")));
    lossatlas(2, &["run", text(&file), "--out", text(&two)]).with_code(0);
    lossatlas(1, &["run", text(&file), "--out", text(&one)]).with_code(0);
    assert_same(&one, &two);
    contents(&two)
}

#[test]
fn clusters_and_double_wells_are_searched_and_connected_on_any_number_of_ranks() {
    let root = tempdir().expect("a temporary directory");
    let dense = "/paths/minima/relaxed/on_formula/height_dense";
    let (height, theta) =
        ("/solutions/minima/relaxed/loss_train", "/solutions/minima/relaxed/theta");

    let wells =
        minima_and_paths(root.path(), "double-well", "dimension = 4\nstarts = 12\nkeep = 6");
    assert_eq!(wells[theta][1], json!([6, 4]));
    assert!(
        doubles(&wells[height]).iter().all(|height| height.abs() < 1e-12),
        "corners: {}",
        wells[height]
    );
    let passes = doubles(&wells[dense]);
    // No path between two corners stays below 1; the straight line reaches at most 4.
    assert!(
        passes.len() == 3 && passes.iter().all(|height| (1.0 - 1e-3..=4.0).contains(height)),
        "{passes:?}"
    );

    let clusters = minima_and_paths(
        root.path(),
        "lennard-jones",
        "atoms = 7\nspace_dimensions = 2\nstarts = 60\nkeep = 4",
    );
    assert_eq!(clusters[theta][1], json!([4, 14]), "seven atoms in the plane have four minima");
    let energies = doubles(&clusters[height]);
    assert!((energies[0] + 12.534_867).abs() < 1e-6 && energies.is_sorted(), "{energies:?}");
    let passes = doubles(&clusters[dense]);
    assert!(passes.len() == 3 && passes.iter().all(|&height| height > energies[0]), "{passes:?}");
}

/// The numbers of a dataset of type float64, which `dump_atlas.py` prints as hexadecimal digits.
pub fn doubles(dataset: &Value) -> Vec<f64> {
    let digits = dataset[2].as_str().expect("numbers");
    let number = |eight: &[u8]| {
        u64::from_str_radix(std::str::from_utf8(eight).expect("digits"), 16).expect("hexadecimal")
    };
    digits
        .as_bytes()
        .chunks_exact(16)
        .map(|digits| f64::from_bits(number(digits).swap_bytes()))
        .collect()
}

#[test]
fn the_published_heights_of_the_two_wells_come_out_of_the_program() {
    let root = tempdir().expect("a temporary directory");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/fig3.toml");
    for (lambda, published) in [(10, 0.646_f64), (100, 0.640), (1000, 0.652)] {
        let (out, set) = (root.path().join(lambda.to_string()), format!("paths.lambda={lambda}"));
        let ended =
            lossatlas(1, &["run", text(&file), "--out", text(&out), "--set", &set]).with_code(0);
        let row = ended
            .stdout
            .lines()
            .find(|line| line.contains("formula"))
            .expect("a row of barriers")
            .to_owned();
        let heights: Vec<f64> =
            row.split(['[', ']', ',', ' ']).filter_map(|number| number.parse().ok()).collect();
        // Paths, failed, straight line and path H as median, lowest and highest, dense.
        let [_, _, straight, _, _, height, ..] = heights[..] else { panic!("{row}") };
        assert!(
            (straight - 1.102).abs() < 0.005 && (height - published).abs() < 0.02,
            "λ = {lambda}: {row}"
        );
    }
}

/// A network of fully connected layers takes images of any size.
#[test]
fn images_of_another_size() {
    let root = tempdir().expect("a temporary directory");
    let (images, out) = (root.path().join("images"), root.path().join("out"));
    fs::create_dir(&images).expect("a new directory");
    for (prefix, count) in [("train", 200), ("t10k", 100)] {
        let pixels: Vec<_> = (0..count * 12).map(|i| (i * 37 % 256) as u8).collect();
        let labels: Vec<_> = (0..count).map(|i| (i % 10) as u8).collect();
        write(&images.join(format!("{prefix}-images-idx3-ubyte")), &idx(&[count, 4, 3], &pixels));
        write(&images.join(format!("{prefix}-labels-idx1-ubyte")), &idx(&[count], &labels));
    }
    let place = format!("dataset.dir={}", text(&images));
    let ended = on_tiny(1, "run", &out, &["dataset.kind=idx", &place]);
    // Their labels are noise: three steps may find no path lower than the straight line, which is
    // code 3.
    let ran = matches!(ended.code, Some(0 | 3)) && !ended.stdout.contains("failed: ");
    assert!(ran && out.join("atlas.h5").exists(), "{}{}", ended.stdout, ended.stderr);
}
