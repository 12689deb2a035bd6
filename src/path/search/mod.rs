//! The search for a path as a solver.

mod descent;
mod endpoint;
mod maxima;

use super::finder::{FoundPath, PathError, REFINEMENT};
use super::{
    AccuracyProfiles, Batches, Curve, CurvePrecision, Grid, PathParameters, PathResult, PathStop,
    equally_spaced,
};
use crate::kernels::Real;
use crate::landscape::{Interrupted, Landscape};
use crate::optimizer::adam::Adam;
use crate::solver::{Solver, SolverStep};
use descent::Best;
pub use endpoint::ENDPOINT_TOLERANCE;
use maxima::{PathMaximum, ROUNDS, check, highest};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;

/// The search for a path. Its steps are: the profile of the straight line; each step of Adam; the
/// profile of the best path; its profile on the fine grid, in pieces; the rounds that refine the
/// highest maxima.
pub struct PathSearch<'a, A: Real> {
    objective: &'a dyn Landscape<A>,
    landscape: &'a dyn Landscape<A>,
    /// Batches of the objective. `None`: every step of Adam evaluates the whole objective.
    batches: Option<&'a dyn Batches<A>>,
    parameters: &'a PathParameters,
    grid: Grid<A>,
    fine_grid: Grid<A>,
    curve: Box<dyn Curve<A>>,
    /// Gradient with respect to the free parameters of the curve.
    gradient: Vec<A>,
    progress: SearchProgress<A>,
    /// The coefficients of the initial curve, until the straight line has been measured.
    start: Option<Vec<A>>,
    /// Whether the final state is kept.
    keeps_end: bool,
    end: Option<DescentEnd<A>>,
    /// Accuracies of the straight line and of the best path, if the landscape has them. Checkpoints
    /// do not store them: missing ones are evaluated again at the end.
    accuracies: [Option<Vec<f64>>; 2],
}

/// Indices into the accuracies of a search.
const STRAIGHT: usize = 0;
const BEST: usize = 1;

/// The checkpoint of a search between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct PathState<'a, A: Real> {
    /// The free parameters of the curve at the current step; once Adam has ended, those of the best
    /// step.
    coefficients: Cow<'a, [A]>,
    progress: Cow<'a, SearchProgress<A>>,
    /// States of version 0.1.0 end here. Reading appends a byte 0 to them, for a state without a
    /// tail.
    tail: Option<StateTail<'a, A>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
struct StateTail<'a, A: Real> {
    /// The requested number of steps.
    asked: usize,
    end: Option<Cow<'a, DescentEnd<A>>>,
}

/// The state of a search before the evaluation after its last step, from which a longer search
/// continues. That evaluation computes no gradient, so a longer search repeats it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct DescentEnd<A> {
    coefficients: Vec<A>,
    progress: SearchProgress<A>,
}

impl<A: Real> DescentEnd<A> {
    /// The state of a search that continues from here.
    pub fn state(&self) -> PathState<'_, A> {
        PathState {
            coefficients: Cow::Borrowed(&self.coefficients),
            progress: Cow::Borrowed(&self.progress),
            tail: Some(StateTail { asked: self.progress.adam.steps() as usize, end: None }),
        }
    }
}

