//! What users do to the files of a run while it is going on, or between two: nothing of theirs is
//! lost, and what became of the results is said.

use crate::finished::{finished_run, finished_training};
use crate::images::write;
use crate::interrupt::{in_background, ranks_of, signal, wait_until};
use crate::python::python;
use crate::start::{Ended, PROGRAM, TINY, lossatlas, on_tiny, text};
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::tempdir;

/// One path that takes seconds, after training runs that take none.
const SLOW_PATH: [&str; 5] = [
    "paths.steps=400",
    "paths.pairs=1",
    "paths.sets=[\"sgd/train\"]",
    "paths.landscapes=[\"train\"]",
    "kpca=[]",
];

/// A run that is held after its training, when it has written its first atlas, while `meddle` does
/// its work.
#[track_caller]
fn meddled(directory: &Path, meddle: impl FnOnce()) -> Ended {
    let run = in_background(1, "run", directory, &SLOW_PATH);
    wait_until("its first atlas", &run, || directory.join("atlas.h5").exists());
    let processes = ranks_of(directory);
    assert!(signal("STOP", &processes));
    meddle();
    assert!(signal("CONT", &processes));
    run.join().expect("the program could be started")
}

/// The files in a directory that were moved aside.
fn kept(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("still there").path());
    files.filter(|file| text(file).contains(".changed-")).collect()
}

#[test]
fn an_atlas_that_is_changed_during_a_run_is_kept() {
    let root = tempdir().expect("a temporary directory");
    let atlas = root.path().join("atlas.h5");
    let add =
        "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as atlas: atlas['mine'] = [1, 2, 3]";
    let ended = meddled(root.path(), || {
        assert!(
            Command::new(python())
                .args(["-c", add, text(&atlas)])
                .status()
                .expect("a Python")
                .success()
        );
    });
    let ended = ended.with_code(0);
    assert_eq!(ended.said("atlas.h5: was changed during the run"), 1, "{}", ended.stderr);
    let [changed] = &kept(root.path())[..] else { panic!("one file is kept: {}", ended.stderr) };
    assert_eq!(ended.said(text(changed)), 1, "{}", ended.stderr);
    let log = fs::read_to_string(root.path().join("run.log")).expect("a log");
    assert_eq!(log.matches("changed file kept").count(), 1, "{log}");
    let look = "import h5py, sys\nassert 'mine' in h5py.File(sys.argv[1])\nassert 'mine' not in \
                h5py.File(sys.argv[2])";
    let looked = Command::new(python()).args(["-c", look, text(changed), text(&atlas)]).status();
    assert!(looked.expect("a Python").success());
    // The new one is known to the journal.
    on_tiny(1, "run", root.path(), &SLOW_PATH).with_code(0);
    assert_eq!(kept(root.path()).len(), 1);
}

/// What the other program has not written yet would go to a file without a name.
#[test]
fn an_atlas_that_is_open_for_writing_elsewhere_is_kept_during_a_run_and_refused_at_its_start() {
    let root = tempdir().expect("a temporary directory");
    let atlas = root.path().join("atlas.h5");
    let mut other = None;
    let ended = meddled(root.path(), || {
        let opened = File::open(&atlas).expect("an atlas");
        opened.try_lock().expect("nobody else has locked it");
        other = Some(opened);
    });
    ended.with_code(0);
    assert_eq!(kept(root.path()).len(), 1);
    drop(other);

    let opened = File::open(&atlas).expect("an atlas");
    opened.try_lock().expect("nobody else has locked it");
    let start = |arguments: &[&str]| -> Ended {
        let command = &mut Command::new(PROGRAM);
        // As the HDF5 library asks for where a variable says so.
        command
            .args(arguments)
            .env("HDF5_USE_FILE_LOCKING", "TRUE")
            .output()
            .expect("the program starts")
            .into()
    };
    let refused = start(&["train", TINY, "--out", text(root.path())]).with_code(2);
    let message = "atlas.h5: is open for writing in another program (h5py, a viewer), which has \
                   locked it; it is left as it is: close it there and run the same command again";
    assert_eq!((refused.said(message), refused.said("damaged")), (1, 0), "{}", refused.stderr);
    let vectors = root.path().join("theta.npy");
    let export =
        start(&["export", text(root.path()), "--set", "sgd/train", "--to", text(&vectors)])
            .with_code(2);
    let message = "atlas.h5 is open for writing in another program (h5py, a viewer), which has \
                   locked it; close it there";
    assert_eq!((export.said(message), export.said("damaged")), (1, 0), "{}", export.stderr);
    drop(opened);
    on_tiny(1, "train", root.path(), &SLOW_PATH).with_code(0);
}

#[test]
fn a_damaged_atlas_can_be_made_again() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let atlas = root.path().join("atlas.h5");
    let sound = fs::read(&atlas).expect("written by the program");
    write(&atlas, &sound[..sound.len() / 2]);
    let refused = on_tiny(1, "train", root.path(), &[]).with_code(2);
    let remedy = "after that, the same command makes atlas.h5 again from the journal";
    assert_eq!((refused.said("or is damaged"), refused.said(remedy)), (1, 1), "{}", refused.stderr);
    fs::rename(&atlas, root.path().join("damaged.h5")).expect("a directory of this test");
    on_tiny(1, "train", root.path(), &[]).with_code(0);
    assert!(fs::metadata(&atlas).expect("made again").len() > sound.len() as u64 / 2);
}

#[track_caller]
fn assert_nothing_is_claimed(ended: &Ended) {
    assert_eq!(ended.said("complete all the same"), 0, "{}", ended.stderr);
    assert_eq!(ended.said("all finished results are stored"), 0, "{}", ended.stderr);
    assert!(!ended.stdout.contains("results: "), "{}", ended.stdout);
}

