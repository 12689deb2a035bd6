//! The log of a run: a line for each event, whatever becomes of the run, and no effect on it.

use crate::atlas::assert_all_same;
use crate::finished::{finished_run, finished_training};
use crate::start::{Ended, TINY, lossatlas, on_tiny, text};
use crate::stopping::LONG;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn lines(directory: &Path) -> Vec<String> {
    let log = fs::read_to_string(directory.join("run.log")).expect("a log");
    assert!(log.ends_with('\n'), "{log}");
    log.lines().map(str::to_owned).collect()
}

fn events(lines: &[String]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn named<'e>(events: &'e [Value], message: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["message"] == message).collect()
}

fn tasks(events: &[&Value]) -> BTreeSet<String> {
    let names: BTreeSet<_> =
        events.iter().map(|event| event["task"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(names.len(), events.len(), "each once");
    names
}

fn with_json(ranks: usize, subcommand: &str, directory: &Path, overrides: &[&str]) -> Ended {
    let mut arguments = vec![subcommand, TINY, "--log-format", "json", "--out", text(directory)];
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    lossatlas(ranks, &arguments)
}

#[test]
fn every_event_is_one_json_object_and_restarts_append() {
    let root = tempdir().expect("a temporary directory");
    let diverging = ["training.sgd.learning_rate=11"];
    with_json(2, "train", root.path(), &diverging).with_code(3);
    let first = lines(root.path());
    let log = events(&first);
    for event in &log {
        let time: jiff::Timestamp =
            event["timestamp"].as_str().expect("a time").parse().expect("RFC 3339");
        assert!(jiff::Timestamp::now().duration_since(time).as_secs() < 3600, "{event}");
        assert!(
            ["INFO", "WARN", "ERROR"].contains(&event["level"].as_str().expect("a level")),
            "{event}"
        );
    }
    let start = &log[0];
    assert_eq!(start["message"], "run started");
    assert_eq!(
        (&start["command"], &start["ranks"], &start["seed"]),
        (&"train".into(), &2.into(), &7.into()),
        "{start}"
    );
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(start["configuration"].as_str().map(str::len), Some(16), "{start}");
    assert!(!start["host"].as_str().expect("a name").is_empty());
    let end = &log[log.len() - 1];
    assert_eq!((&end["message"], &end["exit_code"]), (&"run ended".into(), &3.into()), "{end}");

    let stages = named(&log, "stage started");
    assert_eq!(
        (stages.len(), &stages[0]["stage"], &stages[0]["tasks"]),
        (1, &"training".into(), &8.into())
    );
    let (finished, failed) = (named(&log, "task finished"), named(&log, "task failed"));
    assert_eq!(tasks(&named(&log, "task started")).len(), 8);
    assert_eq!(
        tasks(&[finished.clone(), failed.clone()].concat()),
        tasks(&named(&log, "task started"))
    );
    assert!(
        !failed.is_empty()
            && failed
                .iter()
                .all(|event| event["reason"].as_str().expect("a text").starts_with("diverged"))
    );
    for event in finished {
        assert!(
            event["loss_train"].as_f64().is_some_and(|loss| loss > 0.0)
                && event["rank"].as_u64() < Some(2),
            "{event}"
        );
        assert!(event["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{event}");
    }
    let stage_end = named(&log, "stage ended");
    assert_eq!((&stage_end[0]["failed"], &stage_end[0]["left"]), (&failed.len().into(), &0.into()));

    with_json(1, "run", root.path(), &diverging).with_code(3);
    let both = lines(root.path());
    assert_eq!(&both[..first.len()], &first[..], "what was there stays");
    let second = events(&both[first.len()..]);
    assert_eq!(second[0]["configuration"], start["configuration"]);
    assert_eq!(second[0]["run"], start["run"]);
    let stages: Vec<_> =
        named(&second, "stage ended").iter().map(|event| event["stage"].clone()).collect();
    assert_eq!(stages, ["paths", "kernel PCA"]);
    assert!(
        named(&second, "task finished")
            .iter()
            .all(|event| event["height"].as_f64().is_some_and(|height| height > 0.0))
    );
    // Another configuration has another hash.
    with_json(1, "train", root.path(), &[diverging[0], "training.keep=2"]).with_code(3);
    let third = events(&lines(root.path())[both.len()..]);
    assert_ne!(third[0]["configuration"], start["configuration"]);
}

#[test]
fn a_stop_is_logged_with_its_cause_and_what_was_stored() {
    let root = tempdir().expect("a temporary directory");
    let mut arguments = vec!["train", TINY, "--time-limit", "2s", "--out", text(root.path())];
    arguments.extend(LONG.iter().flat_map(|change| ["--set", *change]));
    lossatlas(2, &arguments).with_code(75);
    let log = lines(root.path());
    let logged = |part: &str| log.iter().filter(|line| line.contains(part)).count();
    assert!(log[0].contains("  INFO run started command=\"train\" version="), "{log:#?}");
    assert_eq!(
        logged(" WARN stop requested stage=\"training\" cause=\"the time limit of 2s\""),
        1,
        "{log:#?}"
    );
    assert_eq!(
        logged("  INFO state stored stage=\"training\" task=\"sgd initialization "),
        2,
        "{log:#?}"
    );
    assert_eq!(
        logged("  INFO stage ended stage=\"training\" done=0 failed=0 left=2 "),
        1,
        "{log:#?}"
    );
    assert!(log[log.len() - 1].contains(" WARN run ended exit_code=75 "), "{log:#?}");
    // Resumed, the tasks know how long they had run.
    lossatlas(2, &arguments).with_code(75);
    let again = &lines(root.path())[log.len()..];
    let (before, resumed) = (seconds(&log, " seconds="), seconds(again, " seconds_before="));
    assert_eq!(before.len(), 2, "{log:#?}");
    assert_eq!(resumed, before, "{again:#?}");
}

/// By task, the seconds behind each state that was stored or resumed, from lines with this key.
fn seconds(lines: &[String], key: &str) -> BTreeMap<String, String> {
    let of = |line: &String| {
        let task = line.split_once(" task=\"")?.1.split_once('"')?.0;
        let seconds = line.split_once(key)?.1.split(' ').next()?;
        (line.contains("state stored") || line.contains("task started"))
            .then(|| (task.to_owned(), seconds.to_owned()))
    };
    lines.iter().filter_map(of).collect()
}

/// A directory in its place, a full disk: said once, and the results are those of a run with a log.
#[test]
fn a_log_that_cannot_be_written_is_said_once_and_the_run_goes_on() {
    let root = tempdir().expect("a temporary directory");
    let [logged, blocked, full] = ["logged", "blocked", "full"].map(|name| root.path().join(name));
    finished_run(&logged);
    fs::create_dir_all(blocked.join("run.log")).expect("a temporary directory");
    fs::create_dir_all(&full).expect("a temporary directory");
    std::os::unix::fs::symlink("/dev/full", full.join("run.log")).expect("a link");
    for (directory, reason) in [(&blocked, "Is a directory"), (&full, "No space left on device")] {
        let ended = on_tiny(2, "run", directory, &[]).with_code(0);
        assert_eq!(
            ended.said(&format!("run.log: cannot be written: {reason}")),
            1,
            "{}",
            ended.stderr
        );
        assert_eq!(ended.said("the run continues without it"), 1, "{}", ended.stderr);
    }
    assert_all_same(&[&logged, &blocked, &full]);
}

#[test]
fn a_refused_command_leaves_no_line() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let before = lines(root.path());
    on_tiny(1, "train", root.path(), &["training.sgd.epochs=3"]).with_code(2);
    assert_eq!(lines(root.path()), before);
}
