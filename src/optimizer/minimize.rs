//! Down into a minimum, and from many random starts into all of them.
//!
//! For landscapes without images: closed formulas and a user's own. It is L-BFGS with golden section
//! search as in training, given enough line search evaluations to end at a minimum rather than at
//! the end of a budget.

use super::LbfgsParameters;
use super::lbfgs::Lbfgs;
use crate::kernels::norm;
use crate::landscape::{Curvature, Interrupted, Landscape, StationaryPoint};
use crate::random::MasterSeed;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How often a relaxation leaves a saddle before it ends on one. Each time it goes down, and from a
/// point with k descending directions at most k times unless the steps meet other saddles.
const MAX_SADDLES: u32 = 100;

/// Lengths of the step off a saddle that are tried in turn, as parts of the largest coordinate (at
/// least 1). The first is long enough for the fall λ h² / 2 to show in the value and short enough to
/// stay near the saddle.
const STEPS_OFF_A_SADDLE: [f64; 6] = [1e-2, 1e-1, 1e-3, 1.0, 1e-4, 1e-5];

/// When a relaxation is content, and what it may spend.
#[derive(Clone, Debug, PartialEq)]
pub struct MinimizationParameters {
    /// |∇f| at which it ends, ≥ 0.
    ///
    /// The line search compares values of f, which are known to ε |f| (ε = 2.2e-16). With curvatures
    /// κ it cannot bring |∇f| below about √(2 ε |f| κ), 1.6e-5 for f = −147 and κ = 4000; asked for
    /// less, it ends there with [`MinimizationStop::NoDescent`].
    pub tolerance: f64,
    /// Iterations, memory and line search.
    pub lbfgs: LbfgsParameters,
}

impl Default for MinimizationParameters {
    /// |∇f| ≤ 1e-6, memory 10 as published. 60 evaluations reach a step 10⁻²⁵ times the unit step
    /// before they give up; a bracket of 1 % is enough for quasi-Newton steps to converge
    /// superlinearly. The number of iterations is arbitrary, some ten times what clusters need.
    fn default() -> Self {
        let lbfgs = LbfgsParameters {
            iterations: 5000,
            memory: 10,
            line_search_evaluations: 60,
            line_search_tolerance: 1e-2,
            // A landscape has no loss that is good enough.
            target_loss: f64::NEG_INFINITY,
        };
        Self { tolerance: 1e-6, lbfgs }
    }
}

/// Where a relaxation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinimizationResult {
    /// `(P,)` the point.
    pub theta: Vec<f64>,
    /// f there, never above f at the start.
    pub value: f64,
    /// |∇f| there.
    pub gradient_norm: f64,
    /// Iterations taken.
    pub iterations: u32,
    /// Why it ended.
    pub stop: MinimizationStop,
}

/// Why a relaxation ended. New variants go last: the journal stores their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MinimizationStop {
    /// The gradient is as small as asked for.
    Converged,
    /// No lower point along the steepest descent: as low as values can be told apart.
    NoDescent,
    /// All iterations were taken.
    IterationsSpent,
    /// Value or gradient are not finite.
    NotFinite,
    /// The point was taken as it is.
    NotMinimized,
    /// The gradient is zero, but the point is a saddle and no minimum.
    Saddle,
    /// The gradient is zero, but the point is a maximum and no minimum.
    Maximum,
}

impl MinimizationStop {
    /// Whether the point is stationary and no saddle or maximum, as far as could be told.
    pub fn is_minimum(self) -> bool {
        matches!(self, Self::Converged | Self::NoDescent)
    }

    /// Of a stationary point that is no minimum; `None` of a minimum.
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
            Self::NotMinimized => "not relaxed: used as given",
            Self::Saddle => {
                "no minimum: a saddle, the gradient is zero and some directions curve down"
            }
            Self::Maximum => {
                "no minimum: a maximum, the gradient is zero and no direction curves up"
            }
        })
    }
}

