//! What `check` says of the memory of a rank.

use crate::start::{PROGRAM, TINY, lossatlas, text};
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::tempdir;

/// All numbers of megabytes in a line: of each rank, and of rank 0 besides.
fn megabytes(line: &str) -> f64 {
    let words: Vec<&str> = line.split_whitespace().collect();
    let numbers = words.windows(2).filter(|pair| pair[1].starts_with("MB")).map(|pair| pair[0].parse::<f64>());
    numbers.map(|number| number.expect("a number")).sum()
}

/// The largest resident set of a run on one rank, in megabytes.
fn peak(arguments: &[&str]) -> f64 {
    let mut run = Command::new(PROGRAM).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let mut peak = 0.0_f64;
    while run.try_wait().expect("a child").is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0.0) * 1024.0 / 1e6);
        sleep(Duration::from_millis(2));
    }
    peak
}

#[test]
fn what_a_rank_needs_is_predicted_within_a_fifth() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    // With many terms the path is what the memory goes to, not the libraries.
    for terms in ["10", "100"] {
        let change = format!("paths.fourier_terms={terms}");
        let common = ["--set", &change, "--set", "paths.landscapes=[\"train\"]"];
        let said = lossatlas(1, &[&["check", TINY], &common[..]].concat()).with_code(0).stdout;
        let line = said.lines().find(|line| line.starts_with("memory")).expect("a line on memory");
        let predicted = megabytes(line);
        let directory = out.join(terms);
        let stage = |name| peak(&[&[name, TINY, "--out", text(&directory)], &common[..]].concat());
        let measured = stage("train").max(stage("paths"));
        assert!((measured / predicted - 1.0).abs() < 0.2, "{terms} terms: {predicted} MB predicted, {measured} MB measured");
    }
}
