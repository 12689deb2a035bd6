//! `lossatlas evaluate` and `lossatlas export`: weights out of the program and back in, against the
//! atlas, against PyTorch, and wrong in every way.

#[path = "evaluate/alone.rs"]
mod alone;
#[path = "program/atlas.rs"]
#[expect(dead_code, reason = "shared with tests that compare whole atlases")]
mod atlas;
#[path = "evaluate/exchange.rs"]
mod exchange;
#[path = "evaluate/files.rs"]
mod files;
#[path = "support/python.rs"]
mod python;
#[path = "evaluate/pytorch.rs"]
mod pytorch;
#[path = "evaluate/refusals.rs"]
mod refusals;
#[path = "program/start.rs"]
mod start;
#[path = "support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that start other programs")]
mod support;
