use super::*;
use crate::analysis::graph::condensed;

/// All pairs of nodes with these heights of paths, which are revealed as rounds ask for them.
struct Study {
    heights: Vec<f64>,
    paths: Vec<f64>,
    candidates: Candidates,
}

fn pairs(nodes: usize) -> Vec<[usize; 2]> {
    (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| [a, b])).collect()
}

impl Study {
    fn new(heights: Vec<f64>, paths: Vec<f64>, estimates: &[f64]) -> Self {
        let nodes = heights.len();
        let candidate = |(nodes, &estimate): ([usize; 2], &f64)| Candidate { nodes, estimate };
        let candidates = pairs(nodes).into_iter().zip(estimates).map(candidate).collect();
        Self { candidates: Candidates::new(nodes, candidates), heights, paths }
    }

    /// The rounds until nothing is left to try.
    fn run(&self) -> (Vec<Vec<usize>>, Vec<Option<f64>>) {
        let heights: Vec<_> = self.heights.iter().copied().map(Some).collect();
        let (mut rounds, mut tried) = (Vec::new(), vec![None; self.paths.len()]);
        loop {
            let round = self.candidates.next_round(&heights, &tried);
            if round.is_empty() {
                return (rounds, tried);
            }
            for &pair in &round {
                assert!(tried[pair].is_none(), "no pair is tried twice");
                tried[pair] = Some(self.paths[pair]);
            }
            rounds.push(round);
        }
    }

    /// The heights that these rounds have revealed.
    fn after(&self, rounds: &[Vec<usize>]) -> Vec<Option<f64>> {
        let mut tried = vec![None; self.paths.len()];
        rounds.iter().flatten().for_each(|&pair| tried[pair] = Some(self.paths[pair]));
        tried
    }

    fn minimax(&self, tried: &[Option<f64>]) -> Vec<f64> {
        let all = pairs(self.heights.len()).into_iter().zip(tried);
        let edges = all.filter_map(|(nodes, height)| {
            Some(HeightEdge { nodes, height: height.filter(|height| height.is_finite())? })
        });
        let graph = HeightGraph::new(self.heights.clone(), edges.collect()).unwrap();
        Merges::of(&graph).minimax()
    }

    fn minimax_of_all_pairs(&self) -> Vec<f64> {
        self.minimax(&self.paths.iter().copied().map(Some).collect::<Vec<_>>())
    }
}

/// Numbers from 0 to 1 that look random.
fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn estimates_in_the_order_of_the_heights_need_one_round_and_two_paths_a_node_at_most() {
    let nodes = 30;
    let heights = numbers(1, nodes);
    let paths: Vec<f64> = numbers(2, nodes * (nodes - 1) / 2).iter().map(|x| 1.0 + x).collect();
    let estimates: Vec<f64> = paths.iter().map(|height| height.powi(3)).collect();
    let study = Study::new(heights, paths, &estimates);
    let (rounds, tried) = study.run();
    assert_eq!(rounds[0].len(), nodes - 1);
    assert_eq!(study.minimax(&study.after(&rounds[..1])), study.minimax_of_all_pairs());
    assert_eq!(study.minimax(&tried), study.minimax_of_all_pairs());
    assert_eq!(tried.iter().flatten().count(), 2 * nodes);
    assert!(rounds.len() <= 5, "rounds are large: {}", rounds.len());
}

/// Basins in basins: the heights of exact passes are those of a tree.
#[test]
fn exact_passes_with_rough_estimates_give_the_heights_of_all_pairs() {
    let nodes = 32;
    let heights = numbers(3, nodes).iter().map(|x| 0.01 * x).collect();
    // The first bit in which two numbers differ, from the top, says where they meet.
    let meet = |[a, b]: [usize; 2]| f64::from((a ^ b).ilog2() + 1);
    let paths: Vec<f64> = pairs(nodes).into_iter().map(meet).collect();
    // Estimates are wrong by as much as all levels together.
    let noise = numbers(4, paths.len());
    let estimates: Vec<f64> = paths.iter().zip(&noise).map(|(h, x)| h + 4.0 * x).collect();
    let study = Study::new(heights, paths, &estimates);
    let (rounds, tried) = study.run();
    assert!(tried.iter().flatten().count() <= 2 * nodes);
    assert_ne!(study.minimax(&study.after(&rounds[..1])), study.minimax_of_all_pairs());
    assert_eq!(study.minimax(&tried), study.minimax_of_all_pairs());
}

