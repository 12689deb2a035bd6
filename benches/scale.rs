//! How many ranks one rank 0 can keep at work: run with `make bench-scale`.
//!
//! Runs the program on one and on two ranks, then measures on this machine what a task takes and
//! what rank 0 spends on it (messages, journal, states of tasks under way), then plays whole
//! studies on 64 to 16 384 ranks through the scheduler of the program. `SCALE_DIR` names a
//! directory on the file system whose speed counts.

#[path = "scale/costs.rs"]
mod costs;
#[path = "scale/efficiency.rs"]
mod efficiency;
#[path = "scale/exchange.rs"]
mod exchange;
#[path = "scale/memory.rs"]
mod memory;
#[path = "scale/simulation.rs"]
mod simulation;
#[path = "scale/studies.rs"]
mod studies;

use std::env;
use std::path::PathBuf;

fn main() {
    if env::var_os(exchange::RANK).is_some() {
        exchange::rank();
        return;
    }
    let directory =
        env::var_os("SCALE_DIR").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let networks = studies::networks();
    memory::print(&networks[0], &directory);
    efficiency::print();
    exchange::print_waiting();
    studies::print_tasks(&networks);
    let costs = costs::measure(&networks[0], &directory);
    costs.print();
    studies::print(&networks, &costs);
}
