//! The path methods that a configuration can name, and one of them with its values.

use super::{Curve, fourier, polyline};
use crate::kernels::Real;
use crate::network::{ChoiceKey, Value};
use std::fmt;

/// All path methods, one a line, the default first.
pub static METHODS: &[&PathMethod] = &[&fourier::METHOD, &polyline::METHOD];

/// A path method: its name, its keys and its curves.
pub struct PathMethod {
    /// Its unique name in configurations: `"fourier"`.
    pub name: &'static str,
    /// What bends the straight line, in a few words.
    pub about: &'static str,
    /// The keys of `[paths]` that belong to it.
    pub keys: &'static [ChoiceKey],
    /// The curve from which the search starts.
    pub straight: Straight,
}

/// Makes the curve that is the straight line between two endpoints, in single and in double
/// precision.
#[derive(Clone, Copy)]
pub struct Straight {
    /// For networks.
    pub single: StraightIn<f32>,
    /// For analytic landscapes.
    pub double: StraightIn<f64>,
}

/// Makes the curve that is the straight line between two endpoints of the same length.
pub type StraightIn<A> = fn(&ChosenMethod, [&[A]; 2]) -> Box<dyn Curve<A>>;

impl fmt::Debug for PathMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A path method with a value for each of its keys.
#[derive(Clone, Debug)]
pub struct ChosenMethod {
    method: &'static PathMethod,
    /// The values in the order of the keys, each of the kind of its key.
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
    /// The method with the default of every key.
    pub fn with_defaults(method: &'static PathMethod) -> Self {
        Self { method, values: method.keys.iter().map(ChoiceKey::default).collect() }
    }

    /// Fourier paths with this number of sines.
    pub fn fourier(terms: usize) -> Self {
        Self::with_defaults(&fourier::METHOD).with("fourier_terms", Value::Count(terms))
    }

    /// Polylines with this number of knots.
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

    /// The value of a key that takes a count.
    ///
    /// # Panics
    /// If the method has no such key.
    pub fn count(&self, name: &str) -> usize {
        match self.values[self.index(name)] {
            Value::Count(count) => count,
            ref other => panic!("{name} of {} is {other:?}, not a count", self.name()),
        }
    }

    /// The curve from which a search starts: the straight line between two endpoints.
    ///
    /// # Panics
    /// If the endpoints have different lengths.
    pub fn straight<A: CurvePrecision>(&self, endpoints: [&[A]; 2]) -> Box<dyn Curve<A>> {
        A::choose(self.method.straight)(self, endpoints)
    }

    /// The curve between two endpoints that has these free parameters; `None` if it takes another
    /// number of them.
    ///
    /// # Panics
    /// If the endpoints have different lengths.
    pub fn curve<A: CurvePrecision>(
        &self,
        endpoints: [&[A]; 2],
        free: &[A],
    ) -> Option<Box<dyn Curve<A>>> {
        let mut curve = self.straight(endpoints);
        (curve.free().len() == free.len()).then(|| {
            curve.free_mut().copy_from_slice(free);
            curve
        })
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

/// The precision in which a curve is computed: `f32` or `f64`.
pub trait CurvePrecision: Real {
    /// The function for this precision.
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
