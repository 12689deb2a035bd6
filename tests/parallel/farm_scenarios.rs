//! Farms that go well.

use crate::DIRECTORY;
use lossatlas::engine::parallel::{Control, Event, FarmEnd, World, farm};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

/// Runs a farm to its end and returns all events but the idle ones; none on ranks other than 0.
pub fn events<T, R>(
    world: &World,
    count: usize,
    make: impl FnMut(usize) -> T,
    work: impl Fn(&T, &Control) -> R + Sync,
) -> Vec<Event<R>>
where
    T: serde::Serialize + serde::de::DeserializeOwned + Send,
    R: serde::Serialize + serde::de::DeserializeOwned + Send,
{
    let mut events = Vec::new();
    let on_event = |event| {
        if !matches!(event, Event::Idle) {
            events.push(event);
        }
        Ok::<_, Infallible>(())
    };
    let end = farm(world, count, make, work, on_event, &|| false, None);
    assert_eq!(end.expect("nothing fails"), FarmEnd::Completed);
    events
}

/// Something that depends on every bit of the task.
fn digest(task: &(u64, Vec<f32>)) -> (u64, Vec<f32>) {
    let (number, theta) = task;
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15), theta.iter().rev().map(|x| 1.5 * x).collect())
}

fn payload(task: usize) -> (u64, Vec<f32>) {
    (task as u64, (0..task % 7).map(|i| (task * 10 + i) as f32).collect())
}

pub fn every_task_once(world: &World) {
    for count in [0, 1, 2, 3, 4, 200] {
        let events = events(world, count, payload, |task, _| digest(task));
        if !world.is_root() {
            assert_eq!(events, []);
            continue;
        }
        let mut started = Vec::new();
        let mut runs_on = vec![None; count];
        let mut results = vec![None; count];
        for event in events {
            match event {
                Event::Started { task, rank } => {
                    assert!(rank < world.size());
                    assert_eq!(runs_on[task].replace(rank), None, "task {task} started twice");
                    started.push(task);
                }
                Event::Finished { task, rank, seconds, outcome } => {
                    assert_eq!(
                        runs_on[task],
                        Some(rank),
                        "task {task} finished where it did not start"
                    );
                    assert!((0.0..60.0).contains(&seconds));
                    assert_eq!(results[task].replace(outcome), None, "task {task} finished twice");
                }
                other => panic!("{other:?} of tasks too short to report"),
            }
        }
        assert_eq!(started, (0..count).collect::<Vec<_>>());
        let expected: Vec<_> = (0..count).map(|task| Some(Ok(digest(&payload(task))))).collect();
        assert_eq!(results, expected);
    }
}

/// 20 MB to every rank and 20 MB back, at the same time.
pub fn large_messages(world: &World) {
    let make =
        |task: usize| (task as u64, (0..5_000_000).map(|i| (i ^ task) as f32).collect::<Vec<_>>());
    let mut finished = 0;
    for event in events(world, 9, make, |task, _| digest(task)) {
        if let Event::Finished { task, outcome, .. } = event {
            assert!(outcome == Ok(digest(&make(task))), "task {task} came back changed");
            finished += 1;
        }
    }
    assert_eq!(finished, if world.is_root() { 9 } else { 0 });
}

/// The directory in which the ranks find files of each other.
fn directory() -> PathBuf {
    env::var(DIRECTORY).expect("set by the test").into()
}

/// Marks that something has happened, for all ranks to see.
fn mark(directory: &Path, name: &str) {
    fs::write(directory.join(name), "").expect("a temporary directory");
}

/// Waits until something has happened, on whatever rank.
fn wait_for(directory: &Path, name: &str) {
    while !directory.join(name).exists() {
        sleep(Duration::from_millis(1));
    }
}

/// Task 0 ends only when task 1 has begun on the other rank, and task 1 only when all others are
/// done.
pub fn busy_ranks(world: &World) {
    let (count, directory) = (20, directory());
    let work = |&task: &usize, _: &Control| {
        mark(&directory, &format!("begun-{task}"));
        match task {
            0 => wait_for(&directory, "begun-1"),
            1 => (0..count)
                .filter(|other| *other != 1)
                .for_each(|other| wait_for(&directory, &format!("done-{other}"))),
            _ => {}
        }
        mark(&directory, &format!("done-{task}"));
    };
    let mut shares = vec![0; world.size()];
    for event in events(world, count, |task| task, work) {
        if let Event::Finished { rank, .. } = event {
            shares[rank] += 1;
        }
    }
    shares.sort_unstable();
    assert!(!world.is_root() || shares == [1, count - 1], "{shares:?}");
}

/// Processor time of the calling thread.
fn thread_time() -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux system");
    let nanoseconds =
        statistics.split(' ').next().expect("three numbers").parse().expect("a number");
    Duration::from_nanos(nanoseconds)
}

/// A main thread that spins gets a fair share of the processor, on a busy machine too. One that
/// looks and sleeps takes a hundredth: `make bench-scale` measures it.
pub fn sleeping(world: &World) {
    world.barrier();
    let (start, start_of_thread) = (Instant::now(), thread_time());
    events(world, 2 * world.size(), |task| task, |_, _| sleep(Duration::from_secs(1)));
    let share =
        thread_time().saturating_sub(start_of_thread).as_secs_f64() / start.elapsed().as_secs_f64();
    println!("the main thread of rank {} takes {:.2} % of a core", world.rank(), 100.0 * share);
    assert!(share < 0.1, "{share}");
}

