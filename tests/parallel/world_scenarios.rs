//! What ranks agree on and tell each other.

use lossatlas::engine::parallel::{RankMessage, World, WorldError, mpi_library_version};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

pub fn agree(world: &World) {
    let ranks = || (0..world.size()).collect::<Vec<_>>();
    assert_eq!(world.agree(Ok::<_, String>(world.rank() * 10)), Ok(world.rank() * 10));

    let same = world.agree(Err::<(), _>("no such file")).expect_err("all ranks failed");
    assert_eq!(same.to_string(), "no such file");
    assert_eq!(same.reports, [RankMessage { message: "no such file".into(), ranks: ranks() }]);

    let last = world.size() - 1;
    let one = world
        .agree(if world.rank() == last { Err("disk full") } else { Ok(()) })
        .expect_err("one rank failed");
    assert_eq!(one.reports, [RankMessage { message: "disk full".into(), ranks: vec![last] }]);
    let expected =
        if world.size() == 1 { "disk full".to_owned() } else { format!("rank {last}: disk full") };
    assert_eq!(one.to_string(), expected);

    let each =
        world.agree(Err::<(), _>(format!("error {}", world.rank()))).expect_err("all ranks failed");
    let reports = ranks()
        .into_iter()
        .map(|rank| RankMessage { message: format!("error {rank}"), ranks: vec![rank] });
    assert_eq!(each.reports, reports.collect::<Vec<_>>());

    let causes = anyhow::anyhow!("permission denied").context("cannot write atlas.h5");
    let error = world.agree(Err::<(), _>(causes)).expect_err("all ranks failed");
    assert_eq!(error.to_string(), "cannot write atlas.h5: permission denied");

    // A message above the limit, whose bytes end in the middle of a letter there.
    let long = format!("x{}", "é".repeat(100_000));
    let cut =
        world.agree(Err::<(), _>(&long)).expect_err("all ranks failed").reports.remove(0).message;
    assert_eq!(cut.len(), 65_535);
    assert!(long.starts_with(&cut));

    world.barrier();
    assert_eq!(world.agree(Ok::<_, String>("still in step")), Ok("still in step"));
}

/// Each rank fails in turn before each collective, and all hear of it and stay in step.
pub fn each_rank_fails_in_turn(world: &World) {
    let collectives: [&dyn Fn(); 4] = [
        &|| world.barrier(),
        &|| assert_eq!(world.agree(Ok::<_, String>(1)), Ok(1)),
        &|| assert_eq!(world.broadcast(|| Ok::<_, String>(7)), Ok(7)),
        &|| crate::farm_scenarios::every_task_once(world),
    ];
    for collective in collectives {
        for victim in 0..world.size() {
            let here = if world.rank() == victim { Err("deliberate failure") } else { Ok(()) };
            let error = world.agree(here).expect_err("one rank failed");
            assert_eq!(
                error.reports,
                [RankMessage { message: "deliberate failure".into(), ranks: vec![victim] }]
            );
            collective();
        }
    }
}

/// The rank named by a variable dies while it and all others but one, which is late, are in the
/// collective named by another.
pub fn death_in_a_collective(world: &World) {
    let variable = |name| std::env::var(name).expect("set by the test");
    let victim: usize = variable("LOSSATLAS_VICTIM").parse().expect("a rank");
    if world.rank() == victim {
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            eprintln!("deliberate death");
            std::process::abort();
        });
    }
    if world.rank() == (victim + 1) % world.size() {
        std::thread::sleep(Duration::from_millis(600));
    }
    match variable("LOSSATLAS_COLLECTIVE").as_str() {
        "barrier" => world.barrier(),
        "agree" => _ = world.agree(Err::<(), _>("all ranks have something to say")),
        "broadcast" => _ = world.broadcast(|| Ok::<_, String>(vec![0_u8; 40 << 20])),
        unknown => panic!("no collective {unknown}"),
    }
    // The death may come after the collective, and ends this rank.
    std::thread::sleep(Duration::MAX);
}

pub fn broadcast(world: &World) {
    let only_on_rank_0 = |text: &str| {
        assert!(world.is_root());
        Ok::<_, String>((text.to_owned(), vec![0.5_f32, f32::MIN_POSITIVE], Some(3_u64)))
    };
    let expected = ("ω".to_owned(), vec![0.5, f32::MIN_POSITIVE], Some(3));
    assert_eq!(world.broadcast(|| only_on_rank_0("ω")), Ok(expected));

    // Several chunks, the last one not full.
    let numbers =
        || (0..5_000_000_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect::<Vec<_>>();
    assert_eq!(world.broadcast(|| Ok::<_, String>(numbers())), Ok(numbers()));

    let failed =
        world.broadcast(|| Err::<(), _>("line 3: no such key")).expect_err("rank 0 failed");
    assert_eq!(
        failed.reports,
        [RankMessage { message: "line 3: no such key".into(), ranks: vec![0] }]
    );

    // Rank 0 keeps its value; the others cannot read this one back.
    let unreadable = world.broadcast(|| Ok::<_, String>(Untagged::Number(1)));
    assert_eq!(unreadable.is_err(), world.size() > 1);

    assert_eq!(world.broadcast(|| Ok::<_, String>(())), Ok(()));
}

pub fn gather(world: &World) {
    let here = (world.rank(), "ω".repeat(world.rank()));
    let all = world.gather(&here).expect("encodable");
    let expected = (0..world.size()).map(|rank| (rank, "ω".repeat(rank))).collect();
    assert_eq!(all, world.is_root().then_some(expected));
    assert!(world.gather(&Untagged::Number(1)).is_err(), "rank 0 cannot read them back");
    assert_eq!(
        world.gather(&()).expect("in step").map(|all| all.len()),
        world.is_root().then_some(world.size())
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Number(u32),
}

impl fmt::Display for Untagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Number(number) = self;
        number.fmt(f)
    }
}

pub fn second_world() {
    assert_eq!(World::initialize().err(), Some(WorldError::AlreadyInitialized));
    let version = mpi_library_version();
    assert!(version.contains("(MPI ") && !version.contains(['\n', '\0', '\t']), "{version:?}");
}

/// The others are in a collective that the panicking rank never joins.
pub fn panic_of_one_rank(world: &World) {
    if world.rank() == 1 {
        std::thread::sleep(Duration::from_millis(100));
        panic!("deliberate panic");
    }
    world.barrier();
}
