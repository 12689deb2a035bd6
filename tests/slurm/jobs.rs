//! Jobs that are chained, in an array, warned and put back into the queue, canceled, given up.

use crate::atlas::assert_same;
use crate::cluster::Cluster;
use crate::job::Job;
use crate::support::mpirun;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lossatlas");
const HOME: &str = env!("CARGO_MANIFEST_DIR");
const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/tiny.toml");
/// Ends what hangs. Nothing here takes this long, on whatever machine.
const TIMEOUT: Duration = Duration::from_mins(10);
const SMALL: [&str; 2] = ["--ntasks=2", "--mem-per-cpu=100M"];

#[test]
fn jobs_end_as_they_should() {
    let Some(cluster) = Cluster::start() else { return };
    let directory = cluster.directory();
    let slow = slow_configuration(directory);
    let [whole, whole_slow] = ["whole", "whole-slow"].map(|name| directory.join(name));
    thread::scope(|scope| {
        scope.spawn(|| uninterrupted(&slow, &whole_slow));
        scope.spawn(|| {
            uninterrupted(Path::new(TINY), &whole);
            chain(&cluster, &whole);
            chain_with_a_stage_that_fails(&cluster);
        });
        scope.spawn(|| chain_with_failed_seeds(&cluster));
        scope.spawn(|| canceled(&cluster, &slow));
        mistake_in_the_configuration(&cluster);
        given_up(&cluster);
    });
    too_short_a_time_limit(&cluster, &slow, &whole, &whole_slow);
}

/// Three jobs that wait for each other make the atlas of one run.
fn chain(cluster: &Cluster, whole: &Path) {
    let directory = cluster.directory().join("chain");
    for job in submit(cluster, &directory, &[]).map(|number| ended(cluster, number)) {
        assert_eq!((&*job.state, job.restarts), ("COMPLETED", 0));
    }
    assert_same(whole, &directory);
    assert!(directory.join("report/index.html").exists(), "{}", logs(&directory));
}

/// What is recorded and no obstacle to the rest is none to the next job either; the last one tells.
fn chain_with_failed_seeds(cluster: &Cluster) {
    let directory = cluster.directory().join("failed-seeds");
    let jobs = submit(cluster, &directory, &["training.sgd.learning_rate=1e30"])
        .map(|number| ended(cluster, number));
    let codes = jobs.each_ref().map(|job| (&*job.state, job.exit_code));
    assert_eq!(codes, [("COMPLETED", 0), ("COMPLETED", 0), ("FAILED", 3)], "{}", logs(&directory));
}

/// A stage that cannot be completed takes the jobs after it out of the queue.
fn chain_with_a_stage_that_fails(cluster: &Cluster) {
    let directory = cluster.directory().join("chain");
    let jobs = submit(cluster, &directory, &["seed=8"]).map(|number| ended(cluster, number));
    let codes = jobs.each_ref().map(|job| (&*job.state, job.exit_code));
    assert_eq!(codes, [("FAILED", 2), ("CANCELLED", 0), ("CANCELLED", 0)], "{}", logs(&directory));
    assert!(logs(&directory).contains("has results of another configuration"));
}

/// Found before anything is submitted.
fn mistake_in_the_configuration(cluster: &Cluster) {
    let output = submission(cluster, &cluster.directory().join("mistake"), &["network.kind=fpc"])
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.contains("network.kind"), "{said}");
}

/// A job that never gets to its end comes again as often as allowed.
fn given_up(cluster: &Cluster) {
    let directory = cluster.directory();
    let program = directory.join("never-done");
    fs::write(&program, "#!/bin/sh\nexit 75\n").expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
    let log = directory.join("given-up.log");
    let mut command = sbatch(
        cluster,
        &[&SMALL[..], &["--output", text(&log), "slurm/run.sbatch", TINY, "nowhere"]].concat(),
    );
    let number = number(
        &cluster.output(command.env("LOSSATLAS_PROGRAM", program).env("LOSSATLAS_REQUEUES", "1")),
    );
    let job = come_again_until_ended(cluster, number).pop().expect("one job");
    let said = fs::read_to_string(log).expect("a log");
    assert_eq!(
        (&*job.state, job.exit_code, job.restarts),
        ("FAILED", 75, 1),
        "{said}{}",
        cluster.logs()
    );
    assert!(said.contains("not finished after 2 attempts"), "{said}");
}

