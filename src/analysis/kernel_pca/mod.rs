//! Kernel PCA: projects sets of parameter vectors on the few directions in which they differ most.
//!
//! B. Schölkopf, A. Smola and K.-R. Müller, "Nonlinear component analysis as a kernel eigenvalue
//! problem", Neural Computation 10, 1299 (1998), <https://doi.org/10.1162/089976698300017467>.
//!
//! ```text
//! vectors (n, P) ─ Kernel::matrix ─▶ K (n, n) ─ Centering ─▶ K̃ = K − 1K − K1 + 1K1 ─ eigenpairs ─▶ (n, k)
//! ```
//! with 1 the (n, n) matrix of entries 1/n. All computations from the products on are in `f64`. The
//! vectors are not copied.
//!
//! | step | call | BLAS / LAPACK |
//! |---|---|---|
//! | x·x' of column blocks, off the diagonal | [`ndarray::linalg::general_mat_mul`] | `dgemm` |
//! | the same on the diagonal | `routines` | `dsyrk` |
//! | all eigenvalues of K̃ and k eigenvectors | `routines` | `dsytrd`, `dsterf`, `dstemr`, `dormtr` |
//! | the same if these fail | [`ndarray_linalg::Eigh`] | `dsyev` |
//! | their residual, projection of new vectors | [`ndarray::linalg::Dot`] | `dgemm` |

pub mod centering;
mod eigen;
pub mod error;
pub mod kernel;
#[expect(clippy::module_inception, reason = "the analysis itself, next to its parts")]
pub mod kernel_pca;
mod products;
mod routines;
pub mod vectors;

pub use centering::Centering;
pub use error::EmbeddingError;
pub use kernel::{Kernel, MAX_KERNEL_VALUE};
pub(crate) use kernel::{power_overflows, shortest};
pub use kernel_pca::KernelPcaFit;
pub use vectors::Vectors;
