//! Curvature along a path, point by point.

use super::outcome::{AlongPath, Normalized, PointCurvature};
use super::point::{AllSteps, Point};
use super::section::RequestedQuantities;
use crate::landscape::{Interrupted, Landscape};
use crate::network::Tensor;
use crate::random::MasterSeed;
use crate::solver::{Solver, SolverStep};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The points of a path, the top last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Points {
    /// The place of each, see [`AlongPath::t`](super::outcome::AlongPath::t).
    pub t: Vec<f64>,
    /// `(M, P)`.
    pub theta: Vec<Vec<f64>>,
    /// Whether the top is that of a refined path.
    pub is_refined: bool,
}

/// The computation along a path. A step is a part of a point: its eigenvalues, its filter-normalized
/// one, or a random probe.
pub(super) struct Along<'a> {
    pub landscape: &'a dyn Landscape<f64>,
    pub tensors: &'a [Tensor],
    pub asked: RequestedQuantities,
    pub seed: MasterSeed,
    pub indices: &'a [u64],
    pub state: AlongState<'a>,
}

/// The checkpoint between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AlongState<'a> {
    /// Distinguishes it from the state of a search for a path, with which the task may begin.
    mark: u64,
    points: Cow<'a, Points>,
    found: Cow<'a, [PointCurvature]>,
}

/// The state of a search begins with the number of its coefficients, which is never as large.
const MARK: u64 = u64::from_be_bytes(*b"curvatur");

impl AlongState<'static> {
    /// Before the first step.
    pub fn new(points: Points) -> Self {
        let found = vec![PointCurvature::default(); points.t.len()];
        Self { mark: MARK, points: Cow::Owned(points), found: Cow::Owned(found) }
    }

    /// Decodes a checkpoint. `None` if it is not one of this computation.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (mark, _) = postcard::take_from_bytes::<u64>(bytes).ok()?;
        if mark != MARK {
            return None;
        }
        postcard::from_bytes(bytes).ok()
    }
}

/// The next part of the computation at a point.
enum Next {
    Eigenvalues,
    Normalized,
    Probe,
}

impl Along<'_> {
    fn next(&self) -> Option<(usize, Next)> {
        let next = |found: &PointCurvature| {
            if found.eigenvalues.is_none() {
                Some(Next::Eigenvalues)
            } else if found.normalized.is_none() {
                Some(Next::Normalized)
            } else {
                (found.probes.len() < self.asked.probes).then_some(Next::Probe)
            }
        };
        let mut places = self.state.found.iter().enumerate();
        places.find_map(|(place, found)| Some((place, next(found)?)))
    }

    fn advance(&mut self, place: usize, next: &Next) -> Result<Result<(), String>, Interrupted> {
        let points: &Points = &self.state.points;
        let indices = [self.indices, &[place as u64]].concat();
        let point = Point {
            landscape: self.landscape,
            tensors: self.tensors,
            theta: &points.theta[place],
            asked: self.asked,
            seed: self.seed,
            indices: &indices,
        };
        let failed = |error| format!("at t = {}: {error}", points.t[place]);
        let mut found = self.state.found[place].clone();
        match next {
            Next::Eigenvalues => {
                let measures = point.measures()?;
                match point.spectrum(&AllSteps, None)? {
                    Ok(spectrum) => {
                        found.eigenvalues = Some(point.eigenvalues(&spectrum, measures));
                    }
                    Err(error) => return Ok(Err(failed(error))),
                }
            }
            Next::Normalized => match point.normalized(&AllSteps, None)? {
                Ok(spectrum) => found.normalized = Some(Normalized::of(&spectrum)),
                Err(error) => return Ok(Err(failed(error))),
            },
            Next::Probe => match point.probe(&AllSteps, found.probes.len(), None)? {
                Ok(probe) => found.push(point.theta.len() as u64, probe),
                Err(error) => return Ok(Err(failed(error))),
            },
        }
        self.state.found.to_mut()[place] = found;
        Ok(Ok(()))
    }

    fn result(&self) -> AlongPath {
        AlongPath {
            t: self.state.points.t.clone(),
            points: self.state.found.to_vec(),
            is_refined: self.state.points.is_refined,
        }
    }
}

impl Solver for Along<'_> {
    type Output = Result<AlongPath, String>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        if let Some((place, next)) = self.next()
            && let Err(reason) = self.advance(place, &next)?
        {
            return Ok(SolverStep::Finished(Err(reason)));
        }
        let is_done = self.next().is_none();
        Ok(if is_done { SolverStep::Finished(Ok(self.result())) } else { SolverStep::Continue })
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        Some(&self.state)
    }

    /// Parts that are done, and the loss at the latest point.
    fn progress(&self) -> (f64, f64) {
        let found = &self.state.found;
        let done = |found: &PointCurvature| {
            usize::from(found.eigenvalues.is_some())
                + usize::from(found.normalized.is_some())
                + found.probes.len()
        };
        let all = found.len() * (2 + self.asked.probes);
        let mut known = found.iter().filter(|point| point.eigenvalues.is_some());
        let loss = known.next_back().map_or(f64::NAN, PointCurvature::loss);
        (found.iter().map(done).sum::<usize>() as f64 / all as f64, loss)
    }
}
