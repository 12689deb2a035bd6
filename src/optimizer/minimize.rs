//! Minimization: from one start to a local minimum, and from many random starts to all of them.
//!
//! It serves analytic landscapes and landscapes of the user. The optimizer is L-BFGS with golden
//! section search as in training. Its line searches have enough evaluations to end at a minimum.

use super::LbfgsParameters;
use super::lbfgs::Lbfgs;
use crate::kernels::norm;
use crate::landscape::{ExtremeEigenvalues, Interrupted, Landscape, StationaryPoint};
use crate::random::MasterSeed;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Maximum number of saddles that a minimization leaves before it ends at one. From a point with k
/// descending directions it leaves at most k times, unless it meets other saddles.
const MAX_SADDLES: u32 = 100;

/// Lengths of the step that leaves a saddle, as fractions of the largest coordinate (at least 1).
/// They are tried in this order. The first is long enough for the fall λ h² / 2 to change the
/// value, and short enough to stay near the saddle.
const STEPS_OFF_A_SADDLE: [f64; 6] = [1e-2, 1e-1, 1e-3, 1.0, 1e-4, 1e-5];

/// When a minimization has converged, and its limits.
#[derive(Clone, Debug, PartialEq)]
pub struct MinimizationParameters {
    /// |∇f| at which it has converged, ≥ 0.
    ///
    /// The line search compares values of f, which are accurate to ε |f| (ε = 2.2e-16). With
    /// curvatures κ it cannot reduce |∇f| below about √(2 ε |f| κ): 1.6e-5 for f = −147 and κ =
    /// 4000. With a smaller tolerance it ends there with [`MinimizationStop::NoDescent`].
    pub tolerance: f64,
    /// Iterations, memory and line search.
    pub lbfgs: LbfgsParameters,
}

impl Default for MinimizationParameters {
    /// |∇f| ≤ 1e-6, memory 10 as published. A line search of 60 evaluations reaches 10⁻²⁵ times the unit
    /// step. A bracket of 1 % is enough for superlinear convergence of quasi-Newton steps. The
    /// number of iterations is arbitrary: about ten times what clusters need.
    fn default() -> Self {
        let lbfgs = LbfgsParameters {
            iterations: 5000,
            memory: 10,
            line_search_evaluations: 60,
            line_search_tolerance: 1e-2,
            // An analytic landscape has no target.
            target_loss: f64::NEG_INFINITY,
        };
        Self { tolerance: 1e-6, lbfgs }
    }
}

/// Where a minimization ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinimizationResult {
    /// `(P,)` the point.
    pub theta: Vec<f64>,
    /// f at the point. It is never above f at the start.
    pub value: f64,
    /// |∇f| at the point.
    pub gradient_norm: f64,
    /// Iterations taken.
    pub iterations: u32,
    /// Why it ended.
    pub stop: MinimizationStop,
}

/// Why a minimization ended. New variants go last: the journal stores their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MinimizationStop {
    /// The gradient is below the tolerance.
    Converged,
    /// No lower point along the steepest descent: rounding of the values allows no further
    /// progress.
    NoDescent,
    /// All iterations were taken.
    IterationsSpent,
    /// Value or gradient are not finite.
    NotFinite,
    /// The point was used as given.
    NotMinimized,
    /// The gradient is zero, but the point is a saddle and no minimum.
    Saddle,
    /// The gradient is zero, but the point is a maximum and no minimum.
    Maximum,
}

impl MinimizationStop {
    /// Whether the point is a local minimum, as far as this could be checked.
    pub fn is_minimum(self) -> bool {
        matches!(self, Self::Converged | Self::NoDescent)
    }

    /// The reason for a stationary point that is not a minimum; `None` for a minimum.
    fn of(kind: StationaryPoint) -> Option<Self> {
        match kind {
            StationaryPoint::Minimum => None,
            StationaryPoint::Saddle => Some(Self::Saddle),
            StationaryPoint::Maximum => Some(Self::Maximum),
        }
    }
}

