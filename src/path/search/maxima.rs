//! The highest points of the best path: its dense profile, and the surroundings of the maxima, ever finer.

use super::{Halt, PathSearch};
use crate::combinations::Combinations;
use crate::kernels::Real;
use crate::path::{PathError, equally_spaced};
use ndarray::s;
use serde::{Deserialize, Serialize};

/// How many maxima of a path are refined, the parts that the distance to a neighbor is divided in, and how
/// often.
const MAXIMA: usize = 3;
const PARTS: i32 = 4;
pub(super) const ROUNDS: u32 = 8;

/// The highest point known of a maximum along the path.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Top {
    t: f64,
    pub(super) height: f64,
    /// No point between t and t ± `apart` has been looked at.
    apart: f64,
}

impl<A: Real> PathSearch<'_, A> {
    /// The next piece of the dense profile: in pieces of the grid's size a landscape needs no larger
    /// buffers than before.
    pub(super) fn measure_densely(&mut self) -> Result<(), Halt> {
        let from = self.progress.dense_loss.len();
        let until = (from + self.grid.points()).min(self.dense.points());
        let all = self.curve.points(&self.dense);
        let piece =
            Combinations { coefficients: all.coefficients.slice(s![from..until, ..]), ..all };
        let losses = self.landscape.values_at(&piece)?;
        let parameters: Vec<f64> =
            (from..until).map(|m| m as f64 / (self.dense.points() - 1) as f64).collect();
        check_at(&parameters, &losses).map_err(|t| PathError::Dense { t })?;
        self.progress.dense_loss.extend(losses);
        if until == self.dense.points() {
            self.progress.tops = maxima(&self.progress.dense_loss);
        }
        Ok(())
    }

    /// Looks at equally spaced points between the highest one of each maximum and its neighbors, and goes on
    /// from the highest of all. Each round comes a fourth as near to the top, and in height, which is flat
    /// there, a sixteenth: after eight rounds what is missing is 4e9 times less.
    pub(super) fn refine_tops(&mut self) -> Result<(), Halt> {
        let mut tops = self.progress.tops.clone();
        for top in &mut tops {
            let Top { t, height, apart } = *top;
            let between = (-PARTS..=PARTS).map(|i| t + apart * f64::from(i) / f64::from(PARTS));
            let parameters: Vec<f64> = between.filter(|t| (0.0..=1.0).contains(t)).collect();
            let losses = self.heights(&self.curve.grid(&parameters))?;
            check_at(&parameters, &losses).map_err(|t| PathError::Dense { t })?;
            let candidates = parameters.into_iter().zip(losses);
            let (t, height) = candidates
                .fold((t, height), |best, other| if other.1 > best.1 { other } else { best });
            *top = Top { t, height, apart: apart / f64::from(PARTS) };
        }
        self.progress.tops = tops;
        self.progress.rounds += 1;
        Ok(())
    }
}

/// The maximum.
pub(super) fn highest(losses: &[f64]) -> f64 {
    losses.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The highest maxima of an equally spaced profile, ends included: of two almost alike either may prove the
/// higher one between the points.
fn maxima(losses: &[f64]) -> Vec<Top> {
    let apart = 1.0 / (losses.len() - 1) as f64;
    let lower = |m: Option<usize>, height: f64| {
        m.and_then(|m| losses.get(m)).is_none_or(|&loss| loss <= height)
    };
    let is_maximum =
        |&m: &usize| lower(m.checked_sub(1), losses[m]) && lower(Some(m + 1), losses[m]);
    let maxima = (0..losses.len()).filter(is_maximum);
    let mut tops: Vec<Top> =
        maxima.map(|m| Top { t: m as f64 * apart, height: losses[m], apart }).collect();
    tops.sort_by(|a, b| b.height.total_cmp(&a.height));
    tops.truncate(MAXIMA);
    tops
}

/// The parameter of the first value on an equally spaced grid that is not finite, as an error.
pub(super) fn check(losses: &[f64]) -> Result<(), f64> {
    check_at(&equally_spaced(losses.len()), losses)
}

/// The parameter of the first value that is not finite, as an error.
fn check_at(parameters: &[f64], losses: &[f64]) -> Result<(), f64> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(m) => Err(parameters[m]),
        None => Ok(()),
    }
}