#[test]
fn more_paths_never_raise_a_height_and_rounds_repair_a_wrong_estimate() {
    let nodes = 24;
    let heights = vec![0.0; nodes];
    let paths: Vec<f64> = numbers(5, nodes * (nodes - 1) / 2).iter().map(|x| 1.0 + x).collect();
    let noise = numbers(6, paths.len());
    let estimates: Vec<f64> = paths.iter().zip(&noise).map(|(h, x)| h + 0.5 * x).collect();
    let study = Study::new(heights, paths, &estimates);
    let (rounds, _) = study.run();
    let sum = |count| study.minimax(&study.after(&rounds[..count])).iter().sum::<f64>();
    let sums: Vec<f64> = (1..=rounds.len()).map(sum).collect();
    assert!(sums.windows(2).all(|sums| sums[1] <= sums[0]), "{sums:?}");
    let exact: f64 = study.minimax_of_all_pairs().iter().sum();
    let (first, last) = (sums[0] - exact, sums[sums.len() - 1] - exact);
    assert!(
        last < 0.5 * first,
        "above the heights of all pairs: {first} after a round, then {last}"
    );
}

#[test]
fn it_ends_when_no_path_could_be_lower() {
    // Every path is as high as its higher endpoint, so after the spanning tree nothing can be
    // gained.
    let heights = numbers(7, 10);
    let paths = pairs(10).into_iter().map(|[a, b]| heights[a].max(heights[b])).collect::<Vec<_>>();
    let study = Study::new(heights, paths.clone(), &paths);
    let (rounds, tried) = study.run();
    assert_eq!((rounds.len(), tried.iter().flatten().count()), (1, 9));
    assert_eq!(study.minimax(&tried), study.minimax_of_all_pairs());
}

#[test]
fn failed_searches_are_gone_round() {
    let mut paths = vec![2.0; 15];
    // The spanning tree of the estimates is a star around node 0, and two of its paths fail.
    let estimates: Vec<f64> =
        pairs(6).into_iter().map(|[a, b]| if a == 0 { 1.0 } else { 2.0 + b as f64 }).collect();
    (paths[condensed(6, [0, 1])], paths[condensed(6, [0, 2])]) = (f64::NAN, f64::INFINITY);
    let study = Study::new(vec![0.0; 6], paths, &estimates);
    let (rounds, tried) = study.run();
    assert_eq!(rounds[0], [0, 1, 2, 3, 4]);
    assert!(study.minimax(&tried).iter().all(|height| height.is_finite()), "all are joined");
    assert!(tried.iter().flatten().count() <= 12);
}

#[test]
fn groups_that_no_pair_joins_stay_apart() {
    let candidates = [[0, 1], [0, 2], [1, 2], [3, 4]]
        .map(|nodes| Candidate { nodes, estimate: (nodes[0] + nodes[1]) as f64 });
    let candidates = Candidates::new(5, candidates.to_vec());
    let round = candidates.next_round(&[None; 5], &[None; 4]);
    assert_eq!(round, [0, 1, 3]);
    let tried = [Some(5.0), Some(6.0), None, Some(1.0)];
    assert_eq!(candidates.next_round(&[None; 5], &tried), [2], "it may lower 0–2");
    let heights = [Some(0.0), Some(0.0), Some(6.0), None, None];
    assert!(candidates.next_round(&heights, &tried).is_empty(), "no path could be lower");
    assert_eq!(candidates.most(), 4);
}
