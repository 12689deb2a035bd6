//! How a run's protocol differs from the published one.
//!
//! The published protocol is that of the text, or of the published code where the two differ.

use super::PaperOptimizer;
use super::studies::PublishedStudy;
use crate::config::NetworkConfig;
use crate::data::{ChosenFormat, Split};
use crate::network::{Activation, Architecture, Value};
use crate::path::RateSchedule;
use crate::report::run::Run;
use crate::solutions::Pairs;

/// The differences between the protocol of a run and the published one, for a published network on
/// the published data; empty if there are none.
pub(super) fn differences(
    run: &Run<'_>,
    network: &NetworkConfig,
    study: &PublishedStudy,
) -> Vec<String> {
    let mut list = Vec::new();
    values(&network.architecture, study, &mut list);
    data(network, &mut list);
    training(network, &mut list);
    paths(run, &mut list);
    list
}

/// Why data are not the published ones.
pub(super) fn foreign_data(dataset: &ChosenFormat, study: &PublishedStudy) -> String {
    if dataset.files().is_empty() {
        return format!("{} instead of {}", dataset.format().title(), study.data);
    }
    format!(
        "images that are not recognized as {0}'s ({0} is recognized from 1000 training and 1000 test \
         images on)",
        study.data
    )
}

fn instead<T: PartialEq + std::fmt::Display>(
    list: &mut Vec<String>,
    what: &str,
    here: T,
    published: T,
) {
    if here != published {
        list.push(format!("{here} {what} instead of {published}"));
    }
}

/// As [`instead`], for a number of things: the noun in the singular, and what follows it.
fn count_instead(
    list: &mut Vec<String>,
    [noun, rest]: [&str; 2],
    here: &impl std::fmt::Display,
    published: usize,
) {
    let here = here.to_string();
    let ending = if here == "1" { "" } else { "s" };
    instead(list, &format!("{noun}{ending}{rest}"), here, published.to_string());
}

/// The values of the network's keys that differ from the published ones. A key that was not
/// published is expected to have its default.
fn values(architecture: &Architecture, study: &PublishedStudy, list: &mut Vec<String>) {
    if !study.has_sizes_of(architecture) {
        list.push("layers of other sizes".to_owned());
    }
    let is_size = |name: &str| study.sizes.iter().any(|(size, _)| *size == name);
    for (key, value) in architecture.values().filter(|(key, _)| !is_size(key.name)) {
        let mut others = study.functions.iter().chain(study.choices);
        let choice = others.find(|(name, _)| *name == key.name);
        let published =
            choice.map_or_else(|| key.default().to_string(), |(_, value)| (*value).to_owned());
        match value {
            value if value.to_string() == published => {}
            Value::Word(word) if *word == Activation::Relu.name() => {
                list.push(
                    "ReLU, as in the text, instead of the softplus of the published code"
                        .to_owned(),
                );
            }
            value => list.push(format!("{} = {value} instead of {published}", key.name)),
        }
    }
}

fn data(network: &NetworkConfig, list: &mut Vec<String>) {
    let [train, test] = [Split::Train, Split::Test].map(|split| network.dataset.images(split));
    if let Some(train) = train.filter(|train| *train != 50_000) {
        count_instead(list, ["training image", ""], &train, 60_000);
    }
    if let Some(test) = test {
        count_instead(list, ["test image", ""], &test, 10_000);
    }
}

fn training(network: &NetworkConfig, list: &mut Vec<String>) {
    let training = &network.training;
    if training.optimizers.is_empty() {
        list.push("imported vectors instead of training".to_owned());
        return;
    }
    count_instead(list, ["initialization", ""], &training.initializations, 75);
    count_instead(list, ["solution", " kept"], &training.keep, 48);
    let value = |optimizer: PaperOptimizer, key| {
        let name = optimizer.name();
        training.position(&name).and_then(|place| training.chosen[place].value(key))
    };
    let counts = [
        (PaperOptimizer::Sgd, "batch_size", ["image", " in a batch"], 64),
        (PaperOptimizer::Lbfgs, "iterations", ["L-BFGS iteration", ""], 1000),
        (PaperOptimizer::Lbfgs, "memory", ["step", " remembered by L-BFGS"], 10),
        (PaperOptimizer::Lbfgs, "line_search_evaluations", ["evaluation", " in a line search"], 6),
    ];
    for (optimizer, key, what, published) in counts {
        if let Some(value) = value(optimizer, key) {
            count_instead(list, what, value, published);
        }
    }
    if let Some(Value::Number(target)) = value(PaperOptimizer::Lbfgs, "target_loss")
        && *target > 0.0
    {
        list.push(format!("L-BFGS stops at a training loss of {target:e}"));
    }
}

fn paths(run: &Run<'_>, list: &mut Vec<String>) {
    let paths = &run.config.paths;
    let parameters = &paths.parameters;
    match paths.pairs {
        Pairs::All => list.push("all pairs instead of 300".to_owned()),
        Pairs::Spanning => list.push("pairs of a spanning tree instead of 300".to_owned()),
        Pairs::Count(pairs) => count_instead(list, ["pair", ""], &pairs, 300),
    }
    for (split, images) in [("training", paths.train), ("test", paths.test)] {
        list.extend(images.map(|images| format!("paths on the first {images} {split} images")));
    }
    match parameters.method.name() {
        "fourier" => {
            let terms = parameters.method.count("fourier_terms");
            count_instead(list, ["Fourier term", ""], &terms, 10);
        }
        other => list.push(format!("paths of the method \"{other}\" instead of \"fourier\"")),
    }
    if parameters.points != 50 {
        count_instead(list, ["point", " on a path"], &parameters.points, 51);
    }
    instead(list, "as the weight λ of the steps", parameters.lambda, 1e-4);
    count_instead(list, ["Adam step", ""], &parameters.steps, 100);
    instead(list, "as Adam's learning rate", parameters.learning_rate, 1e-3);
    if let Some(batch) = paths.batch {
        list.push(format!("steps on {batch} images"));
    }
    if parameters.schedule != RateSchedule::Constant {
        let schedule = parameters.schedule.name();
        list.push(format!("a {schedule} schedule of Adam's learning rate"));
    }
    if parameters.stop_at_endpoint {
        list.push("searches that stop at the higher endpoint".to_owned());
    }
}
