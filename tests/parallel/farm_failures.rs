//! Farms in which something fails. Each scenario ends with a farm that goes well, which it would
//! not if the failure had left a message behind or a rank out of step.

use crate::farm_scenarios::{events, every_task_once};
use crate::world_scenarios::Untagged;
use lossatlas::engine::parallel::{
    Control, Event, FarmEnd, FarmError, MessageError, TaskFailure, World, farm,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Outcomes in the order of the tasks.
fn outcomes<R>(events: Vec<Event<R>>) -> Vec<Result<R, TaskFailure>> {
    let finished = events.into_iter().filter_map(|event| match event {
        Event::Finished { task, outcome, .. } => Some((task, outcome)),
        _ => None,
    });
    let mut sorted: Vec<_> = finished.collect();
    sorted.sort_by_key(|(task, _)| *task);
    sorted.into_iter().map(|(_, outcome)| outcome).collect()
}

pub fn panicking_tasks(world: &World) {
    let work = |&task: &usize, _: &Control| {
        assert!(task % 5 != 3, "deliberate panic in task {task}");
        task
    };
    let outcomes = outcomes(events(world, 20, |task| task, work));
    if world.is_root() {
        let expected = (0..20).map(|task| match task % 5 {
            3 => Err(TaskFailure::Panicked(format!("deliberate panic in task {task}"))),
            _ => Ok(task),
        });
        assert_eq!(outcomes, expected.collect::<Vec<_>>());
    }
    every_task_once(world);
}

/// The first, one in the middle and the very last of the 2 · `count` events fails.
pub fn failing_events(world: &World) {
    let count = 12;
    for failing in [0, 1, count, 2 * count - 1] {
        let (mut heard, mut failed, mut heard_after) = (0, false, 0);
        let on_event = |event| {
            // An assertion in here would be caught like any other panic of a callback.
            heard_after += u32::from(failed);
            if matches!(event, Event::Idle) {
                return Ok(());
            }
            heard += 1;
            failed |= heard == failing + 1;
            if failed { Err("disk full") } else { Ok(()) }
        };
        let work = |&task: &usize, _: &Control| {
            sleep(Duration::from_millis(2));
            task
        };
        let end = farm(world, count, |task| task, work, on_event, &|| false, None);
        match end.expect_err("an event failed") {
            FarmError::Event(error) => assert!(world.is_root() && error == "disk full"),
            FarmError::Stopped => assert!(!world.is_root()),
            other => panic!("{other}"),
        }
        assert_eq!((heard, heard_after), (if world.is_root() { failing + 1 } else { 0 }, 0));
        assert_eq!(world.agree(Ok::<_, String>(())), Ok(()));
    }
    every_task_once(world);
}

/// The running tasks end only when asked to.
pub fn panicking_callbacks(world: &World) {
    let work = |&task: &usize, control: &Control| {
        while task > 0 && !control.stop_requested() {
            sleep(Duration::from_millis(1));
        }
    };
    let check = |end: Result<FarmEnd, FarmError<&str>>, expected: &str, text: &str| match end
        .expect_err("a callback panicked")
    {
        FarmError::Panicked { callback, message } => {
            assert!(world.is_root());
            assert_eq!((callback, message.as_str()), (expected, text));
        }
        FarmError::Stopped => assert!(!world.is_root()),
        other => panic!("{other}"),
    };
    let in_make = |task| {
        assert!(task < world.size(), "deliberate panic in make");
        task
    };
    check(
        farm(world, 50, in_make, work, |_| Ok(()), &|| false, None),
        "make",
        "deliberate panic in make",
    );
    let in_event = |event| match event {
        Event::Finished { .. } => panic!("deliberate panic in on_event"),
        _ => Ok(()),
    };
    check(
        farm(world, 50, |task| task, work, in_event, &|| false, None),
        "on_event",
        "deliberate panic in on_event",
    );
    every_task_once(world);
}

/// Tasks that a rank cannot decode, and results that rank 0 cannot.
pub fn unreadable(world: &World) {
    let pause = || sleep(Duration::from_millis(20));
    let tasks = events(world, 12, |_| Untagged::Number(1), |_, _| pause());
    let results = events(
        world,
        12,
        |task| task,
        |_, _| {
            pause();
            Untagged::Number(1)
        },
    );
    let encoding =
        |failure: &TaskFailure| matches!(failure, TaskFailure::Message(MessageError::Encoding(_)));
    let check = |rank: usize, failure: Option<&TaskFailure>| {
        assert_eq!(failure.is_some_and(encoding), rank > 0, "{failure:?}");
    };
    for event in &tasks {
        if let Event::Finished { rank, outcome, .. } = event {
            check(*rank, outcome.as_ref().err());
        }
    }
    for event in &results {
        if let Event::Finished { rank, outcome, .. } = event {
            check(*rank, outcome.as_ref().err());
        }
    }
    every_task_once(world);
}

/// 2³¹ bytes; they take no memory until somebody reads them.
struct Huge(Vec<u8>);

impl Huge {
    fn new() -> Self {
        Self(vec![0; 1 << 31])
    }
}

impl Serialize for Huge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Huge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(Self)
    }
}

fn is_too_large(error: &MessageError) -> bool {
    matches!(error, MessageError::TooLarge { bytes, limit } if *bytes > 1 << 31 && *limit == (1 << 31) - 1)
}

pub fn too_large(world: &World) {
    // Results: the task fails, the farm goes on.
    let slow = |_: &usize, _: &Control| {
        sleep(Duration::from_millis(50));
        Huge::new()
    };
    let mut ranks = vec![0; world.size()];
    for event in events(world, 4 * world.size(), |task| task, slow) {
        if let Event::Finished { rank, outcome, .. } = event {
            ranks[rank] += 1;
            match outcome {
                Ok(huge) => assert_eq!((rank, huge.0.len()), (0, 1 << 31)),
                Err(TaskFailure::Message(error)) => {
                    assert!(rank > 0 && is_too_large(&error), "{error}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(!world.is_root() || ranks.iter().all(|&tasks| tasks > 0), "{ranks:?}");

    // Tasks: the farm ends, unless rank 0 is alone and nothing has to travel.
    let finished = AtomicBool::new(false);
    let work = |huge: &Huge, _: &Control| huge.0.len();
    let on_event = |event| {
        finished.fetch_or(
            matches!(event, Event::Finished { outcome: Ok(length), .. } if length == 1 << 31),
            Ordering::Relaxed,
        );
        Ok::<_, String>(())
    };
    let end = farm(world, 2, |_| Huge::new(), work, on_event, &|| false, None);
    match end {
        Ok(end) => assert!(world.size() == 1 && end == FarmEnd::Completed && finished.into_inner()),
        Err(FarmError::Task { task, rank, reason }) => {
            assert!(world.is_root() && task == rank && is_too_large(&reason));
        }
        Err(FarmError::Stopped) => assert!(!world.is_root()),
        Err(other) => panic!("{other}"),
    }
    every_task_once(world);
}

/// Killed from outside, out of memory, a fault in a library: no destructor runs.
pub fn death_of_one_rank(world: &World) {
    let dies =
        std::env::var("LOSSATLAS_VICTIM").is_ok_and(|victim| victim == world.rank().to_string());
    let work = |_: &usize, _: &Control| {
        if dies {
            eprintln!("deliberate death");
            std::process::abort();
        }
        sleep(Duration::from_millis(10));
    };
    events(world, 10_000, |task| task, work);
}