impl fmt::Display for MinimizationStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged: the gradient is below the tolerance",
            Self::NoDescent => {
                "stopped: the line search found no lower point along the steepest descent"
            }
            Self::IterationsSpent => "stopped: all iterations were taken",
            Self::NotFinite => "stopped: value or gradient is not finite",
            Self::NotMinimized => "not minimized: used as given",
            Self::Saddle => {
                "not a minimum but a saddle: the gradient is zero, and some directions curve down"
            }
            Self::Maximum => {
                "not a minimum but a maximum: the gradient is zero, and no direction curves up"
            }
        })
    }
}

impl MinimizationResult {
    /// A point as given, with its value and gradient. `stop` says so if it is a saddle or a
    /// maximum.
    ///
    /// # Errors
    /// If the evaluation was interrupted.
    ///
    /// # Panics
    /// If the point is not of the landscape's dimension (as the landscape does).
    pub fn given(landscape: &dyn Landscape<f64>, point: &[f64]) -> Result<Self, Interrupted> {
        let mut gradient = vec![0.0; point.len()];
        let value = landscape.value_and_gradient(point, &mut gradient)?;
        let gradient_norm = norm(&gradient);
        let curvature = ExtremeEigenvalues::at(landscape, point)?;
        // A stationary point given with nine decimals has a gradient that is not exactly zero. What
        // counts is the distance to the exact stationary point.
        let is_stationary = |curvature: &&ExtremeEigenvalues| {
            gradient_norm <= GIVEN_TO * curvature.scale() * largest_coordinate(point)
        };
        let kind = curvature.as_ref().filter(is_stationary).map(|curvature| curvature.kind(0.0));
        // Without the curvature the kind of the point is unknown.
        let stop = kind.and_then(MinimizationStop::of).unwrap_or(MinimizationStop::NotMinimized);
        Ok(Self { theta: point.to_vec(), value, gradient_norm, iterations: 0, stop })
    }

    /// The curvature at a saddle or a maximum. `None` at a minimum, or if the curvature is unknown.
    fn descending_curvature(
        &self,
        landscape: &dyn Landscape<f64>,
        tolerance: f64,
    ) -> Result<Option<(ExtremeEigenvalues, MinimizationStop)>, Interrupted> {
        let Some(curvature) = ExtremeEigenvalues::at(landscape, &self.theta)? else {
            return Ok(None);
        };
        // A curvature below this changes the gradient by less than its tolerance over the whole
        // range of the coordinates. It counts as zero.
        let kind = curvature.kind(tolerance / largest_coordinate(&self.theta));
        Ok(MinimizationStop::of(kind).map(|stop| (curvature, stop)))
    }

    /// A lower point along the direction of lowest curvature; `None` if there is none. The sign of
    /// [`ExtremeEigenvalues::direction`] is tried first.
    fn off_the_saddle(
        &self,
        landscape: &dyn Landscape<f64>,
        curvature: &ExtremeEigenvalues,
    ) -> Result<Option<Vec<f64>>, Interrupted> {
        let size = largest_coordinate(&self.theta);
        for step in STEPS_OFF_A_SADDLE.iter().flat_map(|step| [step * size, -step * size]) {
            let moved = self.theta.iter().zip(&curvature.direction);
            let point: Vec<f64> = moved.map(|(x, d)| x + step * d).collect();
            if landscape.value(&point)? < self.value {
                return Ok(Some(point));
            }
        }
        Ok(None)
    }
}

/// How far a given point may be from the stationary point it stands for, as a fraction of its
/// largest coordinate.
const GIVEN_TO: f64 = 1e-6;

/// The largest absolute coordinate, at least 1.
fn largest_coordinate(theta: &[f64]) -> f64 {
    theta.iter().fold(1.0, |largest, x| largest.max(x.abs()))
}

/// Minimizes from `start`, `(P,)`, by L-BFGS with golden section search.
///
/// Where the gradient is zero, the [`ExtremeEigenvalues`] distinguish a minimum from a saddle. A
/// saddle or a maximum is left along its direction of lowest curvature, and the minimization
/// continues. The same start always leads to the same point. This need not be the minimum of the
/// basin in which the start lies: a line search may step over a ridge to a lower point behind it.
///
/// # Errors
/// If an evaluation was interrupted.
///
/// # Panics
/// If the start is not of the landscape's dimension (as the landscape does).
pub fn minimize(
    landscape: &dyn Landscape<f64>,
    start: &[f64],
    parameters: &MinimizationParameters,
) -> Result<MinimizationResult, Interrupted> {
    let mut result = descend(landscape, start, parameters, 0)?;
    for left_saddles in 0..=MAX_SADDLES {
        if !result.stop.is_minimum() {
            break;
        }
        let Some((curvature, kind)) =
            result.descending_curvature(landscape, parameters.tolerance)?
        else {
            break;
        };
        let lower = if left_saddles < MAX_SADDLES {
            result.off_the_saddle(landscape, &curvature)?
        } else {
            None
        };
        let Some(lower) = lower else {
            result.stop = kind;
            break;
        };
        result = descend(landscape, &lower, parameters, result.iterations)?;
    }
    Ok(result)
}

