//! All pairs of solutions that may get a path, in blocks.

use crate::config::PathsConfig;
use crate::data::Split;
use crate::engine::results::{PathEndpoints, Results};
use crate::engine::stage::TaskSolutions;
use crate::random::MasterSeed;
use crate::solutions::{EndpointSets, LandscapeName, SetName, directed};

/// Solutions on either side of a block. A rank gets 8 vectors for 16 pairs.
const BLOCK: usize = 4;

/// Maximum number of images of an estimate: only the order of the estimates matters.
pub(super) const MAX_IMAGES: usize = 3000;

/// Maximum number of pairs of a block.
pub(super) const MAX_PAIRS: usize = BLOCK * BLOCK;

/// The pairs between two blocks of solutions on a landscape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairBlock {
    /// The sets of both endpoints.
    pub sets: EndpointSets,
    /// The landscape.
    pub landscape: LandscapeName,
    /// Initialization numbers on one side.
    pub first: Vec<u32>,
    /// Initialization numbers on the other side; the same ones for the pairs within a block.
    pub second: Vec<u32>,
}

impl PairBlock {
    /// The pairs of these sets on this landscape, in blocks.
    pub fn all(ends: &PathEndpoints, landscape: LandscapeName) -> Vec<Self> {
        let [first, second] = [ends.a, ends.b].map(|set| blocks(&set.initialization));
        let within = ends.sets.single().is_some();
        let pairs = (0..first.len()).flat_map(|i| {
            let from = if within { i } else { 0 };
            (from..second.len()).map(move |j| (i, j))
        });
        let block = |(i, j): (usize, usize)| Self {
            sets: ends.sets.clone(),
            landscape,
            first: first[i].clone(),
            second: second[j].clone(),
        };
        pairs.map(block).filter(|block| !block.places().is_empty()).collect()
    }

    /// The indices of the endpoints of each pair in `first` and `second`.
    pub(super) fn places(&self) -> Vec<(usize, usize)> {
        let within = self.sets.single().is_some() && self.first == self.second;
        let from = |i: usize| if within { i + 1 } else { 0 };
        (0..self.first.len())
            .flat_map(|i| (from(i)..self.second.len()).map(move |j| (i, j)))
            .collect()
    }

    /// The pairs, each in the direction of its path.
    pub fn pairs(&self, seed: MasterSeed) -> Vec<(u32, u32)> {
        let pair = |(i, j): (usize, usize)| (self.first[i], self.second[j]);
        let within = self.sets.single().is_some();
        let direct = |pair| if within { directed(seed, pair) } else { pair };
        self.places().into_iter().map(pair).map(direct).collect()
    }

    pub(super) fn name(&self) -> String {
        let list =
            |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let Self { sets, landscape, first, second } = self;
        format!("{sets} {}–{} on {landscape}", list(first), list(second))
    }

    /// Its key in the journal. It includes the number of images: estimates depend on no other key
    /// of `[paths]`.
    pub(super) fn key(&self, paths: &PathsConfig) -> String {
        let images = match self.landscape {
            LandscapeName::Train => paths.images(Split::Train),
            LandscapeName::Test => paths.images(Split::Test),
            _ => None,
        };
        let images = images.map_or("all".to_owned(), |images| images.min(MAX_IMAGES).to_string());
        let Self { sets: EndpointSets { a, b }, landscape, first, second } = self;
        let numbers = [first, second].map(|numbers| format!("{numbers:?}").replace(' ', ""));
        let aligned = if paths.align { " aligned" } else { "" };
        format!("{a} {b} {} {} {images} {landscape}{aligned} v1", numbers[0], numbers[1])
    }

    /// The heights of its pairs, in their order; `None` if they have not been estimated. A pair
    /// without an estimate comes last.
    pub fn estimates(&self, results: &Results) -> Option<Vec<f64>> {
        let task = results.contents.task(super::STAGE, &self.key(&results.config.paths))?;
        let unknown = vec![f64::INFINITY; self.places().len()];
        let found: Vec<f64> = task.result.unwrap_or(unknown);
        Some(
            found
                .into_iter()
                .map(|height| if height.is_nan() { f64::INFINITY } else { height })
                .collect(),
        )
    }
}

/// The solutions that a block with this key depends on.
pub(super) fn solutions(key: &str) -> TaskSolutions {
    let mut words = key.split(' ');
    let mut set = || words.next().and_then(|word| SetName::parse(word).ok());
    match (set(), set()) {
        (Some(a), Some(b)) => TaskSolutions::Sets(vec![a, b]),
        _ => TaskSolutions::All,
    }
}

/// The numbers in ascending order, a few at a time.
fn blocks(numbers: &[u32]) -> Vec<Vec<u32>> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.chunks(BLOCK).map(<[u32]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solutions::SolutionSet;
    use ndarray::Array2;
    use std::collections::BTreeSet;

    fn set(name: &str, numbers: &[u32]) -> SolutionSet {
        let name = SetName::parse(name).unwrap();
        let empty = vec![0.0; numbers.len()];
        SolutionSet {
            name,
            theta: Array2::zeros((numbers.len(), 1)),
            initialization: numbers.to_vec(),
            epoch: vec![0; numbers.len()],
            loss_train: empty.clone(),
            loss_test: empty.clone(),
            accuracy_train: empty.clone(),
            accuracy_test: empty,
        }
    }

    fn pairs(a: &SolutionSet, b: &SolutionSet) -> (usize, BTreeSet<(u32, u32)>) {
        let ends =
            PathEndpoints { sets: EndpointSets { a: a.name.clone(), b: b.name.clone() }, a, b };
        let blocks = PairBlock::all(&ends, LandscapeName::Train);
        let pairs = blocks.iter().flat_map(|block| block.pairs(MasterSeed(3)));
        (blocks.iter().map(|block| block.places().len()).sum(), pairs.collect())
    }

    #[test]
    fn every_pair_is_in_one_block() {
        let numbers: Vec<u32> = vec![9, 0, 1, 2, 3, 4, 21];
        let a = set("sgd/train", &numbers);
        let (count, found) = pairs(&a, &a);
        assert_eq!((count, found.len()), (21, 21));
        let undirected: BTreeSet<_> = found.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        assert_eq!(undirected.len(), 21);
        let b = set("lbfgs/train", &[0, 4, 5]);
        let (count, found) = pairs(&a, &b);
        assert_eq!((count, found.len()), (21, 21));
        assert!(found.contains(&(0, 0)) && found.contains(&(9, 5)) && !found.contains(&(5, 9)));
    }

    #[test]
    fn directions_are_those_of_a_random_draw() {
        let a = set("sgd/train", &(0..12).collect::<Vec<_>>());
        let drawn = crate::solutions::draw_pairs(
            MasterSeed(3),
            &a.initialization,
            crate::solutions::Pairs::All,
        );
        assert_eq!(pairs(&a, &a).1, drawn.into_iter().collect());
    }

    #[test]
    fn a_key_names_the_sets_it_depends_on() {
        let set = |name| SetName::parse(name).unwrap();
        let expected = TaskSolutions::Sets(vec![set("sgd/train"), set("mine/x")]);
        assert_eq!(solutions("sgd/train mine/x [0,1] [4] all train v1"), expected);
        assert_eq!(solutions("something else"), TaskSolutions::All);
    }
}
