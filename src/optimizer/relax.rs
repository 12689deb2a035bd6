//! Down into a minimum, and from many random starts into all of them.
//!
//! For landscapes without images: closed formulas and a user's own. It is L-BFGS with golden section
//! search as in training, given enough line search evaluations to end at a minimum rather than at
//! the end of a budget.

use super::LbfgsParameters;
use super::lbfgs::Lbfgs;
use crate::landscape::{Interrupted, Landscape};
use crate::random::MasterSeed;
use crate::real::norm;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::fmt;

/// When a relaxation is content, and what it may spend.
#[derive(Clone, Debug, PartialEq)]
pub struct RelaxParameters {
    /// |∇f| at which it ends, ≥ 0.
    ///
    /// The line search compares values of f, which are known to ε |f| (ε = 2.2e-16). With curvatures
    /// κ it cannot bring |∇f| below about √(2 ε |f| κ), 1.6e-5 for f = −147 and κ = 4000; asked for
    /// less, it ends there with [`RelaxStop::NoDescent`].
    pub tolerance: f64,
    /// Iterations, memory and line search.
    pub lbfgs: LbfgsParameters,
}

impl Default for RelaxParameters {
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
pub struct Relaxed {
    /// `(P,)` the point.
    pub theta: Vec<f64>,
    /// f there, never above f at the start.
    pub value: f64,
    /// |∇f| there.
    pub gradient_norm: f64,
    /// Iterations taken.
    pub iterations: u32,
    /// Why it ended.
    pub stop: RelaxStop,
}

/// Why a relaxation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RelaxStop {
    /// The gradient is as small as asked for.
    Converged,
    /// No lower point along the steepest descent: as low as values can be told apart.
    NoDescent,
    /// All iterations were taken.
    IterationsSpent,
    /// Value or gradient are not finite.
    NotFinite,
    /// The point was taken as it is.
    NotRelaxed,
}

impl RelaxStop {
    /// Whether the point is stationary as far as could be told.
    pub fn is_stationary(self) -> bool {
        matches!(self, Self::Converged | Self::NoDescent)
    }
}

impl fmt::Display for RelaxStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged: the gradient is below the tolerance",
            Self::NoDescent => "stopped: the line search found no lower point along the steepest descent",
            Self::IterationsSpent => "stopped: all iterations were taken",
            Self::NotFinite => "stopped: value or gradient is not finite",
            Self::NotRelaxed => "not relaxed: used as given",
        })
    }
}

impl Relaxed {
    /// A point as it is, with its value and gradient.
    ///
    /// # Errors
    /// If the evaluation was interrupted.
    ///
    /// # Panics
    /// If the point is not of the landscape's dimension (as the landscape does).
    pub fn given(landscape: &dyn Landscape<f64>, point: &[f64]) -> Result<Self, Interrupted> {
        let mut gradient = vec![0.0; point.len()];
        let value = landscape.value_and_gradient(point, &mut gradient)?;
        let (gradient_norm, stop) = (norm(&gradient), RelaxStop::NotRelaxed);
        Ok(Self { theta: point.to_vec(), value, gradient_norm, iterations: 0, stop })
    }
}

/// Follows L-BFGS with golden section search downhill from `start`, `(P,)`.
///
/// Where it ends is stationary, and since every step goes down it is a minimum unless the start lay
/// exactly on a ridge. It need not be the minimum in whose basin the start lies: a line search may
/// leap over a ridge to a lower point behind it.
///
/// # Errors
/// If an evaluation was interrupted.
///
/// # Panics
/// If the start is not of the landscape's dimension (as the landscape does).
pub fn relax(landscape: &dyn Landscape<f64>, start: &[f64], parameters: &RelaxParameters) -> Result<Relaxed, Interrupted> {
    let mut lbfgs = Lbfgs::new(parameters.lbfgs.clone(), landscape, start.to_vec())?;
    let mut iterations = 0;
    let stop = loop {
        let gradient_norm = norm(lbfgs.gradient());
        if !lbfgs.loss().is_finite() || !gradient_norm.is_finite() {
            break RelaxStop::NotFinite;
        }
        if gradient_norm <= parameters.tolerance {
            break RelaxStop::Converged;
        }
        if iterations as usize >= parameters.lbfgs.iterations {
            break RelaxStop::IterationsSpent;
        }
        if lbfgs.iterate(landscape, iterations + 1)?.is_break() {
            break RelaxStop::NoDescent;
        }
        iterations += 1;
    };
    let gradient_norm = norm(lbfgs.gradient());
    Ok(Relaxed { value: lbfgs.loss(), gradient_norm, theta: lbfgs.theta().to_vec(), iterations, stop })
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
    pub relax: RelaxParameters,
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
/// is one. Starts that ended without a stationary point are left out. The outcome depends on the
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
) -> Result<Vec<Relaxed>, Interrupted> {
    assert_eq!(search.region.len(), landscape.dimension(), "the region of the starts and the landscape disagree");
    let starts = (0..search.starts).map(|start| random_start(search.seed, &search.region, start));
    let found = starts.map(|start| relax(landscape, &start, &search.relax)).collect::<Result<Vec<_>, _>>()?;
    Ok(distinct(&found, search.distinct, identify).into_iter().map(|index| found[index].clone()).collect())
}

