//! Data sets of other formats and shapes, from files to results.

use crate::atlas::{contents, differences};
use crate::idx::idx;
use crate::images::write;
use crate::start::{Ended, TINY, lossatlas, on_tiny, text};
use ndarray::{Array1, Array4};
use ndarray_npy::NpzWriter;
use std::fs::{self, File};
use std::path::Path;
use tempfile::tempdir;

/// Three steps may find no path lower than the straight line, which is code 3.
#[track_caller]
fn ran(ended: &Ended) {
    let ran = matches!(ended.code, Some(0 | 3)) && !ended.stdout.contains("failed: ");
    assert!(ran, "{}{}", ended.stdout, ended.stderr);
}

/// The images that a run has drawn, written in both formats, give all its bits again.
#[test]
fn exported_images_give_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let drawn = root.path().join("drawn");
    ran(&on_tiny(1, "run", &drawn, &[]));
    let (archive, folder) = (root.path().join("digits.npz"), root.path().join("new/digits"));
    let export = |source: &str, to: &Path, more: &[&str]| {
        lossatlas(1, &[&["export", source, "--images", "--to", text(to)], more].concat())
    };
    let of_run = export(text(&drawn), &archive, &[]).with_code(0).stdout;
    assert!(of_run.contains("200 training, 100 test images of 28×28; classes: 10"), "{of_run}");
    let of_configuration = export(TINY, &folder, &[]).with_code(0).stdout;
    let checksum = |line: &str| line.rsplit(' ').next().map(str::to_owned);
    assert_eq!(checksum(&of_run), checksum(&of_configuration));
    let there = export(TINY, &folder, &[]).with_code(2);
    assert_eq!(there.said("train-images-idx3-ubyte exists; choose another name"), 1);
    export(TINY, &folder, &["--force"]).with_code(0);

    let place = format!("dataset.path={}", text(&archive));
    let dir = format!("dataset.dir={}", text(&folder));
    for (name, settings) in
        [("npy", ["dataset.kind=npy", &place]), ("idx", ["dataset.kind=idx", &dir])]
    {
        let out = root.path().join(name);
        ran(&on_tiny(1, "run", &out, &settings));
        let different = differences(&contents(&drawn), &contents(&out));
        let of_results: Vec<_> = different
            .iter()
            .filter(|path| {
                ["theta", "loss", "height", "lambda"].iter().any(|part| path.contains(part))
            })
            .collect();
        assert!(of_results.is_empty(), "{name}: {of_results:?}");
        let log = fs::read_to_string(out.join("run.log")).expect("a log");
        assert!(log.contains("data read") && log.contains("train"), "{log}");
    }
    // A run whose files are others now.
    export(TINY, &folder, &["--force"]).with_code(0);
    write(&folder.join("t10k-labels-idx1-ubyte"), &idx(&[100], &[3; 100]));
    let changed = export(text(&root.path().join("idx")), &root.path().join("x.npz"), &[]);
    let changed = changed.with_code(2);
    assert_eq!(
        changed.said("the images are not those of the run any more"),
        1,
        "{}",
        changed.stderr
    );
}

/// 120 color images of 12 classes, labeled from 5, in floating-point numbers.
fn write_color(file: &Path, low: f32) {
    let mut archive = NpzWriter::new(File::create(file).expect("a new file"));
    let pixels = Array4::from_shape_fn((120, 6, 5, 3), |(n, y, x, c)| {
        let own = if (n % 12) % 6 == y && (n % 12) / 6 == c { 1.0 } else { 0.0 };
        low + (1.0 - low) * (0.75 * own + 0.25 * ((n * 7 + x * 3) % 11) as f32 / 11.0)
    });
    archive.add_array("images", &pixels).expect("space");
    let labels: Array1<i32> = (0..120).map(|n| 5 + n % 12).collect();
    archive.add_array("labels", &labels).expect("space");
    archive.finish().expect("space");
}

#[test]
fn color_images_of_numbers_from_training_to_the_report() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("color.npz");
    write_color(&file, -1.0);
    let place = format!("dataset.path={}", text(&file));
    let settings =
        ["dataset.kind=npy", &place, "dataset.train=90", "dataset.test=30", "paths.batch=all"];
    let plan = check(&settings).with_code(0).stdout;
    for part in [
        "90 training, 30 test images of 3×6×5, numbers from -1 to ",
        "; classes: 12, labeled 5 to 16",
        "color.npz images\n",
    ] {
        assert_eq!(plan.matches(part).count(), 1, "{part}:\n{plan}");
    }
    let out = root.path().join("out");
    ran(&on_tiny(2, "run", &out, &settings));
    let page = fs::read_to_string(out.join("report/index.html")).expect("a report");
    assert!(page.contains("No published values or claims apply to this run"));
    // The autoencoder cannot reach numbers below 0.
    let autoencoder = [&settings[..], &["network.kind=autoencoder"]].concat();
    let refused = check(&autoencoder).with_code(2);
    let said = "are between 0 and 1, but the pixels are numbers from -1 to";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    write_color(&file, 0.0);
    check(&autoencoder).with_code(0);
}

