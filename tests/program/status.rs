//! `lossatlas status`, while a run is going on and after it.

use crate::finished::finished_training;
use crate::images::write_digits;
use crate::interrupt::{in_background, ranks_of, signal, wait_until};
use crate::start::{PROGRAM, lossatlas, on_tiny, text};
use std::process::Command;
use tempfile::tempdir;

fn cells(status: &str, name: &str) -> Vec<String> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in\n{status}"));
    line.split_whitespace().map(str::to_owned).collect()
}

fn json(directory: &std::path::Path) -> serde_json::Value {
    let status = lossatlas(1, &["status", "--format", "json", text(directory)]).with_code(0);
    serde_json::from_str(&status.stdout).expect("JSON")
}

#[test]
fn tells_what_is_running_and_keeps_a_second_run_out() {
    let root = tempdir().expect("a temporary directory");
    let endless = ["training.sgd.epochs=1000000", "training.initializations=2", "training.keep=2"];
    let run = in_background(2, "run", root.path(), &endless);
    let mut running = String::new();
    wait_until("the reports of two tasks", &run, || {
        // The file of the progress comes a moment after the first task; then the first reports.
        running = lossatlas(1, &["status", text(root.path())]).stdout;
        running.matches(", loss ").count() == 2 && running.contains(" left in this stage")
    });
    assert!(running.contains("running: training"), "{running}");
    let ranks: Vec<_> = running
        .lines()
        .filter(|line| line.starts_with("  rank ") && line.contains(" % after "))
        .collect();
    assert_eq!(ranks.len(), 2, "{running}");
    assert_eq!(cells(&running, "kernel PCA"), ["left"]);
    let ends = " left in this stage, which ends at about 2";
    assert_eq!(running.matches(ends).count(), 1, "{running}");
    let json = json(root.path());
    let (stage, tasks) = (&json["running"], json["running"]["tasks"].as_array().expect("tasks"));
    assert_eq!((&stage["stage"], tasks.len()), (&"training".into(), 2), "{json}");
    let time = |value: &serde_json::Value| {
        value.as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339")
    };
    let until_the_end = time(&stage["ends"]).duration_since(time(&stage["updated"])).as_secs_f64();
    assert!(
        (until_the_end - stage["seconds_left"].as_f64().expect("a number")).abs() <= 1.5,
        "{json}"
    );
    let mut ranks: Vec<_> = tasks.iter().map(|task| task["rank"].as_u64()).collect();
    ranks.sort_unstable();
    assert_eq!(ranks, [Some(0), Some(1)]);
    for task in tasks {
        assert!(
            time(&task["since"]) <= time(&stage["updated"])
                && task["fraction"].as_f64() > Some(0.0),
            "{json}"
        );
    }
    let second = on_tiny(1, "run", root.path(), &endless).with_code(2);
    assert_eq!(second.said("another lossatlas is running in"), 1, "{}", second.stderr);

    assert!(signal("TERM", &ranks_of(root.path())));
    run.join().expect("the program could be started").with_code(75);
    let after = lossatlas(2, &["status", text(root.path())]).with_code(0).stdout;
    assert_eq!(after.matches("nothing is running").count(), 1, "{after}");
}

#[test]
fn tells_what_a_finished_run_holds() {
    let root = tempdir().expect("a temporary directory");
    let two = ["training.initializations=2", "training.keep=2"];
    on_tiny(2, "run", root.path(), &two).with_code(0);
    let after = lossatlas(2, &["status", text(root.path())]).with_code(0).stdout;
    assert_eq!(after.matches("nothing is running").count(), 1, "{after}");
    let json = json(root.path());
    assert_eq!(
        (&json["running"], &json["kernel_pca"], &json["failed"]),
        (&().into(), &"done".into(), &serde_json::json!([]))
    );
    assert_eq!(
        json["tasks"][0],
        serde_json::json!({"name": "training sgd", "done": 2, "failed": 0, "left": 0})
    );
    assert_eq!((&json["starts"], &json["last_start"]["ranks"]), (&1.into(), &2.into()), "{json}");
    assert_eq!(cells(&after, "training sgd"), ["2", "0", "0"]);
    assert_eq!(cells(&after, "training lbfgs"), ["2", "0", "0"]);
    assert_eq!(cells(&after, "paths sgd/test on train"), ["1", "0", "0"]);
    assert_eq!(cells(&after, "kernel PCA"), ["done"]);
    assert!(
        after.contains("; 1 start, the last at 2") && after.contains(" with 2 ranks on "),
        "{after}"
    );
}

