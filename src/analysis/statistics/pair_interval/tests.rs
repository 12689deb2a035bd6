use super::super::shift_interval;
use super::*;
use crate::random::MasterSeed;
use crate::solutions::{Pairs, draw_pairs, draw_pairs_between};
use approx::assert_relative_eq;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Where the variance of the numbers comes from.
#[derive(Clone, Copy, Debug)]
struct Effects {
    /// Standard deviation of what each solution contributes.
    nodes: f64,
    /// Correlation of that between the lists.
    nodes_correlated: f64,
    /// Standard deviation of what each pair contributes.
    pairs: f64,
    /// Correlation of that between the lists, for pairs in both.
    pairs_correlated: f64,
}

const OF_PAIRS: Effects =
    Effects { nodes: 0.0, nodes_correlated: 0.0, pairs: 1.0, pairs_correlated: 0.0 };
const OF_SOLUTIONS: Effects =
    Effects { nodes: 1.0, nodes_correlated: 0.0, pairs: 0.1, pairs_correlated: 0.0 };
/// As claims 3 and 4 have it: one initialization, or even one pair, makes both numbers.
const SHARED: Effects =
    Effects { nodes: 1.0, nodes_correlated: 0.7, pairs: 0.5, pairs_correlated: 0.5 };

/// Which solutions and pairs the two lists have.
#[derive(Clone, Copy, Debug)]
struct Design {
    solutions: u32,
    pairs: Pairs,
    /// The second list begins with this initialization: from `solutions` on they have none in
    /// common.
    second_from: u32,
}

const EIGHT: Design = Design { solutions: 8, pairs: Pairs::All, second_from: 0 };
const FORTY_EIGHT: Design = Design { solutions: 48, pairs: Pairs::Count(300), second_from: 0 };

/// Two independent normal numbers (Box and Muller).
fn normal(random: &mut ChaCha8Rng) -> [f64; 2] {
    let length = (-2.0 * random.random_range(f64::EPSILON..1.0).ln()).sqrt();
    let (sine, cosine) = (std::f64::consts::TAU * random.random::<f64>()).sin_cos();
    [length * sine, length * cosine]
}

impl Design {
    fn ends(self) -> [Vec<(u32, u32)>; 2] {
        [0, self.second_from].map(|first| {
            let numbers: Vec<u32> = (first..first + self.solutions).collect();
            draw_pairs(MasterSeed(1), &numbers, self.pairs)
        })
    }
}

/// Two lists with one expectation.
fn draw(ends: &[Vec<(u32, u32)>; 2], effects: Effects, random: &mut ChaCha8Rng) -> [PairValues; 2] {
    let all = ends.iter().flatten().map(|&(a, b)| a.max(b) as usize + 1).max().unwrap_or(0);
    let mut correlated = |deviation: f64, correlation: f64| {
        let [first, second] = normal(random);
        [first, correlation * first + (1.0 - correlation * correlation).sqrt() * second]
            .map(|value| deviation * value)
    };
    let nodes: Vec<_> =
        (0..all).map(|_| correlated(effects.nodes, effects.nodes_correlated)).collect();
    let mut pairs = BTreeMap::new();
    [0, 1].map(|list| {
        let mut value = |&(a, b): &(u32, u32)| {
            let draw = || correlated(effects.pairs, effects.pairs_correlated);
            let of_pair = pairs.entry((a.min(b), a.max(b))).or_insert_with(draw);
            nodes[a as usize][list] + nodes[b as usize][list] + of_pair[list]
        };
        PairValues { values: ends[list].iter().map(&mut value).collect(), ends: ends[list].clone() }
    })
}

/// How often intervals of 90 % and 99 % hold the truth, 0.
fn coverage(design: Design, effects: Effects, trials: u32) -> [f64; 2] {
    coverage_of(&design.ends(), effects, trials)
}

