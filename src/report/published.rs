//! The published numbers, and how a run's protocol differs from the published one.
//!
//! J. Yu and A. V. Morozov, arXiv:2602.21276 (2026), Table I and Table S1. The protocol is that of the
//! text, or of the published code where the two differ.

use super::run::Run;
use crate::config::{DatasetConfig, NetworkConfig};
use crate::network::descriptor::{self, Claim};
use crate::network::{Activation, Architecture, Value};
use crate::optimizer::Method;
use crate::solutions::{Pairs, Split};

/// What was published of one network.
#[derive(Clone, Copy)]
pub struct Published(&'static descriptor::Published);

impl Published {
    /// Of a network of the published sizes on MNIST; of no other network and on no other images.
    pub fn of(run: &Run<'_>) -> Option<Self> {
        let network = run.network()?;
        let published = network.architecture.descriptor().published.as_ref();
        published.filter(|_| run.on_mnist && has_published_sizes(&network.architecture)).map(Self)
    }

    /// Mean loss of a set of snapshots on the images they are the best on (Table I).
    pub fn loss(self, method: Method, split: Split) -> f64 {
        self.0.losses[split as usize][column(method)]
    }

    /// Mean and standard deviation of all components of a set (Table S1).
    pub fn moments(self, method: Method, split: Split) -> [f64; 2] {
        self.0.moments[split as usize][column(method)]
    }
}

/// Whether the paper claims this of the run's network, or the opposite; `None` where it does not speak of it.
pub fn claims(run: &Run<'_>, claim: Claim) -> Option<bool> {
    let published = run.network()?.architecture.descriptor().published.as_ref()?;
    Some(published.claims.contains(&claim))
}

fn column(method: Method) -> usize {
    match method {
        Method::Lbfgs => 0,
        Method::Sgd => 1,
    }
}

/// The published heights of the two wells, Fig. 3: λ and the height of its path.
pub const TWO_WELLS: [(f64, f64); 3] = [(10.0, 0.646), (100.0, 0.640), (1000.0, 0.652)];

fn has_published_sizes(architecture: &Architecture) -> bool {
    architecture.values().all(|(key, value)| !key.is_size() || *value == key.default())
}

/// In what a run of a network differs from the published protocol; nothing if in nothing.
pub fn differences(run: &Run<'_>) -> Vec<String> {
    let Some(network) = run.network() else { return Vec::new() };
    let mut list = Vec::new();
    values(&network.architecture, &mut list);
    data(run, network, &mut list);
    training(network, &mut list);
    paths(run, &mut list);
    list
}

fn instead<T: PartialEq + std::fmt::Display>(list: &mut Vec<String>, what: &str, here: T, published: T) {
    if here != published {
        list.push(format!("{here} {what} instead of {published}"));
    }
}

/// The values of the network's keys that are not those of the published code.
fn values(architecture: &Architecture, list: &mut Vec<String>) {
    if architecture.descriptor().published.is_none() {
        list.push("a network that is not in the paper".to_owned());
        return;
    }
    if !has_published_sizes(architecture) {
        list.push("layers of other sizes".to_owned());
    }
    let others = architecture.values().filter(|(key, value)| !key.is_size() && **value != key.default());
    list.extend(others.map(|(key, value)| match value {
        Value::Word(word) if *word == Activation::Relu.name() => {
            "ReLU, as in the text, instead of the softplus of the published code".to_owned()
        }
        value => format!("{} = {value} instead of {}", key.name, key.default()),
    }));
}

fn data(run: &Run<'_>, network: &NetworkConfig, list: &mut Vec<String>) {
    match &network.dataset {
        DatasetConfig::Digits { .. } => list.push("built-in digits instead of MNIST".to_owned()),
        DatasetConfig::Idx { .. } if !run.on_mnist => {
            list.push("images that are not recognized as MNIST's".to_owned());
        }
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
    if training.methods.is_empty() {
        list.push("imported vectors instead of training".to_owned());
        return;
    }
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
    match parameters.method.name() {
        "fourier" => instead(list, "Fourier terms", parameters.method.count("fourier_terms"), 10),
        other => list.push(format!("paths of the method \"{other}\" instead of \"fourier\"")),
    }
    if parameters.points != 50 {
        instead(list, "points on a path", parameters.points, 51);
    }
    instead(list, "as the weight λ of the steps", parameters.lambda, 1e-4);
    instead(list, "Adam steps", parameters.steps, 100);
    instead(list, "as Adam's learning rate", parameters.learning_rate, 1e-3);
}