/// Tasks report in every millisecond, and end when rank 0 has heard of each of them twice.
pub fn progress(world: &World) {
    let directory = directory();
    let work = |&task: &usize, control: &Control| {
        let start = Instant::now();
        let heard = directory.join(format!("heard-{task}"));
        let mut step = 0_u32;
        while !heard.exists() {
            step += 1;
            control.report(f64::from(step), 1.0 / f64::from(step));
            sleep(Duration::from_millis(1));
        }
        (step, start.elapsed().as_secs_f64())
    };
    let mut reports = [const { Vec::new() }; 2];
    let mut ended = [(0, 0.0); 2];
    let on_event = |event| {
        match event {
            Event::Progress { task, fraction, loss, .. } => {
                reports[task].push((fraction, loss));
                if reports[task].len() == 2 {
                    mark(&directory, &format!("heard-{task}"));
                }
            }
            Event::Finished { task, outcome, .. } => ended[task] = outcome.expect("nothing fails"),
            _ => {}
        }
        Ok::<_, Infallible>(())
    };
    farm(world, 2, |task| task, work, on_event, &|| false, None).expect("nothing fails");
    for (reports, (steps, seconds)) in reports.iter().zip(ended).filter(|_| world.is_root()) {
        // At most one a second; each is the latest, with the loss that belongs to it.
        assert!((2..=1 + seconds as usize).contains(&reports.len()), "{reports:?} in {seconds} s");
        assert!(reports.is_sorted() && reports[0] != reports[1], "{reports:?}");
        for &(step, loss) in reports {
            assert!(
                (1.0..=f64::from(steps)).contains(&step)
                    && loss.to_bits() == (1.0 / step).to_bits(),
                "{reports:?}"
            );
        }
    }
}

/// Tasks that would never end by themselves.
pub fn stop_request(world: &World) {
    let stop = AtomicBool::new(false);
    let work = |&task: &usize, control: &Control| {
        while !control.stop_requested() {
            sleep(Duration::from_millis(1));
        }
        task + 1000
    };
    let (mut started, mut finished) = (0, Vec::new());
    let on_event = |event| {
        match event {
            Event::Started { .. } => started += 1,
            Event::Finished { outcome, .. } => finished.push(outcome),
            Event::Idle => stop.store(true, Ordering::Relaxed),
            Event::Progress { .. } | Event::Checkpoint { .. } => {}
        }
        Ok::<_, Infallible>(())
    };
    let end = farm(world, 100, |task| task, work, on_event, &|| stop.load(Ordering::Relaxed), None);
    assert_eq!(end.expect("nothing fails"), FarmEnd::Stopped);
    if world.is_root() {
        // One task on each rank, all of them delivered, no other begun.
        finished.sort_by_key(|outcome| outcome.clone().ok());
        assert_eq!(started, world.size());
        assert_eq!(finished, (0..world.size()).map(|task| Ok(task + 1000)).collect::<Vec<_>>());
    }
}

/// States come from the ranks in their order, before the end of their task, and none twice.
pub fn checkpoints(world: &World) {
    let work = |&task: &usize, control: &Control| {
        let mut handed_in = Vec::new();
        for step in 0_u32.. {
            if control.save_due() {
                control.save([&[task as u8][..], &step.to_le_bytes()].concat());
                handed_in.push(step);
            }
            if handed_in.len() == 4 {
                break;
            }
            sleep(Duration::from_millis(5));
        }
        handed_in
    };
    let (mut states, mut finished) = (vec![Vec::new(); 4], vec![false; 4]);
    let on_event = |event| {
        match event {
            Event::Checkpoint { task, rank, state } => {
                assert!(
                    rank < world.size() && !finished[task],
                    "a state after the end of its task"
                );
                assert_eq!(usize::from(state[0]), task);
                let step: [u8; 4] = state[1..].try_into().expect("four bytes");
                states[task].push(u32::from_le_bytes(step));
            }
            Event::Finished { task, outcome, .. } => {
                finished[task] = true;
                let handed_in: Vec<u32> = outcome.expect("nothing fails");
                // The last one may still be on its way to the main thread when the task ends.
                let arrived = states[task].len();
                assert!(
                    arrived >= 2 && arrived + 1 >= handed_in.len(),
                    "{arrived} of {handed_in:?}"
                );
                assert_eq!(states[task], handed_in[..arrived]);
            }
            _ => {}
        }
        Ok::<_, Infallible>(())
    };
    let end =
        farm(world, 4, |task| task, work, on_event, &|| false, Some(Duration::from_millis(30)));
    assert_eq!(end.expect("nothing fails"), FarmEnd::Completed);
}

/// Each rank in turn is the only one that notices a reason to stop.
pub fn stop_on_any_rank(world: &World) {
    for noticing in 0..world.size() {
        let start = Instant::now();
        let stop = || world.rank() == noticing && start.elapsed() > Duration::from_millis(50);
        let work = |_: &usize, control: &Control| {
            while !control.stop_requested() {
                sleep(Duration::from_millis(1));
            }
        };
        let end = farm(world, 100, |task| task, work, |_| Ok::<_, Infallible>(()), &stop, None);
        assert_eq!(end.expect("nothing fails"), FarmEnd::Stopped);
        world.barrier();
    }
}
