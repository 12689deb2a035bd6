//! Runs that are killed at random instants.

use crate::atlas::{contents, differences};
use crate::interrupt::{SLOWER, in_background, ranks_of, results, signal};
use crate::start::on_tiny;
use crate::stopping::STATES;
use lossatlas::random::MasterSeed;
use rand::RngExt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// States every few milliseconds, so that many a kill falls into the writing of one.
const OVERRIDES: [&str; 3] = [SLOWER[0], SLOWER[1], "run.checkpoint_minutes=0.0001"];

#[test]
fn one_rank_killed_at_random_instants_comes_to_the_same_bits() {
    kill(1..=1);
}

#[test]
fn several_ranks_killed_at_random_instants_come_to_the_same_bits() {
    kill(2..=3);
}

/// Kills runs on so many ranks, ten times or as often as `LOSSATLAS_KILLS` says, and compares what
/// they come to with a whole run.
fn kill(ranks: RangeInclusive<usize>) {
    let kills: u32 =
        std::env::var("LOSSATLAS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let root = tempdir().expect("a temporary directory");
    let whole = root.path().join("whole");
    let started = Instant::now();
    on_tiny(*ranks.start(), "run", &whole, &OVERRIDES).with_code(0);
    let mut duration = started.elapsed();
    let whole = contents(&whole);
    assert!(whole.len() > 100, "an atlas of {} datasets and attributes", whole.len());
    let mut random = MasterSeed(u64::from(std::process::id())).stream("kills", &[]);
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        let directory = root.path().join(format!("killed-{round}"));
        let kills_here = kill_until_done(&directory, duration, &ranks, &mut random);
        if kills_here == 0 {
            // The machine was busier when the whole run was timed.
            duration = duration.mul_f64(0.8);
        }
        killed += kills_here;
        assert_eq!(differences(&whole, &contents(&directory)), [""; 0]);
        assert!(!directory.join(STATES).exists(), "no task is under way any more");
        fs::remove_dir_all(&directory).expect("a directory of this test");
    }
    println!("{killed} kills in {round} runs");
}

/// Starts a run again and again, kills one rank or all after a random time, until it comes to its
/// end. Returns the number of kills.
fn kill_until_done(
    directory: &Path,
    whole_run: Duration,
    ranks: &RangeInclusive<usize>,
    random: &mut impl rand::Rng,
) -> u32 {
    let mut kills = 0;
    loop {
        let run = in_background(random.random_range(ranks.clone()), "run", directory, &OVERRIDES);
        // Never so early that nothing can ever be finished, and at last not at all.
        let patience = if kills > 8 { 100.0 } else { random.random_range(0.2..1.0) };
        let until = Instant::now() + whole_run.mul_f64(patience);
        while Instant::now() < until && !run.is_finished() {
            sleep(Duration::from_millis(1));
        }
        let processes = ranks_of(directory);
        // All of them, or any one.
        let victims = if processes.is_empty() || random.random::<bool>() {
            &processes[..]
        } else {
            std::slice::from_ref(&processes[random.random_range(0..processes.len())])
        };
        // Some may just have ended by themselves: one that is hit is enough.
        let hit =
            victims.iter().filter(|&victim| signal("KILL", std::slice::from_ref(victim))).count()
                > 0;
        let ended = run.join().expect("the program could be started");
        if ended.code == Some(0) {
            assert!(results(directory) > 0);
            return kills;
        }
        assert!(hit, "neither killed nor finished: {}", ended.stderr);
        assert_eq!(ended.said("damaged"), 0, "{}", ended.stderr);
        kills += 1;
    }
}
