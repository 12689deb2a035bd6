//! What only the data can tell of a configuration.

use super::Config;
use crate::dataset::Dataset;
use crate::solutions::Split;

impl Config {
    /// What does not fit the data set that was read: one line for each key, empty if all is well.
    pub fn problems_with(&self, dataset: &Dataset) -> Vec<String> {
        let too_many = |split| {
            let images = match split {
                Split::Train => dataset.train.len(),
                Split::Test => dataset.test.len(),
            };
            let wanted = self.paths.images(split).filter(|&wanted| wanted > images)?;
            Some(format!("paths.{split}: must be at most {images}, the {split} images in use, is {wanted}"))
        };
        [too_many(Split::Train), too_many(Split::Test)].into_iter().flatten().collect()
    }
}
