//! Low-loss paths between solutions.
//!
//! # How to add a path method
//! A path method is one file with a [`PathMethod`] and one line in [`METHODS`]. If its curves are a
//! straight line plus shapes, the file only defines the shapes; `polyline.rs` is an example. Tests
//! and configurations find the method in the registry.

pub mod batches;
pub mod bent;
pub mod curve;
pub mod finder;
pub mod fourier;
pub mod grid;
pub mod parameters;
pub mod polyline;
pub mod refine;
pub mod registry;
pub mod result;
pub mod search;
#[cfg(test)]
mod tests;
pub mod track;

pub use batches::Batches;
pub use bent::{Bent, Shapes};
pub use curve::{Curve, equally_spaced_points, points_at};
pub use finder::{FoundPath, PathError, find_path, find_path_for};
pub use fourier::Sines;
pub use grid::{Grid, equally_spaced};
pub use parameters::{Objective, PathParameters, RateSchedule};
pub use polyline::HatFunctions;
pub use registry::{ChosenMethod, CurvePrecision, METHODS, PathMethod, Straight, StraightIn};
pub use result::{AccuracyProfiles, PathResult, PathSet, PathStop};
pub use search::{DescentEnd, PathSearch, PathState};
pub use track::Track;