#[test]
fn a_journal_that_is_deleted_or_replaced_during_a_run_ends_it() {
    let root = tempdir().expect("a temporary directory");
    for (name, replacement) in [("deleted", None), ("replaced", Some(b"precious"))] {
        let directory = root.path().join(name);
        let journal = directory.join("results.journal");
        let ended = meddled(&directory, || {
            fs::remove_file(&journal).expect("a journal");
            replacement.into_iter().for_each(|bytes| write(&journal, bytes));
        });
        let ended = ended.with_code(1);
        let message = "results.journal was deleted during the run, or replaced by another file";
        assert_eq!(ended.said(message), 1, "{}", ended.stderr);
        assert_nothing_is_claimed(&ended);
        assert_eq!(fs::read(&journal).ok().as_deref(), replacement.map(|bytes| &bytes[..]));
        assert!(directory.join("atlas.h5").exists(), "with the solutions");
    }
}

#[test]
fn a_directory_that_is_moved_during_a_run_ends_it_and_the_run_continues_where_it_is() {
    let root = tempdir().expect("a temporary directory");
    let [before, after] = ["before", "after"].map(|name| root.path().join(name));
    let ended = meddled(&before, || {
        fs::rename(&before, &after).expect("a directory of this test");
        // A new one of the same name is another directory.
        fs::create_dir(&before).expect("a directory of this test");
    });
    let ended = ended.with_code(1);
    assert_eq!(
        ended.said("results.journal or its directory was moved during the run"),
        1,
        "{}",
        ended.stderr
    );
    assert_eq!(ended.said(&format!("--out {} to resume", after.display())), 1, "{}", ended.stderr);
    assert_nothing_is_claimed(&ended);
    assert_eq!(
        fs::read_dir(&before).expect("a directory").count(),
        0,
        "nothing is written to another directory"
    );
    let continued = on_tiny(1, "run", &after, &SLOW_PATH).with_code(0);
    assert_eq!(continued.said("training: "), 0, "it is done: {}", continued.stderr);
}

#[test]
fn an_atlas_that_is_a_symbolic_link_stays_one() {
    let root = tempdir().expect("a temporary directory");
    let [out, elsewhere] = ["out", "elsewhere"].map(|name| root.path().join(name));
    finished_training(&out);
    fs::create_dir(&elsewhere).expect("a directory of this test");
    let (atlas, target) = (out.join("atlas.h5"), elsewhere.join("large.h5"));
    fs::rename(&atlas, &target).expect("one file system");
    symlink("../elsewhere/large.h5", &atlas).expect("a link");
    let before = fs::read(&target).expect("an atlas");
    on_tiny(1, "run", &out, &[]).with_code(0);
    assert!(atlas.is_symlink());
    assert!(fs::read(&target).expect("an atlas") != before);
    assert_eq!(
        fs::read_dir(&elsewhere).expect("a directory").count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_report_keeps_what_the_user_edited() {
    let root = tempdir().expect("a temporary directory");
    finished_run(root.path());
    let report = root.path().join("report");
    let page = report.join("index.html");
    write(&page, b"edited");
    let ended = lossatlas(1, &["report", text(root.path())]).with_code(0);
    let [edited] = &kept(&report)[..] else { panic!("one file is kept: {}", ended.stderr) };
    assert_eq!(ended.said(text(edited)), 1, "{}", ended.stderr);
    assert_eq!(fs::read(edited).expect("still there"), b"edited");
    assert!(fs::read_to_string(&page).expect("a page").contains("Made by lossatlas"));
    lossatlas(1, &["report", text(root.path())]).with_code(0);
    assert_eq!(kept(&report).len(), 1);
}

#[test]
fn links_that_lead_nowhere_are_named_by_every_command_that_makes_directories() {
    let root = tempdir().expect("a temporary directory");
    let link = root.path().join("link");
    symlink("nowhere", &link).expect("a link");
    let nowhere = root.path().join("nowhere");
    let message = format!(
        "{} is a symbolic link to {}, which does not exist; create",
        link.display(),
        nowhere.display()
    );
    let inside = link.join("out");
    for (arguments, code) in [
        (&["train", TINY, "--out", text(&link)][..], 2),
        (&["train", TINY, "--out", text(&inside)], 2),
        (&["train", TINY, "--dry-run", "--out", text(&link)], 2),
        (&["man", text(&link)], 1),
    ] {
        let ended = lossatlas(1, arguments).with_code(code);
        assert_eq!(ended.said(&message), 1, "{arguments:?}: {}", ended.stderr);
    }
    assert!(!nowhere.exists());
}

#[test]
fn a_configuration_has_the_permissions_of_any_new_file_and_keeps_those_it_had() {
    let root = tempdir().expect("a temporary directory");
    let mode = |file: &Path| fs::metadata(file).expect("a file").permissions().mode() & 0o777;
    for (mask, expected) in [("077", 0o600), ("022", 0o644), ("002", 0o664)] {
        let file = root.path().join(mask);
        let umask = "umask $0; exec \"$@\"";
        let written =
            Command::new("sh").args(["-c", umask, mask, PROGRAM, "init", text(&file)]).output();
        assert!(written.expect("a shell").status.success());
        assert_eq!(mode(&file), expected, "umask {mask}");
    }
    let [file, link] = ["077", "link"].map(|name| root.path().join(name));
    symlink("077", &link).expect("a link");
    lossatlas(1, &["init", text(&link), "--force"]).with_code(0);
    assert!(link.is_symlink());
    assert_eq!(mode(&file), 0o600);
}
