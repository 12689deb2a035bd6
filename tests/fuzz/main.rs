//! The readers of what users bring along, on files that chance has damaged: IDX, NumPy,
//! configurations.
//!
//! Whatever the bytes, a reader returns: it neither panics nor sets aside more memory than a
//! multiple of the length of the file, and an error names the file. A file that nothing was done to
//! is read as what was written.
//!
//! `make test` tries each property on 256 cases; `PROPTEST_CASES=1000000 cargo test --release
//! --test fuzz` on as many as one likes. A case that fails is shrunk and printed; it belongs into
//! the corpus of `tests/bad_input/main.rs` then.

mod configuration;
mod damage;
mod idx;
mod memory;
mod npy;
mod npz;

use proptest::test_runner::Config;

/// The number of cases comes from `PROPTEST_CASES`.
fn settings() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}
