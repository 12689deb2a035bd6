//! What a change of the configuration computes anew, and what it leaves.

use crate::atlas::assert_same;
use crate::finished::{finished_run, finished_training};
use crate::start::{Ended, TINY, lossatlas, on_tiny, text};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// Starts `run` with options and overrides.
fn run_with(ranks: usize, directory: &Path, options: &[&str], overrides: &[&str]) -> Ended {
    let mut arguments = vec!["run", TINY, "--out", text(directory)];
    arguments.extend(options);
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    lossatlas(ranks, &arguments)
}

#[test]
fn another_lambda_computes_the_paths_anew_and_going_back_finds_the_former_ones() {
    let root = tempdir().expect("a temporary directory");
    let [before, changed, fresh] =
        ["before", "changed", "fresh"].map(|name| root.path().join(name));
    finished_run(&before);
    finished_run(&changed);
    let lambda = ["paths.lambda=0.5"];
    for options in [&[][..], &["--dry-run"]] {
        let refused = run_with(2, &changed, options, &lambda).with_code(2);
        for part in [
            "has results of another configuration; choose another --out or undo these changes",
            "paths.lambda: was 0.0001, now 0.5; invalidates the paths",
            "or add --replace to compute anew: paths sgd/train on train (2), ",
        ] {
            assert_eq!(refused.said(part), 1, "{part}: {}", refused.stderr);
        }
        assert_eq!(refused.said("training sgd"), 0, "{}", refused.stderr);
    }
    let planned = run_with(1, &changed, &["--dry-run", "--replace"], &lambda).with_code(0);
    let anew = "will be computed anew: paths sgd/train on train (2), ";
    assert_eq!(planned.stdout.matches(anew).count(), 1, "{}", planned.stdout);
    assert_same(&before, &changed);

    let ended = run_with(2, &changed, &["--replace"], &lambda).with_code(0);
    assert_eq!(ended.said("paths: 16 tasks\n"), 1, "{}", ended.stderr);
    assert_eq!(ended.said("training: "), 0, "{}", ended.stderr);
    on_tiny(1, "run", &fresh, &lambda).with_code(0);
    assert_same(&fresh, &changed);

    // Nothing is computed anew, so nothing has to be said.
    let back = run_with(1, &changed, &[], &[]).with_code(0);
    assert_eq!(back.said("tasks"), 0, "{}", back.stderr);
    assert_same(&before, &changed);
}

#[test]
fn the_key_of_an_optimizer_leaves_the_other_one_alone() {
    let root = tempdir().expect("a temporary directory");
    let [changed, fresh] = ["changed", "fresh"].map(|name| root.path().join(name));
    finished_run(&changed);
    let rate = ["training.sgd.learning_rate=0.05"];
    let refused = run_with(1, &changed, &[], &rate).with_code(2);
    let anew = "compute anew: training sgd (4), paths sgd/train on train (2), ";
    assert_eq!(refused.said(anew), 1, "{}", refused.stderr);
    assert_eq!(refused.said("lbfgs"), 0, "{}", refused.stderr);
    let ended = run_with(2, &changed, &["--replace"], &rate).with_code(0);
    assert_eq!(ended.said("training: 8 tasks, 4 of them done before\n"), 1, "{}", ended.stderr);
    assert_eq!(ended.said("paths: 16 tasks, 8 of them done before\n"), 1, "{}", ended.stderr);
    on_tiny(1, "run", &fresh, &rate).with_code(0);
    // The kernel PCA and the distances as well.
    assert_same(&fresh, &changed);
}

#[test]
fn what_has_no_results_yet_may_change() {
    let root = tempdir().expect("a temporary directory");
    let [changed, fresh] = ["changed", "fresh"].map(|name| root.path().join(name));
    finished_training(&changed);
    let overrides = ["paths.lambda=0.5", "paths.points=5"];
    run_with(1, &changed, &[], &overrides).with_code(0);
    on_tiny(1, "run", &fresh, &overrides).with_code(0);
    assert_same(&fresh, &changed);
}

