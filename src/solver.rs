//! Long computations that go by steps: they can be watched, stored between two steps, and taken up
//! again elsewhere.
//!
//! A step is seconds of work at most. Where one takes longer it can be [`Interrupted`] in its middle, and
//! is then as if it had never begun. What is taken up again ends with the same bits as what was never put down.

use crate::landscape::Interrupted;
use serde::Serialize;

/// What a step came to.
#[derive(Clone, Debug, PartialEq)]
pub enum SolverStep<T> {
    /// There is more to do.
    Continue,
    /// It was the last one; no further one may be asked for.
    Finished(T),
}

/// A computation that goes by steps.
pub trait Solver {
    /// What it is done for.
    type Output;

    /// Takes the next step.
    ///
    /// # Errors
    /// If an evaluation was interrupted; everything is then as before the step.
    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted>;

    /// What the next steps depend on besides what the computation was made with; nothing before there
    /// is anything worth keeping.
    fn state(&self) -> Option<impl Serialize + '_>;

    /// How much is done, in [0, 1], and the loss at present.
    fn progress(&self) -> (f64, f64);
}

/// What a computation is told of its progress: how far it is, in [0, 1], and its loss. It goes on
/// while the answer is `true`.
pub type Watch<'a> = dyn FnMut(f64, f64) -> bool + 'a;

/// Takes all steps; nothing when `watch` stopped them or one was interrupted.
pub fn complete<S: Solver>(mut computation: S, watch: &mut Watch) -> Option<S::Output> {
    loop {
        match computation.step().ok()? {
            SolverStep::Finished(output) => return Some(output),
            SolverStep::Continue => {
                let (fraction, loss) = computation.progress();
                if !watch(fraction, loss) {
                    return None;
                }
            }
        }
    }
}
