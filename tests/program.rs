//! The program as its users meet it: the built binary, alone and under `mpirun`, on small problems.
//!
//! Every start has a time-out, so a hang is a failure.

#[path = "program/atlas.rs"]
mod atlas;
#[path = "program/bad_directory.rs"]
mod bad_directory;
#[path = "program/command_line.rs"]
mod command_line;
#[path = "program/continuing.rs"]
mod continuing;
#[path = "program/contract.rs"]
mod contract;
#[path = "program/dry_run.rs"]
mod dry_run;
#[path = "program/failed_ranks.rs"]
mod failed_ranks;
#[path = "program/failed_tasks.rs"]
mod failed_tasks;
#[path = "program/full_output.rs"]
mod full_output;
#[path = "support/idx.rs"]
mod idx;
#[path = "program/images.rs"]
mod images;
#[path = "program/init.rs"]
mod init;
#[path = "program/instructions.rs"]
mod instructions;
#[path = "program/interrupt.rs"]
mod interrupt;
#[path = "program/kept.rs"]
mod kept;
#[path = "program/launch.rs"]
mod launch;
#[path = "program/learning.rs"]
mod learning;
#[path = "program/log.rs"]
mod log;
#[path = "program/manual.rs"]
mod manual;
#[path = "support/markdown.rs"]
#[expect(dead_code, reason = "shared with the tests of the documentation")]
mod markdown;
#[path = "program/memory.rs"]
mod memory;
#[path = "support/python.rs"]
mod python;
#[path = "program/ranges.rs"]
mod ranges;
#[path = "program/ranks.rs"]
mod ranks;
#[path = "program/report.rs"]
mod report;
#[path = "program/start.rs"]
mod start;
#[path = "program/status.rs"]
mod status;
#[path = "program/stopping.rs"]
mod stopping;
#[path = "program/subjects.rs"]
mod subjects;
#[path = "support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that start other programs")]
mod support;
#[path = "program/terminal.rs"]
mod terminal;
#[path = "program/versions.rs"]
mod versions;
#[path = "program/worthless.rs"]
mod worthless;
