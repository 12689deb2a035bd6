//! The pairs of a set that get a path.

use super::SetName;
use crate::random::MasterSeed;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The sets of the endpoints of paths: ω^a is a vector of the first, ω^b of the second. Usually
/// both are the same set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EndpointSets {
    /// The set of ω^a, at t = 0.
    pub a: SetName,
    /// The set of ω^b, at t = 1.
    pub b: SetName,
}

impl EndpointSets {
    /// Paths within a set.
    pub fn within(set: SetName) -> Self {
        Self { a: set.clone(), b: set }
    }

    /// The set, if both endpoints are in the same one.
    pub fn single(&self) -> Option<&SetName> {
        (self.a == self.b).then_some(&self.a)
    }

    /// Both sets.
    pub fn both(&self) -> [&SetName; 2] {
        [&self.a, &self.b]
    }

    /// As part of names of groups and files: `sgd/train`, or `between/sgd-train_lbfgs-train`.
    pub fn path(&self) -> String {
        let part = |set: &SetName| format!("{}-{}", set.group(), set.member());
        match self.single() {
            Some(set) => set.to_string(),
            None => format!("between/{}_{}", part(&self.a), part(&self.b)),
        }
    }

    /// The part after the slash: `train`. For two sets with different members, both: `train–test`.
    pub fn member(&self) -> String {
        let [a, b] = self.both().map(SetName::member);
        if a == b { a.to_owned() } else { format!("{a}–{b}") }
    }

    /// The part before the slash: `sgd`. For two sets with different groups, both: `sgd–lbfgs`.
    pub fn group(&self) -> String {
        let [a, b] = self.both().map(SetName::group);
        if a == b { a.to_owned() } else { format!("{a}–{b}") }
    }
}

impl From<SetName> for EndpointSets {
    fn from(set: SetName) -> Self {
        Self::within(set)
    }
}

impl PartialEq<SetName> for EndpointSets {
    fn eq(&self, set: &SetName) -> bool {
        self.single() == Some(set)
    }
}

/// `sgd/train`, or `sgd/train – lbfgs/train`.
impl fmt::Display for EndpointSets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.single() {
            Some(set) => set.fmt(f),
            None => write!(f, "{} – {}", self.a, self.b),
        }
    }
}

/// How many pairs of a set get a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pairs {
    /// Every pair, n (n − 1) / 2 of them.
    All,
    /// This many, drawn at random without repetition; all pairs if there are fewer.
    Count(usize),
    /// At most two for each vector of all sets together, chosen in rounds among those that can
    /// still lower the height of a merge.
    Spanning,
}

impl Pairs {
    /// The number of pairs of n vectors. For `Spanning`, all pairs that may be chosen.
    pub fn of(self, vectors: usize) -> usize {
        self.at_most(vectors * vectors.saturating_sub(1) / 2)
    }

    /// The number of pairs between n vectors and m others.
    pub fn between(self, [n, m]: [usize; 2]) -> usize {
        self.at_most(n.saturating_mul(m))
    }

    fn at_most(self, all: usize) -> usize {
        match self {
            Self::All | Self::Spanning => all,
            Self::Count(count) => count.min(all),
        }
    }
}

/// Pairs `(a, b)`, a ≠ b, of the given initialization numbers in the order of their random draw.
///
/// Every possible pair has a random key that depends on the master seed and on the two numbers
/// only. The pairs with the smallest keys are taken. So a later request for more pairs keeps the
/// pairs that have been computed. The train and the test set of one optimizer get the same pairs,
/// so their barriers can be compared pair by pair. The direction of a pair is a random bit of its
/// key.
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
    keyed.into_iter().map(|(_, a, b)| directed(seed, (a, b))).collect()
}

/// A pair within a set in the direction of its path: a random bit of its key.
pub fn directed(seed: MasterSeed, (a, b): (u32, u32)) -> (u32, u32) {
    let (a, b) = (a.min(b), a.max(b));
    let key = seed.key("pair", &[a.into(), b.into()]);
    if key[31] & 1 == 0 { (a, b) } else { (b, a) }
}

/// Pairs `(a, b)` of initialization numbers, a of one set and b of another, in the order of their
/// random draw. Both may have the same number: the sets differ.
///
/// As in [`draw_pairs`], every possible pair has a random key that depends on the master seed and
/// on the two numbers only. So more pairs keep those that were drawn, and any two sets with the
/// same numbers get the same pairs.
pub fn draw_pairs_between(seed: MasterSeed, numbers: [&[u32]; 2], pairs: Pairs) -> Vec<(u32, u32)> {
    let [first, second] = numbers.map(|numbers| {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    });
    let all = first.iter().flat_map(|&a| second.iter().map(move |&b| (a, b)));
    let mut keyed: Vec<_> =
        all.map(|(a, b)| (seed.key("pair between", &[a.into(), b.into()]), a, b)).collect();
    keyed.sort_unstable();
    keyed.truncate(pairs.between([first.len(), second.len()]));
    keyed.into_iter().map(|(_, a, b)| (a, b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn pairs_between_two_sets_are_drawn_like_those_of_one() {
        let (first, second): (Vec<u32>, Vec<u32>) = ((0..12).collect(), (5..20).collect());
        let draw = |pairs| draw_pairs_between(MasterSeed(5), [&first, &second], pairs);
        let all = draw(Pairs::All);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 12 * 15);
        assert_eq!(all.len(), 12 * 15);
        assert!(all.iter().all(|(a, b)| first.contains(a) && second.contains(b)));
        assert!(all.iter().any(|(a, b)| a == b), "the same initialization in both");
        assert_eq!(draw(Pairs::Count(40)), all[..40]);
        let fewer = draw_pairs_between(MasterSeed(5), [&first[..6], &second], Pairs::All);
        assert!(fewer.iter().all(|pair| all.contains(pair)));
        // Of 15 vectors of the second set, 40 random pairs leave out one with probability 1/16.
        let reached: HashSet<_> = all[..40].iter().map(|&(_, b)| b).collect();
        assert!(reached.len() > 10, "{}", reached.len());
    }

    #[test]
    fn names_of_two_sets() {
        let set = |name| SetName::parse(name).unwrap();
        let one = EndpointSets::within(set("sgd/train"));
        let two = EndpointSets { a: set("sgd/train"), b: set("lbfgs/test") };
        assert!(one == set("sgd/train") && two != set("sgd/train"));
        assert_eq!((one.to_string(), one.path()), ("sgd/train".into(), "sgd/train".into()));
        assert_eq!(two.to_string(), "sgd/train – lbfgs/test");
        assert_eq!(two.path(), "between/sgd-train_lbfgs-test");
        assert_eq!((two.group(), two.member()), ("sgd–lbfgs".into(), "train–test".into()));
    }

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
