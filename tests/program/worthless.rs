//! Results that are not what their columns say: said where the numbers stand, and by the exit code
//! where it concerns all of a set.

use crate::start::{Ended, lossatlas, on_tiny, text};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

fn status(directory: &Path) -> String {
    lossatlas(1, &["status", text(directory)]).with_code(0).stdout
}

/// With line breaks and runs of blanks as one blank, as tables wrap their notes.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn page(directory: &Path) -> String {
    fs::read_to_string(directory.join("report/index.html")).expect("a page")
}

/// That all who show the numbers say this.
#[track_caller]
fn assert_said(ended: &Ended, directory: &Path, part: &str) {
    for (who, said) in
        [("terminal", &ended.stdout), ("status", &status(directory)), ("page", &page(directory))]
    {
        assert!(flowing(said).contains(part), "{who} does not say {part:?}:\n{said}");
    }
    let json = lossatlas(1, &["status", text(directory), "--format", "json"]).with_code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let notes = json["notes"].as_array().expect("a list");
    assert!(
        notes.iter().any(|note| note.as_str().is_some_and(|note| note.contains(part))),
        "{json}"
    );
}

#[test]
fn paths_that_were_never_found_are_no_barriers() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    let ended = on_tiny(2, "run", &out, &["paths.learning_rate=1e30"]).with_code(3);
    // Some of them are no higher than their ends, so that the straight line is right; those between
    // L-BFGS solutions rise.
    assert_said(&ended, &out, "of 16 paths are the straight line");
    assert_said(&ended, &out, "lbfgs/train on train 2 of 2");
    assert_said(&ended, &out, "Lower `paths.learning_rate`");
    assert!(ended.stdout.contains("2, 2 straight"), "{}", ended.stdout);
    let table = fs::read_to_string(out.join("report/barriers.csv")).expect("a table");
    let mut rows = csv_rows(&table);
    let header = rows.remove(0);
    let best = header.iter().position(|name| name == "best_step").expect("a column");
    assert!(rows.len() == 16 && rows.iter().all(|row| row[best] == "0"), "{table}");
    // Nothing is left to do, and it is said again.
    on_tiny(1, "run", &out, &["paths.learning_rate=1e30"]).with_code(3);
    // What was asked for is no failure.
    let asked = root.path().join("asked");
    let ended = on_tiny(1, "run", &asked, &["paths.steps=0"]).with_code(0);
    assert_said(&ended, &asked, "as `paths.steps = 0` asks for");
}

/// The cells of a table without quotation marks inside of quotation marks.
fn csv_rows(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let mut quoted = false;
        let split = |c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        };
        line.split(split).map(|cell| cell.trim_matches('"').to_owned()).collect()
    };
    table.lines().map(cells).collect()
}

#[test]
fn runs_that_stayed_at_their_initialization_are_no_solutions() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    // So short a step changes no loss by as much as its last digit, or raises it.
    let ended = on_tiny(1, "run", &out, &["training.sgd.learning_rate=1e-30"]).with_code(3);
    assert_said(
        &ended,
        &out,
        "4 of 4 sgd runs never came below the training loss of their initialization",
    );
    let table = csv_rows(&fs::read_to_string(out.join("report/mean-losses.csv")).expect("a table"));
    let column = table[0].iter().position(|name| name == "at_initialization").expect("a column");
    let of = |set: &str| table.iter().find(|row| row[1] == set).expect("a row")[column].clone();
    assert_eq!((of("sgd/train"), of("lbfgs/train")), ("3".to_owned(), "0".to_owned()));
}

/// The double well with these points.
fn wells(root: &Path, points: &str, relax: bool) -> PathBuf {
    let file = root.join("wells.toml");
    let landscape =
        format!("[landscape]\nkind = \"double-well\"\ndimension = 2\nrelax = {relax}\n");
    let points: String =
        points.split(';').map(|at| format!("[[minimum]]\nat = [{at}]\n")).collect();
    let rest = "[paths]\npairs = \"all\"\npoints = 11\nsteps = 50\nlearning_rate = 0.01\n\
                [[kpca]]\nname = \"k\"\ncomponents = 1\n";
    fs::write(&file, format!("seed = 1\n{landscape}{points}{rest}")).expect("a writable directory");
    file
}

