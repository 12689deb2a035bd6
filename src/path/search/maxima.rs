//! The maxima of the best path: its profile on the fine grid, then refined maxima.

use super::{Halt, PathSearch};
use crate::combinations::Combinations;
use crate::kernels::Real;
use crate::path::{PathError, equally_spaced};
use ndarray::s;
use serde::{Deserialize, Serialize};

/// Number of maxima of a path that are refined.
const MAX_MAXIMA: usize = 3;
/// Parts into which one round divides the distance to a neighbor.
const PARTS: i32 = 4;
/// Rounds of refinement.
pub(super) const ROUNDS: u32 = 8;

/// A local maximum along the path: the highest point known near it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PathMaximum {
    t: f64,
    pub(super) loss: f64,
    /// No point between t − `spacing` and t + `spacing` has been evaluated.
    spacing: f64,
}

impl<A: Real> PathSearch<'_, A> {
    /// Evaluates the next piece of the fine grid. A piece has as many points as the grid of the
    /// objective, so the landscape needs no larger buffers than before.
    pub(super) fn measure_fine_grid(&mut self) -> Result<(), Halt> {
        let from = self.progress.fine_loss.len();
        let until = (from + self.grid.points()).min(self.fine_grid.points());
        let all = self.curve.points(&self.fine_grid);
        let piece =
            Combinations { coefficients: all.coefficients.slice(s![from..until, ..]), ..all };
        let losses = self.landscape.values_at(&piece)?;
        let parameters: Vec<f64> =
            (from..until).map(|m| m as f64 / (self.fine_grid.points() - 1) as f64).collect();
        check_at(&parameters, &losses).map_err(|t| PathError::BetweenPoints { t })?;
        self.progress.fine_loss.extend(losses);
        if until == self.fine_grid.points() {
            self.progress.maxima = highest_maxima(&self.progress.fine_loss);
        }
        Ok(())
    }

    /// One round of refinement: evaluates equally spaced points between each maximum and its
    /// neighbors, and continues from the highest of them.
    ///
    /// A round divides the distance in t by 4. The loss is flat at a maximum, so its error falls by
    /// a factor of 16: eight rounds reduce it by 4e9.
    pub(super) fn refine_maxima(&mut self) -> Result<(), Halt> {
        if self.progress.rounds + 1 == ROUNDS {
            self.complete_accuracies()?;
        }
        let mut maxima = self.progress.maxima.clone();
        for maximum in &mut maxima {
            let PathMaximum { t, loss, spacing } = *maximum;
            let between = (-PARTS..=PARTS).map(|i| t + spacing * f64::from(i) / f64::from(PARTS));
            let parameters: Vec<f64> = between.filter(|t| (0.0..=1.0).contains(t)).collect();
            let losses = self.losses(&self.curve.grid(&parameters))?;
            check_at(&parameters, &losses).map_err(|t| PathError::BetweenPoints { t })?;
            let candidates = parameters.into_iter().zip(losses);
            let (t, loss) = candidates
                .fold((t, loss), |best, other| if other.1 > best.1 { other } else { best });
            *maximum = PathMaximum { t, loss, spacing: spacing / f64::from(PARTS) };
        }
        self.progress.maxima = maxima;
        self.progress.rounds += 1;
        Ok(())
    }
}

/// The maximum.
pub(super) fn highest(losses: &[f64]) -> f64 {
    losses.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The highest local maxima of an equally spaced profile, endpoints included. If two are almost
/// equal, either may be the higher one between the points.
fn highest_maxima(losses: &[f64]) -> Vec<PathMaximum> {
    let spacing = 1.0 / (losses.len() - 1) as f64;
    let lower = |m: Option<usize>, maximum: f64| {
        m.and_then(|m| losses.get(m)).is_none_or(|&loss| loss <= maximum)
    };
    let is_maximum =
        |&m: &usize| lower(m.checked_sub(1), losses[m]) && lower(Some(m + 1), losses[m]);
    let mut maxima: Vec<PathMaximum> = (0..losses.len())
        .filter(is_maximum)
        .map(|m| PathMaximum { t: m as f64 * spacing, loss: losses[m], spacing })
        .collect();
    maxima.sort_by(|a, b| b.loss.total_cmp(&a.loss));
    maxima.truncate(MAX_MAXIMA);
    maxima
}

/// Checks a profile on an equally spaced grid. The error is the t of the first loss that is not
/// finite.
pub(super) fn check(losses: &[f64]) -> Result<(), f64> {
    check_at(&equally_spaced(losses.len()), losses)
}

/// Like [`check`], for losses at any `parameters` t.
fn check_at(parameters: &[f64], losses: &[f64]) -> Result<(), f64> {
    match losses.iter().position(|loss| !loss.is_finite()) {
        Some(m) => Err(parameters[m]),
        None => Ok(()),
    }
}
