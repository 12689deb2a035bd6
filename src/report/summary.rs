//! The rows of the tables of a run.

use super::notes::Note;
use crate::analysis::statistics::{
    Analysis, Interval, Moments, PairValues, Summary, pair_shift_interval_between,
};
use crate::path::{AccuracyProfiles, PathResult, PathSet};
use crate::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet};
use serde::{Deserialize, Serialize};

/// A few numbers for each set of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Whether the subject is an analytic landscape. Its heights are then in place of the training
    /// losses, and the other columns of [`LossRow`] are empty.
    pub analytic: bool,
    /// How the paths were searched for, in words: `converged, with steps = 800`. `None` if unknown.
    pub protocol: Option<String>,
    /// One row for each set.
    pub losses: Vec<LossRow>,
    /// One row for each set and landscape.
    pub barriers: Vec<BarrierRow>,
    /// Barriers between two sets compared with those within each of them.
    pub shifts: Vec<ShiftRow>,
    /// One row for each set, or for each comparison of a set.
    pub spreads: Vec<SpreadRow>,
    /// One row for each kernel PCA.
    pub kernel_pca: Vec<KernelPcaRow>,
    /// Notes on results that need a remark, printed below the tables.
    pub notes: Vec<Note>,
}

/// Means over the solutions of a set; NaN if there is none, or if one of them is NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossRow {
    /// The set.
    pub set: SetName,
    /// Number of solutions.
    pub count: usize,
    /// Mean training loss.
    pub loss_train: f64,
    /// Mean test loss.
    pub loss_test: f64,
    /// Mean fraction of training images classified correctly; NaN where there are no classes.
    pub accuracy_train: f64,
    /// Mean fraction of test images classified correctly; NaN where there are no classes.
    pub accuracy_test: f64,
}

/// Barriers of a set on a landscape. Barriers that are not finite are left out of the summaries, so
/// the counts of the summaries can be below `count`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarrierRow {
    /// The set, or the sets of the ends.
    pub set: EndpointSets,
    /// The landscape.
    pub landscape: LandscapeName,
    /// Number of paths found.
    pub count: usize,
    /// Number of pairs without a path.
    pub failed: usize,
    /// Straight-line barriers; `None` if none is finite.
    pub straight: Option<Summary>,
    /// Barriers H on the grid of the search.
    pub grid: Option<Summary>,
    /// Barriers on the fine grid, of the same paths.
    pub fine: Option<Summary>,
    /// Losses of the higher endpoint of each path. No barrier is lower than that of its own path.
    pub higher_endpoint: Option<Summary>,
    /// Number of paths that are the straight line because no step lowered the loss.
    pub unimproved: usize,
    /// The lowest accuracies; `None` if no path has any.
    pub accuracies: Option<AccuracySummaries>,
}

/// The lowest accuracies on the paths of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccuracySummaries {
    /// On the straight lines.
    pub straight: Summary,
    /// On the paths.
    pub path: Summary,
    /// Of the worse endpoint of each.
    pub endpoint: Summary,
}

impl AccuracySummaries {
    fn of(paths: &PathSet) -> Option<Self> {
        let summary = |lowest: fn(&AccuracyProfiles) -> f64| {
            let all = paths.found().filter_map(|path| path.accuracy.as_ref()).map(lowest);
            Summary::of(&all.filter(|lowest| lowest.is_finite()).collect::<Vec<_>>()).ok()
        };
        Some(Self {
            straight: summary(AccuracyProfiles::lowest_on_the_straight_line)?,
            path: summary(AccuracyProfiles::lowest)?,
            endpoint: summary(AccuracyProfiles::lower_endpoint)?,
        })
    }
}

