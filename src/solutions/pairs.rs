//! Which pairs of a set get a path.

use crate::random::MasterSeed;
use serde::{Deserialize, Serialize};

/// How many pairs of a set get a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pairs {
    /// Every pair, n (n − 1) / 2 of them.
    All,
    /// This many, drawn at random without repetition; all pairs if there are fewer.
    Count(usize),
}

impl Pairs {
    /// The number of pairs of n vectors.
    pub fn of(self, vectors: usize) -> usize {
        let all = vectors * vectors.saturating_sub(1) / 2;
        match self {
            Self::All => all,
            Self::Count(count) => count.min(all),
        }
    }
}

/// Pairs `(a, b)`, a ≠ b, of the given initialization numbers in the order of their random draw.
///
/// Every possible pair has a random key that depends on the master seed and on the two numbers
/// only. The pairs with the smallest keys are taken. Asking for more pairs later therefore keeps
/// the pairs that have been computed. The train and the test set of one optimizer get the same
/// pairs, so their barriers can be compared pair by pair. The direction of a pair is a random bit
/// of its key.
pub fn draw_pairs(seed: MasterSeed, initializations: &[u32], pairs: Pairs) -> Vec<(u32, u32)> {
    let mut sorted = initializations.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut keyed: Vec<_> = sorted
        .iter()
        .enumerate()
        .flat_map(|(i, &a)| sorted[i + 1..].iter().map(move |&b| (a, b)))
        .map(|(a, b)| (seed.key("pair", &[a.into(), b.into()]), a, b))
        .collect();
    keyed.sort_unstable();
    keyed.truncate(pairs.of(sorted.len()));
    keyed.into_iter().map(|(key, a, b)| if key[31] & 1 == 0 { (a, b) } else { (b, a) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_pair_at_most_once_and_more_pairs_extend_the_draw() {
        let initializations: Vec<u32> = (0..48).collect();
        let all = draw_pairs(MasterSeed(5), &initializations, Pairs::All);
        assert_eq!(all.len(), 48 * 47 / 2);
        let distinct: HashSet<_> = all.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|(a, b)| a != b));
        assert_eq!(draw_pairs(MasterSeed(5), &initializations, Pairs::Count(300)), all[..300]);
        assert_ne!(draw_pairs(MasterSeed(6), &initializations, Pairs::Count(300)), all[..300]);
    }

    #[test]
    fn a_set_that_changes_keeps_the_pairs_it_shares() {
        let many = draw_pairs(MasterSeed(5), &[1, 2, 3, 4, 5, 6], Pairs::All);
        let fewer = draw_pairs(MasterSeed(5), &[6, 4, 2, 1], Pairs::All);
        assert!(fewer.iter().all(|pair| many.contains(pair)));
    }

    #[test]
    fn draws_are_even() {
        // Mean of the smaller index over all draws of 1 of C(10, 2) pairs is (10 − 2) / 3.
        let numbers: Vec<u32> = (0..10).collect();
        let mean = (0..2000)
            .map(|seed| draw_pairs(MasterSeed(seed), &numbers, Pairs::Count(1))[0])
            .map(|(a, b)| f64::from(a.min(b)))
            .sum::<f64>()
            / 2000.0;
        assert!((mean - 8.0 / 3.0).abs() < 0.2, "mean {mean}");
    }
}
