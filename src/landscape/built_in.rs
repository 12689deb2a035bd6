//! The closed formulas a configuration can name.

use super::{AnalyticLandscape, DoubleWell, LennardJones, MuellerBrown, ProductWell, TwoWells};
use thiserror::Error;

/// A closed formula with its sizes, as configured.
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

/// Sizes that make no landscape.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SizeError {
    /// No component at all, or more than is sensible.
    #[error("a landscape of {dimension} components: give 1 to {MAX_DIMENSION}")]
    Dimension {
        /// What was asked for.
        dimension: usize,
    },
    /// A single atom has no energy.
    #[error("a Lennard-Jones cluster of {atoms} atoms: give 2 or more")]
    Atoms {
        /// What was asked for.
        atoms: usize,
    },
    /// Clusters live in the plane or in space.
    #[error("a Lennard-Jones cluster in {space_dimensions} dimensions: give 2 or 3")]
    SpaceDimensions {
        /// What was asked for.
        space_dimensions: usize,
    },
}

/// Far above any closed formula of interest, far below what exhausts memory or overflows an index.
const MAX_DIMENSION: usize = 1_000_000;

/// `dimension`, if a landscape can have it.
pub(super) fn checked_dimension(dimension: usize) -> Result<usize, SizeError> {
    if (1..=MAX_DIMENSION).contains(&dimension) {
        Ok(dimension)
    } else {
        Err(SizeError::Dimension { dimension })
    }
}

impl BuiltIn {
    /// The names that configurations know.
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

    /// What is to be known of the heights of paths on it.
    pub fn caveat(&self) -> Option<&'static str> {
        match self {
            Self::LennardJones(_) => Some(
                "Every atom keeps its number along a path: one cluster is turned onto the other, but their atoms are \
                 not exchanged. A path can therefore lead atoms through each other, and its height (10⁶ and more) is \
                 then that of the collision and no barrier between the two minima.",
            ),
            _ => None,
        }
    }

    /// The formula itself.
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

    /// [low, high] of every component, `(P,)`: a box around the known minima to draw random starts from.
    ///
    /// For Lennard-Jones clusters a cube (or square) with 1.5 σ³ (or σ²) for each atom, somewhat looser
    /// than a liquid: much looser, and clusters fall apart before they condense; much tighter, and the
    /// first step is an explosion. With 7 atoms in space about one start in six falls apart.
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

    /// Numbers in which equal solutions are equal: θ itself, or for Lennard-Jones clusters, which can
    /// be moved and turned at no cost, the sorted distances between atoms. Nothing for a cluster that
    /// fell apart: its gradient vanishes and yet it is no minimum. The minima of [`ProductWell`] are
    /// curves, so there every start has a solution of its own.
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