/// A job that somebody cancels saves what it can and stays canceled, whoever started its ranks.
fn canceled(cluster: &Cluster, slow: &Path) {
    let jobs = ["srun", "mpirun"].map(|launcher| {
        let directory = cluster.directory().join(format!("canceled-{launcher}"));
        let output = directory.with_extension("log");
        let arguments =
            ["--output", text(&output), "slurm/run.sbatch", text(slow), text(&directory)];
        let mut command = sbatch(cluster, &[&SMALL[..], &arguments].concat());
        (number(&cluster.output(command.env("LOSSATLAS_LAUNCHER", launcher))), directory)
    });
    for (number, directory) in jobs {
        let start = Instant::now();
        while !directory.join("progress.json").exists() {
            assert!(start.elapsed() < TIMEOUT, "{} never began", directory.display());
            sleep(Duration::from_millis(100));
        }
        cluster.output(cluster.command("scancel").arg(number.to_string()));
        let job = ended(cluster, number);
        let said = fs::read_to_string(directory.with_extension("log")).expect("a log");
        assert_eq!((&*job.state, job.restarts), ("CANCELLED", 0), "{said}");
        // mpirun no longer passes on what the ranks say.
        assert!(directory.join("in-flight.checkpoints").exists(), "nothing was saved: {said}");
    }
}

/// Slurm warns, the ranks save, the job comes again and goes on: with `srun` as the last task of an
/// array, whose number is that of the whole array, and with `mpirun` on two nodes.
fn too_short_a_time_limit(cluster: &Cluster, slow: &Path, whole: &Path, whole_slow: &Path) {
    let directory = cluster.directory();
    let tiny = directory.join("tiny.toml");
    fs::copy(TINY, &tiny).expect("a copy");
    let too_short = ["--time=1", "--signal=B:USR1@50", "--mem-per-cpu=100M", "--ntasks=2"];
    cluster.wait_for_look_at_limits(Duration::from_secs(5));

    let array = directory.join("array");
    let log = format!("{}-%a.log", array.display());
    let options = [
        "--array=1-2",
        "--output",
        &log,
        "slurm/array.sbatch",
        text(&array),
        text(&tiny),
        text(slow),
    ];
    let by_srun =
        number(&cluster.output(&mut sbatch(cluster, &[&too_short[..], &options].concat())));
    let nodes = directory.join("nodes");
    let log = nodes.with_extension("log");
    let options = [
        "--nodes=2",
        "--ntasks-per-node=1",
        "--output",
        text(&log),
        "slurm/run.sbatch",
        text(slow),
        text(&nodes),
    ];
    let mut command = sbatch(cluster, &[&too_short[..], &options].concat());
    let by_mpirun = number(&cluster.output(command.env("LOSSATLAS_LAUNCHER", "mpirun")));

    let (mut tasks, mut on_nodes) = thread::scope(|scope| {
        let tasks = scope.spawn(|| come_again_until_ended(cluster, by_srun));
        let on_nodes = come_again_until_ended(cluster, by_mpirun);
        (tasks.join().expect("no panic"), on_nodes)
    });
    let ended = |job: Option<Job>, log: &Path| {
        let (job, said) = (job.expect("one job"), fs::read_to_string(log).expect("a log"));
        assert_eq!((&*job.state, job.exit_code), ("COMPLETED", 0), "{said}");
        // Within a stage, or between two.
        let stops = ["stopped by SIGUSR1", "stopped before the kernel PCA"]
            .map(|words| said.matches(words).count());
        let stopped = stops.iter().sum();
        assert_eq!(
            [job.restarts as usize; 2],
            [stopped, said.matches("is back in the queue").count()],
            "{said}"
        );
        stopped
    };
    assert_eq!(ended(tasks.pop(), &array.with_file_name("array-2.log")), 1);
    assert_eq!(ended(on_nodes.pop(), &log), 1);
    // A task that is done before it is warned, unless the machine is very busy.
    assert!(ended(tasks.pop(), &array.with_file_name("array-1.log")) <= 1);
    assert_same(whole, &array.join("tiny"));
    assert_same(whole_slow, &array.join("slow"));
    assert_same(whole_slow, &nodes);
}