/// How far barriers between two sets lie above those within one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftRow {
    /// The two sets.
    pub between: EndpointSets,
    /// One of them.
    pub within: SetName,
    /// The landscape of both.
    pub landscape: LandscapeName,
    /// The mean of H between the sets less that within the one.
    pub estimate: f64,
    /// The ends of the interval that holds the difference of the expectations with probability
    /// [`CONFIDENCE`].
    pub ends: [f64; 2],
}

/// The confidence of the intervals of [`ShiftRow`].
pub const CONFIDENCE: f64 = 0.9;

/// The comparisons of barriers between two sets with those within each, where there are both.
/// Straight lines that no step improved and barriers that are not finite are left out.
pub fn shifts(paths: &[PathSet]) -> Vec<ShiftRow> {
    let mut rows = Vec::new();
    for between in paths.iter().filter(|paths| paths.set.single().is_none()) {
        for set in between.set.both() {
            let of_set =
                |paths: &&PathSet| paths.set == *set && paths.landscape == between.landscape;
            let Some(within) = paths.iter().find(of_set) else { continue };
            let (x, y) = (barriers_of(between), barriers_of(within));
            let found = pair_shift_interval_between([&x, &y], [true, false], CONFIDENCE);
            if let Ok(Some(Interval { estimate, low, high })) = found {
                rows.push(ShiftRow {
                    between: between.set.clone(),
                    within: set.clone(),
                    landscape: between.landscape,
                    estimate,
                    ends: [low, high],
                });
            }
        }
    }
    rows
}

fn barriers_of(paths: &PathSet) -> PairValues {
    let found = paths.pairs.iter().zip(&paths.results);
    let sound = found.filter_map(|(&pair, path)| {
        let path = path.as_ref().ok()?;
        (path.barrier.is_finite() && !path.is_unimproved()).then_some((pair, path.barrier))
    });
    let (ends, values) = sound.unzip();
    PairValues { ends, values }
}

/// How widely the vectors of a set are spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpreadRow {
    /// The set.
    pub set: SetName,
    /// Moments of all components.
    pub moments: Moments,
    /// The comparison that defines the common origin; `None` for a set without a comparison.
    pub comparison: Option<String>,
    /// Median distance of the vectors from the common origin.
    pub median_distance: Option<f64>,
    /// Distance of the centroid from the common origin.
    pub centroid_to_origin: Option<f64>,
}

/// The shares of the variance of the components of a kernel PCA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelPcaRow {
    /// Its name.
    pub name: String,
    /// The kernel, in words.
    pub kernel: String,
    /// The sets embedded.
    pub sets: Vec<SetName>,
    /// Share of each component in the variance, in descending order.
    pub explained: Vec<f64>,
    /// Σ |λ < 0| / Σ |λ| of the centered kernel matrix.
    pub negative_share: f64,
}

impl RunSummary {
    /// The rows for these results of a network, in their order.
    pub fn of(sets: &[SolutionSet], analysis: &Analysis, paths: &[PathSet]) -> Self {
        Self {
            analytic: false,
            protocol: None,
            losses: sets.iter().map(loss_row).collect(),
            barriers: paths
                .iter()
                .filter(|paths| !paths.pairs.is_empty())
                .map(barrier_row)
                .collect(),
            shifts: shifts(paths),
            spreads: analysis
                .moments
                .iter()
                .flat_map(|(set, moments)| spread_rows(set, *moments, analysis))
                .collect(),
            kernel_pca: analysis
                .kernel_pca
                .iter()
                .map(|result| KernelPcaRow {
                    name: result.name.clone(),
                    kernel: result.kernel_words(),
                    sets: result.sets.clone(),
                    explained: result.explained.clone(),
                    negative_share: result.negative_share,
                })
                .collect(),
            notes: Vec::new(),
        }
    }
}

fn loss_row(set: &SolutionSet) -> LossRow {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    LossRow {
        set: set.name.clone(),
        count: set.theta.nrows(),
        loss_train: mean(&set.loss_train),
        loss_test: mean(&set.loss_test),
        accuracy_train: mean(&set.accuracy_train),
        accuracy_test: mean(&set.accuracy_test),
    }
}

