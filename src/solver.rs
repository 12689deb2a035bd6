//! Resumable computations: they advance by steps, report their progress, and can be checkpointed
//! between two steps.
//!
//! A step takes seconds at most. An evaluation inside a step can be [`Interrupted`]; the solver is
//! then unchanged, as if the step had not started. A resumed solver gives the same bits as one that
//! was never suspended.

use crate::landscape::Interrupted;
use serde::Serialize;

/// What follows a step.
#[derive(Clone, Debug, PartialEq)]
pub enum SolverStep<T> {
    /// There is more to do.
    Continue,
    /// It was the last one, and this is the result. `step` must not be called again.
    Finished(T),
}

/// A computation that advances by steps.
pub trait Solver {
    /// The result.
    type Output;

    /// Takes the next step.
    ///
    /// # Errors
    /// If an evaluation was interrupted. The solver is then as before the step.
    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted>;

    /// The state to checkpoint. `None` before the first step.
    fn state(&self) -> Option<impl Serialize + '_>;

    /// The fraction that is done, in [0, 1], and the current loss.
    fn progress(&self) -> (f64, f64);
}

/// Called after each step with the fraction that is done, in [0, 1], and the current loss. The
/// computation continues while it returns `true`.
pub type Watch<'a> = dyn FnMut(f64, f64) -> bool + 'a;

/// Takes all steps. `None` if `watch` stopped the computation or a step was interrupted.
pub fn complete<S: Solver>(mut solver: S, watch: &mut Watch) -> Option<S::Output> {
    loop {
        match solver.step().ok()? {
            SolverStep::Finished(output) => return Some(output),
            SolverStep::Continue => {
                let (fraction, loss) = solver.progress();
                if !watch(fraction, loss) {
                    return None;
                }
            }
        }
    }
}
