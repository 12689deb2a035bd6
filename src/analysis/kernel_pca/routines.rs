//! BLAS and LAPACK routines that ndarray and ndarray-linalg do not offer, behind safe functions.

use cblas_sys::{CBLAS_LAYOUT, CBLAS_TRANSPOSE, CBLAS_UPLO, cblas_dsyrk};
use lapack_sys::{dormtr_, dstemr_, dsterf_, dsytrd_};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, ShapeBuilder};
use std::ffi::{c_char, c_int};

// Arguments of LAPACK, which takes pointers to them. Its matrices are column-major, so its lower
// triangle is the upper one of an `Array2`.
static LOWER: c_char = b'L'.cast_signed();
static FROM_THE_LEFT: c_char = b'L'.cast_signed();
static NOT_TRANSPOSED: c_char = b'N'.cast_signed();
static VECTORS: c_char = b'V'.cast_signed();
static BY_INDEX: c_char = b'I'.cast_signed();
/// For arguments that a routine does not use.
static UNUSED: f64 = 0.0;

/// A LAPACK routine has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LapackFailure {
    /// Its name.
    pub routine: &'static str,
    /// Its positive `info`, which the documentation of LAPACK explains.
    pub info: c_int,
}

/// Adds A Aᵀ of `a` `(m, k)` to the upper triangle of `sum` `(m, m)`, with half of the operations
/// of a product (`dsyrk`). Entries below the diagonal do not change.
///
/// # Panics
/// If the shapes do not match, or the rows of either are not contiguous.
pub(super) fn add_own_products(a: ArrayView2<'_, f64>, sum: &mut ArrayViewMut2<'_, f64>) {
    let (rows, columns) = a.dim();
    assert_eq!(sum.dim(), (rows, rows), "a sum for each pair of rows");
    let (leading, sum_leading) = (row_stride(&a), row_stride(&sum.view()));
    // SAFETY: both have `rows` contiguous rows with the given strides, of `columns` and of `rows`
    // numbers. The borrow checker ensures that `sum` and `a` do not overlap.
    unsafe {
        cblas_dsyrk(
            CBLAS_LAYOUT::CblasRowMajor,
            CBLAS_UPLO::CblasUpper,
            CBLAS_TRANSPOSE::CblasNoTrans,
            integer(rows),
            integer(columns),
            1.0,
            a.as_ptr(),
            leading,
            1.0,
            sum.as_mut_ptr(),
            sum_leading,
        );
    }
}

/// The stride: the number of elements from the start of a row to the start of the next.
fn row_stride(matrix: &ArrayView2<'_, f64>) -> c_int {
    let (stride, columns) = (matrix.stride_of(Axis(0)), matrix.ncols().max(1));
    assert!(columns == 1 || matrix.stride_of(Axis(1)) == 1, "rows are contiguous");
    let stride = if matrix.nrows() > 1 { stride } else { stride.max(columns.cast_signed()) };
    assert!(stride >= columns.cast_signed(), "rows do not overlap");
    integer(stride.cast_unsigned())
}

/// A symmetric matrix as T = Qᵀ A Q with T tridiagonal.
pub(super) struct Tridiagonal {
    /// Q, as the reflectors that `dsytrd` leaves in place of A.
    reflectors: Array2<f64>,
    /// `(n,)`, of which the first n − 1 count.
    factors: Vec<f64>,
    /// `(n,)`.
    diagonal: Vec<f64>,
    /// `(n,)`, of which the first n − 1 count.
    off_diagonal: Vec<f64>,
}