fn barrier_row(paths: &PathSet) -> BarrierRow {
    let summary = |barrier: fn(&PathResult) -> f64| {
        let barriers: Vec<f64> =
            paths.found().map(barrier).filter(|barrier| barrier.is_finite()).collect();
        Summary::of(&barriers).ok()
    };
    BarrierRow {
        set: paths.set.clone(),
        landscape: paths.landscape,
        count: paths.found().count(),
        failed: paths.failed(),
        straight: summary(|path| path.straight_barrier),
        grid: summary(|path| path.barrier),
        fine: summary(|path| path.fine_barrier),
        higher_endpoint: summary(PathResult::higher_endpoint),
        unimproved: paths.found().filter(|path| path.is_unimproved()).count(),
        accuracies: AccuracySummaries::of(paths),
    }
}

fn spread_rows(set: &SetName, moments: Moments, analysis: &Analysis) -> Vec<SpreadRow> {
    let row = |comparison, median_distance, centroid_to_origin| SpreadRow {
        set: set.clone(),
        moments,
        comparison,
        median_distance,
        centroid_to_origin,
    };
    let rows: Vec<_> = analysis
        .distances
        .iter()
        .filter_map(|result| {
            let side = result.sets.iter().position(|name| name == set)?;
            let median = Summary::of(&result.distances[side]).ok().map(|summary| summary.median);
            Some(row(Some(result.name.clone()), median, Some(result.centroid_to_origin)))
        })
        .collect();
    if rows.is_empty() { vec![row(None, None, None)] } else { rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::statistics::DistanceRequest;
    use crate::path::PathStop;
    use approx::assert_relative_eq;
    use ndarray::array;

    fn set(name: &str, offset: f32) -> SolutionSet {
        SolutionSet {
            name: SetName::parse(name).unwrap(),
            theta: array![[0.0, 0.0], [0.0, 2.0], [0.0, 1.0]] + offset,
            initialization: vec![1, 2, 3],
            epoch: vec![5; 3],
            loss_train: vec![0.1, 0.2, 0.6],
            loss_test: vec![1.0, 2.0, 6.0],
            accuracy_train: vec![f64::NAN; 3],
            accuracy_test: vec![0.5, 0.75, 1.0],
        }
    }

    fn path(height_straight: f64, height: f64) -> PathResult {
        PathResult {
            loss: vec![height],
            straight_loss: vec![height_straight],
            barrier: height,
            fine_barrier: height + 1.0,
            straight_barrier: height_straight,
            length: 1.0,
            length_straight: 1.0,
            steps: 1,
            best_step: 1,
            stop: PathStop::Completed,
            accuracy: None,
        }
    }

    #[test]
    fn losses_are_means() {
        let sets = [set("sgd/train", 0.0)];
        let row =
            RunSummary::of(&sets, &Analysis::of(&sets, &[], &[]).unwrap(), &[]).losses.remove(0);
        assert_eq!(row.count, 3);
        assert_relative_eq!(row.loss_train, 0.3);
        assert_relative_eq!(row.loss_test, 3.0);
        assert_relative_eq!(row.accuracy_test, 0.75);
        assert!(row.accuracy_train.is_nan());
    }

    #[test]
    fn failed_paths_are_counted_and_infinite_barriers_left_out() {
        let paths = PathSet {
            set: EndpointSets::within(SetName::parse("sgd/test").unwrap()),
            landscape: LandscapeName::Test,
            pairs: vec![(1, 2), (3, 1), (2, 3), (1, 3)],
            results: vec![
                Ok(path(f64::INFINITY, 3.0)),
                Err("diverged".to_owned()),
                Ok(path(7.0, 1.0)),
                Ok(path(9.0, 4.0)),
            ],
        };
        let row =
            RunSummary::of(&[], &Analysis::of(&[], &[], &[]).unwrap(), &[paths]).barriers.remove(0);
        assert_eq!((row.count, row.failed, row.landscape), (3, 1, LandscapeName::Test));
        let [straight, grid, fine] = [row.straight, row.grid, row.fine].map(Option::unwrap);
        assert_eq!([straight.count, grid.count, fine.count], [2, 3, 3]);
        assert_relative_eq!(straight.median, 8.0);
        assert_relative_eq!(grid.median, 3.0);
        assert_relative_eq!(fine.max, 5.0);
        assert_relative_eq!(row.higher_endpoint.unwrap().median, 3.0);
        assert_eq!(row.accuracies, None);
    }

    #[test]
    fn barriers_between_two_sets_are_compared_with_those_within_each() {
        let set = |name: &str| SetName::parse(name).unwrap();
        let (sgd, lbfgs) = (set("sgd/train"), set("lbfgs/train"));
        let paths = |set: EndpointSets, pairs: &[(u32, u32)], above: f64| PathSet {
            set,
            landscape: LandscapeName::Train,
            pairs: pairs.to_vec(),
            results: (0u8..)
                .zip(pairs)
                .map(|(k, _)| Ok(path(9.0, above + 0.01 * f64::from(k % 3))))
                .collect(),
        };
        let within = [(1, 2), (2, 3), (3, 4), (4, 1), (1, 3)];
        let joined = EndpointSets { a: sgd.clone(), b: lbfgs };
        let all = [
            paths(sgd.clone().into(), &within, 1.0),
            paths(joined.clone(), &[(1, 1), (2, 3), (3, 2), (4, 4), (2, 4), (1, 2)], 3.0),
        ];
        let rows = shifts(&all);
        assert_eq!(rows.len(), 1, "there are no paths within the other set");
        let ShiftRow { between, within, estimate, ends: [low, high], .. } = &rows[0];
        assert_eq!((between, within), (&joined, &sgd));
        assert!((estimate - 2.0).abs() < 0.02 && *low < *estimate && *estimate < *high);
        assert!(*low > 1.9 && *high < 2.1, "{low} {high}");
        assert!(shifts(&all[..1]).is_empty());
    }

    #[test]
    fn spreads_have_a_row_for_each_comparison() {
        let sets = [set("sgd/test", 0.0), set("lbfgs/train", 6.0), set("lbfgs/test", 1.0)];
        let compare = |name: &str, x: usize, y: usize| DistanceRequest {
            name: name.to_owned(),
            sets: [sets[x].name.clone(), sets[y].name.clone()],
        };
        let requests = [compare("first", 1, 0), compare("second", 0, 0)];
        let analysis = Analysis::of(&sets, &[], &requests).unwrap();
        let rows = RunSummary::of(&sets, &analysis, &[]).spreads;
        let found: Vec<_> =
            rows.iter().map(|row| (row.set.as_str(), row.comparison.as_deref())).collect();
        let expected = [
            ("sgd/test", Some("first")),
            ("sgd/test", Some("second")),
            ("lbfgs/train", Some("first")),
            ("lbfgs/test", None),
        ];
        assert_eq!(found, expected);
        // ω̄ = (3, 4): the distances of (0, 0), (0, 2), (0, 1) are 5, √13, √18, those of the other
        // set the same.
        assert_relative_eq!(rows[0].median_distance.unwrap(), 18.0_f64.sqrt());
        assert_relative_eq!(rows[2].median_distance.unwrap(), 18.0_f64.sqrt());
        assert_relative_eq!(rows[0].centroid_to_origin.unwrap(), 18.0_f64.sqrt());
        assert_relative_eq!(rows[1].median_distance.unwrap(), 1.0);
        assert_relative_eq!(rows[0].moments.mean, 0.5);
        assert!(rows[3].median_distance.is_none() && rows[3].centroid_to_origin.is_none());
    }
}