fn coverage_of(ends: &[Vec<(u32, u32)>; 2], effects: Effects, trials: u32) -> [f64; 2] {
    let mut random: ChaCha8Rng = MasterSeed(24).stream("coverage of pairs", &[]);
    let mut held = [0; 2];
    for _ in 0..trials {
        let [x, y] = draw(ends, effects, &mut random);
        for (held, confidence) in held.iter_mut().zip([0.9, 0.99]) {
            let interval = pair_shift_interval(&x, &y, confidence).unwrap().unwrap();
            *held += u32::from(interval.low <= 0.0 && 0.0 <= interval.high);
        }
    }
    held.map(|held| f64::from(held) / f64::from(trials))
}

/// The point of all this. One standard deviation of the frequencies is 0.5 and 0.16 points with 8
/// solutions, 0.7 and 0.2 with 48.
#[test]
fn intervals_hold_the_truth_within_two_points_of_what_they_say() {
    for (design, trials) in [(EIGHT, 4000), (FORTY_EIGHT, 2000)] {
        for effects in [OF_PAIRS, OF_SOLUTIONS, SHARED] {
            let [ninety, ninety_nine] = coverage(design, effects, trials);
            println!("{design:?} {effects:?}: {ninety} {ninety_nine}");
            assert!((ninety - 0.9).abs() <= 0.02, "{design:?} {effects:?}: {ninety}");
            assert!((ninety_nine - 0.99).abs() <= 0.02, "{design:?} {effects:?}: {ninety_nine}");
        }
    }
}

/// Where pairs and solutions contribute alike, 8 solutions cannot tell; the documentation says so.
#[test]
#[ignore = "a table for the documentation, some minutes"]
fn coverage_between_the_cases() {
    let designs = [5, 6, 8, 12, 20].map(|solutions| Design { solutions, ..EIGHT });
    let apart = [8, 48].map(|solutions| Design {
        solutions,
        pairs: Pairs::Count(300),
        second_from: solutions,
    });
    let half = [8, 48].map(|solutions| Design {
        solutions,
        pairs: Pairs::Count(300),
        second_from: solutions / 4,
    });
    for design in designs.into_iter().chain([FORTY_EIGHT]).chain(apart).chain(half) {
        for nodes in [0.0, 0.2, 0.4, 0.6, 1.0, 3.0] {
            let found = coverage(design, Effects { nodes, ..OF_PAIRS }, 3000);
            println!("{design:?} {nodes}: {found:?}");
            assert!(found[0] > 0.84 && found[1] > 0.96);
        }
    }
}

fn values(ends: &[(u32, u32)], value: impl Fn(u32, u32) -> f64) -> PairValues {
    PairValues { ends: ends.to_vec(), values: ends.iter().map(|&(a, b)| value(a, b)).collect() }
}

fn complete(nodes: u32) -> Vec<(u32, u32)> {
    (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).collect()
}

/// Of a complete graph the estimates are those of the analysis of variance, in closed form.
#[test]
fn complete_graphs_have_the_closed_form() {
    let ends = complete(6);
    let pairs = values(&ends, |a, b| f64::from(a * a) + f64::from(b).sin() + f64::from(a * b % 5));
    let graph = PairGraph::of(&pairs, false);
    // Deviations of the node means, n = 6: a_i = (sum_i − (n − 1) x̄) / (n − 2).
    let sum = |node| -> f64 {
        ends.iter()
            .zip(&pairs.values)
            .filter(|((a, b), _)| *a == node || *b == node)
            .map(|(_, value)| value)
            .sum()
    };
    let mean = pairs.values.iter().sum::<f64>() / 15.0;
    let effects: Vec<f64> = (0..6).map(|node| (sum(node) - 5.0 * mean) / 4.0).collect();
    let residual = |(&(a, b), value): (&(u32, u32), &f64)| {
        value - mean - effects[a as usize] - effects[b as usize]
    };
    let squares: f64 = ends.iter().zip(&pairs.values).map(|edge| residual(edge).powi(2)).sum();
    assert_relative_eq!(graph.pair_variance, squares / 9.0, max_relative = 1e-12);
    let node_square: f64 = effects.iter().map(|effect| effect * effect).sum();
    // E Σ a_i² = (n − 1) (σ²_a + σ²_e / (n − 2)).
    let expected = node_square / 5.0 - squares / 9.0 / 4.0;
    assert_relative_eq!(graph.node_variance(), expected, max_relative = 1e-12);
    assert_relative_eq!(graph.mean_from_nodes(1.0), 4.0 / 6.0, max_relative = 1e-12);
}

