//! Kernel PCA.

use super::eigen::{self, Eigenpairs};
use super::{Centering, EmbeddingError, Kernel, Vectors};
use crate::kernels::Real;
use ndarray::{Array1, Array2, ArrayView2, s};

/// Kernel PCA of n vectors: the k directions of largest variance in the feature space of the
/// kernel.
///
/// With K̃ v = λ v for the centered kernel matrix, |v| = 1, component c of vector i is `√λ_c v_ic`:
/// the coordinate along a unit vector of feature space, as in scikit-learn's `KernelPCA`. The signs
/// are the same as well: in each v, the entry of largest magnitude is positive, the first one if
/// several are equal.
///
/// **Rank.** An eigenvalue is accurate to `10 n ε max(λ₁, max |K_ij|)`. The first argument is the
/// accepted error of LAPACK, the second the error of centering if all vectors have a large common
/// part. An eigenvalue that is closer to 0 is set to 0, and so are its components.
#[derive(Clone, Debug)]
pub struct KernelPcaFit<'a, A> {
    kernel: Kernel,
    vectors: Vectors<'a, A>,
    centering: Centering,
    eigenvalues: Array1<f64>,
    eigenvectors: Array2<f64>,
    explained: Array1<f64>,
    negative: f64,
}

impl<'a, A: Real> KernelPcaFit<'a, A> {
    /// Kernel PCA of the rows of `vectors` `(n, P)`. There are min(`components`, n) components,
    /// because the kernel matrix has n eigenvectors (the one with eigenvalue 0 is constant).
    ///
    /// # Errors
    /// [`EmbeddingError`]: fewer than two vectors, one that is not finite, parameters or values of
    /// the kernel that are out of range, a failure of LAPACK.
    #[expect(clippy::needless_pass_by_value, reason = "a view is passed as a reference is")]
    pub fn fit(
        vectors: ArrayView2<'a, A>,
        kernel: Kernel,
        components: usize,
    ) -> Result<Self, EmbeddingError> {
        Self::fit_union(Vectors::check([vectors])?, kernel, components)
    }

    /// As [`Self::fit`], for vectors from several sets.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_union(
        vectors: Vectors<'a, A>,
        kernel: Kernel,
        components: usize,
    ) -> Result<Self, EmbeddingError> {
        let count = vectors.len();
        if count < 2 {
            return Err(EmbeddingError::TooFew { count });
        }
        let mut matrix = kernel.matrix(&vectors)?;
        let magnitude = matrix.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let centering = Centering::of(&matrix);
        centering.center(&mut matrix);
        let kept = components.min(count);
        let Eigenpairs { mut values, vectors: eigenvectors } = eigen::symmetric(&matrix, kept)?;
        let noise = eigen::tolerance(count) * values[0].max(magnitude);
        values.mapv_inplace(|value| if value.abs() <= noise { 0.0 } else { value });
        let (positive, negative) = totals(&values);
        let eigenvalues = values.slice(s![..kept]).mapv(|value| value.max(0.0));
        let explained =
            eigenvalues.mapv(|value| if positive > 0.0 { value / positive } else { 0.0 });
        let negative = if negative > 0.0 { negative / (positive + negative) } else { 0.0 };
        Ok(Self { kernel, vectors, centering, eigenvalues, eigenvectors, explained, negative })
    }

    /// The kernel of the fit.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// `(k,)` eigenvalues λ of K̃, descending; 0 beyond the rank and in place of negative ones.
    /// λ / n is the variance along the component.
    pub fn eigenvalues(&self) -> &Array1<f64> {
        &self.eigenvalues
    }

    /// `(n, k)` orthonormal eigenvectors of K̃ in columns.
    pub fn eigenvectors(&self) -> &Array2<f64> {
        &self.eigenvectors
    }

    /// `(k,)` share of each component in the variance: `λ_c` divided by the sum of all positive
    /// eigenvalues, not only of the first k. All 0 if the vectors are equal in feature space.
    pub fn explained(&self) -> &Array1<f64> {
        &self.explained
    }

    /// Σ |λ < 0| / Σ |λ|: 0 for a kernel that is positive semidefinite on the vectors. The larger
    /// it is, the less the kernel is an inner product, and the less the projection means.
    pub fn negative(&self) -> f64 {
        self.negative
    }

    /// `(n, k)` components `√λ_c v_ic` of the vectors of the fit.
    pub fn projection(&self) -> Array2<f64> {
        &self.eigenvectors * &self.eigenvalues.mapv(f64::sqrt)
    }

    /// `(m, k)` components of new vectors `(m, P)`: `Σ_i k̃(x', x_i) v_ic / √λ_c`, with k̃ centered
    /// about the mean of the fit. For the vectors of the fit the result equals
    /// [`Self::projection`]. An error of k̃ is amplified by `1/√λ_c`, so components with small
    /// eigenvalues are the least accurate.
    ///
    /// # Errors
    /// [`EmbeddingError::Width`] for vectors of another length, [`EmbeddingError::NotFinite`],
    /// [`EmbeddingError::KernelValue`].
    #[expect(clippy::needless_pass_by_value, reason = "a view is passed as a reference is")]
    pub fn transform(&self, new: ArrayView2<'_, A>) -> Result<Array2<f64>, EmbeddingError> {
        let mut between = self.kernel.matrix_between(&Vectors::check([new])?, &self.vectors)?;
        self.centering.center_new(&mut between);
        let scale =
            self.eigenvalues.mapv(|value| if value > 0.0 { value.sqrt().recip() } else { 0.0 });
        Ok(between.dot(&(&self.eigenvectors * &scale)))
    }
}

/// Σ λ over the positive and Σ |λ| over the negative eigenvalues.
fn totals(values: &Array1<f64>) -> (f64, f64) {
    values.iter().fold((0.0, 0.0), |(positive, negative), &value| {
        if value > 0.0 { (positive + value, negative) } else { (positive, negative - value) }
    })
}
