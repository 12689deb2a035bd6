//! Independent random streams, all derived from the master seed.
//!
//! A stream is identified by its purpose and its indices. Its numbers therefore depend neither on
//! the number of ranks nor on the order of the tasks.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The one seed of a configuration (`seed = …`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterSeed(pub u64);

impl MasterSeed {
    /// The generator for `purpose` and `indices`: ChaCha8 keyed with
    /// SHA-256(master ‖ length of purpose ‖ purpose ‖ indices), integers little-endian in 64 bits.
    pub fn stream(self, purpose: &str, indices: &[u64]) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.key(purpose, indices))
    }

    /// The 256-bit key of that stream. Sorting by these keys gives a random order that does not
    /// depend on other draws.
    pub fn key(self, purpose: &str, indices: &[u64]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0.to_le_bytes());
        hash.update((purpose.len() as u64).to_le_bytes());
        hash.update(purpose.as_bytes());
        for index in indices {
            hash.update(index.to_le_bytes());
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_repeat_and_differ_by_name_and_index() {
        let first =
            |seed, purpose, indices: &[u64]| MasterSeed(seed).stream(purpose, indices).next_u64();
        assert_eq!(first(1, "theta", &[3]), first(1, "theta", &[3]));
        let others = [
            first(2, "theta", &[3]),
            first(1, "batches", &[3]),
            first(1, "theta", &[4]),
            first(1, "theta", &[]),
        ];
        assert!(others.iter().all(|&other| other != first(1, "theta", &[3])));
    }
}
