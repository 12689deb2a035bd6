//! The published numbers: arXiv:2602.21276 (2026), Tables I and S1 and Fig. 3.

use crate::network::Architecture;

/// What was published of one network on one data set.
///
/// Pairs of columns are L-BFGS and SGD; pairs of rows are ω^train on the training images and ω^test
/// on the test images.
pub(super) struct PublishedStudy {
    /// As `network.kind` names it.
    pub network: &'static str,
    /// As `dataset.known_as` names it.
    pub data: &'static str,
    /// The published values of the keys of `[network]` that set sizes. With other sizes, the
    /// numbers below do not apply.
    pub sizes: &'static [(&'static str, &'static str)],
    /// The published values of the keys of `[network]` that set what is computed between the layers.
    /// With others, the numbers below do not apply either.
    pub functions: &'static [(&'static str, &'static str)],
    /// The published values of the other keys of `[network]`.
    pub choices: &'static [(&'static str, &'static str)],
    /// Mean loss (Table I).
    pub losses: [[f64; 2]; 2],
    /// Mean and standard deviation of all components (Table S1).
    pub moments: [[[f64; 2]; 2]; 2],
    /// The claims that apply to it, among those that differ between networks.
    pub properties: &'static [Property],
}

/// What the paper claims of some of its networks. Of the others it claims the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// Claim 2: the test loss of L-BFGS rises steeply after its minimum.
    Overfits,
    /// Claim 3: barriers between L-BFGS vectors are higher than between SGD vectors.
    HigherWithLbfgs,
    /// Claim 4: barriers between L-BFGS train vectors are higher than between L-BFGS test vectors.
    HigherBetweenTrain,
    /// Claim 8: the RBF kernel separates the test vectors of the two optimizers.
    SeparateTest,
}

/// All published studies.
pub(super) static STUDIES: &[PublishedStudy] = &[
    PublishedStudy {
        network: "fcp",
        data: "MNIST",
        sizes: &[("hidden", "[50, 50]")],
        functions: &[("biases", "false"), ("activation", "softplus")],
        choices: &[],
        losses: [[1.26e-8, 6.21e-4], [9.69e-2, 8.25e-2]],
        moments: [
            [[-2.47e-3, 2.34e-1], [-1.44e-3, 1.39e-1]],
            [[-4.11e-3, 1.22e-1], [-3.17e-3, 1.03e-1]],
        ],
        properties: &[Property::Overfits, Property::HigherWithLbfgs, Property::HigherBetweenTrain],
    },
    PublishedStudy {
        network: "lenet",
        data: "MNIST",
        sizes: &[("channels", "[6, 16]"), ("kernel", "5"), ("dense", "[120, 84]")],
        functions: &[("activation", "softplus")],
        choices: &[],
        losses: [[3.35e-8, 1.76e-5], [4.17e-2, 3.89e-2]],
        moments: [
            [[1.04e-3, 1.08e-1], [-3.57e-3, 8.77e-2]],
            [[2.33e-4, 8.00e-2], [-2.83e-3, 7.06e-2]],
        ],
        properties: &[Property::Overfits, Property::HigherWithLbfgs],
    },
    PublishedStudy {
        network: "autoencoder",
        data: "MNIST",
        sizes: &[("hidden", "[32, 32, 32]")],
        functions: &[("biases", "false"), ("activation", "softplus")],
        choices: &[],
        losses: [[1.69e-2, 4.57e-2], [1.65e-2, 4.52e-2]],
        moments: [
            [[-3.65e-2, 1.60e-1], [-7.06e-3, 8.54e-2]],
            [[-3.65e-2, 1.61e-1], [-7.07e-3, 8.54e-2]],
        ],
        properties: &[Property::SeparateTest],
    },
    PublishedStudy {
        network: "lstm",
        data: "MNIST",
        sizes: &[("hidden", "48")],
        functions: &[],
        choices: &[("permutation_seed", "1234")],
        losses: [[1.63e-6, 1.35e-2], [1.55e-1, 1.28e-1]],
        moments: [
            [[1.06e-2, 7.33e-1], [1.35e-2, 3.24e-1]],
            [[2.92e-3, 4.76e-1], [1.16e-2, 2.59e-1]],
        ],
        properties: &[
            Property::Overfits,
            Property::HigherWithLbfgs,
            Property::HigherBetweenTrain,
            Property::SeparateTest,
        ],
    },
];

/// The two-dimensional example, as `landscape.kind` names it.
pub(super) const EXAMPLE: &str = "two-wells";

/// Its published barriers (Fig. 3): λ and the barrier.
pub(super) const EXAMPLE_HEIGHTS: [(f64, f64); 3] =
    [(10.0, 0.646), (100.0, 0.640), (1000.0, 0.652)];

impl PublishedStudy {
    /// Whether a network has the published sizes.
    pub fn has_sizes_of(&self, architecture: &Architecture) -> bool {
        agree(self.sizes, architecture)
    }

    /// Whether the published numbers apply to a network: it has the published sizes, and computes
    /// the same between its layers.
    pub fn has_numbers_for(&self, architecture: &Architecture) -> bool {
        self.has_sizes_of(architecture) && agree(self.functions, architecture)
    }
}

/// Whether the keys have these values.
fn agree(published: &[(&str, &str)], architecture: &Architecture) -> bool {
    published.iter().all(|(name, published)| {
        architecture
            .values()
            .any(|(key, value)| key.name == *name && value.to_string() == *published)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NETWORKS;

    /// The defaults of the networks of the paper are the published values, so a short configuration
    /// runs the published study. A misspelled key in the table fails here, too.
    #[test]
    fn the_defaults_of_the_published_networks_are_the_published_values() {
        for study in STUDIES {
            let network = NETWORKS.iter().find(|network| network.name == study.network).unwrap();
            let architecture = Architecture::with_defaults(network);
            let defaults: Vec<_> =
                architecture.values().map(|(key, value)| (key.name, value.to_string())).collect();
            let published = study.sizes.iter().chain(study.functions).chain(study.choices);
            let published: Vec<_> =
                published.map(|(name, value)| (*name, (*value).to_owned())).collect();
            assert_eq!(published, defaults, "{}", study.network);
            assert!(study.has_numbers_for(&architecture));
        }
    }
}