/// Lists with the same pairs are one list of differences.
#[test]
fn lists_of_the_same_pairs_are_compared_pair_by_pair() {
    let ends = draw_pairs(MasterSeed(2), &(0..12).collect::<Vec<_>>(), Pairs::Count(30));
    let x = values(&ends, |a, b| f64::from(a * b % 7) + f64::from(a));
    let y = values(&ends, |a, b| f64::from(a * b % 7) + f64::from(b % 4));
    let difference = values(&ends, |a, b| f64::from(a) - f64::from(b % 4));
    let nothing = values(&ends, |_, _| 0.0);
    let both = pair_shift_interval(&x, &y, 0.9).unwrap().unwrap();
    let one = pair_shift_interval(&difference, &nothing, 0.9).unwrap().unwrap();
    assert_relative_eq!(both.estimate, one.estimate, max_relative = 1e-12);
    assert_relative_eq!(both.low, one.low, max_relative = 1e-9);
    assert_relative_eq!(both.high, one.high, max_relative = 1e-9);
}

/// Pairs of which no two share a solution are independent numbers: Welch's interval.
#[test]
fn pairs_without_a_common_solution_are_independent_numbers() {
    let ends = |from: u32, count: u32| {
        (0..count).map(|k| (from + 2 * k, from + 2 * k + 1)).collect::<Vec<_>>()
    };
    let x = values(&ends(0, 9), |a, _| f64::from(a * a % 11));
    let y = values(&ends(100, 7), |a, _| f64::from(a * a % 13));
    let interval = pair_shift_interval(&x, &y, 0.9).unwrap().unwrap();
    let moments = |values: &[f64]| {
        let (count, mean) = (values.len() as f64, values.iter().sum::<f64>() / values.len() as f64);
        (
            mean,
            values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0) / count,
        )
    };
    let ([x_mean, x_square], [y_mean, y_square]) =
        (moments(&x.values).into(), <[f64; 2]>::from(moments(&y.values)));
    let total = x_square + y_square;
    let freedom = total * total / (x_square * x_square / 8.0 + y_square * y_square / 6.0);
    let half = StudentsT::new(0.0, 1.0, freedom).unwrap().inverse_cdf(0.95) * total.sqrt();
    assert_relative_eq!(interval.low, x_mean - y_mean - half, max_relative = 1e-9);
    assert_relative_eq!(interval.high, x_mean - y_mean + half, max_relative = 1e-9);
}

#[test]
fn numbers_of_shared_solutions_are_worth_less_than_as_many_independent_ones() {
    let mut random: ChaCha8Rng = MasterSeed(9).stream("test", &[]);
    let design = Design { solutions: 20, pairs: Pairs::All, second_from: 20 };
    let [x, y] = draw(&design.ends(), OF_SOLUTIONS, &mut random);
    let interval = pair_shift_interval(&x, &y, 0.9).unwrap().unwrap();
    let naive = shift_interval(&x.values, &y.values, 0.9).unwrap().unwrap();
    assert!(interval.high - interval.low > 2.0 * (naive.high - naive.low));
}