/// `init` reads the images as `--set` asks, and says what `check` would say.
#[test]
fn init_takes_the_channels_and_judges_the_numbers() {
    let root = tempdir().expect("a temporary directory");
    let (data, file) = (root.path().join("data.npz"), root.path().join("study.toml"));
    let write = |[height, width, channels]: [usize; 3], scale: f32| {
        let mut archive = NpzWriter::new(File::create(&data).expect("a new file"));
        let pixels = Array4::from_shape_fn([60, height, width, channels], |(n, a, b, c)| {
            scale * ((n * 7 + a * 5 + b * 3 + c) % 11) as f32 / 10.0
        });
        archive.add_array("images", &pixels).expect("space");
        let labels: Array1<i32> = (0..60).map(|n| n % 3).collect();
        archive.add_array("labels", &labels).expect("space");
        archive.finish().expect("space");
    };
    let init = |network: &str, more: &[&str]| {
        let arguments =
            ["init", text(&file), "--network", network, "--data", text(&data), "--force"];
        lossatlas(1, &[&arguments[..], more].concat())
    };
    // The second size and the last are sizes of channels.
    write([4, 8, 3], 1.0);
    let asked = init("fcp", &[]).with_code(2);
    assert_eq!(asked.said("set dataset.channels = \"first\" or \"last\""), 1, "{}", asked.stderr);
    let mistyped = init("fcp", &["--set", "dataset.chanels=last"]).with_code(2);
    assert_eq!(mistyped.said("did you mean \"channels\"?"), 1, "{}", mistyped.stderr);
    for (channels, shape) in [("last", "3×4×8"), ("first", "4×8×3")] {
        let channels = format!("dataset.channels={channels}");
        let ended = init("fcp", &["--set", &channels]).with_code(0);
        assert_eq!(ended.stderr, "");
        let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
        let plan = lossatlas(1, &[&["check", text(&file)][..], &short].concat()).with_code(0);
        assert!(plan.stdout.contains(&format!("test images of {shape}")), "{}", plan.stdout);
    }
    // Numbers from 0 to 255 are warned of by both, and no autoencoder reaches them.
    write([8, 8, 1], 255.0);
    let warning = "data.npz: warning: the pixels are numbers from 0 to 255 with a root mean square";
    assert_eq!(init("fcp", &[]).with_code(0).said(warning), 1);
    let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
    let plan = lossatlas(2, &[&["check", text(&file)][..], &short].concat()).with_code(0);
    assert_eq!(plan.said(warning), 1, "{}", plan.stderr);
    fs::remove_file(&file).expect("the configuration");
    let refused = init("autoencoder", &[]).with_code(2);
    let said = "network: its outputs, which are compared with the pixels, are between 0 and 1";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    assert!(!file.exists());
}

fn check(settings: &[&str]) -> Ended {
    let mut arguments = vec!["check", TINY];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    lossatlas(1, &arguments)
}

/// Letters of EMNIST and digits in one folder, as torchvision stores them.
#[test]
fn init_asks_which_set_is_meant_and_takes_the_answer() {
    let root = tempdir().expect("a temporary directory");
    let folder = root.path().join("EMNIST/raw");
    fs::create_dir_all(&folder).expect("a new folder");
    for (set, first) in [("letters", 1), ("digits", 0)] {
        for (split, count) in [("train", 52), ("test", 26)] {
            let name = |part: &str| folder.join(format!("emnist-{set}-{split}-{part}-ubyte"));
            write(&name("images-idx3"), &idx(&[count, 8, 8], &vec![7; 64 * count]));
            let labels: Vec<u8> = (0..count).map(|n| first + (n % 26) as u8).collect();
            write(&name("labels-idx1"), &idx(&[count], &labels));
        }
    }
    let file = root.path().join("study.toml");
    let data = root.path().join("EMNIST");
    let init = |more: &[&str]| {
        let arguments = ["init", text(&file), "--network", "lenet", "--data", text(&data)];
        lossatlas(1, &[&arguments[..], more].concat())
    };
    let asked = init(&[]).with_code(2);
    assert_eq!(asked.said("2 sets of IDX files fit; choose one with"), 1, "{}", asked.stderr);
    assert_eq!(asked.said("dataset.prefix = \"emnist-letters\""), 1, "{}", asked.stderr);
    init(&["--prefix", "emnist-letters"]).with_code(0);
    let written = fs::read_to_string(&file).expect("a configuration");
    assert!(written.contains("\nprefix = \"emnist-letters\""), "{written}");
    // The kernels of 5 × 5 pixels do not fit into 8 × 8.
    assert!(written.contains("\nkernel = 3"), "{written}");
    let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
    let plan = lossatlas(1, &[&["check", text(&file)][..], &short].concat()).with_code(0).stdout;
    assert!(
        plan.contains("52 training, 26 test images of 8×8; classes: 26, labeled 1 to 26"),
        "{plan}"
    );
    assert!(plan.contains("emnist-letters-test-labels-idx1-ubyte\n"), "{plan}");
}
