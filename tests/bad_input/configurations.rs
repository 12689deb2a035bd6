//! The corpus of `tests/config/main.rs`, whole.

use crate::corpus::{Case, refuse};
use lossatlas::engine::store::write_npy;
use ndarray::Array2;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Components of a vector of the perceptron that the corpus trains.
const PARAMETERS: usize = 784 * 50 + 50 * 50 + 50 * 10;

#[test]
fn configurations() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/bad");
    let files =
        fs::read_dir(corpus).expect("the corpus").map(|entry| entry.expect("still there").path());
    let cases: Vec<_> = files.map(|file| case(&file)).collect();
    assert!(cases.len() >= 60, "the corpus is not there");
    refuse(&cases);
}

fn case(file: &Path) -> Case {
    let name =
        file.file_name().and_then(|name| name.to_str()).expect("an ordinary name").to_owned();
    let text = fs::read_to_string(file).expect("a text");
    let directory = tempdir().expect("a temporary directory");
    fs::write(directory.path().join(&name), &text).expect("space for a small file");
    // What the files name is there: nothing but the configuration is wrong.
    // The last one is for a network that a wrong key leaves unknown.
    let imports = [
        ("a.npy", PARAMETERS),
        ("fine.npy", PARAMETERS),
        ("of-another-network.npy", 784 * 20 + 20 * 10),
    ];
    for (import, parameters) in imports.into_iter().filter(|(import, _)| text.contains(import)) {
        let vectors = Array2::<f32>::zeros((2, parameters));
        write_npy(&directory.path().join(import), vectors.view(), false)
            .expect("space for a small file");
    }
    let marked = |mark| text.lines().filter_map(move |line| line.strip_prefix(mark));
    let mut arguments = vec!["run".to_owned(), name.clone(), "--out".to_owned(), "out".to_owned()];
    arguments.extend(marked("#--set ").flat_map(|change| ["--set".to_owned(), change.to_owned()]));
    let message: Vec<_> = marked("#^ ").map(|problem| placed(&name, problem)).collect();
    Case { name, directory, arguments, message: message.join("\n") }
}

/// A problem as the program says it: with the name of the file, unless an override is to blame.
fn placed(name: &str, problem: &str) -> String {
    match problem.split_once(':') {
        Some((line, _)) if line.parse::<usize>().is_ok() => format!("{name}:{problem}"),
        _ if problem.starts_with("--set ") => problem.to_owned(),
        _ => format!("{name}: {problem}"),
    }
}