/// Indices of the distinct solutions among `found`, lowest first: see [`find_minima`]. Of equal ones the
/// lowest counts, and of equally low ones the first.
pub fn distinct(found: &[Relaxed], tolerance: f64, identify: &dyn Fn(&[f64]) -> Option<Vec<f64>>) -> Vec<usize> {
    let stationary = found.iter().enumerate().filter(|(_, relaxed)| relaxed.stop.is_stationary());
    let mut solutions: Vec<_> =
        stationary.filter_map(|(index, relaxed)| Some((index, relaxed.value, identify(&relaxed.theta)?))).collect();
    solutions.sort_by(|(_, a, _), (_, b, _)| a.total_cmp(b));
    let close = |a: f64, b: f64| (a - b).abs() <= tolerance;
    let mut kept: Vec<(usize, f64, Vec<f64>)> = Vec::new();
    for (index, value, identity) in solutions {
        let known = |(_, other, numbers): &(_, f64, Vec<f64>)| {
            close(*other, value) && numbers.iter().zip(&identity).all(|(&a, &b)| close(a, b))
        };
        if !kept.iter().any(known) {
            kept.push((index, value, identity));
        }
    }
    kept.into_iter().map(|(index, ..)| index).collect()
}

/// Start number `start`: a point uniform in the box, from a stream of its own.
pub fn random_start(seed: MasterSeed, region: &[[f64; 2]], start: u32) -> Vec<f64> {
    let mut generator = seed.stream("relaxation start", &[start.into()]);
    region.iter().map(|[low, high]| low + (high - low) * generator.random::<f64>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{BuiltIn, DoubleWell, Formula, LennardJones, TwoWells};

    #[test]
    fn says_why_it_stopped() {
        let parameters = RelaxParameters::default();
        let relaxed = relax(&TwoWells, &[0.9, 0.4], &parameters).unwrap();
        assert!(relaxed.stop.is_stationary() && relaxed.gradient_norm < 1e-6, "{relaxed:?}");
        let few = RelaxParameters { lbfgs: LbfgsParameters { iterations: 2, ..parameters.lbfgs.clone() }, ..parameters.clone() };
        let stopped = relax(&TwoWells, &[0.9, 0.4], &few).unwrap();
        assert_eq!((stopped.stop, stopped.iterations), (RelaxStop::IterationsSpent, 2));
        assert_eq!(relax(&TwoWells, &[f64::NAN, 0.0], &parameters).unwrap().stop, RelaxStop::NotFinite);
        let never = RelaxParameters { tolerance: 0.0, ..parameters };
        let lowest = relax(&TwoWells, &[0.9, 0.4], &never).unwrap();
        assert!(lowest.stop.is_stationary() && lowest.value <= relaxed.value, "{lowest:?}");
    }

    #[test]
    fn a_fall_over_thirty_orders_of_magnitude_is_no_end() {
        let pair = LennardJones::new(2, 2).unwrap();
        let relaxed = relax(&pair, &[0.0, 0.0, 0.004, 0.0], &RelaxParameters::default()).unwrap();
        assert!(Formula::value(&pair, &[0.0, 0.0, 0.004, 0.0]) > 1e28);
        assert!((relaxed.value + 1.0).abs() < 1e-12, "{relaxed:?}");
    }

    #[test]
    fn more_starts_keep_what_fewer_found_and_the_order_is_by_value() {
        let landscape = BuiltIn::DoubleWell(DoubleWell::new(3).unwrap());
        let search = |starts| MinimaSearch {
            seed: MasterSeed(3),
            starts,
            region: landscape.start_region(),
            relax: RelaxParameters::default(),
            distinct: 1e-4,
        };
        let minima = |starts| find_minima(&&*landscape.build(), &search(starts), &|theta| landscape.identify(theta)).unwrap();
        let corners = |minima: Vec<Relaxed>| -> std::collections::BTreeSet<Vec<i8>> {
            minima.iter().map(|minimum| minimum.theta.iter().map(|x| x.round() as i8).collect()).collect()
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
