//! The Python of the pages, run on a small study; the datasets that other languages name.

use crate::markdown::blocks;
use crate::python::python_with;
use crate::{ROOT, pages};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::{TempDir, tempdir};

/// What the pages ask of their runs besides.
const BESIDES: [&str; 4] = ["--set", "graph=[{name=\"all\"}]", "--set", "paths.store=all"];

/// A directory in which the runs that the pages speak of lie where they say, all of them the small
/// study of the tests.
fn runs() -> TempDir {
    let root = tempdir().expect("a temporary directory");
    let run = root.path().join("results/demo");
    let configuration = Path::new(ROOT).join("tests/program/tiny.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossatlas"));
    let output =
        command.arg("run").arg(configuration).arg("--out").arg(&run).args(BESIDES).output();
    let output = output.expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    symlink(&run, root.path().join("results/tutorial")).expect("a link");
    symlink(run.join("atlas.h5"), root.path().join("atlas.h5")).expect("a link");
    root
}

/// What stands in `"` and names a dataset: `"/paths/…"`.
fn datasets(text: &str) -> BTreeSet<&str> {
    text.split('"').skip(1).step_by(2).filter(|quoted| quoted.starts_with('/')).collect()
}

#[test]
fn recipes_run_and_draw() {
    let root = runs();
    let python = python_with("h5py, xarray, h5netcdf, pandas, matplotlib");
    let (mut scripts, mut pictures) = (0, 0);
    for page in pages() {
        for block in blocks(&page.text).into_iter().filter(|block| block.language == "python") {
            let mut command = Command::new(python);
            command
                .args(["-W", "error::DeprecationWarning:__main__", "-c", &block.text])
                .env("PYTHONPATH", Path::new(ROOT).join("python"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("MPLBACKEND", "Agg");
            let output = command.current_dir(root.path()).output().expect("a Python to run");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {said}", page.place(block.line));
            scripts += 1;
            for name in block.text.split('"').skip(1).step_by(2).filter(|name| {
                Path::new(name).extension().is_some_and(|extension| extension == "png")
            }) {
                let picture = root.path().join(name);
                let bytes = fs::read(&picture)
                    .unwrap_or_else(|_| panic!("{}: no {name}", page.place(block.line)));
                assert!(
                    bytes.starts_with(b"\x89PNG"),
                    "{}: {name} is no picture",
                    page.place(block.line)
                );
                fs::remove_file(picture).expect("read above");
                pictures += 1;
            }
        }
    }
    assert!(scripts > 5 && pictures > 3, "{scripts} scripts and {pictures} pictures");

    let atlas = hdf5::File::open(root.path().join("atlas.h5")).expect("a file");
    let mut named = 0;
    for page in pages() {
        for block in blocks(&page.text)
            .into_iter()
            .filter(|block| ["julia", "matlab", "r"].contains(&&*block.language))
        {
            for path in datasets(&block.text) {
                assert!(
                    atlas.dataset(path).is_ok(),
                    "{}: there is no dataset {path}",
                    page.place(block.line)
                );
                named += 1;
            }
        }
    }
    assert!(named > 3, "{named} datasets");
}

/// Octave, if it is installed: too large to be a dependency of the tests.
fn octave() -> Option<&'static str> {
    let works = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    ["octave-cli", "octave"].into_iter().find(works)
}

#[test]
fn octave_loads_the_whole_atlas() {
    let Some(octave) = octave() else {
        eprintln!("skipped: there is no Octave here (apt-get install octave)");
        return;
    };
    let root = runs();
    let run = |script: &str| {
        let mut command = Command::new(octave);
        command.args(["--norc", "--no-history", "--eval", script]).current_dir(root.path());
        let output = command.output().expect("an Octave to run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("warning: load"), "{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let mut scripts = 0;
    for block in pages()
        .iter()
        .flat_map(|page| blocks(&page.text))
        .filter(|block| block.language == "octave")
    {
        let printed = run(&block.text);
        assert!(printed.contains("median barrier: sgd "), "{printed}");
        assert!(printed.contains("42200 parameters, 3 vectors"), "{printed}");
        scripts += 1;
    }
    assert!(scripts > 0, "no page shows how");
    let printed = run(
        r#"a = load("atlas.h5"); printf("%.17g %s\n", a.solutions.sgd.train.loss_test(2), a.network.name(3, :))"#,
    );
    let atlas = hdf5::File::open(root.path().join("atlas.h5")).expect("a file");
    let losses: Vec<f64> = atlas
        .dataset("/solutions/sgd/train/loss_test")
        .and_then(|set| set.read_raw())
        .expect("losses");
    let (loss, name) = printed.trim().split_once(' ').expect("two words");
    assert_eq!((loss.parse().ok(), name), (Some(losses[1]), "fc3.weight"));
}

/// R with the package that reads HDF5, if it is installed.
fn has_r() -> bool {
    let asked = Command::new("Rscript").args(["-e", "library(hdf5r)"]).output();
    asked.is_ok_and(|output| output.status.success())
}

#[test]
fn r_reads_and_draws() {
    if !has_r() {
        eprintln!("skipped: there is no R with hdf5r here (apt-get install r-cran-hdf5r)");
        return;
    }
    let root = runs();
    let mut printed = String::new();
    for block in pages().iter().flat_map(|page| blocks(&page.text)).filter(|b| b.language == "r") {
        let mut command = Command::new("Rscript");
        command.args(["--vanilla", "-e", &block.text]).current_dir(root.path());
        let output = command.output().expect("an R to run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        printed += &String::from_utf8_lossy(&output.stdout);
    }
    let atlas = hdf5::File::open(root.path().join("atlas.h5")).expect("a file");
    let heights: Vec<f64> = atlas
        .dataset("/paths/sgd/train/on_train/height")
        .and_then(|set| set.read_raw())
        .expect("barriers");
    // The median of two paths.
    assert_eq!(heights.len(), 2);
    let median = format!("median barrier: sgd {:.6},", f64::midpoint(heights[0], heights[1]));
    assert!(printed.contains(&median), "{median} is not in {printed}");
    assert!(printed.contains("42200 parameters, 3 vectors"), "{printed}");
    let picture = fs::read(root.path().join("barriers.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
}
