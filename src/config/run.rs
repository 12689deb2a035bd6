//! `[run]`: how the machine is used; no result depends on it.

use super::reader::{Read, Section};

/// How the machine is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunConfig {
    /// Threads of the linear algebra library per rank, ≥ 1.
    pub blas_threads: usize,
}

pub(super) fn read(section: &Section<'_>) -> Read<RunConfig> {
    // The limit only keeps a slip of the finger from asking the library for millions of threads.
    let blas_threads = section.key("blas_threads").integer(1, 4096).map(|threads| threads as usize).or(1);
    Ok(RunConfig { blas_threads: blas_threads? })
}
