//! The methods a configuration can name, and one of them with its values.

use super::{Curve, fourier, polyline};
use crate::kernels::Real;
use crate::network::{ChoiceKey, Value};
use std::fmt;

/// All methods, the default first: a line each.
pub static METHODS: &[&PathMethod] = &[&fourier::METHOD, &polyline::METHOD];

/// A path method as the rest of the program knows it.
pub struct PathMethod {
    /// As in configurations: `"fourier"`. No two are the same.
    pub name: &'static str,
    /// What bends the straight line, in a few words.
    pub about: &'static str,
    /// The keys of `[paths]` that belong to it.
    pub keys: &'static [ChoiceKey],
    /// Where its search begins.
    pub straight: Straight,
}

/// The curve that is the straight line between two ends, in single and in double precision.
#[derive(Clone, Copy)]
pub struct Straight {
    /// Of networks.
    pub single: StraightIn<f32>,
    /// Of closed formulas.
    pub double: StraightIn<f64>,
}

/// The curve that is the straight line between two ends of the same length.
pub type StraightIn<A> = fn(&ChosenMethod, [&[A]; 2]) -> Box<dyn Curve<A>>;

impl fmt::Debug for PathMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A method with a value for each of its keys.
#[derive(Clone, Debug)]
pub struct ChosenMethod {
    method: &'static PathMethod,
    /// In the order of the method's keys, and each of its key's kind.
    values: Vec<Value>,
}

impl PartialEq for ChosenMethod {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.values == other.values
    }
}

impl Default for ChosenMethod {
    fn default() -> Self {
        Self::with_defaults(METHODS[0])
    }
}

impl ChosenMethod {
    /// With the default of every key.
    pub fn with_defaults(method: &'static PathMethod) -> Self {
        Self { method, values: method.keys.iter().map(ChoiceKey::default).collect() }
    }

    /// Fourier paths of so many sines.
    pub fn fourier(terms: usize) -> Self {
        Self::with_defaults(&fourier::METHOD).with("fourier_terms", Value::Count(terms))
    }

    /// Polylines of so many knots.
    pub fn polyline(knots: usize) -> Self {
        Self::with_defaults(&polyline::METHOD).with("knots", Value::Count(knots))
    }

    /// The same with another value of a key.
    ///
    /// # Panics
    /// If there is no such key, or if it does not take the value.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        let index = self.index(name);
        if let Err(message) = self.method.keys[index].check(&value) {
            panic!("{name} of {} {message}", self.name());
        }
        self.values[index] = value;
        self
    }

    /// As in configurations: `"fourier"`.
    pub fn name(&self) -> &'static str {
        self.method.name
    }

    /// The value of a key that is a number of things.
    ///
    /// # Panics
    /// If the method has no such key.
    pub fn count(&self, name: &str) -> usize {
        match self.values[self.index(name)] {
            Value::Count(count) => count,
            ref other => panic!("{name} of {} is {other:?}, not a count", self.name()),
        }
    }

    /// The curve a search begins with: the straight line between two ends.
    ///
    /// # Panics
    /// If the ends have different lengths.
    pub fn straight<A: CurvePrecision>(&self, ends: [&[A]; 2]) -> Box<dyn Curve<A>> {
        A::choose(self.method.straight)(self, ends)
    }

    /// Free parameters for each component of a point.
    pub fn free(&self) -> usize {
        self.straight::<f32>([&[0.0], &[0.0]]).free().len()
    }

    fn index(&self, name: &str) -> usize {
        let index = self.method.keys.iter().position(|known| known.name == name);
        index.unwrap_or_else(|| panic!("{} has no key {name:?}", self.name()))
    }
}

/// `f32` or `f64`, as what a curve is asked to compute in.
pub trait CurvePrecision: Real {
    /// The one of this precision.
    fn choose(straight: Straight) -> StraightIn<Self>;
}

impl CurvePrecision for f32 {
    fn choose(straight: Straight) -> StraightIn<Self> {
        straight.single
    }
}

impl CurvePrecision for f64 {
    fn choose(straight: Straight) -> StraightIn<Self> {
        straight.double
    }
}
