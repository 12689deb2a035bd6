//! A suspended optimizer in a checkpoint: the number of its kind, then its state.

use super::kinds::sgd;
use super::{OPTIMIZERS, OptimizerKind, OptimizerRun};
use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Version 0.1.0 had the numbers 0 for SGD without momentum and 1 for L-BFGS. The position in
/// [`OPTIMIZERS`] counts from here.
const FIRST: usize = 2;

/// A running optimizer, with its kind.
pub struct OptimizerState {
    kind: &'static dyn OptimizerKind,
    /// The optimizer.
    pub run: Box<dyn OptimizerRun>,
}

impl OptimizerState {
    pub fn new(kind: &'static dyn OptimizerKind, run: Box<dyn OptimizerRun>) -> Self {
        Self { kind, run }
    }
}

impl fmt::Debug for OptimizerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Serialize for OptimizerState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = OPTIMIZERS.iter().position(|kind| kind.name() == self.kind.name());
        let place = place.expect("every optimizer is listed");
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&((FIRST + place) as u32))?;
        pair.serialize_element(&self.run)?;
        pair.end()
    }
}

impl<'de> Deserialize<'de> for OptimizerState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(2, Pair)
    }
}

struct Pair;

impl<'de> Visitor<'de> for Pair {
    type Value = OptimizerState;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of an optimizer and its state")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut pair: S) -> Result<OptimizerState, S::Error> {
        let missing = || S::Error::custom("the state of an optimizer ends early");
        let number: u32 = pair.next_element()?.ok_or_else(missing)?;
        pair.next_element_seed(StateOf(number as usize))?.ok_or_else(missing)
    }
}

/// The state of the optimizer with this number.
struct StateOf(usize);

impl<'de> DeserializeSeed<'de> for StateOf {
    type Value = OptimizerState;

    fn deserialize<D: Deserializer<'de>>(self, stored: D) -> Result<OptimizerState, D::Error> {
        let kind = match self.0 {
            0 => {
                let run = sgd::resume_first(stored)?;
                return Ok(OptimizerState { kind: &sgd::KIND, run });
            }
            // The state of L-BFGS has not changed since.
            1 => OPTIMIZERS.get(1),
            number => OPTIMIZERS.get(number - FIRST),
        };
        let kind =
            *kind.ok_or_else(|| D::Error::custom(format!("there is no optimizer {}", self.0)))?;
        let mut stored = <dyn erased_serde::Deserializer<'_>>::erase(stored);
        let run = kind.resume(&mut stored).map_err(D::Error::custom)?;
        Ok(OptimizerState { kind, run })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkpoint of version 0.1.0: variant, learning rate, batch size, epochs, θ.
    #[test]
    fn a_checkpoint_of_version_0_1_0_is_read() {
        let theta = vec![0.5_f32, -1.0];
        let bytes =
            postcard::to_allocvec(&(0_u32, (0.1_f64, 64_usize, 80_usize), theta.clone(), 7_u8));
        let (state, next): (OptimizerState, u8) = postcard::from_bytes(&bytes.unwrap()).unwrap();
        assert_eq!((state.kind.name(), state.run.theta(), next), ("sgd", &theta[..], 7));
        let again = postcard::to_allocvec(&state).unwrap();
        let again: OptimizerState = postcard::from_bytes(&again).unwrap();
        assert_eq!((again.kind.name(), again.run.theta()), ("sgd", &theta[..]));
    }

    #[test]
    fn an_unknown_optimizer_is_an_error() {
        let bytes = postcard::to_allocvec(&(99_u32, 1.0_f64)).unwrap();
        assert!(postcard::from_bytes::<OptimizerState>(&bytes).is_err());
    }
}
