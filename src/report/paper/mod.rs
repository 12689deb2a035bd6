//! Everything that belongs to the paper: its published numbers and claims, compared with runs.
//!
//! J. Yu and A. V. Morozov, *Neural network optimization strategies and the topography of the loss
//! landscape*, arXiv:2602.21276 (2026).
//!
//! `studies` is the table of published numbers, one entry for each network with its data.
//! `protocol` has the published settings. [`claims`](mod@claims) judges the ten claims by the results of
//! runs. `section` is their part of the page. The rest of the report uses this module only. For a
//! run of another network or of other data there is no published number, no claim and no
//! comparison.

pub mod claims;
mod protocol;
pub(super) mod section;
mod studies;

pub use claims::{Claim, claims};
pub use section::{claims_table, method};

use super::run::Run;
use super::style::group_name;
use crate::data::Split;
use crate::keys::Value;
use crate::optimizer::{ChosenOptimizer, OptimizerName};
use crate::solutions::SetName;
use studies::{Property, PublishedStudy};

/// Caption of the table of mean losses with published values.
pub(super) const LOSSES_CAPTION: &str = "Mean losses (Table I of the paper)";

/// Caption of the table of moments with published values.
pub(super) const MOMENTS_CAPTION: &str =
    "Components of all vectors of a set (Table S1 of the paper)";

/// The published numbers of one network on one data set.
#[derive(Clone, Copy)]
pub struct Published(&'static PublishedStudy);

/// The published numbers of this network on these data.
///
/// `None` for layers of other sizes, other activations, biases where the paper has none, other
/// networks and other data.
pub fn published(run: &Run<'_>) -> Option<Published> {
    let study = study_of_network(run)?;
    run.network()
        .filter(|network| study.has_numbers_for(&network.architecture))
        .map(|_| Published(study))
}

/// The optimizers of the paper of which the run has solutions.
pub fn optimizers(run: &Run<'_>) -> Vec<PaperOptimizer> {
    PaperOptimizer::ALL.into_iter().filter(|optimizer| optimizer.missing(run).is_none()).collect()
}

impl Published {
    /// Mean loss of a set of snapshots on the images they are the best on.
    pub fn loss(self, optimizer: PaperOptimizer, split: Split) -> f64 {
        self.0.losses[split as usize][optimizer as usize]
    }

    /// Mean and standard deviation of all components of a set.
    pub fn moments(self, optimizer: PaperOptimizer, split: Split) -> [f64; 2] {
        self.0.moments[split as usize][optimizer as usize]
    }
}

/// The optimizers of the paper, in the order of its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperOptimizer {
    /// L-BFGS with golden section search.
    Lbfgs,
    /// SGD on mini-batches, without momentum, weight decay and schedule.
    Sgd,
}

impl PaperOptimizer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lbfgs, Self::Sgd];

    /// What it is called in configurations.
    pub fn name(self) -> OptimizerName {
        match self {
            Self::Lbfgs => OptimizerName::lbfgs(),
            Self::Sgd => OptimizerName::sgd(),
        }
    }

    /// The name of its snapshots on a split.
    pub fn set(self, split: Split) -> SetName {
        SetName::of(&self.name(), split)
    }

    /// Why the sets of this name in a run are not those of this optimizer; `None` if they are.
    fn missing(self, run: &Run<'_>) -> Option<String> {
        let (name, network) = (self.name(), run.network()?);
        let title = group_name(name.name());
        if network.training.position(&name).is_some() {
            let key = changed_key(network.training.optimizer(&name))?;
            return Some(format!("{title} has {key}"));
        }
        let imported = network.imports.iter().any(|import| import.name.group() == name.name());
        (!imported).then(|| format!("there are no solutions of {title}"))
    }
}

/// The first key, with its value, that makes an optimizer another one than the paper's.
fn changed_key(optimizer: &ChosenOptimizer) -> Option<String> {
    // Without mini-batches nothing is stochastic.
    let full_batch = Value::CountOrAll(None);
    // A key that the first version did not have; the paper's optimizers leave it at its default.
    let mut values = optimizer.values();
    let changed = values
        .find(|(key, value)| **value == full_batch || key.came_later && **value != key.default());
    changed.map(|(key, value)| format!("{} = {value}", key.name))
}

/// The published study of the network and the data of a run, if the run has solutions of both
/// optimizers of the paper.
fn study(run: &Run<'_>) -> Option<&'static PublishedStudy> {
    study_of(run, &PaperOptimizer::ALL)
}

/// The published study, if the run has solutions of these optimizers of the paper.
fn study_of(run: &Run<'_>, optimizers: &[PaperOptimizer]) -> Option<&'static PublishedStudy> {
    let all_there = optimizers.iter().all(|optimizer| optimizer.missing(run).is_none());
    study_of_network(run).filter(|_| all_there)
}

/// The published study of the network and the data of a run, whatever its other settings.
fn study_of_network(run: &Run<'_>) -> Option<&'static PublishedStudy> {
    let network = run.network()?.architecture.name();
    let data = run.known_data.as_deref()?;
    studies::STUDIES.iter().find(|study| study.network == network && study.data == data)
}

/// Whether the paper claims this property of the run's network, or the opposite; `None` for a run
/// that the paper is not about, or without solutions of these optimizers.
fn claimed(run: &Run<'_>, property: Property, optimizers: &[PaperOptimizer]) -> Option<bool> {
    study_of(run, optimizers).map(|study| study.properties.contains(&property))
}

/// How the run relates to the published one, in one or two sentences; `None` for a run that has no
/// published counterpart.
pub fn relation(run: &Run<'_>) -> Option<String> {
    let network = run.network()?;
    let Some(study) = study_of_network(run) else {
        let name = network.architecture.name();
        let study = studies::STUDIES.iter().find(|study| study.network == name)?;
        let data = protocol::foreign_data(&network.dataset, study);
        return Some(format!("No published values or claims apply to this run: {data}."));
    };
    let differences = protocol::differences(run, network, study);
    let protocol = if differences.is_empty() {
        "The protocol is that of the paper.".to_owned()
    } else {
        format!("This is not the protocol of the paper: {}.", differences.join(", "))
    };
    let missing: Vec<String> =
        PaperOptimizer::ALL.iter().filter_map(|optimizer| optimizer.missing(run)).collect();
    if missing.is_empty() {
        return Some(protocol);
    }
    let missing = missing.join(", ");
    Some(format!("{protocol} Its claims about SGD and L-BFGS are not judged: {missing}."))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Every Rust file below a folder.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files =
            entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
        files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
    }

    /// A network is added without a word about any paper, and a report without a number of one.
    #[test]
    fn nothing_else_knows_of_the_paper() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let paper = root.join("src/report/paper");
        let words_of = |folder: &str| match folder {
            "src/network" => &["ublish", "paper", "Paper"][..],
            _ => &["Table I", "Table S1", "Fig. ", "Figs. "],
        };
        let mut found = Vec::new();
        for folder in [
            "src/network",
            "src/report",
            "src/analysis/statistics",
            "src/analysis/kernel_pca",
            "jobs",
        ] {
            for file in
                sources(&root.join(folder)).into_iter().filter(|file| !file.starts_with(&paper))
            {
                let text = fs::read_to_string(&file).unwrap();
                let words = words_of(folder).iter().filter(|word| text.contains(*word));
                found.extend(words.map(|word| format!("{}: {word}", file.display())));
            }
        }
        assert_eq!(found, [""; 0]);
    }
}
