//! The refinement as a solver.

use super::certificate::{Certificate, HeightAfter};
use super::descent::Descent;
use super::graph::PathGraph;
use super::lowering::Lowering;
use super::parameters::RefineParameters;
use super::probe::{CountedLandscape, EvaluationCounts, Noise};
use super::saddle::{Saddle, SaddleSearch};
use super::string::StringPath;
use crate::landscape::{Interrupted, Landscape};
use crate::solver::{Solver, SolverStep};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a path cannot be refined.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RefineError {
    /// Value or gradient at an endpoint is not finite.
    #[error("value or gradient is not finite at the {} endpoint", ["first", "second"][*.end])]
    NotFinite {
        /// 0 or 1.
        end: usize,
    },
    /// There is no path between a point and itself.
    #[error("both endpoints are the same point")]
    SameEndpoints,
}

/// A string between two nodes, which is moved, or from whose top a saddle is searched for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gap {
    /// The nodes.
    pub(super) pair: [usize; 2],
    pub(super) string: StringPath,
}

/// The scale of a gap: differences far below it do not distinguish two nodes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct GapScale {
    /// The length of the string.
    pub(super) length: f64,
    /// The height of the string above its higher or lower endpoint.
    pub(super) climb: f64,
}

/// What the next step does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Evaluates the endpoints and the given path.
    Begin,
    /// Chooses a gap and evaluates the straight line across it.
    Choose,
    /// Lowers the curve across a gap. It need not be lower than the target.
    Lower { pair: [usize; 2], lowering: Lowering, target: f64 },
    /// Moves the string of a gap. It need not be lower than the target.
    Move { gap: Gap, target: f64 },
    /// Searches for a saddle from the top of a string.
    Climb { gap: Gap, search: SaddleSearch },
    /// Descends from a saddle on both sides.
    Fall { gap: Gap, saddle: Saddle, descents: [Descent; 2] },
    /// Descends from the point where a saddle search ended.
    Sink { descent: Descent, scale: GapScale },
    /// Checks the result.
    Certify,
}

/// The checkpoint of a refinement between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefineState {
    pub(super) phase: Phase,
    pub(super) graph: PathGraph,
    pub(super) work: EvaluationCounts,
    pub(super) noise: Noise,
    /// The median of |∇f| on the string between the endpoints.
    pub(super) typical_slope: f64,
    /// Only routes below this height are searched for.
    pub(super) below: f64,
    /// Saddle searches in a row that did not lower a complete route.
    pub(super) failures: u32,
    pub(super) heights: Vec<HeightAfter>,
    /// Whether all evaluations were spent.
    pub(super) is_spent: bool,
}

/// The refinement of a path: see the [module](super).
///
/// Its steps are: the given path; a straight line across a gap; one iteration of a lowered curve;
/// one sweep of a string; one step of a saddle search; one iteration of both descents; the
/// certificate. It can be resumed after any of them. A step works on a copy of the state, so an
/// interrupted step changes nothing.
pub struct Refine<'a> {
    landscape: &'a dyn Landscape<f64>,
    parameters: &'a RefineParameters,
    /// The path to refine.
    curve: Vec<Vec<f64>>,
    state: RefineState,
}

impl<'a> Refine<'a> {
    /// The refinement of the path through the points `curve`, `(M, P)`, M ≥ 2. The two endpoints
    /// alone are the straight line. A `state` resumes a refinement of the same path with the same
    /// parameters.
    ///
    /// # Panics
    /// If the curve has fewer than two points, or a string fewer than three.
    pub fn new(
        landscape: &'a dyn Landscape<f64>,
        curve: Vec<Vec<f64>>,
        parameters: &'a RefineParameters,
        state: Option<RefineState>,
    ) -> Self {
        assert!(curve.len() >= 2, "a path has two ends");
        assert!(parameters.points >= 3, "a string has a point between its ends");
        let state = state.unwrap_or(RefineState {
            phase: Phase::Begin,
            graph: PathGraph::default(),
            work: EvaluationCounts::default(),
            noise: Noise::default(),
            typical_slope: 0.0,
            below: f64::INFINITY,
            failures: 0,
            heights: Vec::new(),
            is_spent: false,
        });
        Self { landscape, parameters, curve, state }
    }

    /// Evaluations so far.
    pub fn work(&self) -> EvaluationCounts {
        self.state.work
    }

    /// The lowest height known after each improvement.
    pub fn heights(&self) -> &[HeightAfter] {
        &self.state.heights
    }
}

