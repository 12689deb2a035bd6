//! What a report is made of: the results of one run, as far as there are any.

use super::captured::Captured;
use super::certified::CertifiedPaths;
use super::index::IndexColumn;
use super::notes::{Note, is_initialization};
use super::plane::Plane;
use super::table::SummaryTable;
use super::unfinished::Unfinished;
use crate::analysis::curvature::Sharpness;
use crate::analysis::statistics::{Analysis, Moments};
use crate::config::compatibility::same_setting;
use crate::config::{Config, NetworkConfig, ProtocolInUse};
use crate::data::Split;
use crate::optimizer::{OptimizerName, TrainingRun};
use crate::path::PathSet;
use crate::solutions::{LandscapeName, SetName, SolutionSet};
use std::collections::{BTreeMap, BTreeSet};

/// One run.
pub struct Run<'a> {
    /// What its panels are called when there are several runs.
    pub label: String,
    /// Its place on the page, from 0.
    pub number: usize,
    /// How and where it was computed.
    pub captured: Captured,
    /// The configuration in force.
    pub config: &'a Config,
    /// Every key in force with its value.
    pub effective: BTreeMap<String, String>,
    /// The data in words.
    pub data: String,
    /// The name of the data set, where its content is recognized: `"MNIST"`.
    pub known_data: Option<String>,
    /// Training runs that ended as they should, by number of their initialization.
    pub curves: Vec<(OptimizerName, Vec<(u32, &'a TrainingRun)>)>,
    /// The sets of solutions.
    pub sets: Vec<SolutionSet>,
    /// The paths, by set and landscape.
    pub paths: Vec<PathSet>,
    /// Moments, distances and kernel PCA; empty if not computed yet.
    pub analysis: Analysis,
    /// Of an analytic landscape of two variables, the map.
    pub plane: Option<Plane<'a>>,
    /// Refined barriers of the paths of each set, in the order of `paths`; only of refined ones.
    pub refined_barriers: Vec<Vec<f64>>,
    /// Those of the paths whose refined barrier is certified.
    pub certified: CertifiedPaths,
    /// How sharp solutions are, by set and landscape; empty if not computed.
    pub sharpness: Vec<SetSharpness>,
    /// What the stages add to the table of the main numbers.
    pub index: Vec<IndexColumn>,
    /// Further tables.
    pub tables: Vec<SummaryTable>,
    /// What is left of it; `None` if it is finished.
    pub unfinished: Option<Unfinished>,
    /// What failed or cannot be shown, in words.
    pub missing: Vec<String>,
    /// Results that are not what their columns say.
    pub notes: Vec<Note>,
}

/// How sharp the solutions of a set are on a landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct SetSharpness {
    /// The set.
    pub set: SetName,
    /// The landscape.
    pub landscape: LandscapeName,
    /// Numbers of the initializations of those solutions of which it is known.
    pub numbers: Vec<u32>,
    /// How sharp each is; NaN where an eigenvalue has not converged.
    pub points: Vec<Sharpness>,
}

