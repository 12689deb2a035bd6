//! Vectors of the program's own runs, out and in again; any number of ranks, any kind of file.

use crate::atlas::contents;
use crate::files::{evaluate, export, fixture_vectors, numbers, read, write};
use crate::start::{TINY, lossatlas, on_tiny, text};
use ndarray::{Axis, ShapeBuilder};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

const SETS: [&str; 4] = ["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test"];

fn trained(root: &Path) -> PathBuf {
    let directory = root.join("run");
    on_tiny(2, "train", &directory, &[]).with_code(0);
    directory
}

/// The little-endian bytes that `dump_atlas.py` prints as text.
fn bytes(dataset: &Value) -> Vec<u8> {
    let digits = dataset[2].as_str().expect("numbers");
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    (0..digits.len()).step_by(2).map(pair).collect()
}

fn doubles(dataset: &Value) -> Vec<f64> {
    bytes(dataset)
        .chunks_exact(8)
        .map(|eight| f64::from_le_bytes(eight.try_into().expect("eight bytes")))
        .collect()
}

#[test]
fn exported_vectors_are_those_of_the_atlas_to_the_bit() {
    let root = tempdir().expect("a temporary directory");
    let directory = trained(root.path());
    let atlas = contents(&directory);
    for set in SETS {
        let file = root.path().join("theta.npy");
        let ended = export(&directory, set, &file, &["--force"]).with_code(0);
        assert_eq!(ended.stdout, format!("{}: 3 vectors of 42200 components\n", text(&file)));
        let theta = &atlas[&format!("/solutions/{set}/theta")];
        let exported = read(&file);
        assert_eq!(theta[0], "float32");
        assert_eq!(exported.dim(), (3, 42_200));
        assert_eq!(
            exported.iter().flat_map(|component| component.to_le_bytes()).collect::<Vec<_>>(),
            bytes(theta),
            "{set}"
        );
    }
}

#[test]
fn losses_and_accuracies_are_those_the_training_run_stored() {
    let root = tempdir().expect("a temporary directory");
    let directory = trained(root.path());
    let atlas = contents(&directory);
    for set in SETS {
        let weights = format!("{}/atlas.h5:/solutions/{set}", text(&directory));
        let evaluated = numbers(
            &lossatlas(2, &["evaluate", TINY, "--csv", "--weights", &weights]).with_code(0).stdout,
        );
        assert_eq!(evaluated.len(), 3);
        for (column, name) in
            ["loss_train", "loss_test", "accuracy_train", "accuracy_test"].into_iter().enumerate()
        {
            let stored = doubles(&atlas[&format!("/solutions/{set}/{name}")]);
            for (row, stored) in stored.into_iter().enumerate() {
                let relative = (evaluated[row][column] / stored - 1.0).abs();
                assert!(
                    relative < 1e-6,
                    "{set}, row {row}: {name} {}, stored {stored}",
                    evaluated[row][column]
                );
            }
        }
    }
}

#[test]
fn an_exported_file_evaluates_to_the_same_text_as_the_atlas() {
    let root = tempdir().expect("a temporary directory");
    let directory = trained(root.path());
    let file = root.path().join("theta.npy");
    export(&directory, "lbfgs/train", &file, &[]).with_code(0);
    let weights = format!("{}/atlas.h5:/solutions/lbfgs/train", text(&directory));
    let [from_file, from_atlas] = [text(&file), &weights].map(|weights| {
        lossatlas(1, &["evaluate", TINY, "--csv", "--weights", weights]).with_code(0).stdout
    });
    assert_eq!(from_file, from_atlas);
    let mut losses: Vec<_> =
        numbers(&from_file).into_iter().map(|[train, ..]| train.to_bits()).collect();
    losses.dedup();
    assert_eq!(losses.len(), 3, "the vectors differ, so do their losses: {from_file}");
}

#[test]
fn the_number_of_ranks_changes_nothing() {
    let root = tempdir().expect("a temporary directory");
    let vectors = fixture_vectors();
    let seven = ndarray::concatenate(Axis(0), &[vectors.view(); 4])
        .expect("equal widths")
        .slice_move(ndarray::s![..7, ..]);
    let weights = write(root.path(), "theta", &seven.as_standard_layout().into_owned());
    let on = |ranks: usize| {
        let gradient = root.path().join(format!("gradient-{ranks}.npy"));
        let csv =
            evaluate(ranks, text(&weights), &["--csv", "--gradient", text(&gradient)]).with_code(0);
        let table = evaluate(ranks, text(&weights), &[]).with_code(0);
        assert_eq!((csv.stderr.as_str(), table.stderr.as_str()), ("", ""));
        (csv.stdout, table.stdout, fs::read(gradient).expect("just written"))
    };
    let alone = on(1);
    assert_eq!(numbers(&alone.0).len(), 7);
    assert_eq!(alone.1.lines().count(), 2 + 7, "{}", alone.1);
    for ranks in [2, 3] {
        assert!(on(ranks) == alone, "{ranks} ranks");
    }
}

#[test]
fn the_kind_of_the_file_changes_nothing() {
    let root = tempdir().expect("a temporary directory");
    let vectors = fixture_vectors();
    let mut fortran = ndarray::Array2::zeros(vectors.raw_dim().f());
    fortran.assign(&vectors);
    let files = [
        write(root.path(), "single", &vectors),
        write(root.path(), "double", &vectors.mapv(f64::from)),
        write(root.path(), "fortran", &fortran),
    ];
    let header = String::from_utf8_lossy(&fs::read(&files[2]).expect("just written")).into_owned();
    assert!(header.contains("'fortran_order': True"));
    let texts = files.map(|file| evaluate(1, text(&file), &["--csv"]).with_code(0).stdout);
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[0], texts[2]);

    let one = write(root.path(), "one", &vectors.row(1).to_owned());
    let one = numbers(&evaluate(2, text(&one), &["--csv"]).with_code(0).stdout);
    assert_eq!(one, numbers(&texts[0])[1..]);
}
