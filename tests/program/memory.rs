//! What `check` says of the memory of a rank.

use crate::python::python;
use crate::start::{PROGRAM, TINY, lossatlas, lossatlas_with, text};
use std::fs;
use std::process::Command;
use tempfile::tempdir;

/// All numbers of megabytes in a line: of each rank, and of rank 0 besides.
fn megabytes(line: &str) -> f64 {
    let words: Vec<&str> = line.split_whitespace().collect();
    let numbers = words
        .windows(2)
        .filter(|pair| pair[1].starts_with("MB"))
        .map(|pair| pair[0].parse::<f64>());
    numbers.map(|number| number.expect("a number")).sum()
}

/// Runs a program and prints the largest resident set that the system has counted for it, in KiB.
const MEASURE: &str = "\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
";

/// The largest resident set of a run on one rank, in megabytes.
fn peak(arguments: &[&str]) -> f64 {
    let output = Command::new(python()).args(["-c", MEASURE, PROGRAM]).args(arguments).output();
    let output = output.expect("a Python to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout);
    printed.trim().parse::<f64>().expect("a number") * 1024.0 / 1e6
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
        assert!(
            (measured / predicted - 1.0).abs() < 0.2,
            "{terms} terms: {predicted} MB predicted, {measured} MB measured"
        );
    }
}

/// What a machine of so much memory says of a study; no array of these sizes may be allocated.
fn refused(memory: &str, command: &str, settings: &[&str]) -> String {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    let mut arguments = vec![command, TINY];
    if command != "check" {
        arguments.extend(["--out", text(&out)]);
    }
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let ended = lossatlas_with(1, &[("LOSSATLAS_MEMORY", memory)], &arguments).with_code(2);
    assert_eq!(ended.stdout, "", "nothing is planned");
    assert!(!out.exists(), "nothing is begun");
    ended.stderr
}

/// Sizes that no machine has, and what has to be made smaller. Without the variable the memory of
/// this machine counts.
#[test]
fn a_study_that_no_memory_holds_is_refused_before_anything_is_allocated() {
    let huge = [
        (&["network.hidden=[4294967295]"][..], "[network]"),
        (&["network.hidden=[4294967295, 4294967295, 4294967295]"], "[network]"),
        (&["network.kind=lstm", "network.hidden=4294967295"], "[network]"),
        (&["network.kind=lenet", "network.channels=[4294967295, 4294967295]"], "[network]"),
        (&["network.kind=lenet", "network.dense=[4294967295, 4294967295]"], "[network]"),
        (&["network.kind=autoencoder", "network.hidden=[4294967295]"], "[network]"),
        (&["training.initializations=4294967295", "training.keep=2"], "training.initializations"),
        (
            &["training.lbfgs.memory=4294967295", "training.lbfgs.iterations=4294967295"],
            "training.lbfgs.memory",
        ),
    ];
    for (settings, key) in huge {
        for command in ["check", "run"] {
            let said = refused("", command, settings);
            let who = ["a rank", "rank 0"].map(|who| format!("memory: {who} needs at least "));
            assert!(who.iter().any(|who| said.contains(who)), "{settings:?}: {said}");
            assert!(
                said.contains(key) && said.contains("this machine has"),
                "{settings:?}: {said}"
            );
        }
    }
}

/// On a machine that is said to have little, the same for sizes that this one could hold.
#[test]
fn what_is_predicted_is_compared_with_the_memory_that_there_is() {
    let large = [
        (&["paths.fourier_terms=1000"][..], "paths.fourier_terms"),
        (&["paths.points=10000", "network.kind=autoencoder"], "paths.points"),
        (&["dataset.train=1000000"], "dataset.train"),
        (&["run.threads_per_rank=64", "paths.fourier_terms=300"], "run.threads_per_rank"),
        (
            &["training.lbfgs.memory=1000", "training.lbfgs.iterations=1000"],
            "training.lbfgs.memory",
        ),
        (&["training.initializations=2000", "training.keep=2"], "training.initializations"),
    ];
    for (settings, key) in large {
        let said = refused("256M", "check", settings);
        assert!(said.contains("(LOSSATLAS_MEMORY)") && said.contains(key), "{settings:?}: {said}");
    }
    let plan = |memory| lossatlas_with(1, &[("LOSSATLAS_MEMORY", memory)], &["check", TINY]);
    assert_eq!(plan("64G").with_code(0).said("warning"), 0);
    // Enough for the arrays, not for the libraries beside them: measured, and warned of.
    assert_eq!(plan("20M").with_code(0).said("warning: memory: 1 rank needs about"), 1);
    assert_eq!(plan("much").with_code(2).said("LOSSATLAS_MEMORY is \"much\": write a size"), 1);
}

/// Ranks that fit one by one but not together. Nothing measures them, so the prediction says it.
#[test]
fn ranks_of_a_landscape_that_do_not_fit_together_are_warned_of_once() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("wells.toml");
    let landscape =
        "[landscape]\nkind = \"double-well\"\ndimension = 20000\nstarts = 2\nkeep = 2\n";
    fs::write(&file, format!("seed = 1\n{landscape}[paths]\n")).expect("a configuration");
    let out = root.path().join("out");
    let commands =
        [vec!["check", text(&file)], vec!["run", text(&file), "--dry-run", "--out", text(&out)]];
    for command in commands {
        let said = |ranks, memory: &str, code| {
            lossatlas_with(ranks, &[("LOSSATLAS_MEMORY", memory)], &command).with_code(code)
        };
        let refused = said(1, "1K", 2).stderr;
        let (_, needed) = refused.split_once("needs at least ").expect("a size");
        let needed: f64 =
            needed.split(" MB").next().and_then(|size| size.parse().ok()).expect("megabytes");
        // A path is most of it, and every rank has one.
        let memory = format!("{:.0}", needed * 1.2e6);
        assert_eq!(said(1, &memory, 0).said("warning: memory"), 0, "{command:?}");
        assert_eq!(said(2, &memory, 0).said("warning: memory: 2 ranks need"), 1, "{command:?}");
    }
}
