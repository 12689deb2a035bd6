//! Centering in feature space, computed from the kernel matrix only.

use ndarray::{Array1, Array2, Axis};

/// The means of the kernel matrix of a fit, which centering needs.
///
/// Subtracting the mean feature vector of the fit from every feature vector turns K into
/// K̃ = K − 1K − K1 + 1K1 with 1 the matrix of entries 1/n: all rows and columns then sum to 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Centering {
    /// `(n,)` means of the rows of K, which are those of its columns.
    means: Array1<f64>,
    /// Mean of all of K.
    mean: f64,
}

impl Centering {
    /// The means of the symmetric `(n, n)` kernel matrix of a fit.
    pub fn of(kernel: &Array2<f64>) -> Self {
        let count = kernel.nrows().max(1) as f64;
        let means = kernel.sum_axis(Axis(1)) / count;
        let mean = means.sum() / count;
        Self { means, mean }
    }

    /// Centers the kernel matrix of the fit itself; a symmetric matrix stays symmetric to the bit.
    ///
    /// # Panics
    /// If `kernel` is not `(n, n)`.
    pub fn center(&self, kernel: &mut Array2<f64>) {
        assert_eq!(
            kernel.dim(),
            (self.means.len(), self.means.len()),
            "the kernel matrix of the fit"
        );
        self.subtract(kernel, &self.means);
    }

    /// Centers the `(m, n)` kernel between new vectors and the fit, about the mean of the fit:
    /// K' − 1'K − K'1 + 1'K1 with 1' the (m, n) matrix of entries 1/n. Its rows sum to 0.
    ///
    /// # Panics
    /// If `kernel` does not have n columns.
    pub fn center_new(&self, kernel: &mut Array2<f64>) {
        assert_eq!(kernel.ncols(), self.means.len(), "a column for each vector of the fit");
        let row_means = kernel.sum_axis(Axis(1)) / self.means.len().max(1) as f64;
        self.subtract(kernel, &row_means);
    }

    fn subtract(&self, kernel: &mut Array2<f64>, row_means: &Array1<f64>) {
        for ((row, column), value) in kernel.indexed_iter_mut() {
            // Add the two means first, so that (i, j) and (j, i) round in the same way.
            *value = *value - (row_means[row] + self.means[column]) + self.mean;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::kernel_pca::{Kernel, Vectors};
    use crate::random::MasterSeed;
    use ndarray::Array2;
    use rand::RngExt;

    fn random(rows: usize, index: u64) -> Array2<f32> {
        let mut stream = MasterSeed(11).stream("centering", &[index]);
        Array2::from_shape_simple_fn((rows, 6), || stream.random_range(-1.0_f32..1.5))
    }

    #[test]
    fn rows_and_columns_sum_to_zero() {
        let (fit, new) = (random(15, 0), random(4, 1));
        let (fit, new) =
            (Vectors::check([fit.view()]).unwrap(), Vectors::check([new.view()]).unwrap());
        for kernel in [
            Kernel::Linear,
            Kernel::Rbf { two_sigma_squared: 6.0 },
            Kernel::Polynomial { scale: 1.0, degree: 2, constant: 1.0 },
        ] {
            let mut matrix = kernel.matrix(&fit).unwrap();
            let centering = Centering::of(&matrix);
            centering.center(&mut matrix);
            assert_eq!(matrix, matrix.t());
            let mut between = kernel.matrix_between(&new, &fit).unwrap();
            centering.center_new(&mut between);
            let sums = matrix
                .sum_axis(Axis(0))
                .into_iter()
                .chain(matrix.sum_axis(Axis(1)))
                .chain(between.sum_axis(Axis(1)));
            for sum in sums {
                assert!(sum.abs() < 1e-12, "{kernel}: {sum}");
            }
        }
    }

    #[test]
    fn equals_centering_the_features() {
        let (fit, new) = (random(15, 0), random(4, 1));
        let mean = fit.mapv(f64::from).sum_axis(Axis(0)) / 15.0;
        let (fit_features, new_features) =
            (fit.mapv(f64::from) - &mean, new.mapv(f64::from) - &mean);
        let (fit, new) =
            (Vectors::check([fit.view()]).unwrap(), Vectors::check([new.view()]).unwrap());
        let mut matrix = Kernel::Linear.matrix(&fit).unwrap();
        let centering = Centering::of(&matrix);
        centering.center(&mut matrix);
        let mut between = Kernel::Linear.matrix_between(&new, &fit).unwrap();
        centering.center_new(&mut between);
        let close = |a: &Array2<f64>, b: &Array2<f64>| {
            (a - b).iter().all(|difference| difference.abs() < 1e-13)
        };
        assert!(close(&matrix, &fit_features.dot(&fit_features.t())));
        assert!(close(&between, &new_features.dot(&fit_features.t())));
    }
}
