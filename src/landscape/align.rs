//! Aligns one configuration of points with another by a rigid motion.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_linalg::error::LinalgError;
use ndarray_linalg::{Determinant, SVD};
use thiserror::Error;

/// Why two configurations could not be aligned.
#[derive(Debug, Error)]
pub enum AlignError {
    /// A position is NaN or infinite.
    #[error(
        "atom {atom} (from 0) has a position that is not finite: only finite configurations can be \
         aligned"
    )]
    NotFinite {
        /// The first such atom, counted from 0.
        atom: usize,
    },
    /// LAPACK found no singular value decomposition.
    #[error("no singular value decomposition of the covariance of the two configurations")]
    Decomposition(#[from] LinalgError),
}

/// A configuration aligned with another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// `(N · d,)` positions after the motion.
    pub theta: Vec<f64>,
    /// Root mean square distance √(Σᵢ |rᵢ − sᵢ|² / N) that remains between corresponding points.
    pub deviation: f64,
}

/// Translates and rotates the points rᵢ of `moving` so that Σᵢ |rᵢ − sᵢ|² is minimal, where sᵢ are
/// the points of `onto`.
///
/// Both are N points of `space_dimensions` = d coordinates each. First the centroids are made
/// equal. Let X and Y, `(N, d)`, be the centered configurations and `XᵀY = U S Vᵀ`. The best
/// rotation takes a row x to x U D Vᵀ with D = diag(1, …, 1, det(U Vᵀ)). W. Kabsch, Acta Cryst. A
/// 32, 922 (1976) and A 34, 827 (1978), doi:10.1107/S0567739478001680. D excludes reflections, so a
/// mirror image is not mapped to its original. Points keep their numbers; permutations are not
/// tried. If all points lie on a line (d = 3), several rotations are equally good and one of them
/// is taken.
///
/// # Errors
/// [`AlignError`] if a position is not finite or the decomposition fails.
///
/// # Panics
/// If the lengths differ or are no positive multiple of d.
pub fn align(
    moving: &[f64],
    onto: &[f64],
    space_dimensions: usize,
) -> Result<Alignment, AlignError> {
    assert_eq!(moving.len(), onto.len(), "both configurations have the same number of points");
    // LAPACK may not terminate on a matrix with a NaN.
    for theta in [moving, onto] {
        if let Some(i) = theta.iter().position(|x| !x.is_finite()) {
            return Err(AlignError::NotFinite { atom: i / space_dimensions });
        }
    }
    let (x, _) = centered(moving, space_dimensions);
    let (y, center) = centered(onto, space_dimensions);
    let (Some(mut u), _, Some(vt)) = x.t().dot(&y).svd(true, true)? else {
        unreachable!("both factors were requested");
    };
    // Singular values are in descending order, so changing the sign of the last column costs least.
    let sign = u.dot(&vt).det()?.signum();
    u.column_mut(space_dimensions - 1).mapv_inplace(|value| sign * value);
    let rotated = x.dot(&u).dot(&vt);
    let deviation = ((&rotated - &y).mapv(|d| d * d).sum() / x.nrows() as f64).sqrt();
    Ok(Alignment { theta: (rotated + center).into_iter().collect(), deviation })
}

/// The configuration relative to its centroid, `(N, d)`, and the centroid, `(d,)`.
fn centered(theta: &[f64], space_dimensions: usize) -> (Array2<f64>, Array1<f64>) {
    let shape = (theta.len() / space_dimensions, space_dimensions);
    let points = ArrayView2::from_shape(shape, theta)
        .expect("a configuration has d coordinates for every point");
    let center = points.mean_axis(Axis(0)).expect("a configuration has points");
    (&points - &center, center)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five points with no symmetry.
    const POINTS: [f64; 15] =
        [0.3, -1.0, 0.2, 2.0, 0.1, -0.4, -0.7, 0.9, 1.5, 0.0, 0.0, 0.8, 1.1, -1.3, -2.0];

    /// Rotation about z by `angle`, then about x by half of it, then a shift.
    fn moved(points: &[f64], angle: f64) -> Vec<f64> {
        let (sin, cos) = angle.sin_cos();
        let (sin_half, cos_half) = (angle / 2.0).sin_cos();
        let turn = |r: &[f64]| {
            let (x, y, z) = (cos * r[0] - sin * r[1], sin * r[0] + cos * r[1], r[2]);
            [x + 4.0, cos_half * y - sin_half * z - 7.0, sin_half * y + cos_half * z + 0.5]
        };
        points.chunks(3).flat_map(turn).collect()
    }

    #[test]
    fn undoes_every_rigid_motion() {
        for angle in [0.0, 0.3, 1.6, 3.1, -2.2] {
            let aligned = align(&moved(&POINTS, angle), &POINTS, 3).unwrap();
            assert!(aligned.deviation < 1e-13, "angle {angle}: {}", aligned.deviation);
            assert!(aligned.theta.iter().zip(POINTS).all(|(a, b)| (a - b).abs() < 1e-13));
        }
    }

    #[test]
    fn a_mirror_image_keeps_its_shape_and_stays_apart() {
        let mirrored: Vec<f64> =
            POINTS.iter().enumerate().map(|(i, x)| if i % 3 == 0 { -x } else { *x }).collect();
        let aligned = align(&mirrored, &POINTS, 3).unwrap();
        assert!(aligned.deviation > 0.1, "{}", aligned.deviation);
        let volume = |r: &[f64]| {
            let edge = |k: usize| [0, 1, 2].map(|axis| r[3 * k + axis] - r[axis]);
            let [a, b, c] = [edge(1), edge(2), edge(3)];
            a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0])
        };
        // A rotation keeps the signed volume of the mirror image; a reflection would change its
        // sign.
        assert!((volume(&aligned.theta) - volume(&mirrored)).abs() < 1e-12);
    }

    #[test]
    fn no_other_rotation_is_closer() {
        // In the plane, compared with a scan over all angles in steps of 2π/1000.
        let (a, b) = (
            [0.0, 0.0, 1.0, 0.2, -0.4, 1.1, 2.0, -0.7],
            [0.1, 0.3, -0.2, 1.4, -1.0, 0.0, 1.0, 1.9],
        );
        let best = align(&a, &b, 2).unwrap().deviation;
        let (x, _) = centered(&a, 2);
        let (y, _) = centered(&b, 2);
        let deviation = |turn: f64| {
            let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
            let rotated = x.dot(&ndarray::array![[cos, sin], [-sin, cos]]);
            ((rotated - &y).mapv(|d| d * d).sum() / 4.0).sqrt()
        };
        let scanned =
            (0..1000).map(|i| deviation(f64::from(i) / 1000.0)).fold(f64::INFINITY, f64::min);
        assert!(best <= scanned && scanned - best < 1e-4, "{best} and {scanned}");
    }

    #[test]
    fn points_on_a_line_and_positions_that_are_not_finite() {
        let line = [0.0, 0.0, 0.0, 1.1, 0.0, 0.0];
        let turned = [5.0, 5.0, 5.0, 5.0, 5.0, 6.1];
        assert!(align(&turned, &line, 3).unwrap().deviation < 1e-13);
        let mut broken = POINTS;
        broken[7] = f64::NAN;
        assert!(matches!(align(&POINTS, &broken, 3), Err(AlignError::NotFinite { atom: 2 })));
    }
}