#[test]
fn too_little_has_no_interval_and_constants_one_of_no_width() {
    let two = values(&[(0, 1), (1, 2)], |a, b| f64::from(a + b));
    let enough = values(&complete(4), |_, _| 3.0);
    assert_eq!(pair_shift_interval(&two, &enough, 0.9), Ok(None));
    let same = pair_shift_interval(&enough, &enough, 0.9).unwrap().unwrap();
    assert_eq!(same, Interval { estimate: 0.0, low: 0.0, high: 0.0 });
    assert_eq!(
        pair_shift_interval(&PairValues::default(), &enough, 0.9),
        Err(StatisticsError::Empty)
    );
    let broken = values(&complete(4), |a, _| f64::from(a) / 0.0 - f64::INFINITY);
    assert!(matches!(
        pair_shift_interval(&enough, &broken, 0.9),
        Err(StatisticsError::NotFinite { .. })
    ));
}

/// Three pairs each of the same six solutions, no pair in both lists: the sums over solutions say
/// that their covariance is twice the variance.
#[test]
fn lists_of_other_pairs_between_the_same_solutions_are_not_certain() {
    for spread in [[-1.0, 0.0, 1.0], [1.0, -3.0, 2.0]] {
        let [a, b, c] = spread.map(|value| 3.0 * value);
        let list = |ends: &[(u32, u32)], mean: f64, values: [f64; 3]| PairValues {
            ends: ends.to_vec(),
            values: values.map(|value| mean + value).to_vec(),
        };
        let x = list(&[(1, 2), (3, 4), (5, 6)], 10.0, [a, b, c]);
        for error in [0.0, 0.01] {
            let values = [error - c, -b, -a];
            let y = list(&[(1, 3), (2, 5), (4, 6)], 9.0, values);
            let interval = pair_shift_interval(&x, &y, 0.99).unwrap().unwrap();
            let squares = 2.0 * spread.map(|value| value * value).iter().sum::<f64>();
            let independent = (9.0 * squares / 6.0).sqrt();
            let half = interval.high - interval.estimate;
            assert!(half > independent, "{spread:?} {error}: {interval:?}");
            assert!(interval.low < 0.0 && 0.0 < interval.high, "{interval:?}");
        }
    }
}

/// Part of the solutions is in both lists, and even where all are, the pairs are not. One standard
/// deviation of the frequencies is 1.2 and 0.4 points with 48 solutions, 0.7 and 0.2 otherwise. Of
/// matchings the intervals are wider than they need be if solutions are correlated.
#[test]
fn intervals_of_partly_shared_solutions_hold_the_truth() {
    let drawn = |solutions, pairs, second_from| Design { solutions, pairs, second_from }.ends();
    // Every solution is in one pair of each list, and no pair is in both.
    let matchings = |pairs: u32| {
        let of = |shift: u32| (0..pairs).map(|k| (k, pairs + (k + shift) % pairs)).collect();
        [of(0), of(1)]
    };
    let designs = [
        ("48 of 75, 21 in both", drawn(48, Pairs::Count(300), 27), 600),
        ("8, 4 in both", drawn(8, Pairs::All, 4), 2000),
        ("8, 6 in both", drawn(8, Pairs::All, 2), 2000),
        ("4 matched", matchings(4), 2000),
        ("12 matched", matchings(12), 2000),
    ];
    for (name, ends, trials) in designs {
        for effects in [OF_PAIRS, OF_SOLUTIONS, SHARED] {
            let [ninety, ninety_nine] = coverage_of(&ends, effects, trials);
            println!("{name} {effects:?}: {ninety} {ninety_nine}");
            assert!(ninety >= 0.87 && ninety_nine >= 0.975, "{name} {effects:?}");
        }
    }
}

/// Effects of the solutions of two optimizers from common initializations.
#[derive(Clone, Copy, Debug)]
struct TwoSets {
    /// Standard deviations of what a solution of each contributes.
    nodes: [f64; 2],
    /// Correlation between the two solutions of one initialization.
    correlated: f64,
    /// Standard deviation of what each pair contributes.
    pairs: f64,
}

