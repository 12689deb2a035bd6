//! The results do not depend on who computes them.

use crate::atlas::{assert_all_same, contents, differences};
use crate::finished::finished_run;
use crate::start::on_tiny;
use tempfile::tempdir;

#[test]
fn any_number_of_ranks_and_any_split_into_stages_give_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [one, two, three, stages] =
        ["one", "two", "three", "stages"].map(|name| root.path().join(name));
    finished_run(&one);
    for (ranks, directory) in [(2, &two), (3, &three)] {
        on_tiny(ranks, "run", directory, &[]).with_code(0);
    }
    for (ranks, stage) in [(2, "train"), (3, "paths"), (1, "kpca")] {
        on_tiny(ranks, stage, &stages, &[]).with_code(0);
    }
    assert_all_same(&[&one, &two, &three, &stages]);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [one, three] = [1, 3].map(|threads| {
        let directory = root.path().join(threads.to_string());
        // Enough images for several blocks.
        let changes = [format!("run.threads_per_rank={threads}"), "dataset.train=700".to_owned()];
        on_tiny(2, "run", &directory, &changes.each_ref().map(String::as_str)).with_code(0);
        contents(&directory)
    });
    assert_eq!(differences(&one, &three), ["/@configuration", "/configuration"]);
}

#[test]
fn another_seed_gives_other_solutions() {
    let root = tempdir().expect("a temporary directory");
    let [seven, eight] = ["7", "8"].map(|seed| root.path().join(seed));
    finished_run(&seven);
    on_tiny(1, "run", &eight, &["seed=8"]).with_code(0);
    let [seven, eight] = [seven, eight].map(|directory| contents(&directory));
    let differing = differences(&seven, &eight);
    for path in [
        "/solutions/sgd/train/theta",
        "/solutions/lbfgs/test/theta",
        "/paths/sgd/test/on_test/loss",
        "/kpca/rbf/eigenvalues",
    ] {
        assert!(differing.iter().any(|differing| differing == path), "{path} is the same");
    }
}
