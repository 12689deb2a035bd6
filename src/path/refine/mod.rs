//! From a path to a pass: the lowest maximum that can be found between two points, with a
//! certificate.
//!
//! A landscape needs values, gradients and products with the Hessian. The method grows a graph
//! until the endpoints are connected:
//!
//! 1. `lowering.rs`: L-BFGS minimizes the soft maximum of a smooth curve between the endpoints. On
//!    the losses of networks this alone reaches the height of the higher endpoint. Then the
//!    refinement is done.
//! 2. `string.rs`: points at equal distances move downhill across the path, until its height
//!    changes little. This need not converge; it provides a start.
//! 3. `saddle.rs`: from the top, uphill along one eigenvector of the Hessian and downhill along all
//!    others, to a point with exactly one descending direction. A point with several is left along
//!    the second of them, because the path can be lowered there.
//! 4. `descent.rs`: descents from the saddle on both sides. Their final points become nodes of a
//!    graph (`graph.rs`), joined at the height of the saddle.
//! 5. `route.rs`: if these are not the endpoints, the cheapest missing connection is searched for
//!    in the same way. A straight line or a string that is lower than the other saddles of its
//!    route needs no saddle.
//! 6. Once the endpoints are connected, routes that avoid the highest saddle are tried.
//!
//! The result is the path through the graph with the lowest maximum, with its [`Certificate`].
//!
//! A search that ends without a saddle is still useful: if its last point is low, it becomes a
//! node, and two shorter gaps replace one. If no saddle was found and half of the evaluations have
//! not lowered the path, the refinement ends.
//!
//! Thresholds follow from the landscape: from the climb, from the distance between points, and from
//! the noise of the gradients, which is measured. A landscape in single precision takes part
//! through [`Widened`]. Directions along which a landscape never changes are left out of its
//! Hessian, if it declares them. Otherwise zero eigenvalues are tolerated.
//!
//! # Compared with other methods
//! Evaluations (in gradients) from the straight line until the height of the top stays within 10⁻²
//! / 10⁻⁴ / 10⁻⁶ of the climb; a dash if it does not within 20 000. The last column is this method,
//! to 10⁻⁷ or better, with descents, eigenvalues and one attempt to find a lower route included.
//!
//! | from, to | string, 17 points | climbing string, 9 | soft maximum, 33 | this |
//! |---|---|---|---|---|
//! | two wells | 122 / – / – | 37 / 107 / 114 | 414 / 414 / – | 346 |
//! | Müller–Brown 1–2 | 197 / – / – | 58 / 93 / 100 | 650 / – / – | 454 |
//! | Müller–Brown 1–3 | 242 / 16 652 / – | 100 / 121 / 128 | 783 / – / – | 579 |
//! | Müller–Brown 3–2 | 32 / 62 / – | 100 / 107 / 121 | 64 / 10 751 / – | 322 |
//! | double wells, 2 of 12 signs | – / – / – | – / – / – | – / – / – | 456 |
//! | double wells, 10 of 12 signs | – / – / – | – / – / – | – / – / – | 1532 |
//! | 7 atoms, −15.4447 | 92 / 152 / – | 37 / 128 / 170 | 219 / 367 / 505 | 360 |
//! | 7 atoms, −15.3199 | 77 / 152 / 602 | 37 / 114 / 149 | 188 / 339 / 480 | 366 |
//! | 13 atoms, −40.4327 | 467 / 2732 / – | 310 / 387 / 898 | 2190 / 2190 / 3154 | 1346 |
//!
//! - Between neighboring minima a climbing string needs a third of the evaluations. It knows
//!   neither the number of descending directions nor what lies below its top. On a symmetric path
//!   it stays on a top with several descending directions.
//! - A string alone has the accuracy of its points, and its height between them is an estimate.
//! - The soft maximum in the table, (1/β) log Σ exp(β f) with growing β, moves free points at equal
//!   distances by steepest descent. That of `lowering.rs` moves few coefficients by L-BFGS. On the
//!   losses of networks it is faster by far: between two perceptrons on 3000 images it comes from
//!   2.4 to the height of the higher endpoint in 1500 evaluations. Adam, which minimizes the sum
//!   along the same curve, is at 0.05 after 2000.
//! - The lowered curve costs 100 to 250 evaluations where strings are as good. The benchmark is 30
//!   pairs of minima of seven numbered atoms, between which a path leads over many saddles. With
//!   the curve, 29 pairs instead of 27 are certified, at the same mean height, with 2850 instead of
//!   2470 evaluations.

mod certificate;
mod certify;
mod descent;
mod gaps;
mod graph;
mod known;
mod lowering;
mod parameters;
mod passes;
mod probe;
mod profile;
mod quadratic;
mod route;
mod saddle;
mod search;
mod spectrum;
mod string;
mod subspace;
#[cfg(test)]
mod tests;
mod vectors;
mod widened;

pub use certificate::{
    Certificate, Condition, Destination, Eigenvalue, HeightAfter, Side, Verdict,
};
pub use known::{KnownGraph, KnownPass, KnownPoint, MAX_KEPT_DIMENSION};
pub use parameters::RefineParameters;
pub use probe::EvaluationCounts;
pub use search::{Refine, RefineError, RefineState};
pub use widened::Widened;
