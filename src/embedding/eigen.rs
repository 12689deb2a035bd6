//! Eigenpairs of a symmetric matrix, checked.

use super::EmbeddingError;
use ndarray::{Array1, Array2, Axis, s};
use ndarray_linalg::{Eigh, UPLO};

/// Entries this close to the largest magnitude of an eigenvector, relative to it, tie with it.
///
/// Exact ties are common (two vectors always give ±1/√2), and rounding must not decide them.
const TIE: f64 = 1e-9;

/// Eigenvalues `(n,)` in descending order and, in the same order, orthonormal eigenvectors as the
/// columns of `(n, n)`. Of each eigenvector, the first entry of largest magnitude is positive, so
/// that two machines do not draw mirrored plots.
#[derive(Debug)]
pub(super) struct Eigenpairs {
    pub values: Array1<f64>,
    pub vectors: Array2<f64>,
}

/// What rounding explains in eigenpairs of an (n, n) matrix, relative to its largest eigenvalue.
///
/// `dsyev` is backward stable: its residual is p(n) ε |A| with p a modest polynomial, in practice
/// below n. The factor 10 is arbitrary.
pub(super) fn tolerance(count: usize) -> f64 {
    10.0 * count as f64 * f64::EPSILON
}

/// All eigenpairs of a symmetric matrix, all of whose entries are finite.
pub(super) fn symmetric(matrix: &Array2<f64>) -> Result<Eigenpairs, EmbeddingError> {
    let (ascending, columns) = matrix.eigh(UPLO::Lower).map_err(EmbeddingError::Lapack)?;
    let mut pairs =
        Eigenpairs { values: ascending.slice(s![..;-1]).to_owned(), vectors: columns.slice(s![.., ..;-1]).to_owned() };
    verify(matrix, &pairs)?;
    orient(&mut pairs.vectors);
    Ok(pairs)
}

/// Refuses pairs that do not solve the problem: the residual |Av − λv| and the departure from
/// orthonormality, without which one pair could be there twice.
fn verify(matrix: &Array2<f64>, pairs: &Eigenpairs) -> Result<(), EmbeddingError> {
    let scale = pairs.values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let residual = matrix.dot(&pairs.vectors) - &pairs.vectors * &pairs.values;
    let residual = largest(residual.map_axis(Axis(0), |column| column.dot(&column).sqrt()));
    let overlap = pairs.vectors.t().dot(&pairs.vectors) - Array2::<f64>::eye(matrix.nrows());
    let residual = if scale > 0.0 { residual / scale } else { residual };
    let defect = largest([residual, largest(overlap.into_iter().map(f64::abs))]);
    let limit = tolerance(matrix.nrows());
    if defect <= limit { Ok(()) } else { Err(EmbeddingError::Unconverged { defect, limit }) }
}

/// The largest number; NaN if there is one.
fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(0.0, |largest, number| if number > largest || number.is_nan() { number } else { largest })
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
    use approx::assert_relative_eq;
    use ndarray::array;
    use std::f64::consts::PI;

    /// The second-difference matrix: eigenvalues 2 − 2 cos(jπ/(n + 1)).
    fn second_difference(count: usize) -> Array2<f64> {
        Array2::from_shape_fn((count, count), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        })
    }

    #[test]
    fn a_known_spectrum_in_descending_order() {
        let pairs = symmetric(&second_difference(20)).unwrap();
        for (j, value) in pairs.values.iter().enumerate() {
            let exact = 2.0 - 2.0 * ((20 - j) as f64 * PI / 21.0).cos();
            assert_relative_eq!(*value, exact, epsilon = 1e-13);
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
            let mut pairs = symmetric(&matrix).unwrap();
            change(&mut pairs);
            verify(&matrix, &pairs)
        };
        assert!(spoil(|_| ()).is_ok());
        let refused = |result| matches!(result, Err(EmbeddingError::Unconverged { .. }));
        assert!(refused(spoil(|pairs| pairs.values[2] *= 1.0 + 1e-12)));
        assert!(refused(spoil(|pairs| pairs.vectors[[1, 1]] += 1e-12)));
        assert!(refused(spoil(|pairs| pairs.vectors[[0, 0]] = f64::NAN)));
        // The same pair twice has no residual.
        assert!(refused(spoil(|pairs| {
            let (value, vector) = (pairs.values[0], pairs.vectors.column(0).to_owned());
            pairs.values[1] = value;
            pairs.vectors.column_mut(1).assign(&vector);
        })));
    }

    #[test]
    fn the_zero_matrix_has_zero_eigenvalues() {
        let pairs = symmetric(&Array2::zeros((4, 4))).unwrap();
        assert_eq!(pairs.values, Array1::<f64>::zeros(4));
    }
}
