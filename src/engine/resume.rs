//! Solvers on a rank that may be asked to stop.

use crate::engine::console::say;
use crate::engine::parallel::Control;
use crate::landscape::Interrupted;
use crate::solver::{Solver, SolverStep};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How a task ended.
#[derive(Serialize, Deserialize)]
pub enum Ended<R> {
    /// Finished, with its result.
    Finished(R),
    /// Suspended; with the state to resume from, `None` before the first step.
    Suspended(Option<Vec<u8>>),
    /// Failed, because what computes the landscape has failed.
    Failed {
        /// Why.
        reason: String,
        /// Whether the process that computes it is gone.
        died: bool,
    },
}

impl<R> Ended<R> {
    /// The end of a task that has no state to resume from.
    pub fn of(result: Result<R, Interrupted>) -> Self {
        result.map_or(Self::Suspended(None), Self::Finished)
    }

    /// Converts the result.
    pub fn map<S>(self, convert: impl FnOnce(R) -> S) -> Ended<S> {
        match self {
            Self::Finished(result) => Ended::Finished(convert(result)),
            Self::Suspended(state) => Ended::Suspended(state),
            Self::Failed { reason, died } => Ended::Failed { reason, died },
        }
    }
}

/// Maximum size of a state. A task with a larger state starts over, because the state does not fit
/// into a message.
pub const MAX_STATE_BYTES: usize = 1 << 30;

/// Takes steps until the end or until a stop is requested. Hands in the state when a checkpoint is
/// due.
pub fn drive<S: Solver>(mut computation: S, control: &Control) -> Ended<S::Output> {
    loop {
        if control.stop_requested() {
            return Ended::Suspended(encode(&computation));
        }
        if control.save_due()
            && let Some(state) = encode(&computation)
        {
            control.save(state);
        }
        match computation.step() {
            Err(Interrupted) => return Ended::Suspended(encode(&computation)),
            Ok(SolverStep::Finished(output)) => return Ended::Finished(output),
            Ok(SolverStep::Continue) => {
                let (fraction, loss) = computation.progress();
                control.report(fraction, loss);
            }
        }
    }
}

fn encode<S: Solver>(computation: &S) -> Option<Vec<u8>> {
    let bytes = postcard::to_allocvec(&computation.state()?).expect("a state is plain data");
    (bytes.len() <= MAX_STATE_BYTES).then_some(bytes)
}

/// Decodes a state of [`drive`].
pub fn decode<T: DeserializeOwned>(bytes: Option<&[u8]>) -> Option<T> {
    let decoded = postcard::from_bytes(bytes?);
    decoded
        .inspect_err(|error| {
            say(format_args!("a checkpoint cannot be read, its task starts over: {error}"));
        })
        .ok()
}
