//! `paths.pairs = "spanning"`: pairs in rounds, so that n solutions need about 2n paths.
//!
//! The pairs of a round follow from the [estimates](crate::engine::stages::estimates) and from the
//! paths of all earlier rounds, see [`crate::analysis::graph`]. They are not stored. Instead the
//! rounds are replayed from the results in the journal. So they depend neither on ranks nor on
//! interruptions, nor on paths of other settings.

use crate::analysis::graph::{Candidate, Candidates};
use crate::engine::results::{PathEndpoints, Results};
use crate::engine::stages::estimates::PairBlock;
use crate::path::PathResult;
use crate::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet};
use std::collections::BTreeMap;

/// The rounds on a landscape that follow from the results so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
    /// The pairs that get a path, round by round. In the last round, paths may be missing.
    pub rounds: Vec<Vec<(EndpointSets, (u32, u32))>>,
    /// Maximum number of further pairs.
    pub left: usize,
}

impl Rounds {
    /// The rounds on a landscape.
    pub fn of(results: &Results, sets: &[SolutionSet], landscape: LandscapeName) -> Self {
        let on = results.path_sets(sets).into_iter().filter(|(_, on)| *on == landscape);
        let ends: Vec<PathEndpoints> = on.map(|(ends, _)| ends).collect();
        let Some(all) = AllPairs::of(results, &ends, landscape) else {
            let left = results.config.paths.most(|set| vectors(sets, set));
            return Self { rounds: Vec::new(), left };
        };
        let mut known = KnownHeights::new(&all);
        let (mut rounds, mut chosen) = (Vec::new(), 0);
        loop {
            let round = all.candidates.next_round(&known.heights, &known.tried);
            if round.is_empty() {
                return Self { rounds, left: 0 };
            }
            chosen += round.len();
            let complete = round.iter().all(|&pair| known.add(results, landscape, &all, pair));
            rounds.push(round.into_iter().map(|pair| all.named(pair)).collect());
            if !complete {
                return Self { rounds, left: all.candidates.most() - chosen };
            }
        }
    }

    /// The pairs between these sets.
    pub fn pairs(&self, of: &EndpointSets) -> Vec<(u32, u32)> {
        let all = self.rounds.iter().flatten();
        all.filter(|(sets, _)| sets == of).map(|(_, pair)| *pair).collect()
    }
}

fn vectors(sets: &[SolutionSet], name: &SetName) -> usize {
    sets.iter().find(|set| set.name == *name).map_or(0, |set| set.initialization.len())
}

/// All pairs that may get a path.
struct AllPairs<'a> {
    sets: Vec<&'a EndpointSets>,
    /// The index of the sets, and the initialization numbers.
    pairs: Vec<(usize, (u32, u32))>,
    candidates: Candidates,
    /// The node numbers of both endpoints of each pair.
    nodes: Vec<[usize; 2]>,
    count: usize,
}

impl<'a> AllPairs<'a> {
    /// All pairs. `None` if an estimate is missing.
    fn of(results: &Results, ends: &'a [PathEndpoints], landscape: LandscapeName) -> Option<Self> {
        let mut nodes: BTreeMap<(&SetName, u32), usize> = BTreeMap::new();
        for set in ends.iter().flat_map(|ends| [ends.a, ends.b]) {
            set.initialization.iter().for_each(|&number| {
                nodes.insert((&set.name, number), 0);
            });
        }
        nodes.values_mut().zip(0..).for_each(|(place, number)| *place = number);
        let (mut pairs, mut candidates) = (Vec::new(), Vec::new());
        for (place, ends) in ends.iter().enumerate() {
            for block in PairBlock::all(ends, landscape) {
                let estimates = block.estimates(results)?;
                for (pair, estimate) in block.pairs(results.config.seed).into_iter().zip(estimates)
                {
                    let [a, b] = [(&ends.sets.a, pair.0), (&ends.sets.b, pair.1)];
                    candidates.push(Candidate { nodes: [nodes[&a], nodes[&b]], estimate });
                    pairs.push((place, pair));
                }
            }
        }
        let count = nodes.len();
        let nodes = candidates.iter().map(|candidate| candidate.nodes).collect();
        let sets = ends.iter().map(|ends| &ends.sets).collect();
        Some(Self { sets, pairs, candidates: Candidates::new(count, candidates), nodes, count })
    }

    /// A pair with the names of its sets.
    fn named(&self, pair: usize) -> (EndpointSets, (u32, u32)) {
        let (sets, numbers) = self.pairs[pair];
        (self.sets[sets].clone(), numbers)
    }
}

/// The heights that are known from the paths of the rounds so far.
struct KnownHeights {
    /// The heights of the solutions.
    heights: Vec<Option<f64>>,
    /// The heights of the paths of all pairs that have been tried.
    tried: Vec<Option<f64>>,
}

impl KnownHeights {
    fn new(all: &AllPairs) -> Self {
        Self { heights: vec![None; all.count], tried: vec![None; all.pairs.len()] }
    }

    /// Adds the path of a pair. Returns whether its search has ended.
    fn add(
        &mut self,
        results: &Results,
        landscape: LandscapeName,
        all: &AllPairs,
        pair: usize,
    ) -> bool {
        let (sets, numbers) = all.pairs[pair];
        let outcome = results.contents.path(all.sets[sets], landscape, numbers);
        let Some(outcome) = outcome else { return false };
        let path: Option<&PathResult> = outcome.result.as_ref().ok();
        self.tried[pair] = Some(path.map_or(f64::NAN, |path| path.fine_barrier));
        let ends = path.map(|path| [path.loss.first(), path.loss.last()]);
        for (node, loss) in all.nodes[pair].into_iter().zip(ends.into_iter().flatten()) {
            let known = self.heights[node].into_iter().chain(loss.copied());
            self.heights[node] = known.reduce(f64::min);
        }
        true
    }
}