/// L-BFGS until the gradient is zero. `iterations` is the number of iterations before this call.
fn descend(
    landscape: &dyn Landscape<f64>,
    start: &[f64],
    parameters: &MinimizationParameters,
    mut iterations: u32,
) -> Result<MinimizationResult, Interrupted> {
    let mut lbfgs = Lbfgs::new(parameters.lbfgs.clone(), landscape, start.to_vec())?;
    let stop = loop {
        let gradient_norm = norm(lbfgs.gradient());
        if !lbfgs.loss().is_finite() || !gradient_norm.is_finite() {
            break MinimizationStop::NotFinite;
        }
        if gradient_norm <= parameters.tolerance {
            break MinimizationStop::Converged;
        }
        if iterations as usize >= parameters.lbfgs.iterations {
            break MinimizationStop::IterationsSpent;
        }
        if lbfgs.iterate(landscape, iterations + 1)?.is_break() {
            break MinimizationStop::NoDescent;
        }
        iterations += 1;
    };
    let gradient_norm = norm(lbfgs.gradient());
    Ok(MinimizationResult {
        value: lbfgs.loss(),
        gradient_norm,
        theta: lbfgs.theta().to_vec(),
        iterations,
        stop,
    })
}

/// A search for the minima of a landscape from random starts.
#[derive(Clone, Debug, PartialEq)]
pub struct MinimaSearch {
    /// Each start has its own random stream, so more starts keep the earlier ones.
    pub seed: MasterSeed,
    /// Number of random starts.
    pub starts: u32,
    /// `(P,)` [low, high] of every component; starts are uniform in this box.
    pub region: Vec<[f64; 2]>,
    /// How each start is minimized.
    pub minimization: MinimizationParameters,
    /// Two minima are the same if neither their values nor any of their identifying numbers differ
    /// by more than this. It must be well above the error of a minimization and well below the
    /// differences between minima.
    pub distinct: f64,
}

/// The distinct minima that are found from random starts, lowest first.
///
/// `identify` returns numbers that are equal for equal minima: θ itself for an ordinary landscape,
/// invariants if symmetries make a minimum a whole surface of points. It returns `None` for a
/// stationary point that is not a solution.
/// [`BuiltIn::identify`](crate::landscape::BuiltIn::identify) is an example. Starts that did not
/// end at a minimum are left out. The result depends on `search` only. It need not contain *all*
/// minima: more starts find more.
///
/// # Errors
/// If an evaluation was interrupted.
///
/// # Panics
/// If the region is not of the landscape's dimension.
pub fn find_minima(
    landscape: &dyn Landscape<f64>,
    search: &MinimaSearch,
    identify: &dyn Fn(&[f64]) -> Option<Vec<f64>>,
) -> Result<Vec<MinimizationResult>, Interrupted> {
    assert_eq!(
        search.region.len(),
        landscape.dimension(),
        "the region of the starts and the landscape disagree"
    );
    let starts = (0..search.starts).map(|start| random_start(search.seed, &search.region, start));
    let found = starts
        .map(|start| minimize(landscape, &start, &search.minimization))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(distinct(&found, search.distinct, identify)
        .into_iter()
        .map(|index| found[index].clone())
        .collect())
}

/// Indices of the distinct minima among `found`, lowest first: see [`find_minima`]. Of equal minima
/// the lowest is taken, and of equally low ones the first.
pub fn distinct(
    found: &[MinimizationResult],
    tolerance: f64,
    identify: &dyn Fn(&[f64]) -> Option<Vec<f64>>,
) -> Vec<usize> {
    merge(found, tolerance, identify).into_iter().map(|solution| solution.index).collect()
}

