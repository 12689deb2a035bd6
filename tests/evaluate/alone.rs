//! A configuration of `[dataset]` and `[network]` alone.

use crate::files::{FIXTURES, evaluate};
use crate::start::{lossatlas, text};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

#[test]
fn data_and_a_network_are_enough() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("alone.toml");
    let network = "[network]\nkind = \"fcp\"\nhidden = [8]\n";
    fs::write(&file, format!("[dataset]\nkind = \"idx\"\ndir = \"{FIXTURES}\"\n{network}"))
        .expect("space");
    let weights = Path::new(FIXTURES).join("theta.npy");
    let weights = text(&weights);
    let alone = |options: &[&str]| {
        lossatlas(1, &[&["evaluate", text(&file), "--weights", weights, "--csv"], options].concat())
    };
    assert_eq!(
        alone(&[]).with_code(0).stdout,
        evaluate(1, weights, &["--csv"]).with_code(0).stdout
    );
    // What it does not read need not be there.
    let more = "[[import]]\nname = \"a/b\"\nfile = \"nowhere.npy\"\n[paths]\ntest = 100000\n";
    fs::write(&file, fs::read_to_string(&file).expect("written above") + more).expect("space");
    alone(&[]).with_code(0);
    // A study needs more.
    let refused = lossatlas(1, &["check", text(&file)]).with_code(2);
    assert_eq!(refused.said("seed: missing"), 1, "{}", refused.stderr);
}
