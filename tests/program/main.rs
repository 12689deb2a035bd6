//! The program as its users meet it: the built binary, alone and under `mpirun`, on small problems.
//!
//! Every start has a time-out, so a hang is a failure.

mod align;
mod atlas;
mod bad_directory;
mod command_line;
mod continuing;
mod contract;
mod curvature;
mod curves;
mod data;
mod dry_run;
mod failed_ranks;
mod failed_tasks;
mod finished;
mod full_output;
mod graph;
#[path = "../support/idx.rs"]
mod idx;
mod images;
mod init;
mod instructions;
mod interrupt;
mod invalidation;
mod kept;
mod killing;
mod launch;
mod letters;
mod log;
mod longer_paths;
mod manual;
#[path = "../support/markdown.rs"]
#[expect(dead_code, reason = "shared with the tests of the documentation")]
mod markdown;
mod memory;
mod optimizers;
mod page;
mod pairs;
#[path = "../support/python.rs"]
mod python;
mod ranges;
mod ranks;
mod refinement;
mod report;
mod resume;
mod start;
mod status;
mod stopping;
mod subjects;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that start other programs")]
mod support;
mod surface;
mod terminal;
mod trajectory;
mod unfinished;
mod versions;
mod watch;
mod worthless;
