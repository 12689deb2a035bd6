//! Planes and lines through the landscape: their origin and directions, and where vectors lie.
//!
//! | plane | origin | directions | unit of the coordinates |
//! |---|---|---|---|
//! | through solutions, [`PlaneBasis::through`] | the first solution | orthonormal | distance |
//! | [random](random_direction) | a solution | normalized filter by filter | norms of the filters |
//! | leading eigenvectors of the Hessian | a solution | orthonormal | distance |
//! | of a path or trajectory, [`principal_plane`] | mean of its points | orthonormal | distance |
//!
//! The span of origin and directions is evaluated as
//! [`Combinations`](crate::combinations::Combinations), so a network computes its first layer for
//! two or three vectors instead of for every point.

mod basis;
mod grid;
mod principal;
mod random;

#[cfg(test)]
mod tests;

pub use basis::{PlaneBasis, PlaneError, PlanePlace};
pub use grid::SurfaceGrid;
pub use principal::{PrincipalPlane, principal_plane};
pub use random::random_direction;
