//! Low-loss paths between solutions.
//!
//! # A method of one's own
//! A method is a file with a [`PathMethod`] and a line in [`METHODS`]. Where its curves are a straight
//! line plus some shapes, the file says what the shapes are: `polyline.rs` is an example. Tests and
//! configurations take it from the registry.

pub mod batches;
pub mod bent;
pub mod curve;
pub mod finder;
pub mod fourier;
pub mod grid;
pub mod parameters;
pub mod polyline;
pub mod registry;
pub mod result;
pub mod search;
pub mod set;
#[cfg(test)]
mod tests;
pub mod track;

pub use batches::Batches;
pub use bent::{Bent, Shapes};
pub use curve::Curve;
pub use finder::{FoundPath, PathError, find_path, find_path_for};
pub use fourier::Sines;
pub use grid::{Grid, equally_spaced};
pub use parameters::{Objective, PathParameters};
pub use polyline::Hats;
pub use registry::{ChosenMethod, CurvePrecision, METHODS, PathMethod, Straight, StraightIn};
pub use result::{PathResult, PathStop};
pub use search::{PathSearch, PathState};
pub use set::PathSet;
pub use track::Track;