impl MinimizationResult {
    /// A point as it is, with its value and gradient, and what it is if it is a saddle or a maximum.
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
        let curvature = Curvature::at(landscape, point)?;
        // A point given to nine decimals is a stationary one though its gradient is not zero to all
        // digits: what counts is how far the stationary point is.
        let is_stationary = |curvature: &&Curvature| {
            gradient_norm <= GIVEN_TO * curvature.scale() * largest_coordinate(point)
        };
        let kind = curvature.as_ref().filter(is_stationary).map(|curvature| curvature.kind(0.0));
        // Without a curvature there is no telling what the point is.
        let stop = kind.and_then(MinimizationStop::of).unwrap_or(MinimizationStop::NotMinimized);
        Ok(Self { theta: point.to_vec(), value, gradient_norm, iterations: 0, stop })
    }

    /// What curves down here; `None` at a minimum, or if that cannot be told.
    fn descending_curvature(
        &self,
        landscape: &dyn Landscape<f64>,
        tolerance: f64,
    ) -> Result<Option<(Curvature, MinimizationStop)>, Interrupted> {
        let Some(curvature) = Curvature::at(landscape, &self.theta)? else { return Ok(None) };
        // Where a curvature changes the gradient by less than its tolerance over the size of all
        // coordinates, the gradient itself counts as zero everywhere around.
        let kind = curvature.kind(tolerance / largest_coordinate(&self.theta));
        Ok(MinimizationStop::of(kind).map(|stop| (curvature, stop)))
    }

    /// A lower point in the direction of lowest curvature; `None` if there is none. Of the two signs
    /// the one of [`Curvature::direction`] is tried first.
    fn off_the_saddle(
        &self,
        landscape: &dyn Landscape<f64>,
        curvature: &Curvature,
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

/// How far, as a part of its largest coordinate, a given point may be from the stationary point it
/// stands for.
const GIVEN_TO: f64 = 1e-6;

/// The largest absolute coordinate, at least 1.
fn largest_coordinate(theta: &[f64]) -> f64 {
    theta.iter().fold(1.0, |largest, x| largest.max(x.abs()))
}

/// Follows L-BFGS with golden section search downhill from `start`, `(P,)`.
///
/// Where the gradient is zero the [`Curvature`] tells a minimum from a saddle. A saddle or a maximum
/// is left along its direction of lowest curvature, and the descent goes on. The same start leads to
/// the same point on every run. It need not be the minimum in whose basin the start lies: a line
/// search may leap over a ridge to a lower point behind it.
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
    let mut relaxed = descend(landscape, start, parameters, 0)?;
    for left_saddles in 0..=MAX_SADDLES {
        if !relaxed.stop.is_minimum() {
            break;
        }
        let Some((curvature, kind)) =
            relaxed.descending_curvature(landscape, parameters.tolerance)?
        else {
            break;
        };
        let lower = if left_saddles < MAX_SADDLES {
            relaxed.off_the_saddle(landscape, &curvature)?
        } else {
            None
        };
        let Some(lower) = lower else {
            relaxed.stop = kind;
            break;
        };
        relaxed = descend(landscape, &lower, parameters, relaxed.iterations)?;
    }
    Ok(relaxed)
}

/// L-BFGS until the gradient is zero, after `iterations` that were taken before.
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

/// Which minima to look for, and how long.
#[derive(Clone, Debug, PartialEq)]
pub struct MinimaSearch {
    /// Each start is drawn from a stream of its own, so more starts keep the earlier ones.
    pub seed: MasterSeed,
    /// Number of random starts.
    pub starts: u32,
    /// `(P,)` [low, high] of every component; starts are uniform in this box.
    pub region: Vec<[f64; 2]>,
    /// How each start is relaxed.
    pub minimization: MinimizationParameters,
    /// Two minima are the same one when neither their values nor any of the numbers that identify
    /// them differ by more than this; well above what the relaxation leaves, well below what
    /// separates minima.
    pub distinct: f64,
}

