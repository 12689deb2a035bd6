//! The farm and the agreements of ranks, under `mpirun` on one, two and three ranks.
//!
//! MPI starts once in the life of a process, so each test starts this binary again under `mpirun`:
//! every rank then runs the test `rank`, which runs the scenarios named by a variable. A scenario
//! asserts on all ranks. None depends on how fast the machine is: what has to come first is waited
//! for. `make bench-scale` measures what the ranks cost.

mod farm_failures;
mod farm_scenarios;
#[path = "../support/mod.rs"]
mod support;
mod world_scenarios;

use lossatlas::engine::parallel::World;
use std::env;
use std::process::Output;
use std::time::{Duration, Instant};
use support::{mpirun, mpirun_command};
use tempfile::tempdir;

/// Names what the ranks run: one scenario or several, separated by commas.
const SCENARIO: &str = "LOSSATLAS_SCENARIO";
/// Names a directory in which ranks find files of each other.
const DIRECTORY: &str = "LOSSATLAS_SCENARIO_DIRECTORY";
/// Ends what hangs. No scenario takes this long, on whatever machine.
const TIMEOUT: Duration = Duration::from_mins(4);

#[test]
#[ignore = "what every rank runs: the other tests start it under mpirun"]
fn rank() {
    let Ok(scenarios) = env::var(SCENARIO) else { return };
    let world = World::initialize().expect("MPI starts");
    scenarios.split(',').for_each(|scenario| play(scenario, &world));
}

fn play(scenario: &str, world: &World) {
    match scenario {
        "agree" => world_scenarios::agree(world),
        "gather" => world_scenarios::gather(world),
        "broadcast" => world_scenarios::broadcast(world),
        "each_rank_fails_in_turn" => world_scenarios::each_rank_fails_in_turn(world),
        "death_in_a_collective" => world_scenarios::death_in_a_collective(world),
        "checkpoints" => farm_scenarios::checkpoints(world),
        "stop_on_any_rank" => farm_scenarios::stop_on_any_rank(world),
        "second_world" => world_scenarios::second_world(),
        "panic_of_one_rank" => world_scenarios::panic_of_one_rank(world),
        "every_task_once" => farm_scenarios::every_task_once(world),
        "large_messages" => farm_scenarios::large_messages(world),
        "busy_ranks" => farm_scenarios::busy_ranks(world),
        "sleeping" => farm_scenarios::sleeping(world),
        "progress" => farm_scenarios::progress(world),
        "stop_request" => farm_scenarios::stop_request(world),
        "panicking_tasks" => farm_failures::panicking_tasks(world),
        "failing_events" => farm_failures::failing_events(world),
        "panicking_callbacks" => farm_failures::panicking_callbacks(world),
        "unreadable" => farm_failures::unreadable(world),
        "too_large" => farm_failures::too_large(world),
        "death_of_one_rank" => farm_failures::death_of_one_rank(world),
        unknown => panic!("no scenario {unknown}"),
    }
}

fn start(scenario: &str, ranks: usize, variables: &[(&str, &str)]) -> Output {
    let this_binary = env::current_exe().expect("the path of this binary");
    let mut command = mpirun_command(ranks, this_binary, TIMEOUT);
    command
        .args(["rank", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .envs(variables.iter().copied());
    command.output().expect("mpirun is installed")
}

/// Runs a scenario that all ranks must survive. Returns what they printed.
fn pass(scenario: &str, ranks: usize) -> String {
    let directory = tempdir().expect("a temporary directory");
    let name = directory.path().to_str().expect("temporary directories have ordinary names");
    let output = start(scenario, ranks, &[(DIRECTORY, name)]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complete = output.status.success() && printed.matches("1 passed").count() == ranks;
    assert!(
        complete,
        "{scenario} on {ranks} ranks: {}\n{printed}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

/// Runs a scenario in which one rank fails for good, which must end the others soon.
fn perish(scenario: &str, ranks: usize, variables: &[(&str, &str)], last_words: &str) {
    let start_of_run = Instant::now();
    let output = start(scenario, ranks, variables);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{scenario} passed");
    assert!(
        start_of_run.elapsed() < TIMEOUT / 2,
        "{scenario} ended by the time-out alone\n{errors}"
    );
    assert!(errors.contains(last_words), "{scenario}\n{errors}");
}

/// A test of each scenario on two and on three ranks, and a list of their names.
macro_rules! on_two_and_three_ranks {
    ($($scenario:ident),* $(,)?) => {
        const SCENARIOS: &[&str] = &[$(stringify!($scenario)),*];
        $(
            #[test]
            fn $scenario() {
                for ranks in 2..=3 {
                    pass(stringify!($scenario), ranks);
                }
            }
        )*
    };
}

on_two_and_three_ranks!(
    agree,
    broadcast,
    gather,
    each_rank_fails_in_turn,
    checkpoints,
    stop_on_any_rank,
    second_world,
    every_task_once,
    large_messages,
    stop_request,
    panicking_tasks,
    failing_events,
    panicking_callbacks,
    unreadable,
    too_large,
);

/// One rank that MPI has started does all that several do. One start is enough for all scenarios.
#[test]
fn one_rank_under_mpirun() {
    pass(&SCENARIOS.join(","), 1);
}

/// A process alone does all that one rank does, without MPI.
#[test]
fn a_process_alone_needs_no_mpi() {
    let world = World::alone();
    assert_eq!((world.rank(), world.size(), world.is_root()), (0, 1, true));
    assert!(!world.host().is_empty());
    for scenario in [
        "agree",
        "broadcast",
        "gather",
        "each_rank_fails_in_turn",
        "checkpoints",
        "every_task_once",
        "stop_request",
        "panicking_tasks",
        "failing_events",
        "panicking_callbacks",
        "unreadable",
    ] {
        play(scenario, &world);
    }
}

#[test]
fn progress_comes_once_a_second() {
    pass("progress", 2);
}

#[test]
fn ranks_work_at_the_same_time_and_a_busy_one_holds_nobody_up() {
    pass("busy_ranks", 2);
}

#[test]
fn a_main_thread_sleeps_while_tasks_run() {
    println!("{}", pass("sleeping", 2));
}

#[test]
fn a_rank_that_panics_ends_the_others() {
    perish("panic_of_one_rank", 3, &[], "deliberate panic");
}

#[test]
fn each_process_that_dies_in_a_farm_ends_the_others() {
    for victim in ["0", "1", "2"] {
        perish("death_of_one_rank", 3, &[("LOSSATLAS_VICTIM", victim)], "deliberate death");
    }
}

#[test]
fn each_process_that_dies_in_a_collective_ends_the_others() {
    for collective in ["barrier", "agree", "broadcast"] {
        for victim in ["0", "1", "2"] {
            let variables = [("LOSSATLAS_VICTIM", victim), ("LOSSATLAS_COLLECTIVE", collective)];
            perish("death_in_a_collective", 3, &variables, "deliberate death");
        }
    }
}

#[test]
fn a_hang_is_a_failure() {
    // It would succeed if it came to its end.
    let output = mpirun(2, "sleep", &["100"], Duration::from_secs(2));
    assert!(!output.status.success());
}
