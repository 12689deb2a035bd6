//! Lennard-Jones clusters, the standard many-minima landscape.

use super::align::{AlignError, Alignment, align};
use super::{AnalyticLandscape, SizeError, checked_dimension};

/// V(r) = Σ over i < j of 4 (rᵢⱼ⁻¹² − rᵢⱼ⁻⁶): N atoms in the plane or in space, in reduced units
/// (lengths in σ, energies in ε).
///
/// θ holds the positions atom after atom, P = N · d for d space dimensions. J. E. Jones, Proc. R.
/// Soc. A 106, 463 (1924), doi:10.1098/rspa.1924.0082; known minima: D. J. Wales and J. P. K. Doye,
/// J. Phys. Chem. A 101, 5111 (1997), doi:10.1021/jp970984n.
///
/// # Consequences for paths
/// - *Flat directions.* Translating or rotating the whole cluster does not change the energy. A
///   minimum is therefore a surface of d + d (d − 1)/2 dimensions, and minimization from random
///   starts ends at arbitrary points of it. A path between two such points would mainly rotate the
///   cluster, so [`align`](Self::align) one endpoint with the other first. Atoms keep their
///   numbers: the same minimum with two atoms exchanged is another endpoint. An exchange that
///   brings two minima close is found by
///   [`match_atoms`](crate::analysis::alignment::match_atoms).
/// - *Singularity.* Where two atoms coincide, the value is infinite and the gradient is NaN. The
///   straight line between two configurations can pass through such a point. Close to it the energy
///   is extremely high.
/// - *Dissociation.* The gradient also vanishes when atoms are infinitely far apart, which is not a
///   minimum. [`is_bound`](Self::is_bound) distinguishes the two cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LennardJones {
    atoms: usize,
    space_dimensions: usize,
}

impl LennardJones {
    /// Two atoms closer than this are neighbors. The value is arbitrary between the largest bond
    /// length of a minimum, about 2^(1/6) ≈ 1.12, and the distances at which the attraction 24 r⁻⁷
    /// is negligible, 5 and more.
    const BOND: f64 = 2.0;

    /// `atoms` ≥ 2 atoms in `space_dimensions`, 2 or 3.
    ///
    /// # Errors
    /// [`SizeError`] for other numbers, or too many atoms.
    pub fn new(atoms: usize, space_dimensions: usize) -> Result<Self, SizeError> {
        if !(2..=3).contains(&space_dimensions) {
            return Err(SizeError::SpaceDimensions { space_dimensions });
        }
        if atoms < 2 {
            return Err(SizeError::Atoms { atoms });
        }
        checked_dimension(atoms.saturating_mul(space_dimensions))?;
        Ok(Self { atoms, space_dimensions })
    }

    /// N.
    pub fn atoms(&self) -> usize {
        self.atoms
    }

    /// d, 2 or 3.
    pub fn space_dimensions(&self) -> usize {
        self.space_dimensions
    }

    /// The N (N − 1)/2 distances between atoms in ascending order. They do not change if a
    /// configuration is translated, rotated or reflected, or its atoms are permuted. Two different
    /// minima with the same distances are possible in principle. Two mirror images cannot be
    /// distinguished.
    pub fn pair_distances(&self, theta: &[f64]) -> Vec<f64> {
        let mut distances: Vec<f64> =
            self.pairs(theta).map(|(_, _, squared)| squared.sqrt()).collect();
        distances.sort_unstable_by(f64::total_cmp);
        distances
    }

    /// Whether the cluster is connected: every atom can be reached from every other by steps of
    /// less than 2 σ.
    pub fn is_bound(&self, theta: &[f64]) -> bool {
        // Every pair of neighbors merges their groups. With few atoms, relabeling is cheap enough.
        let mut group: Vec<usize> = (0..self.atoms).collect();
        for (i, j, squared) in self.pairs(theta) {
            if squared < Self::BOND * Self::BOND {
                let (kept, merged) = (group[i], group[j]);
                group.iter_mut().filter(|label| **label == merged).for_each(|label| *label = kept);
            }
        }
        group.iter().all(|&label| label == group[0])
    }

