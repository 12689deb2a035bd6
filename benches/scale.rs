//! How many ranks a study can use before rank 0 is the bottleneck: run with `make bench-scale`.
//!
//! 1. It runs the program on one rank and on two.
//! 2. It measures on this machine how long a task takes, and how long rank 0 works for it
//!    (messages, journal, checkpoints).
//! 3. It simulates whole studies on 64 to 16 384 ranks with these times and the scheduler of the
//!    program.
//!
//! `SCALE_DIR` names a directory on the file system to measure.

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
