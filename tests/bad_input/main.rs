//! Input that is wrong, through the program itself, on 1 and on 3 ranks: every case of four corpora
//! is refused with exactly the message it carries, once, and leaves nothing behind.
//!
//! | corpus | a case is |
//! |---|---|
//! | `tests/config/bad/*.toml` | a file that ends with its problems (see `tests/config/main.rs`) |
//! | `tests/bad_input/command-lines.txt` | a line `$ lossatlas …` and below it what is said |
//! | `tests/bad_input/data.rs` | a row of the table: name, what is done to a sound data set, message |
//! | `tests/bad_input/weights.rs` | a row of the table: name, file, what is written into it, message |
//!
//! A new case needs no more than its row or file: with a message left out, the test prints the one
//! it got.

mod command_lines;
mod configurations;
mod corpus;
mod data;
#[path = "../support/idx.rs"]
mod idx;
mod study;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that start other programs")]
mod support;
mod weights;