impl<A: Real> PathState<'_, A> {
    /// The coefficients of the best path, if the search ended here. `is_last` says whether the
    /// evaluation after the last step found that one to be the best.
    pub fn best(&self, is_last: bool) -> &[A] {
        if self.progress.stop.is_none() && !is_last {
            &self.progress.best.coefficients
        } else {
            &self.coefficients
        }
    }

    /// The part that a search with these parameters resumes. `None` if it must start anew.
    fn resumed(self, parameters: &PathParameters) -> Option<(Vec<A>, SearchProgress<A>)> {
        let steps = parameters.steps;
        let taken = self.progress.adam.steps() as usize;
        let asked = self.tail.as_ref().map(|tail| tail.asked);
        // With another number of steps, the search differs from the first step on.
        if parameters.schedule.depends_on_steps() && asked != Some(steps) {
            return None;
        }
        let fits = match self.progress.stop {
            None => taken <= steps,
            Some(PathStop::Completed) => taken == steps,
            Some(
                PathStop::Converged { step }
                | PathStop::NotFinite { step }
                | PathStop::AtEndpoint { step },
            ) => asked == Some(steps) || (step as usize) < asked.unwrap_or(steps).min(steps),
        };
        if fits {
            return Some((self.coefficients.into_owned(), self.progress.into_owned()));
        }
        let end = self.tail.and_then(|tail| tail.end)?.into_owned();
        (taken < steps).then_some((end.coefficients, end.progress))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
struct SearchProgress<A> {
    /// The profile of the straight line; empty before the first step.
    straight_loss: Vec<f64>,
    adam: Adam<A>,
    best: Best<A>,
    /// For the stopping rule: the lowest objective with penalty so far, at each of the last full
    /// evaluations.
    lowest: VecDeque<f64>,
    /// Why Adam ended; `None` while it runs.
    stop: Option<PathStop>,
    /// Mean loss on the current path.
    mean_loss: f64,
    /// Profiles of the best path; empty before they are measured.
    loss: Vec<f64>,
    fine_loss: Vec<f64>,
    /// The highest maxima of the path; empty before the profile on the fine grid is complete.
    maxima: Vec<PathMaximum>,
    /// Rounds of refinement done.
    rounds: u32,
}

/// Why a step could not be taken.
enum Halt {
    Interrupted,
    Failed(PathError),
}

impl From<Interrupted> for Halt {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<PathError> for Halt {
    fn from(error: PathError) -> Self {
        Self::Failed(error)
    }
}

impl<A: Real> Solver for PathSearch<'_, A> {
    type Output = Result<FoundPath<A>, PathError>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        let taken = if self.progress.straight_loss.is_empty() {
            self.measure_straight_line()
        } else if self.progress.stop.is_none() {
            self.descend().map_err(Halt::from)
        } else if self.progress.loss.is_empty() {
            self.measure()
        } else if self.progress.maxima.is_empty() {
            self.measure_fine_grid()
        } else {
            self.refine_maxima()
        };
        match taken {
            Err(Halt::Interrupted) => Err(Interrupted),
            Err(Halt::Failed(error)) => Ok(SolverStep::Finished(Err(error))),
            Ok(()) if self.progress.rounds == ROUNDS => Ok(SolverStep::Finished(Ok(self.found()))),
            Ok(()) => Ok(SolverStep::Continue),
        }
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        let begun = !self.progress.straight_loss.is_empty();
        let end = self.end.as_ref().map(Cow::Borrowed);
        begun.then_some(PathState {
            coefficients: Cow::Borrowed(self.curve.free()),
            progress: Cow::Borrowed(&self.progress),
            tail: Some(StateTail { asked: self.parameters.steps, end }),
        })
    }

    /// Progress in units of one profile: a step on the whole objective counts 3, a full evaluation
    /// without gradient counts 1.
    fn progress(&self) -> (f64, f64) {
        let each = self.batches.map_or(3.0, |batches| {
            3.0 * batches.fraction() + 1.0 / batches.steps_per_epoch() as f64
        });
        let [steps, taken] = [self.parameters.steps as f64, self.progress.adam.steps().into()]
            .map(|steps| each * steps);
        let taken = if self.progress.loss.is_empty() { taken } else { steps };
        let profiles =
            (self.progress.loss.len() + self.progress.fine_loss.len()) / self.grid.points();
        ((taken + profiles as f64) / (steps + 1.0 + REFINEMENT as f64), self.progress.mean_loss)
    }
}

impl<'a, A: CurvePrecision> PathSearch<'a, A> {
    /// A search between two endpoints. With a `state`, it resumes a search that had the same
    /// endpoints and the same parameters, apart from the number of steps. A state from which this
    /// number of steps cannot be reached is ignored.
    ///
    /// # Panics
    /// As for [`find_path`](super::find_path).
    pub fn new(
        objective: &'a dyn Landscape<A>,
        landscape: &'a dyn Landscape<A>,
        endpoints: [&[A]; 2],
        parameters: &'a PathParameters,
        state: Option<PathState<A>>,
    ) -> Self {
        Self::of(parameters.method.straight(endpoints), objective, landscape, parameters, state)
    }
}

impl<'a, A: Real> PathSearch<'a, A> {
    /// Like [`Self::new`], for a given curve, which must be the straight line between its
    /// endpoints. The path method of the parameters is not used.
    ///
    /// # Panics
    /// As for [`find_path`](super::find_path).
    pub fn of(
        mut curve: Box<dyn Curve<A>>,
        objective: &'a dyn Landscape<A>,
        landscape: &'a dyn Landscape<A>,
        parameters: &'a PathParameters,
        state: Option<PathState<A>>,
    ) -> Self {
        let tail = state.as_ref().and_then(|state| state.tail.as_ref());
        let end = tail.and_then(|tail| tail.end.clone()).map(Cow::into_owned);
        let progress = match state.and_then(|state| state.resumed(parameters)) {
            Some((coefficients, progress)) => {
                curve.free_mut().copy_from_slice(&coefficients);
                progress
            }
            None => SearchProgress {
                straight_loss: Vec::new(),
                adam: Adam::new(parameters.learning_rate, curve.free().len()),
                lowest: VecDeque::new(),
                best: Best { coefficients: curve.free().to_vec(), step: 0, sum: f64::INFINITY },
                stop: None,
                mean_loss: f64::NAN,
                loss: Vec::new(),
                fine_loss: Vec::new(),
                maxima: Vec::new(),
                rounds: 0,
            },
        };
        // A search that continues will have another final state.
        let end = end.filter(|_| progress.stop.is_some());
        Self {
            objective,
            landscape,
            batches: None,
            parameters,
            grid: curve.grid(&equally_spaced(parameters.points)),
            fine_grid: curve.grid(&equally_spaced((parameters.points - 1) * REFINEMENT + 1)),
            gradient: vec![A::zero(); curve.free().len()],
            curve,
            progress,
            start: None,
            keeps_end: end.is_some(),
            end,
            accuracies: [None, None],
        }
    }

