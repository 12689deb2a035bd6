//! What is refused before any work starts.

use crate::study::Study;

/// `check` and `run` say the same, and nothing is written.
#[track_caller]
fn refused(mode: &str, overrides: &[&str], words: &[&str]) {
    let study = Study::new();
    study.mode(mode);
    study.check(overrides).with_code(2).saying(words);
    study.run(1, "run", overrides).with_code(2).saying(words);
    assert!(!study.out().exists());
}

#[test]
fn commands_that_are_no_landscape() {
    let not_found = ["landscape.command: no-such-program: cannot be started"];
    refused("", &["landscape.command=[\"no-such-program\"]"], &not_found);
    let printed = [
        "study.toml: landscape.command: python3 landscape.py: its first line is not the handshake \
         of a landscape: \"Hello, world\"",
    ];
    refused("greet", &[], &printed);
    let module = [
        "ended with exit code 1 before its handshake; the end of its standard error",
        "No module named 'a_module_that_does_not_exist'",
    ];
    refused("import-error", &[], &module);
    let never = ["gave no handshake within the time limit of 1s and was killed"];
    refused("never", &["landscape.start_limit=1"], &never);
}

#[test]
fn handshakes_that_are_wrong() {
    refused(
        "version",
        &[],
        &["it speaks version 2 of the protocol, this program speaks version 1"],
    );
    refused("zero", &[], &["its handshake: dimension: must be at least 1"]);
    refused("tensors", &[], &["its handshake: tensors: their sizes sum to 2, but dimension is 4"]);
}

#[test]
fn what_does_not_fit_the_process() {
    let start = ["there are no starts", "landscape.start = [low, high]"];
    refused("no-region", &[], &start);
    let datasets =
        ["paths.landscapes: the process has no data set \"valid\"; it has \"train\", \"test\""];
    refused("", &["paths.landscapes=[\"valid\"]"], &datasets);
}

#[test]
fn points_of_another_dimension() {
    let study = Study::with(
        "seed = 1\n[landscape]\nkind = \"process\"\ncommand = [\"python3\", \"landscape.py\"]\n\
         [[minimum]]\nat = [1.0, 1.0]\n[[minimum]]\nat = [1.0, 1.0, 1.0, 1.0]\n",
    );
    let words = "minimum.0.at: must have 4 coordinates, the dimension of wells, has 2";
    study.check(&[]).with_code(2).saying(&[words]);
}

#[test]
fn a_process_that_promises_more_than_it_keeps() {
    let words = [
        "landscape.deterministic: the process gives two answers for one point on data set \"train\"",
        "or set landscape.deterministic = false",
    ];
    refused("random", &[], &words);
    let study = Study::new();
    study.mode("random");
    let overrides = ["landscape.deterministic=false"];
    study.run(1, "run", &overrides).saying(&["is declared not to be deterministic"]);
    assert!(study.read("out/report/index.html").contains("not to be deterministic"));
}

#[test]
fn a_directory_continues_with_the_landscape_that_it_has() {
    let study = Study::new();
    study.run(1, "train", &[]).with_code(0);
    let results = study.results();
    // Limits change nothing.
    study.run(1, "train", &["landscape.time_limit=\"2h\""]).with_code(0);
    let command = ["landscape.command=[\"python3\", \"./landscape.py\"]"];
    let words =
        ["landscape.command: was [\"python3\", \"landscape.py\"]", "invalidates everything"];
    study.run(1, "train", &command).with_code(2).saying(&words);
    study.mode("other-name");
    let words = ["landscape.name: was \"wells\", now \"hills\"; invalidates everything"];
    study.run(1, "train", &[]).with_code(2).saying(&words);
    study.mode("other-region");
    let words =
        ["minimum.start_region: was \"-2.0 to 2.0\", now \"-3.0 to 3.0\"; invalidates the minima"];
    study.run(1, "train", &[]).with_code(2).saying(&words);
    assert_eq!(study.results(), results);
}

#[test]
fn check_says_what_the_process_is() {
    let study = Study::new();
    let words = [
        "landscape  wells: 4 components",
        "process    float64, unit eV, data sets: train, test",
        "value and gradient at a point:",
        "tasks      8 starts, at most 6 paths",
    ];
    study.check(&[]).with_code(0).saying(&words);
    assert_eq!((study.started(), study.ended()), (1, 1));
    let dry = study.start(1, &["run", "study.toml", "--out", "out", "--dry-run"]);
    dry.with_code(0).saying(&["minima", "paths minima/relaxed on test"]);
    assert!(!study.out().exists());
}
