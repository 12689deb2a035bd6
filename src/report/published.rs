//! The published numbers, and how a run's protocol differs from the published one.
//!
//! J. Yu and A. V. Morozov, arXiv:2602.21276 (2026), Table I and Table S1. The protocol is that of the
//! text, or of the published code where the two differ.

use super::run::Run;
use crate::config::{DatasetConfig, NetworkConfig};
use crate::network::lenet::LenetSizes;
use crate::network::{Activation, Architecture};
use crate::optimizer::Method;
use crate::solutions::{Pairs, Split};

/// What was published of one network.
pub struct Published {
    /// Mean loss of L-BFGS and SGD: of ω^train on the training images, of ω^test on the test images.
    losses: [[f64; 2]; 2],
    /// Mean and standard deviation of all components, in the order of `losses`.
    moments: [[[f64; 2]; 2]; 2],
}

impl Published {
    /// Of a network of the published sizes on images from files; of no other network.
    pub fn of(run: &Run<'_>) -> Option<&'static Self> {
        let network = run.network()?;
        let from_files = matches!(network.dataset, DatasetConfig::Idx { .. });
        if from_files && has_published_sizes(&network.architecture) { Some(numbers(&network.architecture)) } else { None }
    }

    /// Mean loss of a set of snapshots on the images they are the best on (Table I).
    pub fn loss(&self, method: Method, split: Split) -> f64 {
        self.losses[split as usize][column(method)]
    }

    /// Mean and standard deviation of all components of a set (Table S1).
    pub fn moments(&self, method: Method, split: Split) -> [f64; 2] {
        self.moments[split as usize][column(method)]
    }
}

fn column(method: Method) -> usize {
    match method {
        Method::Lbfgs => 0,
        Method::Sgd => 1,
    }
}

fn numbers(architecture: &Architecture) -> &'static Published {
    match architecture {
        Architecture::Fcp { .. } => &Published {
            losses: [[1.26e-8, 6.21e-4], [9.69e-2, 8.25e-2]],
            moments: [[[-2.47e-3, 2.34e-1], [-1.44e-3, 1.39e-1]], [[-4.11e-3, 1.22e-1], [-3.17e-3, 1.03e-1]]],
        },
        Architecture::Lenet { .. } => &Published {
            losses: [[3.35e-8, 1.76e-5], [4.17e-2, 3.89e-2]],
            moments: [[[1.04e-3, 1.08e-1], [-3.57e-3, 8.77e-2]], [[2.33e-4, 8.00e-2], [-2.83e-3, 7.06e-2]]],
        },
        Architecture::Autoencoder { .. } => &Published {
            losses: [[1.69e-2, 4.57e-2], [1.65e-2, 4.52e-2]],
            moments: [[[-3.65e-2, 1.60e-1], [-7.06e-3, 8.54e-2]], [[-3.65e-2, 1.61e-1], [-7.07e-3, 8.54e-2]]],
        },
        Architecture::Lstm { .. } => &Published {
            losses: [[1.63e-6, 1.35e-2], [1.55e-1, 1.28e-1]],
            moments: [[[1.06e-2, 7.33e-1], [1.35e-2, 3.24e-1]], [[2.92e-3, 4.76e-1], [1.16e-2, 2.59e-1]]],
        },
    }
}

/// The published heights of the two wells, Fig. 3: λ and the height of its path.
pub const TWO_WELLS: [(f64, f64); 3] = [(10.0, 0.646), (100.0, 0.640), (1000.0, 0.652)];

fn has_published_sizes(architecture: &Architecture) -> bool {
    match architecture {
        Architecture::Fcp { hidden, .. } => *hidden == [50, 50],
        Architecture::Lenet { sizes, .. } => *sizes == LenetSizes::default(),
        Architecture::Autoencoder { hidden } => *hidden == [32, 32, 32],
        Architecture::Lstm { hidden, .. } => *hidden == 48,
    }
}

/// In what a run of a network differs from the published protocol; nothing if in nothing.
pub fn differences(run: &Run<'_>) -> Vec<String> {
    let Some(network) = run.network() else { return Vec::new() };
    let mut list = Vec::new();
    if !has_published_sizes(&network.architecture) {
        list.push("layers of other sizes".to_owned());
    }
    if let Architecture::Fcp { activation: Activation::Relu, .. } | Architecture::Lenet { activation: Activation::Relu, .. } =
        network.architecture
    {
        list.push("ReLU, as in the text, instead of the softplus of the published code".to_owned());
    }
    data(network, &mut list);
    training(network, &mut list);
    paths(run, &mut list);
    list
}

fn instead<T: PartialEq + std::fmt::Display>(list: &mut Vec<String>, what: &str, here: T, published: T) {
    if here != published {
        list.push(format!("{here} {what} instead of {published}"));
    }
}

fn data(network: &NetworkConfig, list: &mut Vec<String>) {
    match &network.dataset {
        DatasetConfig::Digits { .. } => list.push("built-in digits instead of MNIST".to_owned()),
        DatasetConfig::Idx { train, test, .. } => {
            if let Some(train) = train.filter(|train| *train != 50_000) {
                instead(list, "training images", train, 60_000);
            }
            if let Some(test) = *test {
                instead(list, "test images", test, 10_000);
            }
        }
    }
}

fn training(network: &NetworkConfig, list: &mut Vec<String>) {
    let training = &network.training;
    instead(list, "initializations", training.initializations, 75);
    instead(list, "solutions kept", training.keep, 48);
    if let Some(sgd) = &training.sgd {
        instead(list, "images in a batch", sgd.batch_size, 64);
    }
    let Some(lbfgs) = &training.lbfgs else { return };
    instead(list, "L-BFGS iterations", lbfgs.iterations, 1000);
    instead(list, "steps remembered by L-BFGS", lbfgs.memory, 10);
    instead(list, "evaluations in a line search", lbfgs.line_search_evaluations, 6);
    if lbfgs.target_loss > 0.0 {
        list.push(format!("L-BFGS stops at a training loss of {:e}", lbfgs.target_loss));
    }
}

fn paths(run: &Run<'_>, list: &mut Vec<String>) {
    let paths = &run.config.paths;
    let parameters = &paths.parameters;
    match paths.pairs {
        Pairs::All => list.push("all pairs instead of 300".to_owned()),
        Pairs::Count(pairs) => instead(list, "pairs", pairs, 300),
    }
    for (split, images) in [("training", paths.train), ("test", paths.test)] {
        list.extend(images.map(|images| format!("paths on the first {images} {split} images")));
    }
    instead(list, "Fourier terms", parameters.fourier_terms, 10);
    if parameters.points != 50 {
        instead(list, "points on a path", parameters.points, 51);
    }
    instead(list, "as the weight λ of the steps", parameters.lambda, 1e-4);
    instead(list, "Adam steps", parameters.steps, 100);
    instead(list, "as Adam's learning rate", parameters.learning_rate, 1e-3);
}
