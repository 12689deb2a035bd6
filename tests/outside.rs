//! What is not written in Rust. Landscapes in other languages, at the other end of the protocol:
//! the Python file and the example in C, asked by an engine in Python. The Python package that reads
//! results, and the studies of `examples/`.

#[path = "support/python.rs"]
#[expect(dead_code, reason = "shared with tests that need h5py")]
mod python;

use python::python_with;
use std::path::Path;
use std::process::Command;

/// Runs a file of `tests/python`, and prints which of its tests were skipped and why.
fn run(python: &str, file: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(file);
    let mut command = Command::new(python);
    // Bytecode would lie in the source tree.
    command.arg("-B").arg(script).arg("-v").env("LOSSATLAS", env!("CARGO_BIN_EXE_lossatlas"));
    let output = command.output().expect("a Python to run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for line in said.lines().filter(|line| line.contains("... skipped")) {
        eprintln!("{line}");
    }
    assert!(output.status.success(), "{said}");
    said
}

/// How many tests passed.
fn passed(said: &str) -> usize {
    said.lines().filter(|line| line.ends_with("... ok")).count()
}

fn has_passed(said: &str, test: &str) -> bool {
    said.lines().any(|line| line.starts_with(test) && line.ends_with("... ok"))
}

#[test]
fn python_and_c_speak_the_protocol() {
    let said = run(python_with("numpy"), "test_landscape.py");
    assert!(passed(&said) >= 25, "{said}");
    assert!(said.contains("test_it_answers_as_the_page_says"), "{said}");
}

#[test]
fn examples_run_where_their_packages_are_installed() {
    let said = run(python_with("h5py, xarray"), "test_examples.py");
    for study in [
        "test_the_paper_in_miniature",
        "test_optimizers_compared",
        "test_the_energy_landscape",
        "test_imported_weights",
    ] {
        assert!(has_passed(&said, study), "{said}");
    }
}

#[test]
fn the_package_reads_results() {
    let said = run(python_with("h5py, xarray"), "test_lossatlas.py");
    assert!(passed(&said) >= 25, "{said}");
}

#[test]
#[ignore = "needs a Python with PyTorch: make test-pytorch PYTHON=…"]
fn pytorch_modules_are_landscapes() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let said = run(&python, "test_examples.py");
    assert!(passed(&said) >= 15, "{said}");
}

#[test]
#[ignore = "needs a Python with PyTorch, h5py and xarray: make test-pytorch PYTHON=…"]
fn pytorch_modules_of_results_have_the_stored_losses() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let said = run(&python, "test_lossatlas.py");
    for test in ["test_modules_have_the_stored_losses", "test_the_code_of_the_page_with_torch"] {
        assert!(has_passed(&said, test), "{said}");
    }
}