/// Tasks of some seconds, so that a job is warned in the middle of some.
fn slow_configuration(directory: &Path) -> PathBuf {
    let mut text = fs::read_to_string(TINY).expect("a configuration");
    for (quick, slow) in [
        ("\nepochs = 2", "\nepochs = 3000"),
        ("\niterations = 4", "\niterations = 400"),
        ("\nsteps = 3", "\nsteps = 120"),
    ] {
        assert_eq!(text.matches(quick).count(), 1, "{quick}");
        text = text.replace(quick, slow);
    }
    let file = directory.join("slow.toml");
    fs::write(&file, text).expect("a file");
    file
}

/// A run without Slurm.
fn uninterrupted(configuration: &Path, directory: &Path) {
    let output =
        mpirun(2, PROGRAM, &["run", text(configuration), "--out", text(directory)], TIMEOUT);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn submission(cluster: &Cluster, directory: &Path, overrides: &[&str]) -> Command {
    let mut command = cluster.command("slurm/submit.sh");
    for_jobs(&mut command).args(SMALL).args([TINY, text(directory)]);
    command.args(overrides.iter().flat_map(|change| ["--set", change]));
    command
}

/// Submits a chain. Returns the numbers of its jobs.
fn submit(cluster: &Cluster, directory: &Path, overrides: &[&str]) -> [u32; 3] {
    let printed = cluster.output(&mut submission(cluster, directory, overrides));
    let numbers: Vec<_> = printed
        .split(|character: char| !character.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    <[&str; 3]>::try_from(numbers).unwrap_or_else(|_| panic!("{printed}")).map(number)
}

fn sbatch(cluster: &Cluster, arguments: &[&str]) -> Command {
    let mut command = cluster.command("sbatch");
    for_jobs(&mut command).arg("--parsable").args(arguments);
    command
}

/// What jobs inherit.
fn for_jobs(command: &mut Command) -> &mut Command {
    command.current_dir(HOME).env("LOSSATLAS_PROGRAM", PROGRAM);
    // Only to save time.
    command.env("OMPI_MCA_odls_base_sigkill_timeout", "3");
    // Open MPI refuses to run for root unless told twice.
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
}

fn number(printed: &str) -> u32 {
    printed.trim().parse().unwrap_or_else(|_| panic!("no number of a job: {printed}"))
}

/// The one job of this number, once it has ended.
#[track_caller]
fn ended(cluster: &Cluster, number: u32) -> Job {
    cluster.wait(number, "to end", TIMEOUT, Job::has_ended).pop().expect("not empty")
}

/// Without the two minutes that Slurm lets a job wait each time, and with enough time from the
/// second attempt on. Of an array, all tasks.
fn come_again_until_ended(cluster: &Cluster, number: u32) -> Vec<Job> {
    loop {
        let jobs = cluster.wait(number, "to end or come again", TIMEOUT, |job| {
            job.has_ended() || job.waits_to_come_again()
        });
        if jobs.iter().all(Job::has_ended) {
            return jobs;
        }
        // In the second in which Slurm ended a job it would refuse to start it.
        sleep(Duration::from_secs(2));
        for job in jobs.iter().filter(|job| job.waits_to_come_again()) {
            let task = job.array_task.map_or(String::new(), |task| format!("_{task}"));
            let name = format!("JobId={number}{task}");
            cluster.output(cluster.command("scontrol").args([
                "update",
                &name,
                "StartTime=now",
                "TimeLimit=10",
            ]));
        }
    }
}

fn logs(directory: &Path) -> String {
    let files = fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path());
    files
        .filter(|file| file.extension().is_some_and(|name| name == "log"))
        .flat_map(fs::read_to_string)
        .collect()
}

/// A path as an argument.
fn text(path: &Path) -> &str {
    path.to_str().expect("temporary directories have ordinary names")
}
