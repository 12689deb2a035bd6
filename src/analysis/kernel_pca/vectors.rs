//! Vectors that have been checked: finite, and of one length.

use super::EmbeddingError;
use crate::kernels::Real;
use crate::kernels::dispatched;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, CowArray, Ix1, s};
use num_traits::Float;
use std::ops::Range;

/// The union of sets of vectors, borrowed: `n` rows of `P` finite components.
///
/// A kernel accepts only vectors that have passed [`Vectors::check`]. The union of two sets needs
/// no copy.
#[derive(Clone, Debug)]
pub struct Vectors<'a, A> {
    parts: Vec<ArrayView2<'a, A>>,
    count: usize,
    width: usize,
    standardized: bool,
}

impl<'a, A: Real> Vectors<'a, A> {
    /// The rows of all `parts`, in their order; each part is `(rows, P)`.
    ///
    /// # Errors
    /// [`EmbeddingError::Width`] if the parts differ in P, [`EmbeddingError::NotFinite`] for the
    /// first NaN or infinity. Parts without rows are ignored.
    pub fn check(
        parts: impl IntoIterator<Item = ArrayView2<'a, A>>,
    ) -> Result<Self, EmbeddingError> {
        let parts: Vec<_> = parts.into_iter().filter(|part| part.nrows() > 0).collect();
        let width = parts.first().map_or(0, ArrayView2::ncols);
        let mut count = 0;
        for part in &parts {
            if part.ncols() != width {
                return Err(EmbeddingError::Width {
                    row: count,
                    expected: width,
                    found: part.ncols(),
                });
            }
            check_finite(part, count)?;
            count += part.nrows();
        }
        Ok(Self { parts, count, width, standardized: false })
    }

    /// The same vectors, with each component standardized over all of them before a kernel is
    /// computed: its mean m is subtracted, and it is divided by its standard deviation s. This is
    /// scikit-learn's `StandardScaler`: the variance divides by n, and s = 1 for a constant
    /// component.
    ///
    /// No copy is made. Columns are standardized block by block, when they are converted to `f64`.
    #[must_use]
    pub fn standardized(self) -> Self {
        Self { standardized: true, ..self }
    }

    /// Whether kernels use standardized vectors.
    pub fn is_standardized(&self) -> bool {
        self.standardized
    }

    /// n, the number of vectors.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no vector.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// P, the number of components.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `(columns,)` means of these columns over all vectors.
    pub(super) fn means(&self, columns: &Range<usize>) -> Vec<f64> {
        let mut sums = vec![0.0; columns.len()];
        for row in self.parts.iter().flat_map(|part| part.outer_iter()) {
            add(&mut sums, in_one_piece(&row.slice(s![columns.clone()]).as_standard_layout()));
        }
        sums.iter_mut().for_each(|sum| *sum /= self.count as f64);
        sums
    }

    /// `(columns,)` factors 1/s of these columns, given their means.
    ///
    /// The variance of a constant column is not exactly 0 but consists of rounding errors. The
    /// limit below which it counts as constant is that of scikit-learn: the rounding errors of the
    /// mean and of the sum.
    pub(super) fn reciprocal_deviations(&self, columns: &Range<usize>, means: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; columns.len()];
        for row in self.parts.iter().flat_map(|part| part.outer_iter()) {
            let row = row.slice(s![columns.clone()]);
            add_squares(&mut sums, in_one_piece(&row.as_standard_layout()), means);
        }
        let count = self.count as f64;
        let factor = |(sum, mean): (f64, &f64)| {
            let variance = sum / count;
            let rounding = (count * mean * f64::EPSILON).powi(2) + count * f64::EPSILON * variance;
            if variance.is_infinite() {
                // A factor of 0 would hide the column. NaN is refused later as a kernel value.
                f64::NAN
            } else if variance <= rounding {
                1.0
            } else {
                variance.sqrt().recip()
            }
        };
        sums.into_iter().zip(means).map(factor).collect()
    }

    /// Writes these columns of all vectors, less `origin` `(columns,)`, to `block` `(n, columns)`.
    ///
    /// # Panics
    /// If the rows of the block are not contiguous.
    pub(super) fn widen(
        &self,
        columns: &Range<usize>,
        origin: &[f64],
        mut block: ArrayViewMut2<'_, f64>,
    ) {
        let rows = self.parts.iter().flat_map(|part| part.outer_iter());
        for (mut wide, row) in block.outer_iter_mut().zip(rows) {
            let wide = wide.as_slice_mut().expect("a contiguous row");
            subtract(
                wide,
                in_one_piece(&row.slice(s![columns.clone()]).as_standard_layout()),
                origin,
            );
        }
    }
}

