//! Who has started the program: a shell, `mpirun`, an allocation of Slurm; and on which cores.

use crate::finished::finished_run;
use crate::start::{Ended, PROGRAM, TIMEOUT, TINY, lossatlas, text};
use crate::support::mpirun_command;
use lossatlas::engine::parallel::RankPlace;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Commands that only read, each with a line that it prints.
fn reading(run: &str, file: &str) -> Vec<(Vec<String>, &'static str)> {
    let weights = format!("{run}/atlas.h5:/solutions/sgd/train");
    let commands: [(&[&str], &str); 10] = [
        (&["--version"], "commit: "),
        (&["run", "--help"], "Usage: lossatlas run"),
        (&["check", TINY], "tiny.toml: valid"),
        (&["evaluate", TINY, "--weights", &weights], "losses in nats"),
        (&["status", run], "nothing is running"),
        (&["report", run], "report: "),
        (&["export", run, "--set", "sgd/train", "--to", file, "--force"], "components"),
        (&["init", "-"], "[network]"),
        (
            &["completions", "fish"],
            "complete -c lossatlas -n \"__fish_lossatlas_needs_command\" -s V",
        ),
        (&["man"], ".SH NAME"),
    ];
    let owned =
        |arguments: &[&str]| arguments.iter().map(|&argument| argument.to_owned()).collect();
    commands.map(|(arguments, line)| (owned(arguments), line)).into()
}

/// In an environment in which MPI cannot start: no place for its files, no `mpirun`.
fn without_mpi(arguments: &[String], temporary: &Path) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().env("TMPDIR", temporary).env("PATH", "/nowhere");
    command.output().expect("the program starts").into()
}

#[test]
fn what_computes_on_one_rank_or_only_reads_needs_no_mpi() {
    let root = tempdir().expect("a temporary directory");
    let [run, file, nowhere] = ["run", "theta.npy", "nowhere"].map(|name| root.path().join(name));
    let a_file = root.path().join("file");
    fs::write(&a_file, "no directory").expect("a file");
    for temporary in [&nowhere, &a_file] {
        let arguments = ["run", TINY, "--out", text(&run)].map(str::to_owned);
        let ended = without_mpi(&arguments, temporary).with_code(0);
        assert!(!ended.stderr.contains("MPI") && !ended.stderr.contains("mpi"), "{}", ended.stderr);
        for (arguments, line) in reading(text(&run), text(&file)) {
            let ended = without_mpi(&arguments, temporary).with_code(0);
            assert_eq!(ended.stderr, "", "{arguments:?}");
            assert!(ended.stdout.contains(line), "{arguments:?}: {}", ended.stdout);
        }
    }
}

#[test]
fn every_command_speaks_once_on_two_ranks() {
    let root = tempdir().expect("a temporary directory");
    let [run, file] = ["run", "theta.npy"].map(|name| root.path().join(name));
    finished_run(&run);
    for (arguments, line) in reading(text(&run), text(&file)) {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let ended = lossatlas(2, &arguments).with_code(0);
        assert_eq!(ended.stdout.matches(line).count(), 1, "{arguments:?}: {}", ended.stdout);
    }
    let refused = lossatlas(2, &["status", text(&file)]);
    assert_eq!((refused.code, refused.said("theta.npy")), (Some(2), 1), "{}", refused.stderr);
    let misspelled = lossatlas(2, &["status", "--fromat", "json"]);
    assert_eq!(misspelled.said("unexpected argument '--fromat'"), 1, "{}", misspelled.stderr);
}

#[test]
fn ranks_that_do_not_find_each_other_learn_why_from_the_first() {
    let directory = tempdir().expect("a temporary directory");
    // Rank 0 has the exit code: a launcher ends all ranks as soon as one of them returns another
    // than 0.
    for (rank, lines, code) in [("0", 1, 2), ("3", 0, 0)] {
        let mut command = Command::new(PROGRAM);
        command.args(["run", TINY, "--out", text(directory.path())]);
        command.env("PMI_SIZE", "4").env("PMI_RANK", rank).env("MPI_LOCALNRANKS", "4");
        let ended = Ended::from(command.output().expect("the program starts")).with_code(code);
        let words = "4 ranks were started (PMI_SIZE), but each finds itself alone";
        assert_eq!(
            (ended.said(words), ended.stderr.lines().count()),
            (lines, lines),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn one_rank_in_an_allocation_says_so() {
    let root = tempdir().expect("a temporary directory");
    let mut command = Command::new(PROGRAM);
    command.args(["train", TINY, "--out", text(root.path())]);
    let ended: Ended = command
        .env("SLURM_JOB_ID", "5")
        .env("SLURM_NTASKS", "4")
        .output()
        .expect("it starts")
        .into();
    let words = "this is one rank, in a Slurm allocation of 4 tasks: start it with srun";
    let ended = ended.with_code(0);
    assert_eq!(ended.said(words), 1, "{}", ended.stderr);
    let log = fs::read_to_string(root.path().join("run.log")).expect("a log");
    assert_eq!(log.matches(words).count(), 1, "{log}");
}

/// Starts the program on ranks that may all use the same CPU and no other.
fn on_one_cpu(ranks: usize, directory: &Path, cpu: usize, overrides: &[&str]) -> Ended {
    let mut command = mpirun_command(ranks, "taskset", TIMEOUT);
    command.args(["-c", &cpu.to_string(), PROGRAM, "train", TINY, "--out", text(directory)]);
    command.args(overrides.iter().flat_map(|change| ["--set", change]));
    Ended::from(command.output().expect("mpirun and taskset")).with_code(0)
}

#[test]
fn threads_and_ranks_on_one_core_are_warned_of_before_the_work_and_in_the_log() {
    let here = RankPlace::here("here").expect("Linux");
    if here.host_cpus < 2 {
        // Nothing is withheld from a rank that may use the only CPU.
        return;
    }
    let cpu = *here.cpus.keys().next().expect("this test runs somewhere");
    let root = tempdir().expect("a temporary directory");
    let threads = ["run.threads_per_rank=2"];
    for (ranks, overrides, words, remedy) in [
        (
            1,
            &threads[..],
            "run.threads_per_rank = 2, but 1 of 1 rank may use only 1 core",
            "-bind-to none",
        ),
        (2, &[], "2 ranks of 1 thread share 1 core", "allow more CPUs"),
    ] {
        let directory = root.path().join(ranks.to_string());
        let ended = on_one_cpu(ranks, &directory, cpu, overrides);
        assert_eq!((ended.said(words), ended.said(remedy)), (1, 1), "{}", ended.stderr);
        assert!(
            ended.stderr.find(words) < ended.stderr.find("training: 8 tasks"),
            "{}",
            ended.stderr
        );
        let log = fs::read_to_string(directory.join("run.log")).expect("a log");
        assert!(log.find(words) < log.find("stage started") && log.contains(words), "{log}");
    }
    // Nothing to say of one thread on one CPU.
    assert_eq!(on_one_cpu(1, &root.path().join("alone"), cpu, &[]).said("note: "), 0);
}
