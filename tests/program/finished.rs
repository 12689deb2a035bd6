//! Runs of the configuration of the tests that are computed once for all tests.

use crate::start::on_tiny;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Puts what `lossatlas run` leaves of [`TINY`](crate::start::TINY) into a directory. It is
/// computed once for all tests.
pub fn finished_run(directory: &Path) {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    copy(RUN.get_or_init(|| computed("run")), directory);
}

/// The same of `lossatlas train`.
pub fn finished_training(directory: &Path) {
    static TRAINING: OnceLock<PathBuf> = OnceLock::new();
    copy(TRAINING.get_or_init(|| computed("train")), directory);
}

/// A directory with the results of a subcommand. Those of an earlier build are removed.
fn computed(subcommand: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("finished-{subcommand}"));
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("a directory of these tests");
    }
    on_tiny(1, subcommand, &directory, &[]).with_code(0);
    directory
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a temporary directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let (source, target) = {
            let entry = entry.expect("still there");
            (entry.path(), to.join(entry.file_name()))
        };
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).expect("space for a small file");
        }
    }
}
