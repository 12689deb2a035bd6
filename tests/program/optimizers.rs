//! Optimizers beside SGD and L-BFGS: added to a finished run, resumed, reported, refused when changed.

use crate::atlas::{assert_same, contents};
use crate::finished::finished_run;
use crate::start::on_tiny;
use std::fs;
use tempfile::tempdir;

/// Adam, and SGD with momentum under a name of its own.
const MORE: [&str; 9] = [
    "training.optimizers=[\"sgd\", \"lbfgs\", \"adam\", \"heavy-ball\"]",
    "training.adam.epochs=2",
    "training.adam.schedule=\"cosine\"",
    "training.heavy-ball.kind=\"sgd\"",
    "training.heavy-ball.learning_rate=0.05",
    "training.heavy-ball.epochs=2",
    "training.heavy-ball.momentum=0.9",
    "training.heavy-ball.weight_decay=1e-4",
    "trajectory.runs=1",
];

#[test]
fn an_optimizer_that_is_added_to_a_finished_run_trains_alone() {
    let root = tempdir().expect("a temporary directory");
    let [fresh, extended] = ["fresh", "extended"].map(|name| root.path().join(name));
    on_tiny(2, "run", &fresh, &MORE).with_code(0);
    finished_run(&extended);
    let more = on_tiny(2, "run", &extended, &MORE).with_code(0);
    assert_eq!(more.said("training: 16 tasks, 8 of them done before\n"), 1, "{}", more.stderr);
    assert_same(&fresh, &extended);

    let atlas = contents(&extended);
    for group in [
        "/solutions/adam/train/theta",
        "/solutions/heavy-ball/test/theta",
        "/solutions/heavy-ball/curves/train_loss",
        "/trajectory/heavy-ball/0/theta",
        "/paths/heavy-ball/train/on_train/loss",
        "/statistics/distances/lbfgs-train_sgd-test/set",
        "/statistics/distances/lbfgs-test_sgd-test/set",
        "/statistics/distances/sgd-train_adam-train/set",
        "/statistics/distances/adam-train_heavy-ball-train/set",
    ] {
        assert!(atlas.contains_key(group), "{group} is missing: {:?}", atlas.keys());
    }
    let compared = atlas.keys().filter(|key| key.ends_with("/centroid_distance")).count();
    assert_eq!(compared, 2 + 5, "the two of the paper, and every other pair");

    let decay = "do not include the weight decay of heavy-ball.";
    assert!(more.stdout.replace('\n', " ").contains(decay), "{}", more.stdout);
    let report = extended.join("report");
    let page = fs::read_to_string(report.join("index.html")).expect("the page");
    assert!(page.contains(decay) && page.contains("heavy-ball train"), "no note on weight decay");
    let curves = fs::read_to_string(report.join("losses.svg")).expect("the figure");
    for label in ["SGD, ", "L-BFGS, ", "Adam, ", "heavy-ball, "] {
        assert!(curves.contains(label), "the loss curves have no {label}");
    }

    let mut changed = MORE.to_vec();
    changed[6] = "training.heavy-ball.momentum=0.8";
    let refused = on_tiny(1, "run", &extended, &changed).with_code(2);
    let expected = "training.heavy-ball.momentum: was 0.9, now 0.8; invalidates the heavy-ball \
                    solutions and their paths";
    assert_eq!(refused.said(expected), 1, "{}", refused.stderr);
}

/// All optimizers see the same mini-batches in the same order.
#[test]
fn the_same_settings_under_another_name_give_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let twins = [
        "training.optimizers=[\"sgd\", \"twin\"]",
        "training.twin.kind=\"sgd\"",
        "training.twin.learning_rate=0.1",
        "training.twin.batch_size=32",
        "training.twin.epochs=2",
        "kpca=[]",
    ];
    on_tiny(2, "train", root.path(), &twins).with_code(0);
    let atlas = contents(root.path());
    for part in ["train/theta", "test/theta", "curves/test_loss"] {
        let [one, other] = ["sgd", "twin"].map(|name| &atlas[&format!("/solutions/{name}/{part}")]);
        assert_eq!(one, other, "{part}");
    }
}
