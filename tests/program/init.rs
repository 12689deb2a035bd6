//! `lossatlas init`: every configuration that it writes is one that `check` takes and `run` runs.

use crate::idx::idx;
use crate::start::{lossatlas, text};
use lossatlas::config::Subject;
use lossatlas::config::template::Size;
use lossatlas::engine::capacity;
use lossatlas::engine::parallel::World;
use lossatlas::engine::problem::Problem;
use lossatlas::network::NETWORKS;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::tempdir;

/// As many black images of these sides, in files that take no space.
fn write_images(directory: &Path, counts: [usize; 2], sides: [usize; 2]) {
    fs::create_dir_all(directory).expect("a temporary directory");
    for (prefix, count) in ["train", "t10k"].into_iter().zip(counts) {
        let [rows, columns] = sides;
        for (name, sizes) in
            [("images-idx3", &[count, rows, columns][..]), ("labels-idx1", &[count])]
        {
            let mut file =
                File::create(directory.join(format!("{prefix}-{name}-ubyte"))).expect("a new file");
            let header = idx(sizes, &[]);
            file.write_all(&header).expect("space for a header");
            file.seek(SeekFrom::Start(0)).expect("a file");
            file.set_len((header.len() + sizes.iter().product::<usize>()) as u64).expect("a hole");
            // The last item is not 0, so that labels are of more than one class.
            file.seek(SeekFrom::End(-1)).expect("a file with an item");
            file.write_all(&[9]).expect("space for a byte");
        }
    }
}

#[test]
fn every_network_size_and_kind_of_data_passes_check() {
    let root = tempdir().expect("a temporary directory");
    // MNIST, and sets that are smaller than what the sizes ask for, in both parts or in one.
    let sets = [
        ("mnist", [60_000, 10_000], [28, 28]),
        ("few", [7, 5], [13, 12]),
        ("odd", [5999, 1001], [12, 17]),
    ];
    let folders = sets.map(|(name, counts, sides)| {
        let folder = root.path().join(name);
        write_images(&folder, counts, sides);
        text(&folder).to_owned()
    });
    let mut left = Vec::new();
    for network in NETWORKS {
        for size in Size::ALL {
            let data = folders.iter().map(String::as_str).chain(["built-in"]);
            left.extend(data.map(|data| (network.name, size.name(), data)));
        }
    }
    assert_eq!(left.len(), 48);
    for (network, size, data) in left {
        let kind = data.rsplit('/').next().expect("a name");
        let file = root.path().join(format!("{network}-{size}-{kind}.toml"));
        let arguments = ["init", text(&file), "--network", network, "--size", size, "--data", data];
        let said = lossatlas(1, &arguments).with_code(0);
        let shown = file.display();
        assert_eq!(
            said.stdout,
            format!("{shown}: written; `lossatlas check {shown}` says what it comes to\n")
        );
        assert_sound(&file, network);
        // The sizes ask for more or less of the same evaluations: `check` performs them for one.
        if size == Size::Demo.name() {
            // It measures the speed of paths; short ones do for that.
            let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
            let plan = lossatlas(1, &[&["check", text(&file)][..], &short].concat()).with_code(0);
            assert!(
                plan.stdout.contains(": valid\n")
                    && plan.stdout.contains(&format!("network    {network}:"))
            );
        }
    }
}

/// Fails unless a configuration is one of this network that fits its data and the memory.
#[track_caller]
fn assert_sound(file: &Path, network: &str) {
    let world = World::alone();
    let problem = Problem::load(&world, file, &[]).unwrap_or_else(|failure| panic!("{failure}"));
    capacity::check(&world, file, &problem).unwrap_or_else(|failure| panic!("{failure}"));
    let Subject::Network(subject) = &problem.config.subject else { panic!("{}", file.display()) };
    assert_eq!(subject.architecture.name(), network);
}

/// Nothing is written for images that it could not be run on.
#[test]
fn data_that_do_not_fit_are_refused() {
    let root = tempdir().expect("a temporary directory");
    let (images, file) = (root.path().join("images"), root.path().join("study.toml"));
    let init = |network: &str| {
        lossatlas(1, &["init", text(&file), "--network", network, "--data", text(&images)])
            .with_code(2)
    };
    let nowhere = "images: no such file or folder; give an .npz file, or a folder of .npy files or of \
                   IDX files; `make mnist` fetches MNIST";
    assert_eq!(init("fcp").said(nowhere), 1);
    fs::create_dir(&images).expect("a writable directory");
    let empty = init("fcp");
    assert_eq!(empty.said("images: no train-images-idx3-ubyte, "), 1, "{}", empty.stderr);
    assert_eq!(empty.said("; if the images are NumPy arrays, give the .npz file"), 1);
    write_images(&images, [20, 10], [6, 6]);
    let refused = init("lenet");
    assert_eq!(
        refused.said("images: network: images of 6 × 6 pixels are too small for LeNet"),
        1,
        "{}",
        refused.stderr
    );
    fs::write(images.join("t10k-labels-idx1-ubyte"), idx(&[9], &[0; 9])).expect("a small file");
    assert_eq!(init("fcp").said("the two files do not belong together"), 1);
    assert!(!file.exists());
}

#[test]
fn the_smallest_runs() {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("study.toml"), root.path().join("out"));
    lossatlas(2, &["init", text(&file)]).with_code(0);
    // Of its minute a second.
    let fewer = [
        "dataset.train=500",
        "dataset.test=500",
        "training.sgd.epochs=2",
        "training.lbfgs.iterations=3",
        "paths.steps=2",
        "paths.points=11",
    ];
    let mut arguments = vec!["run", text(&file), "--out", text(&out)];
    arguments.extend(fewer.iter().flat_map(|change| ["--set", change]));
    let ended = lossatlas(2, &arguments).with_code(0);
    assert_eq!(
        (ended.said("training: 12 of 12 tasks"), ended.said("paths: 24 of 24 tasks")),
        (1, 1),
        "{}",
        ended.stderr
    );
    assert!(out.join("atlas.h5").exists() && out.join("report/index.html").exists());
}

#[test]
fn what_exists_is_replaced_by_force_only() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("study.toml");
    fs::write(&file, "precious").expect("a writable directory");
    let refused = lossatlas(2, &["init", text(&file)]).with_code(2);
    assert_eq!(
        refused.said("study.toml exists; choose another name or replace it with --force"),
        1,
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&file).expect("still there"), "precious");
    lossatlas(1, &["init", text(&file), "--force", "--network", "lstm"]).with_code(0);
    let written = fs::read_to_string(&file).expect("a text");
    // The same text on standard output, once.
    assert_eq!(lossatlas(2, &["init", "-", "--network", "lstm"]).with_code(0).stdout, written);
}

#[test]
fn wrong_words_are_answered_with_what_was_probably_meant() {
    for (arguments, part) in [
        (["--network", "lnet"], "a similar value exists: 'lenet'"),
        (["--size", "papr"], "a similar value exists: 'paper'"),
        (["--data", "$LOSSATLAS_NOT_SET/mnist"], "dataset.dir: "),
        (["--netwrk", "fcp"], "a similar argument exists: '--network'"),
    ] {
        let refused = lossatlas(1, &["init", "-", arguments[0], arguments[1]]).with_code(2);
        assert_eq!((refused.said(part), refused.stdout.as_str()), (1, ""), "{}", refused.stderr);
    }
}
