//! Eigenvalues and leading eigenvectors of a symmetric matrix, checked.

use super::EmbeddingError;
use super::routines::{LapackFailure, Tridiagonal};
use ndarray::{Array1, Array2, Axis, s};
use ndarray_linalg::{Eigh, UPLO};

/// Entries whose magnitude is this close to the largest one, relative to it, count as equal to it.
///
/// Equal magnitudes are common (two vectors always give ±1/√2), and rounding must not decide
/// between them.
const TIE: f64 = 1e-9;

/// All eigenvalues `(n,)` in descending order and, in the same order, orthonormal eigenvectors of
/// the first k as the columns of `(n, k)`. In each eigenvector, the first entry of largest
/// magnitude is positive, so that plots of two machines are not mirror images.
#[derive(Debug)]
pub(super) struct Eigenpairs {
    pub values: Array1<f64>,
    pub vectors: Array2<f64>,
}

/// The error of eigenpairs of an (n, n) matrix that rounding explains, relative to the largest
/// eigenvalue.
///
/// The routines are backward stable: their residual is p(n) ε |A| with p a modest polynomial, in
/// practice below n. The factor 10 is arbitrary.
pub(super) fn tolerance(count: usize) -> f64 {
    10.0 * count as f64 * f64::EPSILON
}

/// All eigenvalues and the eigenvectors of the `kept` ≤ n largest of a symmetric matrix, all of
/// whose entries are finite.
///
/// Kernel PCA needs a few eigenvectors only, but their shares of the variance need all eigenvalues.
/// For an indefinite kernel the trace does not separate positive from negative eigenvalues. So
/// `dsytrd` makes the matrix tridiagonal, `dsterf` computes all its eigenvalues in O(n²), `dstemr`
/// computes k eigenvectors in O(nk), and `dormtr` transforms them back in 2n²k operations. The
/// reduction dominates with 4n³/3 operations. `dsyev`, which accumulates n eigenvectors, takes
/// about 9n³ (n = 1000, k = 10: 0.12 s and 1.3 s). `dsyevr` for an index range takes the same
/// steps, but returns the eigenvalues of the range only. The reduction in two stages
/// (`dsytrd_2stage`) is twice as fast at n = 4000, but LAPACK cannot transform vectors back from
/// it.
///
/// `dstemr` can fail on large clusters of equal eigenvalues (67 of each of −1, 0 and 1, all vectors
/// wanted). For n = 2 it orders the two eigenvalues by magnitude. If the result fails the check,
/// `dsyev` is used instead.
///
/// Memory: `matrix` is kept for the check and LAPACK overwrites a copy. These are two (n, n)
/// matrices, 256 MB at n = 4000.
pub(super) fn symmetric(matrix: &Array2<f64>, kept: usize) -> Result<Eigenpairs, EmbeddingError> {
    let mut pairs = match leading(matrix, kept) {
        Ok(pairs) if verify(matrix, &pairs).is_ok() => pairs,
        _ => {
            let pairs = all(matrix, kept)?;
            verify(matrix, &pairs)?;
            pairs
        }
    };
    orient(&mut pairs.vectors);
    Ok(pairs)
}

fn leading(matrix: &Array2<f64>, kept: usize) -> Result<Eigenpairs, LapackFailure> {
    let tridiagonal = Tridiagonal::of(matrix.as_standard_layout().into_owned());
    Ok(Eigenpairs {
        values: tridiagonal.eigenvalues()?,
        vectors: tridiagonal.leading_eigenvectors(kept)?,
    })
}

/// The same from all eigenvectors, by `dsyev`.
fn all(matrix: &Array2<f64>, kept: usize) -> Result<Eigenpairs, EmbeddingError> {
    let (ascending, columns) = matrix.eigh(UPLO::Lower).map_err(EmbeddingError::Lapack)?;
    let vectors = columns.slice_move(s![.., ..;-1]).slice(s![.., ..kept]).to_owned();
    Ok(Eigenpairs { values: ascending.slice_move(s![..;-1]), vectors })
}

