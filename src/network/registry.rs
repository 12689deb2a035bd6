//! The architectures a configuration can name, and one of them with its sizes.

use super::descriptor::{Descriptor, EitherPrecision};
use super::{Network, autoencoder, fcp, lenet, lstm};
use crate::data::ImageShape;
use crate::kernels::Real;
use crate::keys::{ChoiceKey, Value, Values};

/// All architectures, in the order in which messages list them: a line each.
pub static NETWORKS: &[&Descriptor] = &[
    &fcp::DESCRIPTOR,
    &lenet::DESCRIPTOR,
    &autoencoder::DESCRIPTOR,
    &lstm::DESCRIPTOR,
    #[cfg(test)]
    &super::fifth::DESCRIPTOR,
];

/// An architecture with a value for each of its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    descriptor: &'static Descriptor,
    values: Values,
}

impl Architecture {
    /// With the default of every key.
    pub fn with_defaults(descriptor: &'static Descriptor) -> Self {
        Self { descriptor, values: Values::with_defaults(descriptor.name, descriptor.keys) }
    }

    /// The same with another value of a key. [`Self::build`] checks whether the key accepts it.
    ///
    /// # Panics
    /// If there is no such key, or if it takes values of another kind.
    #[must_use]
    pub fn with(self, key: &str, value: Value) -> Self {
        Self { values: self.values.with(key, value), ..self }
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    /// As in configurations: `"fcp"`.
    pub fn name(&self) -> &'static str {
        self.descriptor.name
    }

    /// The keys with their values.
    pub fn values(&self) -> impl Iterator<Item = (&'static ChoiceKey, &Value)> {
        self.values.iter()
    }

    /// The network for images of this shape in `classes` classes.
    ///
    /// # Errors
    /// A sentence that says which value is invalid, or what data the architecture needs.
    pub fn build<A: Precision>(
        &self,
        images: ImageShape,
        classes: usize,
    ) -> Result<Box<dyn Network<A>>, String> {
        if images.pixels() == 0 || classes == 0 {
            return Err(format!(
                "there is no network for images of {images} pixels in {classes} classes"
            ));
        }
        self.values.check()?;
        let network: Box<dyn Network<A>> =
            (self.descriptor.build)(self, images, classes).map(A::of_either)?;
        if classes == 1 && network.has_classes() {
            return Err(format!(
                "{:?} tells classes apart, but all images are of one class; give their labels, or \
                 choose a network without classes",
                self.descriptor.name
            ));
        }
        Ok(network)
    }
}

/// Values of one kind, for the builders in the networks' files.
///
/// # Panics
/// Each, if the descriptor has no such key of this kind.
impl Architecture {
    /// A number of things.
    pub fn count(&self, key: &str) -> usize {
        self.values.count(key)
    }

    /// Numbers of things.
    pub fn counts(&self, key: &str) -> &[usize] {
        self.values.counts(key)
    }

    /// A seed.
    pub fn seed(&self, key: &str) -> u32 {
        self.values.seed(key)
    }

    /// A number > 0.
    pub fn positive(&self, key: &str) -> f64 {
        self.values.positive(key)
    }

    /// Yes or no.
    pub fn flag(&self, key: &str) -> bool {
        self.values.flag(key)
    }

    /// A word.
    pub fn word(&self, key: &str) -> &'static str {
        self.values.word(key)
    }
}

/// `f32` or `f64`, the precision in which a network computes.
pub trait Precision: Real {
    /// The network in this precision.
    fn of_either(network: Box<dyn EitherPrecision>) -> Box<dyn Network<Self>>;
}

impl Precision for f32 {
    fn of_either(network: Box<dyn EitherPrecision>) -> Box<dyn Network<Self>> {
        network
    }
}

impl Precision for f64 {
    fn of_either(network: Box<dyn EitherPrecision>) -> Box<dyn Network<Self>> {
        network
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The builder asks for no key that the descriptor lacks, and its own defaults satisfy it.
    #[test]
    fn every_network_builds_from_its_defaults() {
        for descriptor in NETWORKS {
            let architecture = Architecture::with_defaults(descriptor);
            let single = architecture.build::<f32>(ImageShape::gray(28, 28), 10).unwrap();
            let double = architecture.build::<f64>(ImageShape::gray(28, 28), 10).unwrap();
            assert_eq!(single.layout(), double.layout());
            assert_eq!((single.inputs(), single.has_classes()), (784, double.has_classes()));
        }
    }

    #[test]
    fn names_tell_networks_and_keys_apart() {
        let names: BTreeSet<_> = NETWORKS.iter().map(|descriptor| descriptor.name).collect();
        assert_eq!(names.len(), NETWORKS.len());
        for descriptor in NETWORKS {
            let keys: BTreeSet<_> =
                descriptor.keys.iter().map(|key| key.name).chain(["kind"]).collect();
            assert_eq!(keys.len(), descriptor.keys.len() + 1, "{descriptor:?}");
        }
    }

    #[test]
    fn a_value_that_its_key_does_not_take_is_named() {
        let refused = |descriptor, key, value| {
            Architecture::with_defaults(descriptor)
                .with(key, value)
                .build::<f32>(ImageShape::gray(28, 28), 10)
                .err()
                .unwrap()
        };
        let channels = refused(&lenet::DESCRIPTOR, "channels", Value::Counts(vec![6]));
        assert_eq!(
            channels,
            "channels of lenet must be two numbers, one for each convolution, is [6]"
        );
        let activation = refused(&fcp::DESCRIPTOR, "activation", Value::Word("step"));
        assert_eq!(activation, "activation of fcp must be one of its words, is step");
        let gain = refused(&super::super::fifth::DESCRIPTOR, "gain", Value::Positive(f64::NAN));
        assert_eq!(gain, "gain of linear must be a finite number above 0, is NaN");
    }

    #[test]
    #[should_panic(expected = "hidden of lstm is Count(48), and cannot be Counts([48])")]
    fn a_value_of_another_kind_is_a_mistake_of_the_caller() {
        _ = Architecture::with_defaults(&lstm::DESCRIPTOR).with("hidden", Value::Counts(vec![48]));
    }
}
