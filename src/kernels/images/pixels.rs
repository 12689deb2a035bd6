//! Pixels as they lie in memory: bytes or single-precision numbers.

use super::mostly_black;
use crate::kernels::{Real, gray_all};
use std::ops::Range;

/// Consecutive pixels, borrowed.
///
/// Bytes have kernels of their own and become numbers in [0, 1] when they are computed with.
/// Numbers are used as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PixelSlice<'a> {
    /// 0 to 255, for 0 to 1.
    Bytes(&'a [u8]),
    /// Any finite numbers.
    Numbers(&'a [f32]),
}

impl<'a> PixelSlice<'a> {
    /// Number of pixels.
    pub fn len(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Those of these indices.
    ///
    /// # Panics
    /// If there are no such pixels.
    #[must_use]
    pub fn range(self, range: Range<usize>) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(&bytes[range]),
            Self::Numbers(numbers) => Self::Numbers(&numbers[range]),
        }
    }

    /// The bytes, unless they are numbers.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Numbers(_) => None,
        }
    }

    /// Whether they are bytes, few enough of which count for sparse products to be faster.
    pub fn are_mostly_black(self) -> bool {
        self.bytes().is_some_and(mostly_black)
    }

    /// Writes bytes/255, or the numbers as they are. Beyond the shorter slice nothing is written.
    pub fn write_to<A: Real>(self, values: &mut [A]) {
        match self {
            Self::Bytes(bytes) => gray_all(bytes, values),
            Self::Numbers(numbers) => {
                let pairs = values.iter_mut().zip(numbers);
                // To a double-precision number and back leaves a single-precision one as it is.
                pairs.for_each(|(value, &number)| *value = A::of(f64::from(number)));
            }
        }
    }
}

impl<'a> From<&'a [u8]> for PixelSlice<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for PixelSlice<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for PixelSlice<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a [f32]> for PixelSlice<'a> {
    fn from(numbers: &'a [f32]) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a> From<&'a Vec<f32>> for PixelSlice<'a> {
    fn from(numbers: &'a Vec<f32>) -> Self {
        Self::Numbers(numbers)
    }
}
