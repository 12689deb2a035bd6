//! Output directories that are not what they should be. What they hold stays as it is.

use crate::atlas::assert_same;
use crate::finished::finished_training;
use crate::images::write;
use crate::interrupt::results;
use crate::python::python;
use crate::start::{Ended, PROGRAM, TINY, lossatlas, on_tiny, text};
use crate::stopping::{LONG, steps};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::tempdir;

/// Starts the program on 1 and on 3 ranks and expects it to refuse: exit code 2, nothing on
/// standard output, and every part of the message exactly once.
#[track_caller]
pub fn refused(arguments: &[&str], parts: &[&str]) {
    for ranks in [1, 3] {
        let ended = lossatlas(ranks, arguments).with_code(2);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        for part in parts {
            assert_eq!(
                ended.said(part),
                1,
                "{part:?} for {arguments:?} on {ranks} ranks:\n{}",
                ended.stderr
            );
        }
        for noise in ["panicked", "internal error", "backtrace", "lossatlas::", "src/"] {
            assert_eq!(ended.said(noise), 0, "{arguments:?} on {ranks} ranks:\n{}", ended.stderr);
        }
    }
}

#[test]
fn a_file_in_place_of_a_directory() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("results");
    write(&file, b"precious");
    refused(
        &["run", TINY, "--out", text(&file)],
        &["results is not a directory; choose another output directory"],
    );
    assert_eq!(fs::read(&file).expect("still there"), b"precious");
}

#[test]
fn a_directory_that_holds_nothing() {
    let root = tempdir().expect("a temporary directory");
    refused(
        &["status", text(root.path())],
        &["results.journal: this directory has no results; check the path"],
    );
    assert_eq!(
        fs::read_dir(root.path()).expect("a directory").count(),
        0,
        "looking leaves no trace"
    );
    for stage in ["paths", "kpca"] {
        let out = root.path().join(stage);
        let missing = "8 of 8 solutions are missing; run `lossatlas train` first";
        refused(&[stage, TINY, "--out", text(&out)], &[missing]);
    }
}

/// Where even root may not write. Others are kept out by the mode of the directory.
#[test]
fn a_directory_that_cannot_be_written_to() {
    let root = tempdir().expect("a temporary directory");
    let out = root.path().join("out");
    finished_training(&out);
    let before = fs::read(out.join("results.journal")).expect("written by the program");
    let read_only = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    let inside = |arguments: &[&str]| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--mount", "sh", "-c", read_only, text(root.path())]).args(arguments);
        command.output().expect("unshare is part of util-linux")
    };
    if !inside(&["true"]).status.success() {
        writeln!(
            std::io::stderr(),
            "SKIPPED: a read-only directory: only root may mount one, and not in every container"
        )
        .ok();
        return;
    }
    for (directory, message) in [
        (&out, "results.journal: Read-only file system"),
        (&root.path().join("new"), "cannot create the directory"),
    ] {
        let ended: Ended = inside(&[PROGRAM, "run", TINY, "--out", text(directory)]).into();
        let ended = ended.with_code(1);
        assert_eq!((ended.said(message), ended.stderr.lines().count()), (1, 1), "{}", ended.stderr);
    }
    assert!(fs::read(out.join("results.journal")).expect("still there") == before);
    assert!(!root.path().join("new").exists());
    on_tiny(1, "run", &out, &[]).with_code(0);
}

#[test]
fn results_of_another_configuration() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let refused_with = |changes: &[&str], parts: &[&str]| {
        let mut arguments = vec!["run", TINY, "--out", text(root.path())];
        arguments.extend(changes.iter().flat_map(|change| ["--set", change]));
        refused(
            &arguments,
            &[&["has results of another configuration; choose another --out or undo"], parts]
                .concat(),
        );
    };
    refused_with(
        &["seed=8", "training.sgd.epochs=3", "paths.lambda=0.5"],
        &[
            "seed: was 7, now 8; invalidates everything",
            "training.sgd.epochs: was 2, now 3; invalidates the SGD solutions",
            "paths.lambda: was 0.0001, now 0.5; invalidates the paths",
        ],
    );
    refused_with(
        &["dataset.train=199"],
        &["dataset.train: was 200, now 199; invalidates everything"],
    );
}

#[test]
fn a_journal_that_cannot_be_read() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let journal = root.path().join("results.journal");
    let sound = fs::read(&journal).expect("written by the program");
    let damages: [(&str, usize, &str); 3] = [
        ("not a journal", 0, "was not written by lossatlas"),
        ("another version", 12, "has format version"),
        (
            "a bit error",
            sound.len() / 2,
            "is damaged (its checksum does not match its content); the file is unchanged",
        ),
    ];
    for (what, at, message) in damages {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x40;
        write(&journal, &bytes);
        refused(&["run", TINY, "--out", text(root.path())], &[message]);
        let status = lossatlas(1, &["status", text(root.path())]).with_code(2);
        assert!(
            status.said(message) == 1 && status.said("results.journal") > 0,
            "{what}: {}",
            status.stderr
        );
        assert_eq!(fs::read(&journal).expect("still there"), bytes, "{what}");
    }
}

