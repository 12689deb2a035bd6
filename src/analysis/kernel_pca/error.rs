//! The errors of kernel PCA.

use ndarray_linalg::error::LinalgError;
use thiserror::Error;

/// Why a kernel matrix or a kernel PCA cannot be computed.
#[derive(Debug, Error)]
pub enum EmbeddingError {
    /// There are fewer than two vectors.
    #[error("kernel PCA needs at least 2 vectors, but there are {count}")]
    TooFew {
        /// Vectors given.
        count: usize,
    },
    /// Vectors of different networks cannot be compared.
    #[error(
        "row {row} has {found} components, but {expected} are expected; compare vectors of one \
         network only"
    )]
    Width {
        /// First row of the part that differs, counted over all parts.
        row: usize,
        /// Components of the other vectors.
        expected: usize,
        /// Components of this one.
        found: usize,
    },
    /// A vector holds a NaN or an infinity.
    #[error(
        "component {column} of the vector in row {row} is {value}; leave out vectors of runs that diverged"
    )]
    NotFinite {
        /// Its row, counted over all parts.
        row: usize,
        /// The first such component of that row.
        column: usize,
        /// NaN or ±∞.
        value: f64,
    },
    /// A parameter of the kernel is out of range.
    #[error("kernel parameter {parameter} = {value}: it must be {requirement}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        requirement: &'static str,
    },
    /// A value of the kernel is not finite, or so large that later sums and squares overflow.
    #[error("the kernel of rows {row} and {column} is {value:e}; {remedy}")]
    KernelValue {
        /// Row in the kernel matrix.
        row: usize,
        /// Column in the kernel matrix.
        column: usize,
        /// The value.
        value: f64,
        /// The remedy for this kernel.
        remedy: &'static str,
    },
    /// LAPACK reported a failure.
    #[error(
        "the eigenvalues of the kernel matrix could not be computed; check the BLAS and LAPACK installation"
    )]
    Lapack(#[source] LinalgError),
    /// LAPACK reported success, but its result does not solve the eigenproblem.
    #[error(
        "the eigenvectors of the kernel matrix are off by {defect:e}, more than {limit:e}; \
         check the BLAS and LAPACK installation"
    )]
    Unconverged {
        /// The larger of max |Kv − λv| / max |λ| and max |vᵀv' − δ|.
        defect: f64,
        /// The error that rounding explains.
        limit: f64,
    },
}