impl Run<'_> {
    /// The network, if the landscape is that of one.
    pub fn network(&self) -> Option<&NetworkConfig> {
        self.config.subject.network()
    }

    /// Whether another program computes the landscape.
    pub fn is_process(&self) -> bool {
        let landscape = self.config.subject.landscape();
        landscape.is_some_and(|landscape| landscape.landscape.process().is_some())
    }

    /// How its paths were searched for.
    pub fn protocol(&self) -> &ProtocolInUse {
        &self.config.paths.protocol
    }

    /// The subject in print: `"Fully connected perceptron"`, `"two wells"`.
    pub fn subject(&self) -> String {
        self.config.subject.either(
            |network| network.architecture.descriptor().title.to_owned(),
            |landscape| match landscape.landscape.kind() {
                "process" => self.process_name(),
                "mueller-brown" => "Müller–Brown".to_owned(),
                "lennard-jones" => "Lennard-Jones".to_owned(),
                name => name.replace('-', " "),
            },
        )
    }

    /// What a process calls its landscape.
    fn process_name(&self) -> String {
        let name = self.effective.get("landscape.name");
        name.map_or_else(|| "process".to_owned(), |name| name.trim_matches('"').to_owned())
    }

    /// The keys of landscapes and of paths that differ between two runs.
    pub fn differing_keys<'k>(&'k self, other: &'k Self) -> Vec<&'k str> {
        let concerns_paths = |key: &&String| {
            let sections = ["landscape.", "minimum.", "paths."];
            // The name of the protocol is no setting besides those that it stands for.
            if key.as_str() == "paths.protocol" {
                return false;
            }
            *key == "seed" || sections.iter().any(|section| key.starts_with(section))
        };
        let differs = |key: &&String| !same_setting(&self.effective, &other.effective, key);
        let keys: BTreeSet<&String> = self.effective.keys().chain(other.effective.keys()).collect();
        let keys = keys.into_iter().filter(concerns_paths).filter(differs);
        keys.map(String::as_str).collect()
    }

    /// What heights are called on an axis, with their unit.
    pub fn height_label(&self) -> String {
        let unit = self.effective.get("landscape.unit").map(|unit| unit.trim_matches('"'));
        match (self.network(), unit) {
            (Some(network), _) => network.architecture.descriptor().loss_label.to_owned(),
            (None, Some(unit)) if unit != "1" => format!("height ({unit})"),
            (None, _) => "height".to_owned(),
        }
    }

    /// A set, if it has vectors.
    pub fn set(&self, name: &SetName) -> Option<&SolutionSet> {
        self.sets.iter().find(|set| set.name == *name && set.theta.nrows() > 0)
    }

    /// What a step of an optimizer is called: `"epoch"` or `"iteration"`.
    pub fn step(&self, optimizer: &OptimizerName) -> &'static str {
        self.network()
            .map_or("epoch", |network| network.training.optimizer(optimizer).kind().step())
    }

    /// The set of a method's snapshots, if it has vectors.
    pub fn snapshots(&self, optimizer: &OptimizerName, split: Split) -> Option<&SolutionSet> {
        self.set(&SetName::of(optimizer, split))
    }

    /// Numbers of the initializations whose vector in this set is the initialization itself,
    /// because their training never came below its loss.
    pub fn at_initialization(&self, name: &SetName) -> BTreeSet<u32> {
        let mut numbers = BTreeSet::new();
        for (optimizer, runs) in &self.curves {
            for split in [Split::Train, Split::Test] {
                if SetName::of(optimizer, split) == *name {
                    let still = runs.iter().filter(|(_, run)| is_initialization(run, split));
                    numbers.extend(still.map(|(number, _)| *number));
                }
            }
        }
        numbers
    }

    /// The moments of all components of a set.
    pub fn moments(&self, name: &SetName) -> Option<&Moments> {
        self.analysis.moments.iter().find(|(set, _)| set == name).map(|(_, moments)| moments)
    }

    /// The refined barriers of the paths of a set on a landscape; empty if none is refined.
    pub fn refined_barriers_of(&self, paths: &PathSet) -> &[f64] {
        let is_same = |(of, _): &(&PathSet, &Vec<f64>)| {
            of.set == paths.set && of.landscape == paths.landscape
        };
        let found = self.paths.iter().zip(&self.refined_barriers).find(is_same);
        found.map_or(&[], |(_, heights)| heights)
    }

    /// Whether a path was lowest after its last step and has no certified refined barrier.
    pub fn has_open_falling_paths(&self) -> bool {
        let mut paths = self.certified.all_found(&self.paths);
        paths.any(|(path, is_certified)| path.was_improving() && !is_certified)
    }

    /// The groups of all sets, each once, in their order.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups = Vec::new();
        for set in &self.sets {
            if !groups.contains(&set.name.group()) {
                groups.push(set.name.group());
            }
        }
        groups
    }
}
