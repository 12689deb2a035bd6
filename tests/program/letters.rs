//! A data set with another number of classes: 26 letters, labeled from 1, as those of EMNIST.

use crate::atlas::contents;
use crate::idx::idx;
use crate::images::write;
use crate::start::{TINY, lossatlas, on_tiny, text};
use crate::subjects::doubles;
use lossatlas::data::digits;
use lossatlas::random::MasterSeed;
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Digits stand in for letters: digit d with noise in its first pixel is one of the letters d + 1,
/// d + 11 and d + 21.
fn write_letters(directory: &Path) {
    fs::create_dir_all(directory).expect("a temporary directory");
    let drawn = digits::draw(MasterSeed(4), 104, 52);
    for (prefix, images) in [("train", &drawn.train), ("t10k", &drawn.test)] {
        let (count, shape) = (images.len(), images.shape);
        let mut pixels = images.pixels.bytes().expect("bytes").to_vec();
        let mut labels = Vec::new();
        for (index, image) in pixels.chunks_exact_mut(shape.pixels()).enumerate() {
            let third = (index / 5 % 3) as u8;
            let letter = 1 + images.labels[index] as u8 + 10 * third;
            image[0] = 80 * third;
            labels.push(letter.min(26));
        }
        let sizes = [count, shape.rows, shape.columns];
        write(&directory.join(format!("{prefix}-images-idx3-ubyte")), &idx(&sizes, &pixels));
        write(&directory.join(format!("{prefix}-labels-idx1-ubyte")), &idx(&[count], &labels));
    }
}

/// Training, paths, kernel PCA, report, export and evaluation: every network has 26 outputs, and
/// the losses that the run has stored are those of its vectors evaluated again.
#[test]
fn twenty_six_letters_from_training_to_the_report() {
    let root = tempdir().expect("a temporary directory");
    let images = root.path().join("letters");
    write_letters(&images);
    let place = format!("dataset.dir={}", text(&images));
    let data = ["dataset.kind=idx", &place, "dataset.train=all", "dataset.test=all"];
    // Few images are enough, and an LSTM takes its time.
    let few = ["paths.train=30", "paths.test=30", "paths.points=5"];
    // 16 outputs more than for ten classes, those of LeNet with a bias.
    for (network, parameters) in
        [("fcp", 42_200 + 16 * 50), ("lenet", 61_706 + 16 * 85), ("lstm", 15_456 + 16 * 48)]
    {
        let (out, kind) = (root.path().join(network), format!("network.kind={network}"));
        let settings = [&data[..], &few, &[&kind]].concat();
        let ended = on_tiny(1, "run", &out, &settings);
        // Three steps may find no path lower than the straight line, which is code 3.
        let ran = matches!(ended.code, Some(0 | 3)) && !ended.stdout.contains("failed: ");
        assert!(ran, "{network}: {}{}", ended.stdout, ended.stderr);

        let atlas = contents(&out);
        assert_eq!(atlas["/solutions/lbfgs/train/theta"][1], json!([3, parameters]), "{network}");
        assert!(atlas.contains_key("/paths/lbfgs/train/on_train/height"), "{:?}", atlas.keys());
        let page = fs::read_to_string(out.join("report/index.html")).expect("a report");
        let relation = "No published values or claims apply to this run";
        assert!(page.contains(relation), "{network}");

        let evaluated = evaluate_again(&out, &settings);
        let stored = doubles(&atlas["/solutions/lbfgs/train/loss_train"]);
        assert_eq!((evaluated.len(), stored.len()), (3, 3));
        for (evaluated, stored) in evaluated.iter().zip(&stored) {
            assert!(
                (evaluated / stored - 1.0).abs() < 1e-5,
                "{network}: {evaluated}, not {stored}"
            );
            assert!((0.1..3.4).contains(stored), "{network}: {stored}, untrained 3.3");
        }
    }
    other_classes_are_refused(&root.path().join("fcp"), &[&data[..], &few].concat());
}

/// The training losses of the vectors in `lbfgs/train`.
fn evaluate_again(out: &Path, settings: &[&str]) -> Vec<f64> {
    let file = out.join("lbfgs-train.npy");
    lossatlas(1, &["export", text(out), "--set", "lbfgs/train", "--to", text(&file)]).with_code(0);
    let mut arguments = vec!["evaluate", TINY, "--csv", "--weights", text(&file)];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let printed = lossatlas(1, &arguments).with_code(0).stdout;
    let loss = |line: &str| line.split(',').nth(1).and_then(|loss| loss.parse().ok());
    printed.lines().skip(1).map(|line| loss(line).expect("a loss")).collect()
}

/// Images with other classes are another study, also where the images are the same.
fn other_classes_are_refused(out: &Path, data: &[&str]) {
    let refused = on_tiny(1, "run", out, &[data, &["dataset.classes=30"]].concat()).with_code(2);
    let said = "dataset.classes: was 26, now 30; invalidates everything";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    let same = on_tiny(1, "run", out, &[data, &["dataset.classes=26"]].concat());
    assert!(matches!(same.code, Some(0 | 3)), "{}", same.stderr);
}
