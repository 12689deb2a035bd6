//! The description of a network in its own file, so that no other file depends on the network.
//!
//! A [`Descriptor`] names the [`ChoiceKey`]s that a configuration may give in `[network]`, each
//! with its range and its default, builds the network from their values, and has the words that a
//! report needs and settings for a first configuration.

use super::{Architecture, Network};
use crate::data::ImageShape;
use crate::keys::ChoiceKey;
use std::fmt;

/// The description of an architecture.
pub struct Descriptor {
    /// Its unique name in configurations: `"fcp"`.
    pub name: &'static str,
    /// In print: `"Fully connected perceptron"`.
    pub title: &'static str,
    /// The label of the mean loss on an axis, with its unit.
    pub loss_label: &'static str,
    /// The keys of `[network]` beside `kind`.
    pub keys: &'static [ChoiceKey],
    /// Builds the network for images of this shape in this number of classes. The values are valid
    /// for their keys, and the images have pixels and classes. Further requirements are checked
    /// here; the error is a sentence.
    pub build: fn(&Architecture, ImageShape, usize) -> Built,
    /// Suggested settings of SGD for a first configuration.
    pub sgd: SuggestedSgd,
    /// Images of a quick study: fewer for networks that take longer for an image.
    pub quick: QuickStudy,
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Descriptor {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A network, or a sentence that says why it cannot be built.
pub type Built = Result<Box<dyn EitherPrecision>, String>;

/// A network that computes in either precision; every one that is written for any
/// [`Real`](crate::kernels::Real) does.
pub trait EitherPrecision: Network<f32> + Network<f64> {}

impl<N: Network<f32> + Network<f64>> EitherPrecision for N {}

/// Settings of SGD that a new configuration starts from.
#[derive(Clone, Copy, Debug)]
pub struct SuggestedSgd {
    /// `training.sgd.learning_rate`.
    pub learning_rate: f64,
    /// `training.sgd.epochs` for a full study: 60 000 images in batches of 64.
    pub epochs: usize,
}

/// Sizes with which a study takes minutes to half an hour on two cores.
#[derive(Clone, Copy, Debug)]
pub struct QuickStudy {
    /// Images to train on.
    pub train: usize,
    /// Images to test on; of files that may hold fewer, `None`: all.
    pub test: Option<usize>,
    /// Images of the training and of the test landscape of the paths.
    pub paths: [usize; 2],
}