    /// `moving`, translated and rotated so that its atoms lie as close as possible to the same
    /// atoms of `onto`: see [`align`].
    ///
    /// # Errors
    /// [`AlignError`] if a position is not finite or the decomposition fails.
    ///
    /// # Panics
    /// If the configurations are not of this cluster's dimension.
    pub fn align(&self, moving: &[f64], onto: &[f64]) -> Result<Alignment, AlignError> {
        assert_eq!(
            (moving.len(), onto.len()),
            (self.dimension(), self.dimension()),
            "configurations of another cluster"
        );
        align(moving, onto, self.space_dimensions)
    }

    /// (i, j, |rᵢ − rⱼ|²) of every pair, j < i.
    fn pairs<'a>(&self, theta: &'a [f64]) -> impl Iterator<Item = (usize, usize, f64)> + use<'a> {
        let space = self.space_dimensions;
        theta.chunks_exact(space).enumerate().flat_map(move |(i, a)| {
            theta.chunks_exact(space).take(i).enumerate().map(move |(j, b)| {
                let squared = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                (i, j, squared)
            })
        })
    }
}

/// 4 (r⁻¹² − r⁻⁶), from r².
fn energy(squared: f64) -> f64 {
    let sixth = squared.recip().powi(3);
    4.0 * sixth * (sixth - 1.0)
}

/// V'(r)/r = −24 (2 r⁻¹⁴ − r⁻⁸), from r²: times rᵢ − rⱼ it is the gradient with respect to rᵢ.
fn slope_over_distance(squared: f64) -> f64 {
    let inverse = squared.recip();
    let sixth = inverse.powi(3);
    -24.0 * inverse * sixth * (2.0 * sixth - 1.0)
}

/// The derivative of [`slope_over_distance`] with respect to r²: 48 (7 r⁻¹⁶ − 2 r⁻¹⁰), from r².
fn change_of_slope(squared: f64) -> f64 {
    let inverse = squared.recip();
    let sixth = inverse.powi(3);
    48.0 * inverse.powi(2) * sixth * (7.0 * sixth - 2.0)
}

impl AnalyticLandscape for LennardJones {
    fn dimension(&self) -> usize {
        self.atoms * self.space_dimensions
    }

    fn value(&self, theta: &[f64]) -> f64 {
        self.pairs(theta).map(|(_, _, squared)| energy(squared)).sum()
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let space = self.space_dimensions;
        self.pairs(theta)
            .map(|(i, j, squared)| {
                let slope = slope_over_distance(squared);
                for axis in 0..space {
                    let pull = slope * (theta[i * space + axis] - theta[j * space + axis]);
                    gradient[i * space + axis] += pull;
                    gradient[j * space + axis] -= pull;
                }
                energy(squared)
            })
            .sum()
    }

    /// For a pair with the slope s(r²) u, u = rᵢ − rⱼ: s δ + 2 s' (u · δ) u with δ = dᵢ − dⱼ.
    fn hessian_product(&self, theta: &[f64], direction: &[f64], product: &mut [f64]) {
        product.fill(0.0);
        let space = self.space_dimensions;
        for (i, j, squared) in self.pairs(theta) {
            let between =
                |vector: &[f64], axis: usize| vector[i * space + axis] - vector[j * space + axis];
            let along: f64 =
                (0..space).map(|axis| between(theta, axis) * between(direction, axis)).sum();
            let (slope, change) =
                (slope_over_distance(squared), 2.0 * change_of_slope(squared) * along);
            for axis in 0..space {
                let pull = slope * between(direction, axis) + change * between(theta, axis);
                product[i * space + axis] += pull;
                product[j * space + axis] -= pull;
            }
        }
    }