/// A minimum, with the others that are equal to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinctMinimum {
    /// The one that is kept.
    pub index: usize,
    /// The others that are equal to it, lowest first.
    pub same: Vec<usize>,
}

/// Like [`distinct`]. Each minimum has a list of the others that are equal to it.
pub fn merge(
    found: &[MinimizationResult],
    tolerance: f64,
    identify: &dyn Fn(&[f64]) -> Option<Vec<f64>>,
) -> Vec<DistinctMinimum> {
    let minima = found.iter().enumerate().filter(|(_, result)| result.stop.is_minimum());
    let mut solutions: Vec<_> = minima
        .filter_map(|(index, result)| Some((index, result.value, identify(&result.theta)?)))
        .collect();
    solutions.sort_by(|(_, a, _), (_, b, _)| a.total_cmp(b));
    let close = |a: f64, b: f64| (a - b).abs() <= tolerance;
    let mut kept: Vec<(DistinctMinimum, f64, Vec<f64>)> = Vec::new();
    for (index, value, identity) in solutions {
        let known = |(_, other, numbers): &&mut (_, f64, Vec<f64>)| {
            close(*other, value) && numbers.iter().zip(&identity).all(|(&a, &b)| close(a, b))
        };
        match kept.iter_mut().find(known) {
            Some((solution, ..)) => solution.same.push(index),
            None => kept.push((DistinctMinimum { index, same: Vec::new() }, value, identity)),
        }
    }
    kept.into_iter().map(|(solution, ..)| solution).collect()
}

