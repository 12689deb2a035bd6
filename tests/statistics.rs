//! Tests, intervals, histograms and silhouettes against scipy, numpy and scikit-learn.
//!
//! The reference results are those of `fixtures/statistics/generate.py`.

use approx::assert_relative_eq;
use lossatlas::analysis::statistics::{
    bin_counts, bin_edges, mann_whitney, median_interval, silhouette,
};
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct RankCase {
    x: Vec<f64>,
    y: Vec<f64>,
    exact: bool,
    u: f64,
    p: f64,
}

#[derive(Deserialize)]
struct MedianCase {
    values: Vec<f64>,
    confidence: f64,
    median: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct HistogramCase {
    values: Vec<f64>,
    edges: Vec<f64>,
    counts: Vec<usize>,
}

#[derive(Deserialize)]
struct SilhouetteCase {
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    silhouette: f64,
}

#[derive(Deserialize)]
struct Reference {
    rank_tests: Vec<RankCase>,
    medians: Vec<MedianCase>,
    histograms: Vec<HistogramCase>,
    silhouettes: Vec<SilhouetteCase>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("fixtures/statistics/reference.json"))
        .expect("written by generate.py")
}

#[test]
fn rank_tests_are_those_of_scipy() {
    for case in reference().rank_tests {
        let test = mann_whitney(&case.x, &case.y).expect("finite numbers");
        let (n, m) = (case.x.len(), case.y.len());
        assert_eq!((test.u, test.exact), (case.u, case.exact), "{n} against {m}");
        // The normal distribution of statrs is good to some 1e-10.
        assert_relative_eq!(test.p, case.p, max_relative = if case.exact { 1e-12 } else { 1e-9 });
        // Cliff's δ by its definition.
        let sign: f64 = case
            .x
            .iter()
            .flat_map(|x| case.y.iter().map(move |y| (x - y).partial_cmp(&0.0)))
            .fold(0.0, |sum, order| {
                sum + match order {
                    Some(std::cmp::Ordering::Greater) => 1.0,
                    Some(std::cmp::Ordering::Less) => -1.0,
                    _ => 0.0,
                }
            });
        assert_relative_eq!(test.delta, sign / (n * m) as f64, epsilon = 1e-15);
    }
}

#[test]
fn intervals_of_the_median_are_those_of_scipy() {
    for case in reference().medians {
        let interval = median_interval(&case.values, case.confidence)
            .expect("finite numbers")
            .expect("enough of them");
        assert_relative_eq!(interval.estimate, case.median, max_relative = 1e-15);
        assert_eq!(
            (interval.low, interval.high),
            (case.low, case.high),
            "{} values",
            case.values.len()
        );
    }
}

#[test]
fn histograms_are_those_of_numpy() {
    for case in reference().histograms {
        let edges = bin_edges(&[&case.values], 1000);
        assert_eq!(edges.len(), case.edges.len());
        for (edge, expected) in edges.iter().zip(&case.edges) {
            assert_relative_eq!(*edge, *expected, epsilon = 1e-13);
        }
        assert_eq!(bin_counts(&case.values, &case.edges), case.counts);
    }
}

#[test]
fn silhouettes_are_those_of_scikit_learn() {
    let points = |rows: &[Vec<f64>]| {
        Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat())
            .expect("rows of one length")
    };
    for case in reference().silhouettes {
        let (x, y) = (points(&case.x), points(&case.y));
        let found = silhouette(&x.view(), &y.view()).expect("finite points");
        assert_relative_eq!(found, case.silhouette, epsilon = 1e-14);
    }
}