#[test]
fn a_maximum_is_left_and_points_that_became_one_minimum_are_named() {
    let root = tempdir().expect("a temporary directory");
    let file = wells(root.path(), "0.0, 0.0; 0.9, 1.1; -1.0, -1.0", true);
    let [one, two] = ["one", "two"].map(|name| root.path().join(name));
    let ended = lossatlas(1, &["run", text(&file), "--out", text(&one)]).with_code(0);
    assert!(ended.stdout.contains("minima/relaxed"), "{}", ended.stdout);
    assert_said(&ended, &one, "minimum.0, minimum.1 became one minimum");
    assert_said(&ended, &one, "3 points led to 2 distinct minima: 2 of 3 pairs have vanished.");
    let file = wells(root.path(), "0.0, 0.0; 0.9, 1.1", true);
    let ended = lossatlas(1, &["run", text(&file), "--out", text(&two)]).with_code(3);
    assert_said(&ended, &two, "1 of 1 pairs have vanished");
}

#[test]
fn points_that_are_used_as_given_are_called_what_they_are() {
    let root = tempdir().expect("a temporary directory");
    let file = wells(root.path(), "0.0, 0.0; 1.0, 0.0; -1.0, -1.0", false);
    let out = root.path().join("out");
    let ended = lossatlas(2, &["run", text(&file), "--out", text(&out)]).with_code(0);
    assert_said(
        &ended,
        &out,
        "1 of 3 points are no minimum but a maximum, and are used as given: minimum.0.",
    );
    assert_said(
        &ended,
        &out,
        "1 of 3 points are no minimum but a saddle, and are used as given: minimum.1.",
    );
}

#[test]
fn clusters_say_that_atoms_were_not_exchanged() {
    let root = tempdir().expect("a temporary directory");
    let (file, out) = (root.path().join("atoms.toml"), root.path().join("out"));
    let landscape = "[landscape]\nkind = \"lennard-jones\"\natoms = 7\nspace_dimensions = \
                     2\nstarts = 20\nkeep = 2\n";
    let rest =
        "[paths]\npairs = 1\npoints = 11\nsteps = 20\n[[kpca]]\nname = \"k\"\ncomponents = 1\n";
    fs::write(&file, format!("seed = 5\n{landscape}{rest}")).expect("a writable directory");
    let ended = lossatlas(1, &["run", text(&file), "--out", text(&out)]);
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    assert_said(&ended, &out, "their atoms are not exchanged");
}

#[test]
fn no_published_value_stands_beside_foreign_images() {
    let root = tempdir().expect("a temporary directory");
    let (images, out) = (root.path().join("images"), root.path().join("out"));
    crate::images::write_digits(&images);
    let place = format!("dataset.dir={}", text(&images));
    on_tiny(1, "run", &out, &["dataset.kind=idx", &place]).with_code(0);
    let said = page(&out);
    assert!(
        said.contains("images that are not recognized as MNIST's")
            || said.contains("recognized as MNIST&"),
        "{said}"
    );
    assert!(said.contains("No published values or claims apply to this run"), "{said}");
    assert!(!said.contains("Claims of the paper") && !out.join("report/claims.csv").exists());
    for name in ["mean-losses", "moments"] {
        let table =
            csv_rows(&fs::read_to_string(out.join(format!("report/{name}.csv"))).expect("a table"));
        let published =
            (0..table[0].len()).filter(|&column| table[0][column].contains("published"));
        for column in published {
            assert!(
                table[1..].iter().all(|row| row[column].is_empty()),
                "{name}: {}",
                table[0][column]
            );
        }
    }
}
