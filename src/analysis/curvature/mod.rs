//! Curvature: eigenvalues of the Hessian at a point, its trace and the density of its spectrum.
//!
//! Everything is computed from products of the Hessian with vectors. The Hessian itself, `(P, P)`,
//! is never formed.
//!
//! | for | use | products |
//! |---|---|---|
//! | the k largest and the lowest eigenvalues, with residuals and eigenvectors | [`Eigenvalues`] | 20 to 200 |
//! | the trace, with a standard error | [`Probe`] of one step, [`trace`] | 1 a probe |
//! | the density of the spectrum | [`Probe`] of m steps, [`density`] | m a probe |
//! | products with the Hessian of a landscape | [`hessian_at`] | |
//! | a measure that does not depend on the scale of the weights | [`scaled`], [`filter_norms`] | |
//!
//! A product is a central difference of two gradients, exact for analytic landscapes. In double
//! precision its error is about 4e-11 of the largest eigenvalue. Networks with ReLU have kinks: the
//! difference then includes the jumps of the gradient at the few kinks between its two points. So
//! it is the curvature of the loss averaged over a distance of 1e-5 of the weights, not the second
//! derivative.
//!
//! # Distribution and checkpoints
//! [`Eigenvalues`] and [`Probe`] are solvers: one step is one product. Each probe is independent of
//! all others and takes its vector from its own random stream, so it can be a task of its own.
//!
//! The state of a solver is its orthonormal basis: n vectors of P numbers after n products, 8 n P
//! bytes (FCP, 100 products: 34 MB). Full orthogonalization needs all of them. Storing only the
//! last two is not enough, and storing them in single precision would change the bits after a
//! resume. A vector in the basis never changes. The only shorter state is the random seed, from
//! which all products can be repeated. So a checkpoint pays if writing 8 n P bytes is faster than
//! repeating the products since the last checkpoint. This is not the case after each product of a
//! small network on few images, but always when a product takes seconds. [`state_bytes`] predicts
//! the size.

mod density;
mod eigenvalues;
mod hessian;
mod krylov;
mod probe;
mod sharpness;
mod trace;

#[cfg(test)]
mod tests;

pub use density::{Density, density};
pub use eigenvalues::{
    Eigenpair, Eigenvalues, EigenvaluesState, Spectrum, SpectrumEnd, SpectrumParameters,
};
pub use hessian::{HessianProduct, filter_norms, hessian_at, scaled};
pub use krylov::state_bytes;
pub use probe::{Probe, ProbeState, Quadrature};
pub use sharpness::Sharpness;
pub use trace::{Trace, trace};

use thiserror::Error;

/// Why there is no curvature at a point.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CurvatureError {
    /// A product of the Hessian is NaN or infinite.
    #[error("product {product} of the Hessian with a vector is not finite")]
    NotFinite {
        /// Number of the product, from 1.
        product: usize,
    },
    /// The small eigenvalue problem was not solved.
    #[error("no eigenvalues of the Hessian projected on {size} vectors")]
    Projected {
        /// Vectors of the basis.
        size: usize,
    },
}