/// Refuses pairs that do not solve the eigenproblem. It checks the residual |Av − λv|; the
/// orthonormality, without which one pair could occur twice; and, for the eigenvalues without
/// vector, Σλ = tr A and Σλ² = |A|², each divided by the number of eigenvalues.
fn verify(matrix: &Array2<f64>, pairs: &Eigenpairs) -> Result<(), EmbeddingError> {
    let scale = pairs.values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let per_scale = |defect: f64| if scale > 0.0 { defect / scale } else { defect };
    let (count, kept) = pairs.vectors.dim();
    let residual = matrix.dot(&pairs.vectors) - &pairs.vectors * &pairs.values.slice(s![..kept]);
    let residual =
        per_scale(largest(residual.map_axis(Axis(0), |column| column.dot(&column).sqrt())));
    let overlap = pairs.vectors.t().dot(&pairs.vectors) - Array2::<f64>::eye(kept);
    let overlap = largest(overlap.into_iter().map(f64::abs));
    let trace = per_scale((pairs.values.sum() - matrix.diag().sum()).abs()) / count as f64;
    let squares = |numbers: &mut dyn Iterator<Item = &f64>| {
        numbers.map(|&number| per_scale(number).powi(2)).sum::<f64>()
    };
    let squares =
        (squares(&mut pairs.values.iter()) - squares(&mut matrix.iter())).abs() / count as f64;
    let (defect, limit) = (largest([residual, overlap, trace, squares]), tolerance(count));
    if defect <= limit { Ok(()) } else { Err(EmbeddingError::Unconverged { defect, limit }) }
}

/// The largest number; NaN if any number is NaN.
fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(0.0, |largest, number| {
        if number > largest || number.is_nan() { number } else { largest }
    })
}

