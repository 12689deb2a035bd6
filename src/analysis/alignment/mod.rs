//! Alignment: exchanges of hidden units that bring solutions together.
//!
//! Two solutions may be far apart only because their hidden units are numbered differently
//! (R. Entezari et al., ICLR 2022, arXiv:2110.06296; S. K. Ainsworth, J. Hayase and S. Srinivasa,
//! "Git Re-Basin", ICLR 2023, arXiv:2209.04836). The exchanges come from the
//! [`Symmetry`](crate::network::Symmetry) that a network declares. They leave its function as it is.
//!
//! | from | to | function |
//! |---|---|---|
//! | two vectors | the exchange of the second that brings it close to the first | [`match_weights`] |
//! | outputs of the hidden units on the same images | the exchange of most similar units | [`match_activations`] |
//! | a set of vectors | exchanges that bring all of them close to their mean | [`align_set`] |
//! | outputs of the hidden units of a set | exchanges that make all of them similar to their mean | [`align_outputs`] |
//! | two clusters of equal atoms | the exchange and the motion of the second that bring it close to the first | [`match_atoms`] |
//!
//! Neither method finds the closest of all exchanges in general: for two or more groups this is a
//! quadratic assignment problem. Of a single group whose units do not read each other, weight
//! matching finds it.

mod activations;
mod assignment;
mod atoms;
mod polish;
mod set;
mod set_outputs;
mod weights;

#[cfg(test)]
mod tests;

pub use activations::{UnitOutputs, match_activations};
pub use atoms::{AtomMatch, match_atoms};
pub use set::{SetAligner, SetAlignment, SetParameters, SetState, align_set, spread};
pub use set_outputs::{OutputAlignment, align_outputs};
pub use weights::{WeightMatch, match_weights};
