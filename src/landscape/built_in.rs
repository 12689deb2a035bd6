//! The analytic landscapes that a configuration can name.

use super::{AnalyticLandscape, DoubleWell, LennardJones, MuellerBrown, ProductWell, TwoWells};
use thiserror::Error;

/// A built-in analytic landscape with its sizes, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// The two-dimensional example of the paper: [`TwoWells`].
    TwoWells,
    /// [`MuellerBrown`].
    MuellerBrown,
    /// [`DoubleWell`], of any dimension.
    DoubleWell(DoubleWell),
    /// [`ProductWell`].
    ProductWell,
    /// [`LennardJones`], of any number of atoms in two or three dimensions.
    LennardJones(LennardJones),
}

/// Sizes for which there is no landscape.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SizeError {
    /// No component, or too many.
    #[error("a landscape of {dimension} components: give 1 to {MAX_DIMENSION}")]
    Dimension {
        /// The requested dimension.
        dimension: usize,
    },
    /// A single atom has no energy.
    #[error("a Lennard-Jones cluster of {atoms} atoms: give 2 or more")]
    Atoms {
        /// The requested number of atoms.
        atoms: usize,
    },
    /// Clusters are two- or three-dimensional.
    #[error("a Lennard-Jones cluster in {space_dimensions} dimensions: give 2 or 3")]
    SpaceDimensions {
        /// The requested dimension of space.
        space_dimensions: usize,
    },
}

/// Far above the dimension of any analytic landscape of interest. Memory and indices are sufficient
/// for it.
const MAX_DIMENSION: usize = 1_000_000;

/// `dimension`, if a landscape can have this dimension.
pub(super) fn checked_dimension(dimension: usize) -> Result<usize, SizeError> {
    if (1..=MAX_DIMENSION).contains(&dimension) {
        Ok(dimension)
    } else {
        Err(SizeError::Dimension { dimension })
    }
}

impl BuiltIn {
    /// The names in configurations.
    pub const NAMES: [&str; 5] =
        ["two-wells", "mueller-brown", "double-well", "product-well", "lennard-jones"];

    /// As in configurations: one of [`Self::NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::TwoWells => "two-wells",
            Self::MuellerBrown => "mueller-brown",
            Self::DoubleWell(_) => "double-well",
            Self::ProductWell => "product-well",
            Self::LennardJones(_) => "lennard-jones",
        }
    }

    /// A caveat about barriers on this landscape, with equal atoms of the endpoints exchanged or
    /// not.
    pub fn caveat(&self, exchanges: bool) -> Option<&'static str> {
        match self {
            Self::LennardJones(_) if exchanges => Some(
                "The atoms of the second cluster of each path are exchanged, so that it comes \
                 close to the first (paths.align). Another order of its atoms may have a lower \
                 barrier.",
            ),
            Self::LennardJones(_) => Some(
                "Every atom keeps its number along a path: one cluster is rotated onto the other, \
                 but their atoms are not exchanged. A path can therefore lead atoms through each \
                 other. Its maximum (10⁶ and more) is then that of the collision and not a barrier \
                 between the two minima. `paths.align = true` exchanges the atoms.",
            ),
            _ => None,
        }
    }

    /// The landscape itself.
    pub fn build(&self) -> Box<dyn AnalyticLandscape> {
        match *self {
            Self::TwoWells => Box::new(TwoWells),
            Self::MuellerBrown => Box::new(MuellerBrown),
            Self::DoubleWell(landscape) => Box::new(landscape),
            Self::ProductWell => Box::new(ProductWell),
            Self::LennardJones(landscape) => Box::new(landscape),
        }
    }

    /// P, the number of components of a point.
    pub fn dimension(&self) -> usize {
        self.build().dimension()
    }

    /// [low, high] of every component, `(P,)`: a box around the known minima, from which random
    /// starts are drawn.
    ///
    /// For Lennard-Jones clusters it is a cube (or square) with 1.5 σ³ (or σ²) for each atom,
    /// somewhat more than in a liquid. In a much larger box clusters dissociate before they
    /// condense. In a much smaller one the first step drives the atoms apart. With 7 atoms in space
    /// about one start in six dissociates.
    pub fn start_region(&self) -> Vec<[f64; 2]> {
        match self {
            Self::TwoWells => vec![[-1.0, 1.0]; 2],
            Self::MuellerBrown => vec![[-1.5, 1.2], [-0.3, 2.1]],
            Self::DoubleWell(_) | Self::ProductWell => vec![[-2.0, 2.0]; self.dimension()],
            Self::LennardJones(cluster) => {
                let half = (1.5 * cluster.atoms() as f64)
                    .powf(1.0 / cluster.space_dimensions() as f64)
                    / 2.0;
                vec![[-half, half]; self.dimension()]
            }
        }
    }

    /// Numbers that are equal for equal solutions. For Lennard-Jones clusters, whose energy does
    /// not change under translation and rotation, they are the sorted distances between atoms;
    /// otherwise θ itself. `None` for a dissociated cluster: its gradient vanishes, but it is not a
    /// minimum. The minima of [`ProductWell`] form curves, so every start has its own solution
    /// there.
    pub fn identify(&self, theta: &[f64]) -> Option<Vec<f64>> {
        match self {
            Self::LennardJones(cluster) => {
                cluster.is_bound(theta).then(|| cluster.pair_distances(theta))
            }
            _ => Some(theta.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_landscape_and_a_finite_region_to_start_in() {
        let all = [
            (BuiltIn::TwoWells, 2),
            (BuiltIn::MuellerBrown, 2),
            (BuiltIn::DoubleWell(DoubleWell::new(6).unwrap()), 6),
            (BuiltIn::ProductWell, 2),
            (BuiltIn::LennardJones(LennardJones::new(7, 2).unwrap()), 14),
        ];
        assert_eq!(all.map(|(built_in, _)| built_in.name()), BuiltIn::NAMES);
        for (built_in, dimension) in all {
            assert_eq!(built_in.dimension(), dimension);
            let region = built_in.start_region();
            assert_eq!(region.len(), dimension);
            assert!(
                region.iter().all(|[low, high]| low < high && low.is_finite() && high.is_finite())
            );
        }
    }

    #[test]
    fn refusals_name_the_remedy() {
        let message = |error: SizeError| error.to_string();
        assert_eq!(
            message(LennardJones::new(7, 4).unwrap_err()),
            "a Lennard-Jones cluster in 4 dimensions: give 2 or 3"
        );
        assert_eq!(
            message(DoubleWell::new(0).unwrap_err()),
            "a landscape of 0 components: give 1 to 1000000"
        );
    }
}