/// What a run has written about its progress, if it was written so many seconds ago.
fn progress(seconds_ago: i64, more: &serde_json::Value) -> String {
    let ago =
        |seconds| (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds)).to_string();
    let mut task = serde_json::json!({
        "name": "sgd initialization 1",
        "rank": 1,
        "since": ago(2000),
        "fraction": 0.5,
        "loss": 0.1
    });
    let mut file =
        serde_json::json!({"updated": ago(seconds_ago), "stage": "training", "seconds_left": 0.0});
    if let Some(reported) = more["reported"].as_i64() {
        task["reported"] = ago(reported).into();
    }
    file["overdue"] = more["overdue"].clone();
    file["running"] = [task].into();
    file.to_string()
}

#[test]
fn a_rank_that_is_stopped_and_a_run_that_is_gone_have_no_seconds_left() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let status = |file: String| {
        std::fs::write(root.path().join("progress.json"), file).expect("a file");
        lossatlas(1, &["status", text(root.path())]).with_code(0).stdout
    };
    let overdue = status(progress(0, &serde_json::json!({"overdue": 300.0, "reported": 600})));
    assert!(overdue.contains("running: training, overdue by 5 minutes\n"), "{overdue}");
    assert!(overdue.contains("loss 1.0000e-1, no report for 10 minutes\n"), "{overdue}");
    let running = &json(root.path())["running"];
    assert_eq!(
        (&running["seconds_left"], &running["ends"], &running["overdue"]),
        (&().into(), &().into(), &300.0.into())
    );
    // A task that has just reported, of a stage that ends.
    let ends = status(progress(0, &serde_json::json!({"reported": 1})));
    assert!(
        ends.contains("running: training, about to end\n") && !ends.contains("no report"),
        "{ends}"
    );
    let gone = status(progress(3600, &serde_json::json!({})));
    assert!(
        gone.contains("no news since ") && gone.contains(", 60 minutes ago: the run was killed"),
        "{gone}"
    );
    assert!(!gone.contains("left in this stage") && !gone.contains("nothing is running"), "{gone}");
    let json = json(root.path());
    assert!(json["running"].is_null() && json["last_news"].is_string(), "{json}");
    // The next start removes it, even if it has nothing to do.
    on_tiny(1, "train", root.path(), &[]).with_code(0);
    let status = lossatlas(1, &["status", text(root.path())]).with_code(0).stdout;
    assert!(status.contains("nothing is running"), "{status}");
}

/// An extension replaces solutions: what was computed between the old ones is not done for the new.
#[test]
fn counts_what_the_present_configuration_asks_for() {
    let root = tempdir().expect("a temporary directory");
    on_tiny(1, "run", root.path(), &["training.initializations=2", "training.keep=2"]).with_code(0);
    on_tiny(1, "train", root.path(), &["training.keep=2", "paths.pairs=all"]).with_code(0);
    let atlas = crate::atlas::contents(root.path());
    let status = lossatlas(1, &["status", text(root.path())]).with_code(0).stdout;
    let mut replaced = 0;
    for set in ["sgd/train", "lbfgs/train"] {
        // Both old solutions are the pair of before; another pair is still to do.
        let kept = &atlas[&format!("/solutions/{set}/initialization")][2];
        let same = ["0000000001000000", "0100000000000000"].iter().any(|old| kept == old);
        replaced += usize::from(!same);
        let expected = if same { ["1", "0", "0"] } else { ["0", "0", "1"] };
        assert_eq!(cells(&status, &format!("paths {set} on train")), expected, "{kept}\n{status}");
    }
    assert!(
        replaced > 0,
        "with this seed the new initializations are better; choose another one if not"
    );
    assert_eq!(cells(&status, "kernel PCA"), ["left"], "that of the old solutions does not count");
}

#[test]
fn needs_neither_the_images_nor_the_variables_of_the_run() {
    let root = tempdir().expect("a temporary directory");
    let (images, out) = (root.path().join("images"), root.path().join("out"));
    write_digits(&images);
    let with_variable = ["dataset.kind=idx", "dataset.dir=$LOSSATLAS_TEST_IMAGES"]
        .map(|change| ["--set", change])
        .concat();
    let trained = Command::new(PROGRAM)
        .args(["train", crate::start::TINY, "--out", text(&out)])
        .args(with_variable)
        .env("LOSSATLAS_TEST_IMAGES", &images)
        .output()
        .expect("the program could be started");
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    std::fs::remove_dir_all(&images).expect("written above");
    let status = lossatlas(1, &["status", text(&out)]).with_code(0);
    assert_eq!(cells(&status.stdout, "training sgd"), ["4", "0", "0"]);
}
