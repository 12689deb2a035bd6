//! What a configuration reads from files, and the checks that need these files.

use super::{Config, ConfigPlace, ImportConfig};
use crate::data::{ChosenFormat, Dataset, Split};
use crate::network::Architecture;

/// The data and the network of a configuration, as far as they could be read.
///
/// A configuration with errors has them as well, so that problems of its data are reported together
/// with its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// `[dataset]`.
    pub dataset: Option<ChosenFormat>,
    /// `[network]`.
    pub architecture: Option<Architecture>,
    /// Where the kind of the network is written.
    pub network_place: Option<ConfigPlace>,
    /// `[[import]]`, those without an error.
    pub imports: Vec<ImportConfig>,
    /// `paths.train` and `paths.test`; `None`: all images in use.
    pub path_images: [Option<usize>; 2],
}

impl Sources {
    /// What does not fit the data set: one line for each key, empty if there is no problem.
    pub fn problems_with(&self, dataset: &Dataset) -> Vec<String> {
        let too_many = |split: Split| {
            let images = match split {
                Split::Train => dataset.train.len(),
                Split::Test => dataset.test.len(),
            };
            let wanted = self.path_images[split as usize].filter(|&wanted| wanted > images)?;
            Some(format!(
                "paths.{split}: must be at most {images}, the {split} images in use, is {wanted}"
            ))
        };
        [Split::Train, Split::Test].into_iter().filter_map(too_many).collect()
    }
}

impl Config {
    /// What it reads from files.
    pub fn sources(&self) -> Sources {
        let Some(network) = self.subject.network() else { return Sources::default() };
        Sources {
            dataset: Some(network.dataset.clone()),
            architecture: Some(network.architecture.clone()),
            network_place: self.network_place.clone(),
            imports: network.imports.clone(),
            path_images: [Split::Train, Split::Test].map(|split| self.paths.images(split)),
        }
    }
}