    /// The same search, starting from the curve of these coefficients in place of the straight
    /// line.
    #[must_use]
    pub fn starting_from(self, coefficients: Option<Vec<A>>) -> Self {
        Self { start: coefficients, ..self }
    }

    /// The same search, which keeps its final state for searches that continue from there.
    #[must_use]
    pub fn keeping_its_end(self) -> Self {
        Self { keeps_end: true, ..self }
    }

    /// The same search with each step of Adam on a batch of the objective. The whole objective is
    /// evaluated once an epoch and after the last step. The choice of the best path and the
    /// stopping rule use these full evaluations only.
    #[must_use]
    pub fn in_batches(self, batches: &'a dyn Batches<A>) -> Self {
        Self { batches: Some(batches), ..self }
    }

    /// The losses at the points of a grid.
    fn losses(&self, grid: &Grid<A>) -> Result<Vec<f64>, Interrupted> {
        self.landscape.values_at(&self.curve.points(grid))
    }

    /// The losses on the grid of the objective; keeps the accuracies if there are any.
    fn measure_profile(&mut self, place: usize) -> Result<Vec<f64>, Interrupted> {
        let points = self.curve.points(&self.grid);
        if !self.landscape.has_accuracy() {
            return self.landscape.values_at(&points);
        }
        let (losses, accuracies) = self.landscape.values_and_accuracies_at(&points)?;
        self.accuracies[place] = Some(accuracies);
        Ok(losses)
    }

    /// Measures the accuracies that a resumed search lacks.
    fn complete_accuracies(&mut self) -> Result<(), Interrupted> {
        if !self.landscape.has_accuracy() {
            return Ok(());
        }
        if self.accuracies[BEST].is_none() {
            self.measure_profile(BEST)?;
        }
        if self.accuracies[STRAIGHT].is_none() {
            let mut straight = self.curve.clone();
            straight.free_mut().fill(A::zero());
            let best = std::mem::replace(&mut self.curve, straight);
            let measured = self.measure_profile(STRAIGHT);
            self.curve = best;
            measured?;
        }
        Ok(())
    }

    fn measure_straight_line(&mut self) -> Result<(), Halt> {
        let losses = self.measure_profile(STRAIGHT)?;
        check(&losses).map_err(|t| PathError::StraightLine { t })?;
        self.progress.straight_loss = losses;
        if let Some(start) = self.start.take() {
            self.curve.free_mut().copy_from_slice(&start);
            self.progress.best.coefficients = start;
        }
        Ok(())
    }

    /// The profile of the best path on the grid.
    fn measure(&mut self) -> Result<(), Halt> {
        let is_straight = self.curve.free().iter().all(|&coefficient| coefficient == A::zero());
        let losses = if self.progress.best.step == 0 && is_straight {
            let [straight, best] = &mut self.accuracies;
            best.clone_from(straight);
            self.progress.straight_loss.clone()
        } else {
            self.measure_profile(BEST)?
        };
        check(&losses).map_err(|t| PathError::BetweenPoints { t })?;
        self.progress.loss = losses;
        Ok(())
    }

    /// The final state of the descent, if it is kept. A descent that ended early does not continue,
    /// but its final state has its best path.
    fn kept_end(&mut self) -> Option<DescentEnd<A>> {
        let end = self.end.take();
        let ended = || DescentEnd {
            coefficients: self.curve.free().to_vec(),
            progress: SearchProgress { loss: Vec::new(), ..self.progress.clone() },
        };
        self.keeps_end.then(|| end.unwrap_or_else(ended))
    }

    fn found(&mut self) -> FoundPath<A> {
        let end = self.kept_end();
        let [straight, path] = std::mem::take(&mut self.accuracies);
        let accuracy = path.zip(straight);
        let accuracy = accuracy.map(|(path, straight)| AccuracyProfiles { path, straight });
        let SearchProgress { straight_loss, adam, best, stop, loss, maxima, .. } = &self.progress;
        let result = PathResult {
            barrier: highest(loss),
            // The points of the fine grid equal those of the grid up to rounding only, so take
            // both.
            fine_barrier: maxima
                .iter()
                .fold(highest(loss), |barrier, maximum| barrier.max(maximum.loss)),
            straight_barrier: highest(straight_loss),
            length: self.curve.length(&self.grid),
            length_straight: self.curve.endpoint_distance(),
            loss: loss.clone(),
            straight_loss: straight_loss.clone(),
            steps: adam.steps(),
            best_step: best.step,
            stop: stop.clone().expect("a path that is measured has been searched for"),
            accuracy,
        };
        FoundPath { curve: self.curve.clone(), result, end }
    }
}