fn in_one_piece<'a, A>(row: &'a CowArray<'_, A, Ix1>) -> &'a [A] {
    row.as_slice().expect("a row in standard layout")
}

dispatched! {
    /// sum ← sum + x, elementwise.
    fn add<A>(_simd, sums: &mut [f64], row: &[A]) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value.wide();
        }
    }
}

dispatched! {
    /// sum ← sum + (x − mean)², elementwise.
    fn add_squares<A>(_simd, sums: &mut [f64], row: &[A], means: &[f64]) {
        for ((sum, value), mean) in sums.iter_mut().zip(row).zip(means) {
            let difference = value.wide() - mean;
            *sum += difference * difference;
        }
    }
}

dispatched! {
    /// wide ← x − origin, elementwise.
    fn subtract<A>(_simd, wide: &mut [f64], row: &[A], origin: &[f64]) {
        for ((wide, value), origin) in wide.iter_mut().zip(row).zip(origin) {
            *wide = value.wide() - origin;
        }
    }
}

fn check_finite<A: Real>(part: &ArrayView2<'_, A>, first_row: usize) -> Result<(), EmbeddingError> {
    for (row, vector) in part.axis_iter(Axis(0)).enumerate() {
        // No branch for each component: branches would take as long as the conversion to `f64`.
        if vector.iter().fold(true, |finite, &value| finite & Float::is_finite(value)) {
            continue;
        }
        if let Some(column) = vector.iter().position(|value| !value.wide().is_finite()) {
            return Err(EmbeddingError::NotFinite {
                row: first_row + row,
                column,
                value: vector[column].wide(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn parts_follow_one_another() {
        let (a, b) = (array![[1.0_f32, 2.0, 3.0]], array![[4.0_f32, 5.0, 6.0], [7.0, 8.0, 9.0]]);
        let empty = Array2::<f32>::zeros((0, 7));
        let vectors = Vectors::check([a.view(), empty.view(), b.view()]).unwrap();
        assert_eq!((vectors.len(), vectors.width()), (3, 3));
        let mut block = Array2::zeros((3, 2));
        vectors.widen(&(1..3), &[0.0, 0.5], block.view_mut());
        assert_eq!(block, array![[2.0, 2.5], [5.0, 5.5], [8.0, 8.5]]);
        let columns_in_one_piece = array![[1.0_f32, 4.0], [2.0, 5.0], [3.0, 6.0]];
        let transposed = Vectors::check([columns_in_one_piece.t()]).unwrap();
        transposed.widen(&(0..2), &[0.0, 0.0], block.slice_mut(s![..2, ..]));
        assert_eq!(block, array![[1.0, 2.0], [4.0, 5.0], [8.0, 8.5]]);
        assert_eq!(vectors.means(&(1..3)), [5.0, 6.0]);
    }

    #[test]
    fn a_constant_column_is_not_divided_by_its_rounding_errors() {
        // 0.1 in single precision: the mean of 11 of them is rounded in f64.
        let vectors =
            Array2::from_shape_fn((11, 2), |(i, j)| if j == 0 { 0.1_f32 } else { i as f32 });
        let vectors = Vectors::check([vectors.view()]).unwrap();
        let means = vectors.means(&(0..2));
        // 0, …, n − 1: the variance is (n² − 1) / 12 = 10.
        let factors = vectors.reciprocal_deviations(&(0..2), &means);
        assert!((factors[0] - 1.0).abs() < f64::EPSILON);
        assert!((factors[1] - 0.1_f64.sqrt()).abs() < 1e-15);
        let far = array![[0.0_f64], [1e200]];
        let far = Vectors::check([far.view()]).unwrap();
        assert!(far.reciprocal_deviations(&(0..1), &[5e199])[0].is_nan());
    }

    #[test]
    fn errors_count_rows_over_all_parts() {
        let (a, b) = (array![[1.0_f32, 2.0]], array![[4.0_f32, 5.0], [7.0, f32::INFINITY]]);
        let error = Vectors::check([a.view(), b.view()]).unwrap_err();
        assert!(
            matches!(error, EmbeddingError::NotFinite { row: 2, column: 1, value } if value == f64::INFINITY)
        );
        let wider = array![[1.0_f32, 2.0, 3.0]];
        let error = Vectors::check([a.view(), wider.view()]).unwrap_err();
        assert!(matches!(error, EmbeddingError::Width { row: 1, expected: 2, found: 3 }));
    }
}
