//! More steps for paths that exist.

use crate::atlas::assert_same;
use crate::finished::finished_run;
use crate::interrupt::{in_background, signal, wait_for};
use crate::start::{Ended, lossatlas, on_tiny, text};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

const STATES: &str = "path-states";

fn number_of_states(directory: &Path) -> usize {
    fs::read_dir(directory.join(STATES)).map_or(0, Iterator::count)
}

/// With batches on the training images, without them on the test images.
#[test]
fn more_steps_continue_to_the_bits_of_one_long_descent() {
    let root = tempdir().expect("a temporary directory");
    let place = |name: &str| root.path().join(name);
    let [once, longer, lost] = ["once", "longer", "lost"].map(place);
    on_tiny(1, "run", &once, &["paths.steps=7"]).with_code(0);
    // Steps at the end of an epoch of batches and in its middle.
    finished_run(&longer);
    assert_eq!(number_of_states(&longer), 16);
    on_tiny(2, "run", &longer, &["paths.steps=4"]).with_code(0);
    let ended = on_tiny(1, "paths", &longer, &["paths.steps=7"]).with_code(0);
    let said = "paths: continued to 7 steps: 16 paths from step 4";
    assert_eq!((ended.said(said), ended.said("paths: 16 tasks\n")), (1, 1), "{}", ended.stderr);
    assert_same(&once, &longer);
    assert_eq!(number_of_states(&longer), 16, "the shorter ones were replaced");

    // Without states, from the beginning, to the same bits.
    finished_run(&lost);
    for (index, entry) in fs::read_dir(lost.join(STATES)).expect("states").enumerate() {
        let file = entry.expect("still there").path();
        match index {
            0 => fs::write(&file, b"damaged").expect("a file of this test"),
            1..=5 => fs::remove_file(&file).expect("a file of this test"),
            _ => {}
        }
    }
    let steps = ["paths.steps=7"];
    let mut arguments = vec!["run", crate::start::TINY, "--dry-run", "--out", text(&lost)];
    arguments.extend(["--set", steps[0]]);
    let planned = lossatlas(1, &arguments).with_code(0);
    let said = "paths: continued to 7 steps: 11 paths from step 3, 5 paths from the beginning, because \
                their states were not kept";
    assert_eq!(planned.stdout.matches(said).count(), 1, "{}", planned.stdout);
    let ended = on_tiny(2, "run", &lost, &steps).with_code(0);
    assert_eq!(ended.said("not the state of a path"), 1, "{}", ended.stderr);
    assert_same(&once, &lost);
}

#[test]
fn fewer_steps_are_other_paths_and_the_longer_ones_stay() {
    let root = tempdir().expect("a temporary directory");
    let [once, shorter, longer] = ["once", "shorter", "longer"].map(|name| root.path().join(name));
    on_tiny(1, "run", &once, &["paths.steps=2"]).with_code(0);
    finished_run(&shorter);
    finished_run(&longer);
    let refused = on_tiny(1, "run", &shorter, &["paths.steps=2"]).with_code(2);
    let said = "paths.steps: was 3, now 2; invalidates the paths if there are fewer steps";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    let run = |steps: &str| {
        let set = format!("paths.steps={steps}");
        let arguments =
            ["run", crate::start::TINY, "--replace", "--out", text(&shorter), "--set", &set];
        lossatlas(2, &arguments).with_code(0)
    };
    let ended = run("2");
    assert_same(&once, &shorter);
    let said = "16 of these paths are known after more steps too, up to 3";
    assert_eq!(ended.stdout.matches(said).count(), 1, "{}", ended.stdout);
    let ended = run("3");
    assert_eq!(ended.said("tasks"), 0, "the longer paths are still there");
    assert!(!ended.stdout.contains("after more steps too"), "{}", ended.stdout);
    assert_same(&longer, &shorter);
}

#[test]
fn with_a_rate_that_falls_more_steps_are_another_search() {
    let root = tempdir().expect("a temporary directory");
    let [once, longer] = ["once", "longer"].map(|name| root.path().join(name));
    let [falls, steps] = ["paths.schedule=cooldown", "paths.steps=7"];
    on_tiny(1, "run", &once, &[falls, steps]).with_code(0);
    let ended = on_tiny(1, "run", &longer, &[falls]).with_code(0);
    let said = "Protocol: published, with fourier_terms = 3, points = 7, steps = 3, batch = 120, \
                schedule = \"cooldown\".";
    let printed = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains(said), "{}", ended.stdout);
    let refused = on_tiny(1, "run", &longer, &[falls, steps]).with_code(2);
    let said = "paths.steps: was 3, now 7; invalidates the paths, because their learning rate \
                depends on it";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    let run = |changes: &[&str]| {
        let mut arguments = vec!["run", crate::start::TINY, "--replace", "--out", text(&longer)];
        arguments.extend(changes.iter().flat_map(|change| ["--set", change]));
        lossatlas(2, &arguments).with_code(0)
    };
    let ended = run(&[falls, steps]);
    assert_eq!(ended.said("continued to"), 0, "{}", ended.stderr);
    assert_same(&once, &longer);
    // From the paths that exist.
    let start = format!("paths.start={}", text(&longer));
    let ended = run(&[falls, "paths.steps=9", &start]);
    let printed = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains("schedule = \"cooldown\", start."), "{}", ended.stdout);
}

#[test]
fn a_longer_search_that_is_killed_goes_on_to_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [once, killed] = ["once", "killed"].map(|name| root.path().join(name));
    let long = ["paths.steps=150"];
    on_tiny(2, "run", &once, &long).with_code(0);
    finished_run(&killed);
    for (results_there, ranks) in [(8 + 3, 2), (8 + 9, 1)] {
        let run = in_background(ranks, "run", &killed, &long);
        let processes = wait_for(results_there, ranks, &killed, &run);
        assert!(signal("KILL", &processes));
        run.join().expect("the program could be started");
    }
    on_tiny(2, "run", &killed, &long).with_code(0);
    assert_same(&once, &killed);
}

/// Two wells: points of paths are kept as well. The last descent ends by its tolerance.
#[test]
fn paths_of_an_analytic_landscape_go_on() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("wells.toml");
    let text_of_it = "seed = 3\n[landscape]\nkind = \"mueller-brown\"\nstarts = 20\n[paths]\n\
                      fourier_terms = 4\nlearning_rate = 0.01\ntolerance = 1e-4\npatience = 20\n";
    fs::write(&file, text_of_it).expect("a temporary file");
    let run = |ranks: usize, directory: &PathBuf, steps: &str| -> Ended {
        let set = format!("paths.steps={steps}");
        let arguments = ["run", text(&file), "--out", text(directory), "--set", &set];
        lossatlas(ranks, &arguments).with_code(0)
    };
    let [once, longer] = ["once", "longer"].map(|name| root.path().join(name));
    run(1, &once, "60");
    for (ranks, steps) in [(2, "0"), (1, "30"), (2, "60")] {
        run(ranks, &longer, steps);
    }
    assert_same(&once, &longer);
    run(1, &once, "100000");
    let ended = run(2, &longer, "90000");
    assert!(ended.said("continued to 90000 steps") == 1, "{}", ended.stderr);
    // They have converged, so that it does not matter how many were asked for.
    let more = run(2, &longer, "100000");
    assert_eq!(more.said("task"), 0, "{}", more.stderr);
    assert_same(&once, &longer);
}
