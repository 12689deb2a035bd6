//! The Python that writes data sets, run where its packages are, and what lossatlas reads of it.

use crate::markdown::blocks;
use crate::{Page, ROOT};
use std::env;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// A Python that has a package too large to be a dependency of the tests: that of
/// `LOSSATLAS_PYTHON`, or the one in the path.
fn python_with(package: &str) -> Option<String> {
    let named = env::var("LOSSATLAS_PYTHON").ok();
    let mut all = named.into_iter().chain(["python3".to_owned()]);
    let import = format!("import {package}");
    all.find(|python| {
        let output = Command::new(python).args(["-c", &import]).output();
        output.is_ok_and(|output| output.status.success())
    })
}

/// The blocks of the page of this package.
fn recipes(package: &str) -> Vec<String> {
    let page = Page::read(Path::new(ROOT).join("docs/your-own-data.md"));
    let of_package = format!("python {package}");
    let all = blocks(&page.text).into_iter().filter(|block| block.language == of_package);
    all.map(|block| block.text).collect()
}

fn run(python: &str, script: &str, folder: &Path) {
    let output = Command::new(python).args(["-c", script]).current_dir(folder).output();
    let output = output.expect("a Python to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn lossatlas(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lossatlas"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_digits_of_scikit_learn_are_read_as_the_page_shows() {
    let [recipe] = &recipes("sklearn")[..] else { panic!("one recipe") };
    assert_eq!(recipe.lines().count(), 3, "three lines");
    let Some(python) = python_with("sklearn") else {
        eprintln!("skipped: no Python here has scikit-learn (LOSSATLAS_PYTHON=PYTHON)");
        return;
    };
    let root = tempdir().expect("a temporary directory");
    run(&python, recipe, root.path());
    lossatlas(&["init", "study.toml", "--data", "digits.npz", "--network", "lenet"], root.path());
    let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
    let plan = lossatlas(&[&["check", "study.toml"][..], &short].concat(), root.path());
    let page = Page::read(Path::new(ROOT).join("docs/your-own-data.md"));
    let shown = blocks(&page.text).into_iter().find(|block| block.language == "text");
    for line in shown.expect("a plan").text.lines() {
        assert!(plan.contains(line.trim_end()), "{line} is not in\n{plan}");
    }
}

#[test]
fn pictures_in_folders_are_read_as_the_page_shows() {
    let [recipe] = &recipes("pillow")[..] else { panic!("one recipe") };
    let Some(python) = python_with("numpy, PIL") else {
        eprintln!("skipped: no Python here has NumPy and Pillow (LOSSATLAS_PYTHON=PYTHON)");
        return;
    };
    let root = tempdir().expect("a temporary directory");
    let paint = "import os, numpy as np\nfrom PIL import Image\nfor name in ('cat', 'dog'):\n    \
                 os.makedirs('pictures/' + name)\n    for i in range(10):\n        \
                 Image.fromarray(np.full((9 + i, 12, 3), 20 * i, 'uint8')).save(f'pictures/{name}/{i}.png')";
    run(&python, paint, root.path());
    run(&python, recipe, root.path());
    lossatlas(&["init", "study.toml", "--data", "pictures.npz"], root.path());
    let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
    let plan = lossatlas(&[&["check", "study.toml"][..], &short].concat(), root.path());
    let expected = "npy pictures.npz: 16 training, 4 test images of 3×32×32; classes: 2";
    assert!(plan.contains(expected), "{plan}");
}
