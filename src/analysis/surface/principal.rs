//! The plane that fits points best.

use super::basis::{PlaneBasis, PlaneError};
use crate::kernels::{add_scaled, dot, norm, scale};
use ndarray::Array2;
use ndarray_linalg::{Eigh, UPLO};

/// The principal plane of points, or their principal line.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalPlane {
    /// The origin is the mean of the points, the directions are their principal components.
    pub basis: PlaneBasis,
    /// The share of each direction in the variance of the points.
    pub explained: Vec<f64>,
}

/// The principal components of n points, `(P,)` each, with equal weights.
///
/// They come from the eigenvectors of the matrix of inner products, `(n, n)`, because there are far
/// fewer points than components. The sign of a direction is chosen so that the last point lies
/// further along it than the first one. If these are equal, the first of its largest components is
/// positive.
///
/// # Errors
/// If the points differ in fewer directions than `dimensions`.
///
/// # Panics
/// If there are no points.
pub fn principal_plane(
    points: &[Vec<f64>],
    dimensions: usize,
) -> Result<PrincipalPlane, PlaneError> {
    let count = points.len();
    let mut mean = vec![0.0; points[0].len()];
    points.iter().for_each(|point| add_scaled(1.0 / count as f64, point, &mut mean));
    let centered: Vec<Vec<f64>> = points
        .iter()
        .map(|point| point.iter().zip(&mean).map(|(x, mean)| x - mean).collect())
        .collect();
    let gram = Array2::from_shape_fn((count, count), |(i, j)| dot(&centered[i], &centered[j]));
    let total: f64 = gram.diag().sum();
    let no_length = |number| PlaneError::NoLength { number };
    if !(total.is_finite() && total > 0.0) {
        return Err(no_length(1));
    }
    let (values, vectors) = gram.eigh(UPLO::Lower).map_err(|_| no_length(1))?;
    let (mut directions, mut explained) = (Vec::new(), Vec::new());
    for number in 1..=dimensions {
        // Eigenvalues are ascending. Below this fraction of the variance they are rounding errors.
        let index = count.checked_sub(number).ok_or(no_length(number))?;
        if values[index] <= 1e-12 * total {
            return Err(if number == 1 { no_length(1) } else { PlaneError::Parallel });
        }
        let mut direction = vec![0.0; mean.len()];
        for (point, &weight) in centered.iter().zip(vectors.column(index)) {
            add_scaled(weight, point, &mut direction);
        }
        scale(1.0 / norm(&direction), &mut direction);
        let sign = sign(&direction, &centered, total.sqrt());
        scale(sign, &mut direction);
        directions.push(direction);
        explained.push(values[index] / total);
    }
    Ok(PrincipalPlane { basis: PlaneBasis::new(mean, directions)?, explained })
}

fn sign(direction: &[f64], centered: &[Vec<f64>], size: f64) -> f64 {
    let [first, last] = [&centered[0], &centered[centered.len() - 1]];
    let difference = dot(last, direction) - dot(first, direction);
    if difference.abs() > 1e-6 * size {
        return difference.signum();
    }
    let largest = direction.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let leading = direction.iter().find(|x| x.abs() >= (1.0 - 1e-9) * largest);
    leading.map_or(1.0, |x| x.signum())
}