/// Barriers between the two sets, and within the first of them. Both have the expectation 0.
fn draw_two_sets(
    ends: &[Vec<(u32, u32)>; 2],
    effects: TwoSets,
    random: &mut ChaCha8Rng,
) -> [PairValues; 2] {
    let all = ends.iter().flatten().map(|&(a, b)| a.max(b) as usize + 1).max().unwrap_or(0);
    let solutions: Vec<[f64; 2]> = (0..all)
        .map(|_| {
            let [first, other] = normal(random);
            let rho = effects.correlated;
            let second = rho * first + (1.0 - rho * rho).sqrt() * other;
            [effects.nodes[0] * first, effects.nodes[1] * second]
        })
        .collect();
    [1, 0].map(|second| {
        let ends = &ends[1 - second];
        let value = |&(a, b): &(u32, u32)| {
            solutions[a as usize][0]
                + solutions[b as usize][second]
                + effects.pairs * normal(random)[0]
        };
        PairValues { values: ends.iter().map(value).collect(), ends: ends.clone() }
    })
}

/// One standard deviation of the frequencies is 0.7 and 0.2 points.
#[test]
fn intervals_between_two_sets_hold_the_truth() {
    let numbers = |count: u32| (0..count).collect::<Vec<u32>>();
    let designs =
        [("8", numbers(8), Pairs::All, 2000), ("48", numbers(48), Pairs::Count(300), 600)];
    for (name, numbers, pairs, trials) in designs {
        let ends = [
            draw_pairs_between(MasterSeed(1), [&numbers, &numbers], pairs),
            draw_pairs(MasterSeed(1), &numbers, pairs),
        ];
        for (nodes, correlated, of_pairs) in [
            ([0.0, 0.0], 0.0, 1.0),
            ([1.0, 1.0], 0.0, 0.2),
            ([1.0, 1.0], 0.8, 0.2),
            ([1.0, 0.3], 0.5, 0.2),
            ([0.3, 1.0], 0.5, 0.2),
            ([1.0, 1.0], 0.8, 1.0),
        ] {
            let effects = TwoSets { nodes, correlated, pairs: of_pairs };
            let mut random: ChaCha8Rng = MasterSeed(24).stream("coverage between sets", &[]);
            let mut held = [0; 2];
            for _ in 0..trials {
                let [x, y] = draw_two_sets(&ends, effects, &mut random);
                for (held, confidence) in held.iter_mut().zip([0.9, 0.99]) {
                    let found = pair_shift_interval_between([&x, &y], [true, false], confidence);
                    let interval = found.unwrap().unwrap();
                    *held += u32::from(interval.low <= 0.0 && 0.0 <= interval.high);
                }
            }
            let [ninety, ninety_nine] = held.map(|held| f64::from(held) / f64::from(trials));
            println!("{name} {effects:?}: {ninety} {ninety_nine}");
            assert!(
                ninety >= 0.87 && ninety_nine >= 0.975,
                "{name} {effects:?}: {ninety} {ninety_nine}"
            );
        }
    }
}

/// With all pairs between n solutions and themselves, the sums over solutions have a closed form:
/// of an effect u on either side, x_ij = u_i + u_j, the variance of the mean is 4 σ² / n.
#[test]
fn all_pairs_between_two_sets_have_the_closed_form() {
    let numbers: Vec<u32> = (0..7).collect();
    let ends = draw_pairs_between(MasterSeed(3), [&numbers, &numbers], Pairs::All);
    let effect = |number: u32| f64::from(number * number % 5);
    let graph = PairGraph::of(&values(&ends, |a, b| effect(a) + effect(b)), true);
    let mean = numbers.iter().map(|&number| effect(number)).sum::<f64>() / 7.0;
    let variance = numbers.iter().map(|&number| (effect(number) - mean).powi(2)).sum::<f64>() / 6.0;
    assert!(graph.pair_variance < 1e-20);
    assert_relative_eq!(graph.node_variance(), variance, max_relative = 1e-12);
    assert_relative_eq!(graph.mean_from_nodes(1.0), 4.0 / 7.0, max_relative = 1e-12);
}