fn orient(vectors: &mut Array2<f64>) {
    for mut vector in vectors.columns_mut() {
        let magnitude = vector.iter().fold(0.0, |largest: f64, entry| largest.max(entry.abs()));
        let first = vector.iter().find(|entry| entry.abs() >= (1.0 - TIE) * magnitude);
        if first.is_some_and(|&entry| entry < 0.0) {
            vector.mapv_inplace(|entry| -entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::MasterSeed;
    use approx::assert_relative_eq;
    use ndarray::array;
    use ndarray_linalg::QR;
    use rand::RngExt;
    use std::f64::consts::PI;

    /// The second-difference matrix: eigenvalues 2 − 2 cos(jπ/(n + 1)).
    fn second_difference(count: usize) -> Array2<f64> {
        Array2::from_shape_fn((count, count), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        })
    }

    fn random(count: usize, index: u64) -> Array2<f64> {
        let mut stream = MasterSeed(17).stream("eigen", &[count as u64, index]);
        Array2::from_shape_simple_fn((count, count), || stream.random_range(-1.0..1.0))
    }

    /// A symmetric matrix with these eigenvalues and random eigenvectors.
    fn with_eigenvalues(values: &Array1<f64>, index: u64) -> Array2<f64> {
        let (vectors, _) = random(values.len(), index).qr().unwrap();
        let matrix = (&vectors * values).dot(&vectors.t());
        (&matrix + &matrix.t()) / 2.0
    }

    #[test]
    fn a_known_spectrum_in_descending_order() {
        let pairs = symmetric(&second_difference(20), 7).unwrap();
        assert_eq!(pairs.vectors.dim(), (20, 7));
        for (j, value) in pairs.values.iter().enumerate() {
            let exact = 2.0 - 2.0 * ((20 - j) as f64 * PI / 21.0).cos();
            assert_relative_eq!(*value, exact, epsilon = 1e-13);
        }
    }

    /// Spectra that are hard on eigenvectors: gaps of all sizes, clusters, few ranks, both signs.
    fn hard_spectra(count: usize) -> Vec<Array1<f64>> {
        let by = |value: &dyn Fn(usize) -> f64| Array1::from_iter((0..count).map(value));
        vec![
            by(&|j| 0.7_f64.powf(j as f64)),
            by(&|j| if j < 5 { 1.0 } else { 0.0 }),
            by(&|j| 1.0 + 1e-14 * j as f64),
            by(&|j| (j % 3) as f64 - 1.0),
            by(&|j| if j < 3 { 1.0 - 1e-13 * j as f64 } else { 1e-8 / (j as f64) }),
            by(&|j| -1.0 - j as f64),
        ]
    }

    #[test]
    fn leading_pairs_stand_the_check_and_agree_with_those_of_dsyev() {
        for count in [3, 12, 60, 200] {
            for (index, spectrum) in (0..).zip(hard_spectra(count)) {
                let matrix = with_eigenvalues(&spectrum, index);
                let few = leading(&matrix, count.min(10)).unwrap();
                verify(&matrix, &few).unwrap();
                // Of many equal eigenvalues, `dstemr` does not find all eigenvectors.
                let (every, expected) =
                    (symmetric(&matrix, count).unwrap(), all(&matrix, count).unwrap());
                let scale = spectrum.iter().fold(0.0, |scale: f64, value| scale.max(value.abs()));
                for found in [few, every] {
                    let difference = largest((found.values - &expected.values).mapv(f64::abs));
                    assert!(difference < tolerance(count) * scale, "{difference}");
                }
            }
        }
    }

    #[test]
    fn what_fails_the_check_is_computed_again() {
        // −1 is the larger one of −1 and −2.
        let matrix = array![[-1.5, 0.5], [0.5, -1.5]];
        let pairs = symmetric(&matrix, 1).unwrap();
        assert_relative_eq!(pairs.values, array![-1.0, -2.0], epsilon = 1e-15);
        assert_relative_eq!(
            pairs.vectors,
            array![[0.5_f64.sqrt()], [0.5_f64.sqrt()]],
            epsilon = 1e-15
        );
    }

    #[test]
    fn separate_eigenvectors_agree_with_those_of_dsyev() {
        let matrix = with_eigenvalues(&Array1::linspace(-1.0, 2.0, 90), 7);
        let (mut found, mut expected) =
            (leading(&matrix, 6).unwrap().vectors, all(&matrix, 6).unwrap().vectors);
        orient(&mut found);
        orient(&mut expected);
        assert!((found - expected).iter().all(|difference| difference.abs() < 1e-12));
    }

    #[test]
    fn huge_and_tiny_matrices_have_the_same_eigenvectors() {
        let matrix = with_eigenvalues(&Array1::linspace(-1.0, 2.0, 30), 8);
        let pairs = symmetric(&matrix, 3).unwrap();
        // Powers of two, so that nothing is rounded: about 10^±149.
        for factor in [2.0_f64.powi(495), 2.0_f64.powi(-495)] {
            let scaled = symmetric(&(&matrix * factor), 3).unwrap();
            assert!(
                (scaled.values / factor - &pairs.values)
                    .iter()
                    .all(|difference| difference.abs() < 1e-14)
            );
            assert!(
                (scaled.vectors - &pairs.vectors).iter().all(|difference| difference.abs() < 1e-13)
            );
        }
    }

    #[test]
    fn signs_follow_the_first_largest_entry() {
        let mut vectors = array![[-0.5, 0.3], [0.5 + 1e-12, 0.1], [0.5, -0.9]];
        orient(&mut vectors);
        assert_eq!(vectors, array![[0.5, -0.3], [-0.5 - 1e-12, -0.1], [-0.5, 0.9]]);
    }

    #[test]
    fn wrong_pairs_are_refused() {
        let matrix = second_difference(6);
        let spoil = |change: fn(&mut Eigenpairs)| {
            let mut pairs = symmetric(&matrix, 3).unwrap();
            change(&mut pairs);
            verify(&matrix, &pairs)
        };
        assert!(spoil(|_| ()).is_ok());
        let refused = |result| matches!(result, Err(EmbeddingError::Unconverged { .. }));
        assert!(refused(spoil(|pairs| pairs.values[2] *= 1.0 + 1e-12)));
        assert!(refused(spoil(|pairs| pairs.vectors[[1, 1]] += 1e-12)));
        assert!(refused(spoil(|pairs| pairs.vectors[[0, 0]] = f64::NAN)));
        // Of eigenvalues without vectors: a wrong one, and two whose sum is right.
        assert!(refused(spoil(|pairs| pairs.values[4] += 1e-12)));
        assert!(refused(spoil(|pairs| {
            pairs.values[4] += 1e-11;
            pairs.values[5] -= 1e-11;
        })));
        assert!(refused(spoil(|pairs| pairs.values[5] = f64::NAN)));
        // The same pair twice has no residual.
        assert!(refused(spoil(|pairs| {
            let (value, vector) = (pairs.values[0], pairs.vectors.column(0).to_owned());
            pairs.values[1] = value;
            pairs.vectors.column_mut(1).assign(&vector);
        })));
    }

    #[test]
    fn the_zero_matrix_has_zero_eigenvalues() {
        let pairs = symmetric(&Array2::zeros((4, 4)), 4).unwrap();
        assert_eq!(pairs.values, Array1::<f64>::zeros(4));
    }
}