/// Start number `start`: a random point, uniform in the box, from its own stream.
pub fn random_start(seed: MasterSeed, region: &[[f64; 2]], start: u32) -> Vec<f64> {
    let mut generator = seed.stream("relaxation start", &[start.into()]);
    region.iter().map(|[low, high]| low + (high - low) * generator.random::<f64>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{AnalyticLandscape, BuiltIn, DoubleWell, LennardJones, TwoWells};

    #[test]
    fn says_why_it_stopped() {
        let parameters = MinimizationParameters::default();
        let result = minimize(&TwoWells, &[0.9, 0.4], &parameters).unwrap();
        assert!(result.stop.is_minimum() && result.gradient_norm < 1e-6, "{result:?}");
        let few = MinimizationParameters {
            lbfgs: LbfgsParameters { iterations: 2, ..parameters.lbfgs.clone() },
            ..parameters.clone()
        };
        let stopped = minimize(&TwoWells, &[0.9, 0.4], &few).unwrap();
        assert_eq!((stopped.stop, stopped.iterations), (MinimizationStop::IterationsSpent, 2));
        assert_eq!(
            minimize(&TwoWells, &[f64::NAN, 0.0], &parameters).unwrap().stop,
            MinimizationStop::NotFinite
        );
        let never = MinimizationParameters { tolerance: 0.0, ..parameters };
        let lowest = minimize(&TwoWells, &[0.9, 0.4], &never).unwrap();
        assert!(lowest.stop.is_minimum() && lowest.value <= result.value, "{lowest:?}");
    }

    #[test]
    fn a_saddle_or_a_maximum_is_left_for_a_minimum() {
        let parameters = MinimizationParameters::default();
        let well = DoubleWell::new(4).unwrap();
        for zeros in 1..=4 {
            let start: Vec<f64> = (0..4).map(|i| if i < zeros { 0.0 } else { -1.0 }).collect();
            let result = minimize(&well, &start, &parameters).unwrap();
            assert_eq!(result.stop, MinimizationStop::Converged, "{zeros} zeros: {result:?}");
            assert!(result.value < 1e-9, "{zeros} zeros: {result:?}");
            // All components of the reference of the sign rule are positive, so a maximum is left
            // that way.
            assert!(
                result.theta.iter().zip(&start).all(|(x, s)| (x - if *s == 0.0 {
                    1.0
                } else {
                    -1.0
                })
                .abs()
                    < 1e-4)
            );
            assert_eq!(minimize(&well, &start, &parameters).unwrap(), result, "deterministic");
        }
        let product = minimize(&crate::landscape::ProductWell, &[0.0, 0.0], &parameters).unwrap();
        assert!(product.stop.is_minimum() && product.value < 1e-9, "{product:?}");
        // Three atoms in a row are a saddle. The gradient has no component out of the line.
        let three = LennardJones::new(3, 2).unwrap();
        let triangle = minimize(&three, &[-1.1, 0.0, 0.0, 0.0, 1.1, 0.0], &parameters).unwrap();
        assert!((triangle.value + 3.0).abs() < 1e-9, "{triangle:?}");
    }

    #[test]
    fn a_saddle_that_cannot_be_left_is_recorded_as_what_it_is() {
        let well = DoubleWell::new(2).unwrap();
        let kind = |at: [f64; 2]| MinimizationResult::given(&well, &at).unwrap().stop;
        assert_eq!(kind([0.0, 0.0]), MinimizationStop::Maximum);
        assert_eq!(kind([1.0, 1e-9]), MinimizationStop::Saddle);
        assert_eq!(kind([1.0, -1.0]), MinimizationStop::NotMinimized);
        assert_eq!(kind([0.3, 0.1]), MinimizationStop::NotMinimized, "not stationary");
        assert!(!MinimizationStop::Saddle.is_minimum() && !MinimizationStop::Maximum.is_minimum());
    }

    #[test]
    fn reasons_keep_the_numbers_that_journals_have() {
        use MinimizationStop::{
            Converged, IterationsSpent, Maximum, NoDescent, NotFinite, NotMinimized, Saddle,
        };
        let all = [Converged, NoDescent, IterationsSpent, NotFinite, NotMinimized, Saddle, Maximum];
        for (number, stop) in (0..).zip(all) {
            assert_eq!(postcard::to_allocvec(&stop), Ok(vec![number]), "{stop:?}");
        }
    }

    #[test]
    fn points_that_became_one_minimum_are_known() {
        let well = BuiltIn::DoubleWell(DoubleWell::new(1).unwrap());
        let starts = [[-0.5], [0.4], [-2.0], [0.0], [1.0]];
        let found = starts.map(|start| {
            minimize(&well.build(), &start, &MinimizationParameters::default()).unwrap()
        });
        let merged = merge(&found, 1e-4, &|theta| well.identify(theta));
        let groups: Vec<std::collections::BTreeSet<usize>> = merged
            .iter()
            .map(|solution| solution.same.iter().copied().chain([solution.index]).collect())
            .collect();
        assert_eq!(groups.len(), 2);
        for group in [[0, 2].as_slice(), &[1, 3, 4]] {
            assert!(groups.contains(&group.iter().copied().collect()), "{groups:?}");
        }
    }

    #[test]
    fn a_fall_over_thirty_orders_of_magnitude_is_no_end() {
        let pair = LennardJones::new(2, 2).unwrap();
        let result =
            minimize(&pair, &[0.0, 0.0, 0.004, 0.0], &MinimizationParameters::default()).unwrap();
        assert!(AnalyticLandscape::value(&pair, &[0.0, 0.0, 0.004, 0.0]) > 1e28);
        assert!((result.value + 1.0).abs() < 1e-12, "{result:?}");
    }

    #[test]
    fn more_starts_keep_what_fewer_found_and_the_order_is_by_value() {
        let landscape = BuiltIn::DoubleWell(DoubleWell::new(3).unwrap());
        let search = |starts| MinimaSearch {
            seed: MasterSeed(3),
            starts,
            region: landscape.start_region(),
            minimization: MinimizationParameters::default(),
            distinct: 1e-4,
        };
        let minima = |starts| {
            find_minima(&&*landscape.build(), &search(starts), &|theta| landscape.identify(theta))
                .unwrap()
        };
        let corners = |minima: Vec<MinimizationResult>| -> std::collections::BTreeSet<Vec<i8>> {
            minima
                .iter()
                .map(|minimum| minimum.theta.iter().map(|x| x.round() as i8).collect())
                .collect()
        };
        let all = minima(60);
        assert!(all.is_sorted_by(|a, b| a.value <= b.value));
        assert_eq!(all, minima(60));
        let (all, few) = (corners(all), corners(minima(5)));
        assert!(few.is_subset(&all) && few.len() <= 5);
        // Each of the 8 corners is missed by 60 starts with probability (7/8)⁶⁰ = 3e-4.
        assert_eq!(all.len(), 8);
        assert!(all.iter().flatten().all(|x| x.abs() == 1));
    }
}