impl Tridiagonal {
    /// Reduces a symmetric `(n, n)` matrix in place (`dsytrd`): 4n³/3 operations, half of them in
    /// products of the matrix with a vector.
    ///
    /// # Panics
    /// If the matrix is not square, or not in standard layout.
    pub fn of(mut matrix: Array2<f64>) -> Self {
        let count = matrix.nrows();
        assert!(matrix.is_square() && matrix.is_standard_layout(), "square, in standard layout");
        let n = integer(count);
        let (mut factors, mut diagonal, mut off_diagonal) =
            (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        with_workspace(|work, length, info| {
            // SAFETY: the matrix has n² numbers, each slice n, and the workspace has the given
            // length.
            unsafe {
                dsytrd_(
                    &raw const LOWER,
                    &raw const n,
                    matrix.as_mut_ptr(),
                    &raw const n,
                    diagonal.as_mut_ptr(),
                    off_diagonal.as_mut_ptr(),
                    factors.as_mut_ptr(),
                    work,
                    length,
                    info,
                );
            }
        });
        Self { reflectors: matrix, factors, diagonal, off_diagonal }
    }

    fn order(&self) -> usize {
        self.diagonal.len()
    }

    /// All eigenvalues `(n,)`, descending (`dsterf`: QR iterations without vectors).
    pub fn eigenvalues(&self) -> Result<Array1<f64>, LapackFailure> {
        let (n, mut info) = (integer(self.order()), 0);
        let (mut values, mut off_diagonal) = (self.diagonal.clone(), self.off_diagonal.clone());
        // SAFETY: both slices have n numbers.
        unsafe {
            dsterf_(&raw const n, values.as_mut_ptr(), off_diagonal.as_mut_ptr(), &raw mut info);
        };
        check("dsterf", info)?;
        values.reverse();
        Ok(Array1::from(values))
    }

    /// Eigenvectors of A of the `kept` ≤ n largest eigenvalues, descending, as the columns of
    /// `(n, kept)`: those of T (`dstemr`), times Q (`dormtr`). The caller must check them; for n =
    /// 2, `dstemr` orders by magnitude.
    pub fn leading_eigenvectors(&self, kept: usize) -> Result<Array2<f64>, LapackFailure> {
        let mut vectors = Array2::zeros((self.order(), kept).f());
        if kept > 0 {
            self.leading_of_tridiagonal(&mut vectors)?;
            self.rotate_back(&mut vectors);
        }
        vectors.invert_axis(Axis(1));
        Ok(vectors)
    }

    /// Fills the columns of `vectors` in ascending order of the eigenvalues.
    fn leading_of_tridiagonal(&self, vectors: &mut Array2<f64>) -> Result<(), LapackFailure> {
        let (count, kept) = vectors.dim();
        let (n, columns, first) = (integer(count), integer(kept), integer(count - kept + 1));
        let (mut diagonal, mut off_diagonal) = (self.diagonal.clone(), self.off_diagonal.clone());
        // Sizes of the workspaces as documented.
        let (mut work, mut integers) = (vec![0.0; 18 * count], vec![0; 10 * count]);
        let (work_length, integers_length) = (integer(work.len()), integer(integers.len()));
        let (mut values, mut support) = (vec![0.0; count], vec![0; 2 * kept]);
        let (mut found, mut relative, mut info) = (0, 1, 0);
        // SAFETY: `vectors` has contiguous columns of n numbers each; the other slices have the
        // documented lengths.
        unsafe {
            dstemr_(
                &raw const VECTORS,
                &raw const BY_INDEX,
                &raw const n,
                diagonal.as_mut_ptr(),
                off_diagonal.as_mut_ptr(),
                &raw const UNUSED,
                &raw const UNUSED,
                &raw const first,
                &raw const n,
                &raw mut found,
                values.as_mut_ptr(),
                vectors.as_mut_ptr(),
                &raw const n,
                &raw const columns,
                support.as_mut_ptr(),
                &raw mut relative,
                work.as_mut_ptr(),
                &raw const work_length,
                integers.as_mut_ptr(),
                &raw const integers_length,
                &raw mut info,
            );
        }
        check("dstemr", info)?;
        if found == columns {
            Ok(())
        } else {
            Err(LapackFailure { routine: "dstemr", info: found })
        }
    }

    fn rotate_back(&self, vectors: &mut Array2<f64>) {
        let (n, columns) = (integer(self.order()), integer(vectors.ncols()));
        with_workspace(|work, length, info| {
            // SAFETY: the reflectors and their factors are the output of `dsytrd`; `vectors` has
            // contiguous columns of n numbers each; the workspace has the given length.
            unsafe {
                dormtr_(
                    &raw const FROM_THE_LEFT,
                    &raw const LOWER,
                    &raw const NOT_TRANSPOSED,
                    &raw const n,
                    &raw const columns,
                    self.reflectors.as_ptr(),
                    &raw const n,
                    self.factors.as_ptr(),
                    vectors.as_mut_ptr(),
                    &raw const n,
                    work,
                    length,
                    info,
                );
            }
        });
    }
}

/// Calls a routine twice: first to query the best length of its workspace, then to compute.
///
/// # Panics
/// If it refuses an argument. The routines called in this way have no other failure.
fn with_workspace(mut routine: impl FnMut(*mut f64, *const c_int, *mut c_int)) {
    let (mut best, query, mut info) = (0.0, -1, 0);
    routine(&raw mut best, &raw const query, &raw mut info);
    assert_eq!(info, 0, "an argument of LAPACK");
    let mut work = vec![0.0; (best as usize).max(1)];
    let length = integer(work.len());
    routine(work.as_mut_ptr(), &raw const length, &raw mut info);
    assert_eq!(info, 0, "an argument of LAPACK");
}

fn check(routine: &'static str, info: c_int) -> Result<(), LapackFailure> {
    assert!(info >= 0, "argument {} of {routine}", -info);
    if info == 0 { Ok(()) } else { Err(LapackFailure { routine, info }) }
}

/// BLAS and LAPACK use 32-bit integers.
fn integer(count: usize) -> c_int {
    c_int::try_from(count).expect("fewer than 2^31")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::MasterSeed;
    use ndarray::s;
    use rand::RngExt;

    fn random(rows: usize, columns: usize) -> Array2<f64> {
        let mut stream = MasterSeed(5).stream("routines", &[rows as u64, columns as u64]);
        Array2::from_shape_simple_fn((rows, columns), || stream.random_range(-1.0..1.0))
    }

    #[test]
    fn own_products_go_to_the_upper_triangle_of_a_part() {
        let (a, mut sum) = (random(5, 9), Array2::from_elem((8, 7), 0.25));
        let part = a.slice(s![.., 2..8]);
        add_own_products(part, &mut sum.slice_mut(s![2..7, 1..6]));
        let expected = part.dot(&part.t());
        for ((i, j), value) in sum.indexed_iter() {
            let inside = (2..7).contains(&i) && (1..6).contains(&j) && j + 1 >= i;
            let product = if inside { expected[[i - 2, j - 1]] } else { 0.0 };
            assert!((value - 0.25 - product).abs() < 1e-14, "{i} {j}");
        }
    }

    #[test]
    #[should_panic(expected = "rows are contiguous")]
    fn columns_in_one_piece_are_refused() {
        add_own_products(random(3, 4).t(), &mut Array2::zeros((4, 4)).view_mut());
    }

    #[test]
    fn a_matrix_of_one_number_is_its_eigenvalue() {
        let tridiagonal = Tridiagonal::of(Array2::from_elem((1, 1), -3.0));
        assert_eq!(tridiagonal.eigenvalues().unwrap(), Array1::from(vec![-3.0]));
        assert_eq!(
            tridiagonal.leading_eigenvectors(1).unwrap().mapv(f64::abs),
            Array2::<f64>::ones((1, 1))
        );
        assert_eq!(tridiagonal.leading_eigenvectors(0).unwrap().dim(), (1, 0));
    }

    #[test]
    fn a_failure_names_the_routine_and_a_refusal_panics() {
        assert_eq!(check("dsterf", 3), Err(LapackFailure { routine: "dsterf", info: 3 }));
        assert!(std::panic::catch_unwind(|| check("dsterf", -2)).is_err());
    }

    #[test]
    fn what_is_not_finite_does_not_hang() {
        let tridiagonal = Tridiagonal::of(Array2::from_elem((4, 4), f64::NAN));
        let values = tridiagonal.eigenvalues();
        assert!(values.is_err() || values.unwrap().iter().any(|value| value.is_nan()));
    }
}
