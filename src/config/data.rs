//! What only the data can tell of a configuration.

use super::{Config, Subject};
use crate::dataset::Dataset;
use crate::solutions::Split;

impl Config {
    /// What does not fit the data set that was read: one line for each key, empty if all is well.
    /// Nothing but a network uses images.
    pub fn problems_with(&self, dataset: &Dataset) -> Vec<String> {
        let Subject::Network(network) = &self.subject else { return Vec::new() };
        let too_many = |split| {
            let images = match split {
                Split::Train => dataset.train.len(),
                Split::Test => dataset.test.len(),
            };
            let wanted = self.paths.images(split).filter(|&wanted| wanted > images)?;
            Some(format!("paths.{split}: must be at most {images}, the {split} images in use, is {wanted}"))
        };
        let sgd = network.training.sgd.as_ref().filter(|sgd| sgd.batch_size > dataset.train.len());
        let batch = sgd.map(|sgd| {
            let images = dataset.train.len();
            format!("training.sgd.batch_size: must be at most {images}, the training images in use, is {}", sgd.batch_size)
        });
        [too_many(Split::Train), too_many(Split::Test), batch].into_iter().flatten().collect()
    }
}