    /// Translations along the axes, and the rotation in each plane of two axes.
    fn null_directions(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let space = self.space_dimensions;
        let motion = |velocity: &dyn Fn(&[f64], usize) -> f64| -> Vec<f64> {
            theta
                .chunks_exact(space)
                .flat_map(|atom| (0..space).map(|axis| velocity(atom, axis)).collect::<Vec<_>>())
                .collect()
        };
        let mut motions: Vec<Vec<f64>> =
            (0..space).map(|along| motion(&|_, axis| f64::from(u8::from(axis == along)))).collect();
        for (first, second) in (0..space).flat_map(|a| (0..a).map(move |b| (a, b))) {
            motions.push(motion(&|atom, axis| match axis {
                axis if axis == first => atom[second],
                axis if axis == second => -atom[first],
                _ => 0.0,
            }));
        }
        motions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::checks::assert_gradient_is_the_derivative;

    /// Seven atoms in no particular order.
    fn seven(space: usize) -> Vec<f64> {
        (0..7 * space).map(|i| 1.3 * (i / space) as f64 + 0.6 * (1.7 * i as f64).sin()).collect()
    }

    #[test]
    fn a_pair_has_its_minimum_minus_1_at_the_sixth_root_of_2() {
        let pair = LennardJones::new(2, 3).unwrap();
        let distance = 2.0_f64.powf(1.0 / 6.0);
        let mut gradient = [f64::NAN; 6];
        let value = pair.value_and_gradient(&[0.0, 0.0, 0.0, 0.0, distance, 0.0], &mut gradient);
        assert!((value + 1.0).abs() < 1e-14);
        assert!(gradient.iter().all(|g| g.abs() < 1e-12), "{gradient:?}");
        assert!(pair.value(&[0.0; 6]) > f64::MAX, "coinciding atoms");
    }

    #[test]
    fn the_gradient_is_the_derivative() {
        assert_gradient_is_the_derivative(&LennardJones::new(7, 3).unwrap(), &seven(3));
        assert_gradient_is_the_derivative(&LennardJones::new(7, 2).unwrap(), &seven(2));
    }

    #[test]
    fn no_net_force_and_no_net_torque() {
        // Translations and rotations are flat: Σ g_i = 0 and Σ (x_i g_iy − y_i g_ix) = 0.
        let cluster = LennardJones::new(7, 2).unwrap();
        let (theta, mut gradient) = (seven(2), vec![0.0; 14]);
        cluster.value_and_gradient(&theta, &mut gradient);
        let largest = gradient.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
        let force = gradient.chunks(2).fold([0.0, 0.0], |sum, g| [sum[0] + g[0], sum[1] + g[1]]);
        let torque: f64 =
            theta.chunks(2).zip(gradient.chunks(2)).map(|(r, g)| r[0] * g[1] - r[1] * g[0]).sum();
        assert!(
            force.iter().chain([&torque]).all(|zero| zero.abs() < 1e-12 * largest),
            "{force:?} {torque}"
        );
    }

    #[test]
    fn an_atom_that_flew_off_unbinds_the_cluster_whichever_it_is() {
        let cluster = LennardJones::new(4, 3).unwrap();
        let square = [0.0, 0.0, 0.0, 1.1, 0.0, 0.0, 1.1, 1.1, 0.0, 0.0, 1.1, 0.0];
        assert!(cluster.is_bound(&square));
        for atom in 0..4 {
            let mut broken = square;
            broken[3 * atom + 2] = 9.0;
            assert!(!cluster.is_bound(&broken), "atom {atom}");
        }
        // Two pairs far from each other.
        let pairs = [0.0, 0.0, 0.0, 1.1, 0.0, 0.0, 9.0, 0.0, 0.0, 10.1, 0.0, 0.0];
        assert!(!cluster.is_bound(&pairs));
        assert_eq!(cluster.pair_distances(&pairs).len(), 6);
    }

    #[test]
    fn sizes_that_make_no_cluster_are_refused() {
        assert_eq!(LennardJones::new(1, 3), Err(SizeError::Atoms { atoms: 1 }));
        assert_eq!(
            LennardJones::new(7, 4),
            Err(SizeError::SpaceDimensions { space_dimensions: 4 })
        );
        assert!(matches!(LennardJones::new(usize::MAX, 3), Err(SizeError::Dimension { .. })));
    }
}
