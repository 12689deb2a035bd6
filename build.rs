//! Tells the program which commit it was built from.

use std::fs;
use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success()).then(|| text.trim().to_owned())
}

fn commit_of_git() -> Option<String> {
    let hash = git(&["rev-parse", "--short=12", "HEAD"])?;
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if !changes.is_empty() => Some(format!("{hash}-modified")),
        _ => Some(hash),
    }
}

/// An archive names its commit in this file, and the folder that it is unpacked in may be
/// another repository's.
const COMMIT: &str = "COMMIT";

fn main() {
    let of_archive = fs::read_to_string(COMMIT).map(|text| text.trim().to_owned()).ok();
    let commit = of_archive.or_else(commit_of_git).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=LOSSATLAS_COMMIT={commit}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=jobs");
    if fs::exists(COMMIT).unwrap_or(false) {
        println!("cargo::rerun-if-changed={COMMIT}");
    }
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}