/// The distinct minima that random starts relax into, lowest first.
///
/// `identify` gives the numbers in which equal minima are equal: θ itself for an ordinary landscape,
/// invariants where symmetries make a minimum a whole surface of points; and nothing for a point that
/// is no solution though it is stationary. [`BuiltIn::identify`](crate::landscape::BuiltIn::identify)
/// is one. Starts that ended without a minimum are left out. The outcome depends on the
/// search alone. That *all* minima are among them is likely, not certain: more starts find more.
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

/// Indices of the distinct solutions among `found`, lowest first: see [`find_minima`]. Of equal ones the
/// lowest counts, and of equally low ones the first.
pub fn distinct(
    found: &[MinimizationResult],
    tolerance: f64,
    identify: &dyn Fn(&[f64]) -> Option<Vec<f64>>,
) -> Vec<usize> {
    merge(found, tolerance, identify).into_iter().map(|solution| solution.index).collect()
}

/// A solution among others and those that are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinctMinimum {
    /// The one that counts.
    pub index: usize,
    /// The others that are the same solution, lowest first.
    pub same: Vec<usize>,
}

/// The distinct solutions among `found` as by [`distinct`], each with the others that are the same.
pub fn merge(
    found: &[MinimizationResult],
    tolerance: f64,
    identify: &dyn Fn(&[f64]) -> Option<Vec<f64>>,
) -> Vec<DistinctMinimum> {
    let minima = found.iter().enumerate().filter(|(_, relaxed)| relaxed.stop.is_minimum());
    let mut solutions: Vec<_> = minima
        .filter_map(|(index, relaxed)| Some((index, relaxed.value, identify(&relaxed.theta)?)))
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

/// Start number `start`: a point uniform in the box, from a stream of its own.
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
        let relaxed = minimize(&TwoWells, &[0.9, 0.4], &parameters).unwrap();
        assert!(relaxed.stop.is_minimum() && relaxed.gradient_norm < 1e-6, "{relaxed:?}");
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
        assert!(lowest.stop.is_minimum() && lowest.value <= relaxed.value, "{lowest:?}");
    }

    #[test]
    fn a_saddle_or_a_maximum_is_left_for_a_minimum() {
        let parameters = MinimizationParameters::default();
        let well = DoubleWell::new(4).unwrap();
        for zeros in 1..=4 {
            let start: Vec<f64> = (0..4).map(|i| if i < zeros { 0.0 } else { -1.0 }).collect();
            let relaxed = minimize(&well, &start, &parameters).unwrap();
            assert_eq!(relaxed.stop, MinimizationStop::Converged, "{zeros} zeros: {relaxed:?}");
            assert!(relaxed.value < 1e-9, "{zeros} zeros: {relaxed:?}");
            // All of the sign rule's reference is positive, and so is where a maximum is left to.
            assert!(
                relaxed.theta.iter().zip(&start).all(|(x, s)| (x - if *s == 0.0 {
                    1.0
                } else {
                    -1.0
                })
                .abs()
                    < 1e-4)
            );
            assert_eq!(minimize(&well, &start, &parameters).unwrap(), relaxed, "deterministic");
        }
        let product = minimize(&crate::landscape::ProductWell, &[0.0, 0.0], &parameters).unwrap();
        assert!(product.stop.is_minimum() && product.value < 1e-9, "{product:?}");
        // Three atoms in a row are a saddle on which no gradient leads out of the line.
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
        let relaxed =
            minimize(&pair, &[0.0, 0.0, 0.004, 0.0], &MinimizationParameters::default()).unwrap();
        assert!(AnalyticLandscape::value(&pair, &[0.0, 0.0, 0.004, 0.0]) > 1e28);
        assert!((relaxed.value + 1.0).abs() < 1e-12, "{relaxed:?}");
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
