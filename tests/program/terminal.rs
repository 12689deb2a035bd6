//! What a terminal gets, and what it does not.

use crate::python::python;
use crate::start::{PROGRAM, TINY, on_tiny, text};
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Runs a program on a terminal of its own and copies all that it writes there.
const ON_A_TERMINAL: &str = "\
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
";

fn on_a_terminal(launcher: &[&str], directory: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(python());
    command.args(["-c", ON_A_TERMINAL]).args(launcher).args([
        PROGRAM,
        "train",
        TINY,
        "--out",
        text(directory),
    ]);
    command
        .args(["--set", "training.lbfgs.iterations=20"])
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR");
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    let output = command.envs(variables.iter().copied()).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Sequences that set colors or other looks: ESC [ … m.
fn looks(said: &str) -> usize {
    let ends = said
        .split("\u{1b}[")
        .skip(1)
        .filter_map(|rest| rest.chars().find(char::is_ascii_alphabetic));
    ends.filter(|end| *end == 'm').count()
}

#[test]
fn a_terminal_gets_a_bar_without_colors_and_a_dumb_one_lines() {
    let root = tempdir().expect("a temporary directory");
    for (name, variables) in [("color", &[][..]), ("no-color", &[("NO_COLOR", "1")])] {
        let said = on_a_terminal(&[], &root.path().join(name), variables);
        assert!(said.contains("training [") && said.contains("/8 done"), "{said:?}");
        assert_eq!(looks(&said), 0, "{said:?}");
        assert_eq!(said.matches("training: 8 of 8 tasks in").count(), 1, "{said:?}");
    }
    let said = on_a_terminal(&[], &root.path().join("dumb"), &[("TERM", "dumb")]);
    assert!(said.contains("training: 8 tasks\r\n") && !said.contains('\u{1b}'), "{said:?}");
}

/// `mpirun` of Open MPI hands on what rank 0 writes to a pipe.
#[test]
fn the_terminal_of_mpirun_gets_the_same_bar_unless_its_lines_are_marked() {
    let root = tempdir().expect("a temporary directory");
    let said = on_a_terminal(&["mpirun", "-n", "2"], &root.path().join("bar"), &[]);
    assert!(said.contains("training [") && said.contains("/8 done"), "{said:?}");
    assert_eq!(
        (looks(&said), said.matches("training: 8 of 8 tasks in").count()),
        (0, 1),
        "{said:?}"
    );
    for (name, launcher, variables) in [
        ("dumb", &["mpirun", "-n", "2"][..], &[("TERM", "dumb")][..]),
        ("marked", &["mpirun", "--tag-output", "-n", "2"], &[]),
        ("script", &["mpirun", "-n", "2", "sh", "-c", "\"$@\" 2>&1 | cat", "sh"], &[]),
    ] {
        let said = on_a_terminal(launcher, &root.path().join(name), variables);
        assert!(said.contains("training: 8 tasks") && !said.contains('\u{1b}'), "{name}: {said:?}");
    }
}

/// What goes to a file gets no bar, although there is a terminal.
#[test]
fn output_that_is_redirected_under_mpirun_gets_lines() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("said");
    let script = format!("mpirun -n 2 \"$@\" 2> '{}'", text(&file));
    let said = on_a_terminal(&["sh", "-c", &script, "sh"], &root.path().join("out"), &[]);
    let written = std::fs::read_to_string(&file).expect("a text");
    assert!(written.contains("training: 8 tasks\n"), "{written:?}");
    assert!(
        !written.contains(['\u{1b}', '\r']) && !said.contains("training ["),
        "{written:?} {said}"
    );
}

#[test]
fn the_user_may_choose_how_progress_is_shown() {
    let root = tempdir().expect("a temporary directory");
    let start = |style: &str| {
        let out = root.path().join(style);
        let arguments = ["train", TINY, "--out", text(&out), "--progress", style];
        let ended = crate::start::lossatlas_with(2, &[("TERM", "xterm")], &arguments);
        ended.with_code(0).stderr
    };
    let (bar, lines, none) = (start("bar"), start("lines"), start("none"));
    assert!(bar.contains('\u{1b}') && bar.contains("training ["), "{bar:?}");
    assert!(!lines.contains('\u{1b}') && lines.contains("training: 8 tasks\n"), "{lines:?}");
    assert!(!none.contains('\u{1b}') && !none.contains("training: 8 tasks\n"), "{none:?}");
    for said in [bar, lines, none] {
        assert_eq!(said.matches("training: 8 of 8 tasks in").count(), 1, "{said:?}");
    }
}

#[test]
fn a_file_gets_neither_bar_nor_escapes() {
    let root = tempdir().expect("a temporary directory");
    for ranks in [1, 2] {
        let ended = on_tiny(ranks, "run", &root.path().join(ranks.to_string()), &[]).with_code(0);
        assert!(
            !ended.stderr.contains('\u{1b}') && !ended.stdout.contains('\u{1b}'),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains('\r'), "{:?}", ended.stderr);
    }
}