/// An `atlas.h5` is never replaced unless it came from the journal beside it.
#[test]
fn an_atlas_that_must_not_be_overwritten() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let (atlas, journal) = (root.path().join("atlas.h5"), root.path().join("results.journal"));
    let sound = fs::read(&atlas).expect("written by the program");
    let foreign = "was not written by lossatlas, or is damaged";
    let refused_as_it_is = |message: &str| {
        let before = fs::read(&atlas).expect("a file");
        refused(
            &["run", TINY, "--out", text(root.path())],
            &["atlas.h5: ", message, "it is left as it is"],
        );
        assert_eq!(fs::read(&atlas).expect("still there"), before);
    };
    for bytes in [&b"precious"[..], &sound[..sound.len() / 2], &[0; 5000]] {
        write(&atlas, bytes);
        refused_as_it_is(foreign);
    }
    write(&atlas, &sound);
    let set_version = "import h5py, sys; h5py.File(sys.argv[1], 'a').attrs['format_version'] = 99";
    let changed =
        std::process::Command::new(python()).args(["-c", set_version, text(&atlas)]).status();
    assert!(changed.expect("a Python to run").success());
    refused_as_it_is("has format version 99, this program writes version 2");
    write(&atlas, &sound);
    fs::remove_file(&journal).expect("written by the program");
    refused_as_it_is(
        "has results, but the results.journal from which a run could resume is missing",
    );
    assert!(!journal.exists(), "nothing is written");
}

/// Also where both runs have the same configuration: the other one may have got further.
#[test]
fn an_atlas_of_another_run_or_one_that_was_changed_is_not_overwritten() {
    let root = tempdir().expect("a temporary directory");
    let [own, other] = ["own", "other"].map(|name| root.path().join(name));
    finished_training(&own);
    let atlas = own.join("atlas.h5");
    let after_training = fs::read(&atlas).expect("written by the program");
    on_tiny(1, "run", &own, &[]).with_code(0);
    on_tiny(2, "train", &other, &[]).with_code(0);
    let sound = fs::read(&atlas).expect("written by the program");
    let foreign = fs::read(other.join("atlas.h5")).expect("written by the program");
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4096].iter_mut().for_each(|byte| *byte ^= 0xff);
    for (bytes, message) in [
        (
            &foreign,
            "atlas.h5: is the atlas of another run: it does not come from the results.journal \
             beside it; it is left",
        ),
        (
            &damaged,
            "atlas.h5: differs from the file that this run wrote: it was changed or damaged since, \
             or is newer than the journal",
        ),
    ] {
        write(&atlas, bytes);
        refused(
            &["run", TINY, "--out", text(&own)],
            &[message, "move it away or choose another output directory"],
        );
        assert!(fs::read(&atlas).expect("still there") == *bytes, "{message}");
    }
    // An earlier one of this run holds nothing that the journal does not; nor does none.
    write(&atlas, &after_training);
    on_tiny(1, "run", &own, &[]).with_code(0);
    fs::remove_file(&atlas).expect("written by the program");
    on_tiny(2, "run", &own, &[]).with_code(0);
    on_tiny(1, "run", &other, &[]).with_code(0);
    assert_same(&own, &other);
}

#[test]
fn states_of_tasks_under_way_that_cannot_be_read() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let states = root.path().join("in-flight.checkpoints");
    write(&states, b"precious data of somebody else");
    refused(
        &["run", TINY, "--out", text(root.path())],
        &["in-flight.checkpoints", "was not written by lossatlas"],
    );
    assert_eq!(fs::read(&states).expect("still there"), b"precious data of somebody else");
}

/// A start where no file can grow beyond 12 MB.
fn with_space_for_12_megabytes(
    subcommand: &str,
    out: &Path,
    overrides: &[&str],
    more: &[&str],
) -> Ended {
    let mut command = std::process::Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; ulimit -f 24000; exec \"$@\"",
        "sh",
        PROGRAM,
        subcommand,
        TINY,
        "--out",
        text(out),
    ]);
    command.args(overrides.iter().flat_map(|change| ["--set", change])).args(more);
    command.output().expect("a shell").into()
}

/// States come every few milliseconds and find no space a hundred times; those from before stay.
#[test]
fn a_full_disk_is_said_once_while_a_task_goes_on() {
    let root = tempdir().expect("a temporary directory");
    let long = [&LONG[..], &["run.checkpoint_minutes=0.0002"]].concat();
    let ended = with_space_for_12_megabytes("run", root.path(), &long, &["--time-limit", "4s"])
        .with_code(75);
    assert_eq!(
        ended.said("could not be stored, the run continues: cannot append to "),
        1,
        "{}",
        ended.stderr
    );
    assert_eq!(ended.said("could not be stored"), 1, "{}", ended.stderr);
    assert_eq!(ended.said("1 of them with a checkpoint in"), 1, "{}", ended.stderr);
    assert!(steps(root.path()).iter().sum::<u64>() > 0);
}

/// Where files cannot grow beyond a limit writes are cut short exactly as on a full disk.
#[test]
fn a_full_disk_keeps_what_was_stored_and_the_run_goes_on_once_there_is_space() {
    let root = tempdir().expect("a temporary directory");
    let [whole, full] = ["whole", "full"].map(|name| root.path().join(name));
    let many = ["training.initializations=30", "training.keep=3"];
    on_tiny(1, "train", &whole, &many).with_code(0);
    // One run of the sixty takes 340 kB: space for some forty (12 MB; MPI itself needs files of 4).
    let limited = with_space_for_12_megabytes("train", &full, &many, &[]).with_code(1);
    assert_eq!(limited.said("cannot append to"), 1, "{}", limited.stderr);
    assert_eq!(
        limited.said("all finished results are stored: rerun the command to resume"),
        1,
        "{}",
        limited.stderr
    );
    let stored = results(&full);
    assert!((20..60).contains(&stored), "{stored} results");
    on_tiny(2, "train", &full, &many).with_code(0);
    assert_same(&whole, &full);
}