/// Endless tasks are stopped, then others begin under the same names.
#[test]
fn a_checkpoint_of_other_keys_is_not_resumed() {
    let root = tempdir().expect("a temporary directory");
    let small = [
        "training.optimizers=[\"sgd\"]",
        "training.initializations=2",
        "training.keep=2",
        "paths.sets=[\"sgd/train\"]",
        "paths.landscapes=[\"train\"]",
        "paths.pairs=1",
        "kpca=[]",
    ];
    let with = |changes: &[&'static str]| [&small[..], changes].concat();
    let cases = [
        ("training.sgd.epochs=1000000", "training.sgd.learning_rate=0.05"),
        ("paths.steps=1000000", "paths.lambda=0.5"),
        // Fewer steps than have been taken.
        ("paths.steps=1000000", "paths.steps=5"),
    ];
    for (number, (endless, change)) in cases.into_iter().enumerate() {
        let [changed, fresh] =
            ["changed", "fresh"].map(|name| root.path().join(format!("{name}-{number}")));
        let limit = ["--time-limit", "3s"];
        let stopped = run_with(1, &changed, &limit, &with(&[endless])).with_code(75);
        assert!(changed.join("in-flight.checkpoints").exists(), "{}", stopped.stderr);
        let refused = run_with(1, &changed, &[], &with(&[change]));
        if change != "paths.steps=5" {
            let refused = refused.with_code(2);
            assert!(refused.stderr.contains("begun task"), "{}", refused.stderr);
            run_with(2, &changed, &["--replace"], &with(&[change])).with_code(0);
        }
        on_tiny(1, "run", &fresh, &with(&[change])).with_code(0);
        assert_same(&fresh, &changed);
        assert!(!changed.join("in-flight.checkpoints").exists(), "{change}");
    }
}

/// A configuration without an optimizer hides its results. They are still there.
#[test]
fn results_that_a_later_configuration_hides_are_not_replaced_unasked() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    finished_run(&out);
    let without = ["training.optimizers=[\"lbfgs\"]", "paths.sets=[\"lbfgs/train\"]", "kpca=[]"];
    run_with(1, &out, &[], &without).with_code(0);
    let rate = ["training.sgd.learning_rate=0.05"];
    for options in [&[][..], &["--dry-run"]] {
        let refused = run_with(1, &out, options, &rate).with_code(2);
        for part in [
            "training.sgd.learning_rate: was 0.1, now 0.05; invalidates the SGD solutions",
            "--replace to compute anew: training sgd (4), paths sgd/train on train (2), ",
            " of an earlier configuration; the journal keeps",
        ] {
            assert_eq!(refused.said(part), 1, "{part}: {}", refused.stderr);
        }
        assert_eq!(refused.said("lbfgs"), 0, "{}", refused.stderr);
    }
    // The seed invalidates what is hidden as well, although the hiding configuration has it too.
    let seed = ["seed=8"];
    let changed = [&without[..], &seed].concat();
    run_with(1, &out, &["--replace"], &changed).with_code(0);
    let refused = run_with(1, &out, &[], &seed).with_code(2);
    assert_eq!(refused.said("seed: was 7, now 8"), 1, "{}", refused.stderr);
    assert_eq!(refused.said("training sgd (4)"), 1, "{}", refused.stderr);
    assert_eq!(refused.said(" of earlier configurations; the journal"), 1, "{}", refused.stderr);
    // Under their own keys they are found again, and nothing has to be said.
    run_with(1, &out, &["--replace"], &without).with_code(0);
    let back = run_with(1, &out, &[], &[]).with_code(0);
    assert_eq!(back.said("tasks"), 0, "{}", back.stderr);
}

