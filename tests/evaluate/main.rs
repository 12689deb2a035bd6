//! `lossatlas evaluate` and `lossatlas export`: weights out of the program and back in, against the
//! atlas, against PyTorch, and wrong in every way.

mod alone;
#[path = "../program/atlas.rs"]
#[expect(dead_code, reason = "shared with tests that compare whole atlases")]
mod atlas;
mod exchange;
mod files;
#[path = "../support/python.rs"]
mod python;
mod pytorch;
mod refusals;
#[path = "../program/start.rs"]
mod start;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that start other programs")]
mod support;
