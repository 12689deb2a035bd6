//! `[paths]`: between which solutions, on which landscapes, and how they are found.

use super::dataset::DatasetConfig;
use super::reader::{Choice, Read, Section};
use super::training::Yields;
use crate::path::PathParameters;
use crate::solutions::{Pairs, SetName, Split};

/// The paths to find.
#[derive(Clone, Debug, PartialEq)]
pub struct PathsConfig {
    /// How many pairs of each set.
    pub pairs: Pairs,
    /// The sets, at least one.
    pub sets: Vec<SetName>,
    /// The landscapes, at least one: mean loss over the training or over the test images.
    pub landscapes: Vec<Split>,
    /// Images of the training landscape, from the front; `None`: all in use.
    pub train: Option<usize>,
    /// Images of the test landscape, from the front; `None`: all in use.
    pub test: Option<usize>,
    /// Settings of the path finder.
    pub parameters: PathParameters,
}

impl PathsConfig {
    /// The number of images of a landscape; `None`: all in use.
    pub fn images(&self, landscape: Split) -> Option<usize> {
        match landscape {
            Split::Train => self.train,
            Split::Test => self.test,
        }
    }
}

/// Sines at most: a hundred times the published number takes 840 MB for 42 200 parameters.
const MOST_TERMS: usize = 1000;

/// Points at most: with as many terms as that, their coefficients on the dense grid take 800 MB.
const MOST_POINTS: usize = 10_000;

pub(super) fn read(section: &Section<'_>, dataset: Option<&DatasetConfig>, yields: &Yields) -> Read<PathsConfig> {
    // Without the section nobody asked for paths, and one solution alone has none.
    if section.is_written() && yields.keep == Some(1) {
        section.own_problem("a path needs two solutions but only one of each set is kept; raise training.keep");
    }
    let pairs = section.key("pairs").count_or_all().map(|pairs| pairs.map_or(Pairs::All, Pairs::Count)).or(Pairs::Count(300));
    let sets = section.key("sets").list(|text| yields.set(text)).or(yields.sets.clone().unwrap_or_default());
    let landscapes = section.key("landscapes").choices::<Split>().or(Split::ALL.to_vec());
    let train = read_images(section, Split::Train, dataset);
    let test = read_images(section, Split::Test, dataset);
    let parameters = read_parameters(section);
    Ok(PathsConfig { pairs: pairs?, sets: sets?, landscapes: landscapes?, train: train?, test: test?, parameters: parameters? })
}

fn read_images(section: &Section<'_>, split: Split, dataset: Option<&DatasetConfig>) -> Read<Option<usize>> {
    let in_use = dataset.and_then(|dataset| dataset.images(split));
    let within = |count: &Option<usize>| match (*count, in_use) {
        (Some(count), Some(most)) if count > most => {
            Err(format!("must be at most {most}, the number of dataset.{split} images, is {count}"))
        }
        _ => Ok(()),
    };
    section.key(split.name()).count_or_all().check(within).or(None)
}

fn read_parameters(section: &Section<'_>) -> Read<PathParameters> {
    let fourier_terms = section.key("fourier_terms").count_up_to(1, MOST_TERMS).or(10);
    let points = section.key("points").count_up_to(3, MOST_POINTS).or(51);
    let lambda = section.key("lambda").not_negative().or(1e-4);
    let steps = section.key("steps").count(0).or(100);
    let learning_rate = section.key("learning_rate").positive().or(1e-3);
    Ok(PathParameters {
        fourier_terms: fourier_terms?,
        points: points?,
        lambda: lambda?,
        steps: steps?,
        learning_rate: learning_rate?,
    })
}