/// The same for a set that is imported: other vectors under its name are another set.
#[test]
fn an_imported_set_that_was_left_out_is_not_replaced_unasked() {
    let root = tempdir().expect("a temporary directory");
    let (out, file) = (root.path().join("out"), root.path().join("study.toml"));
    for (salt, name) in ["a", "b", "c"].into_iter().enumerate() {
        let component = |(i, j)| 0.01 * (((31 * i + 17 * j + 5 * salt) % 13) as f32 - 6.0);
        let vectors = ndarray::Array2::from_shape_fn((2, 784 * 5 + 5 * 10), component);
        let place = root.path().join(format!("{name}.npy"));
        ndarray_npy::write_npy(place, &vectors).expect("a writable directory");
    }
    let run = |imports: &[(&str, &str)]| {
        let import = |(name, source): &(&str, &str)| {
            let place = root.path().join(format!("{source}.npy"));
            format!("[[import]]\nname = \"{name}/all\"\nfile = \"{}\"\n", place.display())
        };
        let written = format!(
            "seed = 3\n[dataset]\nkind = \"digits\"\ntrain = 20\ntest = 10\n[network]\n\
             kind = \"fcp\"\nhidden = [5]\n[paths]\nlandscapes = [\"train\"]\nsteps = 1\n\
             points = 3\nfourier_terms = 1\n{}",
            imports.iter().map(import).collect::<String>()
        );
        fs::write(&file, written).expect("a writable directory");
        lossatlas(1, &["run", text(&file), "--out", text(&out)])
    };
    // One step may find no path that is lower than the straight line, which is code 3.
    let ran = |ended: &Ended| assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    ran(&run(&[("a", "a"), ("b", "b")]));
    ran(&run(&[("b", "b")]));
    let refused = run(&[("a", "c"), ("b", "b")]).with_code(2);
    let lost =
        "compute anew: import a/all (2), paths a/all on train (1) of an earlier configuration";
    assert_eq!(refused.said(lost), 1, "{}", refused.stderr);
    let back = run(&[("a", "a"), ("b", "b")]);
    ran(&back);
    assert_eq!(back.said("tasks"), 0, "{}", back.stderr);
}

/// Whoever has agreed once is not asked again before the new results exist.
#[test]
fn to_replace_results_is_asked_once() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    finished_run(&out);
    let train = |changes: &[&str]| {
        let changes = changes.iter().flat_map(|change| ["--set", change]);
        let options = if changes.clone().count() == 2 { &["--replace"][..] } else { &[] };
        let arguments = ["train", TINY, "--out", text(&out)].into_iter().chain(changes);
        lossatlas(1, &arguments.chain(options.iter().copied()).collect::<Vec<_>>())
    };
    let lambda = "paths.lambda=0.5";
    train(&[lambda]).with_code(0);
    train(&[lambda, "paths.refine.max_gradients=150"]).with_code(0);
}

#[test]
fn another_subject_does_not_take_the_place_of_results_unasked() {
    let root = tempdir().expect("a temporary directory");
    let (out, fresh) = (root.path().join("out"), root.path().join("fresh"));
    finished_training(&out);
    let file = root.path().join("wells.toml");
    fs::write(&file, "seed = 7\n[landscape]\nkind = \"two-wells\"\nstarts = 30\n")
        .expect("a temporary file");
    let run = |directory: &Path, options: &[&str]| {
        let arguments = ["run", text(&file), "--out", text(directory)];
        lossatlas(1, &[&arguments[..], options].concat())
    };
    let refused = run(&out, &[]).with_code(2);
    let subject = "the subject: was the network \"fcp\", now the landscape \"two-wells\"";
    assert_eq!(refused.said(subject), 1, "{}", refused.stderr);
    assert_eq!(refused.said("to compute anew: everything; the former results took"), 1);
    run(&out, &["--replace"]).with_code(0);
    run(&fresh, &[]).with_code(0);
    assert_same(&fresh, &out);
    // Back: the training runs are there, and those of the landscape are not asked for.
    let back = on_tiny(1, "train", &out, &[]);
    assert_eq!(back.said("--replace to compute anew: everything"), 1, "{}", back.stderr);
    let ended = run_with(1, &out, &["--replace"], &[]).with_code(0);
    assert_eq!(ended.said("training: "), 0, "{}", ended.stderr);
}