impl Solver for Refine<'_> {
    type Output = Result<Certificate, RefineError>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        let mut state = self.state.clone();
        let probe =
            CountedLandscape { landscape: self.landscape, work: state.work, noise: state.noise };
        let (curve, parameters) = (&self.curve[..], self.parameters);
        let mut advance = Advance { state: &mut state, probe, curve, parameters };
        let finished = advance.step()?;
        let CountedLandscape { work, noise, .. } = advance.probe;
        (state.work, state.noise) = (work, noise);
        self.state = state;
        Ok(finished.map_or(SolverStep::Continue, SolverStep::Finished))
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        let has_begun = !matches!(self.state.phase, Phase::Begin);
        has_begun.then_some(&self.state)
    }

    fn progress(&self) -> (f64, f64) {
        let fraction = self.state.work.in_gradients() / self.parameters.max_gradients;
        (fraction.min(1.0), self.state.heights.last().map_or(f64::NAN, |last| last.height))
    }
}

/// One step.
pub(super) struct Advance<'s, 'p> {
    pub(super) state: &'s mut RefineState,
    pub(super) probe: CountedLandscape<'p>,
    pub(super) curve: &'s [Vec<f64>],
    pub(super) parameters: &'s RefineParameters,
}

/// Minimum number of evaluations before a search without any saddle ends.
const MIN_FRUITLESS: f64 = 1000.0;

type Finished = Option<Result<Certificate, RefineError>>;

impl Advance<'_, '_> {
    fn step(&mut self) -> Result<Finished, Interrupted> {
        let phase = std::mem::replace(&mut self.state.phase, Phase::Choose);
        self.state.phase = match phase {
            Phase::Begin => match self.begin()? {
                Ok(()) => Phase::Choose,
                Err(error) => return Ok(Some(Err(error))),
            },
            Phase::Certify => match self.certify()? {
                None => Phase::Choose,
                Some(certificate) => return Ok(Some(Ok(certificate))),
            },
            phase if self.is_spent() => {
                self.state.is_spent = true;
                self.give_up(phase)?
            }
            phase if self.is_fruitless(&phase) => self.give_up(phase)?,
            Phase::Choose => self.choose()?,
            Phase::Lower { pair, lowering, target } => self.lower(pair, lowering, target)?,
            Phase::Move { gap, target } => self.move_string(gap, target)?,
            Phase::Climb { gap, search } => self.climb(gap, search)?,
            Phase::Fall { gap, saddle, descents } => self.fall(gap, saddle, descents)?,
            Phase::Sink { descent, scale } => self.sink(descent, scale)?,
        };
        self.record_height();
        Ok(None)
    }

    fn is_spent(&self) -> bool {
        self.probe.work.in_gradients() >= self.parameters.max_gradients
    }

    /// Whether no saddle was found, and half of the evaluations have not lowered the path.
    fn is_fruitless(&self, phase: &Phase) -> bool {
        let is_lowered = matches!(phase, Phase::Lower { .. });
        let work = self.probe.work.in_gradients();
        let since = self.state.heights.last().map_or(0.0, |after| after.work.in_gradients());
        let no_saddle = self.state.graph.links.iter().all(|link| link.saddle.is_none());
        !is_lowered && no_saddle && work > MIN_FRUITLESS && work > 2.0 * since
    }

    /// Keeps the result of the present string.
    fn give_up(&mut self, phase: Phase) -> Result<Phase, Interrupted> {
        match phase {
            Phase::Move { gap, .. } | Phase::Climb { gap, .. } | Phase::Fall { gap, .. } => {
                self.keep(&gap)?;
            }
            Phase::Lower { pair, lowering, target } => {
                self.keep_curve(pair, &lowering, target)?;
            }
            Phase::Begin | Phase::Choose | Phase::Sink { .. } | Phase::Certify => {}
        }
        Ok(Phase::Certify)
    }

    fn record_height(&mut self) {
        let Some(chain) = self.state.graph.minimax(false) else { return };
        let before = self.state.heights.last().map_or(f64::INFINITY, |last| last.height);
        if chain.height < before {
            let work = self.probe.work;
            self.state.heights.push(HeightAfter { work, height: chain.height });
        }
    }

    /// The value of the lower endpoint.
    pub(super) fn lower_endpoint(&self) -> f64 {
        let nodes = &self.state.graph.nodes;
        nodes[0].value.min(nodes[1].value)
    }

    /// The value of the higher endpoint.
    pub(super) fn higher_endpoint(&self) -> f64 {
        let nodes = &self.state.graph.nodes;
        nodes[0].value.max(nodes[1].value)
    }

    /// Differences from a height below this are ignored: the requested accuracy, rounding errors,
    /// and four times the noise.
    pub(super) fn tolerance(&self, height: f64) -> f64 {
        let climb = (height - self.lower_endpoint()).abs();
        let noise = 4.0 * self.probe.noise.relative * climb.max(height.abs());
        (self.parameters.accuracy * climb).max(noise).max(8.0 * f64::EPSILON * height.abs())
    }
}
